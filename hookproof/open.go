package hookproof

import (
	"context"
	"errors"
	"fmt"
)

// database is where a target dials its database, and where that really is.
type database struct{ listen, upstream string }

// Open makes a target ready for deliveries: its proxy listens, and a target that is down, or knows only the way
// through the proxy, is started. The returned function undoes it, also after an error: faults are healed, the proxy
// closes, and what was down before is stopped. Judge and Run open their target themselves.
func (t *Target) Open(ctx context.Context) (closing func(context.Context) error, err error) {
	down := t.Start != nil && !t.listens()
	var undo []func(context.Context) error
	closing = func(ctx context.Context) error {
		var failed error
		for n := len(undo) - 1; n >= 0; n-- {
			failed = errors.Join(failed, undo[n](ctx))
		}
		return failed
	}
	if t.database != nil {
		if t.Link, err = NewLink(t.database.upstream); err != nil {
			return closing, err
		}
		link := t.Link
		undo = append(undo, func(context.Context) error { link.Close(); return nil })
		if t.Proxy, err = NewProxy(t.database.listen, link.Addr()); err != nil {
			return closing, fmt.Errorf("database.listen: %w", err)
		}
		proxy := t.Proxy
		undo = append(undo, func(context.Context) error { return proxy.Close() })
	}
	if t.Proxy != nil || t.Mend != nil {
		undo = append(undo, func(ctx context.Context) error { return hookFailed("mend", t.heal(ctx)) })
	}
	if down {
		undo = append(undo, func(ctx context.Context) error { return hookFailed("stop", t.Stop(ctx, "stop")) })
	}
	if t.database != nil {
		if err := t.Stop(ctx, "stop"); err != nil {
			return closing, hookFailed("stop", err)
		}
	}
	if t.database != nil || down {
		if err := t.Start(ctx); err != nil {
			return closing, hookFailed("start", err)
		}
	}
	return closing, nil
}
