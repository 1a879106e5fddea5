package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// What is alike hides what is not, except where that all is alike is what is wrong.
func TestDifferences(t *testing.T) {
	t.Parallel()
	f := result.Finding{Expected: result.State{"/amount": 4500, "/status": "paid", "/mails": 1}, Actual: result.State{"/amount": 4500, "/status": "new"}}
	require.Equal(t, []difference{{"/mails", "1", "absent"}, {"/status", `"paid"`, `"new"`}}, differences(f))
	f.Actual = f.Expected
	require.Len(t, differences(f), 3)
	list := result.Finding{Expected: result.State{"/mails/0": "paid", "/keys": []any{}}, Actual: result.State{"/mails/0": "paid", "/mails/1": "paid"}}
	require.Equal(t, []difference{{"/keys", "an empty list", "absent"}, {"/mails", "1 element", "2 elements"}, {"/mails/1", "no such element", `"paid"`}}, differences(list))
	whole := result.Finding{Expected: result.State{"": 1}, Actual: result.State{"": 2}}
	require.Equal(t, []difference{{"the state", "1", "2"}}, differences(whole), "of a state that is one number")
}

// Two states that must differ and do not have no expected and seen value: they are the same in both.
func TestStatesThatMustDifferAreTheSameInBoth(t *testing.T) {
	t.Parallel()
	state := result.State{"/status": "pending"}
	r := result.Report{Findings: []result.Finding{{Check: "meaning/refund", Verdict: result.Fail, Relation: "S(paid refund) ≠ S(paid)", Expected: state, Actual: state}}}
	var text, page strings.Builder
	require.NoError(t, Text(&text, r, Style{Width: 100}))
	require.Contains(t, text.String(), `/status: the same in both, "pending"`)
	require.NotContains(t, text.String(), "expected")
	require.NoError(t, HTML(&page, r))
	require.Contains(t, page.String(), `<td colspan="2">the same in both: <code class="seen">&#34;pending&#34;</code></td>`)
	require.NotContains(t, page.String(), `<code class="expected">`)
}
