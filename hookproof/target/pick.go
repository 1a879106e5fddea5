package target

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/internal/jsonfile"
)

// picked is the source of one of a subject's values: a place in the subject hook's answer, or the target file itself.
type picked struct {
	pointer  string
	constant bool
	fixed    any
}

// UnmarshalJSON reads a JSON pointer or {"value": …}.
func (p *picked) UnmarshalJSON(raw []byte) error {
	if string(raw) != "null" && json.Unmarshal(raw, &p.pointer) == nil {
		if p.pointer != "" && !strings.HasPrefix(p.pointer, "/") {
			return &pickError{string(raw)}
		}
		return nil
	}
	var constant struct {
		Value any `json:"value"`
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&constant); err != nil || !isScalar(constant.Value) {
		return &pickError{string(raw)}
	}
	p.constant, p.fixed = true, constant.Value
	return nil
}

// isScalar reports whether a value can be a subject's: a text or a whole number.
func isScalar(value any) bool {
	switch v := value.(type) {
	case string:
		return true
	case json.Number:
		_, err := v.Int64()
		return err == nil
	}
	return false
}

// pickError is the error for a value of pick that has neither form.
type pickError struct{ raw string }

func (e *pickError) Error() string {
	return fmt.Sprintf(`%.60s is neither a JSON pointer into the answer, such as "/amount", nor a constant, such as {"value": 4900}`, jsonfile.OneLine([]byte(e.raw)))
}

// value returns the subject's value.
func (p picked) value(answer any) (any, error) {
	if p.constant {
		return p.fixed, nil
	}
	return at(answer, p.pointer)
}
