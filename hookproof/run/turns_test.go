package run

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Of a check's relations that come out alike the first of its row is told, whichever is decided first.
func TestAFailureIsToldOfTheFirstRelation(t *testing.T) {
	t.Parallel()
	for _, relations := range [][]string{{"large=ack", "huge=ack?"}, {"large=ack", "huge=ack"}, {"large=ack?", "huge=ack?"}} {
		row := check.Named("authenticity/large-body")[0]
		row.Relations = check.Answers(relations...)
		for _, order := range [][]int{{0, 1}, {1, 0}} {
			for _, profile := range []string{"strict", "stripe"} {
				rules := rules{profile: profile, timings: target.DefaultTimings}
				cases, err := casesOf(row, check.UsualOrders, 1)
				require.NoError(t, err)
				require.Len(t, cases, 2)
				r := newResults(plan{checks: []planned{{check: row, cases: len(cases)}}}, nil, rules, nil)
				for _, at := range order {
					c, h := cases[at], History{Schedule: cases[at].Left, steps: cases[at].Delivered, answers: [][]int{{0}}}
					h.Deliveries = []target.Delivery{{Status: 413}}
					r.add([]Outcome{rules.judge(c, h)}, 0)
				}
				f := r.findings(nil, nil)[0]
				require.Equal(t, relations[0], f.Schedule, "%v %s", order, profile)
				require.Contains(t, f.Why, "large was answered 413")
			}
		}
	}
}

// An endpoint whose limit is between the two is told of the larger alone.
func TestALimitBetweenTheTwoSizes(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if len(body) > 300<<10 {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					return true
				}
				return false
			}
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/large-body"}})
		require.NoError(t, err)
		f := findingOf(t, r, "authenticity/large-body")
		require.Equal(t, result.Info, f.Verdict)
		require.Equal(t, "huge=ack?", f.Schedule)
	})
}

// A quotation begins with a whole word, and says that more stands before it.
func TestAQuotationBeginsWithAWord(t *testing.T) {
	t.Parallel()
	answer := "<pre>PayloadTooLargeError: request entity too large at readStream (/srv/shop/node_modules/raw-body/index.js:163:17)</pre>"
	for pad := range 60 {
		text := strings.Repeat("x", pad) + " " + answer
		first := strings.Trim(strings.Fields(target.Leak(text, nil))[0], `"…`)
		require.Contains(t, strings.Fields(target.AsRead(text)), first)
	}
	require.Contains(t, target.Leak(answer, nil), "PayloadTooLargeError")
	require.Equal(t, `…"`+strings.Repeat("x", 40)+`panic: nil"`, target.Leak(strings.Repeat("x", 5000)+"panic: nil", nil), "a word without an end is cut")
}

// What unhandled lists and nothing sends is told.
func TestUnhandledThatIsNeverSent(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{
		"charge.refunded":                        "",
		"charge.refund":                          "unhandled lists charge.refund, a type that is never sent; the most similar one that is sent is charge.refunded",
		"checkout.session.async_payment_success": "unhandled lists checkout.session.async_payment_success, a type that is never sent; the most similar one that is sent is checkout.session.async_payment_succeeded",
		"charge.expired":                         "unhandled lists charge.expired, a type that is never sent",
		"customer.created":                       "unhandled lists customer.created, a type that is never sent",
		"file.created":                           "unhandled lists file.created, a type that is never sent",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notes := unsentTypes(life.Payment, []string{name})
			if why == "" {
				require.Empty(t, notes)
			} else {
				require.Equal(t, []string{why}, notes)
			}
		})
	}
}
