package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"example.com/hookproof/server"
	"example.com/hookproof/store"
)

// The secrets of every server under test, so that the auditor knows what no log line may hold.
const (
	webhookSecret  = "whsec_e2eCurrentSecret"
	previousSecret = "whsec_e2ePreviousSecret"
	stripeKey      = "sk_test_e2e"
	jwtSecret      = "e2e-jwt-secret-e2e-jwt-secret-e2e"
	metricsToken   = "e2e-metrics-token"
	password       = "correct horse battery"
)

// suite is one back end and a database with users and a resource, of which every test gets a copy.
type suite struct {
	backend  *backend
	admin    *sql.DB // of the database server itself
	run      string  // a part of every database's name: another run may use the same server
	template string
	tokens   map[store.Role]string
	resource store.Resource
	made     atomic.Int64 // databases

	binary    func() (string, error) // the server's binary, built when first asked for
	directory string                 // where it lies
}

func newSuite(ctx context.Context, wanted, postgres string) (_ *suite, err error) {
	run := strings.ToLower(rand.Text()[:10])
	s := &suite{run: run, template: "e2e_" + run + "_template", tokens: map[store.Role]string{}}
	if s.backend, err = chooseBackend(ctx, wanted, postgres); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	fmt.Printf("e2e: %s\n", s.backend.name)
	if s.admin, err = s.open("postgres"); err != nil {
		return nil, err
	}
	if s.directory, err = os.MkdirTemp("", "e2e"); err != nil {
		return nil, err
	}
	s.binary = sync.OnceValues(s.build)
	if _, err = s.admin.ExecContext(ctx, `CREATE DATABASE `+s.template); err != nil {
		return nil, err
	}
	return s, s.fillTemplate(ctx)
}

func (s *suite) close() {
	if s.admin != nil {
		s.drop(s.template)
		_ = s.admin.Close()
	}
	_ = os.RemoveAll(s.directory)
	s.backend.close()
}

// url is a database's URL by way of an address: the server's own, or a proxy's in front of it.
func (s *suite) url(address, database string) string {
	u := url.URL{Scheme: "postgres", Host: address, Path: database, RawQuery: "sslmode=disable",
		User: url.UserPassword(s.backend.user, s.backend.password)}
	return u.String()
}

// open opens a database, straight and not through a proxy. A statement that waits for somebody else's lock fails in the end.
func (s *suite) open(database string) (*sql.DB, error) {
	return sql.Open("postgres", fmt.Sprintf("%s&connect_timeout=%.0f&statement_timeout=%d", s.url(s.backend.database, database),
		answerTime.Seconds(), queryTime.Milliseconds()))
}

func (s *suite) build() (string, error) {
	binary := filepath.Join(s.directory, "booking-server")
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "../cmd/booking-server").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return binary, nil
}

func emailOf(role store.Role) string { return string(role) + "@example.com" }

// fillTemplate migrates the template and gives it a user of every role and a resource. Tokens are
// checked without the database, so that those got here are good for every copy.
func (s *suite) fillTemplate(ctx context.Context) (err error) {
	config := s.config(s.url(s.backend.database, s.template), io.Discard)
	running, err := startInProcess(config)
	if err != nil {
		return err
	}
	// The template can be copied only when nobody is connected to it.
	defer func() { err = errors.Join(err, running.end(true)) }()

	db, err := store.Open(config.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, role := range []store.Role{store.Customer, store.Ops, store.Admin} {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			return err
		}
		email, err := server.CanonicalEmail(emailOf(role))
		if err != nil {
			return err
		}
		if _, err := db.CreateUser(ctx, email, string(hash), role); err != nil {
			return err
		}
		if s.tokens[role], err = signIn(running.url(), email); err != nil {
			return err
		}
	}
	s.resource, err = db.CreateResource(ctx, "Sauna", 4500, "usd")
	return err
}

func signIn(server, email string) (string, error) {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		return "", err
	}
	response, err := client.Post(server+"/auth/login", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Token string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Token == "" {
		return "", fmt.Errorf("signing in answered %s", response.Status)
	}
	return answer.Token, nil
}

// config is the server's configuration in every test that does not ask for another.
func (s *suite) config(databaseURL string, log io.Writer) server.Config {
	return server.Config{
		Address:          "127.0.0.1:0",
		DatabaseURL:      databaseURL,
		DatabaseWait:     waitTime,
		StripeKey:        stripeKey,
		StripeAPIBase:    s.backend.stripe,
		WebhookSecrets:   []string{webhookSecret, previousSecret},
		WebhookTolerance: 5 * time.Minute,
		WebhookRate:      0,
		LoginRate:        5,
		JWTSecret:        jwtSecret,
		PasswordCost:     bcrypt.MinCost,
		MetricsToken:     metricsToken,
		Log:              slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// database makes a copy of the template and answers its name.
func (s *suite) database(ctx context.Context) (string, error) {
	name := s.name()
	_, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+s.template)
	return name, err
}

// name is a name for a database that no other has, of this run or another on the same server.
func (s *suite) name() string { return fmt.Sprintf("e2e_%s_%d", s.run, s.made.Add(1)) }

func (s *suite) drop(name string) {
	_, _ = s.admin.Exec(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`)
}
