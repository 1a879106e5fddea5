package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// Of several lives each has a folder of bodies, and an anchor of its own on the page.
func TestLivesDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	r := twoLives()
	for n := range r.Findings {
		if r.Findings[n].Verdict == result.Fail {
			r.Findings[n].Requests = []result.Request{{Name: "1-paid", Body: "{}", Sign: "genuine"}}
		}
	}
	check := r.Findings[0].Check
	folder := t.TempDir()
	require.NoError(t, report.Bodies(folder, r))
	var page bytes.Buffer
	require.NoError(t, report.HTML(&page, r))
	for _, life := range []string{"payment", "mine"} {
		_, err := os.Stat(filepath.Join(folder, life, filepath.FromSlash(check), "1-paid.json"))
		require.NoError(t, err)
		require.Contains(t, page.String(), `id="idempotence-overlapping-`+life+`"`)
	}
}

// A report about one life does not name it at every place.
func TestOneLifeIsNotNamed(t *testing.T) {
	t.Parallel()
	r := twoLives()
	r.Findings, r.Phases = r.Findings[:4], r.Phases[:1]
	told := text(t, r, report.Style{Width: 200})
	require.NotContains(t, told, "(payment)")
	require.NotContains(t, told, "payment, effects")
	require.Contains(t, told, "--life payment,mine --only")
}
