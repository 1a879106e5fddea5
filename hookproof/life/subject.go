package life

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"

	"example.com/hookproof/hookproof/event"
)

// Invented returns a subject that no target knows.
func (l *Life) Invented() event.Subject {
	s := event.Subject{}
	for name, value := range l.Usual() {
		s[name] = value
	}
	return l.Completed(s)
}

// Completed adds the ids that the target leaves to hookproof.
func (l *Life) Completed(s event.Subject) event.Subject {
	names, values := l.IDs()
	for _, name := range names {
		if s.Text(name) == "" {
			s[name] = values[name]
		}
	}
	return s
}

// Stranger returns a subject of another integration on the same Stripe account. It has the names of the given one and none of its
// values, and its metadata has only a key of its own.
func (l *Life) Stranger(like event.Subject, bare bool) event.Subject {
	s := l.Invented()
	for name := range l.Usual() {
		if value, there := like[name]; there {
			s[name] = value
		}
	}
	if !bare {
		s["metadata.somebodyElse"] = "cart_1"
	}
	return s
}

// Made returns the ids that hookproof makes from a subject's own: those of its other objects by their names, and those of a second session
// of the same order by second and their names.
func (l *Life) Made(s event.Subject) map[string]string {
	made := map[string]string{}
	for prefix, of := range map[string]event.Subject{"": s, "second ": l.again(s)} {
		for name, n := range l.Names {
			if from := l.source(name); prefix == "" && n.Of == "" || from == "" || !s.IsLong(from) {
				continue
			}
			made[prefix+name], _ = l.value(name, telling{life: l, s: of}).(string)
		}
	}
	return made
}

// source is the name that hookproof invents from which it makes the id of another; that name itself, or "" if there is none.
func (l *Life) source(name string) string {
	for l.Names[name].Of != "" {
		name = l.Names[name].Of
	}
	if l.Names[name].invented() {
		return name
	}
	return ""
}

// again returns the same order in another Checkout session: the values of the target stay, and those that Stripe makes are others, the
// same whenever it is asked, since several events can tell of that session.
func (l *Life) again(s event.Subject) event.Subject {
	other := event.Subject{}
	maps.Copy(other, s)
	for name, n := range l.Names {
		if n.invented() {
			sum := sha256.Sum256([]byte(s.Text(name)))
			other[name] = n.Prefix + hex.EncodeToString(sum[:12])
		}
	}
	for name, n := range l.Names {
		if _, given := s[name]; given && n.Of != "" {
			delete(other, name)
			other[name] = l.value(name, telling{life: l, s: other})
		}
	}
	return other
}
