package webhook

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func BenchmarkVerify(b *testing.B) {
	body := usual()
	now := time.Now()
	h := NewHandler(nil, Config{Secrets: []string{"whsec_x"}, Tolerance: time.Minute, Now: func() time.Time { return now }})
	header := fmt.Sprintf("t=%d,v1=%s", now.Unix(), signature("whsec_x", now.Unix(), string(body)))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if reason := h.verify(body, header); reason != "" {
			b.Fatal(reason)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	body := usual()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, reason := decode(body); reason != "" {
			b.Fatal(reason)
		}
	}
}

// A forgery's whole way: it is read, refused, counted, logged and answered, without a database.
func BenchmarkForged(b *testing.B) {
	body := usual()
	h := NewHandler(nil, Config{Secrets: []string{"whsec_x"}, Tolerance: time.Minute, Now: time.Now, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	r := httptest.NewRequest(http.MethodPost, "/webhooks/stripe", nil)
	r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", time.Now().Unix(), signature("whsec_y", time.Now().Unix(), string(body))))
	w := httptest.NewRecorder()
	w.Body = nil
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	}
}

// usual is a body of a usual event's size.
func usual() []byte {
	return []byte(completed(`,"filler":{"lines":[` + strings.Repeat(`{"id":"li_1NXWPnCWL5fYBtnD","amount":4500,"null":null},`, 50) + `0]}`))
}
