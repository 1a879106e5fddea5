package stripeapi

import (
	"net/http"
	"strings"
)

// route is what a method and a path ask for.
type route struct {
	resource *resource
	id       string
	verb     string // an action or a list below the object; search
	pattern  string // the path without ids
}

// acts tells whether a POST makes or does something. An update of an object by its id does not: twice is as once.
func (r route) acts() bool { return r.id == "" || r.verb != "" }

// match finds a route. An unknown one has no resource.
func (c *catalog) match(method, path string) (route, bool) {
	rest, isV1 := strings.CutPrefix(strings.TrimRight(path, "/"), "/v1/")
	if !isV1 {
		return route{}, false
	}
	var found route
	longest := -1
	for _, r := range c.resources {
		below, inside := strings.CutPrefix(rest, r.Path)
		if r.Path == "" || !inside || below != "" && below[0] != '/' || len(r.Path) <= longest {
			continue
		}
		longest = len(r.Path)
		found = route{resource: r, pattern: "/v1/" + r.Path}
		found.id, found.verb, _ = strings.Cut(strings.TrimPrefix(below, "/"), "/")
	}
	r := found.resource
	if r == nil {
		return route{}, false
	}
	if r.Single {
		return found, method == http.MethodGet && found.id == ""
	}
	if found.id == "search" && found.verb == "" {
		found.id, found.verb, found.pattern = "", "search", found.pattern+"/search"
		return found, r.Search && method == http.MethodGet
	}
	if found.id != "" {
		found.pattern += "/{id}"
	}
	if found.verb != "" {
		found.pattern += "/" + found.verb
	}
	list, isList := r.Lists[found.verb]
	_, isAction := r.Actions[found.verb]
	known := false
	switch method {
	case http.MethodGet:
		known = found.verb == "" || isList
	case http.MethodPost:
		switch {
		case found.verb != "":
			known = isAction || isList && list.Create
		case found.id != "":
			known = r.kind != "event"
		default:
			known = r.Create != nil
		}
	case http.MethodDelete:
		known = found.id != "" && found.verb == "" && r.Delete != ""
	}
	return found, known
}

// route answers a request whose key is good.
func (a *API) route(c *call) (any, *failure) {
	if c.request.Unknown {
		return nil, unknownRoute(c.method + " " + c.path)
	}
	r := c.route.resource
	var o object
	var of *Story
	if r.Single {
		return a.expanded(c, c.catalog.fresh(r.kind, text(c.catalog.templates[r.kind]["id"])), nil)
	}
	if id := c.route.id; id != "" {
		if o, of = a.find(c, id, nil); o == nil || kindOf(o) != r.kind {
			return nil, missing(r, id)
		}
		if o["deleted"] == true && (c.method != http.MethodGet || r.kind != "customer") {
			return nil, missing(r, id)
		}
	}
	var why *failure
	switch {
	case c.route.verb == "search":
		return a.search(c)
	case c.method == http.MethodGet && o == nil:
		return a.list(c, r, c.values)
	case c.method == http.MethodGet && c.route.verb != "":
		return a.below(c, o)
	case c.method == http.MethodPost && o == nil:
		o, why = a.create(c, r, c.params)
	case c.method == http.MethodPost && c.route.verb == "":
		o, why = a.update(c, o, of)
	case c.method == http.MethodPost:
		if list, isList := r.Lists[c.route.verb]; isList {
			c.params[list.By] = c.route.id
			o, why = a.create(c, c.catalog.resources[list.Kind], c.params)
		} else {
			o, why = a.act(c, o, of, r.Actions[c.route.verb])
		}
	case c.method == http.MethodDelete:
		o = a.remove(c, o, of)
	}
	if why != nil {
		return nil, why
	}
	return a.expanded(c, o, of)
}
