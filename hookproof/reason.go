package hookproof

import "errors"

// reason says why something was not judged. It is an error among those who execute, and part of an outcome afterwards.
type reason struct {
	kind  reasonKind
	text  string
	hooks []string // that the target does not offer
}

type reasonKind int

// The reasons. Of all but noHook and nothingToAsk a run is incomplete.
const (
	noHook       reasonKind = iota // the target does not offer what it needs
	nothingToAsk                   // this target cannot be asked: the check's other relations stand for themselves
	noEvidence                     // what was seen proves nothing
	overBudget                     // out of time or of hook calls
	runEnded                       // the run ended before it was decided
)

func (r *reason) Error() string { return r.text }

// incomplete tells whether something could have been judged and was not.
func (r *reason) incomplete() bool { return r.kind != noHook && r.kind != nothingToAsk }

func noEvidenceOf(text string) *reason { return &reason{kind: noEvidence, text: text} }

// asReason is the reason in an error, or nil: then it is a hook's or the context's.
func asReason(err error) *reason {
	var why *reason
	if errors.As(err, &why) {
		return why
	}
	return nil
}
