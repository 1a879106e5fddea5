package stripeapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// rule tells how an object that no event has told is made from one that names it, as data in rules.json.
type rule struct {
	Make   string         `json:"make"`  // what is made
	Of     string         `json:"of"`    // from what
	At     places         `json:"at"`    // where its id is, or
	Like   string         `json:"like"`  // its id is this prefix with the random part of the other's
	Event  string         `json:"event"` // only as this type of event has told it
	If     map[string]any `json:"if"`
	Unless map[string]any `json:"unless"`
	Amend  bool           `json:"amend"` // one that was told earlier changes, too
	Fill   bool           `json:"fill"`  // one that was told has what it lacks filled in
	Put    map[string]any `json:"put"`   // pointers to values, see value
}

// places is a pointer or several: the first that leads to something counts, since API versions differ.
type places []string

func (p *places) UnmarshalJSON(raw []byte) error {
	if raw[0] == '[' {
		return json.Unmarshal(raw, (*[]string)(p))
	}
	*p = make(places, 1)
	return json.Unmarshal(raw, &(*p)[0])
}

func (p places) in(o object) any {
	for _, pointer := range p {
		if found := first(o, pointer); found != nil && found != "" {
			return found
		}
	}
	return nil
}

// targets are the ids of the objects that a rule makes from one.
func (r rule) targets(o object) []string {
	if r.Like != "" {
		return []string{r.Like + suffix(idOf(o))}
	}
	var ids []string
	for _, pointer := range r.At {
		for _, value := range all(o, pointer) {
			if inner, isExpanded := value.(object); isExpanded {
				value = inner["id"]
			}
			if id := text(value); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// change changes an object by the rule, as one that names it wants; what an event has told about it stays unless the rule says so.
func (r rule) change(target, source *entry, isTold bool, now int64) {
	if r.Event != "" && r.Event != source.event || !matches(source.object, r.If) || len(r.Unless) > 0 && matches(source.object, r.Unless) {
		return
	}
	values := r.Put
	switch {
	case !isTold:
	case r.Amend && source.told > target.told:
	case r.Fill:
		values = maps.Clone(values)
		maps.DeleteFunc(values, func(pointer string, _ any) bool { return first(target.object, pointer) != nil })
	default:
		return
	}
	apply(target.object, values, source.object, now)
}

// apply puts values into an object. Outer places come first.
func apply(o object, values map[string]any, source object, now int64) {
	for _, pointer := range slices.Sorted(maps.Keys(values)) {
		if v, ok := value(values[pointer], source, now); ok {
			put(o, pointer, v)
		}
	}
}

// value is what is put: a constant; "now"; {"from": place} of the source, plus a number, times another place or a number;
// {"like": prefix} an id that shares the random part of the source's, or of the id at "of". It is false where the source has none.
func value(form any, source object, now int64) (any, bool) {
	how, isObject := form.(object)
	switch {
	case form == "now":
		return number(now), true
	case isObject && how["like"] != nil:
		id := idOf(source)
		if of := text(how["of"]); of != "" {
			if id = text(first(source, of)); id == "" {
				return nil, false
			}
		}
		return text(how["like"]) + suffix(id) + text(how["and"]), true
	case isObject && how["from"] != nil:
		found := placesOf(how["from"]).in(source)
		if found == nil {
			if how["else"] != nil {
				return value(how["else"], source, now)
			}
			return nil, false
		}
		if plus := how["plus"]; plus != nil {
			return number(integer(found) + integer(plus)), true
		}
		if times := how["times"]; times != nil {
			if pointer := text(times); strings.HasPrefix(pointer, "/") {
				times = first(source, pointer)
			}
			return number(integer(found) * integer(times)), true
		}
		return copyOf(found), true
	}
	return copyOf(form), true
}

func placesOf(v any) places {
	if one := text(v); one != "" {
		return places{one}
	}
	var several places
	list, _ := v.([]any)
	for _, pointer := range list {
		several = append(several, text(pointer))
	}
	return several
}
