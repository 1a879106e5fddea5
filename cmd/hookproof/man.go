//go:build !release

package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual pages that the packages have. Their date is SOURCE_DATE_EPOCH's, where it is set.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write a manual page for each command into a directory",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("man takes one directory")
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			for _, one := range root.Commands() {
				one.Hidden = one.Hidden || one.Name() == "mutants" // which the packages do not have
			}
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "hookproof", Manual: "hookproof"}, args[0])
		},
	}
}
