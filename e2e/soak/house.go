package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// house is what all rounds share: PostgreSQL, the server's binary, and a database with customers and resources, of which each
// round gets a copy.
type house struct {
	directory string
	binary    string
	postgres  *postgres
	resources []string
	tokens    []string // of the customers
	signedIn  time.Time
}

const (
	template      = "soak_template"
	customerCount = 8
	resourceCount = 3
	price         = 4500
	// tokenTime is how long a token is used; it is good for an hour.
	tokenTime = 30 * time.Minute
)

// newHouse builds what is needed. Binary is a server that is built already, or "".
func newHouse(ctx context.Context, binary string, out io.Writer) (_ *house, err error) {
	h := &house{binary: binary, tokens: make([]string, customerCount)}
	if h.directory, err = os.MkdirTemp("", "soak"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	// PostgreSQL may run as another user, who has to reach his part.
	if err := os.Chmod(h.directory, 0o755); err != nil {
		return nil, err
	}
	if h.binary == "" {
		h.binary = filepath.Join(h.directory, "booking-server")
		build := exec.CommandContext(ctx, "go", "build", "-o", h.binary, "example.com/hookproof/cmd/booking-server")
		if said, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building the server: %w\n%s", err, said)
		}
	}
	if h.postgres, err = startPostgres(ctx, filepath.Join(h.directory, "postgres")); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(out, "PostgreSQL %s, two servers, %d customers, %d resources\n", h.postgres.Version(), customerCount, resourceCount)
	return h, h.fillTemplate(ctx)
}

// fillTemplate makes the database that rounds get copies of, through the server's own ways in.
func (h *house) fillTemplate(ctx context.Context) error {
	if err := h.postgres.CreateDatabase(ctx, template, ""); err != nil {
		return err
	}
	address := h.postgres.URL(template)
	const admin = "admin@example.com"
	if err := runBinary(ctx, h.binary, []string{"DATABASE_URL=" + address}, password+"\n",
		"user", "create", "--email", admin, "--role", "ADMIN"); err != nil {
		return err
	}
	server, err := startReplica(h.binary, address, "http://127.0.0.1:1")
	if err != nil {
		return err
	}
	err = h.fill(ctx, server, admin)
	return errors.Join(err, server.close())
}

func (h *house) fill(ctx context.Context, server *replica, admin string) error {
	if err := server.awaitReady(ctx); err != nil {
		return err
	}
	for n := range customerCount {
		who := map[string]string{"email": customer(n), "password": password}
		if status := insist(ctx, server.url(), "/auth/register", "", who, &struct{}{}); status != 201 {
			return fmt.Errorf("registering customer %d: %s", n, answered(status))
		}
	}
	token, err := signIn(ctx, server.url(), admin)
	if err != nil {
		return err
	}
	for n := range resourceCount {
		var made struct{ ID string }
		thing := map[string]any{"name": fmt.Sprintf("Sauna %d", n+1), "unitAmount": price, "currency": "usd"}
		if status := insist(ctx, server.url(), "/resources", token, thing, &made); status != 201 {
			return fmt.Errorf("making resource %d: %s", n, answered(status))
		}
		h.resources = append(h.resources, made.ID)
	}
	return h.signIn(ctx, server)
}

// insist posts again while a busy machine's server says that it cannot answer now: passwords are slow on purpose.
func insist(ctx context.Context, server, path, token string, body, answer any) (status int) {
	for range 10 {
		if status = callAs(ctx, server, "POST", path, token, body, answer); status != 0 && status < 500 {
			return status
		}
		pause(ctx, time.Second)
	}
	return status
}

func customer(n int) string { return fmt.Sprintf("customer%d@example.com", n) }

// signIn gets the customers' tokens, unless those that they have are good for long enough.
func (h *house) signIn(ctx context.Context, server *replica) error {
	if time.Since(h.signedIn) < tokenTime {
		return nil
	}
	var (
		group sync.WaitGroup
		errs  = make([]error, len(h.tokens))
		turns = make(chan struct{}, 2) // passwords are slow on purpose
	)
	for n := range h.tokens {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			h.tokens[n], errs[n] = signIn(ctx, server.url(), customer(n))
		})
	}
	group.Wait()
	h.signedIn = time.Now()
	return errors.Join(errs...)
}

func signIn(ctx context.Context, server, email string) (string, error) {
	var answer struct{ Token string }
	status := insist(ctx, server, "/auth/login", "", map[string]string{"email": email, "password": password}, &answer)
	if status != 200 {
		return "", fmt.Errorf("signing in as %s: %s", email, answered(status))
	}
	return answer.Token, nil
}

// close leaves nothing behind.
func (h *house) close() error {
	var err error
	if h.postgres != nil {
		err = h.postgres.close()
	}
	return errors.Join(err, os.RemoveAll(h.directory))
}
