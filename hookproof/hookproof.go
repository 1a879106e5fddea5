// Package hookproof delivers Stripe webhooks to an endpoint in every unpleasant way: signed and forged, once and fifty times, in any
// order, through outages and restarts. It says which of its checks the endpoint fails, with the evidence. It knows a target by its
// URL, its secret and a few hooks, in whatever language the target is written.
//
// This package is what a user needs. ARCHITECTURE.md describes the packages below it.
package hookproof

import (
	"context"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

// Counters are a target's count of its deliveries since it started.
type Counters = result.Counters

// Database is where a target dials its database, HOST:PORT, and where that really is.
type Database = target.Database

// API is where a target asks Stripe's API, HOST:PORT on this machine.
type API = target.API

// Connect is how the events of connected accounts reach a target.
type Connect = target.Connect

// Finding is what one check came to, with its evidence.
type Finding = result.Finding

// HookError is a hook of the target's that did not do its part. It is never a verdict on the target.
type HookError = target.HookError

// Life is what a target offers for one of its lives, by name in Target.Lives. Its Story is that of LoadLife; nil is the payment life.
type Life = target.Life

// Options are a run's choices. The zero value is a full run by the strict profile.
type Options = run.Options

// Report is a whole run.
type Report = result.Report

// Subject is one object of the target's: names to strings and whole numbers, also of types such as uuid.UUID that JSON has as
// one of these. The names that events are
// bound to are sessionId, clientReferenceId, paymentIntent, amount (minor units), currency,
// metadata.<key>, charge.metadata.<key> and customer, if that is an id of Stripe's; others are the hooks' own.
type Subject = event.Subject

// Target is an endpoint and what it offers. URL and Secret are required; a hook that is nil is not
// offered, and what needs it is not run. Hooks are called by several goroutines at once.
type Target = target.Target

// Verdict is what a scenario came to.
type Verdict = result.Verdict

const (
	Fail = result.Fail
	// Info is the verdict on what is no fault, but worth knowing.
	Info   = result.Info
	NotRun = result.NotRun
	Pass   = result.Pass
)

// Check runs the checks on a target and answers what they came to. An error is an *Unusable target, a
// *HookError, or the context's: then there is no verdict, and the report has what was found before.
func Check(ctx context.Context, target *Target, options Options) (Report, error) {
	return run.Judge(ctx, target, options)
}

// LoadTarget reads a target file. {{env.NAME}} anywhere in it is the environment variable's value, by getenv;
// nil is os.Getenv. The error names the file, the place in it and what is wrong there.
func LoadTarget(path string, getenv func(string) string) (*Target, error) {
	return target.Load(path, getenv)
}

// LoadLife reads the story of a life of one's own from its life.json, as a target file names it by its path. The error names the file, the line,
// the place in it and what is wrong there.
func LoadLife(path string) (*life.Life, error) { return life.Load(path, path) }
