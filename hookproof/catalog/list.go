// Package catalog is what is built in, as data for programs: checks, lives, event types and scenarios, and what explains a check.
// 'hookproof list --json', 'hookproof explain --json' and the MCP server give the same.
package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/scenario"
	"example.com/hookproof/hookproof/suggest"
)

// List is one of the lists, by its name.
type List struct {
	Version int    `json:"version"` // of this format; 1
	List    string `json:"list"`
	Life    string `json:"life,omitempty"` // whose checks or events they are
	Items   []Item `json:"items"`
}

// Item is an entry of a list. Which keys it has depends on the list.
type Item struct {
	Name    string   `json:"name,omitempty"`
	Type    string   `json:"type,omitempty"`    // Stripe's type of an event
	Object  string   `json:"object,omitempty"`  // what an event is about, as in data.object.object
	Words   []string `json:"words,omitempty"`   // of schedules that stand for the type
	Needs   []string `json:"needs,omitempty"`   // of a target, beyond a URL and a secret
	Binds   []string `json:"binds,omitempty"`   // names of which a subject binds one
	Demands string   `json:"demands,omitempty"` // of an endpoint
	Says    string   `json:"says,omitempty"`    // what it is
}

// lists are all lists, by their names. A life is nil where none is named.
var lists = map[string]func(of *life.Life) ([]Item, error){
	"checks": checks, "events": events, "lives": lives, "scenarios": scenarios,
}

// Names returns the names of the lists, sorted.
func Names() []string { return slices.Sorted(maps.Keys(lists)) }

// Listed returns the list of that name, of a life if one is given.
func Listed(name string, of *life.Life) (List, error) {
	items, known := lists[name]
	switch {
	case !known:
		return List{}, fmt.Errorf("there is no list %q%s; there are %s", name, suggest.DidYouMean(name, Names()), strings.Join(Names(), ", "))
	case of != nil && name != "checks" && name != "events":
		return List{}, fmt.Errorf("--life goes with checks and events; %s are of no life", name)
	}
	list := List{Version: 1, List: name}
	if of != nil {
		list.Life = of.Name
	} else if name == "checks" {
		list.Life = life.Payment.Name
	}
	var err error
	list.Items, err = items(of)
	return list, err
}

func checks(of *life.Life) (list []Item, _ error) {
	for _, c := range check.Of(cmp.Or(of, life.Payment)) {
		list = append(list, Item{Name: c.Name, Needs: c.Needs(), Demands: c.Demand})
	}
	return list, nil
}

func scenarios(*life.Life) (list []Item, _ error) {
	all, err := scenario.BuiltInScenarios()
	for _, s := range all {
		list = append(list, Item{Name: s.Name, Needs: s.Needs, Demands: s.Description})
	}
	return list, err
}

// events returns the event types that are sent, or the events of a life.
func events(of *life.Life) (list []Item, _ error) {
	if of == nil {
		for _, one := range life.Types() {
			list = append(list, Item{Type: one.Type, Object: one.Object, Words: one.Words})
		}
		return list, nil
	}
	for _, w := range of.Own() {
		list = append(list, Item{Name: w.Name, Type: w.Type, Says: w.Says})
	}
	return list, nil
}

func lives(*life.Life) (list []Item, _ error) {
	for _, l := range life.BuiltIns() {
		list = append(list, Item{Name: l.Name, Binds: l.TieNames(), Says: l.Says})
	}
	return list, nil
}
