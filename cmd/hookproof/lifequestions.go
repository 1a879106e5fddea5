package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// chosenLife is a life that is to be judged, with the path of its life.json; "" is a built-in one.
type chosenLife struct {
	life *life.Life
	path string
}

// pathFrom returns the path as a target file in a folder names it.
func (c chosenLife) pathFrom(folder string) (string, error) {
	if c.path == "" || filepath.IsAbs(c.path) {
		return c.path, nil
	}
	path, err := filepath.Rel(folder, c.path)
	return filepath.ToSlash(path), err
}

// chosenLives reads the lives of some names: built-in ones, or paths of a life.json.
func chosenLives(names []string) ([]chosenLife, error) {
	var list []chosenLife
	for _, name := range names {
		l, err := life.Named(name)
		if err != nil {
			return nil, err
		}
		one := chosenLife{life: l}
		if strings.HasSuffix(name, ".json") {
			one.path = name
		}
		if slices.ContainsFunc(list, func(other chosenLife) bool { return other.life.Name == l.Name }) {
			return nil, fmt.Errorf("the life %s is there twice", l.Name)
		}
		list = append(list, one)
	}
	return list, nil
}

// lives asks which lives are judged.
func (a *asker) lives() (chosen []chosenLife, err error) {
	lines := []string{"", "Stripe tells a story of each of your objects, which hookproof calls a life. Built in are:"}
	for _, l := range life.BuiltIns() {
		lines = append(lines, fmt.Sprintf("  %-13s %s", l.Name, l.Says))
	}
	lines = append(lines, "docs/lives.md tells more, and how to bring your own.")
	_, _ = fmt.Fprintln(a.out, strings.Join(lines, "\n"))
	err = a.ask("Which of them does the endpoint handle? Names, or paths of a life.json, separated by commas.", life.Payment.Name, func(answer string) (err error) {
		chosen, err = chosenLives(strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' }))
		return err
	})
	return chosen, err
}

// hooks asks for subject and state of one life, which are of no use without each other.
func (a *asker) hooks(l *life.Life) (h lifeHooks, err error) {
	_, _ = fmt.Fprint(a.out, judgedTypes(l))
	var made target.Hook
	err = a.ask("How is a fresh, unpaid object (an order, a user) made: the URL of a POST, or a command?\n"+
		"Without it, idempotence, order and meaning are not judged; an empty line leaves it out.", "", func(answer string) (err error) {
		made, err = hook(answer, false)
		return err
	})
	if err != nil || isNone(made) {
		return h, err
	}
	h.Subject = &subjectHook{Hook: made}
	if made.HTTP != nil {
		made.HTTP.Method = cmp.Or(made.HTTP.Method, http.MethodPost)
	}
	if made.HTTP != nil && made.HTTP.Method != http.MethodGet {
		err := a.ask("The body of that "+made.HTTP.Method+", as JSON; {{new.id}} in it is a new UUID each time:", `{"reference": "{{new.id}}"}`, func(answer string) error {
			if !json.Valid([]byte(answer)) {
				return errors.New("it is not JSON")
			}
			made.HTTP.Body = json.RawMessage(answer)
			return nil
		})
		if err != nil {
			return h, err
		}
	}
	err = a.ask(whichValues(l), picksOf(l), func(answer string) (err error) {
		h.Subject.Pick, err = picks(l, answer)
		return err
	})
	if err != nil {
		return h, err
	}
	return h, a.state(&h)
}

// state asks how the state is read of an object that is made.
func (a *asker) state(h *lifeHooks) error {
	otherwise := ""
	for _, name := range slices.Sorted(maps.Keys(h.Subject.Pick)) {
		if h.Subject.HTTP != nil && otherwise == "" && h.Subject.Pick[name] == "/id" {
			otherwise = strings.TrimRight(h.Subject.HTTP.URL, "/") + "/{{" + name + "}}"
		}
	}
	return a.ask("How is its state read: the URL of a GET, a command, or a SELECT (PostgreSQL)? {{name}} stands for a value named above.",
		otherwise, func(answer string) error {
			state, err := hook(answer, true)
			if err != nil || isNone(state) {
				return errors.Join(err, errors.New("a state hook is needed to read the object"))
			}
			for _, name := range event.Placeholders(answer) {
				if h.Subject.Pick[name] == nil && !strings.HasPrefix(name, "env.") {
					return fmt.Errorf("there is no name {{%s}}; the names are %s", name, strings.Join(slices.Sorted(maps.Keys(h.Subject.Pick)), ", "))
				}
			}
			h.State = &state
			if state.SQL != nil {
				return a.ask("The database's address:", "postgres://postgres@127.0.0.1:5432/postgres?sslmode=prefer", func(answer string) error {
					state.SQL.DSN = answer
					return nil
				})
			}
			return nil
		})
}

// whichValues asks for the values of a subject.
func whichValues(l *life.Life) string {
	text := "Which values of its answer are used, as name=pointer? One of " + strings.Join(l.TieNames(), ", ") + " is required;\n" +
		"others are " + strings.Join(append(l.GivenNames(), "whatever the state hook needs"), ", ") + "."
	if constants := constantsOf(l); constants != "" {
		text += "\nA value that the answer does not have can be a constant: " + constants + "."
	}
	return text
}

// picksOf returns the answer that is proposed for the values of a subject.
func picksOf(l *life.Life) string {
	if l == life.Payment {
		return "sessionId=/sessionId metadata.orderId=/id amount=/amount currency=/currency"
	}
	return l.ExampleTie() + "=/id"
}

// constantsOf shows constants in the form of an answer: amount=4900 currency=usd.
func constantsOf(l *life.Life) string {
	var list []string
	usual := l.Usual()
	for _, name := range slices.Sorted(maps.Keys(usual)) {
		list = append(list, fmt.Sprintf("%s=%v", name, usual[name]))
	}
	return strings.Join(list, " ")
}

// judgedTypes says which events tell of a life.
func judgedTypes(l *life.Life) string {
	var types []string
	for _, w := range l.Own() {
		if !slices.Contains(types, w.Type) {
			types = append(types, w.Type)
		}
	}
	slices.Sort(types)
	lines := []string{"", "The life " + l.Name + " is told by events of these types:"}
	for group := range slices.Chunk(types, 3) {
		lines = append(lines, "  "+strings.Join(group, ", "))
	}
	return strings.Join(append(lines, "If your endpoint handles none of them, leave the next answer empty: signatures and answers are judged all the same."), "\n") + "\n"
}
