package server

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// Lists come in pages of defaultPage rows, or of ?limit=, up to maxPage.
const (
	defaultPage = 50
	maxPage     = 100
)

// listPage is the page that a request asks for.
type listPage struct{ store.Page }

// pageOf reads ?limit= and ?cursor=.
func pageOf(r *http.Request) (listPage, error) {
	p := listPage{store.Page{Limit: defaultPage}}
	// r.URL.Query() would leave out what it cannot read, and a mangled cursor would answer the first page.
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return p, badRequest("the query after ? cannot be read; its values must be percent-encoded")
	}
	if limit := query.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxPage {
			return p, badRequest("limit must be a whole number from 1 to " + strconv.Itoa(maxPage))
		}
		p.Limit = n
	}
	if cursor := query.Get("cursor"); cursor != "" {
		at, ok := parseCursor(cursor)
		if !ok {
			return p, badRequest("cursor must be the next of an earlier page, unchanged")
		}
		p.CreatedAt, p.ID = at.CreatedAt, at.ID
	}
	return p, nil
}

// query asks for one row more than the page holds, to know whether there is a next one.
func (p listPage) query() store.Page {
	q := p.Page
	q.Limit++
	return q
}

// list is a kind of list: the name of its rows in an answer, a row as JSON, and where it stands.
type list[Row any] struct {
	name   string
	answer func(Row) any
	at     func(Row) store.Page
}

// write answers {name: […], "next": cursor or null}. Each row is written by itself: one that cannot be
// written is left out and logged, and takes nothing else away.
func (l list[Row]) write(w http.ResponseWriter, log *slog.Logger, p listPage, rows []Row) error {
	var next any
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		next = nextOf(l.at(rows[len(rows)-1]))
	}
	written := make([]json.RawMessage, 0, len(rows))
	for _, row := range rows {
		text, err := json.Marshal(l.answer(row))
		if err != nil {
			log.Error("A row cannot be written and is left out", "list", l.name, "id", l.at(row).ID.String(), "error", describe(err))
			continue
		}
		written = append(written, text)
	}
	return writeJSON(w, http.StatusOK, map[string]any{l.name: written, "next": next})
}

// nextOf is the cursor for what comes after a row. A row whose creation time RFC 3339 cannot represent has neighbours
// of the same kind, since the list is in that order; the cursor goes past all of them.
func nextOf(at store.Page) any {
	switch year := at.CreatedAt.UTC().Year(); {
	case year > 9999:
		return cursorOf(store.Page{CreatedAt: time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), ID: uuid.Max})
	case year < 1:
		return nil
	}
	return cursorOf(at)
}

func cursorOf(at store.Page) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + at.ID.String()))
}

// parseCursor reads what cursorOf has written, in its one form: PostgreSQL's times have microseconds.
func parseCursor(cursor string) (store.Page, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return store.Page{}, false
	}
	when, id, _ := strings.Cut(string(raw), " ")
	createdAt, fault := parseTime(when)
	if fault != "" || !createdAt.Equal(createdAt.Truncate(time.Microsecond)) {
		return store.Page{}, false
	}
	parsed, err := uuid.Parse(id)
	at := store.Page{CreatedAt: createdAt, ID: parsed}
	if err != nil || at.First() || cursorOf(at) != cursor {
		return store.Page{}, false
	}
	return at, true
}
