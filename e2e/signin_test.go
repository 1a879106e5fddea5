package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

// Who registers and signs in, and who tries to keep others from it.

// behindProxy has the server believe what these tests write into X-Forwarded-For.
func behindProxy(e *env) { e.config.TrustedProxies = loopback }

// slowToHash makes a new password, and one of an unknown account, take some hundredths of a second: a few of
// them fill a queue. More would be too long on a busy machine, since a hash that is begun is ended. The
// passwords that the suite's users have are as fast as ever.
func slowToHash(e *env) { e.config.PasswordCost = 8 }

// from sends credentials as from another address.
func (e *env) from(ctx context.Context, address, path, email, secret string) (answer, error) {
	body, err := json.Marshal(map[string]string{"email": email, "password": secret})
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.running.url()+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("X-Forwarded-For", address)
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	return a, json.NewDecoder(response.Body).Decode(&a.body)
}

// signInFrom answers the status of a sign-in.
func (e *env) signInFrom(address, email, secret string) int {
	e.t.Helper()
	a, err := e.from(e.t.Context(), address, "/auth/login", email, secret)
	require.NoError(e.t, err)
	return a.status
}

// flood keeps as many requests on their way as the server lets wait, each from another address and about
// another account, and returns when the first was refused for want of room. They are given up when the test ends.
func (e *env) flood(path string) {
	e.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	full := make(chan struct{})
	var once sync.Once
	var group sync.WaitGroup
	e.t.Cleanup(func() {
		stop()
		group.Wait()
	})
	for i := range 21*max(1, runtime.GOMAXPROCS(0)/2) + 3 { // the longest of its queues, and who finds no room
		group.Go(func() {
			for n := 0; ctx.Err() == nil && n < 20; n++ {
				a, err := e.from(ctx, fmt.Sprintf("10.%d.%d.1", i, n), path, fmt.Sprintf("flood-%d-%d@example.com", i, n), password)
				if err == nil && a.status == http.StatusServiceUnavailable {
					once.Do(func() { close(full) })
					return
				}
			}
		})
	}
	eventually(e.t, "the flood fills its queue", func() (bool, string) {
		select {
		case <-full:
			return true, ""
		default:
			return false, ""
		}
	})
}

func TestRegisteringIsLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t, behindProxy, func(e *env) { e.config.RegisterRate = 5 })
	register := func(address, email string) answer {
		a, err := e.from(t.Context(), address, "/auth/register", email, password)
		require.NoError(t, err)
		return a
	}
	for i := range 10 {
		require.Equal(t, 400, register("192.0.2.1", fmt.Sprint("no address ", i)).status, "what cannot be one takes no turn")
	}
	for i := range 4 {
		require.Equal(t, 201, register("192.0.2.1", fmt.Sprintf("new%d@example.com", i)).status)
	}
	require.Equal(t, 409, register("192.0.2.1", "new0@example.com").status, "it is hashed, and counts")
	refused := register("192.0.2.1", "new5@example.com")
	require.Equal(t, 429, refused.status)
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	require.Equal(t, 201, register("192.0.2.2", "new5@example.com").status, "another address is free")
	require.Equal(t, 200, e.signInFrom("192.0.2.1", "new0@example.com", password), "signing in is limited by itself")
}

func TestSigningInBesideAFloodOfRegistrations(t *testing.T) {
	t.Parallel()
	e := newEnv(t, behindProxy, slowToHash)
	e.flood("/auth/register")
	for i, role := range []store.Role{store.Customer, store.Ops, store.Admin} {
		require.Equal(t, 200, e.signInFrom(fmt.Sprintf("192.0.2.%d", i), emailOf(role), password))
	}
}

// A flood of sign-ins from everywhere can keep out who comes from somewhere new, and nobody else.
func TestSigningInBesideAFloodOfSignIns(t *testing.T) {
	t.Parallel()
	e := newEnv(t, behindProxy, slowToHash)
	const home = "192.0.2.1"
	require.Equal(t, 200, e.signInFrom(home, emailOf(store.Admin), password))
	e.flood("/auth/login")
	for range 3 {
		require.Equal(t, 200, e.signInFrom(home, emailOf(store.Admin), password))
	}
	a, err := e.from(t.Context(), home, "/auth/register", "new@example.com", password)
	require.NoError(t, err)
	require.Equal(t, 201, a.status, "nor is registering kept waiting")
}

// Five failed passwords a minute from elsewhere do not keep an account out from where it has signed in before.
func TestAnAccountUnderAttack(t *testing.T) {
	t.Parallel()
	e := newEnv(t, behindProxy)
	admin := emailOf(store.Admin)
	const home = "2001:db8:0:1::1"
	require.Equal(t, 200, e.signInFrom(home, admin, password))
	for i := range 4 {
		require.Equal(t, 401, e.signInFrom(fmt.Sprintf("192.0.2.%d", i), admin, "wrong password"))
	}
	require.Equal(t, 429, e.signInFrom("192.0.2.5", admin, "wrong password"))
	require.Equal(t, 429, e.signInFrom("192.0.2.0", admin, "wrong password"), "a failure makes no address familiar")
	require.Equal(t, 429, e.signInFrom("198.51.100.1", admin, password), "from anywhere else it waits")
	require.Equal(t, 200, e.signInFrom("2001:db8:0:1::2", admin, password), "the /64 that it has signed in from")
	require.Equal(t, 429, e.signInFrom("198.51.100.1", admin, password))
	for range 3 {
		require.Equal(t, 401, e.signInFrom(home, admin, "wrong password"))
	}
	require.Equal(t, 429, e.signInFrom(home, admin, password), "its address has the limit that every address has")
}

// Who did what is in the log, by an id that is no e-mail address: who signed in, on whom it was tried, who cancelled.
func TestWhoIsInTheLog(t *testing.T) {
	t.Parallel()
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	ids := map[string]string{}
	rows, err := e.db.Query(`SELECT role, id FROM "User"`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var role, id string
		require.NoError(t, rows.Scan(&role, &id))
		ids[role] = id
	}
	require.NoError(t, rows.Err())
	login := func(email, secret string) answer {
		return e.call("POST", "/auth/login", "", map[string]string{"email": email, "password": secret})
	}
	require.Equal(t, 200, login(emailOf(store.Ops), password).status)
	require.Equal(t, 401, login(emailOf(store.Admin), "wrong password").status)
	require.Equal(t, 401, login("nobody@example.com", "wrong password").status)
	made := e.call("POST", "/auth/register", "", map[string]string{"email": "new@example.com", "password": password})
	require.Equal(t, 201, made.status, made.raw)
	id := made.body["user"].(map[string]any)["id"].(string)
	booking := e.book()["id"].(string)
	require.Equal(t, 200, e.call("POST", "/bookings/"+booking+"/cancel", shared.tokens[store.Admin], nil).status)
	require.Equal(t, 404, e.call("GET", "/bookings/no-id", shared.tokens[store.Admin], nil).status)
	require.Equal(t, 401, e.call("GET", "/bookings", "no.real.token", nil).status)

	type request struct {
		Route, UserID, BookingID string
		Status                   int
	}
	var got []request
	eventually(t, "all requests have their lines", func() (bool, string) {
		got = nil
		for line := range strings.Lines(e.logs.String()) {
			var r struct {
				Msg string
				request
			}
			require.NoError(t, json.Unmarshal([]byte(line), &r))
			if r.Msg == "Request" {
				got = append(got, r.request)
			}
		}
		return len(got) == 8, fmt.Sprint(got)
	})
	require.Equal(t, []request{
		{"/auth/login", ids["OPS"], "", 200},
		{"/auth/login", ids["ADMIN"], "", 401},
		{"/auth/login", "", "", 401},
		{"/auth/register", id, "", 201},
		{"/bookings", ids["CUSTOMER"], booking, 201},
		{"/bookings/{id}/cancel", ids["ADMIN"], booking, 200},
		{"/bookings/{id}", ids["ADMIN"], "", 404},
		{"/bookings", "", "", 401},
	}, got)
	require.Empty(t, secretShapes.FindAllString(e.logs.String(), 3), "in the log")
}

// Behind a proxy that TRUSTED_PROXIES does not name everybody shares one address. The operator is told once.
func TestAProxyThatIsNotNamed(t *testing.T) {
	t.Parallel()
	warnings := func(e *env) int { return strings.Count(e.logs.String(), "TRUSTED_PROXIES") }
	e := newEnv(t)
	require.Equal(t, 200, e.call("GET", "/resources", "", nil).status)
	require.Equal(t, 401, e.signInFrom("192.0.2.1", "nobody@example.com", "wrong password"))
	require.Equal(t, 401, e.signInFrom("192.0.2.2", "nobody@example.com", "wrong password"))
	require.Equal(t, 1, warnings(e))
	require.Contains(t, e.logs.String(), `"peer":"127.0.0.1"`)

	named := newEnv(t, behindProxy)
	require.Equal(t, 401, named.signInFrom("192.0.2.1", "nobody@example.com", "wrong password"))
	require.Zero(t, warnings(named))
}
