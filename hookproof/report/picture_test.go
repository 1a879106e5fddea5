package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// docs/report.png holds the hash of the page that it shows, which is made of a run that is kept beside it.
func TestThePictureInTheDocumentationIsOfThisPage(t *testing.T) {
	t.Parallel()
	run, err := os.ReadFile("../../docs/report.json")
	require.NoError(t, err)
	var r result.Report
	require.NoError(t, json.Unmarshal(run, &r))
	var again, page bytes.Buffer
	require.NoError(t, report.JSON(&again, r))
	const anew = "docs/report.json is not what a run writes today: go run ./.ci/picture -run"
	require.JSONEq(t, string(run), again.String(), anew)
	demands := map[string]check.Check{}
	for _, c := range check.All() {
		demands[c.Name] = c
	}
	for _, f := range r.Findings {
		require.Equal(t, demands[f.Check].Demand, f.Demand, "%s: %s", f.Check, anew)
	}
	require.NoError(t, report.HTML(&page, r))
	picture, err := os.ReadFile("../../docs/report.png")
	require.NoError(t, err)
	require.True(t, bytes.Contains(picture, fmt.Appendf(nil, "hookproof-page\x00%x", sha256.Sum256(page.Bytes()))),
		"docs/report.png is of another page than a report has today: go run ./.ci/picture")
}
