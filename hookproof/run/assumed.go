package run

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// assumedMoney returns which of a subject's money values the target did not give, and what events have instead; "" if it gave all.
func assumedMoney(l *life.Life, s event.Subject) string {
	var missing, instead []string
	constant, usual := "", l.Usual()
	for _, name := range []string{"amount", "currency"} {
		_, given := s[name]
		if _, has := usual[name]; given || !has {
			continue
		}
		missing, instead = append(missing, name), append(instead, fmt.Sprint(usual[name]))
		if constant == "" {
			raw, _ := json.Marshal(usual[name]) // a text or a number can be marshalled
			constant = fmt.Sprintf(`%q: {"value": %s}`, name, raw)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("the subject hook gives no %s, so events have %s; if that is not the price, pick it from the hook's answer, or give it as a constant: %s",
		strings.Join(missing, " and no "), strings.Join(instead, " "), constant)
}

// otherReasons returns further reasons why a payment may show nothing. The target's own answer comes first.
func (x *executor) otherReasons(acknowledged target.Delivery) string {
	var out strings.Builder
	if text := quoteAnswer(acknowledged); text != "" {
		out.WriteString(" The answer was " + target.Said(acknowledged) + text + ".")
	}
	for _, text := range x.facts.notes {
		out.WriteString(" Also, " + text + ".")
	}
	return out.String() + x.apiAdvice()
}

// unsentTypes returns notes on types that the target file lists under unhandled for a life and that it never sends. Such an entry has no
// effect, and may be a typing error.
func unsentTypes(l *life.Life, unhandled []string) (notes []string) {
	var sent []string
	for _, w := range l.Vocabulary {
		if w.Type != "" && !slices.Contains(sent, w.Type) {
			sent = append(sent, w.Type)
		}
	}
	slices.Sort(sent)
	for _, name := range unhandled {
		if slices.Contains(sent, name) {
			continue
		}
		note := "unhandled lists " + name + ", a type that is never sent"
		nearest := slices.MaxFunc(sent, func(a, b string) int {
			return cmp.Or(commonPrefix(a, name)-commonPrefix(b, name), len(b)-len(a))
		})
		if 4*commonPrefix(nearest, name) > 3*len(name) {
			note += "; the most similar one that is sent is " + nearest
		}
		notes = append(notes, note)
	}
	return notes
}

// commonPrefix is the number of leading bytes that two texts share.
func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
