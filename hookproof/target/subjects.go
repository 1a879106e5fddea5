package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
)

// subjects makes subjects by a target file's hook.
type subjects struct {
	f     *file
	entry *lifeEntry
	mu    sync.Mutex
	// learnt maps each of a subject's names to how its value is composed of invented ones, such as ref_{{new.id}}, or to "=" and a
	// value that never changes.
	learnt map[string]string
}

// invent makes the values of {{new.…}}.
func (m *subjects) invent() map[string]string {
	made := map[string]string{"new.id": uuid.NewString()}
	names, values := m.entry.story.IDs()
	for _, name := range names {
		made["new."+name] = values[name]
	}
	return made
}

// make asks the target for a subject.
func (m *subjects) make(ctx context.Context, invented map[string]string) (event.Subject, error) {
	answer, err := m.f.ask(ctx, &m.entry.Subject.Hook, func(name string) (string, bool) {
		value, known := invented[name]
		return value, known
	})
	if err != nil {
		return nil, err
	}
	s := event.Subject{}
	if pick := m.entry.Subject.Pick; pick != nil {
		for _, name := range slices.Sorted(maps.Keys(pick)) {
			if s[name], err = pick[name].find(m.entry.story, name, answer); err != nil {
				return nil, err
			}
		}
	} else if object, is := answer.(map[string]any); is {
		s = object
	} else {
		return nil, fmt.Errorf(`its answer is not a JSON object; add pick, with the places that are used: "pick": {%s}`, likelyID(m.entry.story, answer))
	}
	for name, value := range s {
		switch v := value.(type) {
		case string:
		case json.Number:
			if _, err := v.Int64(); err != nil {
				return nil, fmt.Errorf("its answer's %s is %s, and can only be a string or a whole number", name, v)
			}
		default:
			return nil, fmt.Errorf("its answer's %s is neither a string nor a whole number; pick the places that are used", name)
		}
	}
	if constant := func(name string) bool { return m.entry.Subject.Pick[name].constant }; !m.entry.story.IsTied(s, constant) {
		return nil, untied(m.entry.story, m.entry.Subject.Pick, answer)
	}
	if _, given := s["amount"]; given { // a text of digits is a number in an event
		if err := checkAmount(s, "its answer's amount"); err != nil {
			return nil, err
		}
		s["amount"] = json.Number(s.Text("amount"))
	}
	m.learn(s, invented)
	return s, nil
}

// checkAmount returns an error if a subject's amount is none. who is what messages call it.
func checkAmount(s event.Subject, who string) error {
	if _, err := strconv.ParseInt(s.Text("amount"), 10, 64); err != nil {
		return fmt.Errorf("%s is %q, and must be a whole number of the currency's smallest unit, such as 4900 for 49.00", who, s.Text("amount"))
	}
	return nil
}

// learn finds out which of a subject's values are composed of values that hookproof invented.
func (m *subjects) learn(s event.Subject, invented map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.learnt == nil {
		m.learnt = map[string]string{}
		for name := range s {
			m.learnt[name] = composed(s.Text(name), invented)
		}
	}
}

// composed returns how a value is composed of invented ones, or "=" and the value.
func composed(value string, invented map[string]string) string {
	form := value
	for origin, part := range invented {
		form = strings.ReplaceAll(form, part, "{{"+origin+"}}")
	}
	if form == value {
		return "=" + value
	}
	return form
}

// announce names a subject before it is made. This needs a subject whose ties to events are all invented by hookproof.
func (m *subjects) announce(ctx context.Context) (event.Subject, func(context.Context) error, error) {
	m.mu.Lock()
	known := m.learnt
	m.mu.Unlock()
	if known == nil {
		if _, err := m.make(ctx, m.invent()); err != nil {
			return nil, nil, err
		}
		return m.announce(ctx)
	}
	invented, s := m.invent(), event.Subject{}
	for name, origin := range known {
		value, constant := strings.CutPrefix(origin, "=")
		switch {
		case !constant:
			text, err := fill(origin, func(name string) (string, bool) { part, known := invented[name]; return part, known })
			if err != nil {
				return nil, nil, err
			}
			s[name] = text
		case m.entry.Subject.Pick[name].constant:
			s[name], _ = m.entry.Subject.Pick[name].value(nil)
		case m.entry.story.IsTie(name) && (!m.entry.story.Names[name].Optional || strings.HasPrefix(value, m.entry.story.Names[name].Prefix)):
			return nil, nil, &result.NotJudged{Kind: result.NoHook, Hooks: []string{"announce"}, Text: fmt.Sprintf("the target itself invents %s, so no event can be sent before the object is made; "+
				"let the `subject` hook make it from %s", name, m.entry.story.Placeholders())}
		case name == "amount" || name == "currency":
			s[name] = value
			if name == "amount" {
				s[name] = json.Number(value)
			}
		}
	}
	return s, func(ctx context.Context) error {
		made, err := m.make(ctx, invented)
		for name, value := range made {
			s[name] = value
		}
		return err
	}, nil
}

// state asks the target for a subject's state.
func (m *subjects) state(ctx context.Context, s event.Subject) (any, error) {
	answer, err := m.f.ask(ctx, m.entry.State, s.Value)
	var empty *unfilled
	if errors.As(err, &empty) {
		return nil, fmt.Errorf(`%w; the subject has %s. Let pick name it: %q: "/…"`, err, listed(slices.Sorted(maps.Keys(s))), empty.name)
	}
	return answer, err
}
