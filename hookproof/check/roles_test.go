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
	for _, c := range rows {
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
		"order/repeated":                     nil, // an invoice is paid or voided
		"order/any-order":                    {"S({sent settled}) = S(sent settled), counts of changes and lists of them aside"},
		"meaning/not-yet":                    {"S(sent) shows nothing of S(sent settled)"},
		"meaning/end-shows":                  nil,
		"faults/cut-before":                  {"S(sent settled, cut-before) = S(sent settled)", "S(sent settled sent settled, cut-before) = S(sent settled)"},
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
	for _, c := range slices.Concat(authenticity, bookkeeping) {
		require.Len(t, asked[c.Name], len(c.Relations), "%s is about no word of the payment life's", c.Name)
	}
	for _, c := range faultChecks {
		require.NotEmpty(t, asked[c.Name], "%s is about no word of the payment life's", c.Name)
	}
}

// An end that comes after the grant is asked about.
func TestTheEndOfALifeIsAsked(t *testing.T) {
	t.Parallel()
	l, err := life.ReadLife(endpointtest.LifeFolder(strings.Replace(endpointtest.InvoiceLife, `, "instead": ["settled"]`, "", 1)), "lives/mine")
	require.NoError(t, err)
	asked := map[string][]string{}
	for _, c := range Of(l) {
		for _, r := range c.Relations {
			asked[c.Name] = append(asked[c.Name], r.String())
		}
	}
	require.Equal(t, []string{"S(sent settled void) ≠ S(sent settled)"}, asked["meaning/end-shows"])
	require.Contains(t, asked["faults/cut-before"], "S(sent settled void, cut-before) = S(sent settled void)")
	require.Len(t, asked["order/repeated"], 1)
}

// A life needs no role but what grants.
func TestALifeWithoutRolesIsAsked(t *testing.T) {
	t.Parallel()
	text := endpointtest.InvoiceLife[:strings.Index(endpointtest.InvoiceLife, `"roles":`)] + `"roles": {"grants": "settled"}}`
	l, err := life.ReadLife(endpointtest.LifeFolder(text), "lives/mine")
	require.NoError(t, err)
	require.Equal(t, []string{"settled", "", "", ""}, []string{ScheduleOf(l, "<grants>"), ScheduleOf(l, "<grants> <ends>"), ScheduleOf(l, "<notYet>"), ScheduleOf(l, "settled void")})
	names := map[string]bool{}
	for _, c := range Of(l) {
		names[c.Name] = true
		for _, r := range c.Relations {
			require.NotContains(t, r.String()+r.If, "<")
		}
	}
	require.Equal(t, []bool{true, true, false, false}, []bool{names["idempotence/redelivered"], names["faults/killed"], names["order/any-order"], names["meaning/end-shows"]})
}

// A relation that another row asks in another view is not asked again.
func TestTheRestIsAskedOnce(t *testing.T) {
	t.Parallel()
	for _, name := range life.BuiltInNames() {
		l, err := life.BuiltIn(name)
		require.NoError(t, err)
		asked := map[string]string{}
		for _, c := range Of(l) {
			for _, r := range c.Relations {
				r.View = ""
				if c.Rest {
					require.Empty(t, asked[r.String()], "%s asks it in the life of %s", c.Name, name)
				}
				asked[r.String()] = c.Name
			}
		}
	}
}
