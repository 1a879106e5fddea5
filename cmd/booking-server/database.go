package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/hookproof/server"
	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// migrate applies what is pending, or lists it.
func (p program) migrate(ctx context.Context, args []string) error {
	flags := newFlags("migrate")
	status := flags.Bool("status", false, "list only")
	if err := parse(flags, args); err != nil {
		return err
	}
	db, err := p.openDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if *status {
		list, err := db.Migrations(ctx)
		if err != nil {
			return databaseFailed(err)
		}
		return p.printMigrations(list)
	}
	return p.applyMigrations(ctx, db)
}

func (p program) applyMigrations(ctx context.Context, db *store.Store) error {
	applied, err := db.Migrate(ctx, newLog(p.stderr, slog.LevelInfo))
	if err != nil {
		return databaseFailed(err)
	}
	if len(applied) == 0 {
		_, err = fmt.Fprintln(p.stdout, "Database migrations are up to date.")
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "Applied %s.\n", strings.Join(applied, ", "))
	return err
}

func (p program) printMigrations(list []store.Migration) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, m := range list {
		when := "pending"
		if !m.AppliedAt.IsZero() {
			when = "applied " + m.AppliedAt.UTC().Format(time.RFC3339)
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\n", m.Name, when); err != nil {
			return err
		}
	}
	return table.Flush()
}

// user makes a user, after migrating: it is how the first administrator comes to be.
func (p program) user(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "create" {
		return usageError{"the command is 'user create'"}
	}
	flags := newFlags("user create")
	email := flags.String("email", "", "")
	role := flags.String("role", "", "")
	if err := parse(flags, args[1:]); err != nil {
		return err
	}
	address, err := server.CanonicalEmail(*email)
	if err != nil {
		return usageError{"--" + err.Error()}
	}
	switch store.Role(*role) {
	case store.Customer, store.Ops, store.Admin:
	default:
		return usageError{"--role must be CUSTOMER, OPS or ADMIN"}
	}
	// Asked before the password, so that nobody types one in vain.
	if _, err := configOnly(p.getenv, "DATABASE_URL"); err != nil {
		return err
	}
	hash, err := p.readPassword()
	if err != nil {
		return err
	}
	db, err := p.openDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Migrate(ctx, newLog(p.stderr, slog.LevelInfo)); err != nil {
		return databaseFailed(err)
	}
	user, err := db.CreateUser(ctx, address, hash, store.Role(*role))
	if errors.Is(err, store.ErrEmailTaken) {
		return fmt.Errorf("there is a user %s already", address)
	}
	if err != nil {
		return databaseFailed(err)
	}
	_, err = fmt.Fprintf(p.stdout, "Created %s %s with id %s.\n", user.Role, user.Email, user.ID)
	return err
}

// mostSince is how long Stripe keeps events.
const mostSince = 30 * 24 * time.Hour

// reconcile applies the events whose deliveries never arrived.
func (p program) reconcile(ctx context.Context, args []string) error {
	flags := newFlags("reconcile")
	since := flags.Duration("since", 72*time.Hour, "")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *since <= 0 || *since > mostSince {
		return usageError{"--since must be a duration up to 720h, the 30 days for which Stripe keeps events"}
	}
	c, err := configOnly(p.getenv, "DATABASE_URL", "ALLOW_ASYNCHRONOUS_COMMIT", "STRIPE_SECRET_KEY", "STRIPE_API_BASE")
	if err != nil {
		return err
	}
	outcomes, err := server.Reconcile(ctx, server.Config{
		DatabaseURL: c.DatabaseURL, DatabaseWait: databaseWait, AllowAsynchronousCommit: c.AllowAsynchronousCommit,
		StripeKey: c.StripeSecretKey, StripeAPIBase: c.StripeAPIBase,
		Log: newLog(p.stderr, slog.LevelInfo),
	}, *since)
	if err != nil {
		return err
	}
	rejected := outcomes[webhook.Rejected]
	if _, err := fmt.Fprintf(p.stdout, "Stripe's events of the last %s: %d processed, %d duplicate, %d rejected.\n",
		*since, outcomes[webhook.Processed], outcomes[webhook.Duplicate], rejected); err != nil {
		return err
	}
	if rejected > 0 {
		return fmt.Errorf("%d events were not applied; the log above says why, and another run fetches them again", rejected)
	}
	return nil
}

// readPassword takes the first line of standard input and hashes it.
func (p program) readPassword() (string, error) {
	line, err := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", errors.New("the password could not be read from standard input")
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.New("no password: write it to standard input, for example: printf %s \"$PASSWORD\" | booking-server user create …")
	}
	return server.HashPassword(password)
}

func (p program) openDatabase(ctx context.Context) (*store.Store, error) {
	c, err := configOnly(p.getenv, "DATABASE_URL")
	if err != nil {
		return nil, err
	}
	db, err := store.Open(c.DatabaseURL)
	if err != nil {
		return nil, err
	}
	if err := server.WaitForDatabase(ctx, db, databaseWait, newLog(p.stderr, slog.LevelInfo)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// databaseFailed keeps PostgreSQL's own text, which may quote values, out of the terminal's history.
func databaseFailed(err error) error {
	if errors.Is(err, store.ErrSchemaNewer) {
		return err
	}
	return fmt.Errorf("the database refused: %s", store.Describe(err))
}

func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return usageError{flags.Name() + ": " + err.Error()}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Sprintf("%s takes no argument %q", flags.Name(), flags.Arg(0))}
	}
	return nil
}
