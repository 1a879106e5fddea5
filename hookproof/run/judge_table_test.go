package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// The judge is a function of a case and a history. These tables have made-up ones of both.

// caseOf is a case of a relation that is made up.
func caseOf(t *testing.T, r check.Relation) Case {
	t.Helper()
	delivered, err := check.ParseSchedule(life.Payment, r.Left)
	require.NoError(t, err)
	compared, err := check.ParseSchedule(life.Payment, r.Right)
	require.NoError(t, err)
	return Case{Check: check.Check{Name: "order/made-up", Demand: "It is so.", Why: "its cost", Fix: "its fix"}, Relation: r, Delivered: delivered, Compared: compared}
}

// historyOf is a history of a case whose deliveries were answered so, one after the other.
func historyOf(c Case, statuses ...int) History {
	h := History{Schedule: c.Delivered.String(), steps: c.Delivered, answers: make([][]int, len(c.Delivered)), events: map[string]event.Event{}}
	for n, step := range c.Delivered {
		h.events[step.Event] = event.Event{ID: "evt_" + step.Event, Body: []byte("{}")}
		for range step.Copies {
			if at := len(h.Deliveries); at < len(statuses) {
				h.answers[n] = append(h.answers[n], at)
				h.Deliveries = append(h.Deliveries, target.Delivery{Label: step.Event, EventID: "evt_" + step.Event, Sign: event.OrGenuine(step.Sign),
					Genuine: step.Genuine(), Status: statuses[at], SentAt: time.Unix(int64(at), 0)})
			}
		}
	}
	return h
}

// compared is a history of the state that a case came to, and of those that it is compared with.
func compared(c Case, state normalized, references map[string]normalized) History {
	h := historyOf(c)
	h.State, h.References = state, references
	return h
}

var (
	unpaidState   = normalized{"/status": `"open"`, "/n": "0"}
	paidState     = normalized{"/status": `"paid"`, "/n": "1"}
	doubledState  = normalized{"/status": `"paid"`, "/n": "2"}
	refundedState = normalized{"/status": `"refunded"`, "/n": "1"}
)

// judgment is what a row of a table expects.
type judgment struct {
	verdict result.Verdict
	symptom symptom
	why     string
}

func (want judgment) requireOf(t *testing.T, o Outcome) {
	t.Helper()
	require.Equal(t, want.verdict, o.Verdict, o.Why)
	require.Equal(t, want.symptom, o.Symptom, o.Why)
	require.Contains(t, o.Why, want.why)
	require.Equal(t, want.verdict == result.NotRun, o.Reason != nil)
}

// What a history came to outranks what its answers were, and those outrank its state.
func TestAHistoryIsJudgedByTheWorstOfIt(t *testing.T) {
	t.Parallel()
	paid := check.Relation{Left: "paid", Op: "=", Right: "paid"}
	right := map[string]normalized{"paid": paidState}
	for name, row := range map[string]struct {
		relation check.Relation
		statuses []int
		with     func(*History)
		profile  string
		want     judgment
	}{
		"right": {paid, []int{200}, func(h *History) { h.State, h.References = paidState, right }, "strict", judgment{result.Pass, none, ""}},
		"withheld": {paid, []int{0}, func(h *History) { h.Withheld, h.Ended = result.NoEvidenceOf("nobody knows"), true }, "strict",
			judgment{result.NotRun, none, "nobody knows"}},
		"ended": {paid, []int{0}, func(h *History) {
			h.Ended, h.End, h.Overdue, h.Unacknowledged = true, &processEnd{}, true, []string{"paid"}
		}, "strict",
			judgment{result.Fail, processEnded, "after paid the target's process ended"}},
		"overdue": {paid, []int{500}, func(h *History) { h.Overdue, h.Unacknowledged = true, []string{"paid"} }, "strict",
			judgment{result.Fail, tooLate, "paid was not answered within 10s while the database answered nothing"}},
		"overdue, which Stripe does not mind": {paid, []int{200}, func(h *History) { h.Overdue, h.State, h.References = true, paidState, right }, "stripe",
			judgment{result.Pass, none, ""}},
		"overdue and never acknowledged, which it does": {paid, []int{500}, func(h *History) { h.Overdue, h.Unacknowledged = true, []string{"paid"} }, "stripe",
			judgment{result.Fail, neverAcknowledged, "paid was never acknowledged: the last answer was 500"}},
		"never acknowledged": {check.Relation{Left: "paid=ack expired"}, []int{404, 500}, func(h *History) { h.Unacknowledged = []string{"paid", "expired"} }, "strict",
			judgment{result.Fail, neverAcknowledged, "paid, expired was never acknowledged: the last answer was 500"}},
		"a wrong answer": {check.Relation{Left: "paid=ack", Op: "=", Right: "paid"}, []int{500}, func(h *History) { h.State, h.References = doubledState, right }, "strict",
			judgment{result.Fail, wrongAnswer, "paid was answered 500, instead of a 2xx"}},
		"one of several copies": {check.Relation{Left: "paid*3=ack"}, []int{200, 200, 500}, nil, "strict", judgment{result.Fail, wrongAnswer, "paid*3 was answered 500"}},
		"the first of two":      {check.Relation{Left: "paid=ack expired=ack"}, []int{404, 500}, nil, "strict", judgment{result.Fail, wrongAnswer, "paid was answered 404"}},
		"worth knowing":         {check.Relation{Left: "paid=ack? expired=ack"}, []int{302, 200}, nil, "strict", judgment{result.Info, wrongAnswer, "paid was answered 302"}},
		"worth knowing, then wrong": {check.Relation{Left: "paid=ack? expired=ack"}, []int{302, 500}, nil, "strict",
			judgment{result.Fail, wrongAnswer, "expired was answered 500"}},
		"wrong, then worth knowing": {check.Relation{Left: "paid=ack expired=ack?"}, []int{500, 302}, nil, "strict",
			judgment{result.Fail, wrongAnswer, "paid was answered 500"}},
		"answers alone": {check.Relation{Left: "paid=ack"}, []int{200}, func(h *History) { h.State, h.References = doubledState, right }, "strict", judgment{result.Pass, none, ""}},
		"worth knowing, and a wrong state": {check.Relation{Left: "paid=ack?", Op: "=", Right: "paid"}, []int{302}, func(h *History) { h.State, h.References = doubledState, right }, "strict",
			judgment{result.Fail, wrongState, "/n is 2 instead of 1"}},
		"lost": {paid, []int{200}, func(h *History) { h.Lost = "the hook says: no such order" }, "strict",
			judgment{result.Fail, stateLost, "after paid the state is lost: the hook says: no such order"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, row.relation)
			h := historyOf(c, row.statuses...)
			if row.with != nil {
				row.with(&h)
			}
			o := rules{profile: row.profile, timings: target.DefaultTimings}.judge(c, h)
			row.want.requireOf(t, o)
			require.False(t, o.Pending)
			require.Equal(t, h.Schedule, o.History.Schedule)
		})
	}
}

// A state that nobody has read yet waits for the last reading, where the relation is about states.
func TestAStateThatIsNotReadIsPending(t *testing.T) {
	t.Parallel()
	for left, pending := range map[string]bool{"=": true, "≠": true, "∌": true, "": false} {
		c := caseOf(t, check.Relation{Left: "paid", Op: left, Right: "paid"})
		o := usualRules.judge(c, historyOf(c, 200))
		require.Equal(t, result.Pass, o.Verdict, left)
		require.Equal(t, pending, o.Pending, left)
	}
	c := caseOf(t, check.Relation{Left: "paid=ack", Op: "=", Right: "paid"})
	require.False(t, usualRules.judge(c, historyOf(c, 500)).Pending, "what has failed waits for nothing")
}

// What was never acknowledged was done all the same where the state shows it, and the state was made by an event of that name.
func TestWhatIsDoneIsNotLost(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		relation   check.Relation
		state      normalized
		references map[string]normalized
		want       symptom
	}{
		"done":                        {check.Relation{Left: "paid*2", Op: "=", Right: "paid"}, paidState, map[string]normalized{"paid": paidState}, doneUnacknowledged},
		"not done":                    {check.Relation{Left: "paid*2", Op: "=", Right: "paid"}, unpaidState, map[string]normalized{"paid": paidState}, neverAcknowledged},
		"nobody has looked":           {check.Relation{Left: "paid*2", Op: "=", Right: "paid"}, nil, map[string]normalized{"paid": paidState}, neverAcknowledged},
		"no equality":                 {check.Relation{Left: "paid", Op: "≠", Right: "paid"}, paidState, map[string]normalized{"paid": unpaidState}, neverAcknowledged},
		"the state knows it not":      {check.Relation{Left: "expired paid", Op: "=", Right: "expired"}, paidState, map[string]normalized{"expired": paidState}, neverAcknowledged},
		"the state shows no such":     {check.Relation{Left: "paid*2", Op: "=", Right: "paid", If: "paid refund ≠ paid"}, paidState, map[string]normalized{"paid": paidState, "paid refund": paidState}, neverAcknowledged},
		"only one of two is known of": {check.Relation{Left: "expired paid", Op: "=", Right: "paid"}, paidState, map[string]normalized{"paid": paidState}, neverAcknowledged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, row.relation)
			h := compared(c, row.state, row.references)
			h.Deliveries, h.Unacknowledged = []target.Delivery{{Status: 200}, {Status: 503}}, []string{"paid"}
			if name == "only one of two is known of" {
				h.Unacknowledged = []string{"paid", "expired"}
			}
			o := usualRules.judge(c, h)
			require.Equal(t, result.Fail, o.Verdict)
			require.Equal(t, row.want, o.Symptom, o.Why)
			require.Equal(t, row.want == doneUnacknowledged, o.Why == "paid had its effect, and was never acknowledged: the state is as it should be, and the last answer was 503")
			require.Contains(t, o.Why, "the last answer was 503")
		})
	}
}

// Counters move as they should, each of them.
func TestEachCounterIsCompared(t *testing.T) {
	t.Parallel()
	c := caseOf(t, check.Relation{Left: "paid*2", Counts: &result.Counters{Received: 2, Duplicates: 1, Errors: 0}})
	for moved, why := range map[result.Counters]string{
		{Received: 2, Duplicates: 1, Errors: 0}: "",
		{Received: 1, Duplicates: 1, Errors: 0}: "after paid*2 received, duplicates and errors have moved by 1, 1 and 0 instead of 2, 1 and 0",
		{Received: 2, Duplicates: 0, Errors: 0}: "have moved by 2, 0 and 0 instead of 2, 1 and 0",
		{Received: 2, Duplicates: 1, Errors: 1}: "have moved by 2, 1 and 1 instead of 2, 1 and 0",
	} {
		h := historyOf(c, 200, 200)
		h.Moved = &moved
		o := usualRules.judge(c, h)
		require.Equal(t, why != "", o.Verdict == result.Fail, moved)
		require.Equal(t, why != "", o.Symptom == wrongCount, moved)
		require.Contains(t, o.Why, why)
	}
	c = caseOf(t, check.Relation{Left: "paid*2=ack", Counts: &result.Counters{Received: 2}})
	h := historyOf(c, 200, 500)
	h.Moved = &result.Counters{}
	require.Equal(t, wrongAnswer, usualRules.judge(c, h).Symptom, "a wrong answer is told first")
}

// A state is compared with those of other schedules, as the relation says.
func TestStatesAreCompared(t *testing.T) {
	t.Parallel()
	is := func(op, left, right, evidence string) check.Relation {
		return check.Relation{Left: left, Op: op, Right: right, If: evidence}
	}
	all := map[string]normalized{"": unpaidState, "unpaid": unpaidState, "paid": paidState, "paid refund": refundedState}
	blind := map[string]normalized{"": unpaidState, "unpaid": unpaidState, "paid": paidState, "paid refund": paidState}
	unlisted := check.Relation{Left: "unpaid", Op: "∌", Right: "paid", View: "unlisted"}
	listed := map[string]normalized{"": {"/access": "false", "/invoices": "0"}, "unpaid": {"/access": "false", "/invoices": "0"},
		"paid":        {"/rows/0": `"active"`, "/access": "true", "/invoices": "1"},
		"paid refund": {"/rows/0": `"canceled"`, "/access": "false", "/invoices": "1"}}
	for name, row := range map[string]struct {
		relation   check.Relation
		state      normalized
		references map[string]normalized
		want       judgment
		expected   normalized
	}{
		"the same":           {is("=", "paid*2", "paid", ""), paidState, all, judgment{result.Pass, none, ""}, paidState},
		"another":            {is("=", "paid*2", "paid", ""), doubledState, all, judgment{result.Fail, wrongState, "after paid*2, /n is 2 instead of 1"}, paidState},
		"it must differ":     {is("≠", "paid refund", "paid", ""), refundedState, all, judgment{result.Pass, none, ""}, paidState},
		"it does not differ": {is("≠", "paid refund", "paid", ""), paidState, all, judgment{result.Fail, wrongState, "after paid refund the state is the same as after paid"}, paidState},
		"not from nothing":   {is("≠", "paid", "", ""), unpaidState, all, judgment{result.Fail, wrongState, "after paid the state is the same as after nothing"}, unpaidState},
		"nothing shows":      {is("∌", "unpaid", "paid", ""), unpaidState, all, judgment{result.Pass, none, ""}, unpaidState},
		"all shows":          {is("∌", "unpaid", "paid", ""), paidState, all, judgment{result.Fail, wrongState, "after unpaid the state is as after paid"}, unpaidState},
		"one place shows":    {is("∌", "unpaid", "paid", ""), normalized{"/status": `"open"`, "/n": "1"}, all, judgment{result.Fail, wrongState, "after unpaid, /n is 1, as after paid"}, unpaidState},
		"an order is closed": {is("∌", "paid expired", "paid refund", ""), refundedState, all, judgment{result.Fail, wrongState, `after paid expired, /status is "refunded", as after paid refund`}, paidState},
		"it is not":          {is("∌", "paid expired", "paid refund", ""), paidState, all, judgment{result.Pass, none, ""}, paidState},
		"as an unpaid order does, too": {is("∌", "expired", "paid", ""), normalized{"/seats": "1", "/n": "0"}, map[string]normalized{"": {"/seats": "0", "/n": "0"}, "unpaid": {"/seats": "1", "/n": "0"},
			"paid": {"/seats": "1", "/n": "1"}, "paid refund": {"/seats": "0", "/n": "0"}}, judgment{result.Pass, none, ""}, normalized{"/seats": "0", "/n": "0"}},
		"an id tells of no money": {is("∌", "unpaid", "paid", ""), normalized{"/intents/0": `"{{paymentIntent}}"`, "/n": "0"}, map[string]normalized{"": {"/n": "0"}, "paid": {"/intents/0": `"{{paymentIntent}}"`, "/n": "1"},
			"paid refund": {"/intents/0": `"{{paymentIntent}}"`, "/n": "0"}}, judgment{result.Pass, none, ""}, normalized{"/n": "0"}},
		"what a payment takes away": {is("∌", "expired", "paid", ""), normalized{"/n": "0"}, map[string]normalized{"": {"/due": "1", "/n": "0"}, "unpaid": {"/due": "1", "/n": "0"},
			"paid": {"/n": "1"}, "paid refund": {"/due": "1", "/n": "0"}}, judgment{result.Pass, none, ""}, normalized{"/due": "1", "/n": "0"}},
		"a count closes no order": {is("∌", "paid expired", "paid refund", ""), normalized{"/n": "2"}, map[string]normalized{"": {"/n": "0"}, "paid": {"/n": "1"}, "paid refund": {"/n": "2"}},
			judgment{result.Pass, none, ""}, normalized{"/n": "1"}},
		"nor a word in the place of a number": {is("∌", "paid expired", "paid refund", ""), normalized{"/n": `"all"`}, map[string]normalized{"": {"/n": "0"}, "paid": {"/n": "1"}, "paid refund": {"/n": `"all"`}},
			judgment{result.Pass, none, ""}, normalized{"/n": "1"}},
		"nor one that the payment let be": {is("∌", "paid expired", "paid refund", ""), normalized{"/last": `"refunded"`}, map[string]normalized{"": {"/last": `"none"`}, "paid": {"/last": `"none"`}, "paid refund": {"/last": `"refunded"`}},
			judgment{result.Pass, none, ""}, normalized{"/last": `"none"`}},
		"nor an entry of a list": {is("∌", "paid expired", "paid refund", ""), normalized{"/log/0": `"refunded"`}, map[string]normalized{"": {"/log/0": `"open"`}, "paid": {"/log/0": `"paid"`}, "paid refund": {"/log/0": `"refunded"`}},
			judgment{result.Pass, none, ""}, normalized{"/log/0": `"paid"`}},
		"what is on a list of all": {unlisted, normalized{"/rows/0": `"active"`, "/access": "false", "/invoices": "1"}, listed, judgment{result.Pass, none, ""}, listed[""]},
		"not what stands beside it": {unlisted, normalized{"/rows/0": `"active"`, "/access": "true", "/invoices": "1"}, listed,
			judgment{result.Fail, wrongState, "after unpaid, /access is true, as after paid"}, listed[""]},
		"evidence there is": {is("=", "paid*2", "paid", "paid refund ≠ paid"), doubledState, all, judgment{result.Fail, wrongState, "/n is 2"}, paidState},
		"none there is": {is("=", "paid*2", "paid", "paid refund ≠ paid"), doubledState, blind,
			judgment{result.NotRun, none, "the state is the same after paid refund as after paid, so it does not show charge.refunded"}, nil},
		"none of what must not show": {is("∌", "unpaid", "paid", "paid refund ≠ paid"), paidState, blind, judgment{result.NotRun, none, "the state is the same after paid refund as after paid"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, row.relation)
			o := usualRules.judge(c, compared(c, row.state, row.references))
			row.want.requireOf(t, o)
			require.Equal(t, row.expected, o.Want)
			if o.Reason != nil {
				require.Equal(t, result.NoEvidence, o.Reason.Kind)
			}
		})
	}
}

// Where any two subjects differ, a state that differs there alone proves nothing, and one that differs elsewhere as well is wrong.
func TestWhatIsPerObjectIsNoFault(t *testing.T) {
	t.Parallel()
	right := normalized{"/row": "12", "/key": `"key_0000a1"`, "/status": `"paid"`, "/n": "1"}
	with := func(place, value string) normalized {
		state := normalized{"/row": "17", "/key": `"key_0000b2"`, "/status": `"paid"`, "/n": "1"}
		state[place] = value
		return state
	}
	both := []string{"/key", "/row"}
	for name, row := range map[string]struct {
		state     normalized
		perObject []string
		verdict   result.Verdict
	}{
		"both differ for any two":       {with("/n", "1"), both, result.NotRun},
		"nobody has looked":             {with("/n", "1"), nil, result.Fail},
		"one of them does not":          {with("/n", "1"), []string{"/row"}, result.Fail},
		"another place differs as well": {with("/n", "2"), both, result.Fail},
		"a word is nobody's own":        {with("/row", `"none"`), both, result.Fail},
		"what is gone is nobody's own":  {normalized{"/status": `"paid"`, "/n": "1"}, both, result.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, check.Relation{Left: "paid*2", Op: "=", Right: "paid"})
			h := compared(c, row.state, map[string]normalized{"paid": right})
			h.PerObject = row.perObject
			o := usualRules.judge(c, h)
			require.Equal(t, row.verdict, o.Verdict, o.Why)
			if row.verdict == result.NotRun {
				require.Equal(t, `two subjects differ at /key, /row; if that is correct, add to the target file's ignore: ["/key","/row"]`, o.Why)
				require.Equal(t, result.NoEvidence, o.Reason.Kind)
			}
		})
	}
}

// A state that is lost is told with what was done to the target and what it was before.
func TestALostStateIsTold(t *testing.T) {
	t.Parallel()
	lost := "the state hook works for an object from after it, and for this one it says: no such order"
	for name, row := range map[string]struct {
		fault  string
		before normalized
		why    string
	}{
		"a fault":   {"stopped", nil, "after paid, stopped the state is lost: " + lost},
		"a restart": {"", normalized{"/n": "1"}, "after paid the state is lost, which was /n 1 before the restart: " + lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, check.Relation{Left: "paid", Op: "=", Right: "paid", If: "paid refund ≠ paid", Fault: row.fault})
			h := historyOf(c, 200)
			h.Lost, h.Before = "the state hook works for an object from after it, and for this one it says: no such order", row.before
			o := usualRules.judge(c, h)
			require.Equal(t, result.Fail, o.Verdict)
			require.Equal(t, stateLost, o.Symptom)
			require.Equal(t, row.why, o.Why)
			require.Equal(t, row.before, o.Want)
		})
	}
}

// What a case is compared with is what its judge reads.
func TestACaseKnowsItsReferences(t *testing.T) {
	t.Parallel()
	for relation, want := range map[check.Relation][]string{
		{Left: "paid=ack"}:                       nil,
		{Left: "paid*2", Op: "=", Right: "paid"}: {"paid"},
		{Left: "paid", Op: "≠", Right: ""}:       {"paid", ""},
		// What shows money is looked for beside what an unpaid order shows, unless that is what is judged.
		{Left: "expired", Op: "∌", Right: "paid"}: {"", "", "paid", "unpaid"},
		{Left: "unpaid", Op: "∌", Right: "paid"}:  {"", "", "paid"},
		// Of what was paid before, that is the base.
		{Left: "paid expired", Op: "∌", Right: "paid refund"}:              {"", "paid", "paid refund"},
		{Left: "paid*2", Op: "=", Right: "paid", If: "paid refund ≠ paid"}: {"paid", "paid refund", "paid"},
	} {
		require.Equal(t, want, caseOf(t, relation).references(), relation.String())
	}
}

// What two schedules begin with is a case's base, and never all of what it is compared with.
func TestACaseKnowsItsBase(t *testing.T) {
	t.Parallel()
	for sides, base := range map[[2]string]string{
		{"paid expired", "paid refund"}: "paid", {"expired", "paid"}: "", {"paid refund", "paid refund"}: "paid", {"paid", "paid refund dispute"}: "paid",
		{"paid*2 refund", "paid refund"}: "",
	} {
		require.Equal(t, base, caseOf(t, check.Relation{Left: sides[0], Op: "∌", Right: sides[1]}).base(), sides)
	}
}

// A type that a target means to ignore is not demanded of it, and what is more than the compared side has is demanded of nobody.
func TestACaseOfWhatIsIgnoredIsNotAsked(t *testing.T) {
	t.Parallel()
	refunds := []string{"charge.refunded"}
	for relation, ignored := range map[check.Relation]string{
		{Left: "refund=ack"}:                                                             "charge.refunded",
		{Left: "refund=any"}:                                                             "",
		{Left: "paid refund", Op: "≠", Right: "paid"}:                                    "charge.refunded",
		{Left: "paid", Op: "=", Right: "paid"}:                                           "",
		{Left: "paid refund", Op: "=", Right: "paid"}:                                    "", // which must change nothing
		{Left: "paid", Op: "=", Right: "paid refund"}:                                    "charge.refunded",
		{Left: "paid refund*2", Op: "=", Right: "paid refund"}:                           "", // both sides have it
		{Left: "paid refund*2", Op: "=", Right: "paid refund", If: "paid refund ≠ paid"}: "charge.refunded",
		{Left: "refund", Op: "∌", Right: "paid"}:                                         "",
		{Left: "refund", Op: "∌", Right: "paid", If: "paid refund ≠ paid"}:               "charge.refunded",
		{Left: "paid again", Op: "≠", Right: "paid"}:                                     "",
	} {
		require.Equal(t, ignored, caseOf(t, relation).unhandled(refunds), "%s if %s", relation, relation.If)
		require.Empty(t, caseOf(t, relation).unhandled(nil))
	}
}
