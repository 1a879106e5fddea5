package hookproof_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	shop "example.com/hookproof/examples/gotest"
	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/hookprooftest"
)

// A hook that fails in the middle takes nothing away of what was found before, and what is said stands at the line of the test: seen from
// outside, as a package's user sees it, since a test that fails cannot tell of itself.
func TestRunTellsWhatWasFoundBeforeAHookFailed(t *testing.T) {
	const child = "HOOKPROOF_TEST_OF_A_FAILING_HOOK"
	if os.Getenv(child) != "" {
		endpoint := &shop.Shop{Secret: "whsec_test"}
		server := httptest.NewServer(endpoint)
		t.Cleanup(server.Close)
		target := &hookproof.Target{URL: server.URL, Secret: "whsec_test",
			Subject: func(context.Context) (hookproof.Subject, error) {
				order := endpoint.Buy(4900)
				return hookproof.Subject{"clientReferenceId": order.ID, "amount": order.Amount}, nil
			},
			State: func(_ context.Context, subject hookproof.Subject) (any, error) {
				return endpoint.Order(subject["clientReferenceId"].(string)), nil
			},
			Start: func(context.Context) error { return nil },
			Stop:  func(context.Context, string) error { return errors.New("no such process") },
		}
		hookprooftest.Run(t, target, hookproof.Options{Only: []string{"authenticity/future", "authenticity/stale", "idempotence/restart"}}) // its line
		return
	}
	t.Parallel()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), child+"=1")
	raw, err := command.CombinedOutput()
	require.Error(t, err)
	out := string(raw)
	found, failed := strings.Index(out, "--- FAIL: "+t.Name()+"/authenticity/future"), strings.Index(out, "hookproof: the hook stop: no such process")
	require.Positive(t, found, out)
	require.Positive(t, failed, out)
	require.Contains(t, out, "--- PASS: "+t.Name()+"/authenticity/stale")
	require.Contains(t, out, "the run ended before it was decided")

	source, err := os.ReadFile("gotest_test.go")
	require.NoError(t, err)
	before, _, _ := strings.Cut(string(source), "// its line")
	line := strings.Count(before, "\n") + 1
	places := regexp.MustCompile(`(?m)^ +(\w+\.go:\d+): `).FindAllStringSubmatch(out, -1)
	require.Len(t, places, 4, "a failure, a skip, the headline and the hook's error: %s", out)
	for _, place := range places {
		require.Equal(t, "gotest_test.go:"+strconv.Itoa(line), place[1], out)
	}
}
