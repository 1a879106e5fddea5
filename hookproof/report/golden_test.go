package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares every form of one report with the files in testdata, which are to be read by
// people: go test ./hookproof/report -update writes them.
func TestGolden(t *testing.T) {
	t.Parallel()
	styled := func(s report.Style) func(io.Writer, result.Report) error {
		return func(w io.Writer, r result.Report) error { return report.Text(w, r, s) }
	}
	for name, c := range map[string]struct {
		report result.Report
		write  func(io.Writer, result.Report) error
	}{
		"sample.txt":        {sample(), styled(report.Style{Width: 100})},
		"sample.narrow.txt": {sample(), styled(report.Style{Width: 60})},
		"sample.color.txt":  {sample(), styled(report.Style{Width: 100, Color: true, Terminal: true})},
		"sample.json":       {sample(), report.JSON},
		"sample.xml":        {sample(), report.JUnit},
		"sample.html":       {sample(), report.HTML},
		"long.txt":          {long(), styled(report.Style{})},
		"lives.txt":         {twoLives(), styled(report.Style{Width: 100})},
		"lives.xml":         {twoLives(), report.JUnit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			require.NoError(t, c.write(&got, c.report))
			file := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(file, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String(), "if the new form is meant, run go test ./hookproof/report -update")
		})
	}
}
