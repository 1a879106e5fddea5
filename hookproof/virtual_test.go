package hookproof

import (
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// virtual runs a test in virtual time: its clock moves on when all its goroutines wait. A wait for a real connection or for a lock
// stops that clock, so what the test opens is in memory, and nothing holds a lock while it waits.
func virtual(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(time.Minute) }) // for goroutines of what was closed to end
		test(t)
	})
}

// TestMain lets garbage be collected seldom: the judge's runs make much of it and keep little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// tick is how long an answer, a start and a look at a state take. Without it all would happen at once in virtual time.
const tick = time.Millisecond

// door is a server in memory that can be closed, and opened again at the same address.
type door struct {
	handler http.Handler

	mu       sync.Mutex
	address  string
	listener net.Listener
	server   *http.Server
}

// openDoor opens a server until the test ends.
func openDoor(t *testing.T, handler http.Handler) *door {
	t.Helper()
	d := &door{handler: handler, address: "127.0.0.1:0"}
	require.NoError(t, d.open())
	t.Cleanup(d.close)
	return d
}

func (d *door) url() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return "http://" + d.address
}

func (d *door) open() error {
	time.Sleep(tick)
	d.mu.Lock()
	defer d.mu.Unlock()
	listener, err := inMemory.listen(d.address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: d}
	d.address, d.listener, d.server = listener.Addr().String(), listener, server
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.listener.Close() // which the server may not know yet
	_ = d.server.Close()
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(tick)
	d.handler.ServeHTTP(w, r)
}
