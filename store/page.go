package store

import (
	"time"

	"github.com/google/uuid"
)

// Page asks for the rows of a list, newest first, that come after the row with this creation time and
// id. Limit is the largest number of rows.
type Page struct {
	CreatedAt time.Time
	ID        uuid.UUID
	Limit     int
}

// First tells whether the page is the list's first: it comes after no row.
func (p Page) First() bool { return p.CreatedAt.IsZero() && p.ID == uuid.Nil }

// before is the bound of the comparison: PostgreSQL's infinity for the first page.
func (p Page) before() any {
	if p.First() {
		return "infinity"
	}
	return p.CreatedAt
}
