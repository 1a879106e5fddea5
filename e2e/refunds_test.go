package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/store"
)

// orders are all orders of so many things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var all [][]int
	for _, rest := range orders(n - 1) {
		for at := range n {
			all = append(all, append(append(append([]int{}, rest[:at]...), n-1), rest[at:]...))
		}
	}
	return all
}

// refundEvent is an event about a refund of a subject's payment, under an id of its own.
func refundEvent(t *testing.T, subject hookproof.Subject, name, refund string, amount int64) event.Event {
	t.Helper()
	ev, err := life.Payment.New(name, subject)
	require.NoError(t, err)
	for pointer, value := range map[string]any{"/data/object/id": refund, "/data/object/amount": amount} {
		ev.Body, err = event.Put(ev.Body, pointer, value)
		require.NoError(t, err)
	}
	return ev
}

// A refund that fails days later is taken off what was given back, in whatever order its events come, also under other ids.
// The booking stays refunded, so that its slot stays free, and a person is told once.
func TestARefundFails(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	names := []string{"checkout.session.completed", "charge.refunded", "refund.created", "refund.failed", "charge.refund.updated.failed"}
	reviews := 0
	for i, order := range orders(len(names)) {
		if i%5 != 0 { // all of them take long
			continue
		}
		subject := subjectOf(e.book())
		refund := "re_" + subject["bookingId"].(string)
		of := func(name string) event.Event {
			if strings.HasPrefix(name, "refund.") || strings.HasPrefix(name, "charge.refund.") {
				return refundEvent(t, subject, name, refund, 4500)
			}
			ev, err := life.Payment.New(name, subject)
			require.NoError(t, err)
			return ev
		}
		for range 2 { // the second time under other ids
			for _, n := range order {
				require.Equal(t, 200, e.deliver(of(names[n])), "%v %s", order, names[n])
			}
		}
		reviews++
		id := subject["bookingId"].(string)
		got, err := e.fetch(t.Context(), "/bookings/"+id)
		require.NoError(t, err)
		require.Equal(t, []any{"REFUNDED", 0.0, 4500.0}, []any{got["status"], got["refundedAmount"], got["failedRefundAmount"]}, "%v", order)
		requireProblem(t, e.call("POST", "/bookings/"+id+"/cancel", shared.tokens[store.Customer], nil), 409, "REFUNDED")

		require.Equal(t, 200, e.deliver(refundEvent(t, subject, "refund.created", refund+"2", 4500)))
		got, err = e.fetch(t.Context(), "/bookings/"+id)
		require.NoError(t, err)
		require.Equal(t, []any{4500.0, 4500.0}, []any{got["refundedAmount"], got["failedRefundAmount"]}, "the money was given back once more")
	}
	listed, err := e.fetch(t.Context(), "/admin/payment-events?result=review&limit=100")
	require.NoError(t, err)
	require.Len(t, listed["paymentEvents"], reviews)
	for _, row := range listed["paymentEvents"].([]any) {
		require.Equal(t, "refund_failed", row.(map[string]any)["reason"])
	}
	told := 0
	for _, line := range e.lines() {
		if line.Reason == "refund_failed" {
			require.Equal(t, "ERROR", line.Level)
			told++
		}
	}
	require.Equal(t, reviews, told)
	e.auditBookings()
}

// What a failed refund leaves is given back with the rest.
func TestTheRestAfterARefundThatFailed(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	subject := subjectOf(e.book())
	paid, err := life.Payment.New("checkout.session.completed", subject)
	require.NoError(t, err)
	require.Equal(t, 200, e.deliver(paid))
	require.Equal(t, 200, e.deliver(refundEvent(t, subject, "refund.created", "re_part", 1000)))
	id := subject["bookingId"].(string)
	booking, err := e.fetch(t.Context(), "/bookings/"+id)
	require.NoError(t, err)
	require.Equal(t, []any{"CONFIRMED", 1000.0, 0.0}, []any{booking["status"], booking["refundedAmount"], booking["failedRefundAmount"]})
	require.Equal(t, 200, e.deliver(refundEvent(t, subject, "refund.failed", "re_part", 1000)))
	got := e.call("POST", "/bookings/"+id+"/cancel", shared.tokens[store.Customer], nil)
	require.Equal(t, 202, got.status, got.raw)
	require.Equal(t, 0.0, got.body["refundedAmount"])
	require.Equal(t, 1000.0, got.body["failedRefundAmount"])
	require.Equal(t, "4500", stripe.refunded()["refund-"+id+"-0"].Get("amount"))
}

// refund.created can come before charge.refunded: whoever cancels then is told that his money is on the way.
func TestACancelAfterTheRefundIsTold(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	id := e.book()["id"].(string)
	_, err := e.db.Exec(`UPDATE "Booking" SET status = 'CONFIRMED', "stripePaymentIntentId" = 'pi_1', refunds = '{"re_1": 4500}'`)
	require.NoError(t, err)
	calls := len(stripe.seen())
	require.Equal(t, 202, e.call("POST", "/bookings/"+id+"/cancel", shared.tokens[store.Customer], nil).status)
	require.Len(t, stripe.seen(), calls, "nothing is left to give back")
}
