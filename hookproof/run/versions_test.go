package run

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76/webhook"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// An apiVersion that was given can be the wrong one. The endpoint's own version is proposed, whether the endpoint names it or
// refuses without a word, and the secret is not blamed.
func TestAWrongAPIVersionIsNoWrongSecret(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		given, takes string
		status       int
		silent       bool
		bare         bool // a URL alone
	}{
		"the usual one, without a word":      {given: "2024-06-20", takes: "2023-10-16", status: 400, silent: true},
		"the usual one, by a URL alone":      {given: "2025-03-31.basil", takes: "2023-10-16", status: 400, silent: true, bare: true},
		"the usual one, which it names":      {given: "2024-06-20", takes: "2023-10-16", status: 400},
		"another one, without a word":        {given: "2024-06-20", takes: "2022-11-15", status: 400, silent: true},
		"another one, which it names":        {given: "2024-06-20", takes: "2024-12-18.acacia", status: 400},
		"another one, which it names by 500": {given: "2024-06-20", takes: "2024-12-18.acacia", status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, pinnedTo(row.takes, row.status, row.silent)).target()
				target.APIVersion = row.given
				setting := fmt.Sprintf(`put "apiVersion": %q into shop.json`, row.takes)
				if row.bare {
					target.Subject, target.State, target.Announce = nil, nil, nil
					setting = "--api-version " + row.takes
				} else {
					target.File = "shop.json"
				}
				_, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine"}})
				var unusable *Unusable
				require.ErrorAs(t, err, &unusable)
				require.ErrorContains(t, err, "genuine events of API version "+row.given)
				require.ErrorContains(t, err, setting)
				require.NotContains(t, err.Error(), "secret")
			})
		})
	}
}

// An endpoint may refuse a body for two reasons. Where its complaint of the version goes away with the version that it
// names, that is told, and the reason that is left.
func TestAVersionIsProposedWhereMoreIsWrong(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			pinned := &stall{}
			pinnedTo("2024-06-20", 400, false)(pinned)
			s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				if !pinned.answer(n, w, r, body) {
					http.Error(w, "no handler for this event", http.StatusBadRequest)
				}
				return true
			}
		}).target()
		target.File, target.APIVersion = "shop.json", "2025-03-31.basil"
		_, err := Judge(t.Context(), target, Options{})
		require.ErrorContains(t, err, "expects API version 2024-06-20")
		require.ErrorContains(t, err, `put "apiVersion": "2024-06-20" into shop.json`)
		require.ErrorContains(t, err, `answered 400, saying "no handler for this event"`)
		require.NotContains(t, err.Error(), "secret")
	})
}

// A date in an answer is no version, where the answer is the same for every version.
func TestADateInAnAnswerIsNoVersion(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				http.Error(w, "2026-11-30 15:04 bad signature", http.StatusBadRequest)
				return true
			}
		}).target()
		_, err := Judge(t.Context(), target, Options{})
		require.ErrorContains(t, err, "the secret is not the one")
		require.NotContains(t, err.Error(), "apiVersion")
	})
}

// stripe-go's ConstructEvent refuses every other release, as Stripe's documentation for Go shows it and wants the endpoint
// registered: that is worth knowing, and no failure. What refuses another version without saying so, and was not said to take
// one version alone, answers as to a forgery.
func TestAnEndpointThatIsTiedToAVersion(t *testing.T) {
	t.Parallel()
	stripeGo := func(t *testing.T, silent bool) *target.Target {
		server := memnet.OpenDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := endpointtest.Body(r)
			if _, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), endpointtest.Secret); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				if !silent {
					_, _ = io.WriteString(w, err.Error())
				}
			}
		}))
		return &target.Target{URL: server.URL(), Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret}
	}
	for name, row := range map[string]struct {
		given   string
		silent  bool
		verdict result.Verdict
	}{
		"it says so":              {"", false, result.Info},
		"the target file says so": {"2023-10-16", true, result.Info},
		"both say so":             {"2023-10-16", false, result.Info},
		"nobody says so":          {"", true, result.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				endpoint := stripeGo(t, row.silent)
				endpoint.APIVersion = row.given
				r, err := Judge(t.Context(), endpoint, Options{Only: []string{"authenticity/api-versions"}})
				require.NoError(t, err)
				f := findingOf(t, r, "authenticity/api-versions")
				require.Equal(t, row.verdict, f.Verdict, f.Why)
				if row.verdict == result.Info {
					require.Contains(t, f.Why, "IgnoreAPIVersionMismatch")
					require.Contains(t, f.Why, "register the endpoint with 2023-10-16")
				} else {
					require.Contains(t, f.Why, `give it "apiVersion": "2023-10-16"`)
				}
			})
		})
	}
}

// A failure is none of a version's: an endpoint that is tied to one may still not fail on another.
func TestAVersionExcusesARefusalAlone(t *testing.T) {
	t.Parallel()
	item, other := check.Step{Event: "paid-newest", Spec: life.Payment.Vocabulary["paid-newest"], Want: "ack"}, check.Step{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Want: "ack"}
	const says = "Received event with API version 2026-08-26.dahlia, but stripe-go 79.12.0 expects API version 2024-06-20."
	for name, row := range map[string]struct {
		item    check.Step
		given   string
		answer  target.Delivery
		verdict result.Verdict
	}{
		"a refusal, and a version is given":    {item, "2024-06-20", target.Delivery{Status: 400}, result.Info},
		"a refusal that names the version":     {item, "", target.Delivery{Status: 400, Answer: says}, result.Info},
		"a failure that names the version":     {item, "", target.Delivery{Status: 500, Answer: says}, result.Info},
		"a failure without a word":             {item, "2024-06-20", target.Delivery{Status: 500}, result.Fail},
		"no answer":                            {item, "2024-06-20", target.Delivery{}, result.Fail},
		"a refusal without a word":             {item, "", target.Delivery{Status: 400}, result.Fail},
		"a refusal that names the event's own": {item, "", target.Delivery{Status: 400, Answer: "what is 2026-08-26.dahlia?"}, result.Fail},
		"an event of the endpoint's version":   {other, "2024-06-20", target.Delivery{Status: 400}, result.Fail},
		"an ACK":                               {item, "2024-06-20", target.Delivery{Status: 200}, result.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict, why := usualRules.answered(row.item, row.answer)
			verdict, _ = ofVersion(row.item, row.given, row.answer, verdict, why)
			require.Equal(t, row.verdict, verdict)
		})
	}
}
