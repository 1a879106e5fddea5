package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// A check that failed outranks whatever was not judged beside it.
func TestTheExitCodeIsOfTheWorst(t *testing.T) {
	t.Parallel()
	pass, fail := result.Finding{Check: "a/b", Verdict: result.Pass}, result.Finding{Check: "a/c", Verdict: result.Fail}
	noHook := result.Finding{Check: "a/d", Verdict: result.NotRun, Missing: []string{"state"}}
	noEvidence := result.Finding{Check: "a/e", Verdict: result.NotRun, Reason: result.NoEvidence, Why: "no evidence"}
	hook := &target.HookError{Hook: "stop", Err: errors.New("no such process")}
	for name, row := range map[string]struct {
		findings []result.Finding
		ended    error
		failed   bool
		says     string
	}{
		"all passed":                        {[]result.Finding{pass}, nil, false, ""},
		"a hook is missing":                 {[]result.Finding{pass, noHook}, nil, false, ""},
		"a check failed":                    {[]result.Finding{pass, fail}, nil, true, "something failed"},
		"and there was no evidence":         {[]result.Finding{pass, fail, noEvidence}, nil, true, "something failed"},
		"and time was over":                 {[]result.Finding{fail, {Verdict: result.NotRun, Reason: result.OverBudget, Why: "out of time (1m0s)"}}, nil, true, "something failed; also incomplete: out of time (1m0s); --budget gives more"},
		"and a hook failed":                 {[]result.Finding{fail, noEvidence}, hook, true, "something failed; also: the hook stop: no such process"},
		"a hook failed":                     {[]result.Finding{pass, noEvidence}, hook, false, "the hook stop: no such process"},
		"a hook failed when all had passed": {[]result.Finding{pass}, hook, false, "the hook stop: no such process"},
		"no evidence":                       {[]result.Finding{pass, noEvidence}, nil, false, "incomplete: a/e: no evidence"},
		"nothing was judged":                {[]result.Finding{noHook}, nil, false, "incomplete: nothing could be judged with these hooks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ending(result.Report{Findings: row.findings}, row.ended)
			require.Equal(t, row.failed, errors.Is(err, errFailed))
			if row.says == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, row.says)
		})
	}
}
