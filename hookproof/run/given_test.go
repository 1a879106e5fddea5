package run

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

type orderID string

func TestWhatASubjectHookGivesIsChecked(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		subject event.Subject
		wrong   string
	}{
		"texts and numbers":    {event.Subject{"sessionId": "cs_1", "amount": 4900, "own": int64(1)}, ""},
		"as a file gives them": {event.Subject{"paymentIntent": "pi_1", "amount": json.Number("4900")}, ""},
		"metadata":             {event.Subject{"metadata.orderId": "1"}, ""},
		"metadata, a number":   {event.Subject{"metadata.orderId": uint32(1)}, ""},
		"types of Go's":        {event.Subject{"clientReferenceId": orderID("o1"), "metadata.id": uuid.New(), "amount": int32(4900)}, ""},
		"nothing":              {nil, "it gives an empty subject; give what Stripe's object has, under the name sessionId, clientReferenceId, paymentIntent or metadata.KEY"},
		"no tie": {event.Subject{"clientReferenceID": "o1", "amount": 4900},
			"it gives amount, clientReferenceID, none of which ties an event to the object; give what Stripe's object has"},
		"a tie that is empty":             {event.Subject{"clientReferenceId": "", "amount": 4900}, `it gives amount, clientReferenceId as "", none of which ties`},
		"metadata of the charge is later": {event.Subject{"charge.metadata.id": "o1"}, "it gives charge.metadata.id, none of which ties"},
		"an object":                       {event.Subject{"sessionId": map[string]any{"id": "cs_1"}}, "it gives sessionId as map[string]interface {}, and can only give texts and whole numbers"},
		"nil":                             {event.Subject{"sessionId": nil}, "it gives sessionId as <nil>"},
		"a fraction":                      {event.Subject{"sessionId": "cs_1", "amount": 49.5}, "it gives amount as float64"},
		"an amount as text":               {event.Subject{"sessionId": "cs_1", "amount": "49.00"}, `it gives amount as "49.00", and it must be a whole number`},
		"a number as text":                {event.Subject{"sessionId": "cs_1", "amount": "4900"}, `it gives amount as "4900", and it must be a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := life.Payment.CheckSubject(row.subject)
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
	s := event.Subject{"clientReferenceId": orderID("order_123456"), "metadata.long": 12345678, "metadata.short": orderID("o1")}
	require.Equal(t, "/orders/{{clientReferenceId}} 12345678 o1", idNames(life.Payment, s).Replace("/orders/order_123456 12345678 o1"))
	require.Equal(t, []string{"metadata.long", "metadata.short"}, shortIDs(s))
}

// An id of a type of the program's own is an id: events that did not have it would be about nobody, and the hooks be doubted.
func TestAnIDOfATypeOfGosIsBound(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		subject := target.Subject
		target.Subject = func(ctx context.Context) (event.Subject, error) {
			s, err := subject(ctx)
			for name, value := range s {
				if text, is := value.(string); is {
					s[name] = orderID(text)
				}
			}
			return s, err
		}
		state := target.State
		target.State = func(ctx context.Context, s event.Subject) (any, error) {
			again := event.Subject{}
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
		require.Equal(t, result.Pass, r.Findings[0].Verdict, r.Findings[0].Why)
	})
}

func TestAHookOfGosThatGivesNothingOfUseIsNamed(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for want, change := range map[string]func(*target.Target){
			"the hook subject: it gives early, none of which ties": func(endpoint *target.Target) {
				endpoint.Announce = func(context.Context) (event.Subject, func(context.Context) error, error) {
					return event.Subject{"early": "o1"}, func(context.Context) error { return nil }, nil
				}
			},
			"the hook subject: it gives order, none of which ties": func(endpoint *target.Target) {
				endpoint.Subject = func(context.Context) (event.Subject, error) { return event.Subject{"order": "o1"}, nil }
			},
			"the hook state: its answer is not JSON: json: unsupported type: chan int": func(endpoint *target.Target) {
				endpoint.State = func(context.Context, event.Subject) (any, error) { return make(chan int), nil }
			},
		} {
			endpoint := openStall(t, nil).target()
			change(endpoint)
			_, err := Judge(t.Context(), endpoint, Options{Only: []string{"idempotence/redelivered", "order/overtaking"}})
			require.ErrorContains(t, err, want)
			var failed *target.HookError
			require.ErrorAs(t, err, &failed)
		}
	})
}
