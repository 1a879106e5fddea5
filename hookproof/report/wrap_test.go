package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A flag and a check's name are in one piece, to be read and copied, at every width; only what is longer than a line is broken.
func TestALineIsNotBrokenAtAHyphen(t *testing.T) {
	t.Parallel()
	const text = "What was sent, byte for byte, with a curl command that sends it again: --bodies DIR, of authenticity/other-scheme-alone."
	for width := 40; width < 130; width++ {
		var words []string
		for line := range strings.SplitSeq(Style{Width: width}.wrap("", "  ", text), "\n") {
			require.LessOrEqual(t, len(line), width)
			words = append(words, strings.Fields(line)...)
		}
		require.Equal(t, strings.Fields(text), words, width)
	}
	long := strings.Repeat("long-", 30)
	require.Equal(t, long, strings.Join(strings.Fields(Style{Width: 60}.wrap("", "  ", long)), ""))
}
