package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.com/hookproof/hookproof/event"
)

// IndexName is the file of a recording's folder that lists its deliveries.
const IndexName = "recording.json"

// version is that of the index's form.
const version = 1

// Index is recording.json: what came, in the order in which it came.
type Index struct {
	Version    int     `json:"version"`
	Deliveries []Entry `json:"deliveries"`
}

// Entry is one delivery of a recording. A delivery that came again is there again, under the same id.
type Entry struct {
	File   string `json:"file"` // beside the index: the scrubbed body
	ID     string `json:"id"`   // a placeholder
	Type   string `json:"type"`
	AtMs   int64  `json:"atMs"`   // when it came, since the first one
	TookMs int64  `json:"tookMs"` // until it was answered
	Status int    `json:"status"` // of the answer; 0: there was none
}

// create makes the folder of a new recording. One that holds a recording already is left alone.
func create(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(folder, IndexName))
	switch {
	case err == nil:
		return fmt.Errorf("%s already holds a recording; name another folder", folder)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return writeIndex(folder, nil)
}

func writeIndex(folder string, entries []Entry) error {
	if entries == nil {
		entries = []Entry{}
	}
	raw, err := json.MarshalIndent(Index{version, entries}, "", "  ")
	if err != nil {
		return err
	}
	return write(filepath.Join(folder, IndexName), append(raw, '\n'))
}

// write puts a file in its place at once: who looks sees the whole of it, or what was there before.
func write(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".unfinished-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// IsRecording tells whether a folder holds a recording.
func IsRecording(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, IndexName))
	return err == nil && info.Mode().IsRegular()
}

// ReadIndex reads a recording's list of deliveries.
func ReadIndex(folder string) (index Index, err error) {
	name := filepath.Join(folder, IndexName)
	raw, err := os.ReadFile(name)
	if err != nil {
		return index, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&index); err != nil {
		return index, fmt.Errorf("%s: %w", name, err)
	}
	if index.Version != version {
		return index, fmt.Errorf("%s: version %d of the form is not known; this hookproof knows %d", name, index.Version, version)
	}
	return index, nil
}

// Load reads a recording's events, in the order in which they came.
func Load(folder string) ([]event.Event, error) {
	name := filepath.Join(folder, IndexName)
	index, err := ReadIndex(folder)
	if err != nil {
		return nil, err
	}
	events := make([]event.Event, len(index.Deliveries))
	for i, entry := range index.Deliveries {
		if entry.File != filepath.Base(entry.File) {
			return nil, fmt.Errorf("%s: delivery %d: %q is not a file beside it", name, i+1, entry.File)
		}
		body, err := os.ReadFile(filepath.Join(folder, entry.File))
		if err != nil {
			return nil, err
		}
		if events[i], err = Event(body); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(folder, entry.File), err)
		}
	}
	return events, nil
}
