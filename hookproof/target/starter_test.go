//go:build unix

package target

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A start hook that does not bring the target up leaves no process behind: it would come up later, or keep the port.
func TestWhatAFailedStartHasStartedIsEnded(t *testing.T) {
	t.Parallel()
	const opens = `exec 3>>alive; ` // the test sees when nobody has this file open any more
	for name, row := range map[string]struct {
		start, want string
		interrupted bool
	}{
		"a command that fails":           {`{"command": ["sh", "-c", "` + opens + `sleep 600 & exit 3"]}`, "exit status 3", false},
		"a command, and nothing listens": {`{"command": ["sh", "-c", "` + opens + `sleep 600 &"]}`, "nothing listens", false},
		"a program that never listens":   {`{"background": {"command": ["sh", "-c", "` + opens + `sleep 600 & wait"]}}`, "nothing listens", false},
		"one that does not want to end":  {`{"background": {"command": ["sh", "-c", "` + opens + `trap '' TERM; sleep 600"]}}`, "nothing listens", false},
		"an interruption meanwhile":      {`{"background": {"command": ["sh", "-c", "` + opens + `exec sleep 600"]}}`, "context canceled", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			address := listener.Addr().String()
			require.NoError(t, listener.Close())
			folder := t.TempDir()
			file, alive := filepath.Join(folder, "target.json"), filepath.Join(folder, "alive")
			require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"url": "http://%s", "secret": "whsec_x", "stop": {"command": ["true"]}, "start": %s}`, address, row.start), 0o600))
			require.NoError(t, syscall.Mkfifo(alive, 0o600))
			began, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				reader, err := os.Open(alive) // as soon as somebody has it open for writing
				close(began)
				if err == nil {
					_, _ = io.Copy(io.Discard, reader)
					_ = reader.Close()
				}
			}()
			target, err := Load(file, nil)
			require.NoError(t, err)
			target.Timings.Ready = time.Second
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if row.interrupted {
				target.Timings.Ready = time.Minute
				go func() {
					<-began
					interrupt()
				}()
			}
			require.ErrorContains(t, target.BringUp(ctx), row.want)
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				require.Fail(t, "a process was left behind")
			}
		})
	}
}

// What was up before a run is started again after it, and may be slow: it is not ended because nothing listens yet.
func TestWhatWasUpIsLeftToComeUp(t *testing.T) {
	t.Parallel()
	for name, rewired := range map[string]bool{"it was ended": false, "its database's address was another": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			starts := func(context.Context) error { return nil }
			slow := &Target{
				URL: "http://127.0.0.1:1", Start: starts, startOwn: starts, rewired: rewired, Timings: Timings{Ready: time.Millisecond},
				Stop:       func(context.Context, string) error { return nil },
				endStarted: func(context.Context) { require.Fail(t, "it was ended") },
			}
			require.ErrorContains(t, slow.bringBack(t.Context()), "nothing listens")
		})
	}
}
