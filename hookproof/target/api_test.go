package target

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// free is an address at which nobody listens. The system gives ports from 32768 on to whoever asks for any, so a lower one stays free.
func free(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
		if err == nil {
			require.NoError(t, listener.Close())
			return listener.Addr().String()
		}
	}
	require.Fail(t, "no port is free")
	return ""
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
	require.ErrorContains(t, closing(t.Context(), err), "api.listen: another program listens at 127.0.0.1:")
	require.NotContains(t, err.Error(), "nothing is")
}
