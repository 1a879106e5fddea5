package run

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// deskLives are those that a desk is a target of.
func deskLives(t *testing.T) map[string]*life.Life {
	return map[string]*life.Life{"payment": life.Payment, "intent": intentLife(t)}
}

// deskChecks are the checks that a desk is made for, with the life of which each is asked; "" is both.
var deskChecks = map[string]string{
	"idempotence/one-fact-many-types": "", "meaning/refund-failed": "", "meaning/refunds-again": "", "meaning/dispute-then-refund": "", "meaning/second-payment": "",
	"meaning/address": "", "meaning/discounted": "payment", "meaning/taxed": "payment", "meaning/captured-part": "intent", "meaning/not-yet": "intent",
}

func TestADeskIsNotAccused(t *testing.T) {
	t.Parallel()
	for name, adds := range map[string]func(o *deskOrder, state map[string]any){
		"as it is":  nil,
		"a log":     func(o *deskOrder, state map[string]any) { state["log"] = o.log },
		"a version": func(o *deskOrder, state map[string]any) { state["version"] = len(o.log) },
		"objects of Stripe's": func(o *deskOrder, state map[string]any) {
			for _, kind := range []string{"payment_intent", "charge", "invoice", "refund"} {
				state[kind] = append([]string{}, o.objects[kind]...)
			}
		},
		"what is disputed": func(o *deskOrder, state map[string]any) { state["disputed"] = o.sumOf((*deskPayment).isDisputed) },
		"what is gone":     func(o *deskOrder, state map[string]any) { state["gone"] = o.sumOf((*deskPayment).isGone) },
		"what was taken, and what came back": func(o *deskOrder, state map[string]any) {
			state["taken"] = o.sumOf(func(p *deskPayment) bool { return p.withdrawn })
			state["back"] = o.sumOf(func(p *deskPayment) bool { return p.returned || p.dispute == "won" })
		},
		"how many payments have failed": func(o *deskOrder, state map[string]any) { state["failures"] = o.failures },
		"the payer's address": func(o *deskOrder, state map[string]any) {
			name, host, _ := strings.Cut(o.payer, "@") // as a shop shows it to others
			state["payer"] = map[string]any{"address": o.payer, "shown": name[:min(1, len(name))] + "…@" + host}
		},
	} {
		for story, l := range deskLives(t) {
			t.Run(story+"/"+name, func(t *testing.T) {
				t.Parallel()
				memnet.Virtual(t, func(t *testing.T) {
					d := openDesk(t, nil)
					d.adds = adds
					r, err := Judge(t.Context(), d.target(l), Options{Only: []string{"idempotence", "order", "meaning", "ack-policy"}, Seed: 1})
					require.NoError(t, err)
					for _, f := range r.Findings {
						if f.Check == "meaning/refund-checked" && name == "objects of Stripe's" {
							continue // all of what an unlikely refund changes must be ignored
						}
						require.NotEqual(t, result.Fail, f.Verdict, "%s: %s", f.Check, f.Why)
					}
					for check, of := range deskChecks {
						if of == "" || of == story {
							require.Equal(t, result.Pass, findingOf(t, r, check).Verdict, check)
							require.Empty(t, findingOf(t, r, check).NotRun, check)
						}
					}
				})
			})
		}
	}
}

// What a desk does wrong is seen by the check that is about it.
func TestADeskThatIsWrongIsSeen(t *testing.T) {
	t.Parallel()
	ofType := func(types ...string) func(e *deskEvent) bool {
		return func(e *deskEvent) bool { return slices.Contains(types, e.Type) }
	}
	failed := ofType("payment_intent.payment_failed", "charge.failed")
	wonBack := func(e *deskEvent) bool {
		return e.Type == "charge.dispute.funds_reinstated" || e.Type == "charge.dispute.closed" && e.Data.Object.Status == "won"
	}
	for name, row := range map[string]struct {
		lives []string // "" is both
		lie   func(e *deskEvent, o *deskOrder) bool
		adds  func(o *deskOrder, state map[string]any)
		check string
		why   string
	}{
		"each type is a payment": {nil, func(e *deskEvent, o *deskOrder) bool {
			if o.take(*e); strings.HasSuffix(e.Type, ".succeeded") && o.shipped > 0 {
				o.credits += 100
			}
			return true
		}, nil, "idempotence/one-fact-many-types", "/credits is"},
		"an invoice's two types are two payments": {[]string{"payment"}, func(e *deskEvent, o *deskOrder) bool {
			if o.take(*e); e.Type == "invoice.payment_succeeded" {
				o.shipped++
			}
			return true
		}, nil, "idempotence/one-fact-many-types", "/shipped is 2 instead of 1"},
		"a refund's own events are further refunds": {nil, func(e *deskEvent, o *deskOrder) bool {
			if e.Type == "refund.created" {
				o.payment(e.Data.Object.intent()).charged += e.Data.Object.Amount
			}
			return e.Type == "refund.created"
		}, nil, "idempotence/one-fact-many-types", "/refunded is"},
		"a failed refund stays one": {nil, func(e *deskEvent, o *deskOrder) bool {
			return e.Data.Object.Status == "failed" && e.Data.Object.Object == "refund"
		},
			nil, "meaning/refund-failed", "the state is the same as after"},
		"the last refund that comes counts": {nil, func(e *deskEvent, o *deskOrder) bool {
			if e.Type == "charge.refunded" {
				o.payment(e.Data.Object.intent()).charged = e.Data.Object.AmountRefunded
			}
			return e.Type == "charge.refunded"
		}, nil, "meaning/refunds-again", "/refunded is"},
		"a won dispute gives nothing back": {nil, func(e *deskEvent, o *deskOrder) bool { return wonBack(e) }, nil, "meaning/dispute-then-refund", "/credits is 0 instead of 100"},
		"a sum stays gone": {nil, func(e *deskEvent, o *deskOrder) bool { return wonBack(e) },
			func(o *deskOrder, state map[string]any) {
				state["gone"], state["credits"] = o.sumOf(func(p *deskPayment) bool { return p.withdrawn }), o.credits
			}, "meaning/dispute-then-refund", "/gone is 6200 instead of 0"},
		"no refund counts after a dispute": {nil, func(e *deskEvent, o *deskOrder) bool {
			return e.Type == "charge.refunded" && o.payment(e.Data.Object.intent()).dispute != ""
		}, nil, "meaning/dispute-then-refund", "/refunded is 0 instead of 6200"},
		"a late failure undoes a payment": {nil, func(e *deskEvent, o *deskOrder) bool {
			if failed(e) {
				o.undone = "failed"
			} else if o.shipped > 0 {
				return false
			}
			return failed(e)
		}, nil, "meaning/second-payment", `/standing is "failed" instead of "paid"`},
		"a failure is the end": {nil, func(e *deskEvent, o *deskOrder) bool { return o.failures > 0 }, nil, "meaning/second-payment", "/"},
		"any refund is the order's": {[]string{"payment"}, func(e *deskEvent, o *deskOrder) bool {
			if e.Type == "charge.refunded" && e.Data.Object.AmountRefunded == deskPrice {
				o.undone = "refunded"
			}
			return false
		}, nil, "meaning/second-payment", `/standing is "refunded", as after paid refund`},
		"the payer's address is the user": {nil, func(e *deskEvent, o *deskOrder) bool {
			return !slices.Contains([]string{"", o.email}, cmp.Or(e.Data.Object.CustomerDetails.Email, e.Data.Object.ReceiptEmail))
		}, nil, "meaning/address", "/shipped is 0 instead of 1"},
		"a hold is a payment": {[]string{"intent"}, func(e *deskEvent, o *deskOrder) bool {
			if e.Type == "charge.succeeded" {
				o.pay(e.Data.Object, e.Data.Object.Amount, true)
			}
			return e.Type == "charge.succeeded"
		}, nil, "meaning/not-yet", "after pi-capturable charge-held"},
		"what is on its way is a payment": {[]string{"intent"}, func(e *deskEvent, o *deskOrder) bool {
			if e.Type == "payment_intent.processing" {
				o.pay(e.Data.Object, e.Data.Object.Amount, true)
			}
			return e.Type == "payment_intent.processing"
		}, nil, "meaning/not-yet", "after pi-processing"},
		"a part is all": {[]string{"intent"}, func(e *deskEvent, o *deskOrder) bool {
			if e.Type == "charge.captured" || e.Type == "payment_intent.succeeded" {
				o.pay(e.Data.Object, e.Data.Object.Amount, true)
				return true
			}
			return false
		}, nil, "meaning/captured-part", "the state is the same as after"},
	} {
		for story, l := range deskLives(t) {
			if row.lives != nil && !slices.Contains(row.lives, story) {
				continue
			}
			t.Run(name+"/"+story, func(t *testing.T) {
				t.Parallel()
				memnet.Virtual(t, func(t *testing.T) {
					d := openDesk(t, row.lie)
					d.adds = row.adds
					r, err := Judge(t.Context(), d.target(l), Options{Only: []string{row.check}, Seed: 1})
					require.NoError(t, err)
					f := findingOf(t, r, row.check)
					require.Equal(t, result.Fail, f.Verdict, "%s: %s %v", f.Check, f.Why, f.NotRun)
					require.Contains(t, f.Why, row.why)
				})
			})
		}
	}
}

// A desk that refuses payers whose total is not the price is told of it, and is not wrong.
func TestADeskThatRefusesVouchersAndTax(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		d := openDesk(t, func(e *deskEvent, o *deskOrder) bool {
			return e.Data.Object.AmountSubtotal != nil && e.Data.Object.AmountTotal != *e.Data.Object.AmountSubtotal
		})
		r, err := Judge(t.Context(), d.target(life.Payment), Options{Only: []string{"meaning/discounted", "meaning/taxed"}})
		require.NoError(t, err)
		for _, word := range []string{"discounted", "taxed"} {
			f := findingOf(t, r, "meaning/"+word)
			require.Equal(t, result.Info, f.Verdict)
			require.Contains(t, f.Why, `after `+word+`, /standing is "open" instead of "paid"`)
		}
	})
}
