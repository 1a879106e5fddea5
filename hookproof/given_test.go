package hookproof

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

type orderID string

func TestWhatASubjectHookGivesIsChecked(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		subject Subject
		wrong   string
	}{
		"texts and numbers":    {Subject{"sessionId": "cs_1", "amount": 4900, "own": int64(1)}, ""},
		"as a file gives them": {Subject{"paymentIntent": "pi_1", "amount": json.Number("4900")}, ""},
		"metadata":             {Subject{"metadata.orderId": "1"}, ""},
		"metadata, a number":   {Subject{"metadata.orderId": uint32(1)}, ""},
		"types of Go's":        {Subject{"clientReferenceId": orderID("o1"), "metadata.id": uuid.New(), "amount": int32(4900)}, ""},
		"nothing":              {nil, "it gives an empty subject; give what its Checkout session has, under the name sessionId, clientReferenceId, paymentIntent or metadata.KEY"},
		"no tie": {Subject{"clientReferenceID": "o1", "amount": 4900},
			"it gives amount, clientReferenceID, none of which ties an event to the object; " + wanted},
		"a tie that is empty":             {Subject{"clientReferenceId": "", "amount": 4900}, `it gives amount, clientReferenceId as "", none of which ties`},
		"metadata of the charge is later": {Subject{"charge.metadata.id": "o1"}, "it gives charge.metadata.id, none of which ties"},
		"an object":                       {Subject{"sessionId": map[string]any{"id": "cs_1"}}, "it gives sessionId as map[string]interface {}, and can only give texts and whole numbers"},
		"nil":                             {Subject{"sessionId": nil}, "it gives sessionId as <nil>"},
		"a fraction":                      {Subject{"sessionId": "cs_1", "amount": 49.5}, "it gives amount as float64"},
		"an amount as text":               {Subject{"sessionId": "cs_1", "amount": "49.00"}, `it gives amount as "49.00", and it must be a whole number`},
		"a number as text":                {Subject{"sessionId": "cs_1", "amount": "4900"}, `it gives amount as "4900", and it must be a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := row.subject.check()
			if row.wrong == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, row.wrong)
			}
		})
	}
}

func TestAnIDOfATypeOfGosIsMasked(t *testing.T) {
	t.Parallel()
	s := Subject{"clientReferenceId": orderID("order_123456"), "metadata.long": 12345678, "metadata.short": orderID("o1")}
	require.Equal(t, "/orders/{{clientReferenceId}} 12345678 o1", s.names().Replace("/orders/order_123456 12345678 o1"))
	require.Equal(t, []string{"metadata.long", "metadata.short"}, s.shortIDs())
}

// An id of a type of the program's own is an id: events that did not have it would be about nobody, and the hooks be doubted.
func TestAnIDOfATypeOfGosIsBound(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		subject := target.Subject
		target.Subject = func(ctx context.Context) (Subject, error) {
			s, err := subject(ctx)
			for name, value := range s {
				if text, is := value.(string); is {
					s[name] = orderID(text)
				}
			}
			return s, err
		}
		state := target.State
		target.State = func(ctx context.Context, s Subject) (any, error) {
			again := Subject{}
			for name, value := range s {
				again[name] = value
				if id, is := value.(orderID); is { // as it was given
					again[name] = string(id)
				}
			}
			return state(ctx, again)
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered"}})
		require.NoError(t, err)
		require.Equal(t, Pass, r.Findings[0].Verdict, r.Findings[0].Why)
	})
}

func TestAHookOfGosThatGivesNothingOfUseIsNamed(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		for want, change := range map[string]func(*Target){
			"the hook subject: it gives early, none of which ties": func(target *Target) {
				target.Announce = func(context.Context) (Subject, func(context.Context) error, error) {
					return Subject{"early": "o1"}, func(context.Context) error { return nil }, nil
				}
			},
			"the hook subject: it gives order, none of which ties": func(target *Target) {
				target.Subject = func(context.Context) (Subject, error) { return Subject{"order": "o1"}, nil }
			},
			"the hook state: its answer is not JSON: json: unsupported type: chan int": func(target *Target) {
				target.State = func(context.Context, Subject) (any, error) { return make(chan int), nil }
			},
		} {
			target := openStall(t, nil).target()
			change(target)
			_, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered", "order/overtaking"}})
			require.ErrorContains(t, err, want)
			var failed *HookError
			require.ErrorAs(t, err, &failed)
		}
	})
}
