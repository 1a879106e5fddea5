package stripeapi

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed resources.json rules.json convert.json templates
var files embed.FS

// resource is how one kind of object is asked for, as data in resources.json.
type resource struct {
	kind string

	Path     string              `json:"path"`     // after /v1/
	Prefixes []string            `json:"prefixes"` // of its ids
	Single   bool                `json:"single"`   // there is one, and it has no id in the path
	Since    string              `json:"since"`    // the API version that began to have it
	Param    string              `json:"param"`    // what Stripe's errors call its id, if not id
	Named    string              `json:"named"`    // what Stripe's errors call it, if not its kind
	Search   bool                `json:"search"`
	Filters  map[string][]string `json:"filters"` // of its list: a parameter, and the places that it is compared with
	Ignored  []string            `json:"ignored"` // parameters of its list that change nothing here
	Lists    map[string]sublist  `json:"lists"`
	Create   map[string]any      `json:"create"` // nil where it cannot be made; else what a new one has
	Actions  map[string]action   `json:"actions"`
	Delete   string              `json:"delete"`  // stub: it is gone; put: it changes
	Deleted  map[string]any      `json:"deleted"` // what changes then
	Before   map[string]any      `json:"before"`  // what it had before the first event about it
	Exists   bool                `json:"exists"`  // it exists before the first event about it
}

// sublist is a list below an object: a place in it, or objects of another kind that name it.
type sublist struct {
	At     string `json:"at"`
	Kind   string `json:"kind"`
	By     string `json:"by"`
	Create bool   `json:"create"`
	Since  string `json:"since"`
}

// action is a verb below an object.
type action struct {
	If      map[string]any `json:"if"`
	Unless  map[string]any `json:"unless"`
	Code    string         `json:"code"`
	Message string         `json:"message"` // where if and unless forbid it; {id}, {status}
	Put     map[string]any `json:"put"`
}

// shapes are the API versions whose shapes there are templates of, the newest first. A version has the newest that is not after it.
var shapes = []struct{ since, folder string }{{"2025-03-31", "2026-08-26.dahlia"}, {"", "2023-10-16"}}

// catalog is what one API version has: resources, rules and templates. It does not change.
type catalog struct {
	version   string // that began with its shapes
	resources map[string]*resource
	rules     map[string][]rule // by the kind that they make
	templates map[string]object

	conversions map[string][]conversion // by kind, to these shapes
}

// catalogs are those of the shapes.
var catalogs = func() (of []func() *catalog) {
	for _, shape := range shapes {
		of = append(of, sync.OnceValue(func() *catalog { return newCatalog(shape.since) }))
	}
	return of
}()

// catalogOf returns the catalog of a version. One that is not a date has the newest.
func catalogOf(version string) *catalog {
	for i, shape := range shapes {
		if shape.since <= version {
			return catalogs[i]()
		}
	}
	return catalogs[0]()
}

func newCatalog(version string) *catalog {
	c := &catalog{version: version, resources: map[string]*resource{}, rules: map[string][]rule{}, templates: map[string]object{}}
	embedded("resources.json", &c.resources)
	for kind, r := range c.resources {
		r.kind = kind
		if r.Since > version {
			delete(c.resources, kind)
		}
		maps.DeleteFunc(r.Lists, func(_ string, l sublist) bool { return l.Since > version })
	}
	var rules []rule
	embedded("rules.json", &rules)
	for _, r := range rules {
		c.rules[r.Make] = append(c.rules[r.Make], r)
	}
	var conversions map[string]map[string][]conversion
	embedded("convert.json", &conversions)
	c.conversions = conversions[version]
	for _, shape := range slices.Backward(shapes) {
		if shape.since > version {
			continue
		}
		entries, err := files.ReadDir("templates/" + shape.folder)
		must(err)
		for _, entry := range entries {
			var o object
			embedded("templates/"+shape.folder+"/"+entry.Name(), &o)
			c.templates[strings.TrimSuffix(entry.Name(), ".json")] = o
		}
	}
	return c
}

// embedded reads a file of this package's own; a test reads them all.
func embedded(name string, to any) {
	raw, err := files.ReadFile(name)
	must(err)
	if err := decode(raw, to); err != nil {
		panic(fmt.Sprintf("stripeapi: %s: %v", name, err))
	}
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("stripeapi: %v", err))
	}
}

// kindOfID is the kind of object that an id is of, by its prefix.
func (c *catalog) kindOfID(id string) string {
	for kind, r := range c.resources {
		for _, prefix := range r.Prefixes {
			if strings.HasPrefix(id, prefix) {
				return kind
			}
		}
	}
	return ""
}

// fresh returns an object as its template has it, under an id. Ids inside it share the random part.
func (c *catalog) fresh(kind, id string) object {
	template, has := c.templates[kind]
	if !has {
		return nil
	}
	o := copyOf(template).(object)
	o["id"] = id
	return o
}

// complete fills the places that a template leaves open and nobody has filled: ids inside, links back, addresses.
func (c *catalog) complete(o object) {
	id, random := idOf(o), suffix(idOf(o))
	visit(o, func(inner object) {
		for _, key := range slices.Sorted(maps.Keys(inner)) {
			if inner[key] != "" {
				continue
			}
			switch {
			case key == "id" && kindOf(inner) == "plan":
				inner[key] = "price_" + random
			case key == "id":
				inner[key] = c.prefix(kindOf(inner)) + random
			case key == kindOf(o):
				inner[key] = id
			case key == "product" || key == "price":
				inner[key] = c.prefix(key) + random
			case key == "client_secret":
				inner[key] = id + "_secret_test"
			case key == "url" && kindOf(inner) == "list":
				inner[key] = "/v1/" + c.resources[kindOf(o)].Path + "/" + id
			case key == "url" && kindOf(inner) == "checkout.session":
				inner[key] = "https://checkout.stripe.com/c/pay/" + id
			}
		}
		if decimal, has := inner["unit_amount_decimal"]; has && decimal == "0" && inner["unit_amount"] != nil {
			inner["unit_amount_decimal"] = text(inner["unit_amount"])
		}
	})
}

// innerPrefixes are those of what only ever stands inside another object.
var innerPrefixes = map[string]string{"item": "li_", "line_item": "il_", "discount": "di_", "coupon": "coupon_"}

func (c *catalog) prefix(kind string) string {
	if r := c.resources[kind]; r != nil && len(r.Prefixes) > 0 {
		return r.Prefixes[0]
	}
	if prefix := innerPrefixes[kind]; prefix != "" {
		return prefix
	}
	return "obj_"
}

// matches tells whether an object has one of the values that each pointer wants.
func matches(o object, want map[string]any) bool {
	for pointer, value := range want {
		values, several := value.([]any)
		if !several {
			values = []any{value}
		}
		has := first(o, pointer)
		if !slices.ContainsFunc(values, func(v any) bool { return same(v, has) }) {
			return false
		}
	}
	return true
}

func same(a, b any) bool {
	one, _ := json.Marshal(a)
	other, _ := json.Marshal(b)
	return string(one) == string(other)
}
