package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ignored is what stands in the place of a value that the target file says to ignore: the place is kept, so that a
// second licence shows though the key of each is ignored.
const ignored = `"{{ignored}}"`

// masks are the places of a state to ignore: JSON pointers, of which * is any one part.
type masks []string

// hides reports whether a place is one of them.
func (m masks) hides(pointer string) bool {
	return slices.ContainsFunc(m, func(pattern string) bool { return matches(pattern, pointer) })
}

// hidesAll reports whether every member of a place is one of them. Then their names are hidden as well: a map may be keyed
// by what differs.
func (m masks) hidesAll(pointer string) bool { return slices.Contains(m.within(pointer), "*") }

// within are the last parts of the masks of a place's members.
func (m masks) within(pointer string) []string {
	var parts []string
	for _, pattern := range m {
		if slash := strings.LastIndexByte(pattern, '/'); slash >= 0 && matches(pattern[:slash], pointer) {
			parts = append(parts, pattern[slash+1:])
		}
	}
	return parts
}

// matches reports whether a pointer is a pattern's place.
func matches(pattern, pointer string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(pointer, "/")
	return slices.EqualFunc(want, have, func(part, token string) bool { return part == "*" || part == token })
}

// proposal is what to put into the target file's ignore for two states to be alike.
type proposal struct {
	places  []string // patterns
	lengths []string // those of them that hide how many there are
}

// toIgnore proposes the least that makes two states alike. A number in a list is any of that list's.
func toIgnore(a, b normalized) proposal {
	var p proposal
	p.compare("", a.tree(), b.tree())
	slices.Sort(p.places)
	p.places = slices.Compact(p.places)
	return p
}

// and is a proposal for several pairs of states.
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

// tree is a state's places below one another.
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

// isList reports whether the members are numbered.
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

// hide proposes to ignore a place with all that is in it.
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
