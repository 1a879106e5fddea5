package target

import (
	"cmp"
	"context"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

// NewSubject asks the subject hook for a fresh object. The answer of a Go function is checked as a target file's hook is.
func (t *Target) NewSubject(ctx context.Context) (event.Subject, error) {
	s, err := t.Subject(ctx)
	if err != nil {
		return nil, err
	}
	return s, cmp.Or(t.Life, life.Payment).CheckSubject(s)
}

// Announced asks for the names of an object that is not made yet, and checks them as NewSubject does.
func (t *Target) Announced(ctx context.Context) (event.Subject, func(context.Context) error, error) {
	s, make, err := t.Announce(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s, make, cmp.Or(t.Life, life.Payment).CheckSubject(s)
}
