package life

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// intentStory is where the objects of one payment intent stand.
type intentStory struct {
	method string // automatic or manual capture; "" is either, since nothing has depended on it
	status string // new, failed, processing, held, paid, part (paid by capturing a part) or canceled
	money
}

// is reports whether the intent has a status, and a capture method. Either is so from then on.
func (s *intentStory) is(method, status string) bool {
	if s.method == "" {
		s.method = method
	}
	return s.status == status && (method == "" || s.method == method)
}

func (s intentStory) next() (all []intentStory) {
	for _, move := range []struct{ method, from, to string }{
		{"", "new", "failed"}, {"automatic", "new", "processing"}, {"automatic", "failed", "processing"}, {"automatic", "processing", "failed"},
		{"automatic", "new", "paid"}, {"automatic", "failed", "paid"}, {"automatic", "processing", "paid"},
		{"automatic", "new", "settled"}, {"automatic", "failed", "settled"}, {"automatic", "processing", "settled"},
		{"manual", "new", "held"}, {"manual", "failed", "held"}, {"manual", "held", "paid"}, {"manual", "held", "part"},
		{"", "new", "canceled"}, {"", "failed", "canceled"}, {"manual", "held", "canceled"},
	} {
		if after := s; after.is(move.method, move.from) {
			after.status = move.to
			all = append(all, after)
		}
	}
	if s.status == "paid" || s.status == "settled" {
		for _, m := range s.money.next() {
			all = append(all, intentStory{s.method, s.status, m})
		}
	}
	return all
}

// intents is the model. The bodies of an intent say how it is captured, so that one story has words of one method.
var intents = model[intentStory]{
	start: intentStory{status: "new"},
	next:  intentStory.next,
	words: append([]modelRow[intentStory]{
		{"pi-created", func(s *intentStory) bool { return s.is("automatic", "new") }},
		{"charge-failed", func(s *intentStory) bool { return s.is("", "failed") }},
		{"pi-failed", func(s *intentStory) bool { return s.is("automatic", "failed") }},
		{"pi-processing", func(s *intentStory) bool { return s.is("automatic", "processing") }},
		{"pi-paid", func(s *intentStory) bool { return s.is("automatic", "paid") || s.is("automatic", "settled") }},
		{"charge-paid charge-updated", func(s *intentStory) bool { return s.is("automatic", "paid") }},
		{"charge-settled", func(s *intentStory) bool { return s.is("automatic", "settled") }}, // its balance transaction is known at once
		{"pi-capturable charge-held", func(s *intentStory) bool { return s.is("manual", "held") }},
		{"captured pi-captured", func(s *intentStory) bool { return s.is("manual", "paid") }},
		{"captured-part pi-captured-part", func(s *intentStory) bool { return s.is("manual", "part") }},
		{"pi-canceled", func(s *intentStory) bool { return s.is("automatic", "canceled") }},
	}, moneyWords(func(s *intentStory) money { return s.money })...),
}

func TestTheIntentIsWhatCanHappen(t *testing.T) {
	t.Parallel()
	l, err := BuiltIn("intent")
	require.NoError(t, err)
	intents.checkWords(t, l, "other-email", "stranger-dispute")
	intents.checkNames(t, l)
}
