package targets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/pgserver"
)

// The endpoints for subscriptions. Each keeps what it is told in another way.
var subscriptionEndpoints = []struct {
	endpoint
	asks    bool // Stripe's API
	credits bool // are kept
	dated   bool // access ends by a date, and only so
}{
	{endpoint{name: "python-subscriptions", needs: [][]string{{"python3", "-c", "import sys; assert sys.version_info >= (3, 11)"}},
		install: "install Python 3.11"}, false, true, true},
	{endpoint{name: "go-subscriptions", needs: [][]string{{"go", "version"}}, install: "install Go", postgres: true}, true, false, false},
}

// orders is how many orders of a story are tried, at most: all of four events, and a sample of more.
const orders = 24

// subscriptions is an endpoint for subscriptions that is up.
type subscriptions struct {
	running
	api     *stripeAPI // nil where nothing is asked
	credits bool
	dated   bool
}

// standing is what an endpoint says of a user.
type standing struct {
	Access    bool
	Plan      string
	Credits   int
	Seats     int
	PaidUntil *time.Time
	PeriodEnd *time.Time
}

// want is what a user's standing must be. Days that are not given are not looked at.
type want struct {
	access  bool
	plan    string
	credits int
	until   time.Time
}

func TestSubscriptions(t *testing.T) {
	postgres := sync.OnceValues(func() (*pgserver.Server, error) {
		server, err := pgserver.Start(context.Background(), pgserver.Config{})
		if err == nil {
			t.Cleanup(func() { require.NoError(t, server.Close()) })
		}
		return server, err
	})
	for _, e := range subscriptionEndpoints {
		t.Run(e.name, func(t *testing.T) {
			e.orSkip(t)
			port := freePort(t)
			r := &subscriptions{running: running{t: t, name: e.name, env: map[string]string{"PORT": port}, base: "http://127.0.0.1:" + port},
				credits: e.credits, dated: e.dated}
			if e.postgres {
				server, err := postgres()
				require.NoError(t, err)
				r.onPostgres(server)
			}
			if e.asks {
				r.api = newStripeAPI(t)
				r.env["STRIPE_API_BASE"] = r.api.url
			}
			r.target = &hookproof.Target{URL: r.base + "/webhooks/stripe", Secret: "whsec_app", PreviousSecret: "whsec_app_previous"}
			t.Cleanup(func() {
				r.run("stop")
				require.NoError(t, os.RemoveAll(filepath.Join(e.name, ".run", port)))
			})
			r.run("start")
			for _, s := range stories {
				t.Run(s.name, func(t *testing.T) { r.on(t).everyOrder(s) })
			}
			for _, p := range subscriptionProperties {
				t.Run(p.name, func(t *testing.T) { p.holds(r.on(t)) })
			}
		})
	}
}

func (r *subscriptions) on(t *testing.T) *subscriptions {
	here := *r
	here.t = t
	return &here
}

// user makes a user, and answers the ids that Stripe's objects have of it.
func (r *subscriptions) user() (user, customer string) {
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+"/users", strings.NewReader("{}"))
	require.NoError(r.t, err)
	var made struct{ ID, Customer string }
	r.answered(request, http.StatusCreated, &made)
	if made.Customer == "" { // Checkout makes one
		made.Customer = id("cus_")
	}
	return made.ID, made.Customer
}

func (r *subscriptions) standing(user string) (now standing) {
	r.get("/users/"+user, &now)
	return now
}

func (r *subscriptions) require(user string, w want, why ...any) {
	r.t.Helper()
	now := r.standing(user)
	require.Equal(r.t, w.access, now.Access, why...)
	if w.plan != "" {
		require.Equal(r.t, w.plan, now.Plan, why...)
	}
	if r.credits {
		require.Equal(r.t, w.credits, now.Credits, why...)
	}
	until := now.PaidUntil
	if !r.dated {
		until = now.PeriodEnd
	}
	if !w.until.IsZero() {
		require.NotNil(r.t, until, why...)
		require.Equal(r.t, w.until, until.UTC(), why...)
	}
}

// send delivers events, and lets the API know of each before, if it is in step.
func (r *subscriptions) send(t *testing.T, events ...told) {
	for _, e := range events {
		r.sendOne(t, e, e.event(t))
	}
}

func (r *subscriptions) sendOne(t *testing.T, e told, delivery event.Event) {
	if r.api != nil {
		r.api.reach(e)
	}
	r.acknowledged(r.deliver(delivery, "genuine"))
}

// everyOrder tells a story in each of its orders, in either shape, each event twice, with an API that is ahead of what has been
// delivered and with one in step.
func (r *subscriptions) everyOrder(s story) {
	for i, order := range r.someOrders(s) {
		shape := []string{oldShape, newShape}[i%2]
		user, customer := r.user()
		first, any, w := s.tell(shape, user, customer)
		all := slices.Clone(first)
		for _, at := range order {
			all = append(all, any[at])
		}
		ahead := i/2%2 == 0
		if r.api != nil && ahead {
			for _, e := range all {
				r.api.reach(e)
			}
		}
		var kinds []string
		for j, e := range all {
			kinds = append(kinds, e.kind)
			delivery := e.event(r.t)
			r.sendOne(r.t, e, delivery)
			if j%2 == 0 {
				r.sendOne(r.t, e, delivery)
			}
		}
		r.require(user, w, fmt.Sprintf("%s, API ahead: %v, %v", shape, ahead, kinds))
	}
}

func (r *subscriptions) someOrders(s story) [][]int {
	_, any, _ := s.tell(oldShape, "u", "c")
	indices := make([]int, len(any))
	for i := range indices {
		indices[i] = i
	}
	if len(any) <= 4 {
		return permutationsOf(indices)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var some [][]int
	for range orders {
		some = append(some, slices.Clone(indices))
		random.Shuffle(len(indices), func(i, j int) { indices[i], indices[j] = indices[j], indices[i] })
	}
	return some
}

func permutationsOf(list []int) (all [][]int) {
	if len(list) < 2 {
		return [][]int{slices.Clone(list)}
	}
	for i, first := range list {
		for _, rest := range permutationsOf(slices.Delete(slices.Clone(list), i, i+1)) {
			all = append(all, append([]int{first}, rest...))
		}
	}
	return all
}

var subscriptionProperties = []struct {
	name  string
	holds func(*subscriptions)
}{
	{"overlapping", overlapping},
	{"forgeries", forgeries},
	{"nothing of ours", nothingOfOurs},
	{"an outage", subscriptionOutage},
	{"a restart", subscriptionRestart},
	{"Stripe's API fails", apiFails},
	{"answers that would cross", crossing},
	{"a gift, once", oneGift},
}

// overlapping delivers everything at once, each event three times.
func overlapping(r *subscriptions) {
	for i := range 10 {
		user, customer := r.user()
		s := subscribe([]string{oldShape, newShape}[i%2], user, customer, pricePro, 0)
		events := append(s.bought(), s.renewed()...)
		gate := make(chan struct{})
		var group sync.WaitGroup
		for _, e := range events {
			delivery := e.event(r.t)
			for range 3 {
				group.Go(func() {
					<-gate
					if r.api != nil {
						r.api.reach(e)
					}
					if d := r.deliver(delivery, "genuine"); d.Status != 200 {
						r.t.Errorf("%s: %d %s %v", e.kind, d.Status, d.Answer, d.Err)
					}
				})
			}
		}
		close(gate)
		group.Wait()
		r.require(user, want{true, "pro", 200, s.periodEnd(2)})
	}
}

func forgeries(r *subscriptions) {
	user, customer := r.user()
	s := subscribe(oldShape, user, customer, pricePro, 0)
	events := s.bought()
	if r.api != nil {
		r.api.reach(events[4])
	}
	for _, sign := range []string{"wrong-secret", "empty-secret", "no-header", "empty-header", "malformed-header", "no-timestamp", "no-signature",
		"v0-only", "truncated", "tampered-body", "other-body", "re-timed", "stale", "future"} {
		for _, e := range events {
			require.Equal(r.t, 400, r.deliver(e.event(r.t), sign).Status, sign)
		}
	}
	r.require(user, want{plan: r.standing(user).Plan})
	for _, sign := range []string{"genuine", "previous-secret", "several-v1", "other-schemes", "old-in-time"} {
		for _, e := range events {
			r.acknowledged(r.deliver(e.event(r.t), sign))
		}
	}
	r.require(user, want{true, "pro", 100, s.periodEnd(1)})
}

// nothingOfOurs is acknowledged, and changes nothing.
func nothingOfOurs(r *subscriptions) {
	user, customer := r.user()
	before := r.standing(user)
	for _, shape := range []string{oldShape, newShape} {
		stranger := subscribe(shape, "", id("cus_"), pricePro, 0)
		stranger.named = false
		r.send(r.t, append(append(stranger.bought(), stranger.renewed()...), stranger.deleted())...)
		r.send(r.t, stranger.paid(stranger.invoice("manual"))...)
		ours := subscribe(shape, user, customer, pricePro, 0)
		for _, e := range ours.bought() {
			if r.api != nil {
				r.api.reach(e) // asked, it would tell
			}
			for _, edit := range [][2]string{{`"livemode": false`, `"livemode": true`}, {`"api_version"`, `"account": "acct_1", "api_version"`}} {
				r.acknowledged(r.deliver(edited(r.t, e.event(r.t), edit[0], edit[1]), "genuine"))
			}
		}
	}
	for _, o := range []object{
		{"object": "balance"}, {"id": "cus_1", "object": "customer", "metadata": nil}, {"id": "cs_1", "object": "checkout.session", "mode": "setup"},
		{"id": "sub_1", "object": "subscription", "customer": nil, "items": nil}, {"id": "in_1", "object": "invoice", "lines": nil, "customer": "cus_1", "parent": nil},
	} {
		for _, kind := range []string{"something.new", "customer.deleted", "checkout.session.completed", "customer.subscription.updated", "invoice.paid"} {
			r.acknowledged(r.deliver(told{kind, time.Now().Unix(), o, nil}.event(r.t), "genuine"))
		}
	}
	require.Equal(r.t, before, r.standing(user))
}

func subscriptionOutage(r *subscriptions) {
	user, customer := r.user()
	s := subscribe(newShape, user, customer, pricePro, 0)
	events := s.bought()
	mend := r.breaks()
	for _, e := range events[:2] {
		if r.api != nil {
			r.api.reach(e)
		}
		d := r.deliver(e.event(r.t), "genuine")
		require.GreaterOrEqual(r.t, d.Status, 500, "%v", d.Err)
	}
	mend()
	for _, e := range events {
		r.untilAcknowledged(e.event(r.t))
	}
	r.require(user, want{true, "pro", 100, s.periodEnd(1)})
}

func subscriptionRestart(r *subscriptions) {
	user, customer := r.user()
	s := subscribe(oldShape, user, customer, pricePro, 0)
	events := s.bought()
	r.send(r.t, events...)
	r.run("stop")
	r.run("start")
	r.send(r.t, events...)
	r.require(user, want{true, "pro", 100, s.periodEnd(1)})
}
