package target

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A hook that ends is no evidence: stop has done its part when nothing takes connections where the target did, and start
// when something does again. What listens then is a new process.

// BringDown runs the stop hook, and answers when the target is down. meanwhile is called in between, and may be nil: a
// target that ends only when its work is done may need that.
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

// awaitDown waits until nothing listens at the target's address, or only a proxy that has lost the target.
func (t *Target) awaitDown(ctx context.Context) error {
	wait := t.Timings.OrDefault().Ready
	for deadline := time.Now().Add(wait); ; {
		if !t.Listens() {
			return nil
		}
		if t.isProxyAlone(ctx) {
			t.behindProxy = true
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it ended, and %s later something still listens at %s; it must end the endpoint and whatever restarts it", wait, t.URL)
		}
		if err := Sleep(ctx, t.Timings.OrDefault().Poll); err != nil {
			return err
		}
	}
}

// BringUp runs the start hook, and answers when the target listens.
func (t *Target) BringUp(ctx context.Context) error {
	if err := t.Start(ctx); err != nil {
		return HookFailed("start", err)
	}
	wait := t.Timings.OrDefault().Ready
	for deadline := time.Now().Add(wait); !t.Listens() || t.behindProxy && t.isProxyAlone(ctx); {
		if time.Now().After(deadline) {
			return HookFailed("start", fmt.Errorf("it ended, and %s later nothing listens at %s", wait, t.URL))
		}
		if err := Sleep(ctx, t.Timings.OrDefault().Poll); err != nil {
			return err
		}
	}
	return nil
}

// isProxyAlone reports whether what listens is a proxy with no target behind it: an unsigned body is then not refused by
// the target, but answered with one of the statuses that a gateway has for this.
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
