package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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
	if _, _, err := net.SplitHostPort(text); err != nil {
		return fmt.Errorf("%q is not host:port", text)
	}
	return nil
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

func isNone(h target.Hook) bool { return h.HTTP == nil && h.SQL == nil && len(h.Command) == 0 }

// picks reads name=pointer, separated by spaces.
func picks(answer string) (map[string]any, error) {
	found := map[string]any{}
	for _, pair := range strings.Fields(answer) {
		name, value, is := strings.Cut(pair, "=")
		constant := constantOf(name, value)
		switch {
		case is && name != "" && strings.HasPrefix(value, "/"):
			found[name] = value
		case is && constant != nil:
			found[name] = map[string]any{"value": constant}
		default:
			return nil, fmt.Errorf("%q is neither name=pointer, such as sessionId=/session/id, nor a constant, such as amount=4900", pair)
		}
	}
	if !slices.ContainsFunc(ties, func(tie string) bool { return found[tie] != nil }) {
		return nil, fmt.Errorf("one of %s is required, to tie events to the object; for example clientReferenceId=/id", strings.Join(ties, ", "))
	}
	return found, nil
}

// constantOf is what a target gives no place for in its answers, though it is the same for all: a price or its currency.
func constantOf(name, value string) any {
	amount, err := strconv.ParseInt(value, 10, 64)
	switch {
	case name == "amount" && err == nil:
		return amount
	case name == "currency" && len(value) == 3 && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz") == "":
		return value
	}
	return nil
}

func sortedNames[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
