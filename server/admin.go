package server

import (
	"net/http"
	"time"

	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// adminMetrics are the deliveries since the process started. It never asks the database, so that it
// answers during an outage.
func (s *Server) adminMetrics(w http.ResponseWriter, _ *http.Request) error {
	counts := s.webhook.Counts()
	return writeJSON(w, http.StatusOK, map[string]any{
		"webhook": map[string]uint64{
			"received":   counts.Received,
			"processed":  counts.Processed,
			"duplicates": counts.Duplicates,
			"errors":     counts.Errors,
		},
		"reasons": counts.Reasons,
		"since":   s.started.UTC().Format(time.RFC3339),
	})
}

type paymentEventJSON struct {
	ID                    string       `json:"id"`
	StripeEventID         string       `json:"stripeEventId"`
	Type                  string       `json:"type"`
	APIVersion            *string      `json:"apiVersion"`
	Livemode              bool         `json:"livemode"`
	StripeSessionID       *string      `json:"stripeSessionId"`
	StripePaymentIntentID *string      `json:"stripePaymentIntentId"`
	BookingID             *string      `json:"bookingId"`
	Result                store.Result `json:"result"`
	Reason                string       `json:"reason"`
	CreatedAt             time.Time    `json:"createdAt"`
}

func paymentEventAnswer(e store.PaymentEvent) paymentEventJSON {
	return paymentEventJSON{
		ID: e.ID.String(), StripeEventID: e.StripeEventID, Type: e.Type, APIVersion: e.APIVersion, Livemode: e.Livemode,
		StripeSessionID: e.StripeSessionID, StripePaymentIntentID: e.StripePaymentIntentID, BookingID: idOrNil(e.BookingID),
		Result: e.Result, Reason: e.Reason, CreatedAt: e.CreatedAt.UTC(),
	}
}

var paymentEventList = list[store.PaymentEvent]{
	name:   "paymentEvents",
	answer: func(e store.PaymentEvent) any { return paymentEventAnswer(e) },
	at:     func(e store.PaymentEvent) store.Page { return store.Page{CreatedAt: e.CreatedAt, ID: e.ID} },
}

// listPaymentEvents lists recorded events, newest first, with ?result= only those.
func (s *Server) listPaymentEvents(w http.ResponseWriter, r *http.Request) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	result := store.Result(r.URL.Query().Get("result"))
	switch result {
	case "", store.Processed, store.Ignored, store.Review:
	default:
		return badRequest("result must be processed, ignored or review")
	}
	rows, err := s.store.PaymentEvents(r.Context(), result, page.query())
	if err != nil {
		return err
	}
	return paymentEventList.write(w, s.log, page, rows)
}

// WebhookCounts are the deliveries since the server was opened.
func (s *Server) WebhookCounts() webhook.Counts { return s.webhook.Counts() }
