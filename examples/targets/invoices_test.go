package targets

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/check"
)

// The endpoint for invoices brings its own life: hookproof has none of these events in its own.
var invoices = endpoint{name: "python-invoices", needs: [][]string{{"python3", "-c", "import sys; assert sys.version_info >= (3, 11)"}}, install: "install Python 3.11"}

// openInvoices copies the endpoint, with one piece of its source changed, and reads its target file. Nothing runs yet.
func openInvoices(t *testing.T, from, to string) (r *running) {
	t.Helper()
	invoices.orSkip(t)
	folder := filepath.Join(t.TempDir(), invoices.name)
	require.NoError(t, os.CopyFS(folder, os.DirFS(invoices.name)))
	require.NoError(t, os.RemoveAll(filepath.Join(folder, ".run")))
	source, err := os.ReadFile(filepath.Join(folder, "invoices.py"))
	require.NoError(t, err)
	require.Contains(t, string(source), from)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "invoices.py"), []byte(strings.ReplaceAll(string(source), from, to)), 0o600))
	r = &running{t: t, name: folder, env: map[string]string{"PORT": freePort(t)}}
	t.Cleanup(func() { r.run("stop") })
	r.target, err = hookproof.LoadTarget(filepath.Join(folder, "hookproof.json"), func(name string) string { return r.env[name] })
	require.NoError(t, err)
	return r
}

// TestInvoices judges the endpoint by all that every life is asked, but for connected accounts, which it does not know, Stripe's API, which
// it does not ask, and the connection to its database, which SQLite does not have.
func TestInvoices(t *testing.T) {
	t.Parallel()
	r := openInvoices(t, "", "")
	r.run("start")
	second := &running{t: t, name: r.name, env: map[string]string{"PORT": freePort(t), "DATABASE": filepath.Join(r.name, ".run", r.env["PORT"], "invoices.db")}}
	second.run("start")
	t.Cleanup(func() { second.run("stop") })
	r.target.Replicas = []string{"http://127.0.0.1:" + second.env["PORT"] + "/webhooks/stripe"}
	report, err := hookproof.Check(t.Context(), r.target, hookproof.Options{Budget: budget})
	require.NoError(t, err)

	l, err := hookproof.LoadLife(filepath.Join(r.name, "lives/invoice/life.json"))
	require.NoError(t, err)
	var asked, told []string
	for _, c := range check.Of(l) {
		asked = append(asked, c.Name)
	}
	for _, f := range report.Findings {
		told = append(told, f.Check)
		require.Equal(t, "invoice", f.Life)
		if len(f.Missing) > 0 {
			require.Subset(t, []string{"database", "link", "connect", "api"}, f.Missing, f.Check)
			continue
		}
		require.Equal(t, hookproof.Pass, f.Verdict, "%s: %s", f.Check, f.Why)
	}
	require.Equal(t, asked, told)
	require.Greater(t, report.Count(hookproof.Pass), 50)
	for _, name := range []string{"idempotence/replicas", "order/together", "order/any-order", "order/overtaking", "meaning/not-yet", "bookkeeping/sum", "faults/stopped", "faults/database-away"} {
		require.True(t, slices.Contains(told, name), name)
	}
}

// Each fault of the endpoint is seen by the relation that is about it, though hookproof has never heard of invoices.
func TestFaultyInvoices(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ from, to, check string }{
		"each event counts":             {" AND rank < ?\", (status, rank, status, order_id, rank)", "\", (status, rank, status, order_id)", "idempotence/two-ids"},
		"the last event counts":         {"jobs = jobs + (? = 'paid') WHERE id = ? AND rank < ?\", (status, rank, status, order_id, rank)", "jobs = max(jobs, ? = 'paid') WHERE id = ?\", (status, rank, status, order_id)", "order/any-order"},
		"paid when it is sent":          {`"invoice.sent": ("sent", 1)`, `"invoice.sent": ("paid", 2)`, "meaning/not-yet"},
		"paid when it is voided":        {`"invoice.voided": ("void", 2)`, `"invoice.voided": ("paid", 2)`, "meaning/not-yet"},
		"an order that comes too late":  {`raise LookupError(f"order {order_id} is not there yet")`, "return", "order/overtaking"},
		"no signature is looked at":     {`raise ValueError("no signature matches")`, "return", "authenticity/no-effect"},
		"the other mode counts":         {`event["livemode"] == livemode`, "True", "meaning/livemode"},
		"metadata is taken for granted": {`metadata.get("order_id") if isinstance(metadata, dict) else None`, `metadata["order_id"]`, "ack-policy/missing-metadata"},
		"other types are refused":       {`event["type"] in RANK and`, `RANK[event["type"]] and`, "ack-policy/unhandled-type"},
		"all is in memory":              {"sqlite3.connect(self._path,", `sqlite3.connect("file:x?mode=memory&cache=shared", uri=True,`, "idempotence/restart"},
		"kept before its effect": {"                return False\n", `                return False
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")
`, "order/overtaking"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openInvoices(t, row.from, row.to)
			report, err := hookproof.Check(t.Context(), r.target, hookproof.Options{Budget: budget, Only: []string{row.check}})
			require.NoError(t, err)
			require.Len(t, report.Findings, 1)
			require.Equal(t, hookproof.Fail, report.Findings[0].Verdict, report.Findings[0].Why)
		})
	}
}
