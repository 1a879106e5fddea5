package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// Bodies writes what was sent for each finding into a folder: CHECK/NAME.json is a body as it was sent, and CHECK/NAME.sh the
// command that sends it again; of several lives, each has a folder of its own with these. It overwrites files of the same names and leaves others.
func Bodies(folder string, r result.Report) error {
	several := len(livesOf(r)) > 1
	for _, f := range r.Findings {
		into := filepath.Join(folder, filepath.FromSlash(f.Check))
		if several && filepath.IsLocal(f.Life) {
			into = filepath.Join(folder, f.Life, filepath.FromSlash(f.Check))
		}
		for _, q := range f.Requests {
			if !filepath.IsLocal(filepath.FromSlash(f.Check)) || !filepath.IsLocal(q.Name) {
				return fmt.Errorf("%s, %s: these are no names for files", f.Check, q.Name)
			}
			if err := os.MkdirAll(into, 0o755); err != nil {
				return err
			}
			for _, file := range []struct {
				ends, text string
				mode       os.FileMode
			}{{".json", q.Body, 0o644}, {".sh", script(f, q), 0o755}} {
				name := filepath.Join(into, q.Name+file.ends)
				if err := os.WriteFile(name, []byte(file.text), file.mode); err != nil {
					return err
				}
				if err := os.Chmod(name, file.mode); err != nil { // an existing file keeps its mode
					return err
				}
			}
		}
	}
	return nil
}

// script returns a shell script that sends a request again.
func script(f result.Finding, q result.Request) string {
	lines := []string{"#!/bin/sh", "# " + f.Check + ": " + f.Demand, "# It was " + string(f.Verdict) + ": " + f.Why}
	what := "# " + q.Type + ", signed as " + q.Sign
	if q.Type == "" {
		what = "# No event, signed as " + q.Sign
	}
	lines = append(lines, what)
	if q.Header != "" {
		lines = append(lines, "# Stripe-Signature, as sent first: "+q.Header)
	}
	if q.Masked {
		lines = append(lines, "# A secret in it is written as •••.")
	}
	for i, text := range lines {
		lines[i] = clean(text) // a comment is one line, whatever the target answers
	}
	return strings.Join(append(lines, q.Curl), "\n") + "\n"
}
