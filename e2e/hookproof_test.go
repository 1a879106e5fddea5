package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/hookprooftest"
)

// volatile are the places of a booking that differ from one to the next and say nothing of what events did.
var volatile = []string{"/resourceId", "/startsAt", "/endsAt", "/expiresAt", "/createdAt", "/updatedAt", "/checkoutUrl"}

// notOurs is what our server has no use for: it takes no events of connected accounts, and asks Stripe nothing while it takes
// an event.
var notOurs = []string{"connect", "api"}

// budget is more than a run needs, since all other tests run beside it.
const budget = 3 * time.Minute

// TestHookproof is what any endpoint can have: every check of hookproof's, on two replicas of our server as
// processes of their own, behind a proxy and a link that can be bad.
func TestHookproof(t *testing.T) {
	t.Parallel()
	var link *dbproxy.Link
	e := newEnv(t, asProcess, func(e *env) {
		e.config.DatabaseURL, link = throughLink(t, e)
	})
	replica, err := startProcess(e.config, "", e.logs)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, replica.end(true)) })

	target := e.target()
	target.Link, target.Ignore = link, volatile
	target.Replicas = []string{replica.url() + "/webhooks/stripe"}
	var report hookproof.Report
	t.Cleanup(func() { keep(t, report) }) // where the judge gives up in the middle, what it had found
	report = hookprooftest.Run(t, target, hookproof.Options{Budget: budget, Progress: func(f hookproof.Finding) {
		report.Findings = append(report.Findings, f)
	}})
	for _, f := range report.Findings {
		if f.Verdict == hookproof.NotRun {
			require.Subset(t, notOurs, f.Missing, "our server offers everything else: %s: %s", f.Check, f.Why)
			require.NotEmpty(t, f.Missing, "%s: %s", f.Check, f.Why)
		}
	}
	require.Positive(t, report.Struck)
	require.LessOrEqual(t, report.HookCalls, 600)
	t.Logf("%d checks in %.1f s, %d deliveries, %d hook calls, cut at %d messages", len(report.Findings), report.Took/1000,
		report.Deliveries, report.HookCalls, report.Struck)
}

// keep writes a report to where hookproof mutants, which runs this test, looks for it.
func keep(t *testing.T, report hookproof.Report) {
	t.Helper()
	if file := os.Getenv("E2E_REPORT"); file != "" {
		raw, err := json.Marshal(report)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, raw, 0o600))
	}
}

// throughLink puts a link behind the test's proxy, and answers the database's URL by that way.
func throughLink(t *testing.T, e *env) (url string, link *dbproxy.Link) {
	t.Helper()
	link, err := dbproxy.NewLink(shared.backend.database)
	require.NoError(t, err)
	t.Cleanup(link.Close)
	before := e.proxy.Addr()
	e.proxy, err = dbproxy.NewProxy("127.0.0.1:0", link.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.proxy.Close()) })
	return strings.Replace(e.config.DatabaseURL, before, e.proxy.Addr(), 1), link
}
