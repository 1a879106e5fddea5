package hookproof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// newSubject asks the subject hook for a fresh object. What a Go function gives is held to the rules that a target file's answers are held to.
func (t *Target) newSubject(ctx context.Context) (Subject, error) {
	s, err := t.Subject(ctx)
	if err != nil {
		return nil, err
	}
	return s, s.check()
}

// announced asks for the names of an object that is not made yet, and checks them as newSubject does.
func (t *Target) announced(ctx context.Context) (Subject, func(context.Context) error, error) {
	s, make, err := t.Announce(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s, make, s.check()
}

// check says what of a subject cannot be bound to events. Without it an event would be about nobody, and the endpoint be blamed for that.
func (s Subject) check() error {
	names := slices.Sorted(maps.Keys(s))
	tied := false
	for _, name := range names {
		text := s.text(name)
		if _, isText := s[name].(string); !isText && text == "" {
			return fmt.Errorf("it gives %s as %T, and can only give texts and whole numbers", name, s[name])
		}
		tied = tied || text != "" && (slices.Contains(ties, name) || strings.HasPrefix(name, "metadata."))
		if name != "currency" && name != "amount" && text == "" {
			names[slices.Index(names, name)] = name + ` as ""`
		}
	}
	if len(names) == 0 {
		return errors.New("it gives an empty subject; " + wanted)
	}
	if !tied {
		return fmt.Errorf("it gives %s, none of which ties an event to the object; %s", strings.Join(names, ", "), wanted)
	}
	if amount, given := s["amount"]; given {
		_, isText := amount.(string)
		if _, err := strconv.ParseInt(s.text("amount"), 10, 64); err != nil || isText {
			return fmt.Errorf("it gives amount as %#v, and it must be a whole number of the currency's smallest unit, such as 4900 for 49.00", amount)
		}
	}
	return nil
}

const wanted = "give what its Checkout session has, under the name sessionId, clientReferenceId, paymentIntent or metadata.KEY"
