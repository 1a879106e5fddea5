package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// BenchmarkDelivery is one unique delivery's way through the handler and PostgreSQL without the network
// in front, 32 at a time.
func BenchmarkDelivery(b *testing.B) {
	database, err := openDatabase(b.Context(), 50_000, io.Discard)
	require.NoError(b, err)
	defer database.close()
	tmpl, err := newTemplate()
	require.NoError(b, err)
	s, err := store.Open(database.url(filled))
	require.NoError(b, err)
	defer func() { _ = s.Close() }()
	handler := webhook.NewHandler(s, webhook.Config{
		Secrets: []string{webhookSecret}, Tolerance: time.Minute, Now: time.Now, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	var next atomic.Int64
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		signer := newSigner(webhookSecret)
		for pb.Next() {
			body := tmpl.appendBody(nil, next.Add(1))
			r := httptest.NewRequest(http.MethodPost, "/webhooks/stripe", bytes.NewReader(body))
			r.Header.Set("Stripe-Signature", string(signer.sign(time.Now().Unix(), body)))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Errorf("answered %d", w.Code)
			}
		}
	})
}
