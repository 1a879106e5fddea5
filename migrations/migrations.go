// Package migrations holds the database's schema as numbered SQL files in goose's format. They go
// forward only: a change of mind is a new file.
package migrations

import "embed"

// Files are the migrations, named NNNNN_what.sql.
//
//go:embed *.sql
var Files embed.FS
