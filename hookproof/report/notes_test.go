package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// What was taken for granted stands in every form that people read.
func TestNotesAreTold(t *testing.T) {
	t.Parallel()
	r := result.Report{Notes: []string{"nobody gave an amount"}}
	var text, page, data strings.Builder
	require.NoError(t, Text(&text, r, Style{}))
	require.NoError(t, HTML(&page, r))
	require.NoError(t, JSON(&data, r))
	require.Contains(t, text.String(), "Assumed: nobody gave an amount.")
	require.Contains(t, page.String(), "<p>Assumed: nobody gave an amount.</p>")
	require.Contains(t, data.String(), `"notes": [`)
}
