package store

import (
	"database/sql"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// entryArrays are entries column by column, as keepSQL takes them.
type entryArrays struct {
	events, types, results, changed, unchanged             []string
	versions, sessions, intents                            []sql.NullString
	livemodes                                              []bool
	bookings                                               []*uuid.UUID
	payloads                                               []byte  // one after another
	starts, lengths                                        []int64 // of each in it, counted from 1
	toStatuses, toDisputes, toSessions, toPaymentIntentIDs []sql.NullString
	toRefunded                                             []int64
}

func (a *entryArrays) add(e Entry) {
	if e.IfChanged == "" {
		e.IfChanged = e.Reason
	}
	a.events = append(a.events, e.StripeEventID)
	a.types = append(a.types, e.Type)
	a.versions = append(a.versions, nullable(e.APIVersion))
	a.livemodes = append(a.livemodes, e.Livemode)
	a.sessions = append(a.sessions, nullable(e.StripeSessionID))
	a.intents = append(a.intents, nullable(e.StripePaymentIntentID))
	a.bookings = append(a.bookings, e.BookingID)
	a.results = append(a.results, string(e.Result))
	a.changed = append(a.changed, e.IfChanged)
	a.unchanged = append(a.unchanged, e.Reason)
	a.starts = append(a.starts, int64(len(a.payloads))+1)
	a.lengths = append(a.lengths, int64(len(e.Payload)))
	a.payloads = append(a.payloads, e.Payload...)
	a.toStatuses = append(a.toStatuses, orNull(string(e.Change.Status)))
	a.toDisputes = append(a.toDisputes, orNull(string(e.Change.Dispute)))
	a.toRefunded = append(a.toRefunded, e.Change.RefundedAmount)
	a.toSessions = append(a.toSessions, nullable(e.Change.SessionID))
	a.toPaymentIntentIDs = append(a.toPaymentIntentIDs, nullable(e.Change.PaymentIntentID))
}

func (a *entryArrays) arguments() []any {
	return []any{
		pq.Array(a.events), pq.Array(a.types), pq.Array(a.versions), pq.Array(a.livemodes), pq.Array(a.sessions),
		pq.Array(a.intents), pq.Array(a.bookings), pq.Array(a.results), pq.Array(a.changed), pq.Array(a.unchanged),
		pq.Array(a.starts), pq.Array(a.lengths), pq.Array(a.toStatuses), pq.Array(a.toDisputes), pq.Array(a.toRefunded),
		pq.Array(a.toSessions), pq.Array(a.toPaymentIntentIDs), a.payloads,
	}
}

// orNull passes the empty word as NULL, which GREATEST leaves out.
func orNull(word string) sql.NullString { return sql.NullString{String: word, Valid: word != ""} }

func nullable(text *string) sql.NullString {
	if text == nil {
		return sql.NullString{}
	}
	return sql.NullString{String: *text, Valid: true}
}
