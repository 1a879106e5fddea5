package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// The orders and events of a run stay in the target, and another run of the same seed does not trip over them.
func TestTheNextRunTripsOverNothing(t *testing.T) {
	t.Parallel()
	right := clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500}
	for name, row := range map[string]struct {
		open func(t *testing.T) *target.Target
		only []string
	}{
		"every order":   {func(t *testing.T) *target.Target { return openStall(t, nil).target() }, []string{"authenticity", "idempotence/two-ids", "order", "meaning/neighbours"}},
		"over a ledger": {func(t *testing.T) *target.Target { return openLedger(t, right) }, []string{"faults/cut-before"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				tested := row.open(t)
				for range 2 {
					r, err := Judge(t.Context(), tested, Options{Seed: 1, Only: row.only})
					require.NoError(t, err)
					requireNone(t, r, result.Fail)
					require.False(t, r.Incomplete())
				}
			})
		})
	}
}
