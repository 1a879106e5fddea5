package result

import "time"

// Info is the verdict on what is no fault, but worth knowing.
const Info Verdict = "info"

// Reason is why something was not judged.
type Reason string

// The reasons. Of all but NoHook and NothingToAsk a run is incomplete.
const (
	NoHook       Reason = "no-hook"        // the target does not offer what it needs
	NothingToAsk Reason = "nothing-to-ask" // this target cannot be asked: the check's other relations stand for themselves
	NoEvidence   Reason = "no-evidence"    // what was seen proves nothing
	OverBudget   Reason = "over-budget"    // out of time or of hook calls
	RunEnded     Reason = "run-ended"      // the run ended before it was decided
)

func (r Reason) Incomplete() bool { return r != "" && r != NoHook && r != NothingToAsk }

// Incomplete reports whether a check could have been judged and was not.
func (f Finding) Incomplete() bool { return f.Verdict == NotRun && f.Reason.Incomplete() }

// State is what a target says of a subject: JSON pointers to values. The subject's own ids stand as {{name}}.
type State map[string]any

// Finding is what one check came to, with its evidence.
type Finding struct {
	Check         string    `json:"check"`
	Demand        string    `json:"demand"`
	Source        string    `json:"source,omitempty"` // who demands it
	Verdict       Verdict   `json:"verdict"`
	Why           string    `json:"why,omitempty"`           // what was wrong, or why it was not run
	Reason        Reason    `json:"reason,omitempty"`        // why it was not run
	Missing       []string  `json:"missing,omitempty"`       // hooks that it needs and the target does not offer, in the words of Needs
	NotRun        []string  `json:"notRun,omitempty"`        // relations of it that were not run, each with why; the verdict is of the others
	Because       string    `json:"because,omitempty"`       // the check whose failure explains this one: to mend that mends this
	Relation      string    `json:"relation,omitempty"`      // that was broken
	Schedule      string    `json:"schedule,omitempty"`      // the shortest one that shows it, unless ShrinkStopped says why it may not be
	ShrinkStopped string    `json:"shrinkStopped,omitempty"` // why there may be a shorter one, such as "out of time (1m0s)"
	Expected      State     `json:"expected,omitempty"`      // state, by JSON pointers
	Actual        State     `json:"actual,omitempty"`        // state, by JSON pointers
	Timeline      []Sent    `json:"timeline,omitempty"`      // what was sent for it
	Requests      []Request `json:"requests,omitempty"`      // and what was in that
	RerunWith     []string  `json:"rerunWith,omitempty"`     // checks that sent it, where this one has sent nothing of its own: it is rerun with them
	Reports       []string  `json:"reports,omitempty"`       // public reports of the same fault
	Fix           string    `json:"fix,omitempty"`           // how to fix it
	Importance    string    `json:"importance,omitempty"`    // what it costs
	Relations     int       `json:"relations"`               // how many were decided
	Took          Millis    `json:"tookMs"`
}

// Sent is one delivery of a timeline.
type Sent struct {
	At      Millis `json:"atMs"` // since the schedule's first delivery
	Event   string `json:"event"`
	Type    string `json:"type,omitempty"` // Stripe's type of the event; "" where the body is none
	ID      string `json:"id"`
	Sign    string `json:"sign"`
	Status  int    `json:"status"` // 0: no answer
	Error   string `json:"error,omitempty"`
	Latency Millis `json:"latencyMs"`
	Request int    `json:"request,omitempty"` // which of the finding's requests this was, from 1
	// Fault is what befell the target while this was on its way, such as "cut before message 3 of 7". With
	// no Event it is a row of its own: what was done between deliveries, such as "stopped and started".
	Fault string `json:"fault,omitempty"`
}

// Millis are milliseconds, with fractions.
type Millis float64

func MillisOf(d time.Duration) Millis { return Millis(d.Microseconds()) / 1000 }

// Report is a whole run.
type Report struct {
	Version int    `json:"version"` // of this form; 1
	Target  string `json:"target"`  // its URL
	// Command is how the run was called, up to what chooses checks and seed, and without a secret:
	// "hookproof check --target FILE --profile strict". A failure is rerun by adding --only and --seed.
	Command    string    `json:"command"`
	Profile    string    `json:"profile"`
	Seed       uint64    `json:"seed"`
	Began      time.Time `json:"began"`
	Took       Millis    `json:"tookMs"`
	Lag        Millis    `json:"lagMs"`   // of effects behind their ACKs
	Overlap    int       `json:"overlap"` // most copies in flight at once
	Struck     int       `json:"struck"`  // messages between target and database at which something was cut
	Deliveries int       `json:"deliveries"`
	HookCalls  int       `json:"hookCalls"`
	Notes      []string  `json:"notes,omitempty"` // what was taken for granted, such as an amount that nobody gave
	Phases     []Spent   `json:"phases"`
	Findings   []Finding `json:"findings"`
}

// Spent is how long a phase took.
type Spent struct {
	Phase string `json:"phase"`
	Took  Millis `json:"tookMs"`
}

// Count is how many findings have a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, f := range r.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// Incomplete reports whether something was not run for another reason than a hook that is not there.
func (r Report) Incomplete() bool {
	for _, f := range r.Findings {
		if f.Incomplete() {
			return true
		}
	}
	return false
}

// Verdict is what a scenario came to.
type Verdict string

// The verdicts. No evidence is never a pass.
const (
	Pass   Verdict = "pass"
	Fail   Verdict = "fail"
	NotRun Verdict = "not-run" // see Result.Why
)

// Worse ranks verdicts: a check is as bad as the worst of its cases.
var Worse = map[Verdict]int{Pass: 0, Info: 1, NotRun: 2, Fail: 3}
