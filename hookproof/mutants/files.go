package mutants

import "embed"

// Files are the mutants of this repository. Those of a directory are variants of the endpoint of the same
// name in examples/targets, and those of a directory correct below it are correct ones; those of server and
// judge are variants of this repository's own sources, and the files score.json what became of these. reports.json has the public reports
// that mutants stand for.
//
//go:embed */*.txtar */correct/*.txtar */score.json reports.json
var Files embed.FS
