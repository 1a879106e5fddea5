package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// lookPause is between two looks of the auditor.
const lookPause = 250 * time.Millisecond

// How long a creator whose caller got no answer may still be at work, once all is calm, before its row counts as left alone;
// and one that was answered with an error.
const (
	silentCreator  = 60 * time.Second
	refusedCreator = 10 * time.Second
)

// settle has the auditor look again and again until nothing is wrong, nothing waits for an end, and no more than the given
// time has passed: what a fault left half done is undone by the servers in their own time.
func (r *round) settle(ctx context.Context, most time.Duration) ([]finding, database, error) {
	began, wantedAt := time.Now(), time.Time{}
	for {
		d, err := readTables(ctx, r.db)
		if err != nil && (ctx.Err() != nil || time.Since(began) > most) {
			return nil, d, err
		}
		if err == nil {
			t := r.truth()
			found := audit(t, d)
			alone, others := r.leftAlone(t, d, time.Since(began))
			if len(found)+len(alone)+others == 0 || time.Since(began) > most || ctx.Err() != nil {
				return found, d, ctx.Err()
			}
			if len(alone) > 0 && time.Since(wantedAt) > 2*time.Second {
				wantedAt = time.Now()
				r.wantAll(ctx, alone)
			}
		}
		pause(ctx, lookPause)
	}
}

// truth is what the auditor holds the database against.
func (r *round) truth() truth {
	t := r.notes.snapshot()
	t.Sessions, t.Events = r.stripe.snapshot(), r.stripe.allEvents()
	return t
}

// leftAlone lists the bookings that hold a slot without a session, and tells of which the creator has surely ended or given up:
// whoever wants their slots can have them as soon as they are old. Those of the others will become something by themselves.
func (r *round) leftAlone(t truth, d database, calm time.Duration) (alone []bookingRow, others int) {
	attempts, sessions := map[string]attempt{}, map[string][]session{}
	for _, a := range t.Attempts {
		attempts[slotKey(a.Resource, a.StartsAt)] = a
	}
	for _, s := range t.Sessions {
		sessions[s.Booking] = append(sessions[s.Booking], s)
	}
	for _, row := range d.Bookings {
		asked, known := attempts[slotKey(row.Resource, row.StartsAt)]
		switch {
		case !known || row.Status != "PENDING" || row.Session != "":
		case asked.Gone && hidden(sessions[row.ID]): // until its session ends
		case asked.Gone, asked.Status >= 400 && calm > refusedCreator, calm > silentCreator:
			alone = append(alone, row)
		default:
			others++
		}
	}
	return alone, others
}

// wantAll makes the bookings that are left alone old by hand, and has a customer want their slots.
func (r *round) wantAll(ctx context.Context, left []bookingRow) {
	for _, row := range left {
		if r.notes.want(row.ID) {
			r.history.add(about{row.ID}, "nobody works on it any more; it is made three minutes old, and its slot is wanted")
			r.stripe.grow(row.ID, 3*time.Minute)
			if _, err := r.db.ExecContext(ctx, `UPDATE "Booking" SET "createdAt" = "createdAt" - interval '3 minutes'
				WHERE id = $1 AND status = 'PENDING' AND "stripeSessionId" IS NULL`, row.ID); err != nil {
				continue
			}
		}
		place := int(row.StartsAt.Sub(r.opened)/time.Hour) * resourceCount
		place += slices.Index(r.house.resources, row.Resource)
		made, _ := r.book(ctx, "the next who wants the slot of "+row.ID, 0, life{Slot: place}, 0)
		if made.id != "" {
			r.figures.freed.Add(1)
		}
	}
}

// tell prints what was found, the stories of a few bookings of each kind in full.
func (r *round) tell(out io.Writer, found []finding) {
	const most = 2
	var told []string
	for _, k := range kinds {
		stories := 0
		for _, f := range found {
			switch {
			case f.Kind != k || slices.Contains(told, f.Booking):
			case stories == most:
				_, _ = fmt.Fprintf(out, "  booking %s: %s: %s\n", f.Booking, f.Kind, f.What)
			default:
				stories++
				told = append(told, f.Booking)
				r.tellStory(out, f.Booking, found)
			}
		}
	}
}

func (r *round) tellStory(out io.Writer, booking string, found []finding) {
	_, _ = fmt.Fprintf(out, "  booking %s\n", booking)
	for _, f := range found {
		if f.Booking == booking {
			_, _ = fmt.Fprintf(out, "    %s: %s\n", f.Kind, f.What)
		}
	}
	r.history.tell(out, r.namesOf(booking)...)
	for n, server := range r.replicas {
		for _, line := range server.log.about(booking) {
			_, _ = fmt.Fprintf(out, "    server %d: %s\n", n, line)
		}
	}
}

// namesOf are all names under which the history may know a booking.
func (r *round) namesOf(booking string) []string {
	names := []string{booking}
	for _, s := range r.stripe.snapshot() {
		if s.Booking == booking {
			names = append(names, s.ID)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	d, err := readTables(ctx, r.db)
	if err != nil {
		return names
	}
	for _, row := range d.Bookings {
		for _, a := range r.notes.snapshot().Attempts {
			if row.ID == booking && slotKey(a.Resource, a.StartsAt) == slotKey(row.Resource, row.StartsAt) {
				names = append(names, a.Name)
			}
		}
	}
	return names
}

// halfAnHour has every open session end by itself, and answers how many of them were of bookings that had ended: nobody could
// know of those.
func (r *round) halfAnHour(d database) (unreachable int) {
	live := map[string]bool{}
	for _, row := range d.Bookings {
		live[row.ID] = isLive(row.Status)
	}
	for _, s := range r.stripe.snapshot() {
		if s.Status == "open" && !live[s.Booking] {
			unreachable++
		}
	}
	r.history.add(nil, "half an hour passes: open sessions end")
	r.stripe.lapseAll()
	return unreachable
}
