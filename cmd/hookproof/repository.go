//go:build !release

package main

import (
	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/mutants"
)

// repositorySchemas are those of what the repository's commands print.
var repositorySchemas = map[string]schema{
	"matrix": {"what mutants --json prints", mutants.MatrixSchema()},
	"score":  {"what mutants --suite --json prints", mutants.ScoreSchema()},
}

// repositoryCommands are the commands that need the repository. A release is built without them, and is smaller for it.
func repositoryCommands() []*cobra.Command {
	return []*cobra.Command{mutantsCommand(), manCommand()}
}
