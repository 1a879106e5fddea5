package hookprooftest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// -run and -skip choose of a test's checks what go test itself would choose of its subtests.
func TestRunAndSkipChooseChecks(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		run, skip, test, check string
		chosen                 bool
	}{
		"nothing is asked for":              {"", "", "TestA", "order/tie", true},
		"the test":                          {"TestA", "", "TestA", "order/tie", true},
		"its family":                        {"TestA/order", "", "TestA", "order/tie", true},
		"another family":                    {"TestA/order", "", "TestA", "meaning/paid", false},
		"to the letter":                     {"^TestA$/^order$/^tie$", "", "TestA", "order/tie", true},
		"another check":                     {"^TestA$/^order$/^tie$", "", "TestA", "order/tied", false},
		"every family's":                    {"TestA//tie", "", "TestA", "order/tie", true},
		"one of two tests":                  {"TestA/order|TestB/meaning", "", "TestB", "meaning/paid", true},
		"not the other's":                   {"TestA/order|TestB/meaning", "", "TestB", "order/tie", false},
		"alternatives in brackets":          {"TestA/(order|meaning)/tie", "", "TestA", "meaning/tie", true},
		"a slash in brackets":               {"TestA/[/o]rder", "", "TestA", "order/tie", true},
		"what is quoted":                    {`TestA/\(order`, "", "TestA", "order/tie", false},
		"below a subtest":                   {"TestA/go_shop/order", "", "TestA/go_shop", "order/tie", true},
		"below a subtest, another":          {"TestA/go_shop/order", "", "TestA/go_shop", "meaning/paid", false},
		"an example, which runs its own":    {"ExampleRun", "", "TestA", "order/tie", true},
		"a skipped check":                   {"", "TestA/order/tie", "TestA", "order/tie", false},
		"another is skipped":                {"", "TestA/order/tie", "TestA", "order/late", true},
		"a skipped family":                  {"TestA/order", "TestA/order", "TestA", "order/tie", false},
		"what is below a check is not it":   {"", "TestA/order/tie/more", "TestA", "order/tie", true},
		"a pattern that goes below a check": {"TestA/order/tie/more", "", "TestA", "order/tie", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, err := patternOf(row.run)
			require.NoError(t, err)
			skip, err := patternOf(row.skip)
			require.NoError(t, err)
			require.Equal(t, row.chosen, chosen(run, skip, row.test, row.check))
		})
	}
	_, err := patternOf("TestA/(")
	require.Error(t, err)
	require.Equal(t, "go test -run '^TestA$/^go\\+$/^order$/^tie$|^TestA$/^go\\+$/^meaning$/^paid$'", rerun("TestA/go+", "order/tie", "meaning/paid"))
}
