package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

const makesSession = "POST /v1/checkout/sessions"

// bookMeanwhile starts a booking and returns when Stripe has been asked for its session, before it carries that out
// or after; release lets Stripe answer.
func (e *env) bookMeanwhile(stripe *standin, madeAlready bool, slot map[string]any) (id string, release func() answer) {
	e.t.Helper()
	asked, open := stripe.holdOnce(e.t, makesSession, madeAlready)
	answered := beside(func() answer { return e.call("POST", "/bookings", shared.tokens[store.Customer], slot) })
	awaitDuring(e.t, "Stripe is asked for a session", asked, answered)
	require.NoError(e.t, e.db.QueryRow(`SELECT id FROM "Booking" WHERE status = 'PENDING' AND "stripeSessionId" IS NULL`).Scan(&id))
	return id, func() answer { open(); return await(e.t, "the booking's answer", answered) }
}

// requireEndedTogether waits until no session of a booking that has ended can be paid.
func (e *env) requireEndedTogether(stripe *standin) {
	e.t.Helper()
	eventually(e.t, "no ended booking has an open session", func() (bool, string) {
		for _, session := range stripe.open() {
			var status string
			id := stripe.form(session).Get("client_reference_id")
			if err := e.db.QueryRow(`SELECT status FROM "Booking" WHERE id = $1`, id).Scan(&status); err != nil {
				return false, err.Error()
			}
			if status != "PENDING" && status != "CONFIRMED" && status != "AWAITING_PAYMENT" {
				return false, session + " of a booking that is " + status
			}
		}
		return true, ""
	})
}

// A cancel while the creator is at Stripe wins: the creator finds it, ends the session that he brings, and says so.
func TestCancelledWhileTheCreatorIsAtStripe(t *testing.T) {
	t.Parallel()
	for _, made := range []bool{false, true} {
		t.Run(fmt.Sprintf("session made already %t", made), func(t *testing.T) {
			t.Parallel()
			stripe := newStandin(t)
			e := newEnv(t, withStandin(stripe))
			id, release := e.bookMeanwhile(stripe, made, e.slot())
			cancelled := e.call("POST", "/bookings/"+id+"/cancel", shared.tokens[store.Customer], nil)
			require.Equal(t, 200, cancelled.status, cancelled.raw)
			require.Equal(t, "CANCELLED", cancelled.body["status"])
			requireProblem(t, release(), 409, "ended before its checkout was ready")
			got := e.call("GET", "/bookings/"+id, shared.tokens[store.Customer], nil)
			require.Equal(t, "CANCELLED", got.body["status"])
			require.Nil(t, got.body["checkoutUrl"])
			require.Nil(t, got.body["stripeSessionId"], "nobody is told of a session that was open for a moment")
			require.Empty(t, stripe.open())
		})
	}
}

// The creator cannot end the session that he brought, since Stripe is away: it is tried again when Stripe is back.
func TestASessionOfAnEndedBookingIsEndedLater(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	id, release := e.bookMeanwhile(stripe, true, e.slot())
	require.Equal(t, 200, e.call("POST", "/bookings/"+id+"/cancel", shared.tokens[store.Customer], nil).status)
	stripe.leave(true)
	requireProblem(t, release(), 409, "ended")
	require.Len(t, stripe.open(), 1)
	requireProblem(t, e.call("POST", "/bookings/"+id+"/cancel", shared.tokens[store.Customer], nil), 502, "Stripe")
	stripe.leave(false)
	e.requireEndedTogether(stripe)
}

// Many customers make, cancel and cancel again while others want the same slots, and Stripe takes its time, a
// different one each time (E2E_ROUNDS rounds, 60 if unset): afterwards no booking that has ended can be paid, and no slot is held twice.
func TestBookingsAndSessionsEndTogether(t *testing.T) {
	t.Parallel()
	const workers, slots = 12, 8
	rounds := 60
	if more, err := strconv.Atoi(os.Getenv("E2E_ROUNDS")); err == nil {
		rounds = more
	}
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	pause := func(string) { time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond) } // a Stripe of its own speed
	stripe.around(pause, pause)
	wanted := make([]map[string]any, slots)
	for i := range wanted {
		wanted[i] = e.slot()
	}
	customer, admin := shared.tokens[store.Customer], shared.tokens[store.Admin]
	var payable atomic.Int64 // bookings that were answered 201 as what they no longer were
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range rounds {
				slot := wanted[rand.IntN(slots)]
				switch rand.IntN(3) {
				case 0:
					if made := e.call("POST", "/bookings", customer, slot); made.status == http.StatusCreated && made.body["status"] != "PENDING" {
						payable.Add(1)
					}
				case 1: // whoever is pending
					var id string
					if e.db.QueryRow(`SELECT id FROM "Booking" WHERE status = 'PENDING' ORDER BY random() LIMIT 1`).Scan(&id) == nil {
						e.call("POST", "/bookings/"+id+"/cancel", admin, nil)
					}
				case 2: // a hold lapses
					_, _ = e.db.Exec(`UPDATE "Booking" SET "expiresAt" = now() - interval '1 second'
						WHERE id = (SELECT id FROM "Booking" WHERE status = 'PENDING' ORDER BY random() LIMIT 1)`)
				}
			}
		})
	}
	group.Wait()
	require.Zero(t, payable.Load())
	e.requireEndedTogether(stripe)
	var live int
	require.NoError(t, e.db.QueryRow(`SELECT count(*) FROM "Booking" WHERE status = 'PENDING'`).Scan(&live))
	require.LessOrEqual(t, live, slots)
	t.Logf("%d sessions", stripe.made())
}

// What Stripe does not know cannot be paid: the booking is over, by whoever asks.
func TestStripeKnowsNothingOfTheSession(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	slot := e.slot()
	lapsed := e.call("POST", "/bookings", customer, slot).body["id"].(string)
	cancelled := e.book()["id"].(string)
	stripe.forget()
	e.lapse(lapsed)
	require.Equal(t, 201, e.call("POST", "/bookings", customer, slot).status)
	require.Equal(t, "EXPIRED", e.status(lapsed))
	got := e.call("POST", "/bookings/"+cancelled+"/cancel", customer, nil)
	require.Equal(t, 200, got.status, got.raw)
	require.Equal(t, "CANCELLED", got.body["status"])
}

// A hundred lapsed holds in one's way are ended several at once, and some of them by the next request: each is
// answered before its time is over.
func TestManyLapsedHolds(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	var now, most atomic.Int64
	stripe.around(func(call string) {
		if strings.HasSuffix(call, "/expire") {
			for n := now.Add(1); n > most.Load(); {
				most.Store(n)
			}
			time.Sleep(time.Millisecond) // so that they meet
		}
	}, func(call string) {
		if strings.HasSuffix(call, "/expire") {
			now.Add(-1)
		}
	})
	hour := e.slot()
	_, err := e.db.Exec(`
		INSERT INTO "Booking" ("userId", "resourceId", "startsAt", "endsAt", amount, currency, "expiresAt", "stripeSessionId")
		SELECT u.id, $1, $2::timestamptz + n * interval '30 seconds', $2::timestamptz + (n + 1) * interval '30 seconds', 4500, 'usd',
			now() - interval '1 second', 'cs_test_lapsed' || n
		FROM generate_series(0, 99) AS n, "User" AS u WHERE u.role = 'CUSTOMER'`, hour["resourceId"], hour["startsAt"])
	require.NoError(t, err)
	for n := range 100 {
		stripe.add(fmt.Sprint("cs_test_lapsed", n))
	}
	requireProblem(t, e.call("POST", "/bookings", customer, hour), 503, "more lapsed holds than one request can end")
	require.Len(t, stripe.open(), 100-64)
	require.Equal(t, 201, e.call("POST", "/bookings", customer, hour).status)
	require.LessOrEqual(t, most.Load(), int64(8))
	require.Greater(t, most.Load(), int64(1), "several at once")
}

// A creator that was killed after Stripe had made the session, and before it was stored: nobody knows its address.
// Whoever wants the slot two minutes later finds it at Stripe, and ends it with the booking.
func TestAKilledCreatorsSlotIsFree(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe), asProcess)
	slot := e.slot()
	asked, open := stripe.holdOnce(t, makesSession, true)
	gone := beside(func() error { // what the killed one's client sees is of no interest
		_, err := ask(t.Context(), e.running, "POST", "/bookings", customer, slot)
		return err
	})
	awaitDuring(t, "Stripe has made the session", asked, gone)
	require.NoError(t, e.stop(false))
	open()
	require.NoError(t, e.startAgain())
	var id string
	require.NoError(t, e.db.QueryRow(`SELECT id FROM "Booking"`).Scan(&id))
	requireProblem(t, e.call("POST", "/bookings", customer, slot), 409, "held")
	_, err := e.db.Exec(`UPDATE "Booking" SET "createdAt" = now() - interval '121 seconds', "expiresAt" = "expiresAt" - interval '121 seconds'`)
	require.NoError(t, err)
	require.Equal(t, 201, e.call("POST", "/bookings", customer, slot).status)
	require.Equal(t, "EXPIRED", e.status(id))
	require.Len(t, stripe.open(), 1, "the new one's")
	e.requireEndedTogether(stripe)
}

// The connection to the database is cut before, or after, each message of a creation, and comes back at once or a
// moment later: the caller is told 201 and has the booking, or something else and holds nothing.
func TestACreationIsCutAtEveryMessage(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	e.book() // the connections are open, the statements prepared
	e.proxy.Count()
	e.book()
	messages := e.proxy.Messages()
	require.Greater(t, messages, 6)
	for k := 1; k <= messages; k++ {
		for name, strike := range map[string]func(int) <-chan struct{}{"before": e.proxy.StrikeBefore, "after": e.proxy.StrikeAfter} {
			slot := e.slot()
			what := fmt.Sprintf("cut %s message %d of %d", name, k, messages)
			struck := strike(k)
			answered := beside(func() answer { return e.call("POST", "/bookings", customer, slot) })
			awaitDuring(t, what, struck, answered)
			e.proxy.Heal()
			got := await(t, what+": the answer", answered)
			what += fmt.Sprint(": ", got.status)
			if got.status != http.StatusCreated {
				require.Equal(t, 503, got.status, "%s: %v", what, e.faults())
				eventually(t, what+", and the slot is free", func() (bool, string) {
					again := e.call("POST", "/bookings", customer, slot)
					return again.status == http.StatusCreated, again.raw
				})
			}
			var live int
			require.NoError(t, e.db.QueryRow(`SELECT count(*) FROM "Booking" WHERE "startsAt" = $1 AND status = 'PENDING'`, slot["startsAt"]).Scan(&live))
			require.Equal(t, 1, live, what)
		}
	}
	e.requireEndedTogether(stripe)
	require.Len(t, stripe.open(), 2+2*messages)
}

// The database goes when Stripe has made the session, and stays away for longer than the caller waits: he is told to
// try again, and when it is back he can.
func TestTheDatabaseGoesBetweenStripeAndTheStore(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	slot := e.slot()
	_, release := e.bookMeanwhile(stripe, true, slot)
	e.proxy.Cut()
	requireProblem(t, release(), 503, "try again")
	e.proxy.Heal()
	eventually(t, "the slot is free", func() (bool, string) {
		again := e.call("POST", "/bookings", customer, slot)
		return again.status == http.StatusCreated, again.raw
	})
	e.requireEndedTogether(stripe)
	require.Len(t, stripe.open(), 1)
}

// A database that is frozen for as long as callers wait, and then does what it has been sent: all are told to come
// back, and none of them holds a slot afterwards.
func TestAFrozenDatabaseMakesNoBookings(t *testing.T) {
	t.Parallel()
	const callers = 100
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	e.book()
	var made sync.Map // slot to status
	var group sync.WaitGroup
	slots := make([]map[string]any, callers)
	for i := range slots {
		slots[i] = e.slot()
	}
	freeze := e.proxy.HoldAfter(6 * callers) // in the middle: some are done, some have committed and not heard of it
	for _, slot := range slots {
		group.Go(func() {
			made.Store(slot["startsAt"], e.call("POST", "/bookings", shared.tokens[store.Customer], slot).status)
		})
	}
	answered := beside(func() bool { group.Wait(); return true })
	awaitDuring(t, fmt.Sprint("message ", 6*callers), freeze, answered)
	await(t, "an answer for everybody, while the database is frozen still", answered)
	e.proxy.Heal()
	done := 0
	for _, slot := range slots {
		status, _ := made.Load(slot["startsAt"])
		want := 0
		if status == http.StatusCreated {
			want = 1
			done++
		} else {
			require.Equal(t, 503, status)
		}
		eventually(t, fmt.Sprintf("%d bookings for who was answered %d", want, status), func() (bool, string) {
			var live int
			err := e.db.QueryRow(`SELECT count(*) FROM "Booking" WHERE "startsAt" = $1 AND status = 'PENDING'`, slot["startsAt"]).Scan(&live)
			return err == nil && live == want, fmt.Sprint(live, err)
		})
	}
	t.Logf("%d were made before", done)
	e.requireEndedTogether(stripe)
}

// The same of a cancel: it may have been done or not, and again it is answered 200; then nothing can be paid.
func TestACancelIsCutAtEveryMessage(t *testing.T) {
	t.Parallel()
	customer := shared.tokens[store.Customer]
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	cancel := func(b map[string]any) answer {
		return e.call("POST", "/bookings/"+b["id"].(string)+"/cancel", customer, nil)
	}
	require.Equal(t, 200, cancel(e.book()).status)
	b := e.book()
	e.proxy.Count()
	require.Equal(t, 200, cancel(b).status)
	messages := e.proxy.Messages()
	require.Greater(t, messages, 3)
	for k := 1; k <= messages; k++ {
		for name, strike := range map[string]func(int) <-chan struct{}{"before": e.proxy.StrikeBefore, "after": e.proxy.StrikeAfter} {
			b := e.book()
			what := fmt.Sprintf("cut %s message %d of %d", name, k, messages)
			struck := strike(k)
			answered := beside(func() answer { return cancel(b) })
			awaitDuring(t, what, struck, answered)
			e.proxy.Heal()
			first := await(t, what+": the answer", answered)
			require.Contains(t, []int{200, 503}, first.status, what)
			require.Contains(t, []string{"expired", "open"}, stripe.status(b["stripeSessionId"].(string)))
			if first.status == 200 {
				continue
			}
			eventually(t, what+": cancelled", func() (bool, string) {
				again := cancel(b)
				return again.status == 200 && again.body["status"] == "CANCELLED", again.raw
			})
		}
	}
	require.Empty(t, stripe.open())
}

// A database that freezes in the middle of a registration and wakes later has registered nobody: who was told to come
// back comes back, and is not told that he is there already.
func TestAFrozenDatabaseRegistersNobody(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	register := func(name string) answer {
		return e.call("POST", "/auth/register", "", map[string]string{"email": name + "@example.com", "password": password})
	}
	require.Equal(t, 201, register("first").status)
	e.proxy.HoldAfter(2) // BEGIN, INSERT
	requireProblem(t, register("second"), 503, "try again")
	e.proxy.Heal()
	eventually(t, "registered now", func() (bool, string) {
		again := register("second")
		return again.status == 201, again.raw
	})
}
