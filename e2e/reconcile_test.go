package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/server"
	"example.com/hookproof/webhook"
)

// Deliveries that never arrived are fetched, and applied once.
func TestReconcile(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	var bookings []map[string]any
	event := func(id, typ string, b map[string]any) string {
		return fmt.Sprintf(`{"id":%q,"object":"event","type":%q,"livemode":false,"data":{"object":{"id":%q,"metadata":{"bookingId":%q},`+
			`"payment_status":"paid","amount_total":4500,"currency":"usd"}}}`, id, typ, b["stripeSessionId"], b["id"])
	}
	for i := range 3 {
		b := e.book()
		bookings = append(bookings, b)
		stripe.events = append(stripe.events, event(fmt.Sprintf("evt_lost%d", i), "checkout.session.completed", b))
	}
	stripe.events = append(stripe.events, `{"id":"evt_other","object":"event","type":"customer.created","livemode":false,"data":{"object":{}}}`,
		event("evt_early", "checkout.session.completed", map[string]any{"id": "00000000-0000-4000-8000-000000000000", "stripeSessionId": "cs_x"}))
	require.Equal(t, 200, e.deliverPaid(bookings[0]), "one of the three did arrive")

	outcomes, err := server.Reconcile(t.Context(), e.config, 72*time.Hour)
	require.NoError(t, err)
	require.Equal(t, map[webhook.Outcome]int{webhook.Processed: 2, webhook.Duplicate: 1, webhook.Rejected: 1}, outcomes)
	for _, b := range bookings {
		require.Equal(t, "CONFIRMED", e.status(b["id"].(string)))
	}
	outcomes, err = server.Reconcile(t.Context(), e.config, 72*time.Hour)
	require.NoError(t, err)
	require.Equal(t, map[webhook.Outcome]int{webhook.Duplicate: 3, webhook.Rejected: 1}, outcomes, "again changes nothing")

	stdout, stderr, code := command(t, environment(e.config, "1"), "", "reconcile", "--since", "24h")
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "Stripe's events of the last 24h0m0s: 0 processed, 3 duplicate, 1 rejected.")
	require.Contains(t, stderr, "1 events were not applied")
	require.Empty(t, secretShapes.FindAllString(stderr, 3))

	stripe.leave(true)
	_, err = server.Reconcile(t.Context(), e.config, time.Hour)
	require.ErrorContains(t, err, "stripe: list events")
	_, stderr, code = command(t, nil, "", "reconcile", "--since", "721h")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "720h")
}
