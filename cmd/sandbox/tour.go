package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"text/tabwriter"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
	"example.com/hookproof/store"
)

// stop is one line of the tour: a delivery and what the ACK policy says must come of it.
type stop struct {
	what    string
	event   event.Event
	sign    string
	before  func(context.Context) error
	ack     int
	outcome string
	reason  string
	status  string // of the booking afterwards; "" where the database is away
	booking string
}

// tour registers, books, and delivers one webhook of each kind.
func (s *sandbox) tour(ctx context.Context, out io.Writer) (asItShould bool, err error) {
	guest := &client{base: s.server.URL()}
	name := fmt.Sprintf("guest%d@example.com", time.Now().UnixNano())
	if err := guest.register(ctx, name); err != nil {
		return false, err
	}
	ops := &client{base: s.server.URL()}
	if err := ops.signIn(ctx, emailOf(store.Ops), s.secrets.Passwords[store.Ops]); err != nil {
		return false, err
	}
	stops, err := s.stops(ctx, guest)
	if err != nil {
		return false, err
	}
	t := &target.Target{URL: s.server.URL() + "/webhooks/stripe", Secret: s.secrets.Webhook}
	_, _ = fmt.Fprintf(out, "\nThe tour: a guest registers and books twice; then come webhooks.\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "  webhook\tACK\toutcome\treason\tbooking\treceived = processed + duplicates + errors\t")
	asItShould = true
	for _, stop := range stops {
		if stop.before != nil {
			if err := stop.before(ctx); err != nil {
				return false, err
			}
		}
		delivery := t.Deliver(ctx, stop.event, stop.sign)
		said, counts := s.log.lastDelivery(), s.server.WebhookCounts()
		status := "–"
		if stop.status != "" {
			if status, err = ops.bookingStatus(ctx, stop.booking); err != nil {
				return false, err
			}
		}
		mark := "as it should"
		if delivery.Status != stop.ack || said.Outcome != stop.outcome || said.Reason != stop.reason ||
			(stop.status != "" && status != stop.status) || counts.Received != counts.Processed+counts.Duplicates+counts.Errors {
			mark, asItShould = fmt.Sprintf("WRONG: should be %d %s %s %s", stop.ack, stop.outcome, stop.reason, stop.status), false
		}
		_, _ = fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\t%d = %d + %d + %d\t%s\n", stop.what, delivery.Status, said.Outcome, said.Reason,
			status, counts.Received, counts.Processed, counts.Duplicates, counts.Errors, mark)
	}
	return asItShould, table.Flush()
}

// stops books twice and prepares the events of both bookings.
func (s *sandbox) stops(ctx context.Context, guest *client) ([]stop, error) {
	first, err := guest.book(ctx)
	if err != nil {
		return nil, err
	}
	second, err := guest.book(ctx)
	if err != nil {
		return nil, err
	}
	events := map[string]event.Event{}
	for key, source := range map[string]struct {
		name    string
		subject event.Subject
	}{
		"paid":    {"checkout.session.completed", first},
		"expired": {"checkout.session.expired", first},
		"forged":  {"charge.refunded", first},
		"second":  {"checkout.session.completed", second},
		"refund":  {"charge.refunded", second},
	} {
		if events[key], err = life.Payment.New(source.name, source.subject); err != nil {
			return nil, err
		}
	}
	one, two := first["bookingId"].(string), second["bookingId"].(string)
	return []stop{
		{"the first booking's session is paid", events["paid"], "genuine", nil, 200, "processed", "applied", "CONFIRMED", one},
		{"the same event again", events["paid"], "genuine", nil, 200, "duplicate", "event_seen", "CONFIRMED", one},
		{"a forged refund, signed with another secret", events["forged"], "wrong-secret", nil, 400, "rejected", "signature_mismatch", "CONFIRMED", one},
		{"out of order: the session expired, says an event that comes late", events["expired"], "genuine", nil, 200, "processed", "no_change", "CONFIRMED", one},
		{"out of order: the second booking's refund, before its payment", events["refund"], "genuine", nil, 200, "processed", "parked", "PENDING", two},
		{"the second payment, while PostgreSQL is stopped", events["second"], "genuine", s.postgres.Stop, 500, "rejected", "database_unavailable", "", two},
		{"the same event, PostgreSQL is back: paid and refunded", events["second"], "genuine", s.startDatabase, 200, "processed", "applied", "REFUNDED", two},
	}, nil
}

// startDatabase brings PostgreSQL back and waits until the server has noticed.
func (s *sandbox) startDatabase(ctx context.Context) error {
	if err := s.postgres.StartAgain(ctx); err != nil {
		return err
	}
	for deadline := time.Now().Add(15 * time.Second); ; {
		response, err := http.Get(s.server.URL() + "/ready")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server is not ready although PostgreSQL is back")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// suggest prints what to try next, with this sandbox's own values.
func (s *sandbox) suggest(out io.Writer) {
	base := s.server.URL()
	_, _ = fmt.Fprintf(out, `
It stays up until Ctrl-C. To try next, in another terminal: judge it, by %s

  %s

Then:

`, s.judgedBy(), s.judgeLine())
	_, _ = fmt.Fprintf(out, `  curl -s %[1]s/ready
  TOKEN=$(curl -s %[1]s/auth/login -d '{"email":"%[2]s","password":"%[3]s"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
  curl -s %[1]s/admin/metrics -H "Authorization: Bearer $TOKEN"
  curl -s %[1]s/admin/payment-events -H "Authorization: Bearer $TOKEN"
  go run ./cmd/hookproof replay authenticity --url %[1]s/webhooks/stripe --secret %[4]s
  tail -f %[5]s
`, base, emailOf(store.Ops), s.secrets.Passwords[store.Ops], s.secrets.Webhook, s.logPath)
	_, _ = fmt.Fprintf(out, `  %[1]s '%[2]s' -c 'SELECT type, result, reason FROM "PaymentEvent" ORDER BY "createdAt" DESC;'
  %[1]s '%[2]s' -c 'SELECT id, status, "stripeSessionId" FROM "Booking";'
`, s.psql(), s.postgres.URL(database))
}

// judgeLine is the command that judges this sandbox.
func (s *sandbox) judgeLine() string {
	if s.targetFile == "" {
		return fmt.Sprintf("go run ./cmd/hookproof check --url %s/webhooks/stripe --secret %s", s.server.URL(), s.secrets.Webhook)
	}
	return "go run ./cmd/hookproof check --target " + s.targetFile
}

func (s *sandbox) judgedBy() string {
	if s.targetFile == "" {
		return "what can be seen from outside (with psql on the machine, also by its bookings):"
	}
	return "bookings that are made and read in its database:"
}

// client is a user of the server.
type client struct {
	base  string
	token string
}

// refusal is an answer other than 2xx.
type refusal struct {
	request string
	status  int
	body    string
}

func (r refusal) Error() string {
	return fmt.Sprintf("%s answered %d: %s", r.request, r.status, r.body)
}

func (c *client) call(ctx context.Context, method, path string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err = io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return refusal{request: method + " " + path, status: response.StatusCode, body: string(raw)}
	}
	return json.Unmarshal(raw, answer)
}

func (c *client) signIn(ctx context.Context, email, password string) error {
	var answer struct{ Token string }
	err := c.call(ctx, "POST", "/auth/login", map[string]string{"email": email, "password": password}, &answer)
	c.token = answer.Token
	return err
}

func (c *client) register(ctx context.Context, email string) error {
	const password = "a guest's password"
	var answer json.RawMessage
	if err := c.call(ctx, "POST", "/auth/register", map[string]string{"email": email, "password": password}, &answer); err != nil {
		return err
	}
	return c.signIn(ctx, email, password)
}

// slotLength is the shortest that the server takes.
const slotLength = 5 * time.Minute

// book takes a slot of the first resource and answers the booking as events will name it. The slot is one of next
// year's at random, and another where that is taken: a kept directory has the bookings of earlier tours.
func (c *client) book(ctx context.Context) (event.Subject, error) {
	var list struct{ Resources []struct{ ID string } }
	if err := c.call(ctx, "GET", "/resources", nil, &list); err != nil {
		return nil, err
	}
	if len(list.Resources) == 0 {
		return nil, fmt.Errorf("there is no resource to book")
	}
	var b struct {
		ID, StripeSessionID, Currency string
		Amount                        int64
	}
	for tries := 1; ; tries++ {
		from := time.Now().UTC().AddDate(1, 0, 0).Truncate(slotLength).Add(rand.N(100*24*time.Hour) / slotLength * slotLength)
		err := c.call(ctx, "POST", "/bookings", map[string]string{
			"resourceId": list.Resources[0].ID, "startsAt": from.Format(time.RFC3339), "endsAt": from.Add(slotLength).Format(time.RFC3339),
		}, &b)
		var refused refusal
		if errors.As(err, &refused) && refused.status == http.StatusConflict && tries < 10 {
			continue
		}
		return event.Subject{
			"bookingId": b.ID, "metadata.bookingId": b.ID, "clientReferenceId": b.ID,
			"sessionId": b.StripeSessionID, "amount": b.Amount, "currency": b.Currency,
		}, err
	}
}

func (c *client) bookingStatus(ctx context.Context, id string) (string, error) {
	var b struct{ Status string }
	err := c.call(ctx, "GET", "/bookings/"+id, nil, &b)
	return b.Status, err
}
