package check

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

var update = flag.Bool("update", false, "write the generated parts of docs anew")

const (
	documentation = "../../docs/checks.md"
	tableBegins   = "<!-- generated: checks -->\n"
	tableEnds     = "<!-- end -->\n"
)

// TestDocumentation keeps docs/checks.md as the checks are: go test ./hookproof/check -update.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(documentation)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), tableBegins)
	require.True(t, found)
	_, after, found := strings.Cut(rest, tableEnds)
	require.True(t, found)
	own, err := life.Load("../../examples/targets/python-invoices/lives/invoice/life.json", "life.json")
	require.NoError(t, err)
	lives := life.BuiltIns()
	want := before + tableBegins + "\n" + Overview(append(lives, own)) + "\n" + Table(Documented(lives)) + "\n" + tableEnds + after
	if *update {
		require.NoError(t, os.WriteFile(documentation, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "go test ./hookproof/check -update writes it")
}

// TestChecksAreWhole looks at every row, as it is asked of every life: it can be parsed, says what it must, and names faults that there are.
func TestChecksAreWhole(t *testing.T) {
	t.Parallel()
	for life, least := range map[string]int{"payment": 50, "intent": 45, "subscription": 50} {
		t.Run(life, func(t *testing.T) {
			t.Parallel()
			checkRows(t, life, least)
		})
	}
}

func checkRows(t *testing.T, of string, least int) {
	l, err := life.BuiltIn(of)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, c := range Of(l) {
		require.False(t, names[c.Name], "%s is there twice", c.Name)
		names[c.Name] = true
		require.Contains(t, []string{"authenticity", "idempotence", "order", "ack-policy", "faults", "meaning", "bookkeeping"}, c.Family())
		for _, text := range []string{c.Demand, c.Source, c.Says, c.Why, c.Fix} {
			require.NotEmpty(t, text, c.Name)
		}
		require.True(t, strings.HasSuffix(c.Demand, "."), c.Name)
		require.Contains(t, pages, c.Source, c.Name)
		require.Equal(t, c.Source == OurPolicy, c.Heading == "", "%s names the heading of the page", c.Name)
		for _, fault := range c.Kills {
			require.Contains(t, knownFaults(), fault, c.Name)
		}
		for _, need := range c.Needs() {
			require.Contains(t, target.Needs, need, c.Name)
			require.NotEmpty(t, (&target.Target{}).Needed(need), need)
		}
		require.NotEmpty(t, c.Relations, "%s has nothing to try", c.Name)
		for _, r := range c.Relations {
			evidence, asked := r.Conditions()
			require.Equal(t, []bool{r.If != "", r.Where != ""}, []bool{evidence != nil, asked != nil}, c.Name)
			for _, text := range slices.Concat(Expand(r.Left, 24, 1), Expand(r.Right, 24, 1), r.Schedules()[2:]) {
				_, err := ParseSchedule(l, text)
				require.NoError(t, err, c.Name)
			}
			require.Contains(t, []string{"", "=", "≠", "∌", "∋", "adds", "moves", "tells", ActsOnce}, r.Op, c.Name)
			if r.View != "" {
				require.NotPanics(t, func() { ViewSays(r.View) }, c.Name)
			}
			if r.Fault != "" {
				require.Contains(t, Faults, r.Fault, c.Name)
			}
		}
	}
	require.GreaterOrEqual(t, len(names), least)
}
