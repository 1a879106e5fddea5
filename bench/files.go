package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// files are the files that a report is written to; "" is none.
type files struct{ json, svg, page string }

// check returns an error if a file cannot be written or the page has no place for the tables. It is called before the
// measurements, which take minutes.
func (to files) check() error {
	for _, one := range []struct{ flag, name string }{{"json", to.json}, {"svg", to.svg}, {"page", to.page}} {
		if one.name == "" {
			continue
		}
		if err := writable(one.name); err != nil {
			return misuse{fmt.Errorf("-%s: %w", one.flag, err)}
		}
	}
	if to.page == "" {
		return nil
	}
	page, err := os.ReadFile(to.page)
	if err == nil {
		_, err = withTables(page, Report{})
	}
	if err != nil {
		return misuse{fmt.Errorf("-page %s: %w", to.page, err)}
	}
	return nil
}

// writable checks that a file can be written, or created if it does not exist, without changing it.
func writable(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if file, err = os.CreateTemp(filepath.Dir(name), ".bench-*"); err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
