package result

import "errors"

// NotJudged is why something was not judged: an error while a case is executed, and part of an outcome afterwards.
type NotJudged struct {
	Kind  Reason
	Text  string
	Hooks []string // needed hooks that the target does not offer
}

func (r *NotJudged) Error() string { return r.Text }

func NoEvidenceOf(text string) *NotJudged { return &NotJudged{Kind: NoEvidence, Text: text} }

// AsReason returns the reason in an error; nil if the error is a hook's or the context's.
func AsReason(err error) *NotJudged {
	var why *NotJudged
	if errors.As(err, &why) {
		return why
	}
	return nil
}
