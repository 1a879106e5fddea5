package result

import "errors"

// NotJudged says why something was not judged. It is an error among those who execute, and part of an outcome afterwards.
type NotJudged struct {
	Kind  Reason
	Text  string
	Hooks []string // that the target does not offer
}

func (r *NotJudged) Error() string { return r.Text }

func NoEvidenceOf(text string) *NotJudged { return &NotJudged{Kind: NoEvidence, Text: text} }

// AsReason is the reason in an error, or nil: then it is a hook's or the context's.
func AsReason(err error) *NotJudged {
	var why *NotJudged
	if errors.As(err, &why) {
		return why
	}
	return nil
}
