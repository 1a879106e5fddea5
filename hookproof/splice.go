package hookproof

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Events are changed in their text: what a pointer names is replaced, and every other byte, spaces and
// order included, stays as it is. An endpoint that verifies a signature over something else than the
// bytes it received shows itself only so.

var errNoPlace = errors.New("there is no such place")

// span is a range of bytes.
type span struct{ from, to int }

// splice replaces the value at a JSON pointer (RFC 6901) of a valid document. A member that its object
// does not have is added in front.
func splice(doc []byte, pointer string, value []byte) ([]byte, error) {
	at, err := find(doc, pointer)
	if err == nil {
		return replace(doc, at.value, value), nil
	}
	if !errors.Is(err, errNoPlace) {
		return nil, err
	}
	parent, last := cutLast(pointer)
	object, parentErr := find(doc, parent)
	if parentErr != nil || doc[object.value.from] != '{' {
		return nil, fmt.Errorf("%s: %w", pointer, err)
	}
	name, err := json.Marshal(last)
	if err != nil {
		return nil, err
	}
	member := append(append(name, ':'), value...)
	inside := span{object.value.from + 1, object.value.from + 1}
	if doc[skipSpace(doc, inside.from)] != '}' {
		member = append(member, ',')
	}
	return replace(doc, inside, member), nil
}

// remove takes a member out of its object. One that is not there is no error.
func remove(doc []byte, pointer string) ([]byte, error) {
	at, err := find(doc, pointer)
	if errors.Is(err, errNoPlace) {
		return doc, nil
	}
	if err != nil {
		return nil, err
	}
	out := at.member
	if next := skipSpace(doc, out.to); doc[next] == ',' {
		out.to = next + 1
	} else {
		for before := out.from - 1; before >= 0; before-- { // the last member takes the comma before it
			if doc[before] == ',' {
				out.from = before
			} else if strings.IndexByte(" \t\r\n", doc[before]) >= 0 {
				continue
			}
			break
		}
	}
	return replace(doc, out, nil), nil
}

func replace(doc []byte, at span, value []byte) []byte {
	out := make([]byte, 0, len(doc)+len(value))
	out = append(out, doc[:at.from]...)
	out = append(out, value...)
	return append(out, doc[at.to:]...)
}

// place is where a pointer leads: the value, and with it the member's name if it is in an object.
type place struct{ value, member span }

func find(doc []byte, pointer string) (place, error) {
	p := place{value: span{from: skipSpace(doc, 0)}}
	if pointer == "" {
		p.value.to = skipValue(doc, p.value.from)
		return p, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return p, fmt.Errorf("a JSON pointer begins with a slash: %q", pointer)
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		var err error
		if p, err = step(doc, p.value.from, unescape(token)); err != nil {
			return p, err
		}
	}
	p.value.to = skipValue(doc, p.value.from)
	p.member.to = p.value.to
	return p, nil
}

// step goes one token deeper, and answers where the place begins.
func step(doc []byte, from int, token string) (place, error) {
	open := doc[from]
	if open != '{' && open != '[' {
		return place{}, errNoPlace
	}
	for i, n := skipSpace(doc, from+1), 0; doc[i] != '}' && doc[i] != ']'; n++ {
		member, found := i, open == '[' && strconv.Itoa(n) == token
		if open == '{' {
			end := skipValue(doc, i)
			name := string(doc[i+1 : end-1])
			if strings.Contains(name, `\`) {
				if err := json.Unmarshal(doc[i:end], &name); err != nil {
					return place{}, err
				}
			}
			found = name == token
			i = skipSpace(doc, skipSpace(doc, end)+1) // past the colon
		}
		if found {
			return place{value: span{from: i}, member: span{from: member}}, nil
		}
		if i = skipSpace(doc, skipValue(doc, i)); doc[i] == ',' {
			i = skipSpace(doc, i+1)
		}
	}
	return place{}, errNoPlace
}

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && strings.IndexByte(" \t\r\n", doc[i]) >= 0 {
		i++
	}
	return i
}

// skipValue answers where the value that begins at i ends. The document is known to be valid.
func skipValue(doc []byte, i int) int {
	depth := 0
	for ; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			for i++; doc[i] != '"'; i++ {
				if doc[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			continue
		default: // a number, true, false or null
			for i+1 < len(doc) && strings.IndexByte(",:]} \t\r\n", doc[i+1]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

func cutLast(pointer string) (parent, token string) {
	slash := strings.LastIndexByte(pointer, '/')
	if slash < 0 {
		return "", pointer
	}
	return pointer[:slash], unescape(pointer[slash+1:])
}

func unescape(token string) string { return unescaping.Replace(token) }

var unescaping = strings.NewReplacer("~1", "/", "~0", "~")
