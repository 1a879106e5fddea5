package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/target"
)

// routeRead matches where a program names a GET route: app.get('/orders/:id', @app.route("/orders/<id>"), "GET /orders/{id}".
var routeRead = regexp.MustCompile("(?i)(?:\\b(?:get|getmapping|route)\\s*\\(?\\s*['\"`]|['\"`]GET )(/[^'\"`\\s$]*)['\"`]")

// parameter matches a route's parameter.
var parameter = regexp.MustCompile(`:\w+|\{[^}/]+\}|<[^>/]+>`)

// mostRoutes is how many routes of a program are tried.
const mostRoutes = 20

// routes are the GET routes with one parameter that the endpoint's program names.
func (i *inquiry) routes() (list []string) {
	all := i.source()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, found := range routeRead.FindAllSubmatch(all[name], -1) {
			route := string(found[1])
			if len(parameter.FindAllString(route, -1)) == 1 && !slices.Contains(list, route) && len(list) < mostRoutes {
				list = append(list, route)
			}
		}
	}
	return list
}

// stateOfRoutes proposes the route that answers for the first that was made, above all one whose answer has the value itself.
func (i *inquiry) stateOfRoutes() proposal {
	u, err := url.Parse(i.file.URL)
	if err != nil || i.offline {
		return proposal{}
	}
	var tried []string
	var second proposal
	made := i.hooks.Subject
	for _, route := range i.routes() {
		var places []any
		for _, name := range slices.Sorted(maps.Keys(made.Pick)) {
			pointer, is := made.Pick[name].(string)
			value, err := target.At(i.members[0], pointer)
			if !is || err != nil || slices.Contains(places, any(pointer)) {
				continue
			}
			places = append(places, pointer)
			path := func(value string) string { return parameter.ReplaceAllLiteralString(route, value) }
			request := "GET " + path("{{"+name+"}}")
			tried = append(tried, request)
			h := target.Hook{HTTP: &target.HookRequest{URL: u.Scheme + "://" + u.Host + path(url.PathEscape(fmt.Sprint(value))), Method: http.MethodGet}}
			if made.HTTP != nil {
				h.HTTP.Headers = made.HTTP.Headers
			}
			answer, err := h.Try(i.ctx, i.folder, i.life)
			if err != nil {
				continue
			}
			p := propose(request, "the program names "+route+", and it answers for the first that was made")
			if raw, _ := json.Marshal(answer); strings.Contains(string(raw), fmt.Sprint(value)) {
				return p
			} else if !second.is {
				second = p
			}
		}
	}
	if second.is {
		return second
	}
	example := "GET /orders/{{clientReferenceId}}"
	if len(tried) > 0 {
		example = tried[0]
	}
	basis := "the object cannot be read where it was made"
	if len(tried) > 0 {
		basis += ", nor by " + strings.Join(tried, ", ")
	}
	return proposal{basis: basis + "; name the request that reads it: --state '" + example + "'"}
}
