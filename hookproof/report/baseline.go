package report

import (
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// baselineText returns what came of the comparison with a baseline, in sentences; none without one.
func baselineText(r result.Report) []string {
	if r.Baseline == nil {
		return nil
	}
	b := r.Baseline
	sentences := []string{fmt.Sprintf("Compared with the baseline %s: %d known to fail, %d fixed, %d not judged.", b.File, r.Count(result.Known), len(b.Gone), b.NotJudged)}
	if len(b.Gone) > 0 {
		var names []string
		for _, one := range b.Gone {
			names = append(names, one.Check+ofLife(result.Finding{Life: one.Life}))
		}
		sentences = append(sentences, fmt.Sprintf("Fixed, so --write-baseline %s takes them out: %s.", b.File, strings.Join(names, ", ")))
	}
	return sentences
}
