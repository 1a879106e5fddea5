package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76/webhook"

	"example.com/hookproof/hookproof/event"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hookproof": main, "verifier": verifierMain, "slowshop": slowShopMain})
}

// vectorSecret is the secret of most signature vectors.
const vectorSecret = "whsec_aG9va3Byb29mLXZlY3RvcnM="

// verifierMain answers signature vectors by stripe-go, which has no clock to set, or as badly as it is told to.
func verifierMain() {
	how := append(os.Args, "well")[1]
	for lines := bufio.NewReader(os.Stdin); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var v question
		if err := json.Unmarshal(line, &v); err != nil {
			panic(err)
		}
		good := v.Header != nil && slices.ContainsFunc(v.Secrets, func(secret string) bool { return timelessly(v.Body, *v.Header, secret) })
		switch {
		case how == "rudely":
			fmt.Println("yes")
		case how == "briefly" && v.ID == 3:
			os.Exit(3)
		case how == "never":
			fmt.Println("refuse")
		case good || how == "gullibly":
			fmt.Println("accept")
		default:
			fmt.Println("refuse")
		}
	}
	if how == "wordily" {
		fmt.Println("accept")
	}
}

// timelessly verifies by stripe-go at whatever time.
func timelessly(body []byte, header, secret string) bool {
	return strings.TrimSpace(secret) != "" &&
		webhook.ValidatePayloadIgnoringTolerance(body, header, secret) == nil
}

// TestScripts runs the command line as its users do, against an endpoint that is right about signatures
// ($GOOD), one that takes everything ($GULLIBLE), and one that has the vectors' secret and tolerates any age
// ($TIMELESS). $UNTRUSTED speaks TLS, with a certificate that nobody knows; $PARSING refuses
// everything, and says why; $PINNED is stripe-go's ConstructEvent, which takes one API version; $SUBSCRIPTIONS is right about
// signatures, and refuses all types but its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP) // under nohup, what a script starts would ignore it, too
	t.Cleanup(func() { signal.Stop(hangUp) })
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
	vectors, err := filepath.Abs("../../fixtures/vectors/stripe-signature.json")
	require.NoError(t, err)
	good, gullible := endpoint(false), endpoint(true)
	timeless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !timelessly(body, r.Header.Get("Stripe-Signature"), vectorSecret) {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(timeless.Close)
	parsing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "payload must be a string, \x1b[2Jnot an object", http.StatusBadRequest)
	}))
	t.Cleanup(parsing.Close)
	pinned := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), "whsec_x"); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(pinned.Close)
	subscriptions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !signed(r.Header.Get("Stripe-Signature"), body) {
			http.Error(w, "bad signature", http.StatusBadRequest)
		} else if !strings.Contains(string(body), `"type": "customer.subscription.`) {
			http.Error(w, "unhandled type", http.StatusBadRequest)
		}
	}))
	t.Cleanup(subscriptions.Close)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // which would tell of every handshake that fails
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"free":    free,
		"deliver": deliver,
		"ended":   ended,
		"lines":   lines,
	}, Setup: func(env *testscript.Env) error {
		env.Setenv("GOOD", good)
		env.Setenv("GULLIBLE", gullible)
		env.Setenv("PARSING", parsing.URL)
		env.Setenv("PINNED", pinned.URL)
		env.Setenv("SUBSCRIPTIONS", subscriptions.URL)
		env.Setenv("TIMELESS", timeless.URL)
		env.Setenv("UNTRUSTED", strings.TrimPrefix(untrusted.URL, "https://"))
		env.Setenv("PLAIN", strings.TrimPrefix(good, "http://"))
		env.Setenv("VECTORS", vectors)
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
		if s == event.Signature("whsec_x", t, body) {
			return true
		}
	}
	return false
}

// free sets a variable to an address that nobody listens on. Its port is none of those that the system gives to connections: one of another
// test could have it while the target is down.
func free(ts *testscript.TestScript, _ bool, args []string) {
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000)))
		if err == nil {
			ts.Setenv(args[0], listener.Addr().String())
			ts.Check(listener.Close())
			return
		}
	}
	ts.Fatalf("no port is free")
}

// deliver posts a file to a URL, as soon as somebody listens there.
func deliver(ts *testscript.TestScript, _ bool, args []string) {
	body := ts.ReadFile(args[1])
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Post(args[0], "application/json", strings.NewReader(body))
		if err == nil {
			ts.Check(response.Body.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("delivering to %s: %v", args[0], err)
		}
	}
}

// TestTheExampleVerifiers runs the vectors by the programs of examples/verifiers.
func TestTheExampleVerifiers(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3; .ci/run installs it")
	}
	var out, errs strings.Builder
	code := run(t.Context(), []string{"vectors", "--exec", "python3", "../../examples/verifiers/verify.py"},
		strings.NewReader(""), &out, &errs, func(string) string { return "" })
	require.Equal(t, passed, code, "%s%s", &out, &errs)
	require.Contains(t, out.String(), " 0 wrong; ")
	require.Contains(t, out.String(), "; 0 not run")
}
