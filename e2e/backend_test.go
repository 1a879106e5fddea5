package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
	"github.com/testcontainers/testcontainers-go/wait"

	"example.com/hookproof/pgserver"
	stripemock "example.com/hookproof/stripe-mock"
)

// backend is where PostgreSQL and stripe-mock come from.
type backend struct {
	name     string
	user     string
	password string
	database string // host:port
	stripe   string // URL
	close    func()
}

const (
	postgresImage = "postgres:16-alpine"
	reaperImage   = "testcontainers/ryuk:0.14.0" // which testcontainers-go v0.45.0 starts
)

// chooseBackend starts what E2E_BACKEND names; unset, containers if they can be had. With the URL of a PostgreSQL that runs already it
// starts none.
func chooseBackend(ctx context.Context, wanted, postgres string) (*backend, error) {
	if postgres != "" {
		if wanted == "containers" {
			return nil, errors.New("E2E_POSTGRES names a server that runs already, and E2E_BACKEND asks for one in a container; unset one of them")
		}
		return useRunning(postgres)
	}
	switch wanted {
	case "containers":
		return startContainers(ctx)
	case "local":
		return startLocal(ctx)
	case "":
		if why := containersMissing(ctx); why != "" {
			b, err := startLocal(ctx)
			if err == nil {
				b.name += " (no containers: " + why + ")"
			}
			return b, err
		}
		return startContainers(ctx)
	}
	return nil, fmt.Errorf("E2E_BACKEND is %q; it must be containers, local or unset", wanted)
}

// containersMissing says why containers cannot be used, or "".
func containersMissing(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if exec.CommandContext(ctx, "docker", "info").Run() != nil {
		return "no engine answers"
	}
	for _, image := range []string{postgresImage, "golang:1.26-alpine"} {
		if !available(ctx, image) {
			return image + " is not here and cannot be pulled"
		}
	}
	return ""
}

// available tells whether an image is here, or can be had.
func available(ctx context.Context, image string) bool {
	return exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() == nil ||
		exec.CommandContext(ctx, "docker", "pull", "-q", image).Run() == nil
}

// prepareTestcontainers sets what testcontainers would get wrong, unless the environment says otherwise.
func prepareTestcontainers(ctx context.Context) error {
	settings := map[string]string{}
	// Inside a container it would dial the bridge; ports are published on this machine.
	if host := os.Getenv("DOCKER_HOST"); host == "" || strings.HasPrefix(host, "unix:") {
		settings["TESTCONTAINERS_HOST_OVERRIDE"] = "localhost"
	}
	// Its reaper removes what a killed run leaves behind. Where its image cannot be had, nothing would
	// start at all; this suite ends its containers itself.
	if !available(ctx, reaperImage) {
		settings["TESTCONTAINERS_RYUK_DISABLED"] = "true"
	}
	for name, value := range settings {
		if os.Getenv(name) != "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

func startLocal(ctx context.Context) (*backend, error) {
	db, err := pgserver.Start(ctx, pgserver.Config{})
	if err != nil {
		return nil, err
	}
	mock, err := stripemock.Start()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &backend{
		name: "local: PostgreSQL " + db.Version() + ", stripe-mock in process",
		user: "postgres", password: db.Password(), database: fmt.Sprintf("127.0.0.1:%d", db.Port()), stripe: mock.URL(),
		close: func() { _ = errors.Join(mock.Close(), db.Close()) },
	}, nil
}

// useRunning uses a PostgreSQL that runs already, and leaves it running.
func useRunning(postgres string) (*backend, error) {
	u, err := url.Parse(postgres)
	if err != nil || u.Scheme != "postgres" || u.Port() == "" || u.User == nil {
		// What it is may hold a password.
		return nil, errors.New("E2E_POSTGRES must be a URL as postgres://user:password@host:port")
	}
	mock, err := stripemock.Start()
	if err != nil {
		return nil, err
	}
	password, _ := u.User.Password()
	return &backend{
		name: "local: the PostgreSQL at " + u.Host + ", stripe-mock in process",
		user: u.User.Username(), password: password, database: u.Host, stripe: mock.URL(),
		close: func() { _ = mock.Close() },
	}, nil
}

func startContainers(ctx context.Context) (_ *backend, err error) {
	b := &backend{user: "postgres", password: "postgres"}
	if err := prepareTestcontainers(ctx); err != nil {
		return nil, err
	}
	var running []testcontainers.Container
	b.close = func() {
		for _, c := range running {
			_ = testcontainers.TerminateContainer(c)
		}
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	db, err := postgres.Run(ctx, postgresImage,
		postgres.WithUsername(b.user), postgres.WithPassword(b.password), postgres.WithDatabase("booking_platform"),
		testcontainers.WithCmdArgs("-c", "fsync=off", "-c", "max_connections=300"),
		postgres.BasicWaitStrategies())
	if db != nil {
		running = append(running, db)
	}
	if err != nil {
		return nil, err
	}
	mock, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		Started: true,
		ContainerRequest: testcontainers.ContainerRequest{
			FromDockerfile: testcontainers.FromDockerfile{
				Context: "..", Dockerfile: "stripe-mock/Dockerfile", Repo: "booking-stripe-mock", Tag: "e2e", KeepImage: true,
			},
			ExposedPorts: []string{"12111/tcp"},
			// Not the port: the engine's own proxy answers there before stripe-mock does.
			WaitingFor: wait.ForLog("Listening for HTTP at address"),
		},
	})
	if mock != nil {
		running = append(running, mock)
	}
	if err != nil {
		return nil, err
	}
	if b.database, err = published(ctx, db, "5432/tcp"); err != nil {
		return nil, err
	}
	address, err := published(ctx, mock, "12111/tcp")
	if err != nil {
		return nil, err
	}
	b.stripe = "http://" + address
	b.name = "containers: " + postgresImage + ", stripe-mock"
	return b, nil
}

// published is where a container's port can be reached from here.
func published(ctx context.Context, c testcontainers.Container, port string) (string, error) {
	host, err := c.Host(ctx)
	if err != nil {
		return "", err
	}
	mapped, err := c.MappedPort(ctx, port)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(host, mapped.Port()), nil
}
