package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"example.com/hookproof/hookproof/process"
)

// The exit of a hook's command proves nothing. A stop hook has succeeded when nothing accepts connections at the target's address,
// and a start hook when something does. Then a new process listens.

// BringDown runs the stop hook, and returns when the target is down. It calls meanwhile after the hook, unless it is nil: some
// targets exit only when their work is done.
func (t *Target) BringDown(ctx context.Context, how string, meanwhile func()) error {
	err := t.Stop(ctx, how)
	if meanwhile != nil {
		meanwhile()
	}
	if err == nil {
		err = t.awaitDown(ctx)
	}
	return HookFailed("stop", err)
}

// awaitDown waits until nothing listens at the target's address, or only a proxy without the target behind it.
func (t *Target) awaitDown(ctx context.Context) error {
	wait := t.Timings.OrDefault().Ready
	down, err := Await(ctx, wait, t.Timings.OrDefault().Poll, func() bool {
		if !t.Listens() {
			return true
		}
		if t.isProxyAlone(ctx) {
			t.behindProxy = true
			return true
		}
		return false
	})
	if err == nil && !down {
		err = fmt.Errorf("it ended, and %s later something still listens at %s; it must end the endpoint and whatever restarts it", wait, t.URL)
	}
	return err
}

// BringUp runs the start hook, and returns when the target listens. If that does not come, what was started is ended.
func (t *Target) BringUp(ctx context.Context) error {
	err := HookFailed("start", t.Start(ctx))
	if err == nil {
		err = t.awaitUp(ctx)
	}
	if err != nil && t.endStarted != nil {
		t.endStarted(context.WithoutCancel(ctx))
	}
	return err
}

// awaitUp waits until something listens at the target's address.
func (t *Target) awaitUp(ctx context.Context) error {
	wait := t.Timings.OrDefault().Ready
	up, err := Await(ctx, wait, t.Timings.OrDefault().Poll, func() bool { return t.Listens() && !(t.behindProxy && t.isProxyAlone(ctx)) })
	if err == nil && !up {
		err = HookFailed("start", fmt.Errorf("it ended, and %s later nothing listens at %s%s", wait, t.URL, t.lastWords()))
	}
	return err
}

// lastWords returns the end of what the process that Start has started wrote to its standard error, to be put behind an error.
func (t *Target) lastWords() string {
	if t.Stderr == nil {
		return ""
	}
	text := strings.TrimSpace(t.Stderr())
	if text == "" {
		return ""
	}
	return ": " + text[max(0, len(text)-mostWords):]
}

// mostWords is how much of a process's last words a message has, in bytes.
const mostWords = 500

// stop runs a stop hook. A process that listens and does not exit when it is asked to is killed.
func (f *file) stop(ctx context.Context, how string) error {
	address := f.Stop.Listener
	if address == "" {
		return f.do(ctx, f.Stop)
	}
	kill := how == "kill"
	if err := process.End(ctx, address, kill); err != nil || kill {
		return err
	}
	ended, err := Await(ctx, DefaultTimings.EndProcess, DefaultTimings.EndProcess/30, func() bool { return len(process.IDs(ctx, address)) == 0 })
	if err != nil || ended {
		return err
	}
	return process.End(ctx, address, true)
}

// checkProcess returns an error if a hook that cannot be one is about a process.
func (h *Hook) checkProcess(name string) error {
	switch {
	case h.Listener != "" && name != "stop":
		return errors.New("only stop can be listener")
	case h.Background != nil && name != "start":
		return errors.New("only start can be background")
	}
	return nil
}

// isProxyAlone reports whether only a proxy listens, with no target behind it: the answer to an unsigned body is then not the
// target's refusal, but a gateway's status for a missing server.
func (t *Target) isProxyAlone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, t.Timings.OrDefault().Connect)
	defer cancel()
	transport := t.Transport()
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, strings.NewReader("{}"))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode >= http.StatusBadGateway && response.StatusCode <= http.StatusGatewayTimeout
}
