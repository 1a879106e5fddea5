package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// failedOf is an outcome of a made-up relation of a check, with the states that it was found by.
func failedOf(t *testing.T, row check.Check, r check.Relation, s symptom, want, state normalized) Outcome {
	t.Helper()
	c := caseOf(t, r)
	c.Check = row
	return Outcome{Case: c, Verdict: result.Fail, Symptom: s, Want: want, History: History{State: state, Unacknowledged: []string{"refund", "dispute"}, End: &processEnd{}}}
}

// Advice belongs to what was found: to what was observed, and to the relation as it was shrunk.
func TestAdviceBelongsToWhatWasFound(t *testing.T) {
	t.Parallel()
	const cost, fix = "its cost", "its fix"
	said := life.Payment.Nouns.In
	forged := check.Check{Name: "authenticity/made-up", Why: said(check.CostForged), Fix: fix}
	inOrder := check.Check{Name: "order/made-up", Why: cost, Fix: fix}
	tied := check.Check{Name: "order/tie", Why: cost, Fix: fix, Relations: []check.Relation{{Left: "tie paid refund-10", Op: "=", Right: "paid"}}}
	counted := check.Check{Name: "idempotence/made-up", Why: cost, Fix: fix}
	same := func(left, right string) check.Relation { return check.Relation{Left: left, Op: "=", Right: right} }
	faulty := same("paid", "paid")
	faulty.Fault = "cut-before"
	late := func(types string) string {
		return "let " + types + " change only what it is about and what is still open: look at the order's state, not at the event alone"
	}
	for name, row := range map[string]struct {
		check       check.Check
		relation    check.Relation
		symptom     symptom
		want, state normalized
		cost, fix   string
	}{
		"the process ended":                  {counted, faulty, processEnded, nil, nil, costEnded, fixEnded},
		"done, and never acknowledged":       {counted, faulty, doneUnacknowledged, paidState, paidState, check.CostRetry, fixAnswer},
		"never acknowledged":                 {counted, same("paid", "paid"), neverAcknowledged, nil, nil, check.CostRetry, "look in the target's log for why it refuses refund and dispute; " + fixAnswer},
		"never acknowledged after a fault":   {counted, faulty, neverAcknowledged, nil, nil, check.CostRetry, fix},
		"a wrong answer":                     {counted, check.Relation{Left: "paid=ack"}, wrongAnswer, nil, nil, cost, fix},
		"a forgery that was acknowledged":    {forged, check.Relation{Left: "wrong-secret:paid=rejected"}, wrongAnswer, nil, nil, costMayBeForged, fix},
		"a forgery that had its effect":      {forged, same("wrong-secret:paid paid", "paid"), wrongAnswer, nil, nil, check.CostForged, fix},
		"another answer alone":               {check.Check{Name: "authenticity/made-up", Why: check.CostRetry, Fix: fix}, check.Relation{Left: "paid=ack"}, wrongAnswer, nil, nil, check.CostRetry, fix},
		"a wrong state":                      {counted, same("paid*2", "paid"), wrongState, paidState, doubledState, cost, fix},
		"a state that is lost":               {inOrder, same("paid*2", "paid"), stateLost, paidState, nil, cost, fixLost},
		"one fact, and two effects":          {inOrder, same("paid async-paid", "paid"), wrongState, paidState, doubledState, check.CostTwice, fixOneFact},
		"a copy, and two effects":            {inOrder, same("paid*2", "paid"), wrongState, paidState, doubledState, check.CostTwice, check.MendDedupe},
		"again, and two effects":             {inOrder, same("paid again", "paid"), wrongState, paidState, doubledState, check.CostTwice, check.MendDedupe},
		"told twice, and two effects":        {inOrder, same("paid refund paid", "paid refund"), wrongState, paidState, doubledState, check.CostTwice, check.MendDedupe},
		"no copy, and two effects":           {inOrder, same("refund paid", "paid refund"), wrongState, paidState, doubledState, cost, fix},
		"a copy, and another status":         {inOrder, same("paid*2", "paid"), wrongState, paidState, unpaidState, cost, fix},
		"a late event undoes":                {inOrder, same("paid expired", "paid"), wrongState, paidState, unpaidState, cost, late("checkout.session.expired")},
		"two late events":                    {inOrder, same("paid refund-10 expired refund dispute", "paid"), wrongState, paidState, unpaidState, cost, late("charge.refunded and checkout.session.expired and charge.dispute.created")},
		"what only prepares is not late":     {inOrder, same("unhandled*4=any refund paid", "paid refund"), wrongState, refundedState, paidState, cost, fix},
		"what must differ has no late event": {inOrder, check.Relation{Left: "paid refund", Op: "≠", Right: "paid"}, wrongState, paidState, paidState, cost, fix},
		"a tie":                              {tied, same("tie paid refund-10", "paid refund-10"), wrongState, paidState, unpaidState, cost, fix},
		"no tie is needed":                   {tied, same("refund-10 paid", "paid refund-10"), wrongState, paidState, unpaidState, check.CostOrder, check.MendOrder},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gotCost, gotFix := advice(failedOf(t, row.check, row.relation, row.symptom, row.want, row.state))
			require.Equal(t, said(row.cost), gotCost)
			require.Equal(t, said(row.fix), gotFix)
		})
	}
}

// Advice on a life of one's own has that life's nouns.
func TestAdviceHasTheNounsOfTheLife(t *testing.T) {
	t.Parallel()
	own := &life.Life{Nouns: life.Nouns{Subject: "account", Grant: "verification", Object: "identity"}}
	o := failedOf(t, check.Check{Name: "order/made-up"}, check.Relation{Left: "paid async-paid", Op: "=", Right: "paid"}, wrongState, paidState, doubledState)
	o.Case.Check.Life = own
	_, fix := advice(o)
	require.Equal(t, "let a verification count once, whichever event reports it: remember the identity and its outcome, not the event's id alone", fix)
}
