package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"example.com/hookproof/pgserver"
)

const oursName = "booking-server"

// service is a server that can be measured, and the function that builds or installs it.
type service struct {
	name    string
	prepare func(ctx context.Context, directory string, out io.Writer) (program, error)
}

// program is a command line and its working directory.
type program struct {
	args      []string
	directory string
}

var services = []service{
	{oursName, buildOurs},
	{"express-pg", nodePeer("express-pg")},
	{"express-prisma", nodePeer("express-prisma")},
}

// serverNames returns all that a run can measure: pgbench, our server and the peers.
func serverNames() []string {
	names := []string{pgbenchName}
	for _, s := range services {
		names = append(names, s.name)
	}
	return names
}

func buildOurs(ctx context.Context, directory string, _ io.Writer) (program, error) {
	binary := filepath.Join(directory, oursName)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/booking-server")
	if out, err := build.CombinedOutput(); err != nil {
		return program{}, fmt.Errorf("building the server (run this from the repository's root): %w\n%s", err, out)
	}
	return program{args: []string{binary}}, nil
}

// start starts a server as in production, and returns how many milliseconds it took until /ready answered 200. It discards the
// server's standard output, and keeps its standard error for the message if it does not start.
func (e *endpoint) start(ctx context.Context, p program) (ms float64, err error) {
	port, err := pgserver.FreePort()
	if err != nil {
		return 0, err
	}
	e.address = "127.0.0.1:" + strconv.Itoa(port)
	e.process = exec.Command(p.args[0], p.args[1:]...)
	e.process.Dir = p.directory
	e.process.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "NODE_ENV=production",
		"PORT=" + strconv.Itoa(port), "DATABASE_URL=" + e.database.url(e.name), "STRIPE_SECRET_KEY=sk_test_bench",
		"STRIPE_WEBHOOK_SECRET=" + webhookSecret, "JWT_SECRET=bench-bench-bench-bench-bench-bench", "WEBHOOK_RATE_LIMIT=0",
	}
	var said bytes.Buffer
	e.process.Stderr = &said
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	began := time.Now()
	if err := e.process.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < 30*time.Second {
		if response, err := client.Get("http://" + e.address + "/ready"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return milliseconds(time.Since(began)), nil
			}
		}
		select {
		case <-ctx.Done():
			end(e.process)
			return 0, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	end(e.process)
	return 0, fmt.Errorf("%s was not ready within 30 s: %s", e.name, oneLine(said.String()))
}

// oneLine returns the most useful line of an output: the first with the word error, or else the last.
func oneLine(said string) string {
	last := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if strings.Contains(strings.ToLower(line), "error") {
			return line
		}
		last = cmp.Or(line, last)
	}
	return last
}

// startTimes starts a server several times and returns how long each start took. The server runs on after the last.
func (e *endpoint) startTimes(ctx context.Context, p program, times int) (Spread, error) {
	var ready []float64
	for range times {
		end(e.process)
		ms, err := e.start(ctx, p)
		if err != nil {
			e.process = nil
			return Spread{}, err
		}
		ready = append(ready, ms)
	}
	return spreadOf(ready), nil
}

// figures returns the figures of the server's process at the end of a run.
func (e *endpoint) figures(ready Spread) (Server, error) {
	resident, err := residentMiB(e.process.Process.Pid)
	return Server{Name: e.name, Ready: ready, Resident: rounded(resident), Deliveries: e.answered.Load()}, err
}

// imageMB builds the production image and returns its size. It needs a Docker engine.
func imageMB(ctx context.Context) (float64, error) {
	if err := exec.CommandContext(ctx, "docker", "info").Run(); err != nil {
		return 0, errors.New("no Docker engine answers")
	}
	id, err := exec.CommandContext(ctx, "docker", "build", "-q", ".").Output()
	if err != nil {
		return 0, fmt.Errorf("docker build: %s", describe(err))
	}
	size, err := exec.CommandContext(ctx, "docker", "image", "inspect", "-f", "{{.Size}}", strings.TrimSpace(string(id))).Output()
	if err != nil {
		return 0, fmt.Errorf("docker image inspect: %s", describe(err))
	}
	bytes, err := strconv.ParseFloat(strings.TrimSpace(string(size)), 64)
	return rounded(bytes / 1e6), err
}

// describe returns the failure of a command in one line, from its standard error if it wrote any.
func describe(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return cmp.Or(oneLine(string(exit.Stderr)), err.Error())
	}
	return err.Error()
}
