package target

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
		err = t.programs()
	}
	var done undoing
	for _, step := range []func(context.Context, *undoing) error{t.openAPI, t.openProxy, t.openProcess} {
		if err == nil {
			err = step(ctx, &done)
		}
	}
	return done.undo, err
}

// undoing undoes what was done.
type undoing []func(context.Context) error

// later lets a step be undone.
func (u *undoing) later(step func(context.Context) error) { *u = append(*u, step) }

// undo undoes everything, what was done last first.
func (u undoing) undo(ctx context.Context, after error) error {
	for _, step := range slices.Backward(u) {
		after = joinOnce(after, step(ctx))
	}
	return after
}

// openProxy opens the proxy to the target's database, with a line behind it that can be bad.
func (t *Target) openProxy(_ context.Context, done *undoing) error {
	if t.Database == nil {
		return nil
	}
	link, err := dbproxy.NewLink(t.Database.Upstream)
	if err != nil {
		return err
	}
	t.Link = link
	done.later(func(context.Context) error { link.Close(); return nil })
	proxy, err := dbproxy.NewProxy(t.Database.Listen, link.Addr())
	if err != nil {
		return t.at(fmt.Errorf("the proxy to the database cannot listen: %w", err), "database", "listen")
	}
	t.Proxy = proxy
	done.later(func(context.Context) error { return proxy.Close() })
	return nil
}

// openProcess starts a target that is down, and restarts one whose database is behind the proxy now.
func (t *Target) openProcess(ctx context.Context, done *undoing) error {
	down := t.Start != nil && !t.Listens()
	if t.Start != nil && !down {
		done.later(t.bringBack)
	}
	if t.Proxy != nil || t.Mend != nil {
		done.later(func(ctx context.Context) error { return HookFailed("mend", t.Heal(ctx)) })
	}
	stop := func(ctx context.Context) error { return t.BringDown(ctx, "stop", nil) }
	if down {
		done.later(stop)
	}
	if t.Database != nil {
		if err := stop(ctx); err != nil {
			return err
		}
		t.rewired = true
	}
	if t.Database != nil || down {
		return t.BringUp(ctx)
	}
	return nil
}

// bringBack lets a target listen that was up before the run. One that dials its database through the proxy is started again with the
// database's own address.
func (t *Target) bringBack(ctx context.Context) error {
	if !t.rewired || t.startOwn == nil {
		if t.Listens() {
			return nil
		}
		own := *t
		own.endStarted = nil // it was up before the run, and may only be slow
		return own.BringUp(ctx)
	}
	if err := t.BringDown(ctx, "stop", nil); err != nil {
		return err
	}
	own := *t
	own.Start, own.endStarted = t.startOwn, nil
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
