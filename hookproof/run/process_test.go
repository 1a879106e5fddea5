package run

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// restarts are the checks that stop and start a target which has no database in between.
var restarts = []string{"idempotence/restart", "faults/stopped"}

// doesNothing is a hook like ["true"].
func doesNothing(context.Context, string) error { return nil }

// A stop hook that stops nothing is a hook that fails, and never a restart that was survived.
func TestAStopHookThatStopsNothingIsNoVerdict(t *testing.T) {
	t.Parallel()
	for _, check := range restarts {
		t.Run(check, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, nil).target()
				target.Stop, target.Start = doesNothing, func(context.Context) error { return nil }
				target.Timings.Ready = 100 * time.Millisecond
				r, err := Judge(t.Context(), target, Options{Only: []string{check}})
				require.EqualError(t, err, "the hook stop: it ended, and 100ms later something still listens at "+target.URL+
					"; it must end the endpoint and whatever restarts it")
				require.Equal(t, result.NotRun, findingOf(t, r, check).Verdict)
			})
		})
	}
}

// A stop hook that does not wait for the end, as kill does not, is waited for: started too soon, the new process would
// find its address taken, and the old one would be taken for it.
func TestAStopHookNeedNotWaitForTheEnd(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		var starts, tooSoon atomic.Int64
		target.Stop = func(context.Context, string) error {
			time.AfterFunc(300*time.Millisecond, func() { _ = s.stop() })
			return nil
		}
		target.Start = func(context.Context) error {
			starts.Add(1)
			if target.Listens() {
				tooSoon.Add(1)
				return nil
			}
			time.AfterFunc(300*time.Millisecond, func() { _ = s.start() })
			return nil
		}
		r, err := Judge(t.Context(), target, Options{Only: restarts})
		require.NoError(t, err)
		for _, check := range restarts {
			f := findingOf(t, r, check)
			require.Equal(t, result.Pass, f.Verdict, f.Why)
		}
		require.Zero(t, tooSoon.Load())
		require.EqualValues(t, len(restarts), starts.Load())
	})
}

// behind puts a reverse proxy before a target, which goes on listening while that is down.
func behind(t *testing.T, endpoint *target.Target) *target.Target {
	t.Helper()
	to, err := url.Parse(endpoint.URL)
	require.NoError(t, err)
	to.Path = ""
	front := httputil.NewSingleHostReverseProxy(to)
	front.ErrorLog = log.New(io.Discard, "", 0)
	transport := &http.Transport{DialContext: memnet.InMemory.Dial}
	t.Cleanup(transport.CloseIdleConnections)
	front.Transport = transport
	endpoint.URL = memnet.OpenDoor(t, front).URL() + "/hook"
	return endpoint
}

// A proxy that has lost the target behind it says so, which is as good as nobody who listens.
func TestATargetBehindAProxyCanBeRestarted(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := behind(t, openStall(t, nil).target())
		start := target.Start
		target.Start = func(ctx context.Context) error {
			time.AfterFunc(200*time.Millisecond, func() { _ = start(ctx) })
			return nil
		}
		r, err := Judge(t.Context(), target, Options{Only: restarts})
		require.NoError(t, err)
		for _, check := range restarts {
			f := findingOf(t, r, check)
			require.Equal(t, result.Pass, f.Verdict, f.Why)
		}
	})
}

func TestAStopHookThatStopsNothingBehindAProxyIsNoVerdict(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := behind(t, openStall(t, nil).target())
		target.Stop = doesNothing
		target.Timings.Ready = 100 * time.Millisecond
		_, err := Judge(t.Context(), target, Options{Only: restarts})
		require.ErrorContains(t, err, "the hook stop: it ended, and 100ms later something still listens")
	})
}
