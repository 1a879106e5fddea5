package store

import (
	"time"

	"github.com/lib/pq"
)

// Constraints keep every time within the years 1 to 9999. Should one be missing, a row with PostgreSQL's
// infinity, which database/sql has no time for, would take away every page, and every delivery, that reads it.
// It is read as a time that is out of the years instead, for the reader to leave out.
//
// lib/pq has one setting for the whole process, to be made before the first connection.
func init() {
	pq.EnableInfinityTs(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
}
