package target

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"example.com/hookproof/hookproof/internal/jsonfile"
)

// Unreadable returns in plain words why JSON could not be decoded.
func Unreadable(err error) error {
	var other *json.UnmarshalTypeError
	switch {
	case errors.As(err, &other):
		return fmt.Errorf("%s must be %s, and not a JSON %s", cmp.Or(other.Field, "the whole"), kindOf(other.Type), other.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is not JSON: it ends in the middle")
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return fmt.Errorf("it is not JSON: %w", err)
}

// kindOf names what a value of a Go type is in JSON.
func kindOf(t reflect.Type) string {
	what := map[reflect.Kind]string{reflect.Slice: "a list", reflect.String: "a text", reflect.Bool: "true or false"}[t.Kind()]
	if t.Kind() <= reflect.Uint64 && what == "" {
		what = "a whole number"
	}
	return cmp.Or(what, "an object")
}

// unreadableAt is Unreadable for a target file, with the place where that is known.
func unreadableAt(raw []byte, err error) error {
	place := placeOfError(raw)
	var other *json.UnmarshalTypeError
	var pick *pickError
	switch {
	case len(place) == 0:
		return Unreadable(err)
	case errors.As(err, &pick):
		return jsonfile.At(pick, place...)
	case errors.As(err, &other) && place[len(place)-1] == "command" && other.Value == "string":
		return place.Wrong(`it must be a list of words, such as ["node", "order.js"], and not one text: there is no shell`)
	case errors.As(err, &other):
		return place.Wrong("it must be %s, and not a JSON %s", kindOf(other.Type), other.Value)
	}
	return jsonfile.UnknownKey(reflect.TypeFor[file](), place)
}

// placeOfError returns the place at which a target file cannot be read; none if it is no JSON, or the whole. encoding/json does not tell it.
func placeOfError(raw []byte) (place jsonfile.Place) {
	var wrong *jsonv2.SemanticError
	if errors.As(jsonv2.Unmarshal(raw, &file{}, jsonv2.RejectUnknownMembers(true), jsonv2.MatchCaseInsensitiveNames(true)), &wrong) {
		for token := range wrong.JSONPointer.Tokens() {
			place = append(place, token)
		}
	}
	return place
}

// absent is a target file that does not exist.
type absent string

func (a absent) Error() string {
	return fmt.Sprintf("the target file %s does not exist; 'hookproof init' writes one", string(a))
}

func (absent) Unwrap() error { return fs.ErrNotExist }
