package check

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/life"
)

// relationsFile holds what the checks ask of the payment life: each check, with its relations and every choice made.
const relationsFile = "../run/testdata/relations.txt"

func expandedRelations() string {
	var out strings.Builder
	for _, c := range All() {
		fmt.Fprintf(&out, "%s\n", c.Name)
		for _, r := range c.Relations {
			for _, left := range Expand(r.Left, ThoroughOrders, 1) {
				one := r
				one.Left = left
				fmt.Fprintf(&out, "\t%s", one)
				if r.If != "" {
					fmt.Fprintf(&out, ", if %s", r.If)
				}
				if r.Where != "" {
					fmt.Fprintf(&out, ", where %s", r.Where)
				}
				if r.Info {
					out.WriteString(", info")
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

// The payment life is asked what it was asked before rows named roles: go test ./hookproof/check -update writes the file.
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

// A life that is not built in is asked what every life is.
func TestAnotherLifeIsAsked(t *testing.T) {
	t.Parallel()
	l, err := life.ReadLife(endpointtest.LifeFolder(endpointtest.InvoiceLife), "lives/mine")
	require.NoError(t, err)
	asked := map[string][]string{}
	for _, c := range slices.Concat(authenticity, ackPolicy, idempotence, order, meaningChecks, bookkeeping, faultChecks) {
		for _, r := range Asked(l, c).Relations {
			require.NotContains(t, r.String(), "<")
			asked[c.Name] = append(asked[c.Name], r.String())
		}
	}
	for name, want := range map[string][]string{
		"authenticity/unsigned":              {"no-header:settled=rejected", "empty-header:settled=rejected"},
		"authenticity/api-versions":          {"settled-newest=ack"},
		"authenticity/forgery-burns-nothing": {"S(wrong-secret:sent wrong-secret:settled sent settled) = S(sent settled)"},
		"ack-policy/unhandled-type":          {"unhandled=ack"},
		"ack-policy/foreign-object":          {"stranger=ack", "stranger-void=ack"},
		"ack-policy/late-event":              {"sent=ack settled=ack sent=ack"},
		"ack-policy/conflicts":               {"settled&12=ack"},
		"idempotence/redelivered":            {"S(sent*4 settled*4) = S(sent settled)"},
		"idempotence/restart":                {"S(sent settled restart sent settled) = S(sent settled)"},
		"order/repeated":                     {"S(void sent settled again) = S(sent settled void), counts of changes and lists of them aside"},
		"order/overtaking":                   {"S(sent settled make) = S(sent settled)"},
		"meaning/livemode":                   {"S(other-livemode) = S()"},
		"bookkeeping/duplicates":             {"settled*3"},
		"faults/killed":                      {"S(sent settled, killed) = S(sent settled)"},
		"faults/poisoned-by-events":          {"S(stranger*10=any bare*10=any stranger-void*10=any settled-nowhere*10=any sent settled) = S(sent settled)"},
		"order/refunds":                      nil,
		"meaning/unpaid":                     nil,
		"idempotence/refund-redelivered":     nil,
	} {
		require.Equal(t, want, asked[name], name)
	}
	for _, c := range slices.Concat(authenticity, bookkeeping, faultChecks) {
		require.Len(t, asked[c.Name], len(c.Relations), "%s is about no word of the payment life's", c.Name)
	}
}
