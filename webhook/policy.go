package webhook

import (
	"log/slog"
	"net/http"

	"example.com/hookproof/store"
)

// Outcome is what a delivery came to, in the word that operators look for in the log.
type Outcome string

// The outcomes. Every delivery has exactly one, and is counted under it.
const (
	Processed Outcome = "processed" // recorded for the first time
	Duplicate Outcome = "duplicate" // recorded before; nothing was done
	Rejected  Outcome = "rejected"  // nothing was kept
)

// Reason says why a delivery had its outcome. It is also kept beside the event in "PaymentEvent".
type Reason string

// The reasons: a closed list. docs/runbooks/observability.md tells what to do about each.
const (
	Applied  Reason = "applied"
	NoChange Reason = "no_change"

	TypeNotHandled Reason = "type_not_handled"
	OtherLivemode  Reason = "other_livemode"
	NoBooking      Reason = "no_booking"
	Parked         Reason = "parked"

	SessionDiffers       Reason = "session_differs"
	SessionTaken         Reason = "session_taken"
	PaymentStatusUnknown Reason = "payment_status_unknown"
	AmountDiffers        Reason = "amount_differs"
	CurrencyDiffers      Reason = "currency_differs"
	RefundOutOfRange     Reason = "refund_out_of_range"
	SlotGivenAway        Reason = "slot_given_away"
	RefundFailed         Reason = "refund_failed"

	EventSeen Reason = "event_seen"
	FactSeen  Reason = "fact_seen"

	BodyUnreadable     Reason = "body_unreadable"
	BodyTooLarge       Reason = "body_too_large"
	Overloaded         Reason = "overloaded"
	SignatureMissing   Reason = "signature_missing"
	SignatureMalformed Reason = "signature_malformed"
	SignatureStale     Reason = "signature_stale"
	SignatureFuture    Reason = "signature_future"
	SignatureMismatch  Reason = "signature_mismatch"

	NotJSON     Reason = "not_json"
	NotAnEvent  Reason = "not_an_event"
	NotVisible  Reason = "booking_not_visible"
	Unavailable Reason = "database_unavailable"
	Contended   Reason = "database_contended"
	TimedOut    Reason = "timeout"
	Internal    Reason = "internal"
)

// The operator's words: the message of a delivery's log line.
const (
	received        = "Webhook received"
	skipped         = "Webhook received: idempotent skip"
	unverified      = "Webhook signature verification failed"
	processingError = "Webhook processing error"
	needsReview     = "Webhook needs review"
)

// ack is an acknowledgement: what it means to everybody who hears of it, which are Stripe, the counters, the database
// and the operator.
type ack struct {
	status  int
	outcome Outcome
	result  store.Result // of the recorded event; "" where none is recorded
	message string
	level   slog.Level
}

// The acknowledgements that there are.
var (
	ackApplied   = ack{http.StatusOK, Processed, store.Processed, received, slog.LevelInfo}
	ackIgnored   = ack{http.StatusOK, Processed, store.Ignored, received, slog.LevelInfo}
	ackReview    = ack{http.StatusOK, Processed, store.Review, needsReview, slog.LevelError}
	ackDuplicate = ack{http.StatusOK, Duplicate, "", skipped, slog.LevelWarn}
	ackRefused   = ack{http.StatusBadRequest, Rejected, "", unverified, slog.LevelWarn}       // not Stripe's, for all we know
	ackBroken    = ack{http.StatusBadRequest, Rejected, "", processingError, slog.LevelError} // Stripe's, and no event
	ackFailed    = ack{http.StatusInternalServerError, Rejected, "", processingError, slog.LevelError}
)

// policy is the ACK table: it is the only place that knows which answer a reason gets.
var policy = map[Reason]ack{
	Applied:  ackApplied,
	NoChange: ackApplied,

	TypeNotHandled: ackIgnored,
	OtherLivemode:  ackIgnored,
	NoBooking:      ackIgnored,
	Parked:         ackIgnored,

	SessionDiffers:       ackReview,
	SessionTaken:         ackReview,
	PaymentStatusUnknown: ackReview,
	AmountDiffers:        ackReview,
	CurrencyDiffers:      ackReview,
	RefundOutOfRange:     ackReview,
	SlotGivenAway:        ackReview,
	RefundFailed:         ackReview, // the one of them that changes its booking

	EventSeen: ackDuplicate,
	FactSeen:  ackDuplicate,

	BodyUnreadable:     ackRefused,
	BodyTooLarge:       ackRefused,
	Overloaded:         ackFailed,
	SignatureMissing:   ackRefused,
	SignatureMalformed: ackRefused,
	SignatureStale:     ackRefused,
	SignatureFuture:    ackRefused,
	SignatureMismatch:  ackRefused,

	NotJSON:    ackBroken,
	NotAnEvent: ackBroken,

	NotVisible:  ackFailed,
	Unavailable: ackFailed,
	Contended:   ackFailed,
	TimedOut:    ackFailed,
	Internal:    ackFailed,
}
