package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"example.com/hookproof/hookproof"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hookproof": func() {
		main()
	}})
}

// TestScripts runs the command line as its users do, against an endpoint that is right about signatures
// ($GOOD) and one that takes everything ($GULLIBLE).
func TestScripts(t *testing.T) {
	t.Parallel()
	endpoint := func(gullible bool) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if !gullible && !signed(r.Header.Get("Stripe-Signature"), body) {
				w.WriteHeader(http.StatusBadRequest)
			}
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	good, gullible := endpoint(false), endpoint(true)
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(env *testscript.Env) error {
		env.Setenv("GOOD", good)
		env.Setenv("GULLIBLE", gullible)
		return nil
	}})
}

// signed is good enough for these scripts: any v1 of the header is the body's, at its t.
func signed(header string, body []byte) bool {
	var t int64
	var found []string
	for _, pair := range strings.Split(header, ",") {
		if value, is := strings.CutPrefix(pair, "t="); is {
			for _, digit := range value {
				t = t*10 + int64(digit-'0')
			}
		}
		if value, is := strings.CutPrefix(pair, "v1="); is {
			found = append(found, value)
		}
	}
	for _, s := range found {
		if s == hookproof.Signature("whsec_x", t, body) {
			return true
		}
	}
	return false
}
