package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

// The routes as a caller sees them.

func requireProblem(t *testing.T, a answer, status int, detail string) {
	t.Helper()
	require.Equal(t, status, a.status, a.raw)
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(t, "about:blank", a.body["type"])
	require.EqualValues(t, status, a.body["status"])
	require.Equal(t, http.StatusText(status), a.body["title"])
	require.Contains(t, a.raw, detail)
}

func TestHealthAndReady(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for path, want := range map[string]string{"/health": `{"status":"ok"}`, "/ready": `{"status":"ready"}`} {
		got := e.call("GET", path, "", nil)
		require.Equal(t, 200, got.status)
		require.JSONEq(t, want, got.raw)
	}
	awaitReady := func(status int) { // an answer is good for a second
		t.Helper()
		eventually(t, fmt.Sprint("/ready is ", status), func() (bool, string) {
			got := e.call("GET", "/ready", "", nil)
			return got.status == status, got.raw
		})
		if status != 200 {
			requireProblem(t, e.call("GET", "/ready", "", nil), status, "database")
		}
	}
	e.proxy.Cut()
	require.Equal(t, 200, e.call("GET", "/health", "", nil).status)
	awaitReady(503)
	e.proxy.Heal()
	awaitReady(200)
	e.proxy.Freeze()
	awaitReady(503) // and it does not wait for the answer
	require.Equal(t, 200, e.call("GET", "/health", "", nil).status)
	require.Equal(t, 200, e.call("GET", "/admin/metrics", shared.tokens[store.Ops], nil).status)
	e.proxy.Heal()
}

func TestNotReadyUntilMigrated(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.db.Exec(`DELETE FROM goose_db_version WHERE version_id > 0`)
	require.NoError(t, err)
	requireProblem(t, e.call("GET", "/ready", "", nil), 503, "migrated")
}

func TestDatabaseAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.proxy.Cut()
	for _, request := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/resources", nil},
		{"GET", "/bookings", nil},
		{"POST", "/bookings", e.slot()},
		{"POST", "/auth/login", map[string]string{"email": "x@example.com", "password": password}},
		{"GET", "/admin/payment-events", nil},
	} {
		got := e.call(request.method, request.path, shared.tokens[store.Admin], request.body)
		requireProblem(t, got, 503, "database")
	}
	e.proxy.Heal()
}

func TestRegisterAndLogin(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	got := e.call("POST", "/auth/register", "", map[string]string{"email": "Ada@Example.com", "password": password})
	require.Equal(t, 201, got.status, got.raw)
	user := got.body["user"].(map[string]any)
	require.Equal(t, "ada@example.com", user["email"])
	require.Equal(t, "CUSTOMER", user["role"])

	requireProblem(t, e.call("POST", "/auth/register", "", map[string]string{"email": "ADA@example.COM", "password": password}), 409, "registered")

	got = e.call("POST", "/auth/login", "", map[string]string{"email": "aDa@example.com", "password": password})
	require.Equal(t, 200, got.status, got.raw)
	require.Equal(t, user, got.body["user"])
	expires, err := time.Parse(time.RFC3339, got.body["expiresAt"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(time.Hour), expires, time.Minute)
	require.Equal(t, 200, e.call("GET", "/bookings", got.body["token"].(string), nil).status)

	wrong := e.call("POST", "/auth/login", "", map[string]string{"email": "ada@example.com", "password": "wrong password"})
	requireProblem(t, wrong, 401, "wrong")
	require.Contains(t, wrong.header.Get("WWW-Authenticate"), "Bearer")
	unknown := e.call("POST", "/auth/login", "", map[string]string{"email": "nobody@example.com", "password": "wrong password"})
	require.Equal(t, wrong.raw, unknown.raw, "an unknown address must not be told from a wrong password")
}

func TestRegisterRefusesBadInput(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for body, detail := range map[string]string{
		``:     "empty",
		`{`:    "ends in the middle",
		`[1]`:  "object",
		`"x"`:  "object",
		`null`: "null",
		`{"email":"a@b.co","password":"long enough"} x`:                   "goes on",
		`{"email":"a@b.co","password":"long enough","role":"ADMIN"}`:      `\"role\"`,
		`{"email":1,"password":"long enough"}`:                            "email must be a string",
		`{"password":"long enough"}`:                                      "email is missing",
		`{"email":"a@b.co"}`:                                              "password is missing",
		`{"email":"no address","password":"long enough"}`:                 "e-mail address",
		`{"email":"Ada <a@b.co>","password":"long enough"}`:               "e-mail address",
		`{"email":"a@b.co","password":"short"}`:                           "8 to 72",
		`{"email":"a@b.co","password":"` + strings.Repeat("x", 73) + `"}`: "8 to 72",
		`{"email":"a\u0000@b.co","password":"long enough"}`:               "NUL",
	} {
		requireProblem(t, e.call("POST", "/auth/register", "", body), 400, detail)
	}
	requireProblem(t, e.call("POST", "/auth/register", "", strings.Repeat(" ", 65<<10)), 413, "64 KiB")
}

func TestLoginIsLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	attempt := func(email, forwarded string) answer {
		request, err := http.NewRequest("POST", e.running.url()+"/auth/login",
			strings.NewReader(fmt.Sprintf(`{"email":%q,"password":"wrong password"}`, email)))
		require.NoError(t, err)
		request.Header.Set("X-Forwarded-For", forwarded)
		return e.do(request)
	}
	for i := range 5 {
		require.Equal(t, 401, attempt(fmt.Sprintf("user%d@example.com", i), fmt.Sprintf("192.0.2.%d", i)).status)
	}
	refused := attempt("another@example.com", "203.0.113.9")
	requireProblem(t, refused, 429, "try again")
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	// The right password is refused as well: good attempts count like bad ones.
	requireProblem(t, e.call("POST", "/auth/login", "", map[string]string{"email": "customer@example.com", "password": password}), 429, "try again")
	require.Equal(t, 200, e.call("GET", "/resources", "", nil).status, "only login is limited")
}

func TestLoginIsLimitedPerAccount(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(e *env) { e.config.TrustedProxies = loopback })
	statuses := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			request, err := http.NewRequest("POST", e.running.url()+"/auth/login", strings.NewReader(`{"email":"Customer@example.com","password":"wrong password"}`))
			if err != nil {
				return
			}
			request.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
			response, err := client.Do(request)
			if err != nil {
				return
			}
			_ = response.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[response.StatusCode]++
		})
	}
	group.Wait()
	require.Equal(t, map[int]int{401: 5, 429: 15}, statuses)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	resource := map[string]any{"name": "Boat", "unitAmount": 9900, "currency": "EUR"}
	for _, row := range []struct {
		method, path string
		body         any
		want         map[store.Role]int // "" is not signed in
	}{
		{"GET", "/resources", nil, map[store.Role]int{"": 200, store.Customer: 200, store.Ops: 200, store.Admin: 200}},
		{"POST", "/resources", resource, map[store.Role]int{"": 401, store.Customer: 403, store.Ops: 403, store.Admin: 201}},
		{"GET", "/bookings", nil, map[store.Role]int{"": 401, store.Customer: 200, store.Ops: 200, store.Admin: 200}},
		{"GET", "/admin/metrics", nil, map[store.Role]int{"": 401, store.Customer: 403, store.Ops: 200, store.Admin: 200}},
		{"GET", "/admin/payment-events", nil, map[store.Role]int{"": 401, store.Customer: 403, store.Ops: 200, store.Admin: 200}},
	} {
		for role, status := range row.want {
			got := e.call(row.method, row.path, shared.tokens[role], row.body)
			require.Equal(t, status, got.status, "%s %s as %q: %s", row.method, row.path, role, got.raw)
			if status == 401 {
				require.Contains(t, got.header.Get("WWW-Authenticate"), "Bearer")
			}
		}
	}
	requireProblem(t, e.call("GET", "/bookings", "no.real.token", nil), 401, "token")
}

func TestResources(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	admin := shared.tokens[store.Admin]
	got := e.call("POST", "/resources", admin, map[string]any{"name": " Boat ", "unitAmount": 9900, "currency": "EUR"})
	require.Equal(t, 201, got.status, got.raw)
	require.Equal(t, "Boat", got.body["name"])
	require.Equal(t, "eur", got.body["currency"])
	require.EqualValues(t, 9900, got.body["unitAmount"])

	for body, detail := range map[string]string{
		`{"name":"","unitAmount":1,"currency":"eur"}`:          "name",
		`{"name":"x","unitAmount":0,"currency":"eur"}`:         "unitAmount",
		`{"name":"x","unitAmount":-1,"currency":"eur"}`:        "unitAmount",
		`{"name":"x","unitAmount":100000000,"currency":"eur"}`: "unitAmount",
		`{"name":"x","unitAmount":1.5,"currency":"eur"}`:       "unitAmount",
		`{"name":"x","unitAmount":"1","currency":"eur"}`:       "unitAmount",
		`{"name":"x","unitAmount":1,"currency":"xyz"}`:         "currency",
		`{"name":"x","unitAmount":1,"currency":""}`:            "currency",
		`{"name":"x","unitAmount":1}`:                          "currency",
	} {
		requireProblem(t, e.call("POST", "/resources", admin, body), 400, detail)
	}

	for i := range 4 {
		require.Equal(t, 201, e.call("POST", "/resources", admin, map[string]any{"name": fmt.Sprint("r", i), "unitAmount": 1, "currency": "eur"}).status)
	}
	var names []any
	for cursor := ""; ; {
		page := e.call("GET", "/resources?limit=2"+cursor, "", nil)
		require.Equal(t, 200, page.status, page.raw)
		for _, row := range page.body["resources"].([]any) {
			names = append(names, row.(map[string]any)["name"])
		}
		if page.body["next"] == nil {
			break
		}
		cursor = "&cursor=" + page.body["next"].(string)
	}
	require.Equal(t, []any{"r3", "r2", "r1", "r0", "Boat", "Sauna"}, names)
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "cursor=x", "cursor=" + strings.Repeat("A", 40)} {
		requireProblem(t, e.call("GET", "/resources?"+query, "", nil), 400, strings.Split(query, "=")[0])
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	requireProblem(t, e.call("GET", "/nothing", "", nil), 404, "nothing")
	requireProblem(t, e.call("GET", "//health", "", nil), 404, "nothing")
	for path, allow := range map[string]string{
		"/health":               "GET, HEAD",
		"/auth/login":           "POST",
		"/bookings":             "GET, HEAD, POST",
		"/bookings/x":           "GET, HEAD",
		"/bookings/x/cancel":    "POST",
		"/webhooks/stripe":      "POST",
		"/admin/metrics":        "GET, HEAD",
		"/admin/payment-events": "GET, HEAD",
		"/checkout/success":     "GET, HEAD",
		"/metrics":              "GET, HEAD",
		"/resources":            "GET, HEAD, POST",
	} {
		got := e.call("DELETE", path, shared.tokens[store.Admin], nil)
		requireProblem(t, got, 405, "answers to")
		require.Equal(t, allow, got.header.Get("Allow"), path)
	}
	require.Equal(t, counts{}, e.counts(), "405 counts nowhere")
	for _, path := range []string{"/checkout/success", "/checkout/cancel"} {
		got := e.call("GET", path, "", nil)
		require.Equal(t, 200, got.status)
		require.NotEmpty(t, got.body["message"])
	}
}

func TestPrometheus(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	got := e.call("GET", "/metrics", metricsToken, nil)
	require.Equal(t, 200, got.status)
	for _, name := range []string{
		`booking_webhook_deliveries_total{outcome="duplicate",reason="event_seen"} 0`,
		`booking_webhook_duration_seconds_count 0`, `booking_database_connections_max`, `booking_log_lines_dropped_total 0`, `go_goroutines`,
	} {
		require.Contains(t, got.raw, name)
	}
	requireProblem(t, e.call("GET", "/metrics", "", nil), 401, "METRICS_TOKEN")
	requireProblem(t, e.call("GET", "/metrics", "another", nil), 401, "METRICS_TOKEN")

	without := newEnv(t, func(e *env) { e.config.MetricsToken = "" })
	requireProblem(t, without.call("GET", "/metrics", "", nil), 404, "nothing")
}

func TestWebhookIsLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(e *env) { e.config.WebhookRate = 1 })
	statuses := map[int]int{}
	for range 30 {
		got := e.call("POST", "/webhooks/stripe", "", "{}")
		statuses[got.status]++
		if got.status == 429 {
			require.NotEmpty(t, got.header.Get("Retry-After"))
		}
	}
	require.GreaterOrEqual(t, statuses[400], 10)
	require.Positive(t, statuses[429])
	require.EqualValues(t, statuses[400], e.counts().Received, "429 counts nowhere")
}
