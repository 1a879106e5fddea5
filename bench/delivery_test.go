package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// BenchmarkDelivery is one unique delivery's way through the handler and PostgreSQL without the network
// in front, 32 at a time.
func BenchmarkDelivery(b *testing.B) {
	bench := &bench{}
	require.NoError(b, bench.database(b.Context(), io.Discard))
	defer bench.close()
	s, err := store.Open(bench.postgres.URL("bench_server"))
	require.NoError(b, err)
	defer func() { _ = s.Close() }()
	handler := webhook.NewHandler(s, webhook.Config{
		Secrets: []string{webhookSecret}, Tolerance: time.Minute, Now: time.Now, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := bench.body(bench.next.Add(1))
			t := time.Now().Unix()
			r := httptest.NewRequest(http.MethodPost, "/webhooks/stripe", bytes.NewReader(body))
			r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", t, hookproof.Signature(webhookSecret, t, body)))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Errorf("answered %d", w.Code)
			}
		}
	})
}
