package targets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
	"example.com/hookproof/pgserver"
)

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

func freePort(t *testing.T) string {
	t.Helper()
	port, err := pgserver.FreePort()
	require.NoError(t, err)
	return strconv.Itoa(port)
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
	command.Dir, command.Env = r.name, os.Environ()
	for name, value := range r.env {
		command.Env = append(command.Env, name+"="+value)
	}
	said, err := command.CombinedOutput()
	require.NoError(r.t, err, "%s: %s", script, said)
}

func (r *running) event(name string, s hookproof.Subject) event.Event {
	e, err := life.Payment.New(name, s)
	require.NoError(r.t, err)
	return e
}

func (r *running) deliver(e event.Event, sign string) target.Delivery {
	return r.target.Deliver(r.t.Context(), e, sign)
}

func (r *running) acknowledged(d target.Delivery) {
	require.Equal(r.t, 200, d.Status, "%s: %s %v", d.EventType, d.Answer, d.Err)
}

func (r *running) untilAcknowledged(e event.Event) {
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
	r.get("/orders/"+s[r.key].(string), &now)
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
		Reference, StripeSessionID, Currency string
		Amount                               int
	}
	r.answered(request, http.StatusCreated, &made)
	return hookproof.Subject{"sessionId": made.StripeSessionID, r.key: made.Reference, "amount": made.Amount, "currency": made.Currency}
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
func edited(t *testing.T, e event.Event, from, to string) event.Event {
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
