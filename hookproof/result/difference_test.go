package result_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// A list that is longer in one of two states is told as that, by what is there and not by the words of JSON.
func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		expected, actual result.Leaves
		sentences        []string // elements that only one state has are shown beside them
		elements         []string // their places
	}{
		"nothing":               {result.Leaves{"/a": "1"}, result.Leaves{"/a": "1"}, nil, nil},
		"a value":               {result.Leaves{"/a": "1"}, result.Leaves{"/a": "2"}, []string{"/a is 2 instead of 1"}, nil},
		"a member":              {result.Leaves{"/a": "1"}, result.Leaves{"/b": "2"}, []string{"/a is absent instead of 1", "/b is 2 instead of absent"}, nil},
		"the state itself":      {result.Leaves{"": "1"}, result.Leaves{"": "null"}, []string{" is null instead of 1"}, nil},
		"one element less":      {result.Leaves{"/l/0": "1", "/l/1": "2"}, result.Leaves{"/l/0": "1"}, []string{"/l has 1 element instead of 2"}, []string{"/l/1"}},
		"one element more":      {result.Leaves{"/l/0/k": "1"}, result.Leaves{"/l/0/k": "1", "/l/1/k": "1"}, []string{"/l has 2 elements instead of 1"}, []string{"/l/1/k"}},
		"from an empty list":    {result.Leaves{"/l": "[]"}, result.Leaves{"/l/0/k": "1"}, []string{"/l is a list of 1 element instead of an empty list"}, []string{"/l/0/k"}},
		"to an empty list":      {result.Leaves{"/l/0": "1", "/l/1": "1"}, result.Leaves{"/l": "[]"}, []string{"/l is an empty list instead of a list of 2 elements"}, []string{"/l/0", "/l/1"}},
		"no list at all":        {result.Leaves{"/l": "[]"}, result.Leaves{"/a": "1"}, []string{"/a is 1 instead of absent", "/l is absent instead of an empty list"}, nil},
		"null for a list":       {result.Leaves{"/l": "null"}, result.Leaves{"/l/0": "1"}, []string{"/l is a list of 1 element instead of null"}, []string{"/l/0"}},
		"an object for a list":  {result.Leaves{"/l/a": "1"}, result.Leaves{"/l": "[]"}, []string{"/l is an empty list instead of an object"}, nil},
		"an empty object":       {result.Leaves{"/o": "{}"}, result.Leaves{"/o/a": "1"}, []string{"/o/a is 1 instead of absent"}, nil},
		"no object at all":      {result.Leaves{"/o": "{}"}, result.Leaves{}, []string{"/o is absent instead of an empty object"}, nil},
		"another element":       {result.Leaves{"/l/0": "1"}, result.Leaves{"/l/0": "2"}, []string{"/l/0 is 2 instead of 1"}, nil},
		"that and one more":     {result.Leaves{"/l/0": "1"}, result.Leaves{"/l/0": "2", "/l/1": "3"}, []string{"/l has 2 elements instead of 1", "/l/0 is 2 instead of 1"}, []string{"/l/1"}},
		"a list in an element":  {result.Leaves{"/l/0/m": "[]"}, result.Leaves{"/l/0/m/0": "1"}, []string{"/l/0/m is a list of 1 element instead of an empty list"}, []string{"/l/0/m/0"}},
		"a list in a new one":   {result.Leaves{"/l": "[]"}, result.Leaves{"/l/0/m/0": "1", "/l/0/m/1": "1"}, []string{"/l is a list of 1 element instead of an empty list"}, []string{"/l/0/m/0", "/l/0/m/1"}},
		"the state is a list":   {result.Leaves{"/0": "1"}, result.Leaves{"/0": "1", "/1": "1"}, []string{" has 2 elements instead of 1"}, []string{"/1"}},
		"more than can be read": {result.Leaves{"/l/0": "1"}, result.Leaves{"/l/0": "1", "/l/1": "1", "/l/2": "1", "/l/3": "1", "/l/4": "1"}, []string{"/l has 5 elements instead of 1"}, []string{"/l/1", "/l/2", "/l/3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sentences, elements []string
			for _, d := range result.Differences(row.expected, row.actual) {
				if d.Element {
					elements = append(elements, d.Place)
					require.Contains(t, []string{d.Expected, d.Actual}, "no such element")
				} else {
					sentences = append(sentences, d.Sentence(d.Place))
				}
			}
			require.Equal(t, row.sentences, sentences)
			require.Equal(t, row.elements, elements)
		})
	}
}
