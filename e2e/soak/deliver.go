package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	events "example.com/hookproof/hookproof/event"
)

// deliverer brings Stripe's events to the servers as Stripe does: signed, at least once, in no order, to whichever server the
// address leads to, again with growing pauses until one answers 2xx. Only the pauses are shorter.
type deliverer struct {
	seed    uint64
	address func(replica int) string
	stripe  *stripe
	history *history
	figures *figures
	client  *http.Client

	mu      sync.Mutex
	closed  bool
	stop    context.CancelFunc
	ctx     context.Context
	running sync.WaitGroup
}

const (
	firstPause = 100 * time.Millisecond
	mostPause  = 2 * time.Second
	// deliveryTime is how long an answer is waited for; the server promises one within ten seconds.
	deliveryTime = 12 * time.Second
)

func newDeliverer(seed uint64, address func(int) string, h *history, f *figures) *deliverer {
	d := &deliverer{seed: seed, address: address, history: h, figures: f,
		client: &http.Client{Timeout: deliveryTime, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	d.ctx, d.stop = context.WithCancel(context.Background())
	return d
}

// emit sends an event on its way.
func (d *deliverer) emit(e *event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.figures.events.Add(1)
	d.running.Go(func() { d.deliver(e) })
}

// close gives up what has not been delivered, and returns when nothing is on its way.
func (d *deliverer) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.stop()
	d.running.Wait()
	d.client.CloseIdleConnections()
}

func (d *deliverer) deliver(e *event) {
	name := fnv.New64()
	_, _ = io.WriteString(name, e.ID)
	draw := rand.New(rand.NewPCG(d.seed, name.Sum64()))
	if draw.IntN(2) == 0 { // later events overtake this one
		pause(d.ctx, time.Duration(draw.Int64N(int64(1500*time.Millisecond))))
	}
	if e.Forged {
		d.post(e, draw.IntN(2), draw.IntN(3)+1)
		return
	}
	for wait := firstPause; d.ctx.Err() == nil; wait = min(2*wait, mostPause) {
		replica := draw.IntN(2)
		if draw.IntN(5) == 0 { // the same, to both servers at the same time
			d.running.Go(func() { d.post(e, 1-replica, genuine) })
		}
		if d.post(e, replica, genuine) {
			break
		}
		pause(d.ctx, wait/2+time.Duration(draw.Int64N(int64(wait))))
	}
	for copies := 0; copies < 3 && draw.IntN(3) == 0; copies++ {
		pause(d.ctx, time.Duration(draw.Int64N(int64(time.Second))))
		d.post(e, draw.IntN(2), genuine)
	}
}

// The ways of signing.
const (
	genuine = iota
	otherSecret
	tooOld
	unsigned
)

// post is one delivery; it tells whether it was acknowledged.
func (d *deliverer) post(e *event, replica, signing int) bool {
	request, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.address(replica)+"/webhooks/stripe", bytes.NewReader(e.Body))
	if err != nil {
		return false
	}
	secret, at := webhookSecret, time.Now().Unix()
	switch signing {
	case otherSecret:
		secret = "whsec_somebodyelses"
	case tooOld:
		at -= 3600
	}
	if signing != unsigned {
		request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", at, events.Signature(secret, at, e.Body)))
	}
	d.figures.deliveries.Add(1)
	response, err := d.client.Do(request)
	if err != nil {
		d.history.add(about{e.Booking}, "%s to server %d: no answer", e.ID, replica)
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	d.history.add(about{e.Booking}, "%s (%s) to server %d: %d", e.ID, e.Type, replica, response.StatusCode)
	d.stripe.answered(e, response.StatusCode)
	if response.StatusCode/100 != 2 {
		return false
	}
	d.figures.acknowledged.Add(1)
	return true
}

// pause waits, or until the context ends.
func pause(ctx context.Context, wait time.Duration) {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}
