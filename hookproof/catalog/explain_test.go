package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// Whatever a report names can be explained: each check, and each relation that was broken, with as many copies as were sent.
func TestWhatAReportNamesIsExplained(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/report.json")
	require.NoError(t, err)
	var r result.Report
	require.NoError(t, json.Unmarshal(raw, &r))
	for _, f := range r.Findings {
		for _, name := range []string{f.Check, f.Relation} {
			if name == "" {
				continue
			}
			found, err := Find(life.BuiltIns(), name)
			require.NoError(t, err)
			var names []string
			for _, one := range Explain(found).Checks {
				names = append(names, one.Check)
			}
			require.Contains(t, names, f.Check, name)
		}
	}
	found, err := Find(life.BuiltIns(), "S(paid*7) = S(paid)")
	require.NoError(t, err)
	require.Equal(t, "idempotence/redelivered", found[0].Name)
	_, err = Find(life.BuiltIns(), "S(paid*7) = S(never)")
	require.ErrorContains(t, err, `no check tries "S(paid*7) = S(never)"`)
	_, err = Find(life.BuiltIns(), "idempotence/redelivred")
	require.ErrorContains(t, err, "did you mean idempotence/redelivered?")
}

// Two lives can have a check of one name. Each is explained, with its life, and one alone if the life is named.
func TestChecksOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"meaning/unpaid": {"payment", "subscription"}, "meaning/not-yet": {"intent", "subscription"}, "meaning/ends": {"subscription"}, "idempotence/redelivered": {"payment"},
	} {
		found, err := Find(life.BuiltIns(), name)
		require.NoError(t, err)
		var lives []string
		for _, one := range Explain(found).Checks {
			lives = append(lives, one.Life)
		}
		require.Equal(t, want, lives, name)
		for n, of := range want {
			var out bytes.Buffer
			require.NoError(t, Text(&out, found[n:n+1]))
			require.Equal(t, len(want) > 1 || of != "payment", strings.Contains(out.String(), "life         "+of), name)
			l, err := life.BuiltIn(of)
			require.NoError(t, err)
			one, err := Find([]*life.Life{l}, name)
			require.NoError(t, err)
			require.Equal(t, found[n].Demand, one[0].Demand, "%s of %s", name, of)
			require.Len(t, one, 1)
		}
	}
}
