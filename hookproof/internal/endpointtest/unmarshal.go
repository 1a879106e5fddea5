package endpointtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync"
)

// Body reads a request's body.
func Body(r *http.Request) []byte {
	body := make([]byte, max(r.ContentLength, 0))
	if n, err := io.ReadFull(r.Body, body); r.ContentLength < 0 || err != nil {
		rest, _ := io.ReadAll(r.Body)
		return append(body[:n], rest...)
	}
	return body
}

// Unmarshal is json.Unmarshal for an event of which a struct has a few members. Tests deliver many thousands of events, and half of their time
// was encoding/json's, which reads all of an event twice.
func Unmarshal(body []byte, into any) error {
	from := skipSpace(body, 0)
	few, end, ok := narrowed(nil, body, from, membersOf(reflect.TypeOf(into).Elem()))
	if !ok || skipSpace(body, end) < len(body) { // encoding/json says what is wrong with it
		few = body
	}
	return json.Unmarshal(few, into)
}

// members are the names of a struct's fields in JSON, in small letters, with those of the structs in it; nil is a value of which all is read.
type members map[string]members

// known has the members of types.
var known sync.Map

func membersOf(of reflect.Type) members {
	if of.Kind() != reflect.Struct || reflect.PointerTo(of).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	if m, is := known.Load(of); is {
		return m.(members)
	}
	m := members{}
	for _, field := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		if field.Anonymous {
			maps.Copy(m, membersOf(field.Type))
			continue
		}
		m[strings.ToLower(name)] = membersOf(field.Type)
	}
	known.Store(of, m)
	return m
}

// narrowed adds a value of a body to out, without the members of objects that nobody asks for. It returns where the value ends. ok is false for
// what is no JSON.
func narrowed(out, body []byte, from int, m members) (_ []byte, end int, ok bool) {
	if m == nil || from >= len(body) || body[from] != '{' {
		end, ok = skipValue(body, from)
		return append(out, body[from:end]...), end, ok
	}
	out = append(out, '{')
	i, begun := skipSpace(body, from+1), false
	if i < len(body) && body[i] == '}' {
		return append(out, '}'), i + 1, true
	}
	for ; i < len(body); i = skipSpace(body, i+1) {
		nameEnd, isName := skipValue(body, i)
		colon := skipSpace(body, nameEnd)
		if !isName || body[i] != '"' || colon == len(body) || body[colon] != ':' {
			break
		}
		name, value := body[i:nameEnd], skipSpace(body, colon+1)
		below, asked := m[string(bytes.ToLower(name[1:len(name)-1]))]
		if asked || bytes.IndexByte(name, '\\') >= 0 {
			if begun {
				out = append(out, ',')
			}
			begun = true
			out, end, ok = narrowed(append(append(out, name...), ':'), body, value, below)
		} else {
			end, ok = skipValue(body, value)
		}
		if i = skipSpace(body, end); ok && i < len(body) && body[i] == '}' {
			return append(out, '}'), i + 1, true
		}
		if !ok || i == len(body) || body[i] != ',' {
			break
		}
	}
	return out, len(body), false
}

func skipSpace(body []byte, i int) int {
	for i < len(body) && (body[i] == ' ' || body[i] == '\n' || body[i] == '\r' || body[i] == '\t') {
		i++
	}
	return i
}

// skipValue returns where the value ends that begins at i. ok is false if the body ends before it.
func skipValue(body []byte, i int) (end int, ok bool) {
	for depth := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			if i = skipString(body, i+1); i == len(body) {
				return i, false
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth > 0 { // what is between brackets needs no look
				continue
			}
			for i+1 < len(body) && strings.IndexByte(",}] \n\r\t", body[i+1]) < 0 {
				i++
			}
		}
		if depth <= 0 {
			return i + 1, depth == 0
		}
	}
	return len(body), false
}

// skipString returns where the quotation mark is that ends a string.
func skipString(body []byte, i int) int {
	for ; i < len(body); i++ {
		quote := bytes.IndexByte(body[i:], '"')
		if quote < 0 {
			return len(body)
		}
		escape := bytes.IndexByte(body[i:i+quote], '\\')
		if escape < 0 {
			return i + quote
		}
		i += escape + 1
	}
	return len(body)
}
