package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/hookproof/hookproof/event"
)

// How much of an answer is kept, and how much is read and searched, in bytes. A debugger's page has 13 to 90 KB, and shows near
// its end that it is one.
const (
	MostKept = 4 << 10
	MostRead = 1 << 20
)

// Sender posts deliveries to a target and records them in a journal.
type Sender struct {
	target  *Target
	Timings Timings
	client  *http.Client
	Journal *Journal
}

func NewSender(t *Target, journal *Journal) *Sender {
	return &Sender{target: t, Timings: t.Timings.OrDefault(), Journal: journal, client: &http.Client{
		Transport: t.Transport(),
		// Stripe does not follow redirects: a redirect is a failure.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Outgoing is an event to be sent, with its label, its subject and how it is signed.
type Outgoing struct {
	Event   event.Event
	Label   string
	Subject string
	Sign    string
	URL     string            // "" is the target's
	Headers map[string]string // in addition to the target's
}

// Send signs an outgoing event now and posts it once.
func (s *Sender) Send(ctx context.Context, what Outgoing) Delivery {
	way := event.Signings[what.Sign]
	sent := way.Sign(event.Signer{Secret: s.target.Secret, Previous: s.target.PreviousSecret, Connect: s.target.Connect.Secret, Account: s.target.Connect.Account, Now: time.Now().Unix(), Body: what.Event.Body})
	d := Delivery{
		Label: what.Label, Subject: what.Subject, EventID: what.Event.ID, EventType: what.Event.Type,
		Sign: what.Sign, Genuine: way.Genuine, Body: sent.Body, Over: sent.Over, URL: what.URL, SentAt: time.Now(),
	}
	if sent.Header != nil {
		d.Header = *sent.Header
	}
	if d.URL == "" {
		d.URL = s.target.URL
	}
	d.Headers = map[string]string{}
	maps.Copy(d.Headers, s.target.Headers)
	maps.Copy(d.Headers, what.Headers)
	s.target.letKnow(what.Event, &d)
	s.post(ctx, sent, &d)
	d.Latency = time.Since(d.SentAt)
	d.Inside, d.Unread = Leak(d.Answer, s.target.Secrets()), len(d.Answer) > MostRead
	d.Answer = strings.Clone(d.Answer[:min(len(d.Answer), MostKept)]) // Clone frees the rest of the text
	s.Journal.Add(d)
	return d
}

// post sends what was signed and records the answer.
func (s *Sender) post(ctx context.Context, sent event.Signed, d *Delivery) {
	ctx, cancel := context.WithTimeout(ctx, s.Timings.Answer)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(sent.Body))
	if err != nil {
		d.Err = err
		return
	}
	setHeaders(request, d.Headers)
	request.Header.Set("Content-Type", ContentType)
	request.Header.Set("User-Agent", UserAgent)
	if sent.Header != nil {
		request.Header[sent.Name] = []string{*sent.Header} // the map keeps the spelling
	}
	response, err := s.client.Do(request)
	if err != nil {
		d.Err = err
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, MostRead+1))
	d.Status, d.Answer, d.Location, d.Err = response.StatusCode, string(body), response.Header.Get("Location"), err
	d.Software = response.Header.Get("X-Powered-By")
}

// Burst sends all events at the same time, each on its own connection. If release is given, the target is being held: release is
// called when every request has been written and none has been answered. Then all are certainly in flight at once.
func (s *Sender) Burst(ctx context.Context, what []Outgoing, release func() error) ([]Delivery, error) {
	gate := make(chan struct{})
	var written, answered atomic.Int64
	deliveries := make([]Delivery, len(what))
	var group sync.WaitGroup
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { written.Add(1) },
	})
	for i := range what {
		group.Go(func() {
			<-gate
			deliveries[i] = s.Send(traced, what[i])
			answered.Add(1)
		})
	}
	close(gate)
	if release == nil {
		group.Wait()
		return deliveries, nil
	}
	err := s.Wait(ctx, s.Timings.Flight, func() error {
		if n := answered.Load(); n > 0 {
			return fmt.Errorf("%d copies were answered while the subject was held", n)
		}
		if n := written.Load(); n < int64(len(what)) {
			return fmt.Errorf("%d of %d copies were in flight", n, len(what))
		}
		return nil
	})
	err = errors.Join(err, release())
	group.Wait()
	return deliveries, err
}

// Wait calls objection until it returns nil. It returns the last objection when the time is over.
func (s *Sender) Wait(ctx context.Context, patience time.Duration, objection func() error) error {
	var last error
	_, err := Await(ctx, patience, s.Timings.Poll, func() bool {
		last = objection()
		return last == nil
	})
	return errors.Join(last, err)
}

// Deliver posts one event to the target, signed now as the name says (see fixtures/FORMAT.md).
func (t *Target) Deliver(ctx context.Context, e event.Event, sign string) Delivery {
	s := NewSender(t, &Journal{})
	defer s.Close()
	return s.Send(ctx, Outgoing{Event: e, Label: e.Type, Sign: sign})
}

// The headers of every delivery.
const (
	ContentType = "application/json; charset=utf-8"
	UserAgent   = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
)
