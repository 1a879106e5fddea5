package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

const bookingMark = "00000000-0000-4000-8000-000000attack"

// sender is the address that genuine deliveries come from, and nothing else.
var sender = net.IPv4(127, 2, 0, 1)

// genuine makes signed deliveries, each of a booking of its own.
type genuine struct {
	template string
	next     atomic.Int64
}

func newGenuine() (*genuine, error) {
	event, err := life.Payment.New("checkout.session.completed", hookproof.Subject{
		"sessionId": "cs_attack", "clientReferenceId": bookingMark, "metadata.bookingId": bookingMark,
		"paymentIntent": "pi_attack", "amount": price, "currency": "usd",
	})
	if err != nil {
		return nil, err
	}
	return &genuine{template: strings.ReplaceAll(string(event.Body), event.ID, "evt_attack")}, nil
}

func (g *genuine) body() []byte {
	n := g.next.Add(1)
	name := fmt.Sprint(n)
	return []byte(strings.NewReplacer("evt_attack", "evt_attack"+name, "cs_attack", "cs_attack"+name, "pi_attack", "pi_attack"+name,
		bookingMark, fmt.Sprintf("00000000-0000-4000-8000-%012d", n)).Replace(g.template))
}

// sent is what became of the deliveries.
type sent struct {
	mu           sync.Mutex
	deliveries   int
	acknowledged int
	milliseconds *hdrhistogram.Histogram // of all of them, in tenths
	failure      string                  // of the last that was not acknowledged
}

// deliver sends at a steady rate, whatever becomes of the ones before, until the context ends. Each second one
// comes on a connection of its own, the others on connections that are kept. Each is due at its time by the clock and
// counts from then on: where this process gets its turn late, as in the worst moments, what was due is sent late and
// not left out.
func (g *genuine) deliver(ctx context.Context, address string, rate int) *sent {
	s := &sent{milliseconds: hdrhistogram.New(1, 1_000_000, 3)}
	kept := &http.Client{Timeout: 20 * time.Second, Transport: transport(false)}
	fresh := &http.Client{Timeout: 20 * time.Second, Transport: transport(true)}
	defer kept.CloseIdleConnections()
	start := time.Now()
	end, _ := ctx.Deadline()
	var group sync.WaitGroup
	for i := 0; ; i++ {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if !end.IsZero() && !due.Before(end) {
			break
		}
		if wait := time.Until(due); wait > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			break
		}
		client := kept
		if i%2 == 0 {
			client = fresh
		}
		group.Go(func() {
			err := g.one(context.WithoutCancel(ctx), client, address)
			took := time.Since(due)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.deliveries++
			_ = s.milliseconds.RecordValue(took.Microseconds() / 100)
			if err == nil {
				s.acknowledged++
			} else {
				s.failure = err.Error()
			}
		})
	}
	group.Wait()
	return s
}

// introduce makes the first delivery, before the flood: the server remembers who has sent a verified one.
func (g *genuine) introduce(ctx context.Context, address string) error {
	client := &http.Client{Timeout: 20 * time.Second, Transport: transport(true)}
	return g.one(ctx, client, address)
}

func transport(fresh bool) *http.Transport {
	return &http.Transport{DisableKeepAlives: fresh, MaxIdleConnsPerHost: 8, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		return dial(ctx, sender, address)
	}}
}

func (g *genuine) one(ctx context.Context, client *http.Client, address string) error {
	body, now := g.body(), time.Now().Unix()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now, event.Signature(webhookSecret, now, body)))
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("a delivery was answered %d", answer.StatusCode)
	}
	_ = answer.Body.Close()
	return err
}
