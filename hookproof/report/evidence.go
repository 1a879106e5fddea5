package report

import "example.com/hookproof/hookproof/result"

// Headline is the verdict on a run, of how much it is, what would let more be judged, and what was taken for granted.
func Headline(r result.Report, s Style) string {
	t := &text{Style: s}
	t.verdict(r)
	t.notes(r)
	return t.String()
}

// Evidence is all that is known of one failed check: what is demanded, what was sent and what came back, why it matters and how to mend it.
func Evidence(f result.Finding, s Style) string {
	t := &text{Style: s}
	t.evidence(f)
	return t.String()
}
