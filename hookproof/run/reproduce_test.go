package run

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// scripted is a stall that answers each expiry, one after the other, with a status, and 200 when there are no more, and a
// neutral event, which is a payment of nobody's, by turns with some. It counts both.
type scripted struct {
	expiries, neutral []int

	asked, neutrals atomic.Int64
}

func (s *scripted) answers(of *stall) {
	of.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
		var e stallEvent
		_ = endpointtest.Unmarshal(body, &e)
		status := http.StatusOK
		switch {
		case e.Type == "checkout.session.expired":
			if n := int(s.asked.Add(1)); n <= len(s.expiries) {
				status = s.expiries[n-1]
			}
		case e.Type == "checkout.session.completed" && e.Data.Object.Metadata["order"] == "":
			if n := int(s.neutrals.Add(1)); len(s.neutral) > 0 {
				status = s.neutral[n%len(s.neutral)]
			}
		default:
			return false
		}
		w.WriteHeader(status)
		return true
	}
}

// pipelineOf is a pipeline over a target that is taken to be calibrated, and waits for nothing long.
func pipelineOf(t *testing.T, endpoint *target.Target) *pipeline {
	t.Helper()
	for _, short := range []*time.Duration{&endpoint.Timings.Redeliver, &endpoint.Timings.Quiet, &endpoint.Timings.EffectWait, &endpoint.Timings.Retry} {
		*short = time.Millisecond
	}
	p := &pipeline{executor: newExecutor(endpoint, Options{Budget: time.Hour}), flakiness: &lazy[string]{}}
	p.rules = rules{profile: "strict", timings: p.timings}
	t.Cleanup(p.sender.Close)
	about := life.Payment.Stranger(nil, true)
	e, err := eventOf(life.Payment.Vocabulary["stranger"], about, endpoint, time.Now(), false)
	require.NoError(t, err)
	p.facts.neutral, p.facts.sample, p.facts.accepted = target.Outgoing{Event: e, Label: "stranger", Sign: "genuine"}, about, "unhandled"
	return p
}

// failedIn is a failure of a case that an earlier execution is said to have shown.
func failedIn(c Case, s symptom) Outcome {
	return Outcome{Case: c, History: History{Schedule: c.Left, Deliveries: []target.Delivery{{Status: 500}}}, Verdict: result.Fail, Symptom: s, Why: "it was so"}
}

// The one rule: a wrong state is evidence, and a wrong answer is where the same case gives it again.
func TestTheOneRule(t *testing.T) {
	t.Parallel()
	ok, fails, refuses := http.StatusOK, http.StatusInternalServerError, http.StatusNotFound
	demanded := check.Relation{Left: "expired=ack"}
	for name, row := range map[string]struct {
		relation check.Relation
		symptom  symptom
		expiries []int // how expiries are answered, one after the other
		neutral  []int // and a neutral event, by turns
		asked    int   // how often the case is tried
		neutrals int
		verdict  result.Verdict
		once     bool
		why      string
	}{
		"a wrong state":            {relation: demanded, symptom: wrongState, verdict: result.Fail, why: "it was so"},
		"a state that is lost":     {relation: demanded, symptom: stateLost, verdict: result.Fail, why: "it was so"},
		"a wrong count":            {relation: demanded, symptom: wrongCount, verdict: result.Fail, why: "it was so"},
		"at the first try":         {relation: demanded, symptom: wrongAnswer, expiries: []int{refuses, ok, ok}, asked: 1, verdict: result.Fail, why: "expired was answered 404"},
		"at the last try":          {relation: demanded, symptom: wrongAnswer, expiries: []int{ok, ok, refuses}, asked: 3, verdict: result.Fail, why: "expired was answered 404"},
		"after the last try":       {relation: demanded, symptom: wrongAnswer, expiries: []int{ok, ok, ok, refuses}, asked: 3, verdict: result.Info, once: true, why: "it was so; seen once, not reproduced: delivered again with nothing else on its way, it was right 3 of 3 times"},
		"an answer in time":        {relation: demanded, symptom: tooLate, asked: 3, verdict: result.Info, once: true, why: "seen once"},
		"a process that goes on":   {relation: demanded, symptom: processEnded, asked: 3, verdict: result.Info, once: true, why: "seen once"},
		"what is acknowledged now": {relation: demanded, symptom: neverAcknowledged, asked: 3, verdict: result.Info, once: true, why: "seen once"},
		"what was done, and is":    {relation: demanded, symptom: doneUnacknowledged, asked: 3, verdict: result.Info, once: true, why: "seen once"},
		"what is worth knowing":    {relation: check.Relation{Left: "expired=ack?"}, symptom: wrongAnswer, expiries: []int{refuses, refuses, refuses}, asked: 3, verdict: result.Info, once: true, why: "seen once"},
		"nothing to compare with":  {relation: check.Relation{Left: "expired", Op: "=", Right: "expired"}, symptom: neverAcknowledged, expiries: slices.Repeat([]int{fails}, 100), asked: -1, verdict: result.NotRun, why: "expired was never acknowledged, so there is nothing to compare with"},
		"a failure, each time":     {relation: demanded, symptom: wrongAnswer, expiries: []int{fails}, neutral: []int{fails}, asked: 1, neutrals: flakyTries, verdict: result.Fail, why: "expired was answered 500"},
		"a failure of its own":     {relation: demanded, symptom: wrongAnswer, expiries: []int{fails}, neutral: []int{ok}, asked: 1, neutrals: flakyTries, verdict: result.Fail, why: "expired was answered 500"},
		"a failure now and then":   {relation: demanded, symptom: wrongAnswer, expiries: []int{fails}, neutral: []int{ok, fails}, asked: 1, neutrals: flakyTries, verdict: result.NotRun, why: "of one genuine event, sent 20 times with nothing else on its way, 10 were acknowledged"},
		"a refusal now and then":   {relation: demanded, symptom: wrongAnswer, expiries: []int{fails}, neutral: []int{ok, refuses}, asked: 1, neutrals: flakyTries, verdict: result.Fail, why: "expired was answered 500"},
		"a refusal is not flaky":   {relation: demanded, symptom: wrongAnswer, expiries: []int{refuses}, neutral: []int{ok, fails}, asked: 1, verdict: result.Fail, why: "expired was answered 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				script := &scripted{expiries: row.expiries, neutral: row.neutral}
				p := pipelineOf(t, openStall(t, script.answers).target())
				o, err := p.reproduce(t.Context(), failedIn(caseOf(t, row.relation), row.symptom))
				require.NoError(t, err)
				require.Equal(t, row.verdict, o.Verdict, o.Why)
				require.Equal(t, row.once, o.Once)
				require.Contains(t, o.Why, row.why)
				require.EqualValues(t, row.neutrals, script.neutrals.Load(), "how often it is asked whether answers change")
				if row.asked >= 0 {
					require.EqualValues(t, row.asked, script.asked.Load())
				}
				if row.once {
					require.Equal(t, 500, o.History.Deliveries[0].Status, "what was seen is shown")
				}
			})
		})
	}
}

// A hook that fails while a case is tried again is a hook's error, and no verdict.
func TestAHookThatFailsReproducesNothing(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openStall(t, nil).target()
		endpoint.Subject = func(context.Context) (event.Subject, error) { return nil, errors.New("out of order") }
		_, err := pipelineOf(t, endpoint).reproduce(t.Context(), failedIn(caseOf(t, check.Relation{Left: "expired=ack"}), wrongAnswer))
		var failed *target.HookError
		require.ErrorAs(t, err, &failed)
	})
}

// What is acknowledged at the next try, and has a wrong state, is a wrong state: it is compared at once.
func TestAStateIsComparedWhereAnAnswerIsReproduced(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, func(s *stall) {
			s.before = func(_ stallEvent, o *stallOrder) bool { o.rank++; return true }
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
		})
		o, err := pipelineOf(t, s.target()).reproduce(t.Context(), failedIn(caseOf(t, check.Relation{Left: "paid*2", Op: "=", Right: "paid"}), neverAcknowledged))
		require.NoError(t, err)
		require.Equal(t, result.Fail, o.Verdict, o.Why)
		require.Equal(t, wrongState, o.Symptom)
	})
}

// A fault that struck at one message strikes at that again. One that struck at several strikes at each.
func TestAFaultIsTriedAgainWhereItStruck(t *testing.T) {
	t.Parallel()
	c := caseOf(t, check.Relation{Left: "paid", Op: "=", Right: "paid", Fault: "cut-before"})
	for struck, message := range map[int]int{0: 0, 1: 4, 2: 0} {
		again := Outcome{Case: c, History: History{struck: struck, message: 5, messages: 7}}.again()
		require.Equal(t, message, again.Message)
		require.True(t, again.AtOnce)
	}
	require.False(t, c.AtOnce)
}

// Of a target whose answers change, what goes wrong during a fault is told all the same, and so is a wrong state.
func TestAFlakyTargetIsAccusedOfStatesAndFaults(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		p := pipelineOf(t, openStall(t, nil).target())
		p.flakiness = known("its answers are flaky")
		answer, state := failedIn(caseOf(t, check.Relation{Left: "paid=ack"}), wrongAnswer), failedIn(caseOf(t, check.Equal("paid*2", "paid")[0]), wrongState)
		fault := failedIn(caseOf(t, check.Relation{Left: "paid", Op: "=", Right: "paid", Fault: "away"}), neverAcknowledged)
		refused := answer
		refused.History.Deliveries = []target.Delivery{{Status: 404}}
		for verdict, outcomes := range map[result.Verdict][]Outcome{result.NotRun: {answer}, result.Fail: {state, fault, refused}} {
			for _, o := range outcomes {
				require.Equal(t, verdict, p.unlessFlaky(t.Context(), o).Verdict, o.Symptom)
			}
		}
	})
}

// What was seen once is not looked for in shorter schedules: what those show is another failure.
func TestWhatIsNotReproducedIsNotShrunk(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		script := &scripted{expiries: append(slices.Repeat([]int{200}, 3*4), slices.Repeat([]int{404}, 100)...)}
		p := pipelineOf(t, openStall(t, script.answers).target())
		o, err := p.confirm(t.Context(), failedIn(caseOf(t, check.Relation{Left: "expired*4=ack"}), wrongAnswer))
		require.NoError(t, err)
		require.Equal(t, result.Info, o.Verdict, o.Why)
		require.EqualValues(t, 3*4, script.asked.Load())
	})
}

// What is reproduced is shrunk.
func TestWhatIsReproducedIsShrunk(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		script := &scripted{expiries: slices.Repeat([]int{404}, 100)}
		p := pipelineOf(t, openStall(t, script.answers).target())
		o, err := p.confirm(t.Context(), failedIn(caseOf(t, check.Relation{Left: "expired*4=ack"}), wrongAnswer))
		require.NoError(t, err)
		require.Equal(t, result.Fail, o.Verdict, o.Why)
		require.Equal(t, "expired*2=ack", o.History.Schedule)
	})
}
