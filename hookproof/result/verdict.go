package result

import "time"

// Info is the verdict on what is no fault, and worth knowing.
const Info Verdict = "info"

// Known is the verdict on a failure that the run's baseline has: it fails nothing.
const Known Verdict = "known"

// Reason is the kind of reason for which something was not judged.
type Reason string

// The reasons. A run is incomplete for any of them but NoHook and NothingToAsk.
const (
	NoHook       Reason = "no-hook"        // the target does not offer what it needs
	NothingToAsk Reason = "nothing-to-ask" // this target cannot be asked; the check's other relations are judged without it
	NoEvidence   Reason = "no-evidence"    // what was seen proves nothing
	OverBudget   Reason = "over-budget"    // out of time or of hook calls
	RunEnded     Reason = "run-ended"      // the run ended before it was decided
)

func (r Reason) Incomplete() bool { return r != "" && r != NoHook && r != NothingToAsk }

// Incomplete reports whether a check could have been judged and was not.
func (f Finding) Incomplete() bool { return f.Verdict == NotRun && f.Reason.Incomplete() }

// State is a target's state of a subject: values by JSON pointer. {{name}} stands for the subject's own id.
type State map[string]any

// Finding is what one check came to, with its evidence.
type Finding struct {
	Check         string    `json:"check"`
	Life          string    `json:"life,omitempty"` // the target's life that it is about, such as payment
	Demand        string    `json:"demand"`
	Source        string    `json:"source,omitempty"` // who demands it
	Verdict       Verdict   `json:"verdict"`
	Why           string    `json:"why,omitempty"`           // what was wrong, or why it was not run
	Reason        Reason    `json:"reason,omitempty"`        // why it was not run
	Missing       []string  `json:"missing,omitempty"`       // needed hooks that the target does not offer, in the words of Needs
	NotRun        []string  `json:"notRun,omitempty"`        // relations that were not run, each with its reason; the verdict is of the others
	Infos         []string  `json:"infos,omitempty"`         // what is worth knowing of relations whose answer is no fault; the verdict is of the others
	Because       string    `json:"because,omitempty"`       // the check whose failure explains this one: fixing that one fixes both
	Relation      string    `json:"relation,omitempty"`      // the one that was broken
	Phrases       []string  `json:"phrases,omitempty"`       // what phrases in Why, Relation and Schedule stand for, such as "bought is sent, paid"
	Schedule      string    `json:"schedule,omitempty"`      // the shortest that shows the failure, or see ShrinkStopped
	ShrinkStopped string    `json:"shrinkStopped,omitempty"` // why a shorter one may exist, such as "out of time (1m0s)"
	Expected      State     `json:"expected,omitempty"`      // by JSON pointer
	Actual        State     `json:"actual,omitempty"`        // by JSON pointer
	Timeline      []Sent    `json:"timeline,omitempty"`      // what was sent
	Requests      []Request `json:"requests,omitempty"`      // the requests of Timeline
	RerunWith     []string  `json:"rerunWith,omitempty"`     // checks that made the deliveries, if this one made none: it is rerun together with them
	Reports       []string  `json:"reports,omitempty"`       // public reports of the same fault
	Fix           string    `json:"fix,omitempty"`           // how to fix it
	Importance    string    `json:"importance,omitempty"`    // what the failure costs
	Relations     int       `json:"relations"`               // how many were judged
	Took          Millis    `json:"tookMs"`
}

// Sent is one row of a timeline: a delivery or a fault.
type Sent struct {
	At      Millis `json:"atMs"` // since the schedule's first delivery
	Event   string `json:"event"`
	Type    string `json:"type,omitempty"` // Stripe's type of the event; "" if the body is no event
	ID      string `json:"id"`
	Sign    string `json:"sign"`
	Status  int    `json:"status"` // 0: no answer
	Error   string `json:"error,omitempty"`
	Latency Millis `json:"latencyMs"`
	Request int    `json:"request,omitempty"` // its number among the finding's requests, from 1
	// Fault is what struck the target while this was in flight, such as "cut before message 3 of 7". Without an Event it is a row
	// between deliveries, such as "stopped and started".
	Fault string `json:"fault,omitempty"`
	// Done is what was done between deliveries and is no fault, such as "the object was made". The row has no Event then.
	Done string `json:"done,omitempty"`
}

// Millis are milliseconds, with fractions.
type Millis float64

func MillisOf(d time.Duration) Millis { return Millis(d.Microseconds()) / 1000 }

// Report is a whole run.
type Report struct {
	Version int    `json:"version"` // of this format; 1
	Target  string `json:"target"`  // its URL
	// Command is the command line of the run, without the flags that choose checks and seed, and without secrets: "hookproof check
	// --target FILE --profile strict". A failure is rerun by adding --only and --seed.
	Command    string    `json:"command"`
	Profile    string    `json:"profile"`
	Seed       uint64    `json:"seed"`
	Began      time.Time `json:"began"`
	Took       Millis    `json:"tookMs"`
	Lag        Millis    `json:"lagMs"`   // of effects behind their ACKs
	Overlap    int       `json:"overlap"` // most copies in flight at once
	Struck     int       `json:"struck"`  // messages between target and database at which a connection was cut
	Deliveries int       `json:"deliveries"`
	HookCalls  int       `json:"hookCalls"`
	Sent       []string  `json:"sent,omitempty"`       // Stripe's types of the events that were sent, sorted
	NoEffect   bool      `json:"noEffect,omitempty"`   // a payment was acknowledged and changed no state, so no effect could be judged
	Notes      []string  `json:"notes,omitempty"`      // assumptions, such as an amount that the target did not give
	Afterwards string    `json:"afterwards,omitempty"` // what is left to do when the run has ended, in a sentence
	Baseline   *Baseline `json:"baseline,omitempty"`   // what the failures were compared with; nil is nothing
	Phases     []Spent   `json:"phases"`
	Findings   []Finding `json:"findings"`
}

// Baseline is what came of the comparison with a file of the checks that are known to fail.
type Baseline struct {
	File      string `json:"file"`
	Gone      []Gone `json:"gone,omitempty"`      // known checks that were judged and did not fail
	NotJudged int    `json:"notJudged,omitempty"` // known checks that were not judged
}

// Gone is a check that was known to fail and does not.
type Gone struct {
	Check string `json:"check"`
	Life  string `json:"life,omitempty"` // as in the baseline
}

// Spent is how long a phase took.
type Spent struct {
	Life  string `json:"life,omitempty"`
	Phase string `json:"phase"`
	Took  Millis `json:"tookMs"`
}

// Count returns how many findings have a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, f := range r.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// Incomplete reports whether a check was not run for another reason than a missing hook.
func (r Report) Incomplete() bool {
	for _, f := range r.Findings {
		if f.Incomplete() {
			return true
		}
	}
	return false
}

// Verdict is what a check or a scenario came to.
type Verdict string

// The verdicts. No evidence is never a pass.
const (
	Pass   Verdict = "pass"
	Fail   Verdict = "fail"
	NotRun Verdict = "not-run" // see Finding.Why
)

// Worse ranks verdicts: a check is as bad as the worst of its cases.
var Worse = map[Verdict]int{Pass: 0, Info: 1, NotRun: 2, Known: 3, Fail: 4}
