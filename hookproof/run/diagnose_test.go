package run

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76/webhook"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// pinnedTo is a stall that takes events of one API version, and says of others what stripe-go says, or nothing.
func pinnedTo(version string, status int, silent bool) func(*stall) {
	return func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
			var e struct {
				Version string `json:"api_version"`
			}
			if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil || e.Version == version || e.Version == "" {
				return false
			}
			w.WriteHeader(status)
			if !silent {
				_, _ = fmt.Fprintf(w, "Received event with API version %s, but stripe-go 79.12.0 expects API version %s. We recommend that you create a WebhookEndpoint with this API version.", e.Version, version)
			}
			return true
		}
	}
}

// A target that accepts events of only one API version is told which, and is judged when it is given.
func TestTheAPIVersionThatATargetTakesIsProposed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		version string
		status  int
		silent  bool
		bare    bool // a URL alone
		file    string
		says    string
	}{
		"it says which":            {version: "2024-06-20", status: 400, says: "expects API version 2024-06-20"},
		"it fails, and says which": {version: "2024-12-18.acacia", status: 500, says: "expects API version 2024-12-18.acacia"},
		"it says nothing":          {version: "2024-06-20", status: 400, silent: true},
		"one that nobody pins":     {version: "2024-12-18.acacia", status: 400, bare: true},
		"the newest one":           {version: life.Newest, status: 400, silent: true},
		"a URL alone":              {version: "2025-03-31.basil", status: 400, silent: true, bare: true},
		"a target file":            {version: "2024-06-20", status: 400, file: "shop.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, pinnedTo(row.version, row.status, row.silent)).target()
				target.File = row.file
				if row.bare {
					target.Subject, target.State, target.Announce = nil, nil, nil
				}
				only := Options{Only: []string{"authenticity/genuine", "idempotence/redelivered"}}
				_, err := Judge(t.Context(), target, only)
				var unusable *Unusable
				require.ErrorAs(t, err, &unusable)
				require.ErrorContains(t, err, fmt.Sprintf("answers %d to genuine events of API version 2023-10-16", row.status))
				require.ErrorContains(t, err, "and accepts those of "+row.version)
				require.ErrorContains(t, err, row.says)
				require.NotContains(t, err.Error(), "secret")
				if row.file != "" {
					require.ErrorContains(t, err, `put "apiVersion": "2024-06-20" into shop.json`)
				} else {
					require.ErrorContains(t, err, "--api-version "+row.version)
				}
				target.APIVersion = row.version
				r, err := Judge(t.Context(), target, only)
				require.NoError(t, err)
				require.Equal(t, result.Pass, findingOf(t, r, "authenticity/genuine").Verdict)
				if !row.bare {
					require.Equal(t, result.Pass, findingOf(t, r, "idempotence/redelivered").Verdict, findingOf(t, r, "idempotence/redelivered").Why)
				}
				if row.file == "" {
					require.Contains(t, r.Command, " --api-version "+row.version)
				}
			})
		})
	}
}

// The words are stripe-go's own.
func TestStripeGoNamesItsVersion(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		server := memnet.OpenDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := endpointtest.Body(r)
			if _, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), endpointtest.Secret); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		}))
		endpoint := &target.Target{URL: server.URL(), Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, APIVersion: "2025-03-31.basil"}
		_, err := Judge(t.Context(), endpoint, Options{})
		require.ErrorContains(t, err, "expects API version 2023-10-16")
		require.ErrorContains(t, err, "and accepts those of 2023-10-16; run hookproof with --api-version 2023-10-16")
	})
}

// What is newer than all that is known here cannot be asked, and is no pass.
func TestNoNewerVersionIsNoPass(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		target.APIVersion = life.Newest
		r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/api-versions"}})
		require.NoError(t, err)
		f := findingOf(t, r, "authenticity/api-versions")
		require.Equal(t, result.NotRun, f.Verdict)
		require.Contains(t, f.Why, "hookproof knows no newer one")
	})
}

func TestAnEventIsOfTheVersionThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for version, shape := range map[string]string{
		"": "2023-10-16", "2023-10-16": "2023-10-16", "2020-08-27": "2023-10-16", "2024-06-20": "2023-10-16", "2026-08-26.dahlia": life.Newest, "2027-01-27.endive": life.Newest,
	} {
		e, err := life.Payment.Bind(version, "checkout.session.completed", life.Bound{Subject: life.Payment.Completed(life.Payment.Invented()), ID: "evt_1", Created: 1, Livemode: false})
		require.NoError(t, err)
		var read struct {
			Version string `json:"api_version"`
		}
		require.NoError(t, json.Unmarshal(e.Body, &read))
		require.Equal(t, life.APIVersionOf(version), read.Version)
		require.Equal(t, shape == life.Newest, strings.Contains(string(e.Body), "adaptive_pricing"), version)
	}
}

// An answer that acknowledges may say why nothing was done, and one that refuses why: it stands beside our guess.
func TestWhatATargetSaysIsQuoted(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status int
		why    string
	}{
		"an ACK that does nothing": {200, `The answer was 200, saying "no such order".`},
		"a 404":                    {404, `answers 404 to a POST, saying "no such order"; is the path`},
		"a 500":                    {500, `answers 500 to a genuine delivery, saying "no such order"; look into its log`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				_, err := Judge(t.Context(), openStall(t, func(s *stall) {
					s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
						w.WriteHeader(row.status)
						_, _ = io.WriteString(w, "no such order\n")
						return true
					}
				}).target(), Options{Only: []string{"authenticity/genuine", "meaning/unpaid"}})
				var unusable *Unusable
				require.ErrorAs(t, err, &unusable)
				require.ErrorContains(t, err, row.why)
			})
		})
	}
}

// What a framework answers to forms without its token is no wrong secret.
func TestAProtectionOfFormsIsADiagnosis(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status int
		answer string
		fails  bool
	}{
		"Laravel":      {419, `{"message": "CSRF token mismatch."}`, true},
		"its page":     {419, "<title>Page Expired</title>", true},
		"Django":       {403, "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>", true},
		"Rails":        {422, "Can't verify CSRF token authenticity.", true},
		"a wrong sign": {403, "invalid signature", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, func(s *stall) {
					s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
						w.WriteHeader(row.status)
						_, _ = io.WriteString(w, row.answer)
						return true
					}
				}).target()
				r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine"}})
				if !row.fails {
					require.ErrorContains(t, err, "every genuine delivery was refused")
					return
				}
				require.NoError(t, err)
				require.Equal(t, result.Fail, findingOf(t, r, "authenticity/genuine").Verdict)
				require.Contains(t, findingOf(t, r, "authenticity/genuine").Why, "protects forms against forgery")
			})
		})
	}
}
