package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
)

// A check that failed outranks whatever was not judged beside it.
func TestTheExitCodeIsOfTheWorst(t *testing.T) {
	t.Parallel()
	pass, fail := hookproof.Finding{Check: "a/b", Verdict: hookproof.Pass}, hookproof.Finding{Check: "a/c", Verdict: hookproof.Fail}
	noHook := hookproof.Finding{Check: "a/d", Verdict: hookproof.NotRun, Missing: []string{"state"}}
	noEvidence := hookproof.Finding{Check: "a/e", Verdict: hookproof.NotRun, Reason: hookproof.NoEvidence, Why: "no evidence"}
	hook := &hookproof.HookError{Hook: "stop", Err: errors.New("no such process")}
	for name, row := range map[string]struct {
		findings []hookproof.Finding
		ended    error
		failed   bool
		says     string
	}{
		"all passed":                        {[]hookproof.Finding{pass}, nil, false, ""},
		"a hook is missing":                 {[]hookproof.Finding{pass, noHook}, nil, false, ""},
		"a check failed":                    {[]hookproof.Finding{pass, fail}, nil, true, "something failed"},
		"and there was no evidence":         {[]hookproof.Finding{pass, fail, noEvidence}, nil, true, "something failed; also incomplete: a/e: no evidence"},
		"and a hook failed":                 {[]hookproof.Finding{fail, noEvidence}, hook, true, "something failed; also: the hook stop: no such process"},
		"a hook failed":                     {[]hookproof.Finding{pass, noEvidence}, hook, false, "the hook stop: no such process"},
		"a hook failed when all had passed": {[]hookproof.Finding{pass}, hook, false, "the hook stop: no such process"},
		"no evidence":                       {[]hookproof.Finding{pass, noEvidence}, nil, false, "incomplete: a/e: no evidence"},
		"nothing was judged":                {[]hookproof.Finding{noHook}, nil, false, "incomplete: nothing could be judged with these hooks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ending(hookproof.Report{Findings: row.findings}, row.ended)
			require.Equal(t, row.failed, errors.Is(err, errFailed))
			if row.says == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, row.says)
		})
	}
}
