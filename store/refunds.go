package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// Refunds are amounts by Stripe's id of the refund. An amount never changes, so of two tellings either will do.
type Refunds map[string]int64

// Scan reads what the database has.
func (r *Refunds) Scan(column any) error {
	raw, ok := column.([]byte)
	if !ok {
		return fmt.Errorf("store: refunds are jsonb, not %T", column)
	}
	return json.Unmarshal(raw, r)
}

// Value is what the database takes: NULL for none.
func (r Refunds) Value() (driver.Value, error) {
	if r == nil {
		return nil, nil
	}
	raw, err := json.Marshal(map[string]int64(r))
	return string(raw), err
}

// Sum is what they come to together.
func (r Refunds) Sum() (sum int64) {
	for _, amount := range r {
		sum += amount
	}
	return sum
}

// GivenBack is what the customer has got back. The sum that a charge tells takes in refunds that fail later, and each
// refund is told by itself, too: in events of their own, of which any may be late. Of the two sums, each without what has
// failed, the larger one knows more.
func (b Booking) GivenBack() int64 {
	oneByOne := b.Refunds.Sum()
	for id := range b.FailedRefunds {
		oneByOne -= b.Refunds[id]
	}
	return max(oneByOne, b.RefundedAmount-b.FailedRefunds.Sum())
}
