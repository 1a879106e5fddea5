package report_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// The same check of two lives is told apart in every form of a report.
func TestLivesAreToldApart(t *testing.T) {
	t.Parallel()
	text := written(t, func(w io.Writer, r result.Report) error { return report.Text(w, r, report.Style{Width: 200}) }, twoLives())
	page := written(t, report.HTML, twoLives())
	junit := written(t, report.JUnit, twoLives())
	for _, life := range []string{"payment", "mine"} {
		for form, got := range map[string]string{"text": text, "page": page, "JUnit": junit} {
			require.Contains(t, got, "idempotence/overlapping ("+life+")", form)
			require.Contains(t, got, "idempotence/fifty-at-once ("+life+")", form)
		}
		require.Contains(t, text, "hookproof check --target hookproof.json --life "+life+" --only idempotence/overlapping --seed 7\n")
		require.Contains(t, page, life+", shared")
		require.Contains(t, junit, `message="explained by idempotence/overlapping (`+life+`)`)
	}
	require.Equal(t, 2, strings.Count(text, "It also explains these failures:"), "each explains that of its own life")

	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.False(t, ids[id[1]], "two places of the page are called %s", id[1])
		require.NotContains(t, id[1], " ")
		ids[id[1]] = true
	}
	for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.True(t, ids[link[1]], "nothing is called %s", link[1])
	}

	var read struct {
		Findings []struct{ Check, Life string }
		Phases   []struct{ Phase, Life string }
	}
	require.NoError(t, json.Unmarshal([]byte(written(t, report.JSON, twoLives())), &read))
	require.Equal(t, struct{ Check, Life string }{"idempotence/overlapping", "mine"}, read.Findings[4], "a name stays family/what")
	require.Equal(t, struct{ Phase, Life string }{"shared", "mine"}, read.Phases[1])

	folder := t.TempDir()
	require.NoError(t, report.Bodies(folder, twoLives()))
	for _, life := range []string{"payment", "mine"} {
		_, err := os.Stat(filepath.Join(folder, life, "idempotence", "overlapping", "1-paid.json"))
		require.NoError(t, err)
	}
}

// Of one life nothing is said but in data.
func TestOneLifeIsNotNamed(t *testing.T) {
	t.Parallel()
	r := sample()
	for n := range r.Findings {
		r.Findings[n].Life = "payment"
	}
	plain := func(w io.Writer, r result.Report) error { return report.Text(w, r, report.Style{}) }
	require.Equal(t, written(t, plain, sample()), written(t, plain, r))
	require.Contains(t, written(t, report.JSON, r), `"life": "payment"`)
}
