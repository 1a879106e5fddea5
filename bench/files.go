package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// files are where a report goes beside the terminal; "" is nowhere.
type files struct{ json, svg, page string }

// check tells before the measuring, which takes minutes, that a file cannot be written, or has no place for tables.
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

// writable tries to write to a file without changing it, or beside where it will be.
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
