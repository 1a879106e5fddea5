package server

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

// The clock stands still, so that each limit is tried at its very edge.
func TestSlotsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{config: Config{MinSlot: 5 * time.Minute, MaxSlot: 744 * time.Hour, BookingHorizon: 17520 * time.Hour}}
		none := &Server{}
		now := time.Now()
		soon, horizon := now.Add(time.Hour), now.Add(17520*time.Hour)
		for name, row := range map[string]struct {
			starts, ends time.Time
			limited      string // what the limits say; "" is nothing
			always       string // what is said without any
		}{
			"shortest":          {soon, soon.Add(5 * time.Minute), "", ""},
			"too short":         {soon, soon.Add(5*time.Minute - time.Microsecond), "endsAt must be at least 5 minutes after startsAt", ""},
			"a microsecond":     {soon, soon.Add(time.Microsecond), "endsAt must be at least 5 minutes after startsAt", ""},
			"less than that":    {soon, soon.Add(time.Nanosecond), "endsAt must be after startsAt", "endsAt must be after startsAt"},
			"longest":           {soon, soon.Add(744 * time.Hour), "", ""},
			"too long":          {soon, soon.Add(744*time.Hour + time.Microsecond), "endsAt must be at most 31 days after startsAt", ""},
			"to the end of all": {soon, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "endsAt must be at most 31 days after startsAt", ""},
			"farthest":          {horizon.Add(-time.Hour), horizon, "", ""},
			"too far":           {horizon.Add(-time.Hour), horizon.Add(time.Microsecond), "endsAt must be at most 730 days from now", ""},
			"in year 9999":      {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 2, 0, 0, 0, 0, time.UTC), "endsAt must be at most 730 days from now", ""},
			"now":               {now, now.Add(time.Hour), "", ""},
			"past":              {now.Add(-time.Microsecond), now.Add(time.Hour), "startsAt is in the past", "startsAt is in the past"},
			"reversed":          {soon, soon.Add(-time.Hour), "endsAt must be after startsAt", "endsAt must be after startsAt"},
			"ten centuries":     {soon.AddDate(1000, 0, 0), soon, "endsAt must be after startsAt", "endsAt must be after startsAt"},
		} {
			for server, want := range map[*Server]string{s: row.limited, none: row.always} {
				body := fmt.Sprintf(`{"resourceId":%q,"startsAt":%q,"endsAt":%q}`, cursorID, row.starts.Format(time.RFC3339Nano), row.ends.Format(time.RFC3339Nano))
				slot, err := server.slotOf(httptest.NewRecorder(), httptest.NewRequest("POST", "/bookings", strings.NewReader(body)))
				if want != "" {
					requireBadRequest(t, err, want)
					continue
				}
				require.NoError(t, err, name)
				require.True(t, row.starts.Equal(slot.StartsAt), name)
				require.True(t, row.ends.Equal(slot.EndsAt), name)
			}
		}
	})
}

func TestStaffIsNotBound(t *testing.T) {
	t.Parallel()
	s := &Server{config: Config{MaxUnpaid: 5}}
	for role, want := range map[store.Role]int{store.Customer: 5, store.Ops: 0, store.Admin: 0} {
		require.Equal(t, want, s.maxUnpaid(identity{Role: role}), role)
	}
	require.Zero(t, (&Server{}).maxUnpaid(identity{Role: store.Customer}))
}

func TestDurationsInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		744 * time.Hour: "31 days", 24 * time.Hour: "1 day", 36 * time.Hour: "36 hours", time.Hour: "1 hour", 90 * time.Minute: "90 minutes",
		5 * time.Minute: "5 minutes", time.Minute: "1 minute", 61 * time.Second: "61 seconds", 1500 * time.Millisecond: "1.5s",
	} {
		require.Equal(t, want, inWords(d))
	}
}
