package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// token is a member's name or a value that is neither object nor array.
type token struct {
	path   []string // the names of the members that it is in, from the outermost; of a value, its own too
	isName bool
	raw    []byte
	value  any // string, json.Number, bool or nil
}

// field is the name of the member that a value is of, in whatever arrays; "" has none.
func (t token) field() string {
	if len(t.path) == 0 {
		return ""
	}
	return t.path[len(t.path)-1]
}

var errNoJSON = errors.New("the body is no JSON document in UTF-8")

// rewrite copies a document with some tokens replaced by what replace answers; nil leaves one as it is.
// Every byte between tokens stays: nothing is marshalled again.
func rewrite(doc []byte, replace func(token) []byte) ([]byte, error) {
	if !json.Valid(doc) || !utf8.Valid(doc) {
		return nil, errNoJSON
	}
	type frame struct{ object, valueNext bool }
	var stack []frame
	var path []string
	var out bytes.Buffer
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	copied := 0
	for {
		read, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			out.Write(doc[copied:])
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		end := int(decoder.InputOffset())
		start := copied + len(doc[copied:end]) - len(bytes.TrimLeft(doc[copied:end], " \t\r\n,:"))
		out.Write(doc[copied:start])
		copied = end
		raw := doc[start:end]

		var top *frame
		if len(stack) > 0 {
			top = &stack[len(stack)-1]
		}
		if delim, is := read.(json.Delim); is {
			out.Write(raw)
			if delim == '{' || delim == '[' {
				stack = append(stack, frame{object: delim == '{'})
				continue
			}
			stack = stack[:len(stack)-1]
		} else {
			isName := top != nil && top.object && !top.valueNext
			if with := replace(token{path, isName, raw, read}); with != nil {
				raw = with
			}
			out.Write(raw)
			if isName {
				path = append(path, read.(string))
				top.valueNext = true
				continue
			}
		}
		// A value has ended; if it was a member's, so has the member.
		if len(stack) > 0 && stack[len(stack)-1].valueNext {
			stack[len(stack)-1].valueNext = false
			path = path[:len(path)-1]
		}
	}
}
