package server

import (
	"strconv"
	"time"

	"example.com/hookproof/store"
)

// checkSlot compares a slot with the limits. Its error names the limit that the slot breaks.
func (c Config) checkSlot(slot store.Slot, now time.Time) error {
	length := slot.EndsAt.Sub(slot.StartsAt)
	switch {
	case length <= 0:
		return badRequest("endsAt must be after startsAt")
	case slot.StartsAt.Before(now):
		return badRequest("startsAt is in the past")
	case c.MinSlot > 0 && length < c.MinSlot:
		return badRequest("endsAt must be at least " + inWords(c.MinSlot) + " after startsAt")
	case c.MaxSlot > 0 && length > c.MaxSlot:
		return badRequest("endsAt must be at most " + inWords(c.MaxSlot) + " after startsAt")
	case c.BookingHorizon > 0 && slot.EndsAt.After(now.Add(c.BookingHorizon)):
		return badRequest("endsAt must be at most " + inWords(c.BookingHorizon) + " from now")
	}
	return nil
}

// maxUnpaid is how many unpaid bookings the caller may have at the same time; 0 is no limit. Staff book for
// others, so only customers have a limit.
func (s *Server) maxUnpaid(who identity) int {
	if who.Role != store.Customer {
		return 0
	}
	return s.config.MaxUnpaid
}

// inWords is a duration as people say it, in the largest unit of which it is a whole number.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d%unit.length == 0 {
			n := int(d / unit.length)
			return strconv.Itoa(n) + " " + plural(n, unit.name)
		}
	}
	return d.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
