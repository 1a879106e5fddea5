package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/pgserver"
	"example.com/hookproof/store"
)

// world is one telling of a history: bookings, and events about them, under names of its own.
type world struct {
	*Handler
	db   *sqlx.DB
	name string
}

func (w world) booking(n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(fmt.Sprint(w.name, n)))
}

func (w world) ids() any {
	ids := make([]string, bookings)
	for n := range ids {
		ids[n] = w.booking(n).String()
	}
	return pq.Array(ids)
}

// The bookings of a world, each unlike the others before its first event.
const bookings = 6

func (w world) create(t *testing.T) {
	t.Helper()
	for n := range bookings {
		status, session := "PENDING", new(string)
		*session = fmt.Sprintf("cs_%s_%d", w.name, n)
		switch n {
		case 1: // not told of its session yet
			session = nil
		case 2, 3: // ended, and the slot of one of them is taken by somebody of whom no event tells
			status = "EXPIRED"
		}
		resource := uuid.New()
		slot := `now(), now() + interval '1 hour', 4500, 'usd'`
		_, err := w.db.Exec(`INSERT INTO "Resource" (id, name, "unitAmount", currency) VALUES ($1, 'r', 4500, 'usd')`, resource)
		require.NoError(t, err)
		insert := `INSERT INTO "Booking" (id, "userId", "resourceId", status, "stripeSessionId", "expiresAt", "startsAt", "endsAt", amount, currency)
			SELECT $1, id, $2, $3::"BookingStatus", $4, now(), ` + slot + ` FROM "User"`
		_, err = w.db.Exec(insert, w.booking(n), resource, status, session)
		require.NoError(t, err)
		if n == 3 {
			_, err = w.db.Exec(insert, uuid.New(), resource, "PENDING", nil)
			require.NoError(t, err)
		}
	}
}

// told is an event without its world: of a booking, and all that differs between events.
type told struct {
	id, booking, kind, amount, refunded int
	unnamed                             bool // it names no booking, as most refunds and disputes do
}

// history is a random one: facts under one id, again, and under another id, with money that is wrong, too. What
// an event says of a fact is the same each time that it is told.
func history(random *rand.Rand) []told {
	var events []told
	for id := range 12 + random.IntN(12) {
		if len(events) > 0 && random.IntN(4) == 0 {
			again := events[random.IntN(len(events))]
			if random.IntN(2) == 0 {
				again.id = id
			}
			events = append(events, again)
			continue
		}
		next := told{id, random.IntN(bookings), random.IntN(len(kinds)), 4500, 900 * random.IntN(7), random.IntN(3) > 0}
		switch {
		case next.kind < 2: // a session is completed once, paid or not
			next.kind = next.booking % 2
		case next.booking == 3: // once wholly refunded it needs no slot, and its payment is refused no more
			next.refunded /= 2
		}
		if next.booking == 4 && next.kind%2 == 0 {
			next.amount--
		}
		events = append(events, next)
	}
	return events
}

// kinds are bodies' types and objects: $session, $intent, $booking, $amount and $refunded stand in them.
var kinds = []struct{ typ, object string }{
	{"checkout.session.completed", `"id":"$session","payment_intent":"$intent","payment_status":"paid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.completed", `"id":"$session","payment_status":"unpaid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.async_payment_succeeded", `"id":"$session","payment_intent":"$intent","payment_status":"paid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.async_payment_failed", `"id":"$session","payment_intent":"$intent","payment_status":"unpaid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.expired", `"id":"$session","payment_intent":null,"payment_status":"unpaid","amount_total":$amount,"currency":"usd",$booking`},
	{"charge.refunded", `"id":"ch_$intent","payment_intent":"$intent","amount":$amount,"amount_refunded":$refunded,"currency":"usd",$booking`},
	{"charge.dispute.created", `"id":"dp_$intent","payment_intent":"$intent","amount":$amount,"currency":"usd","status":"needs_response","metadata":{}`},
	{"charge.dispute.closed", `"id":"dp_$intent","payment_intent":"$intent","amount":$amount,"currency":"usd","status":"won","metadata":{}`},
}

func (w world) event(t *testing.T, of told) event {
	t.Helper()
	session := fmt.Sprintf("cs_%s_%d", w.name, of.booking)
	if of.booking == 5 && of.kind == 2 { // somebody else's
		session += "_other"
	}
	metadata := fmt.Sprintf(`"metadata":{"bookingId":"%s"}`, w.booking(of.booking))
	if of.unnamed && kinds[of.kind].typ == "charge.refunded" {
		metadata = `"metadata":{}`
	}
	object := strings.NewReplacer("$booking", metadata, "$amount", fmt.Sprint(of.amount), "$refunded", fmt.Sprint(of.refunded),
		"$session", session, "$intent", fmt.Sprintf("pi_%s_%d", w.name, of.booking)).Replace(kinds[of.kind].object)
	e, refusal := decode(fmt.Appendf(nil, `{"id":"evt_%s_%d","object":"event","type":%q,"data":{"object":{%s}}}`, w.name, of.id, kinds[of.kind].typ, object))
	require.Empty(t, refusal)
	return e
}

// take takes an event as ServeHTTP would, and again as Stripe would.
func (w world) take(t *testing.T, of told) Reason {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		ctx, cancel := context.WithTimeout(t.Context(), workTime)
		d := w.work(ctx, w.event(t, of))
		cancel()
		if policy[d.reason].outcome != Rejected {
			return d.reason
		}
		require.True(t, time.Now().Before(deadline), "%s %v", d.reason, d.err)
	}
}

// state is what the world's history came to: the bookings, and what is recorded of which fact, by how many.
func (w world) state(t *testing.T) (lines []string) {
	t.Helper()
	require.NoError(t, w.db.Select(&lines, `
		SELECT replace(concat_ws(' ', id, status, dispute, "refundedAmount", "stripeSessionId", "stripePaymentIntentId"), $1, '') FROM "Booking" WHERE id = ANY ($2)
		UNION ALL
		SELECT replace(concat_ws(' ', type, result, reason = 'parked', "bookingId", "stripeSessionId", "stripePaymentIntentId", count(*)), $1, '') FROM "PaymentEvent"
		WHERE "stripeEventId" LIKE 'evt\_' || $1 || '\_%' GROUP BY type, result, reason = 'parked', "bookingId", "stripeSessionId", "stripePaymentIntentId"`, w.name, w.ids()))
	for i := range lines {
		for n := range bookings {
			lines[i] = strings.ReplaceAll(lines[i], w.booking(n).String(), fmt.Sprint("booking ", n))
		}
	}
	slices.Sort(lines)
	return lines
}

// worlds makes worlds of one database.
func worlds(t *testing.T) func(name string) world {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.CreateDatabase(t.Context(), "ways", ""))
	s, err := store.Open(server.URL("ways"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Migrate(t.Context())
	require.NoError(t, err)
	db, err := sqlx.Open("postgres", server.URL("ways"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Exec(`INSERT INTO "User" (email, "passwordHash") VALUES ('x@example.com', 'x')`)
	require.NoError(t, err)
	h := NewHandler(s, Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	return func(name string) world {
		w := world{h, db, name}
		w.create(t)
		return w
	}
}

// A delivery's two ways, with others and alone, are one: of any history each event has the same receipt on
// both, and taken at once, in groups as they fall, it comes to the same state.
func TestBothWaysAreOne(t *testing.T) {
	t.Parallel()
	newWorld := worlds(t)
	together := 0
	for seed := range uint64(40) {
		events := history(rand.New(rand.NewPCG(seed, 0)))
		solo, pair, crowd := newWorld(fmt.Sprint("solo", seed)), newWorld(fmt.Sprint("pair", seed)), newWorld(fmt.Sprint("crowd", seed))
		for i, of := range events {
			alone, err := solo.alone(t.Context(), solo.event(t, of))
			require.NoError(t, err)
			r, err := pair.together(t.Context(), pair.event(t, of))
			if errors.Is(err, errAlone) {
				r.reason = pair.take(t, of)
			} else {
				require.NoError(t, err)
				together++
			}
			require.Equal(t, alone.reason, r.reason, "seed %d: event %d of %v", seed, i, events)
		}
		require.Equal(t, solo.state(t), pair.state(t), "seed %d: %v", seed, events)

		var all sync.WaitGroup
		for _, of := range events {
			all.Go(func() { crowd.take(t, of) })
		}
		all.Wait()
		require.Equal(t, solo.state(t), crowd.state(t), "seed %d, at once: %v", seed, events)
	}
	require.Greater(t, together, 200, "events that could go with others")
}

// impatient is a context that ends as soon as it has been looked at once.
type impatient struct {
	context.Context
	looks atomic.Int64
}

func (c *impatient) Err() error {
	if c.looks.Add(1) > 1 {
		return context.DeadlineExceeded
	}
	return nil
}

// Whose time ends while his group is under way is in none of it, and spoils it for nobody.
func TestAGroupGoesOnWithoutTheLate(t *testing.T) {
	t.Parallel()
	w := worlds(t)("late")
	paid := func(booking int) told { return told{id: booking, booking: booking, amount: 4500} }
	ask := func(ctx context.Context, of told) *member {
		e := w.event(t, of)
		p, is := e.plain()
		require.True(t, is)
		return &member{ctx: ctx, event: e, plain: p, err: errAlone, done: make(chan struct{})}
	}
	late, first, last := ask(&impatient{Context: t.Context()}, paid(0)), ask(t.Context(), paid(4)), ask(t.Context(), paid(5))
	w.Handler.take([]*member{late, first, last})
	require.Error(t, late.err)
	for _, m := range []*member{first, last} {
		require.NoError(t, m.err)
		require.Equal(t, Applied, m.reason)
	}
	var recorded []string
	require.NoError(t, w.db.Select(&recorded, `SELECT "stripeEventId" FROM "PaymentEvent" ORDER BY 1`))
	require.Equal(t, []string{"evt_late_4", "evt_late_5"}, recorded)
}

// A group's bodies are together no larger than one alone may be.
func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	size := func(bytes int) *member { return &member{event: event{payload: make([]byte, bytes)}} }
	var g group
	g.waiting = append(g.waiting, size(MaxBody-10), size(10), size(1), size(MaxBody), size(1), size(MaxBody+1), size(1))
	for range maxGroup {
		g.waiting = append(g.waiting, size(1))
	}
	g.leaders = 1
	for _, want := range []int{2, 1, 1, 1, 1, maxGroup, 1, 0} {
		require.Len(t, g.next(), want)
	}
	require.Zero(t, g.leaders)
}
