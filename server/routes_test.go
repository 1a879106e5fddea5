package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// Who may call a route. What else a handler looks at, whose booking it is for instance, is behind that.
const (
	forAnyone   = "anyone"
	forSignedIn = "signed in"
	forStaff    = "OPS and ADMIN"
	forAdmin    = "ADMIN"
	forStripe   = "whoever signs with the webhook secret"
	forMetrics  = "whoever has METRICS_TOKEN"
)

// access is every route and who may call it. HEAD goes with GET.
var access = map[string]string{
	"POST /webhooks/stripe":      forStripe,
	"GET /health":                forAnyone,
	"GET /ready":                 forAnyone,
	"POST /auth/register":        forAnyone,
	"POST /auth/login":           forAnyone,
	"GET /resources":             forAnyone,
	"POST /resources":            forAdmin,
	"POST /bookings":             forSignedIn,
	"GET /bookings":              forSignedIn,
	"GET /bookings/{id}":         forSignedIn,
	"POST /bookings/{id}/cancel": forSignedIn,
	"GET /checkout/success":      forAnyone,
	"GET /checkout/cancel":       forAnyone,
	"GET /admin/metrics":         forStaff,
	"GET /admin/payment-events":  forStaff,
	"GET /metrics":               forMetrics,
}

// refusals are what a caller gets who may not; 0 is one who may.
var refusals = map[string]map[store.Role]int{
	forAnyone:   {"": 0, store.Customer: 0, store.Ops: 0, store.Admin: 0},
	forSignedIn: {"": 401, store.Customer: 0, store.Ops: 0, store.Admin: 0},
	forStaff:    {"": 401, store.Customer: 403, store.Ops: 0, store.Admin: 0},
	forAdmin:    {"": 401, store.Customer: 403, store.Ops: 403, store.Admin: 0},
	forStripe:   {"": 400, store.Customer: 400, store.Ops: 400, store.Admin: 400},
	forMetrics:  {"": 401, store.Customer: 401, store.Ops: 401, store.Admin: 401},
}

const tableToken = "metrics-token-of-the-table"

// unconnected is a server whose database is not there: what gets past its doors gets no further than that.
func unconnected(t *testing.T) *Server {
	t.Helper()
	db, err := store.Open("postgres://nobody@127.0.0.1:1/nothing?sslmode=disable")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	log := slog.New(slog.DiscardHandler)
	c := Config{LoginRate: 1000, JWTSecret: strings.Repeat("k", 32), PasswordCost: 4, MetricsToken: tableToken, StripeKey: "sk_test_table", Log: log}
	s := newServer(c)
	t.Cleanup(s.endLife)
	s.store, s.checkout = db, newCheckout(c)
	s.webhook = webhook.NewHandler(db, webhook.Config{Secrets: []string{"whsec_table"}, Tolerance: time.Minute, Now: time.Now, Log: log})
	return s
}

// routesOf lists a router's routes as "METHOD /path".
func routesOf(t *testing.T, router *mux.Router) []string {
	t.Helper()
	var list []string
	require.NoError(t, router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		require.NoError(t, err)
		methods, err := route.GetMethods()
		require.NoError(t, err, "%s answers to any method", path)
		require.Equal(t, slices.Contains(methods, "GET"), slices.Contains(methods, "HEAD"), "%s: HEAD goes with GET", path)
		for _, method := range methods {
			if method != "HEAD" {
				list = append(list, method+" "+path)
			}
		}
		return nil
	}))
	return list
}

// Every route of the router is in the table and every line of the table is a route, so that a new one is not
// served before somebody has said who may call it.
func TestEveryRouteSaysWhoMay(t *testing.T) {
	t.Parallel()
	var table []string
	for route := range access {
		table = append(table, route)
	}
	require.ElementsMatch(t, table, routesOf(t, unconnected(t).routes()))
}

// Each route is called by everybody, and answers as the table says.
func TestRoutesAndRoles(t *testing.T) {
	t.Parallel()
	s := unconnected(t)
	router := s.routes()
	call := func(method, path, token string) int {
		r := httptest.NewRequest(method, strings.ReplaceAll(path, "{id}", cursorID), strings.NewReader(""))
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if w.Code == http.StatusUnauthorized {
			require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer", "%s %s", method, path)
		}
		return w.Code
	}
	for route, who := range access {
		method, path, _ := strings.Cut(route, " ")
		methods := []string{method}
		if method == "GET" {
			methods = append(methods, "HEAD")
		}
		for _, method := range methods {
			for role, refused := range refusals[who] {
				token := ""
				if role != "" {
					token, _ = s.tokens.issue(store.User{ID: uuid.New(), Role: role})
				}
				got := call(method, path, token)
				if refused != 0 {
					require.Equal(t, refused, got, "%s %s as %q", method, path, role)
					continue
				}
				// The body is empty and the database away, so that 400 and 503 are answers from behind the door.
				require.Contains(t, []int{200, 400, 503}, got, "%s %s as %q", method, path, role)
			}
			if who == forMetrics {
				require.Equal(t, 200, call(method, path, tableToken))
			}
			if refusals[who][""] == 401 {
				require.Equal(t, 401, call(method, path, "no.real.token"), route)
			}
		}
	}
}
