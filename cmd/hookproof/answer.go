package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

func checkURL(text string) error {
	if strings.Contains(text, "{{env.") {
		return nil // it is known when the file is used
	}
	t := target.Target{URL: text, Secret: "not asked yet"}
	if u, err := url.Parse(text); err == nil {
		t.AllowHosts = []string{u.Hostname()} // check refuses it when it is used, unless it is allowed then
	}
	return t.Check()
}

func checkAddress(text string, mayBeNone bool) error {
	if text == "" && mayBeNone {
		return nil
	}
	if _, port, err := net.SplitHostPort(text); err != nil || !isPort(port) {
		return fmt.Errorf("%q is not host:port", text)
	}
	return nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// hook reads an answer as a hook: a URL, a SELECT, or a command.
func hook(answer string, query bool) (target.Hook, error) {
	method, address := request(answer)
	switch {
	case answer == "":
		return target.Hook{}, nil
	case address != "":
		return target.Hook{HTTP: &target.HookRequest{URL: address, Method: method}}, nil
	case len(answer) > 7 && strings.EqualFold(answer[:7], "select "):
		if !query {
			return target.Hook{}, errors.New("a SELECT can only read the state")
		}
		return target.Hook{SQL: &target.HookQuery{Query: answer}}, nil
	case strings.HasPrefix(answer, "["):
		var words []string
		if err := json.Unmarshal([]byte(answer), &words); err != nil || len(words) == 0 {
			return target.Hook{}, errors.New(`a list of arguments is a JSON array of strings: ["node", "state.js", "{{id}}"]`)
		}
		return target.Hook{Command: words}, nil
	case strings.ContainsAny(answer, `'"|<>;&`):
		return target.Hook{}, errors.New(`there is no shell; give a JSON array of arguments: ["node", "state.js", "{{id}}"]`)
	}
	return target.Hook{Command: strings.Fields(answer)}, nil
}

// request reads an answer as an HTTP request: a URL, or a method and a URL. The address is "" if it is none.
func request(answer string) (method, address string) {
	address = answer
	if first, rest, _ := strings.Cut(answer, " "); slices.Contains(methods, strings.ToUpper(first)) {
		method, address = strings.ToUpper(first), strings.TrimSpace(rest)
	}
	if strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://") {
		return method, address
	}
	return "", ""
}

// methods are those that a hook may need. Another word before a URL is a program, such as curl.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// second is the error of two results, where only that counts.
func second[T any](_ T, err error) error { return err }

func isJSON(answer string) error {
	if !json.Valid([]byte(answer)) {
		return errors.New("it is not JSON")
	}
	return nil
}

func arePointers(_ *inquiry, answer string) error {
	for _, place := range listOf(answer) {
		if !strings.HasPrefix(place, "/") {
			return errors.New(place + " is not a JSON pointer, which begins with a slash")
		}
	}
	return nil
}

// eventType matches the form of Stripe's event types.
var eventType = regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)+$`)

func areTypes(_ *inquiry, answer string) error {
	for _, name := range listOf(answer) {
		if !eventType.MatchString(name) {
			return fmt.Errorf("%q is not an event type, such as charge.refunded", name)
		}
	}
	return nil
}

func isNone(h target.Hook) bool { return h.HTTP == nil && h.SQL == nil && len(h.Command) == 0 }

// picks reads name=pointer and name=constant, separated by spaces.
func picks(l *life.Life, answer string) (map[string]any, error) {
	found, constants := map[string]any{}, map[string]bool{}
	s := event.Subject{}
	for _, pair := range strings.Fields(answer) {
		name, value, is := strings.Cut(pair, "=")
		constant := constantOf(l, name, value)
		switch {
		case is && name != "" && strings.HasPrefix(value, "/"):
			found[name], s[name] = value, value
		case is && constant != nil:
			found[name], s[name], constants[name] = map[string]any{"value": constant}, value, true
		default:
			return nil, fmt.Errorf("%q is neither name=pointer, such as %s=/id, nor a constant, such as %s", pair, l.ExampleTie(), cmp.Or(constantsOf(l), "name=value"))
		}
	}
	if !l.IsTied(s, func(name string) bool { return constants[name] }) {
		return nil, fmt.Errorf("one of %s is required, to tie events to the object; for example %s=/id", strings.Join(l.TieNames(), ", "), l.ExampleTie())
	}
	return found, nil
}

// constantOf is what a target gives no place for in its answers, though it is the same for all: an amount, its currency, a price. nil is no
// value that the name can have.
func constantOf(l *life.Life, name, value string) any {
	usual, isUsual := l.Usual()[name]
	number, err := strconv.ParseInt(value, 10, 64)
	_, isNumber := usual.(int)
	switch {
	case value == "" || !slices.Contains(l.GivenNames(), name):
		return nil
	case isNumber && err == nil:
		return number
	case isNumber || name == "currency" && (len(value) != 3 || strings.Trim(value, "abcdefghijklmnopqrstuvwxyz") != ""):
		return nil
	case isUsual || err != nil:
		return value
	}
	return number
}
