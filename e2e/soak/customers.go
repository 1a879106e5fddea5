package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// live is one life: the wish for a slot, and what comes of it.
func (r *round) live(ctx context.Context, n int, l life) {
	pause(ctx, l.Start)
	var made booked
	for try := 1; try <= l.Tries && ctx.Err() == nil; try++ {
		var again bool
		made, again = r.book(ctx, fmt.Sprintf("life %d, try %d", n, try), l.Customer, l, try)
		if made.id != "" || !again {
			break
		}
		pause(ctx, l.Pause+time.Duration(try)*500*time.Millisecond)
	}
	if made.id == "" {
		return
	}
	pause(ctx, l.Pause)
	session := made.session
	switch l.Way {
	case pays, paysLate, paysNever, paysNothing:
		r.pay(ctx, made, l)
	case leaves:
	case expires:
		r.stripe.lapse(session)
	case lapses:
		r.takeLapsed(ctx, made, n, l)
	case lapsesPays:
		both(func() { r.takeLapsed(ctx, made, n, l) }, func() { r.pay(ctx, made, l) })
	case cancels:
		r.cancel(ctx, made.id, l.Customer, l.Replica)
	case cancelTwice:
		both(func() { r.cancel(ctx, made.id, l.Customer, l.Replica) }, func() { r.cancel(ctx, made.id, l.Customer, 1-l.Replica) })
		pause(ctx, l.Pause)
		r.cancel(ctx, made.id, l.Customer, l.Replica)
	case cancelPays:
		both(func() { r.cancel(ctx, made.id, l.Customer, l.Replica) }, func() { r.pay(ctx, made, l) })
	}
}

func both(one, other func()) {
	var group sync.WaitGroup
	group.Go(one)
	other()
	group.Wait()
}

// pay is the customer at the session's page, and what befalls his payment later.
func (r *round) pay(ctx context.Context, b booked, l life) {
	how := map[way]string{paysLate: "unpaid", paysNever: "unpaid", paysNothing: "no_payment_required"}[l.Way]
	if how == "" {
		how = "paid"
	}
	if err := r.stripe.pay(b.session, how); err != nil {
		r.history.add(about{b.id}, "the customer does not pay: %v", err)
		return
	}
	pause(ctx, l.Pause)
	if how == "unpaid" {
		r.stripe.transfer(b.session, l.Way == paysLate)
	}
	for _, a := range l.After {
		pause(ctx, l.Pause)
		switch a {
		case refundPart, refundRest:
			r.stripe.refundByHand(b.session, a == refundPart)
		case refundAsked:
			r.cancel(ctx, b.id, l.Customer, l.Replica)
		case refundTwice:
			both(func() { r.cancel(ctx, b.id, l.Customer, 0) }, func() { r.cancel(ctx, b.id, l.Customer, 1) })
		case disputed:
			r.stripe.dispute(b.session, "")
		case disputeWon:
			r.stripe.dispute(b.session, "won")
		case disputeLost:
			r.stripe.dispute(b.session, "lost")
		}
	}
}

// takeLapsed makes a hold's time be over, and has another customer want its slot.
func (r *round) takeLapsed(ctx context.Context, b booked, n int, l life) {
	r.notes.lapse(b.id)
	r.history.add(about{b.id}, "its hold is made to lapse")
	_, err := r.db.ExecContext(ctx, `UPDATE "Booking" SET "expiresAt" = now() - interval '1 second'
		WHERE id = $1 AND status = 'PENDING' AND "stripeSessionId" IS NOT NULL`, b.id)
	if err != nil {
		return // the database is away; there are other lives
	}
	other := l
	other.HangUp, other.Hasty = 0, false
	taken, _ := r.book(ctx, fmt.Sprintf("life %d, the other", n), (l.Customer+1)%len(r.house.tokens), other, 0)
	if taken.id != "" {
		r.pay(ctx, taken, life{Way: pays, Customer: (l.Customer + 1) % len(r.house.tokens)})
	}
}

// booked is what a customer knows of the booking that he has made.
type booked struct{ id, session string }

// book asks for a slot. Who gets no answer looks for his booking in his list, as a customer would.
func (r *round) book(ctx context.Context, name string, customer int, l life, try int) (made booked, again bool) {
	server := (l.Replica + try) % 2
	resource, startsAt, endsAt := r.slot(l.Slot)
	a := r.notes.attempt(attempt{Name: name, Resource: resource, StartsAt: startsAt}, r.replicas[server])
	r.figures.attempts.Add(1)
	asking, stop := ctx, func() {}
	if l.HangUp > 0 && try == 1 {
		asking, stop = context.WithTimeout(ctx, l.HangUp)
	}
	defer stop()
	done := make(chan struct{})
	var hasty sync.WaitGroup
	if l.Hasty {
		hasty.Go(func() { r.cancelEarly(ctx, a, customer, server, done) })
	}
	var body bookingJSON
	status := r.call(asking, server, http.MethodPost, "/bookings", customer, map[string]any{
		"resourceId": resource, "startsAt": startsAt.Format(time.RFC3339Nano), "endsAt": endsAt.Format(time.RFC3339Nano)}, &body)
	close(done)
	r.notes.answer(a, status, body)
	r.history.add(about{name, body.ID, body.Session}, "%s asks server %d for a slot: %s %s", name, server, answered(status), body.Status)
	hasty.Wait()
	switch status {
	case http.StatusCreated:
		return booked{body.ID, body.Session}, false
	case 0:
		found := r.findMine(ctx, a, customer, server)
		if found.Session == "" {
			return booked{}, true
		}
		r.notes.told(a)
		return booked{found.ID, found.Session}, false
	}
	return booked{}, status == http.StatusConflict || status >= 500
}

// cancelEarly cancels a booking as soon as it can be seen in its owner's list, while its creator is still waited for.
func (r *round) cancelEarly(ctx context.Context, a *noted, customer, server int, done <-chan struct{}) {
	for {
		if found := r.findMine(ctx, a, customer, server); found.ID != "" {
			r.cancel(ctx, found.ID, customer, 1-server)
			return
		}
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// findMine looks for an attempt's booking in the customer's list.
func (r *round) findMine(ctx context.Context, a *noted, customer, server int) bookingJSON {
	var list struct{ Bookings []bookingJSON }
	if r.call(ctx, server, http.MethodGet, "/bookings?limit=100", customer, nil, &list) != http.StatusOK {
		return bookingJSON{}
	}
	for _, b := range list.Bookings {
		if b.StartsAt.Equal(a.StartsAt) && b.Resource == a.Resource {
			return b
		}
	}
	return bookingJSON{}
}

// cancel asks for a booking's end, and once more when there was no answer or none that settles it.
func (r *round) cancel(ctx context.Context, id string, customer, server int) {
	for try := range 3 {
		r.figures.cancels.Add(1)
		var body bookingJSON
		settle := r.notes.cancelling(id)
		status := r.call(ctx, (server+try)%2, http.MethodPost, "/bookings/"+id+"/cancel", customer, nil, &body)
		settle(status, body.Status)
		r.history.add(about{id}, "a cancel at server %d: %s %s", (server+try)%2, answered(status), body.Status)
		if status != 0 && status < 500 {
			return
		}
		pause(ctx, 300*time.Millisecond)
	}
}

func answered(status int) string {
	if status == 0 {
		return "no answer"
	}
	return fmt.Sprint(status)
}

type bookingJSON struct {
	ID       string    `json:"id"`
	Resource string    `json:"resourceId"`
	StartsAt time.Time `json:"startsAt"`
	Status   string    `json:"status"`
	Session  string    `json:"stripeSessionId"`
	URL      string    `json:"checkoutUrl"`
}

// call sends a request as a customer and answers its status, 0 for none.
func (r *round) call(ctx context.Context, server int, method, path string, customer int, body, answer any) int {
	return callAs(ctx, r.replicas[server].url(), method, path, r.house.tokens[customer], body, answer)
}

// callers keep no connections: a request that meets a server's end must not be sent again behind our back.
var callers = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}

func callAs(ctx context.Context, server, method, path, token string, body, answer any) int {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0
	}
	if body == nil {
		raw = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, server+path, bytes.NewReader(raw))
	if err != nil {
		return 0
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := callers.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	if json.NewDecoder(response.Body).Decode(answer) != nil && response.StatusCode/100 == 2 {
		return 0 // the answer broke off
	}
	return response.StatusCode
}
