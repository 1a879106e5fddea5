package target

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
)

// HTTP's names of headers have no case, and an intermediary may change it: what is sent is what a signing asks for.
func TestTheHeadersNameIsSpelledAsAsked(t *testing.T) {
	t.Parallel()
	for sign, name := range map[string]string{"genuine": "Stripe-Signature", "lower-case-name": "stripe-signature", "upper-case-name": "STRIPE-SIGNATURE"} {
		listener, err := memnet.InMemory.Listen("127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		lines := make(chan []string, 1)
		go func() { lines <- received(listener) }()
		target := &Target{URL: "http://" + listener.Addr().String() + "/hook", Dialer: memnet.InMemory.Dial, Secret: "whsec_shop"}
		d := target.Deliver(t.Context(), event.Raw("{}"), sign)
		require.Equal(t, http.StatusOK, d.Status, d.Err)
		require.Contains(t, <-lines, name, sign)
	}
}

// received answers one request, and returns the names of its headers as they came.
func received(listener net.Listener) (names []string) {
	connection, err := listener.Accept()
	if err != nil {
		return nil
	}
	defer func() { _ = connection.Close() }()
	reader := bufio.NewReader(connection)
	for {
		line, err := reader.ReadString('\n')
		if name, _, is := strings.Cut(line, ": "); is {
			names = append(names, name)
		}
		if err != nil || line == "\r\n" {
			_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			return names
		}
	}
}
