package report

import "example.com/hookproof/hookproof/result"

// Headline returns the verdict on a run, what it covers, what would let more be judged, and what was assumed.
func Headline(r result.Report, s Style) string {
	t := &text{Style: s}
	t.verdict(r)
	t.notes(r)
	return t.String()
}

// Evidence returns everything about one failed check: the demand, what was sent and answered, the cost and the fix.
func Evidence(f result.Finding, s Style) string {
	t := &text{Style: s}
	t.evidence(f)
	return t.String()
}

// Failure returns all that a text report says of one failed check: its evidence, and the command that runs only that again.
func Failure(r result.Report, f result.Finding, s Style) string {
	t := &text{Style: s}
	t.failure(r, f)
	return t.String()
}
