package e2e

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/store"
)

// Deliveries whose circumstances a scenario cannot bring about, since they are our own: one slot that two
// bookings want, a row that somebody sits on.

// deliver sends an event to this test's server and answers the status.
func (e *env) deliver(ev event.Event) int {
	e.t.Helper()
	d := e.target().Deliver(e.t.Context(), ev, "genuine")
	require.NoError(e.t, d.Err)
	return d.Status
}

// delivering is deliver in a goroutine of its own. A status of 0 is no answer.
func (e *env) delivering(ctx context.Context, ev event.Event) (status <-chan int) {
	return beside(func() int { return e.target().Deliver(ctx, ev, "genuine").Status })
}

func (e *env) resultOf(eventID string) (result, reason string) {
	e.t.Helper()
	require.NoError(e.t, e.db.QueryRow(`SELECT result, reason FROM "PaymentEvent" WHERE "stripeEventId" = $1`, eventID).Scan(&result, &reason))
	return result, reason
}

// A customer pays after his hold has ended and somebody else has booked. The payment is kept for a person
// to look at, is final, and takes the slot from nobody.
func TestSlotGivenAway(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	customer := shared.tokens[store.Customer]
	slot := e.slot()
	first := e.call("POST", "/bookings", customer, slot)
	require.Equal(t, 201, first.status)
	e.lapse(first.body["id"].(string))
	second := e.call("POST", "/bookings", customer, slot)
	require.Equal(t, 201, second.status)

	paid, err := life.Payment.New("checkout.session.completed", subjectOf(first.body))
	require.NoError(t, err)
	require.Equal(t, 200, e.deliver(paid))
	result, reason := e.resultOf(paid.ID)
	require.Equal(t, []string{"review", "slot_given_away"}, []string{result, reason})
	require.Equal(t, "EXPIRED", e.status(first.body["id"].(string)), "unchanged")
	require.Equal(t, "PENDING", e.status(second.body["id"].(string)))

	require.Equal(t, 200, e.call("POST", "/bookings/"+second.body["id"].(string)+"/cancel", customer, nil).status)
	require.Equal(t, 200, e.deliver(paid))
	require.Equal(t, "EXPIRED", e.status(first.body["id"].(string)), "final, even if the slot frees later")
	require.Equal(t, counts{Received: 2, Processed: 1, Duplicates: 1}, e.counts())

	lines := e.lines()
	reviewed := 0
	for _, line := range lines {
		if line.Msg == "Webhook needs review" {
			reviewed++
			require.Equal(t, "ERROR", line.Level)
			require.Equal(t, paid.ID, line.EventID)
			require.Equal(t, first.body["id"], line.BookingID)
		}
	}
	require.Equal(t, 1, reviewed)
}

// A payment that comes after the hold's end confirms all the same while nobody else has the slot.
func TestPaidAfterTheHold(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	b := e.book()
	subject := subjectOf(b)
	for _, name := range []string{"checkout.session.expired", "checkout.session.completed"} {
		event, err := life.Payment.New(name, subject)
		require.NoError(t, err)
		require.Equal(t, 200, e.deliver(event))
	}
	require.Equal(t, "CONFIRMED", e.status(b["id"].(string)))
}

// A row that somebody sits on for too long is a 500 within ten seconds, and costs other bookings nothing:
// more copies than the pool has connections wait for it meanwhile.
func TestAStuckRowStarvesNobody(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	stuck, free := subjectOf(e.book()), subjectOf(e.book())
	release, err := e.hold(t.Context(), stuck)
	require.NoError(t, err)
	event, err := life.Payment.New("checkout.session.completed", stuck)
	require.NoError(t, err)
	const copies = 40
	statuses := make([]<-chan int, copies)
	for i := range statuses {
		statuses[i] = e.delivering(t.Context(), event)
	}
	e.awaitLocks(1) // one copy waits in the database, the others in the process

	other, err := life.Payment.New("checkout.session.completed", free)
	require.NoError(t, err)
	require.Equal(t, 200, e.deliver(other))
	require.Equal(t, "CONFIRMED", e.status(free["bookingId"].(string)))

	for _, status := range statuses {
		require.Equal(t, 500, await(t, "a copy's answer", status))
	}
	require.NoError(t, release())
	require.Equal(t, 200, e.deliver(event))
	require.Equal(t, "CONFIRMED", e.status(stuck["bookingId"].(string)))
	got := e.counts()
	require.Equal(t, counts{Received: copies + 2, Processed: 2, Errors: copies}, got)
}

// The connection to the database is cut before, or after, each message of a delivery: what is acknowledged is there,
// once, with its effect, and what is not comes again.
func TestADeliveryIsCutAtEveryMessage(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	require.Equal(t, 200, e.deliverPaid(e.book())) // the connections are open, the statements prepared
	b := e.book()
	e.proxy.Count()
	require.Equal(t, 200, e.deliverPaid(b))
	messages := e.proxy.Messages()
	require.GreaterOrEqual(t, messages, 4, "BEGIN, two statements, COMMIT")
	for k := 1; k <= messages; k++ {
		for name, strike := range map[string]func(int) <-chan struct{}{"before": e.proxy.StrikeBefore, "after": e.proxy.StrikeAfter} {
			b := e.book()
			event, err := life.Payment.New("checkout.session.completed", subjectOf(b))
			require.NoError(t, err)
			what := fmt.Sprintf("cut %s message %d of %d", name, k, messages)
			struck := strike(k)
			answered := beside(func() int { return e.deliver(event) })
			awaitDuring(t, what, struck, answered)
			e.proxy.Heal()
			if await(t, what+": the answer", answered) != 200 {
				eventually(t, what+": acknowledged when it comes again", func() (bool, string) {
					status := e.deliver(event)
					return status == 200, fmt.Sprint(status)
				})
			}
			result, _ := e.resultOf(event.ID)
			require.Equal(t, "processed", result, what)
			require.Equal(t, "CONFIRMED", e.status(b["id"].(string)), what)
		}
	}
}

// Deliveries that share a transaction share no deadline: when the first one's time ends in a frozen database,
// one that came three seconds later has these three seconds left, and the database may be back by then.
func TestATimeOfOnesOwn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	require.Equal(t, 200, e.deliverPaid(e.book())) // connected
	deliver := func(b map[string]any) <-chan int { return beside(func() int { return e.deliverPaid(b) }) }
	early, late := []map[string]any{e.book(), e.book(), e.book()}, e.book() // two groups' worth, and one that waits
	e.proxy.Freeze()
	var over []<-chan int
	for _, b := range early {
		over = append(over, deliver(b))
	}
	<-time.After(3 * time.Second) // of the four that a delivery may work
	inTime := deliver(late)
	for _, status := range over {
		require.Equal(t, 500, await(t, "the answer of one that came early", status))
	}
	e.proxy.Heal()
	require.Equal(t, 200, await(t, "the answer of the one that came late", inTime))
	require.Equal(t, "CONFIRMED", e.status(late["id"].(string)))
	for _, line := range e.lines() {
		if line.Status == 500 {
			require.NotEqual(t, "internal", line.Reason)
		}
	}
}

// A dispute that has found no payment, and the payment that looks for what was parked, wait for each other: while
// the one is being parked, held at its record, the other does not pass it by.
func TestADisputeAndItsPaymentMeet(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	subject := subjectOf(e.book())
	dispute, err := life.Payment.New("charge.dispute.created", subject)
	require.NoError(t, err)
	payment, err := life.Payment.New("checkout.session.completed", subject)
	require.NoError(t, err)
	held, err := e.db.Begin()
	require.NoError(t, err)
	defer func() { _ = held.Rollback() }()
	_, err = held.Exec(`INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, result, reason, payload)
		VALUES ($1, 'charge.dispute.created', false, 'ignored', 'parked', '')`, dispute.ID)
	require.NoError(t, err)

	var statuses []<-chan int
	for n, ev := range []event.Event{dispute, payment} {
		statuses = append(statuses, e.delivering(t.Context(), ev))
		e.awaitLocks(n + 1)
	}
	require.NoError(t, held.Rollback())
	require.Equal(t, 200, await(t, "the dispute's answer", statuses[0]))
	require.Equal(t, 200, await(t, "the payment's answer", statuses[1]))
	booking, err := e.fetch(t.Context(), "/bookings/"+subject["bookingId"].(string))
	require.NoError(t, err)
	require.Equal(t, "open", booking["dispute"])
}

// A delivery that PostgreSQL ends to break a deadlock is begun again, and Stripe hears nothing of it. It holds its payment's
// lock and waits for its record, whose holder waits for that lock, and would for a minute.
func TestADeadlockIsOutlived(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	subject := subjectOf(e.book())
	payment, err := life.Payment.New("checkout.session.completed", subject)
	require.NoError(t, err)
	require.Equal(t, 200, e.deliver(payment))
	dispute, err := life.Payment.New("charge.dispute.created", subject)
	require.NoError(t, err)
	var intent string
	require.NoError(t, e.db.QueryRow(`SELECT "stripePaymentIntentId" FROM "Booking" WHERE id = $1`, subject["bookingId"]).Scan(&intent))

	other, err := e.db.Begin()
	require.NoError(t, err)
	defer func() { _ = other.Rollback() }()
	_, err = other.Exec(`SET LOCAL deadlock_timeout = '1min'`)
	require.NoError(t, err)
	_, err = other.Exec(`INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, result, reason, payload)
		VALUES ($1, 'charge.dispute.created', false, 'ignored', 'parked', '')`, dispute.ID)
	require.NoError(t, err)
	release, err := e.hold(t.Context(), subject)
	require.NoError(t, err)

	status := e.delivering(t.Context(), dispute)
	e.awaitLocks(1) // it has the payment's lock, and waits for the booking
	locked := beside(func() error {
		_, err := other.Exec(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, intent)
		return err
	})
	e.awaitLocks(2)
	require.NoError(t, release())
	require.NoError(t, await(t, "the payment's lock", locked), "the delivery was ended, and not this")
	require.NoError(t, other.Rollback())
	require.Equal(t, 200, await(t, "the dispute's answer", status))
	booking, err := e.fetch(t.Context(), "/bookings/"+subject["bookingId"].(string))
	require.NoError(t, err)
	require.Equal(t, "open", booking["dispute"])
}

// Copies of a payment and of its refund, which gather while two groups are under way, held at their records, would
// share the next group's transaction: one of each is taken, and the others are duplicates.
func TestCopiesThatGather(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	of := func(name string, subject hookproof.Subject) event.Event {
		ev, err := life.Payment.New(name, subject)
		require.NoError(t, err)
		return ev
	}
	const paid = "checkout.session.completed"
	first, second, gathering := of(paid, subjectOf(e.book())), of(paid, subjectOf(e.book())), subjectOf(e.book())
	gathering["charge.metadata.bookingId"] = gathering["bookingId"] // or the refund would go alone
	payment, refund := of(paid, gathering), of("charge.refunded.partial", gathering)
	refund.Body = regexp.MustCompile(`"amount_refunded":\s*\d+`).ReplaceAll(refund.Body, []byte(`"amount_refunded":1`))
	held, err := e.db.Begin()
	require.NoError(t, err)
	defer func() { _ = held.Rollback() }()
	const copies = 8
	var statuses []<-chan int
	for n, ev := range []event.Event{first, second} {
		_, err = held.Exec(`INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, result, reason, payload)
			VALUES ($1, 'checkout.session.completed', false, 'ignored', 'no_booking', '')`, ev.ID)
		require.NoError(t, err)
		statuses = append(statuses, e.delivering(t.Context(), ev))
		e.awaitLocks(n + 1)
	}
	sent := make(chan struct{}, 2*copies)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		select {
		case sent <- struct{}{}:
		default: // it is sent again
		}
	}})
	for range copies {
		statuses = append(statuses, e.delivering(ctx, payment), e.delivering(ctx, refund))
	}
	for range 2 * copies {
		await(t, "a copy is sent", sent)
	}
	require.NoError(t, held.Rollback())
	for _, status := range statuses {
		require.Equal(t, 200, await(t, "a copy's answer", status))
	}
	require.Equal(t, counts{Received: 2*copies + 2, Processed: 4, Duplicates: 2 * (copies - 1)}, e.counts())
	var status string
	var refunded int64
	require.NoError(t, e.db.QueryRow(`SELECT status, "refundedAmount" FROM "Booking" WHERE id = $1`, gathering["bookingId"]).Scan(&status, &refunded))
	require.Equal(t, "CONFIRMED", status)
	require.EqualValues(t, 1, refunded)
}

// A fault that nobody thought of is never acknowledged.
func TestAFaultOfOursIsA500(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	event, err := life.Payment.New("checkout.session.completed", subjectOf(e.book()))
	require.NoError(t, err)
	_, err = e.db.Exec(`ALTER TABLE "PaymentEvent" RENAME TO "Mislaid"`)
	require.NoError(t, err)
	require.Equal(t, 500, e.deliver(event))
	_, err = e.db.Exec(`ALTER TABLE "Mislaid" RENAME TO "PaymentEvent"`)
	require.NoError(t, err)
	require.Equal(t, 200, e.deliver(event))
	require.Equal(t, counts{Received: 2, Processed: 1, Errors: 1}, e.counts())
	lines := e.lines()
	for _, line := range lines {
		if line.Status == 500 {
			require.Equal(t, "internal", line.Reason)
			require.Contains(t, line.Error, "SQLSTATE 42P01 undefined_table")
		}
	}
}

// What an operator's SQL reads: the RUNBOOK's statements, word for word.
func TestOperatorsSQL(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	subject := subjectOf(e.book())
	event, err := life.Payment.New("checkout.session.completed", subject)
	require.NoError(t, err)
	require.Equal(t, 200, e.deliver(event))
	for _, statement := range []string{
		`SELECT * FROM "PaymentEvent" ORDER BY "createdAt" DESC;`,
		`SELECT id, status, "stripeSessionId" FROM "Booking";`,
	} {
		rows, err := e.db.Query(statement)
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.NoError(t, rows.Close())
	}
	var payload string
	require.NoError(t, e.db.QueryRow(`SELECT convert_from(payload, 'UTF8') FROM "PaymentEvent"`).Scan(&payload))
	require.Equal(t, string(event.Body), payload)

	require.Equal(t, 200, e.deliver(refundEvent(t, subject, "refund.failed", "re_1", 4500)))
	var id, email, status, refunds, failed string
	require.NoError(t, e.db.QueryRow(`SELECT b.id, u.email, b.status, b.refunds, b."failedRefunds" FROM "Booking" b JOIN "User" u ON u.id = b."userId" WHERE b."failedRefunds" <> '{}';`).
		Scan(&id, &email, &status, &refunds, &failed))
	require.Equal(t, []any{subject["bookingId"], "CONFIRMED", `{}`, `{"re_1": 4500}`}, []any{id, status, refunds, failed})
}
