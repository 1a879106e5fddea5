package life

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
)

// completeTies checks a life's ties. A life that names none has all its ids, and metadata.
func (l *Life) completeTies() error {
	for _, tie := range l.Ties {
		if _, known := l.Names[tie]; !known && !isMetadata(tie) {
			return place{"ties"}.Wrong("%s", l.noName(tie))
		}
	}
	if len(l.Ties) == 0 {
		for _, name := range slices.Sorted(maps.Keys(l.Names)) {
			if n := l.Names[name]; n.Prefix != "" && n.Of == "" && !n.Optional {
				l.Ties = append(l.Ties, name)
			}
		}
		l.Ties = append(l.Ties, "metadata.*")
	}
	return nil
}

// ties reports whether a name is one of which a subject needs at least one, so that events are about it.
func (l *Life) ties(name string) bool {
	return slices.ContainsFunc(l.Ties, func(tie string) bool {
		prefix, many := strings.CutSuffix(tie, "*")
		return tie == name || many && strings.HasPrefix(name, prefix)
	})
}

// IsTie reports whether a name's value ties an event to one object: an id of Stripe's, or what the target has put there.
func (l *Life) IsTie(name string) bool {
	return l.ties(name) || l.Names[name].Optional || strings.Contains("."+name, ".metadata.")
}

// WantedTies names what a subject needs, for messages: sessionId, clientReferenceId or metadata.KEY.
func (l *Life) WantedTies() string { return OneOf(l.TieNames()) }

// TieNames returns the ties as messages name them.
func (l *Life) TieNames() []string {
	names := make([]string, len(l.Ties))
	for n, tie := range l.Ties {
		names[n] = strings.Replace(tie, "*", "KEY", 1)
	}
	return names
}

// GivenNames returns the names that a target can give beside the ties, as messages name them: those for which hookproof invents nothing.
func (l *Life) GivenNames() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(l.Names)) {
		if n := l.Names[name]; !n.isID() && !n.isDerived() && n.Is == "" && !slices.Contains(l.Ties, name) {
			names = append(names, name)
		}
	}
	return names
}

// Placeholders names what hookproof invents for a subject hook and what ties events to the object, for messages: {{new.id}} or
// {{new.sessionId}}.
func (l *Life) Placeholders() string {
	names := []string{"{{new.id}}"}
	for _, tie := range l.Ties {
		if l.Names[tie].invented() {
			names = append(names, "{{new."+tie+"}}")
		}
	}
	return OneOf(names)
}

// OneOf lists names of which one is enough.
func OneOf(names []string) string {
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " or " + names[last]
	}
	return strings.Join(names, "")
}

// ExampleTie is a name that ties events to an object whose own id the target gives, for messages: clientReferenceId.
func (l *Life) ExampleTie() string {
	for _, tie := range l.Ties {
		if prefix, many := strings.CutSuffix(tie, "*"); many {
			return prefix + "orderId"
		}
		if !l.Names[tie].invented() {
			return tie
		}
	}
	return l.Ties[0]
}

// IsTied reports whether a subject has a value that ties events to it. constant reports which values are the same for all objects; nil
// is none.
func (l *Life) IsTied(s event.Subject, constant func(name string) bool) bool {
	for name := range s {
		if l.ties(name) && s.Text(name) != "" && (constant == nil || !constant(name)) {
			return true
		}
	}
	return false
}

// Shares reports whether a second purchase of the same order or customer can be known: a value that the target puts there ties it, and
// not only ids that Stripe makes for each purchase.
func (l *Life) Shares(s event.Subject) bool {
	for name := range s {
		if l.ties(name) && !l.Names[name].invented() {
			return true
		}
	}
	return false
}

// CheckSubject returns why events cannot be bound to a subject. Such events would be about no object, and the endpoint would be blamed
// for that.
func (l *Life) CheckSubject(s event.Subject) error {
	names := slices.Sorted(maps.Keys(s))
	for n, name := range names {
		text := s.Text(name)
		if _, isText := s[name].(string); !isText && text == "" {
			return fmt.Errorf("it gives %s as %T, and can only give texts and whole numbers", name, s[name])
		}
		if name != "currency" && name != "amount" && text == "" {
			names[n] = name + ` as ""`
		}
	}
	wanted := "give what Stripe's object has, under the name " + l.WantedTies()
	if len(names) == 0 {
		return errors.New("it gives an empty subject; " + wanted)
	}
	if !l.IsTied(s, nil) {
		return fmt.Errorf("it gives %s, none of which ties an event to the object; %s", strings.Join(names, ", "), wanted)
	}
	if amount, given := s["amount"]; given {
		_, isText := amount.(string)
		if _, err := strconv.ParseInt(s.Text("amount"), 10, 64); err != nil || isText {
			return fmt.Errorf("it gives amount as %#v, and it must be a whole number of the currency's smallest unit, such as 4900 for 49.00", amount)
		}
	}
	return nil
}
