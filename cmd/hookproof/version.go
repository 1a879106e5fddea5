package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// A release's build sets these by the linker.
var version, commit, date string

// versionText returns the version, the commit, the commit's time and Go's version. What the linker has not set is what Go has
// written into the binary: a module's version, after go install; the commit and its time, in a build in a work tree.
func versionText(info *debug.BuildInfo, known bool) string {
	texts := []string{version, commit, date}
	if known {
		texts[0] = cmp.Or(version, info.Main.Version, "(devel)")
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				texts[1] = cmp.Or(commit, setting.Value)
			case "vcs.time":
				texts[2] = cmp.Or(date, setting.Value)
			}
		}
	}
	var shown []string
	for i, label := range []string{"", "commit ", "of "} {
		if texts[i] != "" {
			shown = append(shown, label+texts[i])
		}
	}
	return strings.Join(append(shown, runtime.Version()), ", ")
}

// versionCommand says the same as --version, for those who expect a command.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and its time, and Go's version",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "hookproof version", cmd.Root().Version)
			return err
		},
	}
}
