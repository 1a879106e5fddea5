package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"
)

// bench is one run: its plan, its database, its servers and its report.
type bench struct {
	plan      plan
	out       io.Writer
	directory string
	template  template
	database  *database
	measured  map[string]measured
	endpoints []*endpoint
	report    Report
	ready     map[string]Spread
}

// measured is what a job is measured on: pgbench or a server.
type measured interface {
	measure(ctx context.Context, j job, length time.Duration) (sample, error)
}

// open starts PostgreSQL and every server of the plan. A peer that does not start is removed from the plan, and the report
// says so. A run needs pgbench and our own server.
func open(ctx context.Context, p plan, out io.Writer) (_ *bench, err error) {
	b := &bench{plan: p, out: out, measured: map[string]measured{}, ready: map[string]Spread{}}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.template, err = newTemplate(); err != nil {
		return nil, err
	}
	if b.directory, err = os.MkdirTemp("", "bench"); err != nil {
		return nil, err
	}
	if b.database, err = openDatabase(ctx, p.bookings(), out); err != nil {
		return nil, err
	}
	b.say("Loaded %d bookings for each", p.bookings())
	for _, name := range p.servers {
		if err := b.add(ctx, name); err != nil {
			if name == pgbenchName || name == oursName || ctx.Err() != nil {
				return nil, err
			}
			b.missing(name, err)
			b.plan.servers = slices.DeleteFunc(slices.Clone(b.plan.servers), func(s string) bool { return s == name })
		}
	}
	return b, b.database.settle(ctx)
}

func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format+"\n", args...) }

// missing prints what is not measured, and adds it to the report.
func (b *bench) missing(what string, why error) {
	line := fmt.Sprintf("%s is not measured: %v", what, why)
	b.report.NotMeasured = append(b.report.NotMeasured, line)
	b.say("%s", line)
}

// add starts one server and delivers its first events.
func (b *bench) add(ctx context.Context, name string) error {
	if err := b.database.copyAs(ctx, name); err != nil {
		return err
	}
	if name == pgbenchName {
		limit, err := newPgbench(b.database, b.directory, b.template)
		b.measured[name] = limit
		return err
	}
	which := slices.IndexFunc(services, func(s service) bool { return s.name == name })
	p, err := services[which].prepare(ctx, b.directory, b.out)
	if err != nil {
		return err
	}
	e := &endpoint{name: name, database: b.database, template: b.template}
	if b.ready[name], err = e.startTimes(ctx, p, min(b.plan.rounds, 5)); err != nil {
		return err
	}
	if err := e.seed(); err != nil {
		end(e.process)
		return err
	}
	b.endpoints = append(b.endpoints, e)
	b.measured[name] = e
	b.say("Started %s, ready after %.0f ms", name, b.ready[name].Median)
	return nil
}

func (b *bench) close() {
	for _, e := range b.endpoints {
		end(e.process)
	}
	if b.database != nil {
		b.database.close()
	}
	_ = os.RemoveAll(b.directory)
}

// run measures all rounds. The jobs of a round are interleaved, so that host load affects all servers alike.
func (b *bench) run(ctx context.Context) (Report, error) {
	b.report.PostgreSQL, b.report.Rounds, b.report.Seconds = b.database.postgres.Version(), b.plan.rounds, b.plan.length.Seconds()
	b.report.Machine = machine()
	for _, e := range b.endpoints {
		if err := e.warm(ctx, b.plan.length); err != nil {
			return b.report, err
		}
	}
	collected, before := map[string]*samples{}, readProcessorTime("/proc", os.Getpid())
	for round := range b.plan.rounds {
		b.say("Round %d of %d", round+1, b.plan.rounds)
		for _, j := range b.plan.jobs(round) {
			s, err := b.measured[j.server].measure(ctx, j, b.plan.length)
			if err != nil {
				return b.report, fmt.Errorf("%s: %w", j, err)
			}
			if s.refused > 0 {
				b.say("%s: %d of %d deliveries had an unexpected answer; the last: %s", j, s.refused, s.refused+s.sent, s.fault)
			}
			if collected[j.String()] == nil {
				collected[j.String()] = newSamples(j)
			}
			collected[j.String()].add(s)
		}
	}
	b.report.HostLoad = readProcessorTime("/proc", os.Getpid()).hostLoadSince(before)
	for _, j := range b.plan.inOrder() {
		b.report.Rows = append(b.report.Rows, collected[j.String()].row())
	}
	b.report.compare()
	for _, e := range b.endpoints {
		server, err := e.figures(b.ready[e.name])
		if err != nil {
			return b.report, err
		}
		b.report.Servers = append(b.report.Servers, server)
	}
	return b.report, nil
}

func machine() string {
	return fmt.Sprintf("%d processors, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
