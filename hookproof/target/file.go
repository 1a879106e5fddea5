package target

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
)

// file is a target file as it is written; docs/hookproof.md describes it.
type file struct {
	Schema         string `json:"$schema"`
	URL            string `json:"url"`
	Secret         string `json:"secret"`
	PreviousSecret string `json:"previousSecret"`

	Subject *struct {
		Hook
		Pick map[string]picked `json:"pick"`
	} `json:"subject"`
	State    *Hook `json:"state"`
	Counters *struct {
		Hook
		Received   string `json:"received"`
		Duplicates string `json:"duplicates"`
		Errors     string `json:"errors"`
	} `json:"counters"`
	Stop, Start *Hook
	Database    *struct {
		Listen   string `json:"listen"`
		Upstream string `json:"upstream"`
	} `json:"database"`
	Break, Mend *Hook

	Replicas  []string `json:"replicas"`
	Unhandled []string `json:"unhandled"`
	Ignore    []string `json:"ignore"`
	Livemode  bool     `json:"livemode"`

	APIVersion string            `json:"apiVersion"`
	Headers    map[string]string `json:"headers"`

	directory string
}

// Load reads a target file. {{env.NAME}} anywhere in it is the value of an environment variable, from getenv; nil is os.Getenv. An
// error names the file, the place in it and what is wrong there.
func Load(path string, getenv func(string) string) (*Target, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	directory, err := filepath.Abs(filepath.Dir(path)) // "./stop" is relative to the file's directory, however the path is written
	if err != nil {
		return nil, err
	}
	t, err := parseTarget(raw, directory, environment(getenv))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t.File = path
	return t, nil
}

func parseTarget(raw []byte, directory string, env values) (*Target, error) {
	raw, err := fillEnvironment(raw, env)
	if err != nil {
		return nil, err
	}
	if err := RefuseLiveKeys(string(raw)); err != nil {
		return nil, err
	}
	f := file{directory: directory}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, Unreadable(err)
	}
	if decoder.More() {
		return nil, errors.New("there is more after its end")
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.target(), nil
}

// Unreadable returns in plain words why JSON could not be decoded.
func Unreadable(err error) error {
	var other *json.UnmarshalTypeError
	if wrong, is := isPickError(err); is {
		return wrong
	}
	switch {
	case errors.As(err, &other):
		what := map[reflect.Kind]string{reflect.Slice: "a list", reflect.String: "a text", reflect.Bool: "true or false"}[other.Type.Kind()]
		if other.Type.Kind() <= reflect.Uint64 && what == "" {
			what = "a whole number"
		}
		return fmt.Errorf("%s must be %s, and not a JSON %s", cmp.Or(other.Field, "the whole"), cmp.Or(what, "an object"), other.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is not JSON: it ends in the middle")
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return fmt.Errorf("it is not JSON: %w", err)
}

// fillEnvironment replaces each {{env.NAME}} in a file by the variable's value.
func fillEnvironment(raw []byte, env values) ([]byte, error) {
	filled, err := event.Fill(string(raw), func(name string) (string, error) {
		variable, is := strings.CutPrefix(name, "env.")
		if !is {
			return "{{" + name + "}}", nil // a hook's, filled when it is called
		}
		value, known := env(name)
		if !known {
			return "", fmt.Errorf("the environment variable %s is not set", variable)
		}
		return event.Escape(value), nil
	})
	return []byte(filled), err
}

// hooks returns all hooks by their names; nil for a hook that the file does not have.
func (f *file) hooks() map[string]*Hook {
	hooks := map[string]*Hook{"state": f.State, "stop": f.Stop, "start": f.Start, "break": f.Break, "mend": f.Mend}
	if f.Subject != nil {
		hooks["subject"] = &f.Subject.Hook
	}
	if f.Counters != nil {
		hooks["counters"] = &f.Counters.Hook
	}
	return hooks
}

func (f *file) check() error {
	hooks := f.hooks()
	if f.Counters != nil {
		if f.Counters.Received == "" || f.Counters.Duplicates == "" || f.Counters.Errors == "" {
			return errors.New("counters: received, duplicates and errors are JSON pointers into its answer, such as /webhook/received")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		hook := hooks[name]
		if hook == nil {
			continue
		}
		if err := hook.check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if hook.SQL != nil && name != "state" {
			return fmt.Errorf("%s: only state can be sql", name)
		}
	}
	for _, pair := range [][2]string{{"stop", "start"}, {"break", "mend"}} {
		if (hooks[pair[0]] == nil) != (hooks[pair[1]] == nil) {
			return fmt.Errorf("%s and %s go together: one undoes the other", pair[0], pair[1])
		}
	}
	switch {
	case (f.Subject == nil) != (f.State == nil):
		return errors.New("subject and state go together: state reads what subject makes")
	case f.Database != nil && (f.Database.Listen == "" || f.Database.Upstream == ""):
		return errors.New("database: listen is where the target dials its database, upstream is where the database is")
	case f.Database != nil && f.Stop == nil:
		return errors.New("database needs stop and start: the target is restarted behind the proxy")
	case f.Database != nil && f.Break != nil:
		return errors.New("database and break exclude each other; give one")
	}
	for _, pointer := range f.Ignore {
		if !strings.HasPrefix(pointer, "/") {
			return fmt.Errorf("ignore: %q is not a JSON pointer, which begins with a slash", pointer)
		}
	}
	return nil
}

// target makes the Target of a run from the file.
func (f *file) target() *Target {
	t := &Target{
		URL: f.URL, Secret: f.Secret, PreviousSecret: f.PreviousSecret, Livemode: f.Livemode,
		Replicas: f.Replicas, Unhandled: f.Unhandled, Ignore: f.Ignore, APIVersion: f.APIVersion, Headers: f.Headers,
	}
	for _, hook := range f.hooks() {
		if hook != nil && hook.HTTP != nil {
			addDeliveryHeaders(hook.HTTP, f.URL, f.Headers)
		}
	}
	if f.Subject != nil {
		s := subjects{f: f}
		t.Subject = func(ctx context.Context) (event.Subject, error) { return s.make(ctx, invent()) }
		if strings.Contains(f.Subject.text(), "{{new.") {
			t.Announce = s.announce
		}
		t.State = f.state
	}
	if f.Counters != nil {
		t.Counters = f.counters
	}
	if f.Stop != nil {
		t.Stop = func(ctx context.Context, _ string) error { return f.do(ctx, f.Stop) }
		var log startLog
		t.Start = func(ctx context.Context) error { return log.run(ctx, f) }
		t.Stderr, t.Starter = log.last, f.Start.Command
	}
	if f.Break != nil {
		t.Break = func(ctx context.Context) error { return f.do(ctx, f.Break) }
		t.Mend = func(ctx context.Context) error { return f.do(ctx, f.Mend) }
	}
	if f.Database != nil {
		t.Database = &Database{f.Database.Listen, f.Database.Upstream}
	}
	return t
}

// do runs a hook for its effect.
func (f *file) do(ctx context.Context, h *Hook) error {
	ctx, cancel := context.WithTimeout(ctx, DefaultTimings.StartHook)
	defer cancel()
	quiet := *h
	quiet.silent = true
	_, err := quiet.call(ctx, f.directory, nothing)
	return err
}

// ask runs a hook for its answer.
func (f *file) ask(ctx context.Context, h *Hook, v values) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, DefaultTimings.Hook)
	defer cancel()
	raw, err := h.call(ctx, f.directory, v)
	if err != nil {
		return nil, err
	}
	var answer any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("its answer is not JSON: %.100q", raw)
	}
	return answer, nil
}

func nothing(string) (string, bool) { return "", false }

func (f *file) state(ctx context.Context, s event.Subject) (any, error) {
	answer, err := f.ask(ctx, f.State, s.Value)
	var empty *unfilled
	if errors.As(err, &empty) {
		return nil, fmt.Errorf(`%w; the subject has %s. Let pick name it: %q: "/…"`, err, listed(slices.Sorted(maps.Keys(s))), empty.name)
	}
	return answer, err
}

func (f *file) counters(ctx context.Context) (c result.Counters, err error) {
	answer, err := f.ask(ctx, &f.Counters.Hook, nothing)
	if err != nil {
		return c, err
	}
	for _, one := range []struct {
		pointer string
		to      *int64
	}{{f.Counters.Received, &c.Received}, {f.Counters.Duplicates, &c.Duplicates}, {f.Counters.Errors, &c.Errors}} {
		pointer, to := one.pointer, one.to
		value, err := at(answer, pointer)
		if err != nil {
			return c, err
		}
		number, is := value.(json.Number)
		if *to, err = strconv.ParseInt(number.String(), 10, 64); !is || err != nil {
			return c, fmt.Errorf("its answer's %s is no whole number", pointer)
		}
	}
	return c, nil
}

// at returns the value at a JSON pointer.
func at(value any, pointer string) (any, error) {
	if pointer == "" {
		return value, nil
	}
	whole := value
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = event.Unescape(token)
		var there bool
		switch v := value.(type) {
		case map[string]any:
			value, there = v[token]
		case []any:
			if n, err := strconv.Atoi(token); err == nil && n >= 0 && n < len(v) {
				value, there = v[n], true
			}
		}
		if !there {
			return nil, &noPlace{pointer, whole}
		}
	}
	return value, nil
}
