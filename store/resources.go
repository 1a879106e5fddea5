package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Resource is something that can be booked. UnitAmount is the price of one booking, in the currency's
// minor unit; Currency is a lower-case ISO 4217 code.
type Resource struct {
	ID         uuid.UUID `db:"id"`
	Name       string    `db:"name"`
	UnitAmount int64     `db:"unitAmount"`
	Currency   string    `db:"currency"`
	CreatedAt  time.Time `db:"createdAt"`
}

// CreateResource adds a resource. For the transaction see CreateUser.
func (s *Store) CreateResource(ctx context.Context, name string, unitAmount int64, currency string) (Resource, error) {
	return asked(ctx, s, func(ctx context.Context, tx *Tx) (r Resource, err error) {
		err = tx.tx.GetContext(ctx, &r, `
			INSERT INTO "Resource" (name, "unitAmount", currency) VALUES ($1, $2, $3)
			RETURNING id, name, "unitAmount", currency, "createdAt"`, name, unitAmount, currency)
		return r, err
	})
}

// Resource finds a resource; ErrNotFound if there is none.
func (s *Store) Resource(ctx context.Context, id uuid.UUID) (Resource, error) {
	return ask(ctx, s.questions, func(ctx context.Context) (r Resource, err error) {
		err = s.db.GetContext(ctx, &r, `
			SELECT id, name, "unitAmount", currency, "createdAt" FROM "Resource" WHERE id = $1`, id)
		return r, found(err)
	})
}

// Resources lists resources, newest first, from after the cursor on.
func (s *Store) Resources(ctx context.Context, page Page) ([]Resource, error) {
	return listed[Resource](ctx, s, `
		SELECT id, name, "unitAmount", currency, "createdAt" FROM "Resource"
		WHERE ("createdAt", id) < ($1, $2)
		ORDER BY "createdAt" DESC, id DESC LIMIT $3`, page.before(), page.ID, page.Limit)
}
