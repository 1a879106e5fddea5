package stripeapi

import (
	"slices"
	"strings"
)

// mostLevels is how deep Stripe expands.
const mostLevels = 4

// expanded fills in what a request wants expanded.
func (a *API) expanded(c *call, o object, of *Story) (any, *failure) {
	var paths []string
	switch wanted := c.params["expand"].(type) {
	case nil:
	case []any:
		for _, path := range wanted {
			paths = append(paths, text(path))
		}
	default:
		return nil, invalid("expand", "", "Invalid array")
	}
	for _, path := range paths {
		tokens := strings.Split(path, ".")
		levels := len(slices.DeleteFunc(slices.Clone(tokens), func(t string) bool { return t == "data" }))
		if levels > mostLevels {
			return nil, invalid("expand", "", "You cannot expand more than %d levels of a property (%s).", mostLevels, path)
		}
		if !a.expand(c, o, tokens, of) {
			message := "This property cannot be expanded (" + path + ")."
			if kindOf(o) == "list" && tokens[0] != "data" {
				message += " You may want to try expanding 'data." + path + "' instead."
			}
			return nil, invalid("expand", "", "%s", message)
		}
	}
	return o, nil
}

// expand replaces ids by objects along a path; false if there is no such property.
func (a *API) expand(c *call, o object, path []string, of *Story) bool {
	key := path[0]
	v, has := o[key]
	r := c.catalog.resources[kindOf(o)]
	if r != nil {
		if list, isList := r.Lists[key]; isList && (v == nil || list.At == "") {
			v, has = a.listBelow(c, o, key, list, of), true
			o[key] = v
		}
	}
	if !has {
		return o["deleted"] == true
	}
	switch inner := v.(type) {
	case nil:
		return true
	case string:
		found, owner := a.find(c, inner, of)
		if found == nil {
			return c.catalog.kindOfID(inner) != ""
		}
		o[key], v = found, found
		if owner != nil {
			of = owner
		}
	case object:
	case []any:
		for i, member := range inner {
			if id, isID := member.(string); isID {
				found, _ := a.find(c, id, of)
				if found == nil {
					continue
				}
				inner[i], member = found, found
			}
			if o, isObject := member.(object); isObject && len(path) > 1 && !a.expand(c, o, path[1:], of) {
				return false
			}
		}
		return true
	default:
		return false
	}
	if len(path) == 1 {
		return kindOf(v.(object)) != "" || key == "data"
	}
	return a.expand(c, v.(object), path[1:], of)
}

// shown is a value without what is only for ourselves.
func shown(v any) any {
	visit(v, func(o object) {
		for key := range o {
			if strings.HasPrefix(key, "~") {
				delete(o, key)
			}
		}
	})
	return v
}
