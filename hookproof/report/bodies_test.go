package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "bodies")
	r := sample()
	r.Findings[1].Why = "it said\nrm -rf /"
	for range 2 { // what is there is written anew
		require.NoError(t, report.Bodies(folder, r))
	}
	raw, err := os.ReadFile(filepath.Join(folder, "idempotence", "overlapping", "1-paid.json"))
	require.NoError(t, err)
	require.Equal(t, request("genuine").Body, string(raw))

	name := filepath.Join(folder, "authenticity", "forged-then-genuine", "1-paid.sh")
	raw, err = os.ReadFile(name)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(raw), "#!/bin/sh\n# authenticity/forged-then-genuine: A forgery is refused"), string(raw))
	require.Contains(t, string(raw), "# It was fail: it said rm -rf /\n", "an answer's second line is no command")
	require.Contains(t, string(raw), "\n# checkout.session.completed, signed as empty-secret\n# Stripe-Signature, as sent first: t=1795681643,v1=5257a869\n(\n")
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100)

	r.Findings = []result.Finding{{Check: "../up", Requests: []result.Request{{Name: "1-paid"}}}}
	require.Error(t, report.Bodies(folder, r))
}
