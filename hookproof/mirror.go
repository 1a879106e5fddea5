package hookproof

import (
	"fmt"
	"regexp"
	"slices"
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

// repeats tells whether a place may repeat what a history's events say, by its name and its value.
func (h History) repeats(place, value string) bool {
	_, name := cutLast(place)
	if !repeatsName.MatchString(name) || moneyName.MatchString(name) {
		return false
	}
	for _, e := range h.events {
		for _, pointer := range ofAnySession {
			at, err := find(e.Body, "/data/object/"+pointer)
			if err == nil && string(e.Body[at.value.from:at.value.to]) == value {
				return true
			}
		}
	}
	return false
}

// mayRepeat says that a state may repeat an event at some places, and what to do.
func (c Case) mayRepeat(state normalized, places []string) string {
	var parts []string
	p := proposal{}
	for _, place := range places {
		parts = append(parts, nameOf(place)+" is "+state[place])
		p.places = append(p.places, anyIndex(place))
	}
	slices.Sort(p.places)
	p.places = slices.Compact(p.places)
	return fmt.Sprintf("after %s, %s, as after %s and as the event says; if that only repeats the event, and fulfils nothing, %s",
		c.Left, strings.Join(parts, ", "), c.Right, p)
}
