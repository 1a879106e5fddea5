package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof"
)

// TestScenarios replays every scenario of package fixtures, each against a server and a database of its
// own, and audits each.
func TestScenarios(t *testing.T) {
	t.Parallel()
	names := fixtures.ScenarioNames()
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario, err := hookproof.LoadScenario(name)
			require.NoError(t, err)
			var change []func(*env)
			if slices.Contains(scenario.Needs, "restart") {
				change = append(change, asProcess)
			}
			newEnv(t, change...).replay(scenario)
		})
	}
}
