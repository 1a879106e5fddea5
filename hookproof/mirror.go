package hookproof

import (
	"fmt"
	"regexp"
	"strings"
)

// A mirror of Stripe's objects shows what an event says of a session, be it paid or not: that is no fulfilment.

// ofAnySession are the places of a session that say nothing of whether it was paid.
var ofAnySession = []string{"amount_total", "amount_subtotal", "currency", "mode", "customer_email", "customer_details/email", "customer_details/name"}

// The last part of a place that may repeat them, and the words in it that tell of money that came.
var (
	repeatsName = regexp.MustCompile(`(?i)(amount|total|price|currency|mode|email|name)`)
	moneyName   = regexp.MustCompile(`(?i)(paid|pay|receiv|captur|credit|balance|grant|fulfil|ship|refund|revenue)`)
)

// repeats tells whether a place may repeat what a trial's events say, by its name and its value.
func (t *Trial) repeats(place, value string) bool {
	_, name := cutLast(place)
	if !repeatsName.MatchString(name) || moneyName.MatchString(name) {
		return false
	}
	return t.says(value, ofAnySession)
}

// saysOfMoney tells whether a trial's events say a value of the session's money.
func (t *Trial) saysOfMoney(value string) bool {
	return value != "" && t.says(value, []string{"amount_total", "amount_subtotal", "currency"})
}

// says tells whether one of a trial's events says a value at one of some places of its object.
func (t *Trial) says(value string, places []string) bool {
	for _, e := range t.events {
		for _, pointer := range places {
			at, err := find(e.Body, "/data/object/"+pointer)
			if err == nil && string(e.Body[at.value.from:at.value.to]) == value {
				return true
			}
		}
	}
	return false
}

// mayRepeat says that a state may repeat an event at some places, and what to do.
func (i instance) mayRepeat(state canonical, places []string) string {
	var parts []string
	for _, place := range places {
		parts = append(parts, nameOf(place)+" is "+state[place])
	}
	return fmt.Sprintf("after %s, %s, as after %s and as the event says; if that only repeats the event, and fulfils nothing, %s",
		i.Left, strings.Join(parts, ", "), i.Right, ignoring(places...))
}
