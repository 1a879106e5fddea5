package report

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
)

// What is alike hides what is not, except where that all is alike is what is wrong.
func TestDifferences(t *testing.T) {
	t.Parallel()
	f := hookproof.Finding{Expected: hookproof.State{"/amount": 4500, "/status": "paid", "/mails": 1}, Seen: hookproof.State{"/amount": 4500, "/status": "new"}}
	require.Equal(t, []difference{{"/mails", "1", "absent"}, {"/status", `"paid"`, `"new"`}}, differences(f))
	f.Seen = f.Expected
	require.Len(t, differences(f), 3)
	whole := hookproof.Finding{Expected: hookproof.State{"": 1}, Seen: hookproof.State{"": 2}}
	require.Equal(t, []difference{{"the state", "1", "2"}}, differences(whole), "of a state that is one number")
}
