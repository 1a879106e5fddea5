// Package baseline is a file of the checks that are known to fail, so that a run fails on what is new only.
package baseline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/result"
)

// Baseline is what such a file has.
type Baseline struct {
	Version int       `json:"version"` // of this format; 1
	Known   []Failure `json:"known"`   // sorted
}

// Failure is a check that is known to fail. A run names one broken relation of a check, in the shortest schedule that it finds, and two
// runs on the same bug can name two. So it is the check that is known, whatever its finding says.
type Failure struct {
	Check string `json:"check"`
	Life  string `json:"life,omitempty"` // by its name in the target file; "" is any
	Note  string `json:"note,omitempty"` // of people's, such as where the bug is tracked; it is kept
}

func (k Failure) is(f result.Finding) bool {
	return k.Check == f.Check && (k.Life == "" || k.Life == f.Life)
}

// Read reads a file.
func Read(path string) (Baseline, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Baseline{}, fmt.Errorf("%w; --write-baseline FILE writes one", err)
	}
	var b Baseline
	err = jsonfile.Check(raw)
	if err == nil {
		err = jsonfile.Decode(raw, &b)
	}
	if err == nil {
		err = b.check()
	}
	return b, jsonfile.In(path, raw, err)
}

func (b Baseline) check() error {
	if b.Version != 1 {
		return jsonfile.Place{"version"}.Wrong("it must be 1; --write-baseline FILE writes a baseline")
	}
	for n, k := range b.Known {
		if !strings.Contains(k.Check, "/") {
			return jsonfile.Place{"known", strconv.Itoa(n), "check"}.Wrong("it must be a check's whole name, such as idempotence/redelivered, and not %q", k.Check)
		}
	}
	return nil
}

// Checks returns the names of all checks that are known to fail.
func (b Baseline) Checks() []string {
	var names []string
	for _, k := range b.Known {
		names = append(names, k.Check)
	}
	return names
}

// Mark gives each failure that is known that verdict, and reports the known checks that were judged and failed no more. path is the
// file's name in reports.
func (b Baseline) Mark(r *result.Report, path string) {
	r.Findings = slices.Clone(r.Findings)
	r.Baseline = &result.Baseline{File: path}
	for _, k := range b.Known {
		judged, fails := false, false
		for i, f := range r.Findings {
			if !k.is(f) {
				continue
			}
			judged = judged || f.Verdict != result.NotRun
			if f.Verdict == result.Fail || f.Verdict == result.Known {
				fails = true
				r.Findings[i].Verdict = result.Known
			}
		}
		switch {
		case fails:
		case judged:
			r.Baseline.Gone = append(r.Baseline.Gone, result.Gone{Check: k.Check, Life: k.Life})
		default:
			r.Baseline.NotJudged++
		}
	}
}

// Of returns the baseline of a report: its failures, and of an older baseline what the run did not judge, with the notes.
func Of(r result.Report, older Baseline) Baseline {
	b := Baseline{Version: 1, Known: []Failure{}}
	several := slices.ContainsFunc(r.Findings, func(f result.Finding) bool { return f.Life != r.Findings[0].Life })
	for _, f := range r.Findings {
		if f.Verdict != result.Fail && f.Verdict != result.Known {
			continue
		}
		k := Failure{Check: f.Check}
		if several {
			k.Life = f.Life
		}
		if at := slices.IndexFunc(older.Known, func(old Failure) bool { return old.is(f) }); at >= 0 {
			k.Note = older.Known[at].Note
		}
		b.Known = append(b.Known, k)
	}
	for _, old := range older.Known {
		judged := func(f result.Finding) bool { return old.is(f) && f.Verdict != result.NotRun }
		if !slices.ContainsFunc(r.Findings, judged) {
			b.Known = append(b.Known, old)
		}
	}
	slices.SortFunc(b.Known, func(x, y Failure) int { return cmp.Or(cmp.Compare(x.Check, y.Check), cmp.Compare(x.Life, y.Life)) })
	return b
}

// Write writes a baseline as people read it.
func (b Baseline) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(b)
}
