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
	live                                bool // it is of the other livemode
}

// history is a random one: facts under one id, again, and under another id, with money that is wrong, too. What
// an event says of a fact is the same each time that it is told, so that the end does not depend on the order.
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
		next := told{id, random.IntN(bookings), random.IntN(len(kinds)), 4500, 900 * random.IntN(7), random.IntN(3) > 0, false}
		next.live = next.kind > 4 && random.IntN(6) == 0 || next.kind == 4 && next.booking == 0
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

// kinds are bodies' types and objects: $session, $intent, $booking, $amount and $refunded stand in them. A refund has
// one amount, however often it is told.
var kinds = []struct{ typ, object string }{
	{"checkout.session.completed", `"id":"$session","payment_intent":"$intent","payment_status":"paid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.completed", `"id":"$session","payment_status":"unpaid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.async_payment_succeeded", `"id":"$session","payment_intent":"$intent","payment_status":"paid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.async_payment_failed", `"id":"$session","payment_intent":"$intent","payment_status":"unpaid","amount_total":$amount,"currency":"usd",$booking`},
	{"checkout.session.expired", `"id":"$session","payment_intent":null,"payment_status":"unpaid","amount_total":$amount,"currency":"usd",$booking`},
	{"charge.refunded", `"id":"ch_$intent","payment_intent":"$intent","amount":$amount,"amount_refunded":$refunded,"currency":"usd",$booking`},
	{"charge.dispute.created", `"id":"dp_$intent","payment_intent":"$intent","amount":$amount,"currency":"usd","status":"needs_response","metadata":{}`},
	{"charge.dispute.closed", `"id":"dp_$intent","payment_intent":"$intent","amount":$amount,"currency":"usd","status":"won","metadata":{}`},
	{"customer.created", `"id":"cus_$intent"`},
	{"refund.created", `"id":"re_$intent_$refunded","payment_intent":"$intent","amount":$refunded,"currency":"usd","status":"pending","metadata":{}`},
	{"refund.failed", `"id":"re_$intent_$refunded","payment_intent":"$intent","amount":$refunded,"currency":"usd","status":"failed","metadata":{}`},
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
	e, refusal := decode(fmt.Appendf(nil, `{"id":"evt_%s_%d","object":"event","type":%q,"livemode":%t,"data":{"object":{%s}}}`,
		w.name, of.id, kinds[of.kind].typ, of.live, object))
	require.Empty(t, refusal)
	return e
}

// deliver has an event acknowledged, with others or alone as it falls, as often as Stripe would have to send it.
// The last of the reasons is the one of which it was acknowledged.
func (w world) deliver(t *testing.T, of told) (reasons []Reason) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		ctx, cancel := context.WithTimeout(t.Context(), workTime)
		d := w.work(ctx, w.event(t, of))
		cancel()
		if reasons = append(reasons, d.reason); policy[d.reason].outcome != Rejected {
			return reasons
		}
		require.True(t, time.Now().Before(deadline), "%s %v", d.reason, d.err)
	}
}

// deliverTogether is deliver for several, in one group of just these.
func (w world) deliverTogether(t *testing.T, group []told) [][]Reason {
	t.Helper()
	members, reasons := make([]*member, len(group)), make([][]Reason, len(group))
	for i, of := range group {
		members[i] = newMember(t.Context(), w.event(t, of))
	}
	w.finish(members)
	for i, m := range members {
		switch {
		case m.err == nil:
			reasons[i] = []Reason{m.reason}
		case errors.Is(m.err, errAlone):
			reasons[i] = w.deliver(t, group[i])
		default: // what was done is not known
			reasons[i] = append([]Reason{Unavailable}, w.deliver(t, group[i])...)
		}
	}
	return reasons
}

// state is what the world's history came to: the bookings, and what is recorded of which fact, by how many.
func (w world) state(t *testing.T) (lines []string) {
	t.Helper()
	require.NoError(t, w.db.Select(&lines, `
		SELECT replace(concat_ws(' ', id, status, dispute, "refundedAmount", refunds, "failedRefunds", "stripeSessionId", "stripePaymentIntentId"), $1, '') FROM "Booking" WHERE id = ANY ($2)
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

// worlds makes worlds of one database, and each a second time behind another server.
func worlds(t *testing.T) func(name string) (w, replica world) {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.CreateDatabase(t.Context(), "histories", ""))
	var handlers [2]*Handler
	for i := range handlers {
		s, err := store.Open(server.URL("histories"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		_, err = s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		handlers[i] = NewHandler(s, Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	}
	db, err := sqlx.Open("postgres", server.URL("histories"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Exec(`INSERT INTO "User" (email, "passwordHash") VALUES ('x@example.com', 'x')`)
	require.NoError(t, err)
	return func(name string) (w, replica world) {
		w = world{handlers[0], db, name}
		w.create(t)
		return w, world{handlers[1], db, name}
	}
}

// answers are what was answered to a history: for each id the reasons of its deliveries.
type answers struct {
	mu sync.Mutex
	of map[int][]Reason
}

func (a *answers) add(group []told, reasons [][]Reason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, of := range group {
		a.of[of.id] = append(a.of[of.id], reasons[i]...)
	}
}

// requireRecorded wants every event that was acknowledged to be recorded once, with its own bytes, and acknowledged
// as processed once; or never, where its fact was there under another id.
func (w world) requireRecorded(t *testing.T, events []told, a *answers) {
	t.Helper()
	var rows []struct {
		ID      string `db:"stripeEventId"`
		Payload string
	}
	require.NoError(t, w.db.Select(&rows, `SELECT "stripeEventId", convert_from(payload, 'UTF8') AS payload
		FROM "PaymentEvent" WHERE "stripeEventId" LIKE 'evt\_' || $1 || '\_%'`, w.name))
	recorded := map[string]string{}
	for _, row := range rows {
		recorded[row.ID] = row.Payload
	}
	require.Len(t, recorded, len(rows), "each once")
	for _, of := range events {
		e, count := w.event(t, of), map[Outcome]int{}
		for _, reason := range a.of[of.id] {
			if reason == FactSeen {
				continue
			}
			count[policy[reason].outcome]++
		}
		payload, there := recorded[e.id]
		if !there {
			require.Zero(t, count[Processed]+count[Duplicate], "event %d: %v", of.id, a.of[of.id])
			continue
		}
		require.Equal(t, string(e.payload), payload, "event %d", of.id)
		if count[Rejected] > 0 { // one of these may have been committed
			require.LessOrEqual(t, count[Processed], 1, "event %d: %v", of.id, a.of[of.id])
			continue
		}
		require.Equal(t, 1, count[Processed], "event %d: %v", of.id, a.of[of.id])
	}
}

// A history comes to one end, however its events are ordered, repeated, overlapped and grouped: that of each event
// alone, one after the other. Of a single event a group of one says what is said of it alone.
func TestAnyHistoryHasOneEnd(t *testing.T) {
	t.Parallel()
	newWorld := worlds(t)
	together := 0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 0))
		events := history(random)
		solo, _ := newWorld(fmt.Sprint("solo", seed))
		single, _ := newWorld(fmt.Sprint("single", seed))
		for i, of := range events {
			alone, err := solo.alone(t.Context(), solo.event(t, of))
			require.NoError(t, err)
			r, err := single.together(t.Context(), single.event(t, of))
			if errors.Is(err, errAlone) {
				reasons := single.deliver(t, of)
				r.reason = reasons[len(reasons)-1]
			} else {
				require.NoError(t, err)
				together++
			}
			require.Equal(t, alone.reason, r.reason, "seed %d: event %d of %v", seed, i, events)
		}
		require.Equal(t, solo.state(t), single.state(t), "seed %d: %v", seed, events)

		// All at once, on two servers, each event one to three times: some as they fall, the others in random groups.
		crowd, replica := newWorld(fmt.Sprint("crowd", seed))
		var groups [][]told
		for _, of := range events {
			for range 1 + random.IntN(3) {
				if n := random.IntN(len(groups) + 1); n < len(groups) {
					groups[n] = append(groups[n], of)
				} else {
					groups = append(groups, []told{of})
				}
			}
		}
		got := answers{of: map[int][]Reason{}}
		gate := make(chan struct{})
		var all sync.WaitGroup
		for i, group := range groups {
			on := []world{crowd, replica}[random.IntN(2)]
			random.Shuffle(len(group), func(a, b int) { group[a], group[b] = group[b], group[a] })
			if i%3 == 0 {
				for _, of := range group {
					all.Go(func() { <-gate; got.add([]told{of}, [][]Reason{on.deliver(t, of)}) })
				}
				continue
			}
			all.Go(func() { <-gate; got.add(group, on.deliverTogether(t, group)) })
		}
		close(gate)
		all.Wait()
		require.Equal(t, solo.state(t), crowd.state(t), "seed %d, at once: %v", seed, events)
		crowd.requireRecorded(t, events, &got)
	}
	require.Greater(t, together, 300, "events that could go with others")
}
