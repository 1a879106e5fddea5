// Package targets tries the small endpoints that are kept beside hookproof, without hookproof's judge: what is
// asked of them here is asked in plain words, so that the judge can be trusted where it agrees.
package targets

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/pgserver"
)

// endpoint is one of the directories beside this file.
type endpoint struct {
	name     string
	needs    [][]string // commands that succeed where it can run
	install  string
	postgres bool
}

var endpoints = []endpoint{
	{"node-express", [][]string{{"npm", "--version"}, {"node", "--version"}}, "install Node 20 and npm", true},
	{"python-sqlite", [][]string{{"python3", "-c", "import sys; assert sys.version_info >= (3, 11)"}}, "install Python 3.11", false},
	{"php", [][]string{{"php", "-r", "exit((int) !(extension_loaded('pdo_sqlite') && extension_loaded('apcu')));"}},
		"install Debian's php-cli, php-sqlite3 and php-apcu", false},
}

// All deadlines. They are for a slow machine; only what fails waits for them.
const (
	recovery = 20 * time.Second // until a delivery is acknowledged again after a fault
	answer   = 10 * time.Second // Stripe's own patience, about
)

// running is an endpoint that is up.
type running struct {
	t         *testing.T
	directory string
	env       []string
	base      string
	target    *hookproof.Target
	proxy     *hookproof.Proxy // to its PostgreSQL; nil with SQLite
}

func TestEndpoints(t *testing.T) {
	postgres := sync.OnceValues(func() (*pgserver.Server, error) { return pgserver.Start(context.Background(), pgserver.Config{}) })
	t.Cleanup(func() {
		if server, err := postgres(); err == nil {
			require.NoError(t, server.Close())
		}
	})
	for _, e := range endpoints {
		t.Run(e.name, func(t *testing.T) {
			e.orSkip(t)
			r := &running{t: t, directory: e.name}
			port, err := pgserver.FreePort()
			require.NoError(t, err)
			r.env = append(os.Environ(), "PORT="+strconv.Itoa(port))
			if e.postgres {
				server, err := postgres()
				require.NoError(t, err)
				require.NoError(t, server.CreateDatabase(t.Context(), e.name, ""))
				r.proxy, err = hookproof.NewProxy("127.0.0.1:0", net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port())))
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, r.proxy.Close()) })
				r.env = append(r.env, "DATABASE_URL="+strings.Replace(server.URL(e.name), "127.0.0.1:"+strconv.Itoa(server.Port()), r.proxy.Addr(), 1))
			}
			r.base = "http://127.0.0.1:" + strconv.Itoa(port)
			r.target = &hookproof.Target{URL: r.base + "/webhooks/stripe", Secret: "whsec_shop", PreviousSecret: "whsec_shop_previous"}
			t.Cleanup(func() {
				r.run("stop")
				require.NoError(t, os.RemoveAll(filepath.Join(e.name, ".run", strconv.Itoa(port))))
			})
			r.run("start")
			for _, property := range properties {
				t.Run(property.name, func(t *testing.T) {
					here := *r
					here.t = t
					property.holds(&here)
				})
			}
		})
	}
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
	{"not for us", notForUs},
	{"without the money", withoutTheMoney},
	{"refunds", refunds},
	{"an outage", outage},
	{"a frozen database", frozen},
	{"restarted", restarted},
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
		d := r.deliver(hookproof.Event{Body: []byte(body)}, "genuine")
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
	deliveries := make([]hookproof.Delivery, 50)
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
	s := hookproof.Subject{"metadata.orderId": id, "amount": 4500, "currency": "usd"}
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

// orSkip skips an endpoint whose language is not there; where everything must be there it fails.
func (e endpoint) orSkip(t *testing.T) {
	t.Helper()
	for _, command := range append(e.needs, []string{"curl", "--version"}) {
		if said, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			why := fmt.Sprintf("%s cannot run here (%s: %v %s): %s", e.name, command[0], err, bytes.TrimSpace(said), e.install)
			if os.Getenv("CI") == "true" {
				t.Fatal(why)
			}
			t.Skip(why)
		}
	}
}

// breaks makes the endpoint's database unusable, until mend is called.
func (r *running) breaks() (mend func()) {
	if r.proxy != nil {
		r.proxy.Cut()
		return r.proxy.Heal
	}
	r.run("break")
	r.t.Cleanup(func() { r.run("mend") })
	return func() { r.run("mend") }
}

func (r *running) run(script string) {
	command := exec.Command("./" + script)
	command.Dir, command.Env = r.directory, r.env
	said, err := command.CombinedOutput()
	require.NoError(r.t, err, "%s: %s", script, said)
}

func (r *running) event(name string, s hookproof.Subject) hookproof.Event {
	e, err := hookproof.NewEvent(name, s)
	require.NoError(r.t, err)
	return e
}

func (r *running) deliver(e hookproof.Event, sign string) hookproof.Delivery {
	return r.target.Deliver(r.t.Context(), e, sign)
}

func (r *running) acknowledged(d hookproof.Delivery) {
	require.Equal(r.t, 200, d.Status, "%s: %s %v", d.EventType, d.Answer, d.Err)
}

func (r *running) untilAcknowledged(e hookproof.Event) {
	require.Eventually(r.t, func() bool { return r.deliver(e, "genuine").Status == 200 }, recovery, 50*time.Millisecond)
}

// state is what an endpoint says of an order.
type state struct {
	Status         string
	RefundedAmount int
	Dispute        string
	Fulfilments    int
}

func (r *running) state(s hookproof.Subject) (now state) {
	r.get("/orders/"+s["metadata.orderId"].(string), &now)
	return now
}

type counters struct{ Received, Duplicates, Errors int64 }

func (c counters) minus(o counters) counters {
	return counters{c.Received - o.Received, c.Duplicates - o.Duplicates, c.Errors - o.Errors}
}

func (r *running) counters() (now counters) {
	r.get("/counters", &now)
	return now
}

func (r *running) get(path string, into any) {
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil)
	require.NoError(r.t, err)
	r.answered(request, http.StatusOK, into)
}

// order makes an order; with an id, under that one.
func (r *running) order(id string) hookproof.Subject {
	body := "{}"
	if id != "" {
		body = fmt.Sprintf(`{"reference":%q}`, id)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+"/orders", strings.NewReader(body))
	require.NoError(r.t, err)
	request.Header.Set("Content-Type", "application/json")
	var made struct {
		ID, StripeSessionID, Currency string
		Amount                        int
	}
	r.answered(request, http.StatusCreated, &made)
	return hookproof.Subject{"sessionId": made.StripeSessionID, "metadata.orderId": made.ID, "amount": made.Amount, "currency": made.Currency}
}

func (r *running) answered(request *http.Request, status int, into any) {
	response, err := http.DefaultClient.Do(request)
	require.NoError(r.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	require.Equal(r.t, status, response.StatusCode, "%s: %s", request.URL, text)
	require.NoError(r.t, json.Unmarshal(text, into))
}

// edited is an event with one piece of its text changed, everywhere.
func edited(t *testing.T, e hookproof.Event, from, to string) hookproof.Event {
	t.Helper()
	require.Contains(t, string(e.Body), from)
	e.Body = bytes.ReplaceAll(e.Body, []byte(from), []byte(to))
	return e
}

func permutations(list []string) [][]string {
	if len(list) < 2 {
		return [][]string{list}
	}
	var all [][]string
	for i, first := range list {
		for _, rest := range permutations(slices.Delete(slices.Clone(list), i, i+1)) {
			all = append(all, append([]string{first}, rest...))
		}
	}
	return all
}
