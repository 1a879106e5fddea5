package stripeapi

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// paging are the parameters that every list has.
var paging = []string{"limit", "starting_after", "ending_before", "expand", "page", "query"}

// compared are the ends of a range of times.
var compared = map[string]func(has, want int64) bool{
	"gt": func(h, w int64) bool { return h > w }, "gte": func(h, w int64) bool { return h >= w },
	"lt": func(h, w int64) bool { return h < w }, "lte": func(h, w int64) bool { return h <= w },
}

// list answers for a collection.
func (a *API) list(c *call, r *resource, values url.Values) (any, *failure) {
	var names []string
	wanted := flat(nested(values))
	for name, several := range wanted {
		key, end, _ := strings.Cut(name, ".")
		_, isFilter := r.Filters[name]
		switch {
		case slices.Contains(paging, key) || slices.Contains(r.Ignored, name):
			delete(wanted, name)
		case isFilter:
			if len(several) == 1 && (c.catalog.kindOfID(several[0]) != "" || strings.Contains(several[0], "@")) {
				names = append(names, several[0])
			}
		case key == "created" && (end == "" || compared[end] != nil):
		default:
			return nil, unknownRoute(c.method + " " + c.path + " by " + name)
		}
	}
	found := a.all(c, r.kind, names)
	found = slices.DeleteFunc(found, func(l listed) bool { return !selected(r, l.object, wanted) })
	page, more, why := paged(found, c.params)
	if why != nil {
		return nil, why
	}
	return a.page(c, page, more, c.path)
}

// selected tells whether an object is in a list by what is wanted.
func selected(r *resource, o object, wanted map[string][]string) bool {
	if r.kind == "subscription" && wanted["status"] == nil && o["status"] == "canceled" {
		return false
	}
	for name, several := range wanted {
		if key, end, _ := strings.Cut(name, "."); key == "created" {
			if want := integer(several[0]); end == "" && integer(o["created"]) != want || end != "" && !compared[end](integer(o["created"]), want) {
				return false
			}
			continue
		}
		if r.kind == "subscription" && name == "status" {
			if several[0] == "all" || several[0] == "ended" && (o["status"] == "canceled" || o["status"] == "incomplete_expired") {
				continue
			}
		}
		if !slices.ContainsFunc(several, func(want string) bool {
			return slices.ContainsFunc(r.Filters[name], func(pointer string) bool {
				return slices.ContainsFunc(all(o, pointer), func(has any) bool { return fits(text(idIn(has)), want) })
			})
		}) {
			return false
		}
	}
	return true
}

// fits compares a value with what is wanted, which for types of events may end in *.
func fits(has, want string) bool {
	if prefix, isPattern := strings.CutSuffix(want, "*"); isPattern {
		return strings.HasPrefix(has, prefix)
	}
	return has == want
}

func idIn(v any) any {
	if o, isObject := v.(object); isObject {
		return o["id"]
	}
	return v
}

// paged cuts a page out of a list.
func paged(found []listed, params object) ([]listed, bool, *failure) {
	limit := 10
	if given := text(params["limit"]); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 100 {
			return nil, false, invalid("limit", "parameter_invalid_integer", "Invalid integer: %s", given)
		}
		limit = n
	}
	index := func(param string) (int, *failure) {
		id := text(params[param])
		i := slices.IndexFunc(found, func(l listed) bool { return idOf(l.object) == id })
		if id != "" && i < 0 {
			return 0, invalid(param, "resource_missing", "No such object: '%s'", id)
		}
		return i, nil
	}
	after, why := index("starting_after")
	before, whyNot := index("ending_before")
	switch {
	case why != nil:
		return nil, false, why
	case whyNot != nil:
		return nil, false, whyNot
	case before >= 0:
		found = found[:before]
		return found[max(0, len(found)-limit):], len(found) > limit, nil
	case after >= 0:
		found = found[after+1:]
	}
	return found[:min(limit, len(found))], len(found) > limit, nil
}

// page answers with objects as a list, expanded.
func (a *API) page(c *call, found []listed, more bool, url string) (any, *failure) {
	data := []any{}
	for _, l := range found {
		data = append(data, l.object)
	}
	list := listOf(data, url)
	list["has_more"] = more
	return a.expanded(c, list, nil)
}

// below answers for a list below an object.
func (a *API) below(c *call, o object) (any, *failure) {
	verb := c.route.verb
	list := c.route.resource.Lists[verb]
	if list.Kind != "" {
		values := url.Values{}
		for name, several := range c.values {
			values[name] = several
		}
		values.Set(list.By, idOf(o))
		return a.list(c, c.catalog.resources[list.Kind], values)
	}
	var found []listed
	for _, member := range all(o, list.At+"/data/*") {
		inner, _ := member.(object)
		found = append(found, listed{object: inner})
	}
	page, more, why := paged(found, c.params)
	if why != nil {
		return nil, why
	}
	return a.page(c, page, more, c.path)
}

// listBelow is a list below an object, as it stands in the object when it is expanded.
func (a *API) listBelow(c *call, o object, key string, list sublist, of *Story) object {
	path := "/v1/" + c.catalog.resources[kindOf(o)].Path + "/" + idOf(o) + "/" + key
	if list.Kind == "" {
		if has, _ := first(o, list.At).(object); has != nil {
			return copyOf(has).(object)
		}
		return listOf(nil, path)
	}
	r := c.catalog.resources[list.Kind]
	var data []any
	for _, l := range a.all(c, list.Kind, []string{idOf(o)}) {
		if selected(r, l.object, map[string][]string{list.By: {idOf(o)}}) && (of == nil || l.story == nil || l.story == of || list.Kind == "subscription") {
			data = append(data, l.object)
		}
	}
	return listOf(data[:min(10, len(data))], path)
}

// clause is one of a search: field:'value', metadata['key']:'value', or with > and <.
var clause = regexp.MustCompile(`^(-?)(\w+)(?:\[["'](.+?)["']\])?\s*(:|~|>=|<=|>|<)\s*["']?(.*?)["']?$`)

// and is what joins clauses.
var and = regexp.MustCompile(`(?i)\s+AND\s+`)

// search answers a query. OR is not known.
func (a *API) search(c *call) (any, *failure) {
	r := c.route.resource
	query := strings.TrimSpace(text(c.params["query"]))
	found := a.all(c, r.kind, nil)
	for _, part := range and.Split(query, -1) {
		m := clause.FindStringSubmatch(part)
		if m == nil || m[3] != "" && m[2] != "metadata" || regexp.MustCompile(`(?i)\sOR\s`).MatchString(part) {
			return nil, unknownRoute(c.method + " " + c.path + " with the query " + query)
		}
		pointer := "/" + m[2]
		if m[3] != "" {
			pointer += "/" + m[3]
		}
		found = slices.DeleteFunc(found, func(l listed) bool {
			return meets(first(l.object, pointer), m[4], m[5]) == (m[1] == "-")
		})
	}
	page, more, why := paged(found, c.params)
	if why != nil {
		return nil, why
	}
	answer, why := a.page(c, page, more, c.path)
	if list, isList := answer.(object); isList {
		list["object"], list["next_page"] = "search_result", nil
	}
	return answer, why
}

func meets(has any, operator, want string) bool {
	switch operator {
	case ":":
		return want == "null" && has == nil || has != nil && strings.EqualFold(text(idIn(has)), want)
	case "~":
		return strings.Contains(strings.ToLower(text(has)), strings.ToLower(want))
	}
	name := map[string]string{">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[operator]
	return compared[name](integer(has), integer(want))
}
