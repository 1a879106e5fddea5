package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
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
