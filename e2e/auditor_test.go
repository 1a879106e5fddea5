package e2e

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/target"
)

// audit compares everything that a server left behind — counters, log lines, recorded events, bookings —
// with what was sent to it and what it answered. It shares no code with the server: what an event means
// is told here a second time, as plainly as possible.
func (e *env) audit(journal *target.Journal) {
	e.t.Helper()
	deliveries := journal.Deliveries()
	require.NotEmpty(e.t, deliveries, "an audit of nothing proves nothing")
	for _, d := range deliveries {
		require.NotZero(e.t, d.Status, "%s of %s has no answer: %v", d.EventType, d.Subject, d.Err)
	}
	e.auditCounters(deliveries)
	e.auditLog(deliveries)
	e.auditEvents(deliveries)
	e.auditBookings()
}

// auditCounters: every delivery was counted once, and the sums hold.
func (e *env) auditCounters(deliveries []target.Delivery) {
	e.t.Helper()
	got := e.before.plus(e.counts())
	var acknowledged, refused int64
	for _, d := range deliveries {
		if d.Status/100 == 2 {
			acknowledged++
		} else {
			refused++
		}
	}
	require.EqualValues(e.t, len(deliveries), got.Received, "received")
	require.Equal(e.t, refused, got.Errors, "errors")
	require.Equal(e.t, acknowledged, got.Processed+got.Duplicates, "processed + duplicates")
	var rows int64
	require.NoError(e.t, e.db.QueryRow(`SELECT count(*) FROM "PaymentEvent"`).Scan(&rows))
	require.Equal(e.t, rows, got.Processed, "every processed delivery has a row")
}

var messages = map[string]string{ // message to level
	"Webhook received":                      "INFO",
	"Webhook received: idempotent skip":     "WARN",
	"Webhook signature verification failed": "WARN",
	"Webhook processing error":              "ERROR",
	"Webhook needs review":                  "ERROR",
}

// secretShapes is what no log line may hold, whatever went wrong.
var secretShapes = regexp.MustCompile(`@|whsec_|sk_test_|eyJ|\bpi_|cs_test_|` +
	regexp.QuoteMeta(jwtSecret) + `|` + regexp.QuoteMeta(metricsToken) + `|` + regexp.QuoteMeta(password))

// auditLog: every delivery has one line, with all its fields, and no line says too much.
func (e *env) auditLog(deliveries []target.Delivery) {
	e.t.Helper()
	require.Empty(e.t, secretShapes.FindAllString(e.logs.String(), 3), "in the log")
	require.NotContains(e.t, e.logs.String(), shared.backend.password+"@")

	want, got, settled := map[string]int{}, map[string]int{}, map[string]string{}
	for _, d := range deliveries {
		id := d.EventID
		if d.Status == 400 {
			id = "" // of what was not verified nothing is known, and of what is no event little
		}
		want[id+" "+statusText(d.Status)]++
	}
	for _, line := range e.lines() {
		if message, parked := strings.CutSuffix(line.Msg, ": parked before"); parked {
			require.Equal(e.t, messages[message], line.Level, line.Msg)
			require.Empty(e.t, line.Outcome, "it was counted when it came")
			settled[line.EventID] = line.Reason
		}
		if line.Outcome == "" {
			continue
		}
		require.Equal(e.t, messages[line.Msg], line.Level, line.Msg)
		require.NotEmpty(e.t, line.Reason)
		require.NotNil(e.t, line.DurationMs)
		require.Equal(e.t, line.Outcome == "duplicate", line.Msg == "Webhook received: idempotent skip")
		require.Equal(e.t, line.Outcome == "rejected", line.Status != 200)
		if line.Status == 400 {
			line.EventID = ""
		}
		got[line.EventID+" "+statusText(line.Status)]++
	}
	require.Equal(e.t, want, got, "log lines by event and status")
	for id, reason := range settled {
		var recorded string
		require.NoError(e.t, e.db.QueryRow(`SELECT reason FROM "PaymentEvent" WHERE "stripeEventId" = $1`, id).Scan(&recorded))
		require.Equal(e.t, recorded, reason, "%s was parked, then settled", id)
	}
}

func statusText(status int) string { return string(rune('0'+status/100)) + "xx" }

// auditEvents: exactly what was acknowledged is recorded, once, byte for byte, and only what was signed.
func (e *env) auditEvents(deliveries []target.Delivery) {
	e.t.Helper()
	rows, err := e.db.Query(`SELECT "stripeEventId", type, result, reason, payload FROM "PaymentEvent"`)
	require.NoError(e.t, err)
	defer func() { _ = rows.Close() }()
	recorded := map[string]bool{}
	for rows.Next() {
		var id, typ, result, reason string
		var payload []byte
		require.NoError(e.t, rows.Scan(&id, &typ, &result, &reason, &payload))
		require.False(e.t, recorded[id], "%s recorded twice", id)
		recorded[id] = true
		require.True(e.t, slices.ContainsFunc(deliveries, func(d target.Delivery) bool {
			return d.EventID == id && d.Genuine && bytes.Equal(d.Body, payload)
		}), "%s was recorded, but no genuine delivery had its bytes", id)
	}
	require.NoError(e.t, rows.Err())
	for _, d := range deliveries {
		if d.Status/100 == 2 && !recorded[d.EventID] {
			// Acknowledged without a row of its own: its fact must be there under another id.
			var twins int
			require.NoError(e.t, e.db.QueryRow(`SELECT count(*) FROM "PaymentEvent" WHERE type = $1 AND result = 'processed'
				AND "stripeSessionId" = $2`, d.EventType, factOf(d.Body)).Scan(&twins))
			require.Equal(e.t, 1, twins, "%s was acknowledged and is not recorded", d.EventID)
		}
		if d.Status == 400 && !d.Genuine {
			require.True(e.t, !recorded[d.EventID] || slices.ContainsFunc(deliveries, func(o target.Delivery) bool {
				return o.EventID == d.EventID && o.Genuine
			}), "a forgery was recorded")
		}
	}
}

// wire is an event as the auditor reads it.
type wire struct {
	Type string
	Data struct {
		Object struct {
			ID             string
			PaymentStatus  string `json:"payment_status"`
			Status         string
			AmountRefunded int64 `json:"amount_refunded"`
			Amount         int64
		}
	}
}

func factOf(body []byte) string {
	var w wire
	_ = json.Unmarshal(body, &w)
	return w.Data.Object.ID
}

var (
	statusRank  = []string{"PENDING", "AWAITING_PAYMENT", "EXPIRED", "PAYMENT_FAILED", "CANCELLED", "CONFIRMED", "REFUNDED"}
	disputeRank = []string{"none", "open", "won", "lost"}
)

func later(ranks []string, a, b string) string {
	if slices.Index(ranks, b) > slices.Index(ranks, a) {
		return b
	}
	return a
}

// auditBookings: each booking is the join of its processed events, and nothing else.
func (e *env) auditBookings() {
	e.t.Helper()
	type state struct {
		status, dispute string
		refunded        int64
		refunds, failed map[string]int64
	}
	want := map[string]state{}
	rows, err := e.db.Query(`SELECT b.id, p.payload FROM "Booking" b
		LEFT JOIN "PaymentEvent" p ON p."bookingId" = b.id AND (p.result = 'processed' OR p.reason = 'refund_failed')`)
	require.NoError(e.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var payload []byte
		require.NoError(e.t, rows.Scan(&id, &payload))
		s, known := want[id]
		if !known {
			s = state{status: "PENDING", dispute: "none", refunds: map[string]int64{}, failed: map[string]int64{}}
			if ended := string(e.ended[id]); ended != "" {
				s.status = ended
			}
		}
		if payload != nil {
			var w wire
			require.NoError(e.t, json.Unmarshal(payload, &w))
			o := w.Data.Object
			switch w.Type {
			case "checkout.session.completed":
				s.status = later(statusRank, s.status, map[string]string{
					"paid": "CONFIRMED", "no_payment_required": "CONFIRMED", "unpaid": "AWAITING_PAYMENT",
				}[o.PaymentStatus])
			case "checkout.session.async_payment_succeeded":
				s.status = later(statusRank, s.status, "CONFIRMED")
			case "checkout.session.async_payment_failed":
				s.status = later(statusRank, s.status, "PAYMENT_FAILED")
			case "checkout.session.expired":
				s.status = later(statusRank, s.status, "EXPIRED")
			case "charge.refunded":
				s.refunded = max(s.refunded, o.AmountRefunded)
				if o.AmountRefunded == o.Amount {
					s.status = later(statusRank, s.status, "REFUNDED")
				}
			case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
				if o.Status == "failed" || o.Status == "canceled" {
					s.failed[o.ID] = o.Amount
				} else {
					s.refunds[o.ID] = o.Amount
				}
			case "charge.dispute.created":
				s.dispute = later(disputeRank, s.dispute, "open")
			case "charge.dispute.closed":
				s.dispute = later(disputeRank, s.dispute, map[bool]string{true: "lost", false: "won"}[o.Status == "lost"])
			default:
				require.Fail(e.t, "processed for a booking: "+w.Type)
			}
		}
		want[id] = s
	}
	require.NoError(e.t, rows.Err())

	got := map[string]state{}
	bookings, err := e.db.Query(`SELECT id, status, dispute, "refundedAmount", refunds, "failedRefunds" FROM "Booking"`)
	require.NoError(e.t, err)
	defer func() { _ = bookings.Close() }()
	for bookings.Next() {
		var id string
		var s state
		var refunds, failed []byte
		require.NoError(e.t, bookings.Scan(&id, &s.status, &s.dispute, &s.refunded, &refunds, &failed))
		require.NoError(e.t, json.Unmarshal(refunds, &s.refunds))
		require.NoError(e.t, json.Unmarshal(failed, &s.failed))
		got[id] = s
	}
	require.NoError(e.t, bookings.Err())
	require.Equal(e.t, want, got, "bookings against the events that were processed for them")
}
