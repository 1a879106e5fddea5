package run

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Findings are made of outcomes. These tables have made-up ones.

func cameTo(verdict result.Verdict, why *result.NotJudged) Outcome {
	o := Outcome{Verdict: verdict, Why: string(verdict)}
	if why != nil {
		o = o.notRun(why)
	}
	return o
}

var (
	passed   = cameTo(result.Pass, nil)
	informed = cameTo(result.Info, nil)
	broken   = cameTo(result.Fail, nil)
	withheld = cameTo(result.NotRun, result.NoEvidenceOf("nobody knows"))
	unasked  = cameTo(result.NotRun, &result.NotJudged{Kind: result.NothingToAsk, Text: "there is nothing to ask"})
	late     = cameTo(result.NotRun, &result.NotJudged{Kind: result.OverBudget, Text: "out of time (1s)"})
)

func entryOf(outcomes ...Outcome) *entry {
	return &entry{planned: planned{check: check.Check{Name: "order/made-up", Demand: "It is so."}, cases: len(outcomes)}, outcomes: outcomes, decided: len(outcomes)}
}

// A check is as bad as the worst of its cases, of which what there is nothing to ask about is none.
func TestACheckIsAsBadAsItsWorstCase(t *testing.T) {
	t.Parallel()
	for want, rows := range map[result.Verdict][][]Outcome{
		result.Pass:   {{}, {passed}, {passed, unasked}, {unasked}},
		result.Info:   {{informed}, {passed, informed, passed}, {informed, unasked}},
		result.NotRun: {{withheld}, {informed, withheld, passed}, {late, informed}},
		result.Fail:   {{broken}, {withheld, broken, withheld}, {late, informed, broken, unasked}},
	} {
		for _, outcomes := range rows {
			require.Equal(t, want, entryOf(outcomes...).worst().Verdict, "%v", outcomes)
		}
	}
	require.Equal(t, "nobody knows", entryOf(withheld, late).worst().Why, "of two the first is told")
	second := withheld
	second.Case.Row = 1
	require.Equal(t, 0, entryOf(second, late).worst().Case.Row, "the first of the row, and not what was decided first")
}

// A check is decided when all of its cases are, or when one has failed.
func TestWhenACheckIsDecided(t *testing.T) {
	t.Parallel()
	pending := passed
	pending.Pending = true
	for name, row := range map[string]struct {
		outcomes []Outcome
		cases    int
		wholeRun string
		run      *Sighting
		decided  bool
	}{
		"nothing to decide":             {nil, 0, "", nil, true},
		"all":                           {[]Outcome{passed, withheld}, 2, "", nil, true},
		"not yet all":                   {[]Outcome{passed}, 2, "", nil, false},
		"one that waits":                {[]Outcome{passed, pending}, 2, "", nil, false},
		"one that waits, and a failure": {[]Outcome{pending, broken}, 3, "", nil, true},
		"not the whole run yet":         {nil, 0, "leaks", nil, false},
		"the whole run":                 {nil, 0, "leaks", &Sighting{Verdict: result.Pass}, true},
	} {
		e := entryOf(row.outcomes...)
		e.cases, e.check.WholeRun, e.run = row.cases, row.wholeRun, row.run
		require.Equal(t, row.decided, e.isDecided(), name)
	}
}

// A finding has what its worst outcome is of.
func TestAFindingIsMadeOfOutcomes(t *testing.T) {
	t.Parallel()
	relation := check.Relation{Left: "paid*2", Op: "=", Right: "paid"}
	c := caseOf(t, relation)
	wrong := Outcome{Case: c, Verdict: result.Fail, Symptom: wrongState, Why: " /n is 2 instead of 1 ", Want: paidState, shrinkStopped: "out of time (1s)", History: History{
		Schedule: "paid*2", State: doubledState,
		Deliveries: []target.Delivery{{Label: "paid", Sign: "genuine", Status: 200, SentAt: time.Unix(1, 0)}, {Label: "paid", Sign: "genuine", Status: 500, SentAt: time.Unix(3, 0)}},
		Between:    []target.Delivery{{Fault: "stopped and started", SentAt: time.Unix(2, 0)}},
	}}
	of := func(o Outcome) Outcome { o.Case = c; return o }
	finding := func(strict bool, profile string, outcomes ...Outcome) result.Finding {
		e := entryOf(outcomes...)
		e.check.Strict, e.check.Why, e.check.Fix = strict, "its cost", "its fix"
		e.took = time.Second
		return newResults(plan{}, nil, rules{profile: profile, timings: target.DefaultTimings}, nil).finding(e)
	}

	f := finding(false, "strict", passed, wrong)
	require.Equal(t, result.Fail, f.Verdict)
	require.Equal(t, "/n is 2 instead of 1", f.Why)
	require.Equal(t, []string{"order/made-up", "It is so.", relation.String(), "paid*2", "out of time (1s)"}, []string{f.Check, f.Demand, f.Relation, f.Schedule, f.ShrinkStopped})
	require.Equal(t, result.State{"/status": "paid", "/n": 1.0}, f.Expected)
	require.Equal(t, result.State{"/status": "paid", "/n": 2.0}, f.Actual)
	require.Equal(t, []string{check.CostTwice, check.MendDedupe}, []string{f.Importance, f.Fix}, "by what was found")
	require.Equal(t, []string{"paid", "stopped and started", "paid"}, []string{f.Timeline[0].Event, f.Timeline[1].Fault, f.Timeline[2].Event}, "in the order in which it was")
	require.Equal(t, 2, f.Relations)
	require.Equal(t, result.Millis(1000), f.Took)
	require.False(t, f.Incomplete())

	require.Equal(t, result.Fail, finding(true, "strict", wrong).Verdict)
	require.Equal(t, result.Info, finding(true, "stripe", wrong).Verdict, "what is our policy alone is worth knowing")
	require.Equal(t, result.Fail, finding(false, "stripe", wrong).Verdict)

	f = finding(false, "strict", passed)
	require.Equal(t, result.Finding{Check: "order/made-up", Demand: "It is so.", Verdict: result.Pass, Relations: 1, Took: 1000}, f)

	for kind, lacking := range map[result.Reason]bool{result.NoHook: false, result.NoEvidence: true, result.OverBudget: true, result.RunEnded: true} {
		f = finding(false, "strict", passed, of(cameTo(result.NotRun, &result.NotJudged{Kind: kind, Text: "it is so ", Hooks: []string{"state"}})))
		require.Equal(t, result.NotRun, f.Verdict)
		require.Equal(t, "it is so", f.Why)
		require.Equal(t, lacking, f.Incomplete(), kind)
		require.Equal(t, []string{"state"}, f.Missing)
		require.Equal(t, relation.String(), f.Relation)
		require.Empty(t, f.Timeline)
		require.Empty(t, f.Fix)
	}

	f = finding(false, "strict", of(unasked), passed)
	require.Equal(t, result.Pass, f.Verdict)
	require.Equal(t, []string{relation.String() + ": there is nothing to ask"}, f.NotRun)
	require.Equal(t, 1, f.Relations)
	require.Empty(t, f.Relation)

	f = finding(false, "strict", of(unasked), of(unasked))
	require.Equal(t, result.NotRun, f.Verdict)
	require.Equal(t, "there is nothing to ask", f.Why)
	require.False(t, f.Incomplete(), "there is nothing that could have been judged")
	require.Empty(t, f.NotRun)
	require.Equal(t, relation.String(), f.Relation)
	require.Equal(t, 0, f.Relations)

	none := wrong
	none.History = History{Schedule: "paid"}
	f = finding(false, "strict", none)
	require.Equal(t, result.Fail, f.Verdict)
	require.Empty(t, f.Schedule, "nothing was delivered that would show it")
}

// What cannot be asked is not run, whatever its cases would have been.
func TestAFindingOfWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	e := entryOf()
	e.reason = &result.NotJudged{Kind: result.NoHook, Text: "it needs a subject", Hooks: []string{"subject"}}
	f := newResults(plan{}, nil, usualRules, nil).finding(e)
	require.Equal(t, result.NotRun, f.Verdict)
	require.Equal(t, []string{"subject"}, f.Missing)
	require.False(t, f.Incomplete())
}

// What the whole run has shown is told with three deliveries, and with the checks that sent them where it fails.
func TestAFindingOfTheWholeRun(t *testing.T) {
	t.Parallel()
	for verdict, row := range map[result.Verdict]struct{ strict, stripe result.Verdict }{result.Pass: {result.Pass, result.Pass}, result.Info: {result.Info, result.Info}, result.NotRun: {result.NotRun, result.NotRun}, result.Fail: {result.Fail, result.Info}} {
		for profile, want := range map[string]result.Verdict{"strict": row.strict, "stripe": row.stripe} {
			r := newResults(plan{checks: []planned{{check: check.Check{Name: "ack-policy/made-up", WholeRun: "leaks", Strict: true, Why: "its cost", Fix: "its fix"}}}}, nil, rules{profile: profile, timings: target.DefaultTimings}, nil)
			r.addSighting("ack-policy/made-up", Sighting{Verdict: verdict, Why: "it is so", Deliveries: make([]target.Delivery, 5)}, []string{"order/tie"})
			f := r.findings(nil, nil)[0]
			require.Equal(t, want, f.Verdict)
			require.Equal(t, "it is so", f.Why)
			require.Equal(t, verdict == result.NotRun, f.Incomplete())
			require.Len(t, f.Timeline, 3)
			require.Equal(t, want == result.Fail, f.Fix == "its fix" && f.Importance == "its cost" && len(f.RerunWith) == 1, verdict)
		}
	}
}

// A finding is told once, when nothing that comes can change it, and each is told of when the run has ended.
func TestAFindingIsToldOnce(t *testing.T) {
	t.Parallel()
	var told []string
	all := plan{checks: []planned{
		{check: check.Check{Name: "order/first"}, cases: 2},
		{check: check.Check{Name: "order/none"}, reason: &result.NotJudged{Kind: result.NoHook, Text: "it needs a subject"}},
		{check: check.Check{Name: "order/second"}, cases: 1},
		{check: check.Check{Name: "order/third"}, cases: 1},
	}}
	r := newResults(all, nil, usualRules, func(f result.Finding) { told = append(told, fmt.Sprint(f.Check, " ", f.Verdict)) })
	of := func(c string, o Outcome) []Outcome { o.Case.Check.Name = c; return []Outcome{o} }
	require.Equal(t, []string{"order/none not-run"}, told, "it is known at once")

	pending := of("order/first", passed)
	pending[0].Pending, pending[0].id = true, 7
	other := of("order/first", passed)
	other[0].Pending, other[0].id, other[0].Why = true, 8, "the other"
	r.add(pending, time.Second)
	r.add(other, time.Second)
	require.Len(t, told, 1, "its states are not compared yet")
	require.Len(t, r.pending(), 2)
	r.settle(of("order/first", passed)[0], 8)
	require.Len(t, told, 1)
	require.Equal(t, 7, r.pending()[0].id)
	require.False(t, r.settled("order/first"))
	r.settle(of("order/first", broken)[0], 7)
	require.Equal(t, []string{"order/none not-run", "order/first fail"}, told)
	require.True(t, r.settled("order/first"))
	require.Empty(t, r.pending())
	require.Equal(t, result.Millis(2000), r.findings(nil, nil)[0].Took)

	r.add(of("order/first", passed), 0)
	require.Len(t, told, 2, "it was told")
	r.add(of("order/second", broken), 0)
	r.add(of("order/second", passed), 0)
	require.Equal(t, []string{"order/none not-run", "order/first fail", "order/second fail"}, told)

	ended := r.findings(&target.HookError{Hook: "state", Err: errors.New("out of order")}, nil)
	require.Equal(t, result.Fail, ended[0].Verdict, "what was decided before is as it was")
	require.Equal(t, result.NotRun, ended[3].Verdict)
	require.Equal(t, "the run ended before it was decided: the hook state failed", ended[3].Why)
	require.True(t, ended[3].Incomplete(), "no evidence is never a pass")
	require.Equal(t, "the run ended before it was decided", r.findings(errors.New("interrupted"), nil)[3].Why)
	require.Len(t, told, 3)
}

// Of a check that has failed nothing else is read.
func TestNothingIsPendingOfWhatHasFailed(t *testing.T) {
	t.Parallel()
	r := newResults(plan{checks: []planned{{check: check.Check{Name: "order/made-up"}, cases: 2}}}, nil, usualRules, nil)
	pending, failed := passed, broken
	pending.Pending = true
	pending.Case.Check.Name, failed.Case.Check.Name = "order/made-up", "order/made-up"
	r.add([]Outcome{pending}, 0)
	require.Len(t, r.pending(), 1)
	unknown := withheld
	unknown.Case.Check.Name = "order/made-up"
	r.add([]Outcome{unknown}, 0)
	require.False(t, r.settled("order/made-up"), "another case may still fail")
	r.add([]Outcome{failed}, 0)
	require.Empty(t, r.pending())
}

// A failure that another one explains is told under that.
func TestFindingsAreExplained(t *testing.T) {
	t.Parallel()
	r := newResults(plan{checks: []planned{{check: check.Check{Name: "idempotence/restart"}, cases: 1}, {check: check.Check{Name: "idempotence/redelivered"}, cases: 1}, {check: check.Check{Name: "order/tie"}, cases: 1}}}, nil, usualRules, nil)
	for _, row := range []string{"idempotence/restart", "idempotence/redelivered", "order/tie"} {
		c := caseOf(t, check.Relation{Left: "paid*2", Op: "=", Right: "paid"})
		o := Outcome{Case: c, Verdict: result.Fail, Symptom: wrongState, Want: paidState, History: historyOf(c, 200, 200)}
		o.History.State = doubledState
		if o.Case.Check.Name = row; row == "order/tie" {
			o.History.State = unpaidState
		}
		r.add([]Outcome{o}, 0)
	}
	found := r.findings(nil, nil)
	require.Equal(t, []string{"idempotence/redelivered", "", ""}, []string{found[0].Because, found[1].Because, found[2].Because})
}
