package e2e

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// withStandin has the server ask a stand-in that remembers, in place of stripe-mock.
func withStandin(stripe *standin) func(*env) {
	return func(e *env) { e.config.StripeAPIBase = stripe.URL }
}

func TestBookingHasACheckout(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	slot := e.slot()
	made := e.call("POST", "/bookings", shared.tokens[store.Customer], slot)
	require.Equal(t, 201, made.status, made.raw)
	b := made.body
	require.Equal(t, "/bookings/"+b["id"].(string), made.header.Get("Location"))
	require.Equal(t, "PENDING", b["status"])
	require.EqualValues(t, 4500, b["amount"])
	require.Equal(t, "usd", b["currency"])
	require.Equal(t, slot["startsAt"], b["startsAt"])
	require.NotEmpty(t, b["checkoutUrl"])

	session := stripe.sessions[b["stripeSessionId"].(string)]
	require.NotNil(t, session)
	form := session.form
	require.Equal(t, b["id"], form.Get("client_reference_id"))
	require.Equal(t, b["id"], form.Get("metadata[bookingId]"))
	require.Equal(t, b["id"], form.Get("payment_intent_data[metadata][bookingId]"))
	require.Equal(t, "4500", form.Get("line_items[0][price_data][unit_amount]"))
	require.NotEmpty(t, form.Get("expires_at"))
	require.Contains(t, stripe.byKey, b["id"], "the booking's id is the Idempotency-Key")

	got := e.call("GET", "/bookings/"+b["id"].(string), shared.tokens[store.Customer], nil)
	require.Equal(t, b, got.body)
}

func TestBookingRefusesBadInput(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	with := func(key string, value any) map[string]any {
		slot := e.slot()
		slot[key] = value
		return slot
	}
	token := shared.tokens[store.Customer]
	reversed := e.slot()
	reversed["startsAt"], reversed["endsAt"] = reversed["endsAt"], reversed["startsAt"]
	for name, row := range map[string]struct {
		body   any
		status int
		detail string
	}{
		"past":              {with("startsAt", "2020-01-01T00:00:00Z"), 400, "in the past"},
		"reversed":          {reversed, 400, "endsAt"},
		"no zone":           {with("startsAt", "2999-01-01T00:00:00"), 400, "zone"},
		"no time":           {with("startsAt", 5), 400, "startsAt"},
		"unknown field":     {with("amount", 1), 400, "amount"},
		"resource no UUID":  {with("resourceId", "sauna"), 404, "resource"},
		"no such resource":  {with("resourceId", "00000000-0000-4000-8000-000000000000"), 404, "resource"},
		"resource a number": {with("resourceId", 7), 400, "resourceId"},
		"not JSON":          {"startsAt=now", 400, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			requireProblem(t, e.call("POST", "/bookings", token, row.body), row.status, row.detail)
		})
	}
	list := e.call("GET", "/bookings", token, nil)
	require.Empty(t, list.body["bookings"], "nothing is half written")
}

func TestBookingsAreSeenByWhoMay(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	b := e.book()
	other := e.call("POST", "/auth/register", "", map[string]string{"email": "other@example.com", "password": password})
	require.Equal(t, 201, other.status)
	stranger, err := signIn(e.running.url(), "other@example.com")
	require.NoError(t, err)

	path := "/bookings/" + b["id"].(string)
	requireProblem(t, e.call("GET", path, stranger, nil), 404, "nothing")
	requireProblem(t, e.call("POST", path+"/cancel", stranger, nil), 404, "nothing")
	require.Empty(t, e.call("GET", "/bookings", stranger, nil).body["bookings"])
	for _, role := range []store.Role{store.Customer, store.Ops, store.Admin} {
		require.Equal(t, 200, e.call("GET", path, shared.tokens[role], nil).status)
		require.Len(t, e.call("GET", "/bookings", shared.tokens[role], nil).body["bookings"], 1)
	}
	requireProblem(t, e.call("POST", path+"/cancel", shared.tokens[store.Ops], nil), 403, "owner")
	for _, id := range []string{"x", "00000000-0000-4000-8000-000000000000", "{" + b["id"].(string) + "}"} {
		requireProblem(t, e.call("GET", "/bookings/"+id, shared.tokens[store.Admin], nil), 404, "nothing")
	}
}

// A token outlives its user, for an hour at most.
func TestAUserWhoIsGoneSignsInAgain(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.db.Exec(`DELETE FROM "User" WHERE role = 'CUSTOMER'`)
	require.NoError(t, err)
	requireProblem(t, e.call("POST", "/bookings", shared.tokens[store.Customer], e.slot()), 401, "sign in")
}

func TestOneSlotHasOneWinner(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	slot := e.slot()
	statuses := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	gate := make(chan struct{})
	for range 20 {
		group.Go(func() {
			<-gate
			got := e.call("POST", "/bookings", shared.tokens[store.Customer], slot)
			mu.Lock()
			defer mu.Unlock()
			statuses[got.status]++
		})
	}
	close(gate)
	group.Wait()
	require.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusConflict: 19}, statuses)
	// Slots are half open: the next one begins where this one ends.
	next := map[string]any{"resourceId": slot["resourceId"], "startsAt": slot["endsAt"]}
	ends, err := time.Parse(time.RFC3339, slot["endsAt"].(string))
	require.NoError(t, err)
	next["endsAt"] = ends.Add(time.Hour).Format(time.RFC3339)
	require.Equal(t, 201, e.call("POST", "/bookings", shared.tokens[store.Customer], next).status)
}

func TestStripeFailsNoSlotIsHeld(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	stripe.leave(true)
	slot := e.slot()
	requireProblem(t, e.call("POST", "/bookings", shared.tokens[store.Customer], slot), 502, "Stripe")
	list := e.call("GET", "/bookings", shared.tokens[store.Customer], nil).body["bookings"].([]any)
	require.Len(t, list, 1, "the row is kept: its session may exist")
	require.Equal(t, "CANCELLED", list[0].(map[string]any)["status"])
	eventually(t, "Stripe is asked a few times whether it has made a session, and no more", func() (bool, string) {
		return strings.Contains(e.logs.String(), "Booking taken back"), e.logs.String()
	})
	require.NotContains(t, e.logs.String(), "Booking not taken back")
	require.LessOrEqual(t, len(stripe.seen()), 8, "four requests, each tried twice by the client")
	stripe.leave(false)
	require.Equal(t, 201, e.call("POST", "/bookings", shared.tokens[store.Customer], slot).status)
}

// lapse ends a booking's hold, as time would.
func (e *env) lapse(id string) {
	e.t.Helper()
	_, err := e.db.Exec(`UPDATE "Booking" SET "expiresAt" = now() - interval '1 second' WHERE id = $1`, id)
	require.NoError(e.t, err)
}

func (e *env) status(id string) string {
	e.t.Helper()
	got := e.call("GET", "/bookings/"+id, shared.tokens[store.Ops], nil)
	require.Equal(e.t, 200, got.status, got.raw)
	return got.body["status"].(string)
}

func TestHoldEndsWhenSomebodyWantsTheSlot(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	setup := func(t *testing.T) (*standin, *env, map[string]any, string, string) {
		stripe := newStandin(t)
		e := newEnv(t, withStandin(stripe))
		slot := e.slot()
		made := e.call("POST", "/bookings", customer, slot)
		require.Equal(t, 201, made.status)
		return stripe, e, slot, made.body["id"].(string), made.body["stripeSessionId"].(string)
	}
	t.Run("not before its time", func(t *testing.T) {
		t.Parallel()
		stripe, e, slot, id, session := setup(t)
		requireProblem(t, e.call("POST", "/bookings", customer, slot), 409, "held")
		require.Equal(t, "PENDING", e.status(id))
		require.Equal(t, "open", stripe.status(session))
	})
	t.Run("lapsed and unpaid", func(t *testing.T) {
		t.Parallel()
		stripe, e, slot, id, session := setup(t)
		e.lapse(id)
		require.Equal(t, 201, e.call("POST", "/bookings", customer, slot).status)
		require.Equal(t, "EXPIRED", e.status(id))
		require.Equal(t, "expired", stripe.status(session))
	})
	t.Run("its session had expired by itself", func(t *testing.T) {
		t.Parallel()
		stripe, e, slot, id, session := setup(t)
		e.lapse(id)
		stripe.turn(t, session, "expired")
		require.Equal(t, 201, e.call("POST", "/bookings", customer, slot).status)
		require.Equal(t, "EXPIRED", e.status(id))
	})
	t.Run("paid at the last moment", func(t *testing.T) {
		t.Parallel()
		stripe, e, slot, id, session := setup(t)
		e.lapse(id)
		stripe.complete(t, session)
		requireProblem(t, e.call("POST", "/bookings", customer, slot), 409, "held")
		require.Equal(t, "PENDING", e.status(id), "its webhook is on the way")
	})
	t.Run("Stripe away", func(t *testing.T) {
		t.Parallel()
		stripe, e, slot, id, _ := setup(t)
		e.lapse(id)
		stripe.leave(true)
		requireProblem(t, e.call("POST", "/bookings", customer, slot), 502, "Stripe")
		require.Equal(t, "PENDING", e.status(id))
	})
	t.Run("its creator died", func(t *testing.T) {
		t.Parallel()
		_, e, slot, id, _ := setup(t)
		_, err := e.db.Exec(`UPDATE "Booking" SET "stripeSessionId" = NULL WHERE id = $1`, id)
		require.NoError(t, err)
		e.lapse(id)
		require.Equal(t, 201, e.call("POST", "/bookings", customer, slot).status)
		require.Equal(t, "EXPIRED", e.status(id))
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	setup := func(t *testing.T, status string) (*standin, *env, string, string) {
		stripe := newStandin(t)
		e := newEnv(t, withStandin(stripe))
		b := e.book()
		id := b["id"].(string)
		_, err := e.db.Exec(`UPDATE "Booking" SET status = $2, "stripePaymentIntentId" = 'pi_1' WHERE id = $1`, id, status)
		require.NoError(t, err)
		return stripe, e, "/bookings/" + id + "/cancel", b["stripeSessionId"].(string)
	}
	t.Run("pending", func(t *testing.T) {
		t.Parallel()
		stripe, e, path, session := setup(t, "PENDING")
		got := e.call("POST", path, customer, nil)
		require.Equal(t, 200, got.status, got.raw)
		require.Equal(t, "CANCELLED", got.body["status"])
		require.Equal(t, "expired", stripe.status(session))
		stripe.turn(t, session, "open") // as if the first request had been cut off before it came to Stripe
		require.Equal(t, 200, e.call("POST", path, shared.tokens[store.Admin], nil).status, "again is no error")
		require.Equal(t, "expired", stripe.status(session), "and asks Stripe again")
		require.Equal(t, 200, e.call("POST", path, customer, nil).status, "as often as one likes")
		calls := len(stripe.seen())
		again := make([]<-chan answer, 20)
		for i := range again {
			again[i] = beside(func() answer { return e.call("POST", path, customer, "{}") })
		}
		for _, answered := range again {
			require.Equal(t, 200, await(t, "a cancel's answer", answered).status)
		}
		require.Len(t, stripe.seen(), calls, "what has ended stays so, and Stripe is not asked for ever")
	})
	t.Run("pending and paid meanwhile", func(t *testing.T) {
		t.Parallel()
		stripe, e, path, session := setup(t, "PENDING")
		stripe.complete(t, session)
		requireProblem(t, e.call("POST", path, customer, nil), 409, "no longer open")
	})
	t.Run("pending and expired by itself", func(t *testing.T) {
		t.Parallel()
		stripe, e, path, session := setup(t, "PENDING")
		stripe.turn(t, session, "expired")
		requireProblem(t, e.call("POST", path, customer, nil), 409, "no longer open")
		require.Equal(t, "PENDING", e.status(path[len("/bookings/"):len(path)-len("/cancel")]), "its webhook tells")
	})
	t.Run("Stripe away", func(t *testing.T) {
		t.Parallel()
		for _, status := range []string{"PENDING", "CONFIRMED"} {
			stripe, e, path, _ := setup(t, status)
			stripe.leave(true)
			requireProblem(t, e.call("POST", path, customer, nil), 502, "Stripe")
			require.Equal(t, status, e.status(path[len("/bookings/"):len(path)-len("/cancel")]))
		}
	})
	t.Run("confirmed", func(t *testing.T) {
		t.Parallel()
		stripe, e, path, _ := setup(t, "CONFIRMED")
		id := path[len("/bookings/") : len(path)-len("/cancel")]
		_, err := e.db.Exec(`UPDATE "Booking" SET "refundedAmount" = 1000`)
		require.NoError(t, err)
		got := e.call("POST", path, customer, nil)
		require.Equal(t, 202, got.status, got.raw)
		require.Equal(t, "CONFIRMED", got.body["status"], "the webhook sets REFUNDED")
		form := stripe.refunded()["refund-"+id+"-1000"]
		require.Equal(t, "3500", form.Get("amount"))
		require.Equal(t, "pi_1", form.Get("payment_intent"))
	})
	for _, status := range []string{"AWAITING_PAYMENT", "EXPIRED", "PAYMENT_FAILED", "REFUNDED"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			stripe, e, path, _ := setup(t, status)
			calls := len(stripe.seen())
			requireProblem(t, e.call("POST", path, customer, nil), 409, status)
			require.Len(t, stripe.seen(), calls, "Stripe is not asked")
		})
	}
}
