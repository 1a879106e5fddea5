package e2e

import (
	"fmt"
	"testing"

	"example.com/hookproof/store"
)

// Stripe answers 500 to the making of a session and twice when it is asked for, then has it, and answers 500 to its end:
// a session that is known is ended all the same.
func TestAKnownSessionIsNotGivenUp(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	stripe.mu.Lock()
	stripe.failing, stripe.unable = 3, 2 // which the client does not try again by itself
	stripe.mu.Unlock()
	requireProblem(t, e.call("POST", "/bookings", shared.tokens[store.Customer], e.slot()), 502, "nothing is held")
	eventually(t, "the session is made, and ended", func() (bool, string) {
		return stripe.made() == 1 && len(stripe.open()) == 0, fmt.Sprint(stripe.made(), stripe.open())
	})
}

// Stripe is slow: it is still making the session when the caller is told 502 and for some seconds after that. The session
// is waited for, and ended.
func TestASessionThatComesLateIsEnded(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	stripe.mu.Lock()
	stripe.busy = 10 // two of each try, of which there would be three
	stripe.mu.Unlock()
	requireProblem(t, e.call("POST", "/bookings", shared.tokens[store.Customer], e.slot()), 502, "nothing is held")
	eventually(t, "the session is made, and ended", func() (bool, string) {
		return stripe.made() == 1 && len(stripe.open()) == 0, fmt.Sprint(stripe.made(), stripe.open())
	})
}
