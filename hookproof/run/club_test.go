package run

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// club is a small endpoint in memory whose members subscribe. It believes the newest update of a subscription. Its database can be away.
// answers may answer a delivery itself: 0 leaves it to the club.
type club struct {
	*memnet.Door
	answers func(c *club, e clubEvent) int

	mu      sync.Mutex
	away    bool
	known   map[string]bool
	members map[string]*clubMember
}

type clubMember struct {
	status   string
	told     int64 // when the event was made that says the status
	invoices map[string]bool
	welcomed bool
}

type clubEvent struct {
	ID, Type string
	Created  int64
	Livemode bool
	Data     struct {
		Object struct {
			ID, Status, Customer string
			Reference            string `json:"client_reference_id"`
			Metadata             map[string]string
			AmountPaid           int                                  `json:"amount_paid"`
			Details              struct{ Metadata map[string]string } `json:"subscription_details"`
		}
	}
}

func openClub(t *testing.T, answers func(*club, clubEvent) int) *club {
	t.Helper()
	c := &club{answers: answers, known: map[string]bool{}, members: map[string]*clubMember{}}
	c.Door = memnet.OpenDoor(t, c)
	return c
}

func (c *club) target(t *testing.T) *target.Target {
	t.Helper()
	l, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	break_ := func(away bool) func(context.Context) error {
		return func(context.Context) error { c.mu.Lock(); defer c.mu.Unlock(); c.away = away; return nil }
	}
	return &target.Target{
		URL: c.URL() + "/hook", Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, Life: l, Break: break_(true), Mend: break_(false),
		Subject: func(context.Context) (event.Subject, error) {
			id := uuid.NewString()
			c.mu.Lock()
			defer c.mu.Unlock()
			c.members[id] = &clubMember{status: "none", invoices: map[string]bool{}}
			return event.Subject{"clientReferenceId": id, "subscription.metadata.member": id, "amount": 4900, "currency": "usd"}, nil
		},
		State: func(_ context.Context, s event.Subject) (any, error) {
			time.Sleep(memnet.Tick)
			c.mu.Lock()
			defer c.mu.Unlock()
			m := c.members[s.Text("clientReferenceId")]
			return map[string]any{"access": m.status == "active" || m.status == "trialing", "status": m.status, "invoices": len(m.invoices), "welcomed": m.welcomed}, nil
		},
	}
}

func (c *club) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	var e clubEvent
	if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil || e.ID == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers != nil {
		if status := c.answers(c, e); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	if c.away {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if !c.known[e.ID] && !e.Livemode {
		c.take(e)
	}
	c.known[e.ID] = true
}

func (c *club) take(e clubEvent) {
	o := e.Data.Object
	member := func(id string) *clubMember {
		if m := c.members[id]; m != nil {
			return m
		}
		return &clubMember{invoices: map[string]bool{}} // nobody's
	}
	switch e.Type {
	case "checkout.session.completed":
		member(o.Reference).welcomed = true
	case "invoice.paid", "invoice.payment_succeeded":
		if o.AmountPaid > 0 {
			member(o.Details.Metadata["member"]).invoices[o.ID] = true
		}
	case "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted":
		m, told := member(o.Metadata["member"]), 2*e.Created
		if e.Type != "customer.subscription.created" {
			told++
		}
		if ended := m.status == "canceled"; !ended && told >= m.told {
			m.status, m.told = o.Status, told
		}
	}
}

// About a club that does everything right nothing is said.
func TestARightClubIsNotAccused(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openClub(t, nil).target(t), Options{Only: []string{"order", "faults/database-away", "meaning/not-yet", "meaning/ends", "meaning/recovers"}, Seed: 1})
		require.NoError(t, err)
		requireNone(t, r, result.Fail)
		require.Equal(t, result.Pass, findingOf(t, r, "order/refused-first").Verdict)
		require.Equal(t, result.Pass, findingOf(t, r, "meaning/not-yet").Verdict)
	})
}

// A club that refuses one of the events that grant is told so. Without that event there is nothing to compare with.
func TestOneRefusedEventOfAGrantIsTold(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		c := openClub(t, func(_ *club, e clubEvent) int {
			if e.Type == "invoice.payment_succeeded" {
				return http.StatusInternalServerError
			}
			return 0
		})
		r, err := Judge(t.Context(), c.target(t), Options{Only: []string{"ack-policy/life", "meaning/ends"}, Seed: 1})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/life")
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, "sub-paid-2 was answered 500, instead of a 2xx", f.Why)
		require.Contains(t, f.Phrases[0], "bought is ")
		require.Equal(t, result.NoEvidence, findingOf(t, r, "meaning/ends").Reason)
	})
}

// Of several events that grant, a fault strikes the one that shows most: the loss of another may show nowhere.
func TestAFaultStrikesTheEventThatMatters(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		c := openClub(t, func(c *club, e clubEvent) int {
			if c.away && e.Type == "customer.subscription.updated" {
				return http.StatusOK
			}
			return 0
		})
		r, err := Judge(t.Context(), c.target(t), Options{Only: []string{"faults/database-away"}, Seed: 1})
		require.NoError(t, err)
		f := findingOf(t, r, "faults/database-away")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "/access is false instead of true")
		require.Contains(t, f.Schedule, "sub-bought sub-active")
	})
}

// Events that were all refused come again in another order. What takes a retry for a duplicate loses them.
func TestWhatWasRefusedComesAgain(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		c := openClub(t, func(c *club, e clubEvent) int {
			if c.away {
				c.known[e.ID] = true
			}
			return 0
		})
		r, err := Judge(t.Context(), c.target(t), Options{Only: []string{"order/refused-first"}, Seed: 1})
		require.NoError(t, err)
		f := findingOf(t, r, "order/refused-first")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "/access is false instead of true")
		require.Contains(t, f.Schedule, "refused ")
		require.Equal(t, "the database away", f.Timeline[4].Fault)
	})
}

// They come again in several orders. What one order hides another shows.
func TestWhatWasRefusedComesAgainInOtherOrders(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		refused := map[string]bool{}
		c := openClub(t, func(c *club, e clubEvent) int {
			m := c.members[e.Data.Object.Metadata["member"]]
			switch {
			case c.away:
				refused[e.ID] = true
			case e.Type == "customer.subscription.created" && refused[e.ID] && m != nil && m.status == "none":
				m.status, m.told = "incomplete", 1<<62
			}
			return 0
		})
		r, err := Judge(t.Context(), c.target(t), Options{Only: []string{"order/refused-first", "order/begins"}, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "order/begins").Verdict)
		f := findingOf(t, r, "order/refused-first")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "/access is false instead of true")
	})
}

// Which of two overlapping events writes last is left to chance, so they overlap several times.
func TestTwoEventsOverlapSeveralTimes(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		made := 0
		c := openClub(t, nil)
		target := c.target(t)
		subject := target.Subject
		target.Subject = func(ctx context.Context) (event.Subject, error) { made++; return subject(ctx) }
		relation := check.Relation{Left: "sub-incomplete & sub-active sub-bought", Op: "=", Right: "sub-incomplete sub-active sub-bought"}
		one := check.Check{Name: "order/made-up", Demand: "It is so.", Source: check.OurPolicy, Relations: []check.Relation{relation}}
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{one}, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "order/made-up").Verdict)
		require.GreaterOrEqual(t, made, 2+pairTries, "two of the calibration's, and one each time")
	})
}
