package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// round is one storm over a database of its own, and the calm after it in which the auditor looks.
type round struct {
	house    *house
	plan     plan
	history  *history
	notes    *notes
	figures  *figures
	stripe   *stripe
	moods    *moods
	deliver  *deliverer
	replicas [2]*replica
	db       *sql.DB // straight to the database
	opened   time.Time
	asked    atomic.Int64
	name     string
	api      *http.Server
}

// trouble is how many of a hundred calls to Stripe meet with something, usually and while Stripe has a bad day.
const trouble, badDay = 20, 75

// newRound makes a copy of the template and starts everything on it.
func newRound(ctx context.Context, h *house, p plan, number int, f *figures) (_ *round, err error) {
	r := &round{house: h, plan: p, history: newHistory(), notes: newNotes(), figures: f, moods: newMoods(p.Seed),
		opened: time.Now().Add(24 * time.Hour).Truncate(time.Hour).UTC(), name: fmt.Sprintf("soak_%d", number)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if err := h.postgres.CreateDatabase(ctx, r.name, template); err != nil {
		return nil, err
	}
	r.deliver = newDeliverer(p.Seed, func(n int) string { return r.replicas[n].url() }, r.history, f)
	r.stripe = newStripe(p.Seed, r.history, r.deliver.emit)
	r.deliver.stripe = r.stripe
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.api = &http.Server{Handler: &api{r.stripe, r.moods, f}, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = r.api.Serve(listener) }()
	for n := range r.replicas {
		if r.replicas[n], err = startReplica(h.binary, h.postgres.URL(r.name), "http://"+listener.Addr().String()); err != nil {
			return nil, err
		}
	}
	for _, server := range r.replicas {
		if err := server.awaitReady(ctx); err != nil {
			return nil, err
		}
	}
	if r.db, err = sql.Open("postgres", h.postgres.URL(r.name)); err != nil {
		return nil, err
	}
	return r, h.signIn(ctx, r.replicas[0])
}

// close ends what the round started and drops its database.
func (r *round) close() error {
	var errs []error
	if r.deliver != nil {
		r.deliver.close()
	}
	for _, server := range r.replicas {
		if server != nil {
			errs = append(errs, server.close())
		}
	}
	if r.api != nil {
		errs = append(errs, r.api.Close())
	}
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(append(errs, r.house.postgres.drop(ctx, r.name))...)
}

// slot is a place of the plan's as one attempt asks for it: all that ask for one place overlap, and no two begin at the same
// time, so that each names the row that comes of it.
func (r *round) slot(place int) (resource string, startsAt, endsAt time.Time) {
	begin := r.opened.Add(time.Duration(place/resourceCount) * time.Hour)
	return r.house.resources[place%resourceCount], begin.Add(time.Duration(r.asked.Add(1)) * time.Millisecond), begin.Add(time.Hour)
}

// storm lets all lives run while the plan's faults happen, and returns when every life is over and every fault mended.
func (r *round) storm(ctx context.Context) error {
	r.moods.set(trouble)
	defer r.moods.set(0)
	var (
		lives  sync.WaitGroup
		faults sync.WaitGroup
		errs   [2]error
	)
	for n, l := range r.plan.Lives {
		lives.Go(func() { r.live(ctx, n, l) })
	}
	faults.Go(func() { errs[0] = r.breakThings(ctx, true) })
	faults.Go(func() { errs[1] = r.breakThings(ctx, false) })
	faults.Wait()
	for _, server := range r.replicas {
		server.line.Heal()
	}
	r.moods.set(0)
	r.history.add(nil, "the storm is over")
	lives.Wait()
	return errors.Join(errs[:]...)
}

// breakThings does the faults of one track, one after another.
func (r *round) breakThings(ctx context.Context, database bool) error {
	for _, f := range r.plan.Faults {
		if f.Kind.database() != database {
			continue
		}
		pause(ctx, time.Until(r.history.began.Add(f.At)))
		if ctx.Err() != nil {
			return nil
		}
		r.figures.faults.Add(1)
		if f.Kind.database() || f.Kind == stripeAway {
			r.history.add(nil, "FAULT: %s, %s", f.Kind, f.For.Round(time.Millisecond))
		} else {
			r.history.add(nil, "FAULT: %s, server %d, %s", f.Kind, f.Replica, f.For.Round(time.Millisecond))
		}
		if err := r.happen(ctx, f); err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
	}
	return nil
}

func (r *round) happen(ctx context.Context, f fault) error {
	server, database := r.replicas[f.Replica], r.house.postgres
	switch f.Kind {
	case killServer, stopServer:
		r.figures.serverEnds.Add(1)
		signal := syscall.SIGKILL
		if f.Kind == stopServer {
			signal = syscall.SIGTERM
		}
		server.end(signal, f.For)
		pause(ctx, f.For)
	case cutLine:
		server.line.Cut()
		pause(ctx, f.For)
		server.line.Heal()
	case freezeLine:
		server.line.Freeze()
		pause(ctx, f.For)
		server.line.Heal()
	case stripeAway:
		r.moods.set(badDay)
		pause(ctx, f.For)
		r.moods.set(trouble)
	case killDatabase:
		r.figures.databaseEnds.Add(1)
		return database.kill(ctx, f.For)
	case stopDatabase:
		r.figures.databaseEnds.Add(1)
		return database.restart(ctx, f.For)
	case killBackend:
		r.figures.databaseEnds.Add(1)
		return database.killBackend(ctx, r.name)
	case freezeDatabase:
		return database.freeze(ctx, f.For)
	case dropSessions:
		if err := database.await(ctx); err != nil {
			return err
		}
		return database.execute(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = `+pq.QuoteLiteral(r.name))
	}
	return nil
}
