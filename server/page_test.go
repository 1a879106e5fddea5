package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

const cursorID = "01234567-89ab-4cde-8f01-23456789abcd"

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	for _, when := range []string{
		"2030-01-31T09:00:00Z", "2030-01-31T09:00:00.000001Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
	} {
		cursor := encoded(when + " " + cursorID)
		at, ok := parseCursor(cursor)
		require.True(t, ok, when)
		require.Equal(t, cursor, cursorOf(at))
		require.False(t, at.First(), when)
	}
}

// A cursor is what this server has written, byte for byte: times that PostgreSQL or JSON does not know do
// not reach the database, whose refusal would be a fault of ours.
func TestCursorsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	const now = "2030-01-31T09:00:00Z"
	list := []string{
		"x", "=", encoded(" "), encoded(now), encoded(cursorID), encoded(now + cursorID), encoded(now + "  " + cursorID),
		encoded(now+" "+cursorID) + "=", encoded(now+" "+cursorID) + "\n", // base64 skips line ends
		base64.StdEncoding.EncodeToString([]byte("2030-01-31T09:00:00.1Z " + cursorID)),
		encoded(now + " " + cursorID + " "), encoded(now + " " + cursorID + "\x00"),
		encoded(now + " {" + cursorID + "}"), encoded(now + " urn:uuid:" + cursorID), encoded(now + " 0123456789ab4cde8f0123456789abcd"),
		encoded(now + " 01234567-89AB-4cde-8f01-23456789abcd"),
		encoded("2030-01-31t09:00:00z " + cursorID), encoded("2030-01-31T09:00:00+00:00 " + cursorID),
		encoded("2030-01-31T10:00:00+01:00 " + cursorID), encoded("2030-01-31T09:00:00.0Z " + cursorID),
		encoded("2030-01-31T09:00:00.10Z " + cursorID), encoded("2030-01-31T09:00:00.0000001Z " + cursorID),
		encoded("9999-12-31T23:59:59.9999999Z " + cursorID),  // PostgreSQL would round it up
		encoded("0001-01-01T00:00:00Z " + uuid.Nil.String()), // the first page has no cursor
		encoded("infinity " + cursorID), encoded("-292277022399-01-01T00:00:00Z " + cursorID),
	}
	// The last two bits of these 59 bytes' 79 characters belong to no byte.
	spare := []byte(encoded("2030-01-31T09:00:00.1Z " + cursorID))
	spare[len(spare)-1]++
	list = append(list, string(spare))
	for when := range refusedTimes {
		list = append(list, encoded(when+" "+cursorID))
	}
	for _, cursor := range list {
		_, ok := parseCursor(cursor)
		require.False(t, ok, "%q", cursor)
		_, err := pageOf(httptest.NewRequest("GET", "/bookings?cursor="+url.QueryEscape(cursor), nil))
		requireBadRequest(t, err, "cursor must be the next of an earlier page, unchanged")
	}
}

// What cannot be read at all is no first page.
func TestAQueryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"cursor=%zz", "cursor=a;b", "limit=%"} {
		r := httptest.NewRequest("GET", "/bookings", nil)
		r.URL.RawQuery = query
		_, err := pageOf(r)
		requireBadRequest(t, err, "the query after ? cannot be read; its values must be percent-encoded")
	}
}

// A row that cannot be written takes no page away, and is logged by its id.
func TestARowThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)
	far := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	booking := func(n byte, createdAt, endsAt time.Time) store.Booking {
		return store.Booking{ID: uuid.UUID{n}, CreatedAt: createdAt, EndsAt: endsAt}
	}
	var log bytes.Buffer
	page := func(limit int, rows ...store.Booking) (ids []string, next *string) {
		log.Reset()
		w := httptest.NewRecorder()
		require.NoError(t, bookingList.write(w, slog.New(slog.NewJSONHandler(&log, nil)), listPage{store.Page{Limit: limit}}, rows))
		require.Equal(t, 200, w.Code)
		var answer struct {
			Bookings []struct{ ID string }
			Next     *string
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		require.NotNil(t, answer.Bookings)
		for _, b := range answer.Bookings {
			ids = append(ids, b.ID[:2])
		}
		return ids, answer.Next
	}

	ids, next := page(3, booking(1, at, at), booking(2, at, far), booking(3, at, at), booking(4, at, at))
	require.Equal(t, []string{"01", "03"}, ids)
	require.Equal(t, cursorOf(store.Page{CreatedAt: at, ID: uuid.UUID{3}}), *next)
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")))
	var line map[string]any
	require.NoError(t, json.Unmarshal(log.Bytes(), &line))
	delete(line, "time")
	require.Equal(t, map[string]any{"level": "ERROR", "msg": "A row cannot be written and is left out", "list": "bookings",
		"id": uuid.UUID{2}.String(), "error": "a value of type time.Time cannot be written as JSON"}, line)

	// The last row of a page is where the next begins.
	ids, next = page(1, booking(2, at, far), booking(1, at, at))
	require.Empty(t, ids)
	require.Equal(t, cursorOf(store.Page{CreatedAt: at, ID: uuid.UUID{2}}), *next)

	// Rows from of later years than 9999 come first of all, and the cursor goes past every one.
	_, next = page(1, booking(2, far, at), booking(3, far, at))
	past, ok := parseCursor(*next)
	require.True(t, ok)
	require.Equal(t, "9999-12-31T23:59:59.999999Z", past.CreatedAt.Format(time.RFC3339Nano))
	require.Equal(t, uuid.Max, past.ID)

	// Before the year 1 there is nothing representable.
	_, next = page(1, booking(2, time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), at), booking(3, at, at))
	require.Nil(t, next)
}
