package run

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// A mirror that shows what an unpaid session is to cost is told of ignore, and not that goods are sent for nothing.
func TestAMirrorIsToldOfIgnore(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		mirror := func(s *stall) {
			s.shows = func(o map[string]any) any {
				o["sessions"] = []any{}
				if o["status"] != "rank 0" {
					o["sessions"] = []any{map[string]any{"amount_total": 4500, "currency": "usd"}}
				}
				return o
			}
		}
		target := openStall(t, mirror).target()
		only := Options{Only: []string{"meaning/unpaid", "meaning/slow-payment-failed"}}
		r, err := Judge(t.Context(), target, only)
		require.NoError(t, err)
		for _, f := range r.Findings {
			require.Equal(t, result.NotRun, f.Verdict, f.Why)
			require.True(t, f.Incomplete())
			require.Contains(t, f.Why, "/sessions/0/amount_total is 4500, /sessions/0/currency is \"usd\", as after paid and as the event says")
		}
		m := proposed.FindStringSubmatch(r.Findings[0].Why)
		require.NotNil(t, m)
		require.NoError(t, json.Unmarshal([]byte(m[1]), &target.Ignore))
		require.Equal(t, []string{"/sessions/*/amount_total", "/sessions/*/currency"}, target.Ignore)
		r, err = Judge(t.Context(), target, only)
		require.NoError(t, err)
		requireNone(t, r, result.Fail, result.NotRun)
	})
}

// What is credited for an unpaid session is no mirror's, though it is the amount.
func TestACreditIsNoMirror(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"balance", "amountPaid", "credits"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, func(s *stall) {
					s.shows = func(o map[string]any) any {
						o["amount"], o[name] = 0, 0
						if o["status"] != "rank 0" {
							o["amount"], o[name] = 4500, 4500
						}
						return o
					}
				}).target(), Options{Only: []string{"meaning/unpaid"}})
				require.NoError(t, err)
				f := findingOf(t, r, "meaning/unpaid")
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Contains(t, f.Why, "/"+name+" is 4500, as after paid")
				require.NotContains(t, f.Why, "ignore")
			})
		})
	}
}

// That a forged delivery was accepted says nothing of what it did; where its effect was seen, that is said.
func TestForgeriesCostWhatWasSeen(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		unsigned := func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) { // it asks Stripe, which does not know it
					w.WriteHeader(http.StatusOK)
					return true
				}
				return false
			}
		}
		r, err := Judge(t.Context(), openStall(t, unsigned).target(), Options{Only: []string{"authenticity/unsigned", "authenticity/wrong-secret", "authenticity/no-effect"}})
		require.NoError(t, err)
		for _, c := range []string{"authenticity/unsigned", "authenticity/wrong-secret"} {
			f := findingOf(t, r, c)
			require.Equal(t, result.Fail, f.Verdict)
			require.Equal(t, life.Payment.Nouns.In(costMayBeForged), f.Importance)
		}
		require.Equal(t, result.Pass, findingOf(t, r, "authenticity/no-effect").Verdict)

		believes := func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				now := time.Now().Unix()
				r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now, event.Signature(endpointtest.Secret, now, body)))
				return false
			}
		}
		r, err = Judge(t.Context(), openStall(t, believes).target(), Options{Only: []string{"authenticity/no-effect"}})
		require.NoError(t, err)
		f := findingOf(t, r, "authenticity/no-effect")
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, life.Payment.Nouns.In(check.CostForged), f.Importance)
	})
}
