package server

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/hookproof/store"
)

type resourceJSON struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	UnitAmount int64     `json:"unitAmount"`
	Currency   string    `json:"currency"`
	CreatedAt  time.Time `json:"createdAt"`
}

func resourceAnswer(r store.Resource) resourceJSON {
	return resourceJSON{r.ID.String(), r.Name, r.UnitAmount, r.Currency, r.CreatedAt.UTC()}
}

var resourceList = list[store.Resource]{
	name:   "resources",
	answer: func(r store.Resource) any { return resourceAnswer(r) },
	at:     func(r store.Resource) store.Page { return store.Page{CreatedAt: r.CreatedAt, ID: r.ID} },
}

func (s *Server) listResources(w http.ResponseWriter, r *http.Request) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	rows, err := s.store.Resources(r.Context(), page.query())
	if err != nil {
		return err
	}
	return resourceList.write(w, s.log, page, rows)
}

type resourceBody struct {
	Name       string `json:"name"`
	UnitAmount int64  `json:"unitAmount"`
	Currency   string `json:"currency"`
}

func (s *Server) createResource(w http.ResponseWriter, r *http.Request) error {
	var body resourceBody
	if err := decodeBody(w, r, &body); err != nil {
		return err
	}
	name := strings.TrimSpace(body.Name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 200 {
		return badRequest("name must have 1 to 200 characters")
	}
	currency, err := normalCurrency(body.Currency)
	if err != nil {
		return err
	}
	if err := checkUnitAmount(body.UnitAmount, currency); err != nil {
		return err
	}
	resource, err := s.store.CreateResource(r.Context(), name, body.UnitAmount, currency)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, resourceAnswer(resource))
}
