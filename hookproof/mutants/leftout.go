package mutants

import (
	"os"
	"path/filepath"
	"slices"
)

// onEachChange are the correct variants that differ most from each other: in language, in when effects come, and in how many
// processes share a database. Endpoints in Python and PHP are judged by the tests of examples/targets.
var onEachChange = []string{
	"go/correct/as-it-is", "go/correct/stored-inbox", "go/correct/two-replicas", "node-express/correct/as-it-is", own.Name,
}

// leavesOut tells whether a run leaves a correct variant to a thorough run.
func (o Options) leavesOut(m Mutant) bool {
	return m.Correct() && o.Alone && !o.Thorough && len(o.Mutants) == 0 && !slices.Contains(onEachChange, m.Name)
}

// leaveOut makes rows of the variants that the run leaves out, and answers the jobs that are left.
func (o Options) leaveOut(jobs []job) (rows []Row, left []job, err error) {
	for _, j := range jobs {
		if !o.leavesOut(j.mutant) {
			left = append(left, j)
			continue
		}
		row := Row{Name: j.mutant.Name, Kind: j.kind, Description: j.mutant.Description, LeftOut: true, Run: j.run}
		if row.Diff, err = j.mutant.Diff(os.DirFS(filepath.Join(o.Root, j.endpoint.directory))); err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
	}
	return rows, left, nil
}
