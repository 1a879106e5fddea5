// Package suggest finds the names that a mistyped one was perhaps meant to be.
package suggest

import (
	"cmp"
	"slices"
	"strings"
)

const (
	most     = 3 // names that a message suggests
	farthest = 2 // changes of a letter between a name and what was typed
)

// DidYouMean returns a question that names what was perhaps meant, to be put behind a message; "" if nothing is near.
func DidYouMean(typed string, known []string) string {
	near := Nearest(typed, known)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near[:min(len(near), most)], " or ") + "?"
}

// Nearest returns the known names that are most like a mistyped one. If none is, it compares only what stands behind the slash: the
// family may be missing, or another one.
func Nearest(typed string, known []string) []string {
	if near := similar(typed, known); len(near) > 0 {
		return near
	}
	var parts, whole []string
	for _, name := range known {
		if _, part, of := strings.Cut(name, "/"); of {
			parts = append(parts, part)
		}
	}
	for _, part := range similar(typed[strings.LastIndex(typed, "/")+1:], parts) {
		for _, name := range known {
			if strings.HasSuffix(name, "/"+part) && !slices.Contains(whole, name) {
				whole = append(whole, name)
			}
		}
	}
	return whole
}

// similar returns the names that differ in few letters or begin as typed, the nearest first.
func similar(typed string, names []string) []string {
	if typed == "" {
		return nil
	}
	far := func(name string) int {
		name, typed := strings.ToLower(name), strings.ToLower(typed)
		if strings.HasPrefix(name, typed) {
			return 0
		}
		return distance(typed, name)
	}
	near := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return far(name) > min(farthest, len(name)-1) })
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	return slices.Compact(near)
}

// distance returns how many letters have to be added, left out or replaced to make one text of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
