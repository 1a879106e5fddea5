package memnet

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// closingTime is for goroutines of what a test has closed to end, in virtual time.
const closingTime = time.Minute

// Virtual runs a test in virtual time: its clock moves on when all its goroutines wait. A wait for a real connection or for a lock
// stops that clock, so what the test opens is in memory, and nothing holds a lock while it waits.
func Virtual(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(closingTime) })
		test(t)
	})
}

// Tick is how long an answer, a start and a look at a state take. Without it all would happen at once in virtual time.
const Tick = time.Millisecond

// Door is a server in memory that can be closed, and opened again at the same address.
type Door struct {
	handler http.Handler

	mu       sync.Mutex
	address  string
	listener net.Listener
	server   *http.Server
}

// OpenDoor opens a server until the test ends.
func OpenDoor(t *testing.T, handler http.Handler) *Door {
	t.Helper()
	d := &Door{handler: handler, address: "127.0.0.1:0"}
	require.NoError(t, d.Open())
	t.Cleanup(d.Close)
	return d
}

func (d *Door) URL() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return "http://" + d.address
}

func (d *Door) Open() error {
	time.Sleep(Tick)
	d.mu.Lock()
	defer d.mu.Unlock()
	listener, err := InMemory.Listen(d.address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: d}
	d.address, d.listener, d.server = listener.Addr().String(), listener, server
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (d *Door) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.listener.Close() // which the server may not know yet
	_ = d.server.Close()
}

func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(Tick)
	d.handler.ServeHTTP(w, r)
}
