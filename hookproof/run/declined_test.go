package run

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// declining makes a stall answer 400 to what is signed and is of none of some types, as many shops do in the default of a switch.
func declining(answer func(kind string) string, handled ...string) func(*stall) {
	return func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
			e := event.Raw(string(body))
			if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || e.ID == "" || slices.Contains(handled, e.Type) {
				return false
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, answer(e.Type))
			return true
		}
	}
}

func byTypesName(kind string) string { return "Unhandled event type " + kind }

// An endpoint that refuses each type that it does not handle has one fault, and what fails by it is told under it.
func TestTypesThatAreRefusedAreOneFault(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(string) string{"by name": byTypesName, "without a word": func(string) string { return "" }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, declining(answer, "checkout.session.completed", "checkout.session.async_payment_succeeded")).target()
				r, err := Judge(t.Context(), target, Options{Seed: 1, Only: []string{"ack-policy", "order"}, Skip: []string{"order/overtaking"}})
				require.NoError(t, err)
				cause := findingOf(t, r, "ack-policy/unhandled-type")
				require.Equal(t, result.Fail, cause.Verdict)
				require.Empty(t, cause.Because)
				for _, check := range []string{"ack-policy/life", "ack-policy/late-event"} {
					require.Equal(t, result.Fail, findingOf(t, r, check).Verdict)
				}
				for _, f := range r.Findings {
					if f.Verdict == result.Fail && f.Check != cause.Check {
						require.Equal(t, cause.Check, f.Because, "%s: %s", f.Check, f.Why)
					}
				}
			})
		})
	}
}

// A type that is taken at another time is not refused for its type: a late event has its own fault.
func TestWhatIsRefusedForAnotherReasonIsNotExplained(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var paid sync.Map // orders
		target := openStall(t, func(s *stall) {
			declining(byTypesName, "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired",
				"charge.refunded", "charge.dispute.created", "charge.dispute.closed")(s)
			byType := s.answer
			s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				var e stallEvent
				if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil {
					return false
				}
				order := e.Data.Object.Metadata["order"]
				if _, known := paid.Load(order); known && e.Type == "checkout.session.expired" {
					w.WriteHeader(http.StatusBadRequest)
					_, _ = fmt.Fprint(w, byTypesName(e.Type))
					return true
				}
				if order != "" && e.Type == "checkout.session.completed" {
					paid.Store(order, true)
				}
				return byType(n, w, r, body)
			}
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"ack-policy/unhandled-type", "ack-policy/life", "ack-policy/late-event"}})
		require.NoError(t, err)
		require.Equal(t, result.Fail, findingOf(t, r, "ack-policy/unhandled-type").Verdict)
		require.Equal(t, result.Pass, findingOf(t, r, "ack-policy/life").Verdict)
		late := findingOf(t, r, "ack-policy/late-event")
		require.Equal(t, result.Fail, late.Verdict)
		require.Empty(t, late.Because)
	})
}

// Types that unhandled lists are not sent to be acknowledged, apart from the question whether any such type is.
func TestIgnoredTypesAreNotDemanded(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		handled := []string{"checkout.session.completed", "checkout.session.async_payment_succeeded", "topup.created", "payment_intent.succeeded"}
		target := openStall(t, declining(byTypesName, handled...)).target()
		for _, word := range life.Payment.Vocabulary {
			if word.Type != "" && !slices.Contains(handled, word.Type) {
				target.Unhandled = append(target.Unhandled, word.Type)
			}
		}
		checks := []string{"ack-policy/unhandled-type", "ack-policy/life", "ack-policy/late-event", "ack-policy/foreign-object", "ack-policy/conflicts"}
		r, err := Judge(t.Context(), target, Options{Only: append([]string{"order", "idempotence", "meaning"}, checks...), Skip: []string{"idempotence/restart", "idempotence/later"}})
		require.NoError(t, err)
		for _, check := range checks {
			f := findingOf(t, r, check)
			require.Equal(t, result.Pass, f.Verdict, "%s: %s", check, f.Why)
		}
		for _, f := range r.Findings {
			require.NotEqual(t, result.Fail, f.Verdict, "%s: %s", f.Check, f.Why)
		}
		require.Contains(t, findingOf(t, r, "ack-policy/life").NotRun, "paid=ack refund-10=ack refund=ack: unhandled lists charge.refunded")
		for _, f := range r.Findings {
			require.False(t, f.Incomplete(), "%s: %s %s", f.Check, f.Why, f.NotRun)
		}
	})
}

func TestDeclines(t *testing.T) {
	t.Parallel()
	sent := func(id, kind string, status int, answer string) target.Delivery {
		return target.Delivery{EventID: id, EventType: kind, Genuine: true, Status: status, Answer: answer}
	}
	taken := map[string]bool{"checkout.session.completed": true}
	for name, row := range map[string]struct {
		deliveries []target.Delivery
		declines   string
	}{
		"nothing":                      {nil, ""},
		"a type, by name":              {[]target.Delivery{sent("evt_1", "checkout.session.completed", 200, ""), sent("evt_2", "charge.refunded", 400, "no charge.refunded here, evt_2")}, "400 no {{type}} here, {{id}}"},
		"a type, without a word":       {[]target.Delivery{sent("evt_2", "charge.refunded", 404, "")}, "404 "},
		"two types, alike":             {[]target.Delivery{sent("evt_2", "charge.refunded", 404, ""), sent("evt_3", "topup.created", 404, "")}, "404 "},
		"two types, in two ways":       {[]target.Delivery{sent("evt_2", "charge.refunded", 404, ""), sent("evt_3", "topup.created", 500, "")}, ""},
		"a type that is taken":         {[]target.Delivery{sent("evt_2", "checkout.session.completed", 404, "")}, ""},
		"no answer":                    {[]target.Delivery{sent("evt_2", "charge.refunded", 0, "")}, ""},
		"one that was taken after all": {[]target.Delivery{sent("evt_2", "charge.refunded", 500, ""), sent("evt_2", "charge.refunded", 200, "")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.declines, (History{Deliveries: row.deliveries}).declines(taken))
		})
	}
}
