package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// aboutStates are the checks that compare what two lives have come to.
var aboutStates = []string{"order", "meaning"}

// runOf is a run of some checks. order/overtaking compares all of a state.
func runOf(only ...string) Options {
	return Options{Only: only, Skip: []string{"order/overtaking"}, Seed: 1}
}

// What right endpoints show beside what was paid for: each shop takes all of it correctly, and none may be accused.
func TestRightShopsAreNotAccused(t *testing.T) {
	t.Parallel()
	for name, adds := range map[string]func(o stallOrder, state map[string]any){
		"a version that counts changes":        func(o stallOrder, state map[string]any) { state["version"] = len(o.actions) },
		"a flag that payment and expiry clear": func(o stallOrder, state map[string]any) { state["open"] = o.rank < 2 },
		"a phase that payment and expiry end": func(o stallOrder, state map[string]any) {
			state["phase"] = map[bool]string{true: "running", false: "closed"}[o.rank < 2]
		},
		"a list of what was done": func(o stallOrder, state map[string]any) { state["actions"] = o.actions },
		"a list of like things that were done": func(o stallOrder, state map[string]any) {
			state["actions"] = []any{}
			for range o.actions {
				state["actions"] = append(state["actions"].([]any), map[string]any{"kind": "changed", "by": "stripe"})
			}
		},
		"a list of what was done, the newest first": func(o stallOrder, state map[string]any) {
			list := []any{}
			for n := range o.actions {
				from := "nothing"
				if n > 0 {
					from = o.actions[n-1]
				}
				list = append([]any{map[string]any{"from": from, "to": o.actions[n]}}, list...)
			}
			state["history"] = list
		},
		"the type of the last event": func(o stallOrder, state map[string]any) {
			state["last"] = ""
			if len(o.actions) > 0 {
				state["last"] = o.actions[len(o.actions)-1]
			}
		},
		"a row for each refund": func(o stallOrder, state map[string]any) { state["refunds"] = rowsOf(o.refunds...) },
		"a row for each refund, and no sum": func(o stallOrder, state map[string]any) {
			delete(state, "refunded")
			state["refunds"] = rowsOf(o.refunds...)
		},
		"a row for each refund, with the sum so far": func(o stallOrder, state map[string]any) {
			sums, sum := []int{}, 0
			for _, n := range o.refunds {
				sum += n
				sums = append(sums, sum)
			}
			state["refunds"] = rowsOf(sums...)
		},
		"a ledger of the payment and its refunds": func(o stallOrder, state map[string]any) {
			var rows []int
			if o.shipped > 0 {
				rows = append(rows, 4500)
			}
			for _, n := range o.refunds {
				rows = append(rows, -n)
			}
			state["ledger"] = rowsOf(rows...)
		},
		"how many refunds there were": func(o stallOrder, state map[string]any) { state["refundCount"] = len(o.refunds) },
		"a version, a flag and a list": func(o stallOrder, state map[string]any) {
			state["version"], state["open"], state["actions"], state["refunds"] = len(o.actions), o.rank < 2, o.actions, rowsOf(o.refunds...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, func(s *stall) { s.adds = adds }).target(), runOf(aboutStates...))
				require.NoError(t, err)
				requireNone(t, r, result.Fail, result.NotRun)
			})
		})
	}
}

func rowsOf(amounts ...int) []any {
	rows := []any{}
	for n, amount := range amounts {
		rows = append(rows, map[string]any{"id": n + 1, "amount": amount, "currency": "usd", "kind": "booking"})
	}
	return rows
}

// The same states with a fault in them: what the views leave out must hide none.
func TestFaultsShowBesideWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	everything := func(o stallOrder, state map[string]any) {
		state["version"], state["open"], state["actions"] = len(o.actions), o.rank < 2, o.actions
	}
	for name, row := range map[string]struct {
		lie   func(*stall)
		fails []string
		why   string
	}{
		"an expired session is shipped": {func(s *stall) {
			s.adds = everything
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "checkout.session.expired" {
					o.shipped++
				}
				return false
			}
		}, []string{"meaning/expired"}, `after expired, /shipped is 1, as after paid`},
		"a parcel goes for an expired session": {func(s *stall) {
			s.adds = func(o stallOrder, state map[string]any) {
				everything(o, state)
				state["parcels"] = o.shipped
				delete(state, "shipped")
			}
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "checkout.session.expired" {
					o.shipped++
				}
				return false
			}
		}, []string{"meaning/expired"}, `after expired, /parcels is 1, as after paid; if that is nothing that was paid for, add to the target file's ignore: ["/parcels"]`},
		"an unpaid session is paid": {func(s *stall) {
			s.adds = everything
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Data.Object.PaymentStatus == "unpaid" && e.Type == "checkout.session.completed" {
					o.rank = max(o.rank, 4)
				}
				return false
			}
		}, []string{"meaning/unpaid"}, `after unpaid, /status is "rank 4", as after paid`},
		"sums are added up as rows": {func(s *stall) {
			s.adds = func(o stallOrder, state map[string]any) {
				delete(state, "refunded")
				state["refunds"] = rowsOf(o.refunds...)
			}
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "charge.refunded" {
					o.refunds = append(o.refunds, e.Data.Object.AmountRefunded)
					o.refunded = max(o.refunded, e.Data.Object.AmountRefunded)
					return true
				}
				return false
			}
		}, []string{"meaning/refunds-add-up", "order/tie"}, "the sum of /refunds/*/amount is"},
		"sums are added up beside the rows": {func(s *stall) {
			s.adds = func(o stallOrder, state map[string]any) {
				state["refunds"] = rowsOf(o.refunds...)
				sum := 0
				for _, n := range o.refunds {
					sum += n
				}
				state["refunded"] = sum
			}
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "charge.refunded" {
					o.refunds = append(o.refunds, e.Data.Object.AmountRefunded)
					o.refunded = max(o.refunded, e.Data.Object.AmountRefunded)
					return true
				}
				return false
			}
		}, []string{"meaning/refunds-add-up", "order/tie"}, "/refunded is"},
		"the second refund is dropped": {func(s *stall) {
			s.adds = func(o stallOrder, state map[string]any) {
				delete(state, "refunded")
				state["refunds"] = rowsOf(o.refunds...)
			}
			s.before = func(e stallEvent, o *stallOrder) bool { return e.Type == "charge.refunded" && o.refunded > 0 }
		}, []string{"meaning/refunds-add-up"}, "/refunds/0/amount is 450 instead of 1125"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, row.lie).target(), runOf(row.fails...))
				require.NoError(t, err)
				for _, check := range row.fails {
					f := findingOf(t, r, check)
					require.Equal(t, result.Fail, f.Verdict, "%s: %s", check, f.Why)
					require.Contains(t, f.Why, row.why, check)
				}
			})
		})
	}
}

// A target whose refunds do not show: what being paid brings cannot be told from what ends any order, so that all of it must
// be there.
func TestWithoutRefundsAllOfAPaymentMustShow(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		ignoresRefunds := func(e stallEvent, o *stallOrder) bool { return e.Type == "charge.refunded" }
		adds := func(o stallOrder, state map[string]any) {
			state["version"], state["open"] = len(o.actions), o.rank < 2
			delete(state, "refunded")
		}
		only := runOf("meaning/unpaid", "meaning/slow-payment-failed", "meaning/expired", "meaning/amount", "meaning/amount-absent", "meaning/currency")
		r, err := Judge(t.Context(), openStall(t, func(s *stall) { s.before, s.adds = ignoresRefunds, adds }).target(), only)
		require.NoError(t, err)
		requireNone(t, r, result.Fail, result.NotRun)

		paysAtExpiry := func(e stallEvent, o *stallOrder) bool {
			if e.Type == "checkout.session.expired" {
				o.rank, o.shipped, o.actions = 4, 1, append(o.actions, "paid")
			}
			return e.Type == "checkout.session.expired" || ignoresRefunds(e, o)
		}
		r, err = Judge(t.Context(), openStall(t, func(s *stall) { s.before, s.adds = paysAtExpiry, adds }).target(), only)
		require.NoError(t, err)
		require.Equal(t, result.Fail, findingOf(t, r, "meaning/expired").Verdict)
	})
}

// A view that could not be learnt proves no fault: what differs may be a count. Here no refund is acknowledged.
func TestAViewThatIsNotLearntAccusesNobody(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.adds = func(o stallOrder, state map[string]any) { state["version"] = len(o.actions) }
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				refund := bytes.Contains(body, []byte("charge.refunded"))
				if refund {
					w.WriteHeader(http.StatusInternalServerError)
				}
				return refund
			}
		}).target()
		r, err := Judge(t.Context(), target, runOf("order/slow-payment", "meaning/unpaid"))
		require.NoError(t, err)
		f := findingOf(t, r, "order/slow-payment")
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.True(t, f.Incomplete())
		require.Contains(t, f.Why, "refund-25 was never acknowledged, so there is nothing to compare with")
		require.Equal(t, result.Pass, findingOf(t, r, "meaning/unpaid").Verdict)
	})
}

func stateFrom(t *testing.T, text string) normalized {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	c, err := normalize(value, idNames(life.Payment, event.Subject{}), nil)
	require.NoError(t, err)
	return c
}

func TestAccessAndGains(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fresh, granted, ended string
		access, gains         []string
	}{
		"a status":                        {`{"s":"open"}`, `{"s":"paid"}`, `{"s":"refunded"}`, []string{"/s"}, nil},
		"a flag that the end leaves":      {`{"s":"open","o":true}`, `{"s":"paid","o":false}`, `{"s":"refunded","o":false}`, []string{"/s"}, nil},
		"a flag that the end takes back":  {`{"a":false}`, `{"a":true}`, `{"a":false}`, []string{"/a"}, nil},
		"a version":                       {`{"v":0}`, `{"v":1}`, `{"v":2}`, nil, nil},
		"goods that the end leaves":       {`{"n":0}`, `{"n":1}`, `{"n":1}`, nil, []string{"/n"}},
		"goods that the end takes back":   {`{"n":0}`, `{"n":1}`, `{"n":0}`, []string{"/n"}, nil},
		"a history":                       {`{"h":[]}`, `{"h":["paid"]}`, `{"h":["paid","refunded"]}`, nil, nil},
		"a history, the newest first":     {`{"h":[]}`, `{"h":["paid"]}`, `{"h":["refunded","paid"]}`, nil, nil},
		"licences that the end leaves":    {`{"l":[]}`, `{"l":[{"p":"book"}]}`, `{"l":[{"p":"book"}]}`, nil, []string{"/l/0/p"}},
		"licences that the end takes":     {`{"l":[]}`, `{"l":[{"p":"book"}]}`, `{"l":[]}`, []string{"/l/0/p"}, nil},
		"nothing that the end changes":    {`{"s":"open"}`, `{"s":"paid"}`, `{"s":"paid"}`, nil, nil},
		"what the end alone changes":      {`{"s":"open","r":0}`, `{"s":"paid","r":0}`, `{"s":"refunded","r":9}`, []string{"/s"}, nil},
		"the last event's type":           {`{"e":"","s":"a"}`, `{"e":"checkout.session.completed","s":"b"}`, `{"e":"charge.refunded","s":"c"}`, []string{"/s"}, nil},
		"a sum that falls at both":        {`{"due":9}`, `{"due":0}`, `{"due":-9}`, []string{"/due"}, nil},
		"the state itself, as a text":     {`"open"`, `"paid"`, `"refunded"`, []string{""}, nil},
		"lists in lists, numbered places": {`{"a":[{"b":[]}]}`, `{"a":[{"b":[1]}]}`, `{"a":[{"b":[1,2]}]}`, nil, nil},
	} {
		fresh, granted, ended := stateFrom(t, row.fresh), stateFrom(t, row.granted), stateFrom(t, row.ended)
		require.Equal(t, row.access, access(fresh, granted, ended), name)
		require.Equal(t, row.gains, gains(fresh, granted, ended), name)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	row := func(amounts ...int) string { return strings.ReplaceAll(fmt.Sprint(amounts), " ", ",") }
	for name, c := range map[string]struct {
		paid, tenth, quarter, both string
		left, right                string
		differ                     []string
	}{
		"a version":                {`{"v":1}`, `{"v":2}`, `{"v":2}`, `{"v":3}`, `{"v":2}`, `{"v":3}`, nil},
		"a status by its rank":     {`{"s":1}`, `{"s":2}`, `{"s":2}`, `{"s":2}`, `{"s":2}`, `{"s":1}`, []string{"/s"}},
		"a sum":                    {`{"r":0}`, `{"r":450}`, `{"r":1125}`, `{"r":1125}`, `{"r":450}`, `{"r":1125}`, []string{"/r"}},
		"a sum that is added up":   {`{"r":0}`, `{"r":450}`, `{"r":1125}`, `{"r":1575}`, `{"r":1575}`, `{"r":1125}`, []string{"/r"}},
		"rows":                     {`{"r":[]}`, `{"r":` + row(450) + `}`, `{"r":` + row(1125) + `}`, `{"r":` + row(450, 675) + `}`, `{"r":[4500]}`, `{"r":[450,675,3375]}`, nil},
		"rows that add up to more": {`{"r":[]}`, `{"r":[450]}`, `{"r":[1125]}`, `{"r":[450,1125]}`, `{"r":[450,1125]}`, `{"r":[1125]}`, []string{"/r/*"}},
		"rows in units":            {`{"r":[]}`, `{"r":[4.5]}`, `{"r":[11.25]}`, `{"r":[4.5,6.75]}`, `{"r":[4.5,6.75]}`, `{"r":[11.25]}`, nil},
		"rows of sums beside a sum": {`{"t":0,"r":[]}`, `{"t":450,"r":[450]}`, `{"t":1125,"r":[1125]}`, `{"t":1125,"r":[450,1125]}`,
			`{"t":1125,"r":[450,1125]}`, `{"t":1125,"r":[1125]}`, nil},
		"rows that are there twice beside a sum": {`{"t":0,"r":[]}`, `{"t":450,"r":[450]}`, `{"t":1125,"r":[1125]}`, `{"t":1125,"r":[450,675]}`,
			`{"t":1125,"r":[450,675,675]}`, `{"t":1125,"r":[1125]}`, []string{"/r/*"}},
		"rows with a number of their own": {`{"r":[]}`, `{"r":[{"id":1,"n":450}]}`, `{"r":[{"id":1,"n":1125}]}`, `{"r":[{"id":1,"n":450},{"id":2,"n":675}]}`,
			`{"r":[{"id":1,"n":450},{"id":2,"n":675}]}`, `{"r":[{"id":1,"n":1125}]}`, nil},
		"no refunds":            {`{"v":1}`, `{"v":1}`, `{"v":1}`, `{"v":1}`, `{"v":2}`, `{"v":1}`, []string{"/v"}},
		"the last event's type": {`{"e":"checkout.session.completed"}`, `{"e":"charge.refunded"}`, `{"e":"charge.refunded"}`, `{"e":"charge.refunded"}`, `{"e":"checkout.session.completed"}`, `{"e":"charge.refunded"}`, nil},
		"goods twice":           {`{"n":1,"v":1}`, `{"n":1,"v":2}`, `{"n":1,"v":2}`, `{"n":1,"v":3}`, `{"n":2,"v":2}`, `{"n":1,"v":3}`, []string{"/n"}},
	} {
		seen := outcomeOf(map[string]normalized{"paid": stateFrom(t, c.paid), "paid refund-10": stateFrom(t, c.tenth),
			"paid refund-25": stateFrom(t, c.quarter), "paid refund-10 refund-25": stateFrom(t, c.both)}, Case{}.outcomeReferences())
		require.Equal(t, c.differ, seen(stateFrom(t, c.left)).difference(seen(stateFrom(t, c.right))), name)
	}
	unknown := outcomeOf(map[string]normalized{"paid": stateFrom(t, `{"v":1}`)}, Case{}.outcomeReferences())
	require.Equal(t, stateFrom(t, `{"v":2}`), unknown(stateFrom(t, `{"v":2}`)), "nothing is left out where nothing was learnt")
}
