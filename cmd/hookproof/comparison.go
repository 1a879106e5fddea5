package main

import (
	"fmt"
	"io"

	"example.com/hookproof/hookproof/baseline"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// comparison is what a run's failures are compared with, and written to.
type comparison struct {
	file, write string
	known       baseline.Baseline
}

// read reads the file, and refuses one with a check that there is not.
func (c *comparison) read(lives []*life.Life) (err error) {
	if c.file == "" {
		return nil
	}
	if c.known, err = baseline.Read(c.file); err != nil {
		return err
	}
	if err := knownChecks(c.known.Checks(), lives); err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	return nil
}

func (c *comparison) mark(r *result.Report) {
	if c.file != "" {
		c.known.Mark(r, c.file)
	}
}

func (c *comparison) of(w io.Writer, r result.Report) error { return baseline.Of(r, c.known).Write(w) }
