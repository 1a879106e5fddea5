package store

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestGivenBack(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		charge          int64
		refunds, failed Refunds
		want            int64
	}{
		"nothing":                                {0, nil, nil, 0},
		"a charge tells":                         {1000, nil, nil, 1000},
		"its refund is told by itself, too":      {1000, Refunds{"re_1": 1000}, nil, 1000},
		"its charge is late":                     {0, Refunds{"re_1": 1000}, nil, 1000},
		"one of two is told by itself":           {2500, Refunds{"re_2": 1500}, nil, 2500},
		"it has failed":                          {4500, Refunds{"re_1": 4500}, Refunds{"re_1": 4500}, 0},
		"its failure is all that is told of it":  {4500, nil, Refunds{"re_1": 4500}, 0},
		"its failure comes before all else":      {0, nil, Refunds{"re_1": 4500}, 0},
		"one of two has failed":                  {2500, nil, Refunds{"re_1": 1000}, 1500},
		"it has failed, and was made once more":  {4500, Refunds{"re_1": 4500, "re_2": 4500}, Refunds{"re_1": 4500}, 4500},
		"once more, before its failure is told":  {4500, Refunds{"re_2": 4500}, nil, 4500},
		"once more, and it has failed once more": {4500, Refunds{"re_1": 4500, "re_2": 4500}, Refunds{"re_1": 4500, "re_2": 4500}, 0},
	} {
		b := Booking{RefundedAmount: row.charge, Refunds: row.refunds, FailedRefunds: row.failed}
		require.Equal(t, row.want, b.GivenBack(), name)
	}
}

// A failed refund comes to the same row before and after the refund, alone and parked, once and again; and what is kept of
// its event tells whether it was news.
func TestRefundsAreKept(t *testing.T) {
	t.Parallel()
	s := loaded(t, 4)
	event := func(n int, name string, c Change) Entry {
		id := *paid(n).BookingID
		return Entry{PaymentEvent: PaymentEvent{StripeEventID: fmt.Sprint("evt_", n, name), Type: name, BookingID: &id, Result: Processed, Reason: "no_change",
			Payload: []byte("{}")}, Change: c, IfChanged: Recorded{Review, "refund_failed"}}
	}
	kept := func(e Entry) (result Result) {
		t.Helper()
		require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
			k, err := tx.Keep(t.Context(), []Entry{e})
			require.NoError(t, err)
			return tx.tx.Get(&result, `SELECT result FROM "PaymentEvent" WHERE "stripeEventId" = $1 AND reason = $2`, e.StripeEventID, k[0].Reason)
		}))
		return result
	}
	charge, made, failed := Change{RefundedAmount: 4500, Status: Refunded}, Change{Refunds: Refunds{"re_1": 4500}}, Change{FailedRefunds: Refunds{"re_1": 4500}}
	again := Change{Refunds: Refunds{"re_2": 1000}}
	for n, order := range map[int][]Change{
		1: {charge, made, failed, again, failed, made},
		2: {failed, again, made, charge, failed},
		3: {made, charge, again, charge, failed},
	} {
		told := false
		for i, c := range order {
			result := kept(event(n, fmt.Sprint("_", i), c))
			if c.FailedRefunds != nil {
				require.Equal(t, !told, result == Review, "order %d: the first that tells of it waits for a person", n)
				told = true
			}
		}
		b := s.bookingOf(t, fmt.Sprint("cs_", n))
		require.Equal(t, Refunds{"re_1": 4500, "re_2": 1000}, b.Refunds)
		require.Equal(t, Refunds{"re_1": 4500}, b.FailedRefunds)
		require.EqualValues(t, 1000, b.GivenBack())
		require.Equal(t, Refunded, b.Status)
	}

	// Join is what becomes of a parked one.
	join := func(id uuid.UUID, c Change) (changed bool) {
		t.Helper()
		require.NoError(t, s.Transact(t.Context(), func(tx *Tx) (err error) {
			changed, err = tx.Join(t.Context(), id, c)
			return err
		}))
		return changed
	}
	require.True(t, join(*paid(4).BookingID, failed))
	require.True(t, join(*paid(4).BookingID, made))
	require.False(t, join(*paid(4).BookingID, failed))
	b := s.bookingOf(t, "cs_4")
	require.Equal(t, Refunds{"re_1": 4500}, b.FailedRefunds)
	require.Zero(t, b.GivenBack())
	require.EqualValues(t, 4500, b.FailedRefunds.Sum())
}
