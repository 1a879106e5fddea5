package result

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesAsASentenceListsThem(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		require.Equal(t, want, And(names))
	}
}
