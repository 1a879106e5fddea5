package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// noPlace is the error for a JSON pointer to nothing in an answer.
type noPlace struct {
	pointer string
	answer  any
}

func (e *noPlace) Error() string { return e.of("") }

// of returns the error's text, with the name of what looks there; "" names nothing.
func (e *noPlace) of(who string) string {
	return fmt.Sprintf("its answer has no %s%s; it has %s", e.pointer, who, listed(placesOf(e.answer)))
}

// at returns the value at a JSON pointer.
func at(value any, pointer string) (any, error) {
	if pointer == "" {
		return value, nil
	}
	whole := value
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = event.Unescape(token)
		var there bool
		switch v := value.(type) {
		case map[string]any:
			value, there = v[token]
		case []any:
			if n, err := strconv.Atoi(token); err == nil && n >= 0 && n < len(v) {
				value, there = v[n], true
			}
		}
		if !there {
			return nil, &noPlace{pointer, whole}
		}
	}
	return value, nil
}

// placesShown is how many places of an answer are named.
const placesShown = 8

// listed lists places in a sentence.
func listed(places []string) string {
	switch n := len(places); {
	case n == 0:
		return "no text and no whole number"
	case n <= placesShown:
		return result.And(places)
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(places[:placesShown], ", "), n-placesShown)
	}
}

// placesOf returns the JSON pointers to an answer's texts and whole numbers, in order.
func placesOf(answer any) []string {
	var places []string
	switch v := answer.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			for _, place := range placesOf(v[name]) {
				places = append(places, "/"+event.EscapePointer(name)+place)
			}
		}
	case []any:
		for n, element := range v {
			for _, place := range placesOf(element) {
				places = append(places, "/"+strconv.Itoa(n)+place)
			}
		}
	default:
		if isScalar(v) {
			places = append(places, "")
		}
	}
	return places
}

// find returns one of a subject's values from the subject hook's answer. If it is missing, the error says what to write.
func (p picked) find(l *life.Life, name string, answer any) (any, error) {
	value, err := p.value(answer)
	var missing *noPlace
	if !errors.As(err, &missing) {
		return value, err
	}
	why := missing.of(", where pick looks for " + name)
	if constant, can := l.Usual()[name]; can { // the same for all objects of many targets
		raw, _ := json.Marshal(constant) // a text or a number can be marshalled
		why += fmt.Sprintf(`. If it is the same for all, give pick a constant: %q: {"value": %s}`, name, raw)
	}
	return nil, errors.New(why)
}

// namesAnID matches places whose name says that they hold an id.
var namesAnID = regexp.MustCompile(`/(id|ID|uuid|ref|reference|\w+(Id|ID|_id|Ref|_ref|Reference|_reference))$`)

// likelyID returns the place of an answer that is most likely the object's id, as an entry of pick: "clientReferenceId": "/id".
func likelyID(l *life.Life, answer any) string {
	place := "/id"
	if places := placesOf(answer); answer != nil && !slices.Contains(places, place) && len(places) > 0 {
		place = places[max(0, slices.IndexFunc(places, namesAnID.MatchString))]
	}
	return fmt.Sprintf("%q: %q", l.ExampleTie(), place)
}

// untied returns what to write if no value of a subject ties events to it.
func untied(l *life.Life, pick map[string]picked, answer any) error {
	all, example := l.WantedTies(), likelyID(l, answer)
	switch {
	case pick == nil:
		return fmt.Errorf(`its answer has none of %s, one of which must tie events to the object; add pick, with the place of one: "pick": {%s}`, all, example)
	case l.IsTied(constantsOf(pick), nil):
		return fmt.Errorf("pick takes none of %s from the answer, and a constant ties events to no single object; add one: %s", all, example)
	}
	return fmt.Errorf("pick has none of %s, one of which must tie events to the object; add one: %s", all, example)
}

// constantsOf returns the values that pick gives to every subject.
func constantsOf(pick map[string]picked) event.Subject {
	s := event.Subject{}
	for name, from := range pick {
		if from.constant {
			s[name] = from.fixed
		}
	}
	return s
}

// Places returns the JSON pointers to an answer's texts and whole numbers, in order.
func Places(answer any) []string { return placesOf(answer) }

// At returns the value at a JSON pointer of an answer. An error names the places that there are.
func At(answer any, pointer string) (any, error) { return at(answer, pointer) }
