package event

import (
	"encoding/json"
	"regexp"
)

var placeholder = regexp.MustCompile(`\{\{([\w.-]+)\}\}`)

// Placeholders returns the names of the placeholders in a text, which are written {{name}}, in order.
func Placeholders(text string) (names []string) {
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// Fill replaces each {{name}} in a text by its value. It returns the first error of value.
func Fill(text string, value func(name string) (string, error)) (string, error) {
	var first error
	filled := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		text, err := value(match[2 : len(match)-2])
		if first == nil {
			first = err
		}
		return text
	})
	return filled, first
}

// Escape writes a text as it stands inside a JSON string, without the quotation marks.
func Escape(text string) string {
	quoted, _ := json.Marshal(text) // a string can always be marshalled
	return string(quoted[1 : len(quoted)-1])
}
