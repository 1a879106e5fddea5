package hookproof

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// relationsFile holds what the checks ask of the payment life: each check, with its relations and every choice made.
const relationsFile = "testdata/relations.txt"

func expandedRelations() string {
	var out strings.Builder
	for _, c := range Checks() {
		fmt.Fprintf(&out, "%s\n", c.Name)
		for _, r := range c.Relations {
			for _, left := range expand(r.Left, thoroughOrders, 1) {
				one := r
				one.Left = left
				fmt.Fprintf(&out, "\t%s", one)
				if r.If != "" {
					fmt.Fprintf(&out, ", if %s", r.If)
				}
				if r.Whole {
					out.WriteString(", whole")
				}
				if r.View != "" {
					fmt.Fprintf(&out, ", view %s", r.View)
				}
				if r.Counts != nil {
					fmt.Fprintf(&out, ", counts %v", *r.Counts)
				}
				out.WriteString("\n")
			}
		}
	}
	return out.String()
}

// The payment life is asked what it was asked before rows named roles: go test ./hookproof -update writes the file.
func TestRelationsOfThePaymentLife(t *testing.T) {
	t.Parallel()
	got := expandedRelations()
	if *update {
		require.NoError(t, os.WriteFile(relationsFile, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(relationsFile)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
