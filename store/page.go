package store

import (
	"time"

	"github.com/google/uuid"
)

// Page asks for the rows of a list, newest first, that come after the row with this creation time and
// id. The zero CreatedAt asks for the first page. Limit is the largest number of rows.
type Page struct {
	CreatedAt time.Time
	ID        uuid.UUID
	Limit     int
}

// before is the bound of the comparison: PostgreSQL's infinity for the first page.
func (p Page) before() any {
	if p.CreatedAt.IsZero() {
		return "infinity"
	}
	return p.CreatedAt
}
