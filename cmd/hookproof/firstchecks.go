package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	runs "example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

// firstChecks are what init runs of the checks: some of each kind, which take a few seconds. restartChecks stop and start the target.
var (
	firstChecks   = []string{"authenticity", "ack-policy", "idempotence/redelivered"}
	restartChecks = []string{"idempotence/restart", "faults/cut-before"}
)

// verdictOf is a headline up to its sums.
func verdictOf(headline string) string {
	var lines []string
	for line := range strings.Lines(headline) {
		lines = append(lines, strings.TrimRight(line, "\n"))
		if strings.Contains(line, " passed, ") {
			break
		}
	}
	return strings.Join(lines, "\n")
}

// firstBudget is how long they may take.
const firstBudget = 10 * time.Second

// first runs the first checks and tells what came of them. It stops and starts the target only if that was allowed.
func (i *inquiry) first(t *target.Target) {
	one := *t
	only := firstChecks
	if i.mayTry {
		only = append(only[:len(only):len(only)], restartChecks...)
	} else {
		one.Stop, one.Start, one.Database, one.Proxy = nil, nil, nil, nil
	}
	i.say("\nThe first checks:")
	r, err := runs.Judge(i.ctx, &one, runs.Options{Only: only, Budget: firstBudget})
	if len(r.Findings) > 0 {
		style := report.Style{}
		if file, is := i.out.(*os.File); is {
			style = report.StyleOf(file, i.getenv("NO_COLOR") != "")
		}
		i.say("%s", verdictOf(report.Headline(r, style)))
		for _, f := range r.Findings {
			if f.Verdict == result.Fail && f.Because == "" {
				i.say("  %s: %s%s", f.Check, f.Why, alsoFailed(r, f))
			}
		}
	}
	if err != nil {
		i.say("%s.", upper(fmt.Sprint(err)))
	}
}

// alsoFailed names the checks that a failure explains.
func alsoFailed(r result.Report, cause result.Finding) string {
	var names []string
	for _, f := range r.Findings {
		if f.Verdict == result.Fail && f.Because == cause.Check {
			names = append(names, f.Check)
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "\n    explains why " + names[0] + " fails, too"
	default:
		return "\n    explains why " + result.And(names) + " fail, too"
	}
}
