package hookproof

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
)

// How much of an answer is kept, and how much is read and looked at, in bytes: a debugger's page is of 13 to 90 KB, and says
// near its end what it is.
const (
	mostKept = 4 << 10
	mostRead = 1 << 20
)

// sender posts deliveries to a target and keeps them in a journal.
type sender struct {
	target  *Target
	timings Timings
	client  *http.Client
	journal *Journal
}

func newSender(t *Target, journal *Journal) *sender {
	return &sender{target: t, timings: t.Timings.orDefault(), journal: journal, client: &http.Client{
		Transport: t.Transport(),
		// Stripe does not follow redirects, and takes one for a failure.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *sender) close() { s.client.CloseIdleConnections() }

// outgoing is an event on its way: what of, whose, and how it is signed.
type outgoing struct {
	event   Event
	label   string
	subject string
	sign    string
	url     string            // "" is the target's
	headers map[string]string // beside the target's
}

// send signs a outgoing now and posts it once.
func (s *sender) send(ctx context.Context, what outgoing) Delivery {
	way := signings[what.sign]
	sent := way.sign(signer{s.target.Secret, s.target.PreviousSecret, time.Now().Unix(), what.event.Body})
	d := Delivery{
		Label: what.label, Subject: what.subject, EventID: what.event.ID, EventType: what.event.Type,
		Sign: what.sign, Genuine: way.genuine, Body: sent.body, over: sent.over, URL: what.url, SentAt: time.Now(),
	}
	if sent.header != nil {
		d.Header = *sent.header
	}
	if d.URL == "" {
		d.URL = s.target.URL
	}
	d.headers = map[string]string{}
	maps.Copy(d.headers, s.target.Headers)
	maps.Copy(d.headers, what.headers)
	s.post(ctx, sent, &d)
	d.Latency = time.Since(d.SentAt)
	d.inside, d.unread = leak(d.Answer, s.target.secrets()), len(d.Answer) > mostRead
	d.Answer = strings.Clone(d.Answer[:min(len(d.Answer), mostKept)]) // and not what it is a part of
	s.journal.add(d)
	return d
}

// post sends what was signed and fills in how it was answered.
func (s *sender) post(ctx context.Context, sent signed, d *Delivery) {
	ctx, cancel := context.WithTimeout(ctx, s.timings.Answer)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(sent.body))
	if err != nil {
		d.Err = err
		return
	}
	setHeaders(request, d.headers)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", userAgent)
	if sent.header != nil {
		request.Header["Stripe-Signature"] = []string{*sent.header}
	}
	response, err := s.client.Do(request)
	if err != nil {
		d.Err = err
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostRead+1))
	d.Status, d.Answer, d.Location, d.Err = response.StatusCode, string(body), response.Header.Get("Location"), err
	d.software = response.Header.Get("X-Powered-By")
}

// burst sends all shipments at the same time, each on a connection of its own. With a release, the
// target is being held: it is called when every request has been written and none has been answered,
// which makes it certain that all were in flight at once.
func (s *sender) burst(ctx context.Context, what []outgoing, release func() error) ([]Delivery, error) {
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
			deliveries[i] = s.send(traced, what[i])
			answered.Add(1)
		})
	}
	close(gate)
	if release == nil {
		group.Wait()
		return deliveries, nil
	}
	err := s.wait(ctx, s.timings.Flight, func() error {
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

// wait looks again and again until there is nothing to object to, and answers the last objection when
// the time is over.
func (s *sender) wait(ctx context.Context, patience time.Duration, objection func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := objection()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(s.timings.Poll):
		}
	}
}

// Deliver posts one event to the target, signed as the word says (see fixtures' FORMAT.md), now.
func (t *Target) Deliver(ctx context.Context, e Event, sign string) Delivery {
	s := newSender(t, &Journal{})
	defer s.close()
	return s.send(ctx, outgoing{event: e, label: e.Type, sign: sign})
}
