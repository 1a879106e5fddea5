package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// unread is a body that nobody may read: it might come slowly.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	require.Fail(u.t, "the body was read")
	return 0, nil
}

func TestAnAddressIsLimitedBeforeItsBodyIsRead(t *testing.T) {
	t.Parallel()
	s := &Server{
		logins:        newLoginLimiter(1, newFakeClock().now),
		registrations: newAttempts[netip.Prefix](1, newFakeClock().now),
		password:      newPasswords(bcrypt.MinCost),
	}
	request := func() *http.Request { return httptest.NewRequest(http.MethodPost, "/", unread{t}) }
	address := s.clientAddress(request())
	_, wait := s.logins.from(address)
	require.Zero(t, wait)
	_, wait = s.registrations.take(limitKey(address))
	require.Zero(t, wait)
	for name, h := range map[string]handler{"login": s.login, "register": s.register} {
		answer := problemOf(h(httptest.NewRecorder(), request()))
		require.Equal(t, http.StatusTooManyRequests, answer.Status, name)
		require.Equal(t, "60", answer.header.Get("Retry-After"), name)
	}
}
