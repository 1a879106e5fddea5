package hookproof

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// told is a T that records.
type told struct{ list []string }

func (r *told) Helper()           {}
func (r *told) Log(args ...any)   { r.list = append(r.list, "log "+fmt.Sprint(args...)) }
func (r *told) Error(args ...any) { r.list = append(r.list, "error "+fmt.Sprint(args...)) }
func (r *told) Skip(args ...any)  { r.list = append(r.list, "skip "+fmt.Sprint(args...)) }

func TestFindingsAreTold(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]Finding{
		"":                     {Verdict: Pass},
		"log so so":            {Verdict: Info, Why: "so so"},
		"log not run: refunds": {Verdict: Pass, NotRun: []string{"refunds"}},
		"skip it needs state":  {Verdict: NotRun, Why: "it needs state"},
		"error it could not be judged: out of time": {Verdict: NotRun, Lacking: true, Why: "out of time"},
	} {
		var r told
		f.tell(&r)
		if want == "" {
			require.Empty(t, r.list)
		} else {
			require.Equal(t, []string{want}, r.list)
		}
	}
	var r told
	Finding{Verdict: Fail, Demand: "It counts once.", Why: "it counted twice", Mend: "do not",
		Timeline: []Sent{{Event: "paid", Sign: "genuine", Status: 200, Fault: "killed"}, {At: 7, Event: "paid", Sign: "genuine", Error: "nothing in time"}}}.tell(&r)
	require.Len(t, r.list, 1)
	require.Contains(t, r.list[0], "It counts once.\nbut: it counted twice")
	require.Contains(t, r.list[0], "→ 200 (0.0 ms)  [killed]")
	require.Contains(t, r.list[0], "7.0 ms  paid  genuine        → no answer: nothing in time")
}

func TestRunMakesSubtests(t *testing.T) {
	report := Run(t, openStall(t, nil).target(), Options{Only: []string{"authenticity/genuine", "idempotence/replicas"}})
	require.Equal(t, 1, report.Count(Pass))
	require.Equal(t, 1, report.Count(NotRun), "there are no replicas")
}

// A hook that fails in the middle takes nothing away of what was found before: seen from outside, as a package's user
// sees it, since a test that fails cannot tell of itself.
func TestRunTellsWhatWasFoundBeforeAHookFailed(t *testing.T) {
	const child = "HOOKPROOF_TEST_OF_A_FAILING_HOOK"
	if os.Getenv(child) != "" {
		target := openStall(t, nil).target()
		target.Stop = func(context.Context, string) error { return errors.New("no such process") }
		Run(t, target, Options{Only: []string{"authenticity/genuine", "authenticity/stale", "idempotence/restart"}})
		return
	}
	t.Parallel()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), child+"=1")
	raw, err := command.CombinedOutput()
	require.Error(t, err)
	out := string(raw)
	found, failed := strings.Index(out, t.Name()+"/authenticity/genuine"), strings.Index(out, "hookproof: the hook stop: no such process")
	require.Positive(t, found, out)
	require.Greater(t, failed, found, out)
	require.Contains(t, out, "--- PASS: "+t.Name()+"/authenticity/stale")
	require.Contains(t, out, "the run ended before it was decided")
}
