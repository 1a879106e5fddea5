package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

// withLimits gives the server the limits of bookings that production has by default.
func withLimits(e *env) {
	e.config.MinSlot, e.config.MaxSlot, e.config.BookingHorizon = 5*time.Minute, 744*time.Hour, 17520*time.Hour
	e.config.MaxUnpaid = 5
}

// Twenty requests of one customer at the same time, each for a resource of its own: no slot is held, so that
// nothing but the limit is in their way.
func TestUnpaidBookingsAreLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withStandin(newStandin(t)), withLimits)
	customer, admin := shared.tokens[store.Customer], shared.tokens[store.Admin]
	slots := make([]map[string]any, 20)
	for i := range slots {
		made := e.call("POST", "/resources", admin, map[string]any{"name": fmt.Sprint("r", i), "unitAmount": 4500, "currency": "usd"})
		require.Equal(t, 201, made.status, made.raw)
		slots[i] = e.slot()
		slots[i]["resourceId"] = made.body["id"]
	}
	answers := make([]answer, len(slots))
	gate := make(chan struct{})
	var group sync.WaitGroup
	for i, slot := range slots {
		group.Go(func() {
			<-gate
			answers[i] = e.call("POST", "/bookings", customer, slot)
		})
	}
	close(gate)
	group.Wait()
	var made []string
	for _, got := range answers {
		if got.status == 201 {
			made = append(made, got.body["id"].(string))
			continue
		}
		requireProblem(t, got, 409, "you may have 5 unpaid bookings at a time; pay for one or cancel one first")
	}
	require.Len(t, made, 5)
	require.Len(t, e.call("GET", "/bookings", customer, nil).body["bookings"], 5, "nothing is kept of what was refused")

	for range 6 {
		require.Equal(t, 201, e.call("POST", "/bookings", admin, e.slot()).status, "staff is not bound")
	}
	requireProblem(t, e.call("POST", "/bookings", customer, e.slot()), 409, "unpaid")
	require.Equal(t, 200, e.call("POST", "/bookings/"+made[0]+"/cancel", customer, nil).status)
	require.Equal(t, 201, e.call("POST", "/bookings", customer, e.slot()).status, "a cancelled booking makes room")
	requireProblem(t, e.call("POST", "/bookings", customer, e.slot()), 409, "unpaid")
	e.lapse(made[1])
	require.Equal(t, 201, e.call("POST", "/bookings", customer, e.slot()).status, "and one whose time is over")
}

// Slots that nobody means are refused, with the limit in words, and nothing of them is kept.
func TestSlotsAreLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withLimits)
	slot := func(starts, length time.Duration) map[string]any {
		s := e.slot()
		from := time.Now().UTC().Add(starts)
		s["startsAt"], s["endsAt"] = from.Format(time.RFC3339Nano), from.Add(length).Format(time.RFC3339Nano)
		return s
	}
	with := func(key, value string) map[string]any {
		s := e.slot()
		s[key] = value
		return s
	}
	for _, role := range []store.Role{store.Customer, store.Ops, store.Admin} {
		for detail, body := range map[string]map[string]any{
			"endsAt must be at least 5 minutes after startsAt":       slot(time.Hour, time.Microsecond),
			"endsAt must be at most 31 days after startsAt":          slot(time.Hour, 745*time.Hour),
			"endsAt must be at most 730 days from now":               slot(17520*time.Hour, time.Hour),
			"endsAt must be in the years 0001 to 9999 of UTC":        with("endsAt", "9999-12-31T23:59:59-23:59"),
			"startsAt must be an RFC 3339 time with a zone, such as": with("startsAt", "2030-01-31T0:00:00Z"),
		} {
			requireProblem(t, e.call("POST", "/bookings", shared.tokens[role], body), 400, detail)
		}
		require.Empty(t, e.call("GET", "/bookings", shared.tokens[role], nil).body["bookings"])
	}
}

// A row that no constraint kept out takes no list away: the others are there, and the log has its id.
func TestARowThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	older, bad, newer := e.book(), e.book(), e.book()
	_, err := e.db.Exec(`ALTER TABLE "Booking" DROP CONSTRAINT "Booking_times_check"`)
	require.NoError(t, err)
	for _, end := range []string{"10000-01-01 00:00Z", "infinity"} {
		_, err = e.db.Exec(`UPDATE "Booking" SET "startsAt" = '9999-01-01 00:00Z', "endsAt" = $2 WHERE id = $1`, bad["id"], end)
		require.NoError(t, err)
		for _, role := range []store.Role{store.Customer, store.Ops, store.Admin} {
			var ids []any
			for next := ""; ; {
				page := e.call("GET", "/bookings?limit=1"+next, shared.tokens[role], nil)
				require.Equal(t, 200, page.status, page.raw)
				for _, b := range page.body["bookings"].([]any) {
					ids = append(ids, b.(map[string]any)["id"])
				}
				if page.body["next"] == nil {
					break
				}
				next = "&cursor=" + page.body["next"].(string)
			}
			require.Equal(t, []any{newer["id"], older["id"]}, ids)
		}
	}
	require.Contains(t, e.logs.String(), `"msg":"A row cannot be written and is left out","list":"bookings","id":"`+bad["id"].(string)+`"`)
	require.Equal(t, 201, e.call("POST", "/bookings", shared.tokens[store.Customer], e.slot()).status, "and bookings go on")
}

// The process reads the limits from its environment.
func TestLimitsOfTheProcess(t *testing.T) {
	t.Parallel()
	e := newEnv(t, asProcess, withLimits, func(e *env) { e.config.MaxUnpaid = 1 })
	e.book()
	requireProblem(t, e.call("POST", "/bookings", shared.tokens[store.Customer], e.slot()), 409, "you may have 1 unpaid booking")
	short := e.slot()
	short["endsAt"] = short["startsAt"].(string)[:17] + "01Z"
	requireProblem(t, e.call("POST", "/bookings", shared.tokens[store.Customer], short), 400, "5 minutes")
}

// A cursor that this server did not write is the caller's fault on every list, whatever the database would say.
func TestCursorsOfOthers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const id = " 00000000-0000-4000-8000-000000000000"
	for _, path := range []string{"/resources", "/bookings", "/admin/payment-events", "/admin/payment-events?result=review"} {
		for _, text := range []string{
			"9999-12-31T23:59:59-23:59" + id, "0000-01-01T00:00:00Z" + id, "0001-01-01T00:00:00+24:00" + id,
			"2030-01-31T00:00:00,5Z" + id, "2030-01-31T01:00:00+01:00" + id, "infinity" + id, "2030-01-31T00:00:00Z", "",
		} {
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			query := path + separator + "cursor=" + base64.RawURLEncoding.EncodeToString([]byte(text)) + "%20"
			requireProblem(t, e.call("GET", query, shared.tokens[store.Admin], nil), 400, "cursor must be the next of an earlier page, unchanged")
			if text != "" {
				requireProblem(t, e.call("GET", strings.TrimSuffix(query, "%20"), shared.tokens[store.Admin], nil), 400, "cursor must be the next of an earlier page, unchanged")
			}
		}
	}
}
