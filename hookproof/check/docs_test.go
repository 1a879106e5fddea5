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
	checksPages = "../../docs/checks/"
	indexBegins = "<!-- generated: families -->\n"
	indexEnds   = "<!-- end -->\n"
)

// documentedLives are the built-in lives and one that is not: what is asked of it is asked of any.
func documentedLives(t *testing.T) []*life.Life {
	t.Helper()
	own, err := life.Load("../../examples/targets/python-invoices/lives/invoice/life.json", "life.json")
	require.NoError(t, err)
	return append(life.BuiltIns(), own)
}

// TestFamiliesPages keeps the pages in docs/checks as the checks are: go test ./hookproof/check -update.
func TestFamiliesPages(t *testing.T) {
	t.Parallel()
	lives := documentedLives(t)
	for _, family := range Families {
		generated(t, checksPages+family.Name+".md", family.Page(lives))
	}
	raw, err := os.ReadFile(checksPages + "README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), indexBegins)
	require.True(t, found)
	_, after, found := strings.Cut(rest, indexEnds)
	require.True(t, found)
	generated(t, checksPages+"README.md", before+indexBegins+"\n"+Index(lives)+"\n"+indexEnds+after)
}

// generated compares a page with what it should be, or writes it with -update.
func generated(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./hookproof/check -update writes it")
	require.Equal(t, want, string(raw), "go test ./hookproof/check -update writes it")
}

// Each check is on the page of its family, once, and a link of the page's table leads to it.
func TestEveryCheckIsOnItsFamilysPage(t *testing.T) {
	t.Parallel()
	lives := documentedLives(t)
	checks := Documented(lives)
	for _, family := range Families {
		page := family.Page(lives)
		links := strings.Count(page, "](#"+family.Name)
		require.Equal(t, links, strings.Count(page, "\n## "+family.Name+"/"), family.Name)
		for len(checks) > 0 && checks[0].Family() == family.Name {
			require.Contains(t, page, "\n## "+checks[0].Name+"\n\n"+checks[0].Demand+"\n")
			checks, links = checks[1:], links-1
		}
		require.Zero(t, links, family.Name)
	}
	require.Empty(t, checks, "in the order of reports, and in no other family")
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
		require.True(t, slices.ContainsFunc(Families, func(f Family) bool { return f.Name == c.Family() }), c.Name)
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
