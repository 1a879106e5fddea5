// Package target is an endpoint and how to drive it: its URL, its secret, its hooks, its process and its database. It sends
// deliveries and records each with its answer in a journal. It connects only to what belongs to the user.
package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/stripeapi"
)

// Target is an endpoint and what it offers. URL and Secret are required. A hook that is nil is not offered, and what needs it is
// not run. Hooks are called by several goroutines at once.
type Target struct {
	URL            string  // where deliveries go
	Secret         string  // that signs the deliveries
	PreviousSecret string  // is being rotated out, and is still valid; "" if there is none
	Connect        Connect // how events of connected accounts come; its zero value is that none do
	Livemode       bool    // the livemode of the events that the target accepts
	APIVersion     string  // of the events that it is sent; "" is 2023-10-16
	File           string  // the target file that it was read from; "" if there is none
	raw            []byte  // its text

	// Lives are the stories of Stripe's by which the target is judged, by name. What follows up to State is short for the life
	// "payment" of these; without Lives it is the only one.
	Lives map[string]Life

	Replicas   []string          // further URLs of the same endpoint, on the same database
	Unhandled  []string          // event types that the target ignores on purpose
	Ignore     []string          // places of a state to mask: JSON pointers in which * is any one token
	Headers    map[string]string // of each delivery, in addition to Stripe's, such as X-Forwarded-Proto
	AllowHosts []string          // hosts, as URLs name them, that may be attacked though they are neither local nor private

	// OnlyLoopback refuses every address that is not of this machine, also of private networks.
	OnlyLoopback bool

	Life      *life.Life // the story that Subject and State are about; nil is the payment life
	LifeName  string     // its name in Lives; "" if there are none
	Grants    []string   // places of a state to which being paid adds, each time: JSON pointers
	NotAccess []string   // places of a state that show what was chosen, and not what is allowed: JSON pointers

	// Subject makes a fresh, unpaid object.
	Subject func(context.Context) (event.Subject, error)
	// Announce names an object that does not exist yet; calling make creates it under those names.
	Announce func(context.Context) (s event.Subject, make func(context.Context) error, err error)
	// State returns the target's view of a subject: its effects, not its deliveries, as any JSON value.
	State func(context.Context, event.Subject) (any, error)
	// Counters returns the target's own counts of its deliveries.
	Counters func(context.Context) (result.Counters, error)
	// Hold locks the subject, so that deliveries about it wait until release is called.
	Hold func(context.Context, event.Subject) (release func() error, err error)
	// Database is where a run puts its own Proxy and Link. It is nil if there is none, or if they are given.
	Database *Database
	// Proxy stands between the target and its database. Link stands behind it, and can be made bad.
	Proxy *dbproxy.Proxy
	Link  *dbproxy.Link
	// API is where a run puts Stripe's API for the target to ask. It is nil if there is none, or if Stripe is given.
	API *API
	// Stripe is Stripe's API as the target sees it: it has the objects of what is delivered.
	Stripe *stripeapi.API
	// Break makes the store unusable, for a target without a Proxy; Mend repairs it.
	Break, Mend func(context.Context) error
	// Stop ends the target: "stop" asks it to exit, "kill" does not ask. A target that has only one way uses it for both. Start
	// starts it again. Both may be called when there is nothing to do. A run then waits until nothing listens after Stop, and
	// until something listens after Start.
	Stop  func(ctx context.Context, how string) error
	Start func(context.Context) error

	Timings Timings // zero fields are those of DefaultTimings

	behindProxy bool                        // a proxy listens at URL also while the target is down
	programs    func() error                // names a hook whose program is missing; nil without a file
	startOwn    func(context.Context) error // starts the target with its database's own address; nil if that is not known
	rewired     bool                        // Open has started the target again, so that it connects to its database through the proxy

	endStarted func(context.Context) // ends the process that Start has started last, and all that belongs to it; nil if it is not known

	Stderr  func() string // the end of the standard error of the process that Start has started; nil if it is not known
	Starter []string      // the command that starts the target, if it is known

	Resolver *net.Resolver // for the hosts' names; nil is the machine's

	// Dialer makes every connection to the target; nil is the dial guard's. Tests set it to a network in memory.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

// Life is what a target offers for one life: the hooks about its subjects, and what their states mean.
type Life struct {
	Story             *life.Life // nil is the payment life
	Subject           func(context.Context) (event.Subject, error)
	Announce          func(context.Context) (s event.Subject, make func(context.Context) error, err error)
	State             func(context.Context, event.Subject) (any, error)
	Ignore, Unhandled []string
	Grants, NotAccess []string
}

// Connect is a connected account that the target knows, and the secret that signs the events of connected accounts: Stripe sends them to
// an endpoint of their own, at the same URL or another. https://docs.stripe.com/connect/webhooks
type Connect struct {
	Account string `json:"account"` // its id, acct_…
	Secret  string `json:"secret"`
}

// Needs are the names of what a scenario or a check may need of a target.
var Needs = []string{"subject", "announce", "state", "counters", "hold", "database", "break", "link", "restart", "previousSecret", "connect", "replicas", "api"}

// Faults are the names of how a database may fail.
var Faults = []string{"database-away", "database-frozen"}

// Lacks returns the first of the needs that the target does not offer, or "".
func (t *Target) Lacks(needs []string) string {
	offers := map[string]bool{
		"subject":        t.Subject != nil,
		"announce":       t.Announce != nil,
		"state":          t.State != nil,
		"counters":       t.Counters != nil,
		"hold":           t.Hold != nil,
		"database":       t.Proxy != nil || t.Database != nil,
		"break":          t.Proxy != nil || t.Database != nil || t.Break != nil && t.Mend != nil,
		"link":           t.Link != nil || t.Database != nil,
		"restart":        t.Stop != nil && t.Start != nil,
		"previousSecret": t.PreviousSecret != "",
		"connect":        t.Connect != Connect{},
		"replicas":       len(t.Replicas) > 0,
		"api":            t.Stripe != nil || t.API != nil,
	}
	for _, need := range needs {
		if !offers[need] {
			return need
		}
	}
	return ""
}

// Needed says what a target does not offer, in the words of the target file.
func (t *Target) Needed(need string) string {
	if need == "announce" {
		return "a `subject` hook with " + cmp.Or(t.Life, life.Payment).Placeholders()
	}
	return hookNames[need]
}

// hookNames are what a target does not offer, but for announce, which depends on the life.
var hookNames = map[string]string{
	"subject": "a `subject` hook", "state": "a `state` hook", "counters": "a `counters` hook", "hold": "a lock, which only Go code can give",
	"database": "`database`",
	"break":    "`database`, or `break` and `mend` hooks", "link": "`database`", "restart": "`stop` and `start` hooks", "previousSecret": "`previousSecret`", "connect": "`connect`", "api": "`api`", "replicas": "`replicas`",
}

// Fail makes the target's database fail as one of Faults says; Heal repairs it.
func (t *Target) Fail(ctx context.Context, how string) error {
	switch {
	case t.Proxy == nil:
		return t.Break(ctx)
	case how == "database-frozen":
		t.Proxy.Freeze()
	default:
		t.Proxy.Cut()
	}
	return nil
}

func (t *Target) Heal(ctx context.Context) error {
	if t.Proxy == nil {
		return t.Mend(ctx)
	}
	t.Proxy.Heal()
	return nil
}

// Check refuses a target that must not be attacked: one that is not on this machine, in a private network or in AllowHosts, or one
// whose secret is a key to real money. hookproof forges events, and must not become a weapon. An error about a target file has the
// file's name and the line.
func (t *Target) Check() error {
	u, err := url.Parse(t.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || !isPort(u.Port()) {
		return t.at(errors.New("the target's URL must be an http or https URL, such as http://127.0.0.1:3000/webhooks/stripe"), "url")
	}
	if err := RefuseLiveKeys(t.Secret, t.PreviousSecret, t.Connect.Secret, t.URL); err != nil {
		return err // not from a file, which is not read then
	}
	for _, one := range []struct {
		secret string
		place  []string
	}{{t.Secret, []string{"secret"}}, {t.PreviousSecret, []string{"previousSecret"}}, {t.Connect.Secret, []string{"connect", "secret"}}} {
		if apiKey.MatchString(one.secret) {
			return t.at(fmt.Errorf("%s… is an API key; an endpoint's signing secret begins with whsec_", one.secret[:len("sk_test_")]), one.place...)
		}
	}
	if t.Secret == "" {
		return t.at(errors.New("the secret is missing: the signing secret that the target verifies deliveries with"), "secret")
	}
	if connect := t.Connect; connect != (Connect{}) && (!strings.HasPrefix(connect.Account, "acct_") || connect.Secret == "") {
		return t.at(errConnect, "connect")
	}
	if err := t.checkHeaders(); err != nil {
		return err
	}
	if err := t.checkHost(u.Hostname()); err != nil {
		return t.at(err, "url")
	}
	for n, text := range t.Replicas {
		place := []string{"replicas", strconv.Itoa(n)}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" {
			return t.at(fmt.Errorf("%q is no URL of a replica", text), place...)
		}
		if err := t.checkHost(u.Hostname()); err != nil {
			return t.at(err, place...)
		}
	}
	return nil
}

// at returns an error about a place of the target file, with the file's name and the line. Without a file it returns the error itself.
func (t *Target) at(err error, place ...string) error {
	if t.File == "" || err == nil {
		return err
	}
	return jsonfile.In(t.File, t.raw, jsonfile.At(err, place...))
}

var (
	errConnect = errors.New("connect needs an account, whose id begins with acct_, and the secret that signs the events of connected accounts")
	errLiveKey = errors.New("this has a live API key of Stripe's (sk_live_… or rk_live_…); give the endpoint's signing secret (whsec_…) and test keys")
)

// liveKey matches the beginning of a key to real money.
var liveKey = regexp.MustCompile(`[sr]k_live_`)

// apiKey matches the beginning of an API key of test mode.
var apiKey = regexp.MustCompile(`^[srp]k_test_`)

// isPort reports whether a port is valid; "" is the scheme's default.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// RefuseLiveKeys refuses texts that contain a key to real money.
func RefuseLiveKeys(texts ...string) error {
	for _, text := range texts {
		if liveKey.MatchString(text) {
			return errLiveKey
		}
	}
	return nil
}
