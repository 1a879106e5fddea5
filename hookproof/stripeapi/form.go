package stripeapi

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// nested reads form values whose names are like items[0][price] into objects, lists and strings.
func nested(values url.Values) object {
	root := object{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path := strings.Split(strings.ReplaceAll(name, "]", ""), "[")
		for _, v := range values[name] {
			at := root
			for i, token := range path {
				if token == "" {
					token = strconv.Itoa(len(at)) // name[]
				}
				if i == len(path)-1 {
					at[token] = v
					break
				}
				inner, isObject := at[token].(object)
				if !isObject {
					inner = object{}
					at[token] = inner
				}
				at = inner
			}
		}
	}
	for key, v := range root {
		root[key] = lists(v)
	}
	return root
}

// lists turns objects whose keys are numbers into lists.
func lists(v any) any {
	o, isObject := v.(object)
	if !isObject {
		return v
	}
	keys := slices.Collect(maps.Keys(o))
	for key, member := range o {
		o[key] = lists(member)
	}
	for _, key := range keys {
		if _, err := strconv.ParseUint(key, 10, 31); err != nil {
			return o
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return compare(m, n)
	})
	list := make([]any, 0, len(keys))
	for _, key := range keys {
		list = append(list, o[key])
	}
	return list
}

// flat returns an object's leaves by their path, with dots; of a list the values are several.
func flat(o object) map[string][]string {
	leaves := map[string][]string{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case object:
			for key, member := range v {
				walk(strings.TrimPrefix(prefix+"."+key, "."), member)
			}
		case []any:
			for _, member := range v {
				walk(prefix, member)
			}
		default:
			leaves[prefix] = append(leaves[prefix], text(v))
		}
	}
	walk("", o)
	return leaves
}

// words are members that are texts, whatever they look like.
var words = []string{"name", "description", "email", "phone", "client_reference_id", "nickname", "postal_code", "line1", "line2", "city", "statement_descriptor", "code", "lookup_key", "unit_amount_decimal", "payment_method"}

// typed turns a parameter into what it is in an object: as what it replaces, else as it looks.
func typed(key string, was, given any) any {
	s, isText := given.(string)
	if o, isObject := given.(object); isObject {
		old, _ := was.(object)
		to := object{}
		if old != nil {
			to = copyOf(old).(object)
		}
		for name, v := range o {
			to[name] = typed(name, old[name], v)
		}
		return to
	}
	if list, isList := given.([]any); isList {
		to := make([]any, len(list))
		for i, v := range list {
			to[i] = typed(key, nil, v)
		}
		return to
	}
	_, wasText := was.(string)
	switch {
	case !isText || wasText && s != "" || slices.Contains(words, key) && s != "":
		return given
	case s == "":
		return nil
	case s == "true" || s == "false":
		return s == "true"
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return number(n)
	}
	return given
}
