package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/scenario"
)

// TestScenarios replays every scenario of package fixtures, each against a server and a database of its
// own, and audits each.
func TestScenarios(t *testing.T) {
	t.Parallel()
	scenarios, err := scenario.BuiltInScenarios()
	require.NoError(t, err)
	require.NotEmpty(t, scenarios)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			var change []func(*env)
			if slices.Contains(s.Needs, "restart") {
				change = append(change, asProcess)
			}
			newEnv(t, change...).replay(s)
		})
	}
}
