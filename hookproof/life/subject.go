package life

import (
	"maps"

	"example.com/hookproof/hookproof/event"
)

// Invented is a subject that no target knows.
func Invented() event.Subject {
	s := event.Subject{}
	for name, value := range Payment.Usual() {
		s[name] = value
	}
	return Completed(s)
}

// Completed gives a subject the ids that the target leaves to us.
func Completed(s event.Subject) event.Subject {
	names, values := Payment.IDs()
	for _, name := range names {
		if s.Text(name) == "" {
			s[name] = values[name]
		}
	}
	return s
}

// Stranger is like a subject, and of another integration on the same Stripe account: nothing of it is the
// target's, and of metadata it has only a key of its own.
func Stranger(like event.Subject, bare bool) event.Subject {
	s := Completed(Invented())
	for name := range Payment.Usual() {
		if value, there := like[name]; there {
			s[name] = value
		}
	}
	if !bare {
		s["metadata.somebodyElse"] = "cart_1"
	}
	return s
}

// again is the same order in another Checkout session: what the target has put into it is as before, and what Stripe makes
// is new.
func again(s event.Subject) event.Subject {
	other := maps.Clone(s)
	names, _ := Payment.IDs()
	for _, name := range names {
		delete(other, name)
	}
	return Completed(other)
}
