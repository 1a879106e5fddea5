package main

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersionTextIsWhatIsKnownOfTheBuild(t *testing.T) {
	t.Parallel()
	tree := []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.time", Value: "2026-11-30T12:00:00Z"}}
	for name, row := range map[string]struct {
		info  *debug.BuildInfo
		known bool
		shown string
	}{
		"go install of a version": {&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, true, "v1.2.3"},
		"a build in a work tree":  {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: tree}, true, "(devel), commit 0123abc, of 2026-11-30T12:00:00Z"},
		"a build without git":     {&debug.BuildInfo{}, true, "(devel)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.shown+", "+runtime.Version(), versionText(row.info, row.known))
		})
	}
}
