package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Ctrl-C ends init while it waits for an answer, and leaves nothing behind.
func TestInitIsInterrupted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	stdin, typing := io.Pipe()
	t.Cleanup(func() { _ = typing.Close() })
	go func() {
		_, _ = io.WriteString(typing, "http://127.0.0.1:3000/hook\n") // returns when it has been read
		cancel()
	}()
	var errs strings.Builder
	code := run(ctx, []string{"init", "--offline", filepath.Join(folder, "x.json")}, stdin, io.Discard, &errs, func(string) string { return "" })
	require.Equal(t, unusable, code)
	require.Equal(t, "hookproof: init: interrupted; nothing was written\n", errs.String())
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

// An endpoint that asks Stripe's API to make an order cannot do that here, and the error says what else there is.
func TestInitSaysWhatMayAskStripe(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/checkout": "/checkout answered 500: Something broke; if it asks Stripe's API, which is not here, let a command make the object (docs/target.md), or give the endpoint Stripe's API (docs/stripe-api.md)\n",
		"/missing":  "/missing answered 404: No such page\n",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/webhook":
					w.WriteHeader(http.StatusOK)
				case "/checkout":
					http.Error(w, "<!DOCTYPE html>\n<title>Error</title>\n<pre>Something broke</pre>", http.StatusInternalServerError)
				default:
					http.Error(w, "No such page", http.StatusNotFound)
				}
			}))
			t.Cleanup(shop.Close)
			file := filepath.Join(t.TempDir(), "x.json")
			var errs strings.Builder
			code := run(t.Context(), []string{"init", "--url", shop.URL + "/webhook", "--secret", "whsec_x", "--life", "payment", "--subject", "POST " + path, "--yes", file},
				strings.NewReader(""), io.Discard, &errs, func(string) string { return "" })
			require.Equal(t, unusable, code)
			require.Equal(t, "hookproof: init: --subject: "+shop.URL+want, errs.String())
			require.NoFileExists(t, file)
		})
	}
}

// What is wrong with a flag's form is told before anything is made at the endpoint.
func TestInitMakesNothingForAFlagThatCannotBe(t *testing.T) {
	t.Parallel()
	var made atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/orders" {
			made.Add(1)
			_, _ = io.WriteString(w, `{"id": "order-1"}`)
		}
	}))
	t.Cleanup(shop.Close)
	for _, row := range [][]string{
		{"--body", "{", "it is not JSON"},
		{"--pick", "clientReferenceId", `"clientReferenceId" is neither name=pointer`},
		{"--state", `psql -c "SELECT 1"`, "there is no shell"},
		{"--ignore", "status", "status is not a JSON pointer, which begins with a slash"},
		{"--unhandled", "refunds", `"refunds" is not an event type, such as charge.refunded`},
		{"--database", "nowhere", `"nowhere" is not host:port`},
		{"--listen", "6432", `"6432" is not host:port`},
		{"--stop", "listener 10.1.2.3:80", "listener takes an address of this machine"},
		{"--start", `{"comand": []}`, "a program to leave running is a JSON object"},
		{"--restart", "perhaps", `say yes or no, and not "perhaps"`},
	} {
		var errs strings.Builder
		code := run(t.Context(), []string{"init", "--url", shop.URL + "/webhook", "--secret", "whsec_x", "--life", "payment", "--subject", "POST /orders", row[0], row[1], "--yes",
			filepath.Join(t.TempDir(), "x.json")}, strings.NewReader(""), io.Discard, &errs, func(string) string { return "" })
		require.Equal(t, unusable, code)
		require.Contains(t, errs.String(), "hookproof: init: "+row[0]+": "+row[2])
	}
	require.Zero(t, made.Load())
}
