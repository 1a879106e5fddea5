package check

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"example.com/hookproof/hookproof/life"
)

// The rows of checks are written over roles, so that the same can be asked of every life. In a row's schedules
//
//	<grant>                             is the event that grants
//	<grants>, <refunded>                are the events that grant, or those of a phrase of the life, one after the other
//	<granting>                                    is each of the events that grant in turn: a relation for each
//	<ends>, <renews>, <late>, <notYet>, <beside>  are each of the role's events or phrases in turn: a relation for each
//	<together>, <inTurn>                are a story with two events that Stripe sends within a moment, overlapping and in either order: a
//	                                    relation for each two that stand side by side in the role
//
// What stands beside a role applies to each of its events: wrong-secret:<grant>, <grants>*4, <ends>=ack. A relation that names a
// role or an event that a life does not have is not asked of that life. Neither is one whose story Stripe cannot tell, since one of its
// events happens instead of another.

var roleForm = regexp.MustCompile(`([a-z0-9:-]*)<([A-Za-z0-9-]+)>([-a-z0-9*&+=?]*)`)

// Asked returns the check with its relations in a life's events, and its sentences in a life's nouns.
func Asked(l *life.Life, c Check) Check {
	var all []Relation
	for _, r := range c.Relations {
		all = append(all, relationsOf(l, r)...)
	}
	c.Relations, c.Life = all, l
	return c.saidOf(l.Nouns)
}

// saidOf returns the check with a life's nouns in its sentences.
func (c Check) saidOf(n life.Nouns) Check {
	if c.written == "" {
		c.written = c.Demand
	}
	c.Demand, c.Why, c.Fix, c.Excuse = n.In(c.Demand), n.In(c.Why), n.In(c.Fix), n.In(c.Excuse)
	return c
}

// isRow reports whether two checks are the same row, whatever lives they are asked of. A check may have a row for one life and a row for another.
func (c Check) isRow(other Check) bool {
	return c.Name == other.Name && cmp.Or(c.written, c.Demand) == cmp.Or(other.written, other.Demand)
}

// asked keeps what relationsOf returns: a run asks for the same relations again and again, and a life does not change.
var asked sync.Map // of askedOf, to []Relation

type askedOf struct {
	life *life.Life
	row  Relation
}

func relationsOf(l *life.Life, r Relation) []Relation {
	if all, known := asked.Load(askedOf{l, r}); known {
		return all.([]Relation)
	}
	all := slices.Clip(fill(l, r))
	asked.Store(askedOf{l, r}, all)
	return all
}

// fill returns a relation for each choice of the events that a life has in its roles.
func fill(l *life.Life, r Relation) []Relation {
	if strings.Contains(r.Left, "<together>") {
		return ofPairs(l, r)
	}
	each := l.Roles.Each()
	each["granting"] = l.WordsOf(l.Roles.Grants)
	for _, role := range slices.Sorted(maps.Keys(each)) {
		if strings.Contains(r.Left+r.Right+r.If+r.Where, "<"+role+">") {
			var all []Relation
			for _, name := range each[role] {
				all = append(all, fill(l, r.filled(func(asked string) []string {
					if asked == role {
						return l.WordsOf(name)
					}
					return nil
				}))...)
			}
			return all
		}
	}
	r = r.filled(func(asked string) []string {
		switch asked {
		case "grant":
			return []string{l.Grant()}
		case "grants":
			return l.WordsOf(l.Roles.Grants)
		}
		return l.Phrases[asked]
	})
	if slices.ContainsFunc(r.Schedules(), func(text string) bool { return !knows(l, text) || !happens(l, text) }) {
		return nil
	}
	if orders := Expand(r.Left, 2, 1); r.Op == "=" && r.Fault == "" && len(orders) == 1 && orders[0] == r.Right { // of one event there is one order
		return nil
	}
	return []Relation{r}
}

// filled replaces the roles of a relation by the life's events. A role that the life does not have stays.
func (r Relation) filled(words func(role string) []string) Relation {
	fill := func(text string) string {
		return roleForm.ReplaceAllStringFunc(text, func(found string) string {
			m := roleForm.FindStringSubmatch(found)
			list := slices.Clone(words(m[2]))
			if len(list) == 0 {
				return found
			}
			for i, word := range list {
				list[i] = m[1] + word + m[3]
			}
			return strings.Join(list, " ")
		})
	}
	r.Left, r.Right, r.If, r.Where = fill(r.Left), fill(r.Right), fill(r.If), fill(r.Where)
	return r
}

// knows reports whether a row's text has only verbs and events of the life.
func knows(l *life.Life, text string) bool {
	for _, schedule := range Expand(text, 1, 0) {
		for word := range strings.FieldsSeq(schedule) {
			if word == "&" {
				continue
			}
			m := stepForm.FindStringSubmatch(word)
			if m == nil {
				return false
			}
			_, isEvent := l.Vocabulary[m[2]]
			if _, isVerb := life.Verbs[word]; !isEvent && !isVerb {
				return false
			}
		}
	}
	return true
}

// happens reports whether no event of a row's text happens instead of another one of the same story.
func happens(l *life.Life, text string) bool {
	for _, schedule := range Expand(text, 1, 0) {
		var told []string
		for word := range strings.FieldsSeq(schedule) {
			m := stepForm.FindStringSubmatch(word)
			if m == nil {
				continue
			}
			if slices.ContainsFunc(told, func(other string) bool { return l.Excludes(m[2], other) }) {
				return false
			}
			told = append(told, m[2])
		}
	}
	return true
}

// ScheduleOf returns a row's schedule in the life's events; "" if it has no such role or no such story. Of a role with several it is the first one's.
func ScheduleOf(l *life.Life, text string) string {
	all := relationsOf(l, Relation{Left: text})
	if len(all) == 0 {
		return ""
	}
	return all[0].Left
}
