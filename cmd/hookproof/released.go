//go:build release

package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// repositorySchemas are none in a release.
var repositorySchemas map[string]schema

// repositoryCommands says of the command that a release lacks where to find it.
func repositoryCommands() []*cobra.Command {
	return []*cobra.Command{{
		Use:                "mutants",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("mutants needs Go and hookproof's repository; in a clone of it, run: go run ./cmd/hookproof mutants")
		},
	}}
}
