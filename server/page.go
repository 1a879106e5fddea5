package server

import (
	"encoding/base64"
	"net/http"
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
	query := r.URL.Query()
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

// writePage answers {name: […], "next": cursor or null}.
func writePage[Row, JSON any](w http.ResponseWriter, name string, p listPage, rows []Row, answer func(Row) JSON, at func(Row) store.Page) error {
	var next any
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		next = cursorOf(at(rows[len(rows)-1]))
	}
	list := make([]JSON, len(rows))
	for i, row := range rows {
		list[i] = answer(row)
	}
	return writeJSON(w, http.StatusOK, map[string]any{name: list, "next": next})
}

func cursorOf(at store.Page) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + at.ID.String()))
}

func parseCursor(cursor string) (store.Page, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return store.Page{}, false
	}
	when, id, _ := strings.Cut(string(raw), " ")
	createdAt, err := time.Parse(time.RFC3339Nano, when)
	if err != nil || createdAt.IsZero() {
		return store.Page{}, false
	}
	parsed, err := uuid.Parse(id)
	return store.Page{CreatedAt: createdAt, ID: parsed}, err == nil
}
