package target

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/pgserver"
)

// free is an address at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	port, err := pgserver.FreePort()
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

func asks(t *testing.T, address string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/v1/customers", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		err = response.Body.Close()
	}
	return err
}

func TestTheAPIIsOpenBeforeTheTargetStartsAndUntilItEnds(t *testing.T) {
	t.Parallel()
	api := free(t)
	var seen []string
	note := func(what string) func(context.Context) error {
		return func(context.Context) error {
			if asks(t, api) == nil {
				what += ", and the API answers"
			}
			seen = append(seen, what)
			return nil
		}
	}
	// Nobody listens, so the target is down, and is asked to start.
	one := &Target{URL: "http://" + free(t), Secret: "whsec_x", API: &API{Listen: api}}
	var server *httptest.Server
	one.Start = func(ctx context.Context) error {
		server = httptest.NewUnstartedServer(http.NotFoundHandler())
		require.NoError(t, server.Listener.Close())
		listener, err := net.Listen("tcp", one.URL[len("http://"):])
		require.NoError(t, err)
		server.Listener = listener
		server.Start()
		return note("start")(ctx)
	}
	one.Stop = func(ctx context.Context, _ string) error {
		server.Close()
		return note("stop")(ctx)
	}
	closing, err := one.Open(t.Context())
	require.NoError(t, err)
	require.NotNil(t, one.Stripe)
	require.NoError(t, closing(t.Context(), nil))
	require.Equal(t, []string{"start, and the API answers", "stop, and the API answers"}, seen)
	require.Error(t, asks(t, api), "it is closed")
}

func TestAnAPIsPortThatIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	one := &Target{URL: "http://127.0.0.1:1", Secret: "whsec_x", API: &API{Listen: taken.Addr().String()}}
	one.Start = func(context.Context) error { return errors.New("nothing is started") }
	one.Stop = func(context.Context, string) error { return errors.New("nothing is stopped") }
	closing, err := one.Open(t.Context())
	require.ErrorContains(t, closing(t.Context(), err), "another program listens there already")
	require.NotContains(t, err.Error(), "nothing is")
}
