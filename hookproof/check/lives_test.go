package check

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/life"
)

const (
	livesPage   = "../../docs/lives.md"
	livesBegin  = "<!-- generated: lives -->\n"
	livesEnding = "<!-- end -->\n"
)

// TestLivesPage keeps the tables in docs/lives.md as the lives are: go test ./hookproof/check -update.
func TestLivesPage(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(livesPage)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), livesBegin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, livesEnding)
	require.True(t, found)
	want := before + livesBegin
	for _, l := range life.BuiltIns() {
		want += "\n" + l.Page()
	}
	want += "\n" + livesEnding + after
	if *update {
		require.NoError(t, os.WriteFile(livesPage, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "go test ./hookproof/check -update writes it")
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
