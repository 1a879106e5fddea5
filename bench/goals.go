package main

import "fmt"

// goal is a limit for one figure of a run.
type goal struct {
	what   string
	unit   string
	least  bool // the limit is a minimum; otherwise a maximum
	limit  float64
	figure func(Report) (figure Spread, why string) // why is the reason where there is no figure
}

// Result is the result of a goal.
type Result struct {
	Goal    string  `json:"goal"`
	Unit    string  `json:"unit,omitempty"`
	AtLeast bool    `json:"atLeast"` // else at most
	Limit   float64 `json:"limit"`
	Figure  *Spread `json:"figure"`  // null if it was not measured
	Verdict string  `json:"verdict"` // reached, missed or not measured
	Comment string  `json:"comment"` // by how much, or why there is no figure
}

// The verdicts.
const (
	reached     = "reached"
	missed      = "missed"
	notMeasured = "not measured"
)

// many is how many deliveries a server must have answered before its memory counts.
const many = 100_000

var goals = []goal{
	{"unique at 32 connections, of pgbench's rate", "×", true, 0.75, rateOf("unique", pgbenchName, "unique", 32)},
	{"unique at 32 connections, of express-pg's rate", "×", true, 2, rateOf("unique", "express-pg", "unique", 32)},
	{"unique at 32 connections, of express-prisma's rate", "×", true, 5, rateOf("unique", "express-prisma", "unique", 32)},
	{"duplicate at 32 connections, of the rate of unique", "×", true, 1.5, rateOf("duplicate", oursName, "unique", 32)},
	{"forged at 32 connections, of the rate of unique", "×", true, 10, rateOf("forged", oursName, "unique", 32)},
	{"connections that the database hears from while forgeries come", "", false, 0, heardOf},
	{"unique at 8 connections: p99, of p50", "×", false, 3, tailOf},
	{"resident memory after 100,000 deliveries", "MiB", false, 40, memoryOf},
	{"start to /ready on a migrated database", "ms", false, 150, readyOf},
	{"production image", "MB", false, 20, imageOf},
}

// rateOf compares the rates of two rows, round by round.
func rateOf(mix, other, otherMix string, connections int) func(Report) (Spread, string) {
	return func(r Report) (Spread, string) {
		ours, _ := r.row(oursName, mix, connections)
		theirs, _ := r.row(other, otherMix, connections)
		compared := ratio(ours.Rates, theirs.Rates)
		if compared == nil {
			return Spread{}, fmt.Sprintf("%s of %s and %s of %s were not both part of the run", mix, oursName, otherMix, other)
		}
		return *compared, ""
	}
}

func heardOf(r Report) (Spread, string) {
	var heard float64
	var found bool
	for _, row := range r.Rows {
		if row.Server == oursName && row.Touched != nil {
			found = true
			heard += float64(*row.Touched)
		}
	}
	if !found {
		return Spread{}, "forgeries were not part of the run"
	}
	return Spread{heard, heard, heard}, ""
}

func tailOf(r Report) (Spread, string) {
	row, there := r.row(oursName, "unique", 8)
	if !there || row.Latency.P50 == 0 {
		return Spread{}, "8 connections were not part of the run"
	}
	tail := rounded(row.Latency.P99 / row.Latency.P50)
	return Spread{tail, tail, tail}, ""
}

func memoryOf(r Report) (Spread, string) {
	s, there := r.server(oursName)
	switch {
	case !there || s.Resident == 0:
		return Spread{}, "there is no figure on this system"
	case s.Deliveries < many:
		return Spread{}, fmt.Sprintf("there were only %d deliveries; more or longer rounds make them", s.Deliveries)
	}
	return Spread{s.Resident, s.Resident, s.Resident}, ""
}

func readyOf(r Report) (Spread, string) {
	s, there := r.server(oursName)
	if !there {
		return Spread{}, oursName + " was not part of the run"
	}
	return s.Ready, ""
}

func imageOf(r Report) (Spread, string) {
	if r.Image == nil {
		return Spread{}, "no image was built"
	}
	return Spread{*r.Image, *r.Image, *r.Image}, ""
}

// judge compares the medians of a run with the goals.
func judge(r Report, goals []goal) []Result {
	results := make([]Result, 0, len(goals))
	for _, g := range goals {
		result := Result{Goal: g.what, Unit: g.unit, AtLeast: g.least, Limit: g.limit, Verdict: notMeasured}
		figure, why := g.figure(r)
		if why != "" {
			result.Comment = why
			results = append(results, result)
			continue
		}
		result.Figure = &figure
		short := g.limit - figure.Median
		if !g.least {
			short = -short
		}
		switch {
		case short <= 0:
			result.Verdict = reached
		case g.limit == 0:
			result.Verdict, result.Comment = missed, fmt.Sprintf("by %.4g", short)
		default:
			result.Verdict, result.Comment = missed, fmt.Sprintf("by %.0f %%", 100*short/g.limit)
		}
		results = append(results, result)
	}
	return results
}
