package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// livesOf returns the lives that a report is about, in the order of its findings.
func livesOf(r result.Report) []string {
	var lives []string
	for _, f := range r.Findings {
		if f.Life != "" && !slices.Contains(lives, f.Life) {
			lives = append(lives, f.Life)
		}
	}
	return lives
}

// byLife returns the report with names of checks and phases that tell the lives apart, if it is about several: the same check is asked of
// each of them.
func byLife(r result.Report) result.Report {
	if len(livesOf(r)) < 2 {
		return r
	}
	r.Findings, r.Phases = slices.Clone(r.Findings), slices.Clone(r.Phases)
	for n, f := range r.Findings {
		r.Findings[n].Check += ofLife(f)
		if f.Because != "" {
			r.Findings[n].Because += ofLife(f)
		}
	}
	for n, p := range r.Phases {
		if p.Life != "" {
			r.Phases[n].Phase = p.Life + ", " + p.Phase
		}
	}
	return r
}

// ofLife is what follows the name of a check if the report is about several lives.
func ofLife(f result.Finding) string {
	if f.Life == "" {
		return ""
	}
	return " (" + f.Life + ")"
}

var lifeFlag = regexp.MustCompile(` --life \S+`)

// rerun returns the command that runs one check again, of its life alone, with the checks that it depends on and the same choices.
func rerun(r result.Report, f result.Finding) string {
	command := r.Command
	if len(livesOf(r)) > 1 {
		command = lifeFlag.ReplaceAllString(command, "") + " --life " + f.Life
	}
	only := append([]string{strings.TrimSuffix(f.Check, ofLife(f))}, f.RerunWith...)
	return fmt.Sprintf("%s --only %s --seed %d", command, strings.Join(only, ","), r.Seed)
}
