package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/pgserver"
)

// The secrets of the servers. Nothing else uses them.
const (
	webhookSecret = "whsec_soakSoakSoakSoak"
	stripeKey     = "sk_test_soakSoakSoakSoak"
	jwtSecret     = "soak-jwt-secret-soak-jwt-secret-soak"
	password      = "correct horse battery"
)

// replica is one of the servers: the binary as a process of its own, a line to the database that can be cut and frozen, and
// somebody who starts it again whenever it ends, as an orchestrator does.
type replica struct {
	binary      string
	port        int
	line        *dbproxy.Proxy
	environment []string
	log         tail

	mu      sync.Mutex
	process *exec.Cmd
	ends    int // how often it has ended
	down    time.Duration
	closing bool
	done    chan struct{}
}

// startReplica begins to run a server on a database, by way of a line of its own.
func startReplica(binary, database, stripeURL string) (*replica, error) {
	port, err := pgserver.FreePort()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(database)
	if err != nil {
		return nil, err
	}
	line, err := dbproxy.NewProxy("127.0.0.1:0", u.Host)
	if err != nil {
		return nil, err
	}
	u.Host = line.Addr()
	r := &replica{binary: binary, port: port, line: line, done: make(chan struct{})}
	r.environment = []string{
		"LISTEN_ADDRESS=127.0.0.1", "PORT=" + strconv.Itoa(port), "DATABASE_URL=" + u.String(),
		"STRIPE_API_BASE=" + stripeURL, "STRIPE_SECRET_KEY=" + stripeKey, "STRIPE_WEBHOOK_SECRET=" + webhookSecret, "JWT_SECRET=" + jwtSecret,
		// As in production all replicas name the same pages: Stripe compares what comes with an Idempotency-Key.
		"CHECKOUT_SUCCESS_URL=https://example.com/success", "CHECKOUT_CANCEL_URL=https://example.com/cancel",
		// All customers come from one address here.
		"WEBHOOK_RATE_LIMIT=0", "REGISTER_RATE_LIMIT=0", "LOGIN_RATE_LIMIT=1000000", "MAX_UNPAID_BOOKINGS=0",
	}
	go r.keepRunning()
	return r, nil
}

func (r *replica) url() string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port))
}

// keepRunning starts the server again until the replica is closed.
func (r *replica) keepRunning() {
	defer close(r.done)
	for {
		r.mu.Lock()
		if r.closing {
			r.mu.Unlock()
			return
		}
		process := exec.Command(r.binary)
		process.Env, process.Stdout, process.Stderr = r.environment, &r.log, &r.log
		err := process.Start()
		if err == nil {
			r.process, r.down = process, 200*time.Millisecond
		}
		r.mu.Unlock()
		if err != nil {
			_, _ = fmt.Fprintf(&r.log, "starting the server: %v\n", err)
			time.Sleep(time.Second)
			continue
		}
		_ = process.Wait()
		r.mu.Lock()
		r.process = nil
		r.ends++
		down := r.down
		r.mu.Unlock()
		time.Sleep(down)
	}
}

// end ends the process with a signal; it is started again after a while.
func (r *replica) end(signal os.Signal, down time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process != nil {
		r.down = down
		_ = r.process.Process.Signal(signal)
	}
}

// ended is how often the server has ended so far.
func (r *replica) ended() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ends
}

// awaitReady returns when the server serves and reaches its database.
func (r *replica) awaitReady(ctx context.Context) error {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url()+"/ready", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %d", response.StatusCode)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server at %s is not ready: %w\n%s", r.url(), err, r.log.last(5))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// close ends the server for good, and leaves nothing of it. It may be killed: its work is over.
func (r *replica) close() error {
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	r.end(syscall.SIGKILL, 0)
	<-r.done
	return r.line.Close()
}

// tail keeps the last lines of a server's log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const mostTail = 4 << 20

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*mostTail {
		t.text = bytes.Clone(t.text[len(t.text)-mostTail:])
	}
	return len(p), nil
}

// last is the end of the log.
func (t *tail) last(lines int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// about is the lines that hold a text.
func (t *tail) about(what string) (found []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.SplitSeq(string(t.text), "\n") {
		if strings.Contains(line, what) {
			found = append(found, line)
		}
	}
	return found
}

// runBinary runs a command of the server's binary to its end.
func runBinary(ctx context.Context, binary string, environment []string, stdin string, args ...string) error {
	command := exec.CommandContext(ctx, binary, args...)
	command.Env, command.Stdin = environment, strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("booking-server %s: %w", strings.Join(args, " "), err), errors.New(strings.TrimSpace(string(out))))
	}
	return nil
}
