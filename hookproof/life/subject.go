package life

import (
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

// again returns the same order in another Checkout session: the values of the target stay, and those that Stripe makes are new.
func (l *Life) again(s event.Subject) event.Subject {
	other := maps.Clone(s)
	names, _ := l.IDs()
	for _, name := range names {
		delete(other, name)
	}
	return l.Completed(other)
}
