package check

import (
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
)

// Needs returns what a target must offer for the check, by the names of the target file.
func (c Check) Needs() []string {
	var needs []string
	add := func(list ...string) {
		for _, need := range list {
			if !slices.Contains(needs, need) {
				needs = append(needs, need)
			}
		}
	}
	for _, relation := range c.Relations {
		add(relation.needs()...)
	}
	return needs
}

func (r Relation) needs() []string {
	var needs []string
	switch {
	case r.ReadsStates():
		needs = append(needs, "subject", "state")
	case r.Op == ActsOnce:
		needs = append(needs, "subject", "api")
	}
	words := strings.Fields(r.Left)
	for _, verb := range []struct{ verb, need string }{{"make", "announce"}, {"spread", "replicas"}, {"restart", "restart"}, {"refused", "break"}, {Ahead, "api"}} {
		if slices.Contains(words, verb.verb) {
			needs = append(needs, verb.need)
		}
	}
	for _, word := range words {
		sign, _, _ := strings.Cut(word, ":")
		w := event.Signings[sign]
		switch {
		case w.Needs("previous"):
			needs = append(needs, "previousSecret")
		case w.HasAccount():
			needs = append(needs, "connect")
		}
	}
	if r.Counts != nil {
		needs = append(needs, "counters")
	}
	return append(needs, Faults[r.Fault].Needs...)
}
