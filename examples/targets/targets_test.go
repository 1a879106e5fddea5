// Package targets tries the small endpoints that are kept beside hookproof: first in plain words, without the judge,
// so that it can be trusted where it agrees, then with every check that there is.
package targets

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/hookprooftest"
	"example.com/hookproof/hookproof/target"
	"example.com/hookproof/pgserver"
)

// endpoint is one of the directories beside this file.
type endpoint struct {
	name     string
	key      string     // of a session's metadata, which names the order
	needs    [][]string // commands that succeed where it can run
	install  string
	postgres bool
	leaves   []string // properties that are tried elsewhere
}

var endpoints = []endpoint{
	// Every check, and what it does with another amount, is tried by the kill matrix. An amount that is a text is no event to it.
	{"go", "reference", [][]string{{"go", "version"}}, "install Go", true, []string{"without the money", "every check of hookproof's"}},
	{"node-express", "orderId", [][]string{{"npm", "--version"}, {"node", "--version"}}, "install Node 20 and npm", true, nil},
	{"python-sqlite", "orderId", [][]string{{"python3", "-c", "import sys; assert sys.version_info >= (3, 11)"}}, "install Python 3.11", false, nil},
	{"php", "orderId", [][]string{{"php", "-r", "exit((int) !(extension_loaded('pdo_sqlite') && extension_loaded('apcu')));"}},
		"install Debian's php-cli, php-sqlite3 and php-apcu", false, nil},
}

// All deadlines. They are for a slow machine; only what fails waits for them.
const (
	recovery = 20 * time.Second // until a delivery is acknowledged again after a fault
	answer   = 10 * time.Second // Stripe's own patience, about
	budget   = 3 * time.Minute  // of a whole run of hookproof's, beside others
)

// running is an endpoint that is up.
type running struct {
	t        *testing.T
	name     string
	key      string // as the endpoint's
	env      map[string]string
	base     string
	target   *hookproof.Target
	proxy    *dbproxy.Proxy // to its PostgreSQL; nil with SQLite
	database func(address string) string
	upstream string
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	postgres := sync.OnceValues(func() (*pgserver.Server, error) {
		server, err := pgserver.Start(context.Background(), pgserver.Config{})
		if err == nil {
			t.Cleanup(func() { require.NoError(t, server.Close()) })
		}
		return server, err
	})
	for _, e := range endpoints {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.orSkip(t)
			port := freePort(t)
			r := &running{t: t, name: e.name, key: "metadata." + e.key, env: map[string]string{"PORT": port}, base: "http://127.0.0.1:" + port}
			if e.postgres {
				server, err := postgres()
				require.NoError(t, err)
				r.onPostgres(server)
			}
			r.target = &hookproof.Target{URL: r.base + "/webhooks/stripe", Secret: "whsec_shop", PreviousSecret: "whsec_shop_previous"}
			t.Cleanup(func() {
				r.run("stop")
				require.NoError(t, os.RemoveAll(filepath.Join(e.name, ".run", port)))
			})
			r.run("start")
			for _, property := range properties {
				if slices.Contains(e.leaves, property.name) {
					continue
				}
				t.Run(property.name, func(t *testing.T) {
					here := *r
					here.t = t
					property.holds(&here)
				})
			}
		})
	}
}

// onPostgres gives the endpoint a database of its own, behind a proxy.
func (r *running) onPostgres(server *pgserver.Server) {
	require.NoError(r.t, server.CreateDatabase(r.t.Context(), r.name, ""))
	r.upstream = net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port()))
	r.database = func(address string) string { return strings.Replace(server.URL(r.name), r.upstream, address, 1) }
	var err error
	r.proxy, err = dbproxy.NewProxy("127.0.0.1:0", r.upstream)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, r.proxy.Close()) })
	r.env["DATABASE_URL"] = r.database(r.proxy.Addr())
}

var properties = []struct {
	name  string
	holds func(*running)
}{
	{"paid, and told again", paidAndToldAgain},
	{"forged", forged},
	{"copies at once", copiesAtOnce},
	{"two ids, one fact", twoIDs},
	{"any order", anyOrder},
	{"before its order", beforeItsOrder},
	{"after a try that failed", afterATryThatFailed},
	{"not for us", notForUs},
	{"without the money", withoutTheMoney},
	{"refunds", refunds},
	{"a refund that fails", aRefundThatFails},
	{"an outage", outage},
	{"a frozen database", frozen},
	{"restarted", restarted},
	{"every check of hookproof's", everyCheck},
}

func paidAndToldAgain(r *running) {
	s := r.order("")
	paid := r.event("checkout.session.completed", s)
	before := r.counters()
	for _, sign := range []string{"genuine", "genuine", "previous-secret", "several-v1", "other-schemes", "old-in-time"} {
		r.acknowledged(r.deliver(paid, sign))
	}
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
	require.Equal(r.t, counters{Received: 6, Duplicates: 5}, r.counters().minus(before))
}

func forged(r *running) {
	s := r.order("")
	paid := r.event("checkout.session.completed", s)
	before := r.counters()
	ways := []string{"wrong-secret", "empty-secret", "no-header", "empty-header", "malformed-header", "no-timestamp", "no-signature",
		"v0-only", "truncated", "tampered-body", "other-body", "re-timed", "stale", "future"}
	for _, sign := range ways {
		d := r.deliver(paid, sign)
		require.Equal(r.t, 400, d.Status, "%s: %s %v", sign, d.Answer, d.Err)
	}
	for _, body := range []string{"", "{", "[]", "null", `"text"`, `{"id":5}`, `{"id":"evt_1","type":"checkout.session.completed","livemode":false}`,
		`{"id":"evt_\u0000","type":"t","livemode":false,"data":{"object":{}}}`, strings.Repeat(" ", 1<<20) + "{}"} {
		d := r.deliver(event.Event{Body: []byte(body)}, "genuine")
		require.Equal(r.t, 400, d.Status, "%.40q: %s %v", body, d.Answer, d.Err)
	}
	n := int64(len(ways) + 9)
	require.Equal(r.t, counters{Received: n, Errors: n}, r.counters().minus(before))
	require.Equal(r.t, state{"PENDING", 0, "none", 0}, r.state(s))
	r.acknowledged(r.deliver(paid, "genuine"))
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s), "a forgery must not burn the event")
}

func copiesAtOnce(r *running) {
	s := r.order("")
	paid := r.event("checkout.session.completed", s)
	before := r.counters()
	gate := make(chan struct{})
	deliveries := make([]target.Delivery, 50)
	var group sync.WaitGroup
	for i := range deliveries {
		group.Go(func() {
			<-gate
			deliveries[i] = r.deliver(paid, "genuine")
		})
	}
	close(gate)
	group.Wait()
	for _, d := range deliveries {
		r.acknowledged(d)
	}
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
	require.Equal(r.t, counters{Received: 50, Duplicates: 49}, r.counters().minus(before))
}

func twoIDs(r *running) {
	s := r.order("")
	for range 3 {
		r.acknowledged(r.deliver(r.event("checkout.session.completed", s), "genuine"))
	}
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
}

func anyOrder(r *running) {
	lives := [][]string{
		{"checkout.session.completed.unpaid", "checkout.session.async_payment_succeeded", "checkout.session.expired", "charge.refunded"},
		{"checkout.session.completed", "checkout.session.async_payment_failed", "charge.dispute.created", "charge.dispute.closed.lost"},
	}
	ends := []state{{"REFUNDED", 4500, "none", 1}, {"PAID", 0, "lost", 1}}
	for i, life := range lives {
		for _, order := range permutations(life) {
			s := r.order("")
			for _, name := range order {
				e := r.event(name, s)
				r.acknowledged(r.deliver(e, "genuine"))
				r.acknowledged(r.deliver(e, "genuine"))
			}
			require.Equal(r.t, ends[i], r.state(s), "%v", order)
		}
	}
}

func beforeItsOrder(r *running) {
	id := "early-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	s := hookproof.Subject{r.key: id, "amount": 4500, "currency": "usd"}
	paid := r.event("checkout.session.completed", s)
	refund := r.event("charge.refunded", s)
	r.acknowledged(r.deliver(refund, "genuine"))
	for range 2 {
		require.Equal(r.t, 500, r.deliver(paid, "genuine").Status)
	}
	r.order(id)
	require.Equal(r.t, state{"PENDING", 0, "none", 0}, r.state(s))
	r.acknowledged(r.deliver(paid, "genuine"))
	require.Equal(r.t, state{"REFUNDED", 4500, "none", 1}, r.state(s))
}

// Two sessions of one order: the slow payment of the first has failed, and the second is paid and refunded. Both have a
// payment intent.
func afterATryThatFailed(r *running) {
	s := r.order("")
	other := maps.Clone(s)
	s["paymentIntent"], other["sessionId"], other["paymentIntent"] = "pi_ofThePayment0001", "cs_test_ofTheTryThatFailed", "pi_ofTheTry0000001"
	for _, first := range []string{"checkout.session.completed.unpaid", "checkout.session.async_payment_failed"} {
		r.acknowledged(r.deliver(r.event(first, other), "genuine"))
	}
	for _, then := range []string{"checkout.session.completed", "charge.refunded", "charge.dispute.created"} {
		r.acknowledged(r.deliver(r.event(then, s), "genuine"))
	}
	require.Equal(r.t, state{"REFUNDED", 4500, "open", 1}, r.state(s))
}

func notForUs(r *running) {
	s := r.order("")
	stranger := hookproof.Subject{"amount": 4500, "currency": "usd"}
	for _, name := range []string{"checkout.session.completed", "checkout.session.expired", "charge.refunded", "charge.dispute.created",
		"customer.created", "payment_intent.succeeded"} {
		r.acknowledged(r.deliver(r.event(name, stranger), "genuine"))
	}
	paid := r.event("checkout.session.completed", s)
	r.acknowledged(r.deliver(edited(r.t, paid, `"livemode": false`, `"livemode": true`), "genuine"))
	big := r.event("customer.created", s)
	big.Body = append(big.Body, bytes.Repeat([]byte(" "), 600<<10)...)
	r.acknowledged(r.deliver(big, "genuine"))
	require.Equal(r.t, state{"PENDING", 0, "none", 0}, r.state(s))
}

func withoutTheMoney(r *running) {
	s := r.order("")
	for _, edit := range [][2]string{
		{`"amount_total": 4500`, `"amount_total": 4499`}, {`"amount_total": 4500`, `"amount_total": "4500"`}, {`"amount_total": 4500`, `"amount_total": null`},
		{`"currency": "usd"`, `"currency": "eur"`}, {`"payment_status": "paid"`, `"payment_status": "perhaps"`},
	} {
		r.acknowledged(r.deliver(edited(r.t, r.event("checkout.session.completed", s), edit[0], edit[1]), "genuine"))
	}
	require.Equal(r.t, state{"PENDING", 0, "none", 0}, r.state(s))
	r.acknowledged(r.deliver(r.event("checkout.session.completed.unpaid", s), "genuine"))
	require.Equal(r.t, state{"AWAITING_PAYMENT", 0, "none", 0}, r.state(s))
	r.acknowledged(r.deliver(r.event("checkout.session.completed", s), "genuine"))
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
}

func refunds(r *running) {
	s := r.order("")
	r.acknowledged(r.deliver(r.event("checkout.session.completed", s), "genuine"))
	for _, step := range []struct {
		sum  string
		want state
	}{
		{"1000", state{"PAID", 1000, "none", 1}}, {"2500", state{"PAID", 2500, "none", 1}}, {"1000", state{"PAID", 2500, "none", 1}},
		{"4501", state{"PAID", 2500, "none", 1}}, {"-1", state{"PAID", 2500, "none", 1}}, {"4500", state{"REFUNDED", 4500, "none", 1}},
		{"2500", state{"REFUNDED", 4500, "none", 1}},
	} {
		e := r.event("charge.refunded", s)
		r.acknowledged(r.deliver(edited(r.t, e, `"amount_refunded": 4500`, `"amount_refunded": `+step.sum), "genuine"))
		require.Equal(r.t, step.want, r.state(s), "after %s", step.sum)
	}
}

// aRefundThatFails: in any order of its events, and under other ids, it is taken off once; and what is refunded once more counts.
func aRefundThatFails(r *running) {
	status := map[string]string{"go": "REFUND_FAILED"}[r.name]
	for _, order := range permutations([]string{"checkout.session.completed", "charge.refunded", "refund.created", "refund.failed"}) {
		s := r.order("")
		made := func() event.Event {
			return edited(r.t, r.event("refund.created", s), `"amount": 450`, `"amount": 4500`)
		}
		for round := range 2 {
			for _, name := range order {
				e := r.event(name, s)
				if round == 1 && name == "refund.failed" {
					e = r.event("charge.refund.updated.failed", s)
				}
				if name == "refund.created" {
					e = made()
				}
				r.acknowledged(r.deliver(e, "genuine"))
				r.acknowledged(r.deliver(e, "genuine"))
			}
		}
		require.Equal(r.t, state{cmp.Or(status, "PAID"), 0, "none", 1}, r.state(s), "%v", order)
		r.acknowledged(r.deliver(edited(r.t, made(), `"id": "re_`, `"id": "re_again`), "genuine"))
		require.Equal(r.t, state{"REFUNDED", 4500, "none", 1}, r.state(s), "%v", order)
	}
}

func outage(r *running) {
	s, later := r.order(""), r.order("")
	paid := r.event("checkout.session.completed", s)
	for range 3 {
		mend := r.breaks()
		d := r.deliver(paid, "genuine")
		require.GreaterOrEqual(r.t, d.Status, 500, "%v", d.Err)
		require.Less(r.t, d.Latency, answer)
		require.NotContains(r.t, strings.ToLower(d.Answer), "database")
		mend()
	}
	r.untilAcknowledged(paid)
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
	r.untilAcknowledged(r.event("checkout.session.completed", later))
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(later))
}

func frozen(r *running) {
	if r.proxy == nil {
		r.t.Skip("SQLite has no connection that could hang; a lock that is held is the outage")
	}
	s := r.order("")
	paid := r.event("checkout.session.completed", s)
	r.proxy.Freeze()
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			d := r.deliver(paid, "genuine")
			if d.Status < 500 || d.Latency > answer {
				r.t.Errorf("while the database hung: answered %d %v in %s", d.Status, d.Err, d.Latency)
			}
		})
	}
	group.Wait()
	r.proxy.Heal()
	r.untilAcknowledged(paid)
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
}

func restarted(r *running) {
	s := r.order("")
	paid := r.event("checkout.session.completed", s)
	r.acknowledged(r.deliver(paid, "genuine"))
	r.run("start")
	r.acknowledged(r.deliver(paid, "genuine"))
	for range 2 {
		r.run("stop")
	}
	require.Error(r.t, r.deliver(paid, "genuine").Err)
	r.run("start")
	r.acknowledged(r.deliver(paid, "genuine"))
	require.Equal(r.t, counters{Received: 1, Duplicates: 1}, r.counters())
	require.Equal(r.t, state{"PAID", 0, "none", 1}, r.state(s))
}

// everyCheck runs the judge with the endpoint's own target file. What is not run lacks a hook.
func everyCheck(r *running) {
	env := maps.Clone(r.env)
	if r.proxy != nil {
		listen := net.JoinHostPort("127.0.0.1", freePort(r.t))
		env["DATABASE_URL"], env["DATABASE_LISTEN"], env["DATABASE_UPSTREAM"] = r.database(listen), listen, r.upstream
	}
	target, err := hookproof.LoadTarget(filepath.Join(r.name, "target.json"), func(name string) string { return env[name] })
	require.NoError(r.t, err)
	hookprooftest.Run(r.t, target, hookproof.Options{Budget: budget, Seed: 1})

	// The orders and events of that run are still there, and another of the same seed does not trip over them.
	r.t.Run("and once more", func(t *testing.T) {
		hookprooftest.Run(t, target, hookproof.Options{Budget: budget, Seed: 1,
			Only: []string{"authenticity", "idempotence/two-ids", "order", "meaning/neighbours", "faults/cut-before"}})
	})
}
