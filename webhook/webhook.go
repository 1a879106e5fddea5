// Package webhook is one delivery of a Stripe event: verify → record → apply → ACK.
//
// The raw body is read, Stripe-Signature is verified over those very bytes, what is used of the event is
// decoded, and one transaction keeps the event together with its effect on the booking. Nothing is
// written before the verification, nothing is acknowledged before the commit, and every delivery is
// answered within ten seconds, whatever the database does.
//
// # The ACK policy
//
//	situation                                                        ACK   outcome
//	signature missing, malformed, stale, future or wrong;            400   rejected
//	  body unreadable, oversized, not JSON, or no event
//	first time: applied, or too late to change anything              200   processed
//	first time: not for us (type, livemode, no booking of ours)      200   processed  (result ignored)
//	first time: ours, but no retry can mend it (amount, currency,    200   processed  (result review)
//	  session, slot given away, unknown payment status), or a
//	  refund that has failed, which is applied as well
//	recorded before: the event's id, or its fact under a new id      200   duplicate
//	anything that a retry can mend (database away or slow,           500   rejected
//	  conflicts, the booking's row not visible yet, no room
//	  for a body of more than 64 KiB)
//
// A 2xx tells Stripe that the event is safe here and need not come again; anything else asks for a
// retry, which Stripe makes for up to three days (https://docs.stripe.com/webhooks#automatic-retries).
// The table itself is the variable policy.
//
// # One set of rules
//
// A delivery goes alone, or with those that are there at the same time, in one transaction. What its event means is
// decided by the same functions either way (notForUs, decide, meaning), and written by the same statement; a group differs
// only in locks and refusals: who would have to wait, or can be refused, goes alone.
//
// # Whose an event is
//
// metadata.bookingId, when it is a UUID, is ours, for nobody else writes it: its row is there, or about to
// be. Else client_reference_id or the session tell, and of charges and disputes the payment intent; an
// event that none of them places is not for us. A booking that does not know its session yet, since its
// creator is on the way or died, adopts the event's; with another session, or one that another booking
// holds, the event is kept for review. Payment intents are learnt from events: a refund or dispute whose
// intent no booking has yet is parked, and the event that brings a booking the intent applies it in its
// own transaction.
//
// # Order does not matter
//
// A booking's payment state is a join-semilattice: an event maps to a value, and the stored value is the
// join of all that were seen. The status is a chain and its join the maximum: PENDING <
// AWAITING_PAYMENT < EXPIRED < PAYMENT_FAILED < CANCELLED < CONFIRMED < REFUNDED; a dispute is another,
// none < open < won < lost; the refunded amount is the largest cumulative one seen; refunds that are told one by one,
// and those that have failed, are sets that only grow. So an expiry that arrives after the payment changes nothing,
// and needs no rule of its own. What a customer has got back is made of these when it is asked for (store.GivenBack).
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"example.com/hookproof/bodies"
	"example.com/hookproof/store"
)

// MaxBody is the largest body that is read, in bytes. Stripe's events are far smaller.
const MaxBody = 1 << 20

// largeBodies is how many bodies of more than bodies.Usual are read at the same time.
const largeBodies = 16

// The parts of the ten seconds in which a delivery is answered.
const (
	readTime = 5 * time.Second // for the body to arrive
	workTime = 4 * time.Second // for the transaction, its retries and the queue before it
)

// Config is what a Handler needs to know. All fields but the last two are required.
type Config struct {
	Secrets   []string      // every signing secret that is current; several while rotating
	Tolerance time.Duration // how far t may be from now, either way; whole seconds
	Livemode  bool          // which events are ours
	Now       func() time.Time
	Log       *slog.Logger
	// Client tells who sends a request, so that one client cannot have all the room for large bodies.
	Client func(*http.Request) netip.Prefix
	// Verified hears of each client that has sent a delivery whose signature is good.
	Verified func(client netip.Prefix)
}

// Handler receives deliveries at POST /webhooks/stripe. It is safe for concurrent use.
type Handler struct {
	config   Config
	secrets  []*secret
	store    *store.Store
	counters counters
	large    *bodies.Places
	queue    queue
	group    group
	working  sync.WaitGroup
}

// NewHandler makes a handler.
func NewHandler(s *store.Store, c Config) *Handler {
	if c.Client == nil {
		c.Client = func(*http.Request) netip.Prefix { return netip.Prefix{} }
	}
	if c.Verified == nil {
		c.Verified = func(netip.Prefix) {}
	}
	return &Handler{config: c, secrets: newSecrets(c.Secrets), store: s, large: bodies.NewPlaces(largeBodies)}
}

// delivery is what is known of one delivery when it is answered. Of a body that was not verified
// nothing is known.
type delivery struct {
	receipt
	event event
	err   error // why the database did not do it; safe to log only through store.Describe
}

// rejected is a delivery of which nothing is kept.
func rejected(reason Reason, e event, err error) delivery {
	return delivery{receipt: receipt{reason: reason}, event: e, err: err}
}

// ServeHTTP answers one delivery. It counts before it answers, so that whoever has the answer can rely
// on the counters, and logs one line.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	d := h.receive(w, r)
	h.report(r.Context(), d, time.Since(start))
	answer(w, d.reason)
	if unread(d.reason) {
		bodies.Discard(w, r)
	}
}

// Take records and applies an event that was fetched from Stripe's API instead of being delivered, and
// so needs no signature. It is counted and logged like a delivery.
func (h *Handler) Take(ctx context.Context, body []byte) Outcome {
	start := time.Now()
	e, refusal := decode(body)
	d := rejected(refusal, e, nil)
	if refusal == "" {
		d = h.inTime(ctx, e)
	}
	h.report(ctx, d, time.Since(start))
	return policy[d.reason].outcome
}

func (h *Handler) report(ctx context.Context, d delivery, took time.Duration) {
	h.counters.count(d.reason, took)
	h.log(ctx, d, took)
}

// receive is the life of one delivery.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (d delivery) {
	defer catch(event{}, &d)
	payload, refusal := h.verified(w, r)
	if refusal != "" {
		return rejected(refusal, event{}, nil)
	}
	e, refusal := decode(payload)
	if refusal != "" {
		return rejected(refusal, event{}, nil)
	}
	return h.inTime(r.Context(), e)
}

// verified reads a body and verifies it. What is verified gets memory of its own, which may outlive the answer;
// that of the reading serves the next, so that a flood of forgeries is no work for the garbage collector.
func (h *Handler) verified(w http.ResponseWriter, r *http.Request) (payload []byte, refusal Reason) {
	client := h.config.Client(r)
	body, err := bodies.Source{Limit: MaxBody, Time: readTime, Places: h.large, Client: client}.Read(w, r)
	switch {
	case errors.Is(err, bodies.ErrTooLarge):
		return nil, BodyTooLarge
	case errors.Is(err, bodies.ErrNoPlace):
		return nil, Overloaded
	case err != nil:
		return nil, BodyUnreadable
	}
	defer body.Free()
	refusal = h.verify(body.Bytes(), r.Header.Get("Stripe-Signature"))
	if refusal != "" {
		return nil, refusal
	}
	h.config.Verified(client)
	return bytes.Clone(body.Bytes()), ""
}

// inTime is recordAndApply with a timer of its own: a context's deadline does not free a read from a
// frozen database. A commit that comes after the answer is harmless, the retry is a duplicate. A
// client that hangs up does not stop the work either.
func (h *Handler) inTime(ctx context.Context, e event) delivery {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTime)
	done := make(chan delivery, 1)
	h.working.Go(func() {
		defer cancel()
		done <- h.work(ctx, e)
	})
	select {
	case d := <-done:
		return d
	case <-time.After(workTime + 500*time.Millisecond): // the context's own end answers more precisely
		return rejected(TimedOut, e, nil)
	}
}

// work takes the event's turn and its transaction, and finds the reason of a failure.
func (h *Handler) work(ctx context.Context, e event) (d delivery) {
	defer catch(e, &d)
	r, err := h.together(ctx, e)
	if errors.Is(err, errAlone) {
		r, err = h.alone(ctx, e)
	}
	switch {
	case err == nil:
		return delivery{receipt: r, event: e}
	case errors.Is(err, errNotVisible):
		return rejected(NotVisible, e, nil)
	case store.Conflict(err), errors.Is(err, errRecorded):
		return rejected(Contended, e, err)
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded): // its own, or that of its group
		return rejected(TimedOut, e, err)
	case store.Unavailable(err):
		return rejected(Unavailable, e, err)
	}
	return rejected(Internal, e, err)
}

// catch makes a panic a delivery like any other, so that it is counted, logged and answered.
func catch(e event, d *delivery) {
	if broken := recover(); broken != nil {
		*d = rejected(Internal, e, fmt.Errorf("panic: %T", broken))
	}
}

// Wait returns when no delivery is being worked on, or when the context ends: a server that is
// shutting down calls it after its last answer.
func (h *Handler) Wait(ctx context.Context) {
	idle := make(chan struct{})
	go func() {
		h.working.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

func (h *Handler) log(ctx context.Context, d delivery, took time.Duration) {
	ack := policy[d.reason]
	attrs := []slog.Attr{
		slog.String("outcome", string(ack.outcome)),
		slog.String("reason", string(d.reason)),
		slog.String("eventId", d.event.id),
		slog.String("eventType", d.event.typ),
		slog.String("bookingId", bookingID(d)),
		slog.Int("status", ack.status),
		slog.Float64("durationMs", float64(took.Microseconds())/1000),
	}
	if d.err != nil {
		attrs = append(attrs, slog.String("error", store.Describe(d.err)))
	}
	h.config.Log.LogAttrs(ctx, ack.level, ack.message, attrs...)
	// What a delivery settled beside its own event was acknowledged long ago and is no outcome of it, but
	// a person may have to look at it.
	for _, parked := range d.settled {
		ack := policy[Reason(parked.Reason)]
		h.config.Log.LogAttrs(ctx, ack.level, ack.message+": parked before", slog.String("reason", parked.Reason),
			slog.String("eventId", parked.StripeEventID), slog.String("eventType", parked.Type), slog.String("bookingId", bookingID(d)))
	}
}

func bookingID(d delivery) string {
	switch {
	case d.bookingID != nil:
		return d.bookingID.String()
	case d.event.object.bookingID != nil: // claimed by a signed event; the row may be on its way
		return d.event.object.bookingID.String()
	}
	return ""
}

// unread tells whether a delivery was refused before its body had been read to its end, so that its connection
// cannot be used again.
func unread(reason Reason) bool {
	return reason == BodyTooLarge || reason == BodyUnreadable || reason == Overloaded
}

// answer writes the ACK. It never says why a delivery was refused: whoever forges would like to know.
func answer(w http.ResponseWriter, reason Reason) {
	status := policy[reason].status
	body, contentType := acknowledged, asJSON
	if status != http.StatusOK {
		body, contentType = problems[status], asProblem
	}
	header := w.Header()
	header["Content-Type"], header["Cache-Control"], header["X-Content-Type-Options"] = contentType, noStore, noSniff
	if unread(reason) {
		header["Connection"] = closing
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

var (
	acknowledged = []byte(`{"received":true}` + "\n")
	problems     = map[int][]byte{
		http.StatusBadRequest:          problem(http.StatusBadRequest),
		http.StatusInternalServerError: problem(http.StatusInternalServerError),
	}

	// The values of headers, made once for all answers. Nobody changes them.
	asJSON    = []string{"application/json"}
	asProblem = []string{"application/problem+json"}
	noStore   = []string{"no-store"}
	noSniff   = []string{"nosniff"}
	closing   = []string{"close"}
)

func problem(status int) []byte {
	return fmt.Appendf(nil, `{"type":"about:blank","title":%q,"status":%d}`+"\n", http.StatusText(status), status)
}
