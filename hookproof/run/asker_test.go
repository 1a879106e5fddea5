package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/stripeapi"
	"example.com/hookproof/hookproof/target"
)

// asker is a small endpoint for subscriptions that believes no event, and asks Stripe's API. It gives who has subscribed a gift. Its fields are
// ways to do that wrongly.
type asker struct {
	*memnet.Door
	api  *stripeapi.API
	base string
	http *http.Client

	asks   func(a *asker, e askerEvent, known askerUser) bool   // whether the API is asked; nil is always
	fails  func(failed error) (status int)                      // what is answered when the API fails; nil is 500
	stores func(old, fetched askerUser, e askerEvent) askerUser // what becomes of what was fetched; nil is that
	key    func(user string) string                             // of the gift; nil is a good one
	beside func(a *asker, e askerEvent) error                   // what else is asked; nil is nothing
	whose  func(account string) string                          // of which account the API is asked at an account's event; nil is that such an event means nothing

	mu    sync.Mutex
	of    string                          // the account of which the API is asked
	users map[string]map[string]askerUser // by subscription
	gifts map[string]bool
	turns map[string]chan struct{} // by subscription
}

type askerUser struct {
	Status, Price string
	Seats         int
	Leaves        bool
	Created       int64
}

func (u askerUser) access() bool {
	return u.Status == "active" || u.Status == "trialing" || u.Status == "past_due"
}

// askerSubscription is as much of a subscription as is stored.
type askerSubscription struct {
	Status, Customer  string
	Created           int64
	Metadata          map[string]string
	CancelAt          *int64 `json:"cancel_at"`
	CancelAtPeriodEnd bool   `json:"cancel_at_period_end"`
	Items             struct {
		Data []struct {
			Quantity int
			Price    struct{ ID string }
		}
	}
}

// of is what a subscription makes of a user: the items that are not sold here leave the plan as it was.
func (s askerSubscription) of(u askerUser) askerUser {
	u.Status, u.Created, u.Leaves = s.Status, s.Created, s.CancelAt != nil || s.CancelAtPeriodEnd
	for _, item := range s.Items.Data {
		if item.Price.ID == "price_1" || item.Price.ID == "price_2" {
			u.Price, u.Seats = item.Price.ID, item.Quantity
		}
	}
	return u
}

type askerEvent struct {
	ID, Type string
	Livemode bool
	Account  string
	Data     struct {
		Object struct {
			ID           string
			Subscription string
		}
	}
}

func openAsker(t *testing.T, change func(*asker)) *asker {
	t.Helper()
	listener, err := memnet.InMemory.Listen("127.0.0.1:0")
	require.NoError(t, err)
	transport := &http.Transport{DialContext: memnet.InMemory.Dial}
	a := &asker{
		api: stripeapi.New(life.APIVersionOf("")), base: "http://" + listener.Addr().String(), http: &http.Client{Transport: transport, Timeout: 4 * time.Second},
		users: map[string]map[string]askerUser{}, gifts: map[string]bool{}, turns: map[string]chan struct{}{},
	}
	a.api.Serve(listener)
	t.Cleanup(func() {
		require.NoError(t, a.api.Close())
		transport.CloseIdleConnections()
	})
	if change != nil {
		change(a)
	}
	a.Door = memnet.OpenDoor(t, a)
	return a
}

func (a *asker) target(t *testing.T) *target.Target {
	l, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	return &target.Target{
		URL: a.URL() + "/hook", Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, Life: l, Stripe: a.api, NotAccess: []string{"/plan", "/seats"},
		Subject: func(context.Context) (event.Subject, error) {
			id := uuid.NewString()
			a.set(id, "", askerUser{Status: "none"})
			return event.Subject{"clientReferenceId": id, "subscription.metadata.user": id, "price": "price_1", "otherPrice": "price_2", "amount": 4900, "currency": "usd"}, nil
		},
		State: func(_ context.Context, s event.Subject) (any, error) {
			time.Sleep(memnet.Tick)
			user := a.best(s.Text("clientReferenceId"))
			return map[string]any{"access": user.access(), "status": user.Status, "plan": user.Price, "seats": user.Seats, "leaves": user.Leaves}, nil
		},
	}
}

// turn is held by the delivery whose turn it is, of those about a subscription.
func (a *asker) turn(id string) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.turns[id] == nil {
		a.turns[id] = make(chan struct{}, 1)
	}
	return a.turns[id]
}

func (a *asker) given(user string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.gifts[user]
}

func (a *asker) give(user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gifts[user] = true
}

// best is the subscription that gives a user access, and else the latest.
func (a *asker) best(user string) (best askerUser) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.users[user] {
		if better := one.access() && !best.access(); better || one.access() == best.access() && one.Created >= best.Created {
			best = one
		}
	}
	return best
}

func (a *asker) subscription(user, id string) askerUser {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.users[user][id]
}

func (a *asker) set(user, id string, u askerUser) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users[user] == nil {
		a.users[user] = map[string]askerUser{}
	}
	a.users[user][id] = u
}

func (a *asker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	var e askerEvent
	if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil || e.ID == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if err := a.take(e); err != nil {
		status := http.StatusInternalServerError
		if a.fails != nil {
			status = a.fails(err)
		}
		w.WriteHeader(status)
	}
}

func (a *asker) take(e askerEvent) error {
	id := e.Data.Object.Subscription
	if strings.HasPrefix(e.Type, "customer.subscription.") {
		id = e.Data.Object.ID
	}
	if e.Livemode || e.Account != "" && a.whose == nil || !strings.HasPrefix(id, "sub_") {
		return nil
	}
	alone := id
	if a.whose != nil {
		alone = "" // all, since the API is asked of one account at a time
	}
	turn := a.turn(alone)
	turn <- struct{}{} // a mutex would stop virtual time
	defer func() { <-turn }()
	if a.whose != nil {
		if a.of = ""; e.Account != "" {
			a.of = a.whose(e.Account)
		}
	}
	if a.beside != nil {
		if err := a.beside(a, e); err != nil {
			return err
		}
	}
	var s askerSubscription
	if err := a.ask(http.MethodGet, "/v1/subscriptions/"+id, "", nil, &s); errors.Is(err, errMissing) {
		return nil
	} else if err != nil {
		return err
	}
	user := s.Metadata["user"]
	if user == "" {
		return nil
	}
	known := a.subscription(user, id)
	if a.asks != nil && !a.asks(a, e, known) {
		return nil
	}
	now := s.of(known)
	if a.stores != nil {
		now = a.stores(known, now, e)
	}
	if now.Status == "active" && !a.given(user) {
		key := "gift-" + user
		if a.key != nil {
			key = a.key(user)
		}
		gift := url.Values{"amount": {"-500"}, "currency": {"usd"}}
		if err := a.ask(http.MethodPost, "/v1/customers/"+s.Customer+"/balance_transactions", key, gift, nil); err != nil {
			return err
		}
		a.give(user)
	}
	a.set(user, id, now)
	return nil
}

var errMissing = errors.New("there is nothing")

// ask asks Stripe's API once.
func (a *asker) ask(method, path, key string, body url.Values, into any) error {
	request, err := http.NewRequest(method, a.base+path, bytes.NewReader([]byte(body.Encode())))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer sk_test_1")
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if a.of != "" {
		request.Header.Set("Stripe-Account", a.of)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode == http.StatusNotFound:
		return errMissing
	case response.StatusCode != http.StatusOK:
		return errors.New(response.Status)
	case into == nil:
		return nil
	}
	return json.Unmarshal(raw, into)
}
