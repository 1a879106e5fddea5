package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ignored replaces a value that the target file says to ignore. The place itself is kept: if the keys of two licences are ignored,
// a second licence still shows.
const ignored = `"{{ignored}}"`

// masks are the places of a state to ignore, as JSON pointers. In a pointer, * is any one token.
type masks []string

// hides reports whether a place is ignored.
func (m masks) hides(pointer string) bool {
	return slices.ContainsFunc(m, func(pattern string) bool { return matches(pattern, pointer) })
}

// hidesAll reports whether every member of a place is ignored. Then the members' names are hidden as well: they may be what
// differs, as the keys of a map.
func (m masks) hidesAll(pointer string) bool { return slices.Contains(m.within(pointer), "*") }

// within returns the last token of each mask that is a member of the place.
func (m masks) within(pointer string) []string {
	var parts []string
	for _, pattern := range m {
		if slash := strings.LastIndexByte(pattern, '/'); slash >= 0 && matches(pattern[:slash], pointer) {
			parts = append(parts, pattern[slash+1:])
		}
	}
	return parts
}

// matches reports whether a pointer fits a pattern.
func matches(pattern, pointer string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(pointer, "/")
	return slices.EqualFunc(want, have, func(part, token string) bool { return part == "*" || part == token })
}

// proposal is what to add to the target file's ignore, so that two states are equal.
type proposal struct {
	places  []string // as JSON pointers, with * for any token
	lengths []string // those of the places that also hide how many members there are
}

// toIgnore proposes the least that makes two states equal. An index of a list becomes *.
func toIgnore(a, b normalized) proposal {
	var p proposal
	p.compare("", a.tree(), b.tree())
	slices.Sort(p.places)
	p.places = slices.Compact(p.places)
	return p
}

// and joins the proposals for several pairs of states.
func (p proposal) and(other proposal) proposal {
	both := proposal{slices.Concat(p.places, other.places), slices.Concat(p.lengths, other.lengths)}
	slices.Sort(both.places)
	slices.Sort(both.lengths)
	return proposal{slices.Compact(both.places), slices.Compact(both.lengths)}
}

func (p proposal) String() string {
	list, _ := json.Marshal(p.places) // strings can always be marshalled
	text := "add to the target file's ignore: " + string(list)
	if len(p.lengths) > 0 {
		text += fmt.Sprintf(" (how many there are at %s is hidden then, too)", strings.Join(p.lengths, ", "))
	}
	return text
}

// tree is a state as a tree of its places.
type tree struct {
	value   string // of a leaf
	members map[string]*tree
}

func (c normalized) tree() *tree {
	root := &tree{}
	for pointer, value := range c {
		at := root
		for _, token := range strings.Split(pointer, "/")[1:] {
			if at.members == nil {
				at.members = map[string]*tree{}
			}
			if at.members[token] == nil {
				at.members[token] = &tree{}
			}
			at = at.members[token]
		}
		at.value = value
	}
	return root
}

// isList reports whether the members are the elements of a list.
func (t *tree) isList() bool {
	for n := range len(t.members) {
		if t.members[strconv.Itoa(n)] == nil {
			return false
		}
	}
	return true
}

func (p *proposal) compare(pattern string, a, b *tree) {
	switch {
	case a.members == nil && b.members == nil:
		if a.value != b.value {
			p.places = append(p.places, pattern)
		}
	case a.members == nil || b.members == nil:
		p.hide(pattern)
	case a.isList() && b.isList():
		if len(a.members) != len(b.members) {
			p.hide(pattern)
			return
		}
		for n := range a.members {
			p.compare(pattern+"/*", a.members[n], b.members[n])
		}
	default:
		p.compareMembers(pattern, a, b)
	}
}

// hide proposes to ignore a place with everything below it.
func (p *proposal) hide(pattern string) {
	p.places, p.lengths = append(p.places, pattern), append(p.lengths, pattern)
}

func (p *proposal) compareMembers(pattern string, a, b *tree) {
	left := slices.DeleteFunc(slices.Sorted(maps.Keys(a.members)), func(name string) bool { return b.members[name] != nil })
	right := slices.DeleteFunc(slices.Sorted(maps.Keys(b.members)), func(name string) bool { return a.members[name] != nil })
	common := len(a.members) > len(left)
	switch {
	case common || len(left) == 0 || len(right) == 0:
		for _, name := range slices.Concat(left, right) {
			p.places = append(p.places, pattern+"/"+name)
		}
	case len(left) == len(right):
		p.places = append(p.places, pattern+"/*")
	default:
		p.hide(pattern)
	}
	for name, member := range a.members {
		if other := b.members[name]; other != nil {
			p.compare(pattern+"/"+name, member, other)
		}
	}
}
