package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
)

// A case is made shorter only where its relation still has to hold. A failed renewal and what mends it go together, and of two stories that
// differ none is the other with something more.
func TestWhatIsToldTogetherIsNotShortened(t *testing.T) {
	t.Parallel()
	shorter := func(r check.Relation) (list []string) {
		for _, one := range lastingCase(t, r).shorter() {
			list = append(list, one.Left)
		}
		return list
	}
	begins := "sub-incomplete sub-paid sub-paid-2 sub-active sub-bought"
	require.Equal(t, []string{begins + " cancel-later"}, shorter(check.Relation{Left: "<bought> uncancel cancel-later", Op: "=", Right: "<bought>", Whole: true})[:1])
	require.Empty(t, shorter(check.Relation{Left: "<bought> cancel-later uncancel", Op: "=", Right: "<bought>", Whole: true, Fixed: true}))
	require.Empty(t, shorter(check.Relation{Left: "<trial> deleted seats touched", Op: "=", Right: "<bought>", Whole: true}))
	require.Equal(t, []string{begins + " touched*2+"}, shorter(check.Relation{Left: "<bought> touched*3+", Op: "=", Right: "<bought>", Whole: true, Fixed: true}))
}
