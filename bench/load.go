package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// seeds are the events that are recorded before anything is measured, and which duplicates and forgeries
// are copies of.
const seeds = 256

// endpoint is a running server that deliveries go to.
type endpoint struct {
	name     string
	address  string // host:port
	process  *exec.Cmd
	database *database
	template template
	next     atomic.Int64 // the booking that was delivered last
	answered atomic.Int64 // deliveries
}

// measure is one round of one job. In a burst all deliveries are due at its beginning, so that each one's
// latency has its wait in it. Otherwise a connection sends its next delivery when it has the answer to the
// last, and the latency is corrected.
func (e *endpoint) measure(ctx context.Context, j job, length time.Duration) (s sample, err error) {
	began, err := e.database.now(ctx)
	if err != nil {
		return s, err
	}
	before, err := e.cpu()
	if err != nil {
		return s, err
	}
	if s, err = e.send(ctx, j, length); err != nil {
		return s, err
	}
	after, err := e.cpu()
	if err != nil {
		return s, err
	}
	s.cpu, s.clientCPU = after[0]-before[0], after[1]-before[1]
	if j.mix.backlog == 0 && s.sent > 0 {
		s.latency = corrected(s.latency, s.took*time.Duration(j.connections)/time.Duration(s.sent))
	}
	if j.mix.silent {
		s.touched, err = e.database.heard(ctx, e.name, began)
	}
	return s, err
}

// cpu is the server's and our own.
func (e *endpoint) cpu() (seconds [2]float64, err error) {
	for i, pid := range []int{e.process.Process.Pid, os.Getpid()} {
		if seconds[i], err = cpuSeconds(pid); err != nil {
			return seconds, err
		}
	}
	return seconds, nil
}

func (e *endpoint) send(ctx context.Context, j job, length time.Duration) (sample, error) {
	couriers := make([]*courier, j.connections)
	for i := range couriers {
		couriers[i] = newCourier(e.address, e.template)
		defer couriers[i].close()
	}
	s := sample{latency: newHistogram()}
	var backlog atomic.Int64
	backlog.Store(int64(float64(j.mix.backlog) * length.Seconds()))
	var mu sync.Mutex // of the sample
	var group sync.WaitGroup
	began := time.Now()
	for i, c := range couriers {
		group.Go(func() {
			last := int64(1 + i%seeds) // of this connection's, recorded
			for turn := i; ctx.Err() == nil; turn++ {
				due := began
				if j.mix.backlog == 0 {
					if due = time.Now(); due.Sub(began) >= length {
						return
					}
				} else if backlog.Add(-1) < 0 {
					return
				}
				k := j.mix.kinds[turn%len(j.mix.kinds)]
				number := last
				switch {
				case k == unique:
					if number = e.next.Add(1); number > e.database.bookings {
						return
					}
					last = number
				case len(j.mix.kinds) == 1: // all are copies: of all that there are
					number = int64(1 + turn%seeds)
				}
				fault := c.deliver(k, number)
				took := time.Since(due).Microseconds()
				mu.Lock()
				if fault == "" {
					s.sent++
					_ = s.latency.RecordValue(max(1, took)) // below a minute: the client gives up sooner
				} else {
					s.refused++
					s.fault = fault
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	s.took = time.Since(began)
	e.answered.Add(s.sent)
	if e.next.Load() > e.database.bookings {
		return s, fmt.Errorf("all %d bookings are used up; fewer or shorter rounds, please", e.database.bookings)
	}
	return s, ctx.Err()
}

// seed has the first events recorded.
func (e *endpoint) seed() error {
	c := newCourier(e.address, e.template)
	defer c.close()
	for range seeds {
		if fault := c.deliver(unique, e.next.Add(1)); fault != "" {
			return fmt.Errorf("%s: one of the first deliveries was answered with %s", e.name, fault)
		}
	}
	e.answered.Add(seeds)
	return nil
}

// warm gives a server, and what compiles while it runs, the time to get going. Nothing of it is kept.
func (e *endpoint) warm(ctx context.Context, length time.Duration) error {
	realistic := mixes[len(mixes)-1]
	_, err := e.send(ctx, job{e.name, realistic, 32}, min(length, 3*time.Second))
	return err
}
