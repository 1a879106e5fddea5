package stripeapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// object is one of Stripe's objects. Its numbers are json.Number, so that they are answered as they were told.
type object = map[string]any

func decode(raw []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(to)
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func integer(value any) int64 {
	switch v := value.(type) {
	case json.Number:
		n, _ := v.Int64()
		return n
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	}
	return 0
}

func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func copyOf(value any) any {
	switch v := value.(type) {
	case object:
		to := make(object, len(v))
		for key, member := range v {
			to[key] = copyOf(member)
		}
		return to
	case []any:
		to := make([]any, len(v))
		for i, member := range v {
			to[i] = copyOf(member)
		}
		return to
	}
	return value
}

// all returns the values at a pointer, in which * stands for every element of a list and -1 for its last.
func all(value any, pointer string) []any {
	if pointer == "" {
		return []any{value}
	}
	token, rest, more := strings.Cut(pointer[1:], "/")
	if more {
		rest = "/" + rest
	}
	switch v := value.(type) {
	case object:
		if member, has := v[token]; has {
			return all(member, rest)
		}
	case []any:
		if token == "*" {
			var found []any
			for _, member := range v {
				found = append(found, all(member, rest)...)
			}
			return found
		}
		i, err := strconv.Atoi(token)
		if token == "-1" {
			i = len(v) - 1
		}
		if err == nil && 0 <= i && i < len(v) {
			return all(v[i], rest)
		}
	}
	return nil
}

// first returns the value at a pointer; nil where there is none.
func first(value any, pointer string) any {
	if found := all(value, pointer); len(found) > 0 {
		return found[0]
	}
	return nil
}

// put replaces the value at a pointer. A place that the object does not have stays absent: it is of another API version.
func put(o object, pointer string, value any) {
	cut := strings.LastIndexByte(pointer, '/')
	parent, isObject := first(o, pointer[:cut]).(object)
	if !isObject {
		return
	}
	if _, has := parent[pointer[cut+1:]]; has {
		parent[pointer[cut+1:]] = value
	}
}

// visit calls a function with every object inside a value, the outermost first.
func visit(value any, each func(object)) {
	switch v := value.(type) {
	case object:
		each(v)
		var inside []string // most members are texts and numbers
		for key, member := range v {
			switch member.(type) {
			case object, []any:
				inside = append(inside, key)
			}
		}
		slices.Sort(inside)
		for _, key := range inside {
			visit(v[key], each)
		}
	case []any:
		for _, member := range v {
			visit(member, each)
		}
	}
}

// texts calls a function with every string inside a value.
func texts(value any, each func(string)) {
	switch v := value.(type) {
	case string:
		each(v)
	case object:
		for _, member := range v {
			texts(member, each)
		}
	case []any:
		for _, member := range v {
			texts(member, each)
		}
	}
}

// suffix is the random part of an id, which objects that belong together share.
func suffix(id string) string { return id[strings.LastIndexByte(id, '_')+1:] }

func idOf(o object) string   { return text(o["id"]) }
func kindOf(o object) string { return text(o["object"]) }
