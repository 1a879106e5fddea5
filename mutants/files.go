package mutants

import "embed"

// Files are the mutants of this repository. Those of go and node-express are variants of the endpoints of
// the same name in examples/targets, those of a directory correct below them are correct variants. Those of
// server are variants of the sources of our own server.
//
//go:embed go server
var Files embed.FS
