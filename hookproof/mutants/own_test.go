package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/program"
	"example.com/hookproof/hookproof/result"
)

// A failed check of the own server is an accusation, and a test that fails for another reason is trouble.
func TestTheOwnServersRun(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		script, trouble string
		verdict         result.Verdict
		left            string
	}{
		"passed":             {`echo '{"findings":[{"check":"a/b","verdict":"pass"}]}' >"$E2E_REPORT"`, "", result.Pass, ""},
		"a check has failed": {`echo '{"findings":[{"check":"a/b","verdict":"fail"}],"tookMs":1}' >"$E2E_REPORT"; exit 1`, "", result.Fail, ""},
		"the judge gave up":  {`echo '{"findings":[{"check":"a/b","verdict":"fail"}]}' >"$E2E_REPORT"; echo the hook state; exit 1`, "the hook state", result.Fail, ""},
		"the test has failed": {`echo '{"findings":[{"check":"a/b","verdict":"pass"}]}' >"$E2E_REPORT"; echo too many calls; exit 1`,
			"too many calls", result.Pass, ""},
		"no report":         {`echo no PostgreSQL; exit 1`, "no PostgreSQL", "", ""},
		"none, and passed":  {`true`, "report.json", "", ""},
		"another back end":  {`[ "$E2E_BACKEND" = local ] && echo '{}' >"$E2E_REPORT"`, "", "", ""},
		"of no test at all": {`echo 'testing: warning: no tests to run'; echo '{}' >"$E2E_REPORT"`, "there is no such test", "", ""},
		"files are left":    {`mkdir "$TMPDIR/pgserver1"; echo '{}' >"$E2E_REPORT"`, "", "", "the file pgserver1"},
		"a process is left": {`sh -c 'sleep 20; :' "$TMPDIR" >&- 2>&- & echo '{}' >"$E2E_REPORT"`, "", "", "a process still runs: sh -c sleep 20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/proc/self/cwd"); err != nil && strings.Contains(name, "process") {
				t.Skip("there is no /proc")
			}
			binary := filepath.Join(t.TempDir(), "tests")
			require.NoError(t, program.Write(binary, []byte("#!/bin/sh\n"+row.script+"\n"), 0o700))
			var o Options
			if row.left != "" {
				o.Grace = briefGrace
			}
			report, left, err := o.judgeOwn(t.Context(), tests{packages: []builtTests{{t.TempDir(), binary}}})
			if row.trouble != "" {
				require.ErrorContains(t, err, row.trouble)
			} else {
				require.NoError(t, err)
			}
			require.True(t, strings.HasPrefix(left, row.left), left)
			require.Equal(t, row.left == "", left == "", left)
			if row.verdict != "" {
				require.Equal(t, row.verdict, report.Findings[0].Verdict)
			}
		})
	}
}
