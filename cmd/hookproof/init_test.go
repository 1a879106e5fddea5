package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
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
