package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof"
)

// completeNames offers what replay takes beside files: the names of scenarios and of their families.
func completeNames(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var names []string
	families := map[string]bool{}
	for _, name := range fixtures.ScenarioNames() {
		family, _, _ := strings.Cut(name, "/")
		if !families[family] && strings.HasPrefix(family, begun) {
			names = append(names, family)
		}
		families[family] = true
		if strings.HasPrefix(name, begun) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

// load finds scenarios by file, directory, built-in name or built-in family.
func load(names []string) ([]hookproof.Scenario, error) {
	var found []hookproof.Scenario
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			more, err := loadFiles(name, info.IsDir())
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
			continue
		}
		before := len(found)
		for _, built := range fixtures.ScenarioNames() {
			if built != name && !strings.HasPrefix(built, strings.TrimSuffix(name, "/")+"/") {
				continue
			}
			scenario, err := hookproof.LoadScenario(built)
			if err != nil {
				return nil, err
			}
			found = append(found, scenario)
		}
		if len(found) == before {
			return nil, fmt.Errorf("%s is no file, and no scenario or family that is built in; 'hookproof list' lists those", name)
		}
	}
	return found, nil
}

func loadFiles(name string, directory bool) ([]hookproof.Scenario, error) {
	files := []string{name}
	if directory {
		files = nil
		err := filepath.WalkDir(name, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(file, ".json") {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no scenario files (*.json)", name)
		}
	}
	var found []hookproof.Scenario
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		scenario, err := hookproof.ParseScenario(file, raw)
		if err != nil {
			return nil, err
		}
		found = append(found, scenario)
	}
	return found, nil
}
