package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind says what a delivery is: new, a copy or a forgery.
type kind int

const (
	unique    kind = iota // a new event about a new booking
	duplicate             // a copy of a recorded event with a new signature, as Stripe retries
	forged                // signed with another secret
)

// mix is a named sequence of deliveries.
type mix struct {
	name    string
	about   string
	kinds   []kind // each connection repeats these
	backlog int    // deliveries due when the round begins, for each second of its length; 0 sends until the round ends
	silent  bool   // the server must not use its database
}

var mixes = []mix{
	{name: "unique", about: "events that are new", kinds: []kind{unique}},
	{name: "duplicate", about: "events that are recorded already", kinds: []kind{duplicate}},
	{name: "forged", about: "events signed with another secret", kinds: []kind{forged}, silent: true},
	{name: "burst", about: "what an outage leaves: new events, all due at once", kinds: []kind{unique}, backlog: 500},
	{name: "realistic", about: "90 % new, 8 % recorded already, 2 % forged", kinds: realistic()},
}

// realistic spreads 4 duplicates and 1 forgery over 50 deliveries.
func realistic() []kind {
	kinds := make([]kind, 50)
	for i := 6; i < len(kinds); i += 12 {
		kinds[i] = duplicate
	}
	kinds[25] = forged
	return kinds
}

// crowd is the number of connections of an additional burst, because Stripe sends many deliveries at the same time.
const crowd = 256

// job is one measurement: a server, a mix and a number of connections. Each round runs each job once.
type job struct {
	server      string
	mix         mix
	connections int
}

func (j job) String() string {
	return fmt.Sprintf("%s, %s, %d connections", j.server, j.mix.name, j.connections)
}

// plan is what the command line asks for.
type plan struct {
	rounds      int
	length      time.Duration // of a round
	servers     []string
	mixes       []mix
	connections []int
}

// jobs returns the jobs of a round, in order. Jobs that are compared run one after the other. Each round begins with another
// server, so that no server always has the best place.
func (p plan) jobs(round int) []job {
	var jobs []job
	for _, n := range slices.Compact(append(slices.Clone(p.connections), crowd)) {
		for _, m := range p.mixes {
			if !slices.Contains(p.connections, n) && m.backlog == 0 {
				continue
			}
			for i := range p.servers {
				server := p.servers[(i+round)%len(p.servers)]
				if server == pgbenchName && m.name != "unique" {
					continue
				}
				jobs = append(jobs, job{server, m, n})
			}
		}
	}
	return jobs
}

// inOrder returns the same jobs in the order of the tables.
func (p plan) inOrder() []job {
	mixAt := func(j job) int { return slices.IndexFunc(p.mixes, func(m mix) bool { return m.name == j.mix.name }) }
	jobs := p.jobs(0)
	slices.SortStableFunc(jobs, func(a, b job) int {
		return cmp.Or(mixAt(a)-mixAt(b), a.connections-b.connections, slices.Index(p.servers, a.server)-slices.Index(p.servers, b.server))
	})
	return jobs
}

// bookings is how many bookings each server needs: more than the fastest server can confirm in all rounds.
func (p plan) bookings() int64 {
	return 20_000 + int64(30_000*float64(p.rounds)*p.length.Seconds())
}

// newPlan checks the flags. An empty list selects everything.
func newPlan(rounds int, length time.Duration, servers, mixNames, connections string) (plan, error) {
	p := plan{rounds: rounds, length: length}
	if rounds < 1 || length < 100*time.Millisecond || length > time.Minute {
		return p, errors.New("-rounds must be 1 or more, and -time from 100ms to 1m")
	}
	var err error
	if p.servers, err = chosen("-servers", servers, serverNames()); err != nil {
		return p, err
	}
	var names []string
	for _, m := range mixes {
		names = append(names, m.name)
	}
	if names, err = chosen("-mixes", mixNames, names); err != nil {
		return p, err
	}
	for _, m := range mixes {
		if slices.Contains(names, m.name) {
			p.mixes = append(p.mixes, m)
		}
	}
	for text := range strings.SplitSeq(connections, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > crowd {
			return p, fmt.Errorf("-connections must be numbers from 1 to %d, separated by commas", crowd)
		}
		p.connections = append(p.connections, n)
	}
	slices.Sort(p.connections)
	p.connections = slices.Compact(p.connections)
	return p, nil
}

// chosen returns the names in a list, in the order of all.
func chosen(flag, list string, all []string) ([]string, error) {
	if list == "" {
		return all, nil
	}
	var wanted []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("%s has no %q; it knows %s", flag, name, strings.Join(all, ", "))
		}
		wanted = append(wanted, name)
	}
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !slices.Contains(wanted, name) }), nil
}
