package memnet

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/dbproxy"
)

// The network in memory answers as this machine's does.
func TestTheNetworkInMemory(t *testing.T) {
	t.Parallel()
	Virtual(t, func(t *testing.T) {
		listener, err := InMemory.Listen("127.0.0.1:0")
		require.NoError(t, err)
		_, err = InMemory.Listen(listener.Addr().String())
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		dial := InMemory.Dialing(listener.Addr().String())
		connect := func() (here, there net.Conn) {
			here, err := dial()
			require.NoError(t, err)
			there, err = listener.Accept()
			require.NoError(t, err)
			return here, there
		}
		one := make([]byte, 1)

		here, there := connect()
		_, err = here.Write([]byte("ab"))
		require.NoError(t, err)
		require.NoError(t, here.Close())
		rest, err := io.ReadAll(there)
		require.NoError(t, err)
		require.Equal(t, "ab", string(rest), "what was written before it was closed arrives")
		_, err = there.Write(one)
		require.ErrorIs(t, err, syscall.EPIPE)
		_, err = here.Read(one)
		require.ErrorIs(t, err, net.ErrClosed)

		here, there = connect()
		_, err = here.Write([]byte("ab"))
		require.NoError(t, err)
		dbproxy.Reset(here)
		_, err = there.Read(one)
		require.ErrorIs(t, err, syscall.ECONNRESET)

		here, there = connect()
		began := time.Now()
		require.NoError(t, here.SetReadDeadline(began.Add(time.Hour)))
		_, err = here.Read(one)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(began))
		require.NoError(t, here.SetReadDeadline(time.Time{}))
		time.AfterFunc(time.Hour, func() { _, _ = there.Write(one) })
		_, err = here.Read(one)
		require.NoError(t, err, "there is no deadline any more")

		waiting, err := dial()
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		_, err = waiting.Read(one)
		require.ErrorIs(t, err, syscall.ECONNRESET, "nobody has accepted it")
		_, err = listener.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = dial()
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
