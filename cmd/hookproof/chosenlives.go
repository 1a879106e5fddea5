package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// chosenLife is a life that is to be judged, with the path of its life.json; "" is a built-in one.
type chosenLife struct {
	life *life.Life
	path string
}

// pathFrom returns the path as a target file in a folder, an absolute path, names it.
func (c chosenLife) pathFrom(folder string) (string, error) {
	if c.path == "" || filepath.IsAbs(c.path) {
		return c.path, nil
	}
	path, err := filepath.Abs(c.path)
	if err == nil {
		path, err = filepath.Rel(folder, path)
	}
	return filepath.ToSlash(path), err
}

// chosenLives reads the lives of some names: built-in ones, or paths of a life.json.
func chosenLives(names []string) ([]chosenLife, error) {
	var list []chosenLife
	for _, name := range names {
		l, err := life.Named(name)
		if err != nil {
			return nil, err
		}
		one := chosenLife{life: l}
		if strings.HasSuffix(name, ".json") {
			one.path = name
		}
		if slices.ContainsFunc(list, func(other chosenLife) bool { return other.life.Name == l.Name }) {
			return nil, fmt.Errorf("the life %s is there twice", l.Name)
		}
		list = append(list, one)
	}
	return list, nil
}

// livesToChoose asks which lives are judged.
func livesToChoose() string {
	lines := []string{"Stripe tells a story of each of your objects, which hookproof calls a life. Built in are:"}
	for _, l := range life.BuiltIns() {
		lines = append(lines, fmt.Sprintf("  %-13s %s", l.Name, l.Says))
	}
	return strings.Join(append(lines, "docs/lives.md tells more, and how to bring your own.",
		"Which of them does the endpoint handle? Names, or paths of a life.json, separated by commas."), "\n")
}

// judgedTypes says which events tell of a life.
func judgedTypes(l *life.Life) string {
	var types []string
	for _, w := range l.Own() {
		if !slices.Contains(types, w.Type) {
			types = append(types, w.Type)
		}
	}
	slices.Sort(types)
	lines := []string{"", "The life " + l.Name + " is told by events of these types:"}
	for group := range slices.Chunk(types, 3) {
		lines = append(lines, "  "+strings.Join(group, ", "))
	}
	return strings.Join(append(lines, "If your endpoint handles none of them, leave the next answer empty: signatures and answers are judged all the same."), "\n") + "\n"
}
