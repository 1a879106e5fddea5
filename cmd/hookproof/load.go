package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/record"
	"example.com/hookproof/hookproof/scenario"
	"example.com/hookproof/hookproof/suggest"
)

// completeNames offers what replay takes beside files: the names of scenarios and of their families.
func completeNames(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	names := slices.DeleteFunc(scenarioNames(), func(name string) bool { return !strings.HasPrefix(name, begun) })
	return names, cobra.ShellCompDirectiveDefault
}

// scenarioNames returns the names of the built-in scenarios and of their families.
func scenarioNames() []string {
	names := fixtures.Families()
	scenarios, _ := scenario.BuiltInScenarios() // replay reports an error, completion has no place for it
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// playable is what replay can play: a scenario, or events that are delivered as they are.
type playable struct {
	name     string
	scenario *scenario.Scenario
	events   []event.Event
}

// load finds what the names stand for: files, folders, recordings, built-in scenarios and families. With
// newIDs, events in files of their own get new ids; those of recordings always do.
func load(names []string, newIDs bool) ([]playable, error) {
	l := loader{ids: record.Renewer{All: true}, newIDs: newIDs}
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			err = l.builtIn(name)
		case info.IsDir() && record.IsRecording(name):
			err = l.recording(name)
		case info.IsDir():
			err = l.folder(name)
		case filepath.Base(name) == record.IndexName:
			err = l.recording(filepath.Dir(name))
		default:
			err = l.file(name)
		}
		if err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

type loader struct {
	found  []playable
	ids    record.Renewer
	newIDs bool
}

func (l *loader) builtIn(name string) error {
	before := len(l.found)
	scenarios, err := scenario.BuiltInScenarios()
	if err != nil {
		return err
	}
	for _, s := range scenarios {
		if s.Name == name || strings.HasPrefix(s.Name, strings.TrimSuffix(name, "/")+"/") {
			l.found = append(l.found, playable{name: s.Name, scenario: &s})
		}
	}
	if len(l.found) == before {
		return fmt.Errorf("%q is no file, and no scenario or family that is built in%s; 'hookproof list scenarios' lists those", name, suggest.DidYouMean(name, scenarioNames()))
	}
	return nil
}

func (l *loader) folder(name string) error {
	before := len(l.found)
	err := filepath.WalkDir(name, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && record.IsRecording(file):
			if err := l.recording(file); err != nil {
				return err
			}
			return fs.SkipDir
		case !entry.IsDir() && strings.HasSuffix(file, ".json"):
			return l.file(file)
		}
		return nil
	})
	if err == nil && len(l.found) == before {
		return fmt.Errorf("%s has no scenarios and no events (*.json)", name)
	}
	return err
}

// file takes a scenario, a family of them, or an event as Stripe sends it.
func (l *loader) file(name string) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	e, err := record.Event(raw)
	if err != nil {
		scenarios, err := scenario.ParseScenarios(name, raw)
		for _, s := range scenarios {
			l.found = append(l.found, playable{name: s.Name, scenario: &s})
		}
		return err
	}
	if l.newIDs {
		if e, err = renewed(&l.ids, e); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	l.found = append(l.found, playable{name: name, events: []event.Event{e}})
	return nil
}

func (l *loader) recording(folder string) error {
	events, err := record.Load(folder)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return fmt.Errorf("%s is a recording without deliveries", folder)
	}
	var ids record.Renewer
	for i := range events {
		if events[i], err = renewed(&ids, events[i]); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	l.found = append(l.found, playable{name: folder, events: events})
	return nil
}

func renewed(ids *record.Renewer, e event.Event) (event.Event, error) {
	body, err := ids.Renew(e.Body)
	if err != nil {
		return e, err
	}
	return record.Event(body)
}
