package webhook

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reasonsInSource are the words of the constants of type Reason.
func reasonsInSource(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "policy.go", nil, 0)
	require.NoError(t, err)
	var words []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Reason" {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			words = append(words, word)
		}
		return true
	})
	return words
}

func TestEveryReasonHasARow(t *testing.T) {
	t.Parallel()
	words := reasonsInSource(t)
	require.NotEmpty(t, words)
	require.Len(t, policy, len(words))
	runbook, err := os.ReadFile("../docs/runbooks/observability.md")
	require.NoError(t, err)
	for _, word := range words {
		ack, there := policy[Reason(word)]
		require.True(t, there, word)
		require.Equal(t, ack.outcome == Processed, ack.result != "", "%s: what is processed is recorded, and nothing else", word)
		require.Equal(t, ack.outcome != Rejected, ack.status == http.StatusOK, "%s: a 200 means that it is safe here", word)
		if ack.status == http.StatusInternalServerError {
			require.Equal(t, processingError, ack.message, "%s: a 500 says nothing of the signature", word)
		}
		result := string(ack.result)
		if result == "" {
			result = "–"
		}
		row := "| `" + word + "` | " + string(ack.outcome) + " | " + strconv.Itoa(ack.status) + " | " + result + " |"
		require.True(t, strings.Contains(string(runbook), row), "docs/runbooks/observability.md lacks the row %s", row)
	}
}
