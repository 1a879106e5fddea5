package run

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/target"
)

// What a target says comes before what is guessed. Who asks Stripe for each event by its id is told that, and who tells a
// genuine event from a forgery is told of the types that were sent, and not of a wrong secret.
func TestWhatATargetSaysComesFirst(t *testing.T) {
	t.Parallel()
	const guess = "the secret is not the one that the target verifies with, or something like express.json() has parsed the body before the verification, " +
		"or the target refuses these types: sent were topup.created and checkout.session.completed; docs/events.md, or 'hookproof list events', has all types that are sent"
	types := []string{"topup.created", "checkout.session.completed"}
	for name, row := range map[string]struct {
		refusal refusal
		why     string
	}{
		"nothing": {refusal{target.Delivery{Status: 400}, nil, types, ""}, "every genuine delivery was refused (400): " + guess},
		"nothing, and a version was given": {refusal{target.Delivery{Status: 400}, nil, types, "2024-06-20"},
			"every genuine delivery was refused (400): " + guess + "; or it refuses events of API version 2024-06-20, which was given"},
		"something": {refusal{target.Delivery{Status: 400, Answer: "bad body"}, nil, types, ""},
			`every genuine delivery was refused (400), saying "bad body"; if that does not explain it, ` + guess},
		"that Stripe does not know the event": {refusal{target.Delivery{Status: 400, Answer: `{"message": "No such event: 'evt_1'"}`}, nil, types, ""},
			`every genuine delivery was refused (400), saying "{\"message\": \"No such event: 'evt_1'\"}": it asks Stripe for each event by its id, and Stripe knows none of hookproof's; ` +
				"let it verify the signature of the delivery instead, or " + setAPI},
		"another thing of a forgery": {refusal{target.Delivery{Status: 400, Answer: "unknown type"}, &target.Delivery{Status: 401}, types, ""},
			`every genuine delivery was refused (400), saying "unknown type". A forgery is answered differently (401), so the secret is right, and the events themselves are refused. ` +
				"Sent were topup.created and checkout.session.completed; docs/events.md, or 'hookproof list events', has all types that are sent. " +
				"If the endpoint waits for other types, hookproof cannot judge it until it answers 200 to a type that it does not handle, as Stripe's example does; else look into its log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.why, whyRefused(row.refusal))
		})
	}
}

// An endpoint for subscriptions that answers 400 to all other types has the right secret. It shows that where it answers a
// forgery otherwise; where it does not, the types are named beside the secret.
func TestAnEndpointThatRefusesTheseTypes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		forgery, others int
		forged, other   string
		bare, right     bool
	}{
		"it says so":                {forgery: 400, forged: "no signature found", others: 400, other: "unhandled type", right: true},
		"another status":            {forgery: 401, others: 400, right: true},
		"a URL alone":               {forgery: 400, forged: "bad signature", others: 422, other: "unhandled type", bare: true, right: true},
		"the same answer":           {forgery: 400, others: 400},
		"ids alone in both answers": {forgery: 400, forged: "refused, see log %d", others: 400, other: "refused, see log %d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, func(s *stall) {
					s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
						status, text := row.others, row.other
						if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
							status, text = row.forgery, row.forged
						}
						w.WriteHeader(status)
						if text == "refused, see log %d" {
							text = fmt.Sprintf(text, 100000+n)
						}
						_, _ = io.WriteString(w, text)
						return true
					}
				}).target()
				if row.bare {
					target.Subject, target.State, target.Announce = nil, nil, nil
				}
				_, err := Judge(t.Context(), target, Options{})
				var unusable *Unusable
				require.ErrorAs(t, err, &unusable)
				require.ErrorContains(t, err, "topup.created and checkout.session.completed")
				require.ErrorContains(t, err, "docs/events.md")
				if row.right {
					require.ErrorContains(t, err, "so the secret is right")
				} else {
					require.ErrorContains(t, err, "the secret is not the one")
				}
			})
		})
	}
}
