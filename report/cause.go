package report

import (
	"slices"

	"example.com/hookproof/hookproof"
)

// fault is a failure, and those that it explains.
type fault struct {
	hookproof.Finding
	Explains []hookproof.Finding
}

// faults are the failures, each cause with what it explains under it: the more it explains, the earlier it is told.
func faults(r hookproof.Report) []fault {
	var all []fault
	failed := with(r, hookproof.Fail)
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

// explained tells whether the cause of a failure is told.
func explained(failed []hookproof.Finding, f hookproof.Finding) bool {
	return slices.ContainsFunc(failed, func(cause hookproof.Finding) bool { return cause.Check == f.Because && cause.Because == "" })
}

// byCause are the failures, each behind its cause.
func byCause(r hookproof.Report) []hookproof.Finding {
	var list []hookproof.Finding
	for _, one := range faults(r) {
		list = append(append(list, one.Finding), one.Explains...)
	}
	return list
}
