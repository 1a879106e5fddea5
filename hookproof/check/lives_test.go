package check

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/life"
)

// TestLivesPages keeps the pages in docs/lives as the lives are: go test ./hookproof/check -update.
func TestLivesPages(t *testing.T) {
	t.Parallel()
	for _, l := range life.BuiltIns() {
		generated(t, "../../docs/lives/"+l.Name+".md", l.Page())
	}
}

// A life's page has each of its words, in the order in which they happen.
func TestALifesPage(t *testing.T) {
	t.Parallel()
	l, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	page, at := l.Page(), 0
	for _, w := range l.Own() {
		found := strings.Index(page, "| `"+w.Name+"` | `"+w.Type+"` | "+w.Says+" | ")
		require.Greater(t, found, at, w.Name)
		at = found
	}
	require.Len(t, l.Own(), len(l.Words))
	require.Contains(t, page, "| **`bought`** | | `sub-incomplete`, `sub-paid`, `sub-paid-2`, `sub-active`, `sub-bought` | grants |\n")
	require.Contains(t, page, "| `old-…` | | each of these, of an earlier subscription of the same customer | |\n")
	require.Contains(t, page, "| late; notYet; together with `sub-active` |\n", "of sub-incomplete")
	require.NotContains(t, page, "`old-deleted`")
}
