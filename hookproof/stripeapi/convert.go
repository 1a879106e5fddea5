package stripeapi

import (
	"maps"
	"slices"
	"strings"
)

// conversion turns an object of another shape into one of ours, as data in convert.json: by the shape that it leads to, and by kind.
type conversion struct {
	If     map[string]any `json:"if"`
	Unless map[string]any `json:"unless"`
	Add    map[string]any `json:"add"` // pointers to values, see value; the last token may be new
	Drop   []string       `json:"drop"`
}

// shaped gives what an event has told the view's shape: clients ask for the API version that they know, whatever the event had.
func (v *view) shaped(t told, o object) object {
	if t.version == "" || catalogOf(t.version) == v.catalog {
		return o
	}
	visit(o, func(inner object) {
		for _, step := range v.catalog.conversions[kindOf(inner)] {
			if !matches(inner, step.If) || len(step.Unless) > 0 && matches(inner, step.Unless) {
				continue
			}
			for _, pointer := range slices.Sorted(maps.Keys(step.Add)) {
				added, ok := value(step.Add[pointer], inner, 0)
				if fresh, isObject := step.Add[pointer].(object); isObject && fresh["fresh"] != nil {
					added, ok = v.catalog.fresh(text(fresh["fresh"]), ""), true
					added.(object)["~made"] = true
				}
				if !ok {
					continue
				}
				cut := strings.LastIndexByte(pointer, '/')
				for _, place := range all(inner, pointer[:cut]) {
					if parent, isObject := place.(object); isObject {
						parent[pointer[cut+1:]] = copyOf(added)
					}
				}
			}
			for _, key := range step.Drop {
				delete(inner, key)
			}
		}
	})
	return o
}
