package server

import (
	"regexp"
	"strings"
	"time"
)

// rfc3339 is the form of a time, stricter than time.Parse, which takes hours of one digit, a comma before
// the fraction, and zones of 24 hours and more. RFC 3339 lets T and Z be written small, and so does this;
// it leaves a space in place of the T, and the second 60, to each application, and this takes neither.
var rfc3339 = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// parseTime reads a time, in UTC. What is wrong with it completes "NAME must …".
func parseTime(text string) (at time.Time, fault string) {
	const form = "be an RFC 3339 time with a zone, such as 2030-01-31T09:00:00Z"
	if !rfc3339.MatchString(text) {
		return time.Time{}, form
	}
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	if err != nil {
		return time.Time{}, form
	}
	if at = at.UTC(); !representable(at) {
		return time.Time{}, "be in the years 0001 to 9999 of UTC"
	}
	return at, ""
}

// representable reports whether a time can be written as RFC 3339 in UTC, which has years of four digits. The
// database's CHECKs on times have the same bounds.
func representable(at time.Time) bool {
	year := at.UTC().Year()
	return 1 <= year && year <= 9999
}
