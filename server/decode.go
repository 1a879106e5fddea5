package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/hookproof/bodies"
)

// maxBody is the limit of a request's body in bytes. The webhook has a limit of its own.
const maxBody = bodies.Usual

// bodyTime is what a body has to arrive.
const bodyTime = 5 * time.Second

// decodeBody reads the request's body, one JSON object, into the struct that v points to. The errors
// are problems (413 for a body past maxBody, 400 for the rest) whose sentences name the field.
//
// It is stricter than encoding/json: names count letter by letter, an unknown field is refused, null
// is not a value, and a field that is missing is an error unless it is a pointer. Of a name given
// twice the last counts. The Content-Type is not looked at: the body is the object asked for, or it is
// not, and whoever types a curl line at night should not be refused for a header.
//
// The struct is flat, with json tags. Its fields are string, int64, bool, time.Time, or pointers to them.
func decodeBody(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	defer body.Free()
	values, err := objectOf(body.Bytes())
	if err != nil {
		return err
	}
	return fillStruct(reflect.ValueOf(v).Elem(), values)
}

// readBody reads the body of a request, of which maxBody bytes are the most. The errors are problems.
func readBody(w http.ResponseWriter, r *http.Request) (*bodies.Buffer, error) {
	body, err := bodies.Source{Limit: maxBody, Time: bodyTime}.Read(w, r)
	switch {
	case errors.Is(err, bodies.ErrTooLarge):
		return nil, tooLarge("the body is larger than 64 KiB")
	case errors.As(err, new(*problem)):
		return nil, err // it has arrived, and there is no room to work on it
	case err != nil:
		unreadable := badRequest("the body could not be read to its end")
		unreadable.header.Set("Connection", "close")
		return nil, unreadable
	}
	return body, nil
}

// skipBody reads a body that says nothing: a client may send one with any POST, and the request has arrived only
// when its body has.
func skipBody(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err == nil {
		body.Free()
	}
	return err
}

// objectOf takes the body's one JSON object apart.
func objectOf(body []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, badRequest("the body is empty; it must be a JSON object")
	}
	// encoding/json would replace such bytes silently, and two different names could become one.
	if !utf8.Valid(body) {
		return nil, badRequest("the body is not valid UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var whole json.RawMessage
	if err := decoder.Decode(&whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, badRequest(fmt.Sprintf("the body is not valid JSON at byte %d", syntax.Offset))
		}
		return nil, badRequest("the body ends in the middle of its JSON")
	}
	if rest := body[decoder.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return nil, badRequest("the body goes on after its JSON object")
	}
	var values map[string]json.RawMessage
	if whole[0] != '{' || json.Unmarshal(whole, &values) != nil {
		return nil, badRequest("the body must be a JSON object, not " + kindOf(whole))
	}
	return values, nil
}

// fillStruct sets the fields of a struct. Faults are found in a fixed order, so that the same body always
// gets the same sentence: unknown fields by name, then the struct's fields as declared.
func fillStruct(target reflect.Value, values map[string]json.RawMessage) error {
	names := make([]string, target.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(target.Type().Field(i).Tag.Get("json"), ",")
	}
	unknown := make([]string, 0)
	for name := range values {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return badRequest(fmt.Sprintf("unknown field %q; the fields are %s",
			shorten(slices.Min(unknown)), strings.Join(names, ", ")))
	}
	for i, name := range names {
		field := target.Field(i)
		optional := field.Kind() == reflect.Pointer
		raw, given := values[name]
		if !given {
			if optional {
				continue
			}
			return badRequest(name + " is missing")
		}
		if optional {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		if err := setField(field.Addr().Interface(), name, raw); err != nil {
			return err
		}
	}
	return nil
}

func setField(field any, name string, raw json.RawMessage) error {
	wrong := func(expected string) error {
		return badRequest(fmt.Sprintf("%s must be %s, not %s", name, expected, kindOf(raw)))
	}
	switch field := field.(type) {
	case *string:
		if raw[0] != '"' || json.Unmarshal(raw, field) != nil {
			return wrong("a string")
		}
		// PostgreSQL's text cannot hold it, and some clients end a string there.
		if strings.ContainsRune(*field, 0) {
			return badRequest(name + " must not contain a NUL character")
		}
	case *int64:
		number, err := strconv.ParseInt(string(raw), 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return badRequest(name + " is out of range")
		}
		if err != nil {
			return wrong("a whole number")
		}
		*field = number
	case *bool:
		if json.Unmarshal(raw, field) != nil || raw[0] == 'n' {
			return wrong("true or false")
		}
	case *time.Time:
		var text string
		if raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
			return wrong("a string that holds a time")
		}
		at, fault := parseTime(text)
		if fault != "" {
			return badRequest(name + " must " + fault)
		}
		*field = at
	default:
		panic(fmt.Sprintf("decodeBody does not know fields of type %T", field))
	}
	return nil
}

// kindOf names what a JSON value is.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	if bytes.ContainsAny(raw, ".eE") {
		return "a number with a fraction or an exponent"
	}
	return "a number"
}

// shorten keeps a caller's own text in an answer to a line.
func shorten(text string) string {
	const most = 40
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}
