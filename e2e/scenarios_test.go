package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
)

// TestScenarios replays every scenario of package fixtures, each against a server and a database of its
// own, and audits each.
func TestScenarios(t *testing.T) {
	t.Parallel()
	scenarios, err := hookproof.BuiltInScenarios()
	require.NoError(t, err)
	require.NotEmpty(t, scenarios)
	for _, scenario := range scenarios {
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			var change []func(*env)
			if slices.Contains(scenario.Needs, "restart") {
				change = append(change, asProcess)
			}
			newEnv(t, change...).replay(scenario)
		})
	}
}
