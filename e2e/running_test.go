package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"example.com/hookproof/pgserver"
	"example.com/hookproof/server"
)

// running is a server under test.
type running interface {
	url() string
	// end ends it, asked to with stop, else not asked.
	end(stop bool) error
}

type inProcess struct {
	server *server.Server
	stop   context.CancelFunc
	served chan error
}

func startInProcess(config server.Config) (running, error) {
	ctx, stop := context.WithCancel(context.Background())
	s, err := server.Open(ctx, config)
	if err != nil {
		stop()
		return nil, err
	}
	r := &inProcess{server: s, stop: stop, served: make(chan error, 1)}
	go func() { r.served <- s.Serve(ctx) }()
	return r, nil
}

func (r *inProcess) url() string { return r.server.URL() }

func (r *inProcess) end(bool) error {
	r.stop()
	select {
	case err := <-r.served:
		return err
	case <-time.After(answerTime):
		return fmt.Errorf("the server did not end within %s", answerTime)
	}
}

type process struct {
	command *exec.Cmd
	address string
	exited  chan error
}

// startProcess runs the binary with the configuration as its environment and waits until it answers.
func startProcess(c server.Config, address string, logs io.Writer) (running, error) {
	binary, err := shared.binary()
	if err != nil {
		return nil, err
	}
	if address == "" {
		if address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	_, port, _ := strings.Cut(address, ":")
	p := &process{command: exec.Command(binary), address: address, exited: make(chan error, 1)}
	p.command.Env = environment(c, port)
	p.command.Stdout = logs
	var stderr bytes.Buffer
	p.command.Stderr = &stderr
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() { p.exited <- p.command.Wait() }()
	for deadline := time.Now().Add(waitTime); ; {
		if response, err := client.Get(p.url() + "/health"); err == nil {
			_ = response.Body.Close()
			return p, nil
		}
		select {
		case err := <-p.exited:
			return nil, fmt.Errorf("the server ended: %v: %s", err, stderr.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the server did not answer within %s: %s", waitTime, stderr.String()), p.end(false))
		}
	}
}

func (p *process) url() string { return "http://" + p.address }

func (p *process) end(stop bool) error {
	signal := syscall.SIGKILL
	if stop {
		signal = syscall.SIGTERM
	}
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.exited:
		if !stop {
			return nil // killed, as intended
		}
		return err
	case <-time.After(answerTime):
		return errors.Join(fmt.Errorf("the server's process did not end within %s", answerTime), p.command.Process.Kill())
	}
}

func environment(c server.Config, port string) []string {
	return []string{
		"PORT=" + port,
		"DATABASE_URL=" + c.DatabaseURL,
		"ALLOW_ASYNCHRONOUS_COMMIT=" + strconv.FormatBool(c.AllowAsynchronousCommit),
		"STRIPE_SECRET_KEY=" + c.StripeKey,
		"STRIPE_API_BASE=" + c.StripeAPIBase,
		"STRIPE_WEBHOOK_SECRET=" + strings.Join(c.WebhookSecrets, ","),
		"JWT_SECRET=" + c.JWTSecret,
		"WEBHOOK_RATE_LIMIT=" + strconv.Itoa(c.WebhookRate),
		"MIN_SLOT=" + c.MinSlot.String(),
		"MAX_SLOT=" + c.MaxSlot.String(),
		"BOOKING_HORIZON=" + c.BookingHorizon.String(),
		"MAX_UNPAID_BOOKINGS=" + strconv.Itoa(c.MaxUnpaid),
		"REGISTER_RATE_LIMIT=" + strconv.Itoa(c.RegisterRate),
		"METRICS_TOKEN=" + c.MetricsToken,
		"LOG_LEVEL=debug",
	}
}

func freeAddress() (string, error) {
	port, err := pgserver.FreePort()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}
