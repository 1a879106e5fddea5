package check

import (
	"strings"

	"example.com/hookproof/hookproof/life"
)

// ofAnyLife says what rows say in the words of a built-in life in words that are true of every life.
var ofAnyLife = strings.NewReplacer(
	"A payment that is delivered", "An event that is delivered",
	"Copies of a payment", "Copies of an event",
	"the session and the type", "the object's id and the event's type",
	"the order's row", "the object's row",
	"undo a payment", "undo what was granted",
	"let expiry and failure end only what is not paid", "let a late event end only what is still open",
	"What is not paid yet", "What is not granted yet",
	"give access while the status is active or trialing, and not while it is incomplete", "give access by the event that grants it, and not by one that comes before",
	"loses the payment", "loses the event")

// worded is the check in words that suit a life: rows are written in those of the built-in ones.
func (c Check) worded(l *life.Life) Check {
	if known, err := life.BuiltIn(l.Name); err != nil || known != l {
		c.Demand, c.Fix = ofAnyLife.Replace(c.Demand), ofAnyLife.Replace(c.Fix)
	}
	return c
}
