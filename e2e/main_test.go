// Package e2e proves the booking server end to end: a real PostgreSQL, the official stripe-mock, the
// real server behind HTTP, and package hookproof delivering Stripe's webhooks to it.
//
//	go test ./e2e                             containers where an engine answers, else local
//	E2E_BACKEND=local go test ./e2e           a private PostgreSQL, stripe-mock in this process
//	E2E_BACKEND=containers go test ./e2e      postgres:16-alpine and stripe-mock in containers
//
// E2E_POSTGRES=postgres://user:password@host:port is a PostgreSQL that runs already, which is used instead of a private one: several runs
// can share it, since the names of their databases differ. The user must be a superuser, the server take 300 connections.
package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	stripemock "example.com/hookproof/stripe-mock"
)

// Deadlines of the suite. They are for a slow machine, and only a failing test waits for them.
const (
	startTime  = 3 * time.Minute  // for the back end: images may have to be built
	buildTime  = 4 * time.Minute  // for the server's binary
	waitTime   = 15 * time.Second // for a condition
	answerTime = 45 * time.Second // for a result: longer than the server takes for any answer, and for its end
	queryTime  = 2 * time.Minute  // for a statement of a test's own, which may make a database
	testTime   = 5 * time.Minute  // for one test, of which the longest has budget
)

// shared is what all tests of a run share.
var shared *suite

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	restore, err := stripemock.Hush()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer restore()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if shared, err = newSuite(ctx, os.Getenv("E2E_BACKEND"), os.Getenv("E2E_POSTGRES")); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer shared.close()
	return m.Run()
}
