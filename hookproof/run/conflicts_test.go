package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What failed beside others, and not alone, is a failure of the target's own, at once, to what is genuine, with no fault made.
func TestWhatFailedBesideOthers(t *testing.T) {
	t.Parallel()
	failed := target.Delivery{Genuine: true, Status: 500}
	for name, row := range map[string]struct {
		delivery target.Delivery
		fault    string
		once     bool
		beside   bool
	}{
		"a conflict":      {failed, "", true, true},
		"reproduced":      {failed, "", false, false},
		"during a fault":  {failed, "away", true, false},
		"a forgery":       {target.Delivery{Status: 500}, "", true, false},
		"a refusal":       {target.Delivery{Genuine: true, Status: 404}, "", true, false},
		"no answer":       {target.Delivery{Genuine: true}, "", true, false},
		"after long":      {target.Delivery{Genuine: true, Status: 500, Latency: time.Minute}, "", true, false},
		"an ACK in a row": {target.Delivery{Genuine: true, Status: 200}, "", true, false},
	} {
		o := Outcome{Once: row.once, Symptom: wrongAnswer, History: History{Deliveries: []target.Delivery{{Genuine: true, Status: 200}, row.delivery}}}
		o.Case.Fault = row.fault
		require.Equal(t, row.beside, usualRules.failedBeside(o), name)
	}
}

// What several checks saw fail beside others is one finding, on conflicts, and nothing of theirs, where that check has found
// nothing worse. Where it does not run, each tells of its own.
func TestConflictsAreOneFinding(t *testing.T) {
	t.Parallel()
	seen := func(c, why string) []Outcome {
		o := Outcome{Verdict: result.Info, Symptom: wrongAnswer, Once: true, Why: why, History: History{Schedule: c, Deliveries: []target.Delivery{{Label: "paid", Genuine: true, Status: 500}}}}
		o.Case.Check.Name, o.Case.Relation = c, check.Relation{Left: c}
		return []Outcome{o}
	}
	reason := &result.NotJudged{Kind: result.NoHook, Text: "it needs a subject"}
	for name, row := range map[string]struct {
		conflicts planned
		own       Outcome // of the check on conflicts
		verdicts  []result.Verdict
	}{
		"it passes":         {planned{cases: 1}, passed, []result.Verdict{result.Pass, result.Pass, result.Info}},
		"it fails":          {planned{cases: 1}, broken, []result.Verdict{result.Pass, result.Pass, result.Fail}},
		"it proves nothing": {planned{cases: 1}, Outcome{}.notRun(result.NoEvidenceOf("out of time")), []result.Verdict{result.Info, result.Info, result.NotRun}},
		"it does not run":   {planned{reason: reason}, Outcome{}, []result.Verdict{result.Info, result.Info, result.NotRun}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.conflicts.check.Name = conflicts
			r := newResults(plan{checks: []planned{{check: check.Check{Name: "order/tie"}, cases: 2}, {check: check.Check{Name: "meaning/paid"}, cases: 1}, row.conflicts}}, nil, usualRules, nil)
			r.add(seen("order/tie", "paid was answered 500"), 0)
			r.add(seen("order/tie", "paid was answered 503"), 0)
			r.add(seen("meaning/paid", "paid was answered 502"), 0)
			if row.conflicts.reason == nil {
				row.own.Case.Check.Name = conflicts
				r.add([]Outcome{row.own}, 0)
			}
			found := r.findings(nil, nil)
			for n, verdict := range row.verdicts {
				require.Equal(t, verdict, found[n].Verdict, found[n].Check)
			}
			if row.verdicts[2] == result.Info {
				require.Equal(t, "deliveries of 2 checks failed beside others, and were accepted alone (order/tie, meaning/paid); the first: paid was answered 500", found[2].Why)
				require.Equal(t, []string{"order/tie", "order/tie"}, []string{found[2].Relation, found[2].Schedule})
				require.Len(t, found[2].Timeline, 1)
				require.Equal(t, 2, found[0].Relations, "they were decided all the same")
			}
		})
	}
}

// A fault that did harm at one message is told with that message where it is reproduced there.
func TestAMessageIsTold(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		script := &scripted{expiries: []int{404}}
		p := pipelineOf(t, openStall(t, script.answers).target())
		o := failedIn(caseOf(t, check.Relation{Left: "expired=ack"}), wrongAnswer)
		o.History.struck, o.History.message, o.History.messages = 1, 4, 7
		o, err := p.reproduce(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, "at message 3 of 7: expired was answered 404, instead of a 2xx", o.Why)
	})
}
