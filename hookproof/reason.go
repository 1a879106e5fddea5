package hookproof

import "errors"

// reason says why something was not judged. It is an error among those who execute, and part of an outcome afterwards.
type reason struct {
	kind  Reason
	text  string
	hooks []string // that the target does not offer
}

func (r *reason) Error() string { return r.text }

func noEvidenceOf(text string) *reason { return &reason{kind: NoEvidence, text: text} }

// asReason is the reason in an error, or nil: then it is a hook's or the context's.
func asReason(err error) *reason {
	var why *reason
	if errors.As(err, &why) {
		return why
	}
	return nil
}
