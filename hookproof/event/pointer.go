package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Events are edited as text: a value is replaced, and every other byte, including spaces and order, stays as it is. Only so can it
// be seen that an endpoint verifies something else than the bytes that it received.

var ErrNoPlace = errors.New("there is no such place")

// Span is a range of bytes.
type Span struct{ From, To int }

// setAt sets the value at a JSON pointer (RFC 6901) in a valid document. A missing member is added as the first of its object.
func setAt(doc []byte, pointer string, value []byte) ([]byte, error) {
	at, err := Find(doc, pointer)
	if err == nil {
		return Replace(doc, at.Value, value), nil
	}
	if !errors.Is(err, ErrNoPlace) {
		return nil, err
	}
	parent, last := CutLast(pointer)
	object, parentErr := Find(doc, parent)
	if parentErr != nil || doc[object.Value.From] != '{' {
		return nil, fmt.Errorf("%s: %w", pointer, err)
	}
	name, err := json.Marshal(last)
	if err != nil {
		return nil, err
	}
	member := append(append(name, ':'), value...)
	inside := Span{object.Value.From + 1, object.Value.From + 1}
	if doc[skipSpace(doc, inside.From)] != '}' {
		member = append(member, ',')
	}
	return Replace(doc, inside, member), nil
}

// remove removes a member from its object. A missing member is no error.
func remove(doc []byte, pointer string) ([]byte, error) {
	at, err := Find(doc, pointer)
	if errors.Is(err, ErrNoPlace) {
		return doc, nil
	}
	if err != nil {
		return nil, err
	}
	out := at.member
	if next := skipSpace(doc, out.To); doc[next] == ',' {
		out.To = next + 1
	} else {
		for before := out.From - 1; before >= 0; before-- { // the last member takes the comma before it
			if doc[before] == ',' {
				out.From = before
			} else if isSpace(doc[before]) {
				continue
			}
			break
		}
	}
	return Replace(doc, out, nil), nil
}

func Replace(doc []byte, at Span, value []byte) []byte {
	out := make([]byte, 0, len(doc)+len(value))
	out = append(out, doc[:at.From]...)
	out = append(out, value...)
	return append(out, doc[at.To:]...)
}

// Place is where a pointer leads: the value, and the whole member if it is in an object.
type Place struct{ Value, member Span }

func Find(doc []byte, pointer string) (Place, error) {
	p := Place{Value: Span{From: skipSpace(doc, 0)}}
	if pointer == "" {
		p.Value.To = skipValue(doc, p.Value.From)
		return p, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return p, fmt.Errorf("a JSON pointer begins with a slash: %q", pointer)
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		var err error
		if p, err = step(doc, p.Value.From, Unescape(token)); err != nil {
			return p, err
		}
	}
	p.Value.To = skipValue(doc, p.Value.From)
	p.member.To = p.Value.To
	return p, nil
}

// step resolves one token of a pointer, and returns where its value begins.
func step(doc []byte, from int, token string) (Place, error) {
	open := doc[from]
	if open != '{' && open != '[' {
		return Place{}, ErrNoPlace
	}
	for i, n := skipSpace(doc, from+1), 0; doc[i] != '}' && doc[i] != ']'; n++ {
		member, found := i, open == '[' && strconv.Itoa(n) == token
		if open == '{' {
			end := skipString(doc, i)
			name := doc[i:end]
			found = string(name[1:len(name)-1]) == token || bytes.IndexByte(name, '\\') >= 0 && memberName(name) == token
			i = skipSpace(doc, skipSpace(doc, end)+1) // past the colon
		}
		if found {
			return Place{Value: Span{From: i}, member: Span{From: member}}, nil
		}
		if i = skipSpace(doc, skipValue(doc, i)); doc[i] == ',' {
			i = skipSpace(doc, i+1)
		}
	}
	return Place{}, ErrNoPlace
}

// memberName reads a member's name, which stands in quotation marks.
func memberName(quoted []byte) string {
	var read string
	if bytes.IndexByte(quoted, '\\') >= 0 && json.Unmarshal(quoted, &read) == nil {
		return read
	}
	return string(quoted[1 : len(quoted)-1])
}

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && isSpace(doc[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// skipString returns the end of the string whose first quote is at i.
func skipString(doc []byte, i int) int {
	for i++; ; i++ {
		quote := bytes.IndexByte(doc[i:], '"')
		if quote < 0 {
			return len(doc)
		}
		i += quote
		escapes := 0
		for doc[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}

// skipValue returns the end of the value that begins at i. The document must be valid.
func skipValue(doc []byte, i int) int {
	depth := 0
	for ; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			i = skipString(doc, i) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			continue
		default: // a number, true, false or null
			for i+1 < len(doc) && !isSpace(doc[i+1]) && doc[i+1] != ',' && doc[i+1] != '}' && doc[i+1] != ']' {
				i++
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

func CutLast(pointer string) (parent, token string) {
	slash := strings.LastIndexByte(pointer, '/')
	if slash < 0 {
		return "", pointer
	}
	return pointer[:slash], Unescape(pointer[slash+1:])
}

func Unescape(token string) string { return unescaping.Replace(token) }

var unescaping = strings.NewReplacer("~1", "/", "~0", "~")

func EscapePointer(name string) string { return escaping.Replace(name) }

var escaping = strings.NewReplacer("~", "~0", "/", "~1")
