// Package jsonfile reads JSON files that people write. What is wrong in one is an error with the file, the line and the place.
package jsonfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/suggest"
)

// Place is the tokens of a JSON pointer; none is the whole document.
type Place []string

// Error is what is wrong at a place of a file.
type Error struct {
	file  string
	line  int // 0 is not known yet
	place Place
	err   error
}

func (e *Error) Error() string {
	text := e.err.Error()
	if len(e.place) > 0 {
		text = pointer(e.place) + ": " + text
	}
	if e.file != "" && e.line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.file, e.line, text)
	}
	if e.file != "" {
		return e.file + ": " + text
	}
	return text
}

func (e *Error) Unwrap() error { return e.err }

// At returns the error as one at a place further out, or nil for nil. The tokens are those of a JSON pointer to it.
func At(err error, tokens ...string) error {
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		return &Error{place: tokens, err: err}
	}
	if e.file != "" { // it is about another file
		return err
	}
	return &Error{line: e.line, place: slices.Concat(tokens, e.place), err: e.err}
}

// Wrong returns an error at the place, with a text as of fmt.Sprintf.
func (p Place) Wrong(format string, args ...any) error {
	return &Error{place: p, err: fmt.Errorf(format, args...)}
}

// Behind returns the error as one in the line of a document that has an offset, at no place.
func Behind(doc []byte, offset int, err error) error {
	return &Error{line: lineAt(doc, offset), err: err}
}

// In returns the error with the name of the file whose text is doc, and with the line. An error that names a file is left as it is.
func In(file string, doc []byte, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{err: err}
	}
	if e.file != "" {
		return err
	}
	named := *e
	named.file = file
	if named.line == 0 && len(e.place) > 0 {
		named.line = lineOf(doc, e.place)
	}
	return &named
}

// Check returns what is wrong with a document as such: it is no JSON, it is more than one value, or an object has a member twice.
func Check(doc []byte) error {
	if len(bytes.TrimSpace(doc)) == 0 {
		return errors.New("it is empty")
	}
	decoder := json.NewDecoder(bytes.NewReader(doc))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		at := offsetOf(err, len(doc))
		return &Error{line: lineAt(doc, at), err: errors.New("it is not JSON: " + plainly(err, doc, at))}
	}
	if end := int(decoder.InputOffset()); len(bytes.TrimSpace(doc[end:])) > 0 {
		next := len(doc) - len(bytes.TrimLeft(doc[end:], " \t\r\n"))
		return &Error{line: lineAt(doc, next), err: errors.New("there is more after the end of the first value; a file has one")}
	}
	return firstTwin(json.NewDecoder(bytes.NewReader(doc)), doc, nil)
}

// Decode decodes a value and refuses unknown members.
func Decode(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		var place Place
		if wrong.Field != "" {
			place = strings.Split(wrong.Field, ".")
			for n, name := range place {
				place[n] = strings.ToLower(name[:1]) + name[1:]
			}
		}
		return place.Wrong("it cannot be a JSON %s", wrong.Value)
	}
	if name, is := strings.CutPrefix(err.Error(), "json: unknown field "); is {
		name, _ = strconv.Unquote(name)
		return UnknownKey(reflect.TypeOf(into), Place{name})
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// UnknownKey returns the error for a key that a value of a type does not have at a place, with those that were perhaps meant.
func UnknownKey(of reflect.Type, place Place) error {
	last := len(place) - 1
	for _, token := range place[:last] {
		of = inside(of, token)
	}
	return place.Wrong("the key is not known%s", suggest.DidYouMean(place[last], slices.Sorted(maps.Keys(fieldsOf(of)))))
}

// inside returns the type of what a token leads to; nil if that is not known.
func inside(of reflect.Type, token string) reflect.Type {
	if fields := fieldsOf(of); fields != nil {
		return fields[token]
	}
	if of = pointed(of); of != nil && (of.Kind() == reflect.Map || of.Kind() == reflect.Slice) {
		return of.Elem()
	}
	return nil
}

// fieldsOf returns the keys that a struct takes, with their types; nil of another type.
func fieldsOf(of reflect.Type) map[string]reflect.Type {
	if of = pointed(of); of == nil || of.Kind() != reflect.Struct {
		return nil
	}
	fields := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(of) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.IsExported() && !field.Anonymous && key != "-" {
			fields[cmp.Or(key, strings.ToLower(field.Name[:1])+field.Name[1:])] = field.Type
		}
	}
	return fields
}

// pointed returns what a pointer's type points to, and any other type as it is.
func pointed(of reflect.Type) reflect.Type {
	for of != nil && of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of
}

// firstTwin returns an error for the first member that its object has twice.
func firstTwin(decoder *json.Decoder, doc []byte, place Place) error {
	opening, _ := decoder.Token()
	delim, _ := opening.(json.Delim)
	if delim == 0 {
		return nil
	}
	lines := map[string]int{}
	for n := 0; decoder.More(); n++ {
		token := strconv.Itoa(n)
		if delim == '{' {
			name, _ := decoder.Token()
			token = fmt.Sprint(name)
			line := lineAt(doc, int(decoder.InputOffset()))
			if first, twice := lines[token]; twice {
				return &Error{line: line, place: slices.Concat(place, []string{token}), err: fmt.Errorf("it is there twice, first in line %d", first)}
			}
			lines[token] = line
		}
		if err := firstTwin(decoder, doc, slices.Concat(place, []string{token})); err != nil {
			return err
		}
	}
	_, _ = decoder.Token() // the end
	return nil
}

// offsetOf returns where a document stops being JSON.
func offsetOf(err error, end int) int {
	var wrong *json.SyntaxError
	if errors.As(err, &wrong) {
		return int(wrong.Offset)
	}
	return end
}

// plainly returns why a document could not be decoded, whose offset is just behind the letter that is wrong.
func plainly(err error, doc []byte, offset int) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it ends in the middle"
	}
	if offset < 1 || offset > len(doc) {
		return err.Error()
	}
	wrong := doc[offset-1]
	switch {
	case wrong == '\'' || wrong == '/' && (offset == len(doc) || doc[offset] != '/' && doc[offset] != '*'):
		return "texts are in double quotation marks"
	case wrong == '#' || wrong == '/' && offset < len(doc) && (doc[offset] == '/' || doc[offset] == '*'):
		return "it has a comment, which JSON does not allow"
	case (wrong == '}' || wrong == ']') && bytes.HasSuffix(bytes.TrimSpace(doc[:offset-1]), []byte(",")):
		return "there is a comma too many before " + string(wrong)
	case wrong == '"' && strings.HasSuffix(err.Error(), "after object key:value pair"):
		return "a comma is missing before this key"
	case wrong == '"' && strings.HasSuffix(err.Error(), "after array element"):
		return "a comma is missing before this element"
	}
	return err.Error()
}

// lineOf returns the line of the value at a place, or of the innermost value around it that there is.
func lineOf(doc []byte, place Place) int {
	for n := len(place); ; n-- {
		at, err := event.Find(doc, pointer(place[:n]))
		if err == nil {
			return lineAt(doc, at.Value.From)
		}
		if n == 0 {
			return 0
		}
	}
}

func lineAt(doc []byte, offset int) int {
	return 1 + bytes.Count(doc[:min(offset, len(doc))], []byte("\n"))
}

// OneLine returns a value as it is written, with its lines side by side.
func OneLine(raw []byte) string {
	var lines []string
	for line := range strings.Lines(string(raw)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, " ")
}

func pointer(tokens Place) string {
	text := ""
	for _, token := range tokens {
		text += "/" + event.EscapePointer(token)
	}
	return text
}
