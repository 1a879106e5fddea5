package run

import (
	"fmt"
	"regexp"
	"strings"

	"example.com/hookproof/hookproof/event"
)

// Some targets copy Stripe's objects into their state. Such a copy shows what an event says of a session, paid or not: that is no
// fulfilment.

// ofAnySession are the places of a session that do not depend on its payment.
var ofAnySession = []string{"amount_total", "amount_subtotal", "currency", "mode", "customer_email", "customer_details/email", "customer_details/name"}

// repeatsName matches the last token of a place that may copy one of these values. moneyName matches a name that tells of received
// money.
var (
	repeatsName = regexp.MustCompile(`(?i)(amount|total|price|currency|mode|email|name)`)
	moneyName   = regexp.MustCompile(`(?i)(paid|pay|receiv|captur|credit|balance|grant|fulfil|ship|refund|revenue)`)
)

// repeats reports whether a place may be a copy of a value in the history's events, by its name and its value.
func (h History) repeats(place, value string) bool {
	_, name := event.CutLast(place)
	if !repeatsName.MatchString(name) || moneyName.MatchString(name) {
		return false
	}
	return h.eventsHave(value, ofAnySession)
}

// isSessionAmount reports whether one of the history's events has this value as its session's amount or currency.
func (h History) isSessionAmount(value string) bool {
	return value != "" && h.eventsHave(value, []string{"amount_total", "amount_subtotal", "currency"})
}

// eventsHave reports whether one of the history's events has a value at one of some places of its object.
func (h History) eventsHave(value string, places []string) bool {
	for _, e := range h.events {
		for _, pointer := range places {
			at, err := event.Find(e.Body, "/data/object/"+pointer)
			if err == nil && string(e.Body[at.Value.From:at.Value.To]) == value {
				return true
			}
		}
	}
	return false
}

// mayRepeat returns that a state may copy an event at some places, and what to do then.
func (c Case) mayRepeat(state normalized, places []string) string {
	var parts []string
	for _, place := range places {
		parts = append(parts, nameOf(place)+" is "+state.word(place))
	}
	return fmt.Sprintf("after %s, %s, as after %s and as the event says; if that only repeats the event, and fulfils nothing, %s",
		c.Left, strings.Join(parts, ", "), c.Right, ignoring(places...))
}
