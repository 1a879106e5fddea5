package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// file is a target file as it is written; docs/target.md describes it.
type file struct {
	Schema         string   `json:"$schema"`
	URL            string   `json:"url"`
	Secret         string   `json:"secret"`
	PreviousSecret string   `json:"previousSecret"`
	Connect        *Connect `json:"connect"`

	Subject  *subjectHook          `json:"subject"`
	State    *Hook                 `json:"state"`
	Lives    map[string]*lifeEntry `json:"lives"`
	Counters *struct {
		Hook
		Received   string `json:"received"`
		Duplicates string `json:"duplicates"`
		Errors     string `json:"errors"`
	} `json:"counters"`
	Stop, Start *Hook
	Database    *struct {
		Listen   string            `json:"listen"`
		Upstream string            `json:"upstream"`
		Env      map[string]string `json:"env"`
	} `json:"database"`
	Break, Mend *Hook
	API         *struct {
		Listen string `json:"listen"`
	} `json:"api"`

	Replicas  []string `json:"replicas"`
	Unhandled []string `json:"unhandled"`
	Ignore    []string `json:"ignore"`
	Livemode  bool     `json:"livemode"`

	APIVersion string            `json:"apiVersion"`
	Headers    map[string]string `json:"headers"`

	directory string // absolute
	shown     string // as the file's path was written, for messages
}

// subjectHook is a hook that makes a subject.
type subjectHook struct {
	Hook
	Pick map[string]picked `json:"pick"`
}

// Load reads a target file. {{env.NAME}} anywhere in it is the value of an environment variable, from getenv; nil is os.Getenv. An
// error names the file, the place in it and what is wrong there.
func Load(path string, getenv func(string) string) (*Target, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, absent(path)
	}
	if err != nil {
		return nil, err
	}
	directory, err := filepath.Abs(filepath.Dir(path)) // "./stop" is relative to the file's directory, however the path is written
	if err != nil {
		return nil, err
	}
	raw, err = fillEnvironment(raw, environment(getenv))
	if err != nil {
		return nil, jsonfile.In(path, raw, err)
	}
	t, err := parseTarget(raw, directory, filepath.Dir(path))
	if err != nil {
		return nil, jsonfile.In(path, raw, err)
	}
	t.File, t.raw = path, raw
	return t, nil
}

func parseTarget(raw []byte, directory, shown string) (*Target, error) {
	if key := liveKey.FindIndex(raw); key != nil {
		return nil, jsonfile.Behind(raw, key[0], errLiveKey)
	}
	if err := jsonfile.Check(raw); err != nil {
		return nil, err
	}
	f := file{directory: directory, shown: shown}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, unreadableAt(raw, err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.target(), nil
}

// fillEnvironment replaces each {{env.NAME}} in a file by the variable's value. With an error it returns the file as it is.
func fillEnvironment(raw []byte, env values) ([]byte, error) {
	filled, err := event.Fill(string(raw), func(name string) (string, error) {
		variable, is := strings.CutPrefix(name, "env.")
		if !is {
			return "{{" + name + "}}", nil // a hook's, filled when it is called
		}
		value, known := env(name)
		if !known {
			return "", jsonfile.Behind(raw, bytes.Index(raw, []byte("{{"+name+"}}")), fmt.Errorf("the environment variable %s is not set", variable))
		}
		return event.Escape(value), nil
	})
	if err != nil {
		return raw, err
	}
	return []byte(filled), nil
}

// hooks returns all hooks by their names; nil for a hook that the file does not have.
func (f *file) hooks() map[string]*Hook {
	hooks := map[string]*Hook{"stop": f.Stop, "start": f.Start, "break": f.Break, "mend": f.Mend}
	if f.Counters != nil {
		hooks["counters"] = &f.Counters.Hook
	}
	return hooks
}

func (f *file) check() error {
	hooks := f.hooks()
	if f.Counters != nil {
		if f.Counters.Received == "" || f.Counters.Duplicates == "" || f.Counters.Errors == "" {
			return jsonfile.Place{"counters"}.Wrong("received, duplicates and errors are JSON pointers into its answer, such as /webhook/received")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		hook := hooks[name]
		if hook == nil {
			continue
		}
		if err := hook.check(); err != nil {
			return jsonfile.At(err, name)
		}
		if hook.SQL != nil {
			return jsonfile.Place{name}.Wrong("only state can be sql")
		}
		if err := hook.checkProcess(name); err != nil {
			return jsonfile.At(err, name)
		}
	}
	for _, pair := range [][2]string{{"stop", "start"}, {"break", "mend"}} {
		there := pair[0]
		if hooks[there] == nil {
			there = pair[1]
		}
		if (hooks[pair[0]] == nil) != (hooks[pair[1]] == nil) {
			return jsonfile.Place{there}.Wrong("%s and %s go together: one undoes the other", pair[0], pair[1])
		}
	}
	database := jsonfile.Place{"database"}
	switch {
	case f.API != nil && f.API.Listen == "":
		return jsonfile.Place{"api"}.Wrong("listen is where the target asks Stripe's API, such as 127.0.0.1:12111")
	case f.Connect != nil && *f.Connect == Connect{}:
		return jsonfile.Place{"connect"}.Wrong("it is empty; %w", errConnect)
	case f.Database != nil && (f.Database.Listen == "" || f.Database.Upstream == ""):
		return database.Wrong("listen is where the target dials its database, upstream is where the database is")
	case f.Database != nil && f.Stop == nil:
		return database.Wrong("it needs stop and start: the target is restarted behind the proxy")
	case f.Database != nil && f.Database.Env != nil && f.Start.Background == nil:
		return jsonfile.Place{"database", "env"}.Wrong("it has variables of start's background, which the file does not have; let the start command set them")
	case f.Database != nil && f.Break != nil:
		return database.Wrong("database and break exclude each other; give one")
	}
	return f.checkLives()
}

// checkLives reads the lives. What stands at the top is the payment life.
func (f *file) checkLives() error {
	if err := f.own().check(); err != nil {
		return err
	}
	if _, both := f.Lives[PaymentLife]; both && (f.Subject != nil || f.Ignore != nil || f.Unhandled != nil) {
		return jsonfile.Place{"lives", PaymentLife}.Wrong("lives.payment and subject, state, ignore or unhandled at the top are the same; keep one of them")
	}
	if len(f.Lives) > 0 && f.Subject == nil && f.Lives[PaymentLife] == nil && (f.Ignore != nil || f.Unhandled != nil) {
		there := "ignore"
		if f.Ignore == nil {
			there = "unhandled"
		}
		return jsonfile.Place{there}.Wrong("ignore and unhandled at the top are the payment life's, which the file does not have; put them into the life that they are about")
	}
	if f.Lives != nil && len(f.Lives) == 0 {
		return jsonfile.Place{"lives"}.Wrong("it names none")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Lives)) {
		entry := f.Lives[name]
		if entry == nil {
			return jsonfile.At(errors.New("it must be an object"), "lives", name)
		}
		err := entry.read(name, f)
		if err == nil {
			err = entry.check()
		}
		if err != nil {
			return jsonfile.At(err, "lives", name)
		}
	}
	return nil
}

// own is what stands at the top of the file: the payment life.
func (f *file) own() *lifeEntry {
	return &lifeEntry{Subject: f.Subject, State: f.State, Ignore: f.Ignore, Unhandled: f.Unhandled, story: life.Payment}
}

// entries are what the file says of each life, by name.
func (f *file) entries() map[string]*lifeEntry {
	all := maps.Clone(f.Lives)
	if all == nil {
		all = map[string]*lifeEntry{}
	}
	if f.Subject != nil || len(all) == 0 {
		all[PaymentLife] = f.own()
	}
	return all
}

// target makes the Target of a run from the file.
func (f *file) target() *Target {
	t := &Target{
		URL: f.URL, Secret: f.Secret, PreviousSecret: f.PreviousSecret, Livemode: f.Livemode,
		Replicas: f.Replicas, Unhandled: f.Unhandled, Ignore: f.Ignore, APIVersion: f.APIVersion, Headers: f.Headers, programs: f.programs,
	}
	hooks := slices.Collect(maps.Values(f.hooks()))
	for _, entry := range f.entries() {
		if entry.Subject != nil {
			hooks = append(hooks, &entry.Subject.Hook, entry.State)
		}
	}
	for _, hook := range hooks {
		if hook != nil && hook.HTTP != nil {
			addDeliveryHeaders(hook.HTTP, f.URL, f.Headers)
		}
	}
	for name, entry := range f.entries() {
		one := Life{Story: entry.story, Ignore: entry.Ignore, Unhandled: entry.Unhandled, Grants: entry.Grants, NotAccess: entry.NotAccess}
		if entry.Subject != nil {
			s := subjects{f: f, entry: entry}
			one.Subject = func(ctx context.Context) (event.Subject, error) { return s.make(ctx, s.invent()) }
			if strings.Contains(entry.Subject.text(), "{{new.") {
				one.Announce = s.announce
			}
			one.State = s.state
		}
		if f.Lives == nil {
			t.Subject, t.Announce, t.State = one.Subject, one.Announce, one.State
		} else {
			if t.Lives == nil {
				t.Lives = map[string]Life{}
			}
			t.Lives[name] = one
		}
	}
	if f.Counters != nil {
		t.Counters = f.counters
	}
	if f.Stop != nil {
		t.Stop = f.stop
		var starts starter
		start := func(hook Hook) func(context.Context) error {
			return func(ctx context.Context) error {
				if hook.Background != nil && t.Listens() { // a second process would find its port taken
					return nil
				}
				return starts.run(ctx, f, hook)
			}
		}
		t.Start = start(*f.Start)
		if f.Database != nil && f.Database.Env != nil {
			t.startOwn, t.Start = t.Start, start(f.behindProxy())
		}
		t.Stderr, t.endStarted, t.Starter = starts.last, starts.end, f.Start.Command
		if f.Start.Background != nil {
			t.Starter = f.Start.Background.Command
		}
	}
	if f.Break != nil {
		t.Break = func(ctx context.Context) error { return f.do(ctx, f.Break) }
		t.Mend = func(ctx context.Context) error { return f.do(ctx, f.Mend) }
	}
	if f.Database != nil {
		t.Database = &Database{f.Database.Listen, f.Database.Upstream}
	}
	if f.API != nil {
		t.API = &API{f.API.Listen}
	}
	if f.Connect != nil {
		t.Connect = *f.Connect
	}
	return t
}

// behindProxy returns the start hook by which the target dials hookproof's proxy.
func (f *file) behindProxy() Hook {
	program := *f.Start.Background
	program.Environment = maps.Clone(program.Environment)
	if program.Environment == nil {
		program.Environment = map[string]string{}
	}
	maps.Copy(program.Environment, f.Database.Env)
	return Hook{Background: &program}
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

// state asks the target for a subject's state.
func (m *subjects) state(ctx context.Context, s event.Subject) (any, error) {
	answer, err := m.f.ask(ctx, m.entry.State, s.Value)
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
