package target

import (
	"context"
	"errors"
	"fmt"

	"example.com/hookproof/hookproof/dbproxy"
)

// Database is the address at which a target dials its database, HOST:PORT, and the real address.
type Database struct{ Listen, Upstream string }

// Open prepares a target for deliveries. It opens Stripe's API and the target's proxy, and starts a target that is down or that reaches its
// database only through the proxy. The returned function undoes that, also after an error: it ends faults, closes the API and the proxy,
// stops a target that was down before, and starts one that was up before. Its argument is the error of what came in between. It returns
// that error joined with its own, and reports a hook that failed in both only once. Judge and Run open their target themselves.
func (t *Target) Open(ctx context.Context) (closing func(ctx context.Context, after error) error, err error) {
	if t.programs != nil {
		if err := t.programs(); err != nil {
			return func(_ context.Context, after error) error { return after }, err
		}
	}
	down := t.Start != nil && !t.Listens()
	var undo []func(context.Context) error
	closing = func(ctx context.Context, after error) error {
		for n := len(undo) - 1; n >= 0; n-- {
			after = joinOnce(after, undo[n](ctx))
		}
		return after
	}
	if t.API != nil {
		end, err := t.openAPI()
		if err != nil {
			return closing, err
		}
		undo = append(undo, end)
	}
	if t.Database != nil {
		if t.Link, err = dbproxy.NewLink(t.Database.Upstream); err != nil {
			return closing, err
		}
		link := t.Link
		undo = append(undo, func(context.Context) error { link.Close(); return nil })
		if t.Proxy, err = dbproxy.NewProxy(t.Database.Listen, link.Addr()); err != nil {
			return closing, t.at(fmt.Errorf("the proxy to the database cannot listen: %w", err), "database", "listen")
		}
		proxy := t.Proxy
		undo = append(undo, func(context.Context) error { return proxy.Close() })
	}
	if t.Start != nil && !down {
		undo = append(undo, func(ctx context.Context) error {
			if t.rewired && t.startOwn != nil {
				return t.bringBack(ctx)
			}
			if t.Listens() {
				return nil
			}
			return t.BringUp(ctx)
		})
	}
	if t.Proxy != nil || t.Mend != nil {
		undo = append(undo, func(ctx context.Context) error { return HookFailed("mend", t.Heal(ctx)) })
	}
	if down {
		undo = append(undo, func(ctx context.Context) error { return t.BringDown(ctx, "stop", nil) })
	}
	if t.Database != nil {
		if err := t.BringDown(ctx, "stop", nil); err != nil {
			return closing, err
		}
		t.rewired = true
	}
	if t.Database != nil || down {
		if err := t.BringUp(ctx); err != nil {
			return closing, err
		}
	}
	return closing, nil
}

// bringBack starts a target that dials its database through the proxy again, with the database's own address.
func (t *Target) bringBack(ctx context.Context) error {
	if err := t.BringDown(ctx, "stop", nil); err != nil {
		return err
	}
	own := *t
	own.Start = t.startOwn
	t.rewired = false
	return own.BringUp(ctx)
}

// Afterwards returns what is left to do when a run has ended, in a sentence; "" if nothing is. A target that was up before the run
// is up again, but its database is behind a proxy that is closed.
func (t *Target) Afterwards() string {
	if !t.rewired || !t.Listens() {
		return ""
	}
	return fmt.Sprintf("The target still connects to %s (database.listen), which is closed now, so its requests will fail: start it again with the database's own address, %s.",
		t.Database.Listen, t.Database.Upstream)
}

// joinOnce joins an error with the next one, unless the same hook had failed before.
func joinOnce(err, next error) error {
	var first, again *HookError
	switch {
	case err == nil:
		return next
	case next == nil, errors.As(err, &first) && errors.As(next, &again) && first.Hook == again.Hook:
		return err
	}
	return fmt.Errorf("%w; and then %w", err, next)
}
