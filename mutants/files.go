package mutants

import "embed"

// Files are the mutants of this repository: go and go/correct are variants of examples/targets/go.
//
//go:embed go/*.txtar
var Files embed.FS
