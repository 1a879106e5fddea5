package mutants

import "embed"

// Files are the mutants of this repository. Those of go and node-express are variants of the endpoints of
// the same name in examples/targets, those of a directory correct below them are correct variants.
//
//go:embed go
var Files embed.FS
