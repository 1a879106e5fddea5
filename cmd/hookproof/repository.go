//go:build !release

package main

import "github.com/spf13/cobra"

// repositoryCommands are the commands that need the repository. A release is built without them, and is smaller for it.
func repositoryCommands() []*cobra.Command {
	return []*cobra.Command{mutantsCommand(), manCommand()}
}
