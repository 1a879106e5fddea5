package report

import (
	"slices"

	"example.com/hookproof/hookproof/result"
)

// fault is a failure with the failures that it explains.
type fault struct {
	result.Finding
	Explains []result.Finding
}

// faults returns the failures that no other one explains, each with those that it explains. The one that explains most comes
// first.
func faults(r result.Report) []fault {
	var all []fault
	failed := with(r, result.Fail)
	for _, f := range failed {
		if explained(failed, f) {
			continue
		}
		one := fault{Finding: f}
		for _, other := range failed {
			if other.Because == f.Check {
				one.Explains = append(one.Explains, other)
			}
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b fault) int { return len(b.Explains) - len(a.Explains) })
	return all
}

// explained reports whether the failure's cause is in the report.
func explained(failed []result.Finding, f result.Finding) bool {
	return slices.ContainsFunc(failed, func(cause result.Finding) bool { return cause.Check == f.Because && cause.Because == "" })
}

// byCause returns the failures, each after its cause.
func byCause(r result.Report) []result.Finding {
	var list []result.Finding
	for _, one := range faults(r) {
		list = append(append(list, one.Finding), one.Explains...)
	}
	return list
}
