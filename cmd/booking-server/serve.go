package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"example.com/hookproof/server"
)

// databaseWait is how long a start waits for the database, which may be starting, too.
const databaseWait = 30 * time.Second

func (p program) serve(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{"serve takes no arguments"}
	}
	c, warnings, err := configFrom(p.getenv)
	if err != nil {
		return err
	}
	// Whoever reads standard output may go away: deliveries matter more than lines about them, so that
	// writing then fails, as on any other file, and does not end the process.
	signal.Ignore(syscall.SIGPIPE)
	log, lines := newServerLog(p.stdout, c.LogLevel)
	defer lines.close(lastLogTime)
	for _, warning := range warnings {
		log.Warn(warning)
	}
	s, err := server.Open(ctx, server.Config{
		Address:          net.JoinHostPort(c.ListenAddress, strconv.Itoa(int(c.Port))),
		DatabaseURL:      c.DatabaseURL,
		DatabaseWait:     databaseWait,
		StripeKey:        c.StripeSecretKey,
		StripeAPIBase:    c.StripeAPIBase,
		WebhookSecrets:   c.StripeWebhookSecrets,
		WebhookTolerance: c.WebhookTolerance,
		WebhookRate:      c.WebhookRateLimit,
		LoginRate:        c.LoginRateLimit,
		RegisterRate:     c.RegisterRateLimit,
		MinSlot:          c.MinSlot,
		MaxSlot:          c.MaxSlot,
		BookingHorizon:   c.BookingHorizon,
		MaxUnpaid:        c.MaxUnpaidBookings,
		JWTSecret:        c.JWTSecret,
		PasswordCost:     server.PasswordCost,
		TrustedProxies:   c.TrustedProxies,
		SuccessURL:       c.CheckoutSuccessURL,
		CancelURL:        c.CheckoutCancelURL,
		MetricsToken:     c.MetricsToken,
		Log:              log,
		LogLinesDropped:  lines.Dropped,

		AllowAsynchronousCommit: c.AllowAsynchronousCommit,
	})
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}

// healthcheck is for a container without a shell. It asks /health and not /ready: a container whose
// database is away is not mended by being restarted.
func (p program) healthcheck(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{"healthcheck takes no arguments"}
	}
	c, err := configOnly(p.getenv, "LISTEN_ADDRESS", "PORT")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	url := fmt.Sprintf("http://%s/health", net.JoinHostPort(c.reachable(), strconv.Itoa(int(c.Port))))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s does not answer", url)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", url, response.StatusCode)
	}
	return nil
}
