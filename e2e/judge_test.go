package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	var link *hookproof.Link
	e := newEnv(t, asProcess, func(e *env) {
		before := e.proxy.Addr()
		var err error
		link, err = hookproof.NewLink(shared.backend.database)
		require.NoError(t, err)
		t.Cleanup(link.Close)
		e.proxy, err = hookproof.NewProxy("127.0.0.1:0", link.Addr())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, e.proxy.Close()) })
		e.config.DatabaseURL = strings.Replace(e.config.DatabaseURL, before, e.proxy.Addr(), 1)
	})
	target := e.target()
	target.Link = link
	target.Ignore = []string{"/startsAt", "/endsAt", "/createdAt", "/updatedAt", "/expiresAt", "/resourceId", "/checkoutUrl"}
	report, err := hookproof.Judge(t.Context(), target, hookproof.Options{Seed: 1, HookCalls: 500})
	require.NoError(t, err)
	raw, _ := json.MarshalIndent(report, "", "  ")
	require.NoError(t, os.WriteFile("/tmp/judge.json", raw, 0o644))
	for _, f := range report.Findings {
		t.Log(f.Verdict, f.Check, f.Why, f.Relations, f.Took)
	}
	t.Log(report.Took, report.HookCalls, report.Deliveries, report.Phases, report.Struck, report.Overlap)
}
