package run

import (
	"cmp"
	"context"
	"fmt"

	"example.com/hookproof/hookproof/target"
)

// ready asks for a subject of each life, where there are several, and reports the first that events could not be about. A run of several
// lives would end there after it had judged the others.
func ready(ctx context.Context, lives []*target.Target) error {
	if len(lives) < 2 {
		return nil
	}
	if err := lives[0].Reach(ctx); err != nil {
		return cmp.Or(ctx.Err(), error(&Unusable{err.Error()}))
	}
	for _, one := range lives {
		if one.Subject == nil {
			continue
		}
		if _, err := one.NewSubject(ctx); err != nil {
			return cmp.Or(ctx.Err(), fmt.Errorf("life %s: %w", one.LifeName, target.HookFailed("subject", err)))
		}
	}
	return nil
}
