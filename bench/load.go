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

// seeds is how many events are delivered before the first round. The duplicates and the forgeries are copies of them.
const seeds = 256

// endpoint is a running server that receives deliveries.
type endpoint struct {
	name     string
	address  string // host:port
	process  *exec.Cmd
	database *database
	template template
	next     atomic.Int64 // the number of the last new event
	answered atomic.Int64 // deliveries
}

// measure runs one round of a job. In a burst all deliveries are due when the round begins, so each latency includes the time
// that the delivery has waited. In other mixes a connection sends its next delivery after the last answer, and measure
// corrects the latencies for coordinated omission.
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

// cpu returns the processor time of the server and of this program.
func (e *endpoint) cpu() (seconds [2]float64, err error) {
	for i, pid := range []int{e.process.Process.Pid, os.Getpid()} {
		if seconds[i], err = cpuSeconds(pid); err != nil {
			return seconds, err
		}
	}
	return seconds, nil
}

func (e *endpoint) send(ctx context.Context, j job, length time.Duration) (sample, error) {
	clients := make([]*client, j.connections)
	for i := range clients {
		clients[i] = newClient(e.address, e.template)
		defer clients[i].close()
	}
	s := sample{latency: newHistogram()}
	var backlog atomic.Int64
	backlog.Store(int64(float64(j.mix.backlog) * length.Seconds()))
	var mu sync.Mutex // guards s
	var group sync.WaitGroup
	began := time.Now()
	for i, c := range clients {
		group.Go(func() {
			last := int64(1 + i%seeds) // the last new event of this connection
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
				case len(j.mix.kinds) == 1: // all deliveries are copies, of all seeds in turn
					number = int64(1 + turn%seeds)
				}
				fault := c.deliver(k, number)
				took := time.Since(due).Microseconds()
				mu.Lock()
				if fault == "" {
					s.sent++
					_ = s.latency.RecordValue(max(1, took)) // always in range: the client times out after 30 s
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
		return s, fmt.Errorf("all %d bookings are used up; run fewer or shorter rounds", e.database.bookings)
	}
	return s, ctx.Err()
}

// seed delivers the first events.
func (e *endpoint) seed() error {
	c := newClient(e.address, e.template)
	defer c.close()
	for range seeds {
		if fault := c.deliver(unique, e.next.Add(1)); fault != "" {
			return fmt.Errorf("%s: one of the first deliveries failed: %s", e.name, fault)
		}
	}
	e.answered.Add(seeds)
	return nil
}

// warm delivers events before the first round, for caches and just-in-time compilers. It discards the sample.
func (e *endpoint) warm(ctx context.Context, length time.Duration) error {
	realistic := mixes[len(mixes)-1]
	_, err := e.send(ctx, job{e.name, realistic, 32}, min(length, 3*time.Second))
	return err
}
