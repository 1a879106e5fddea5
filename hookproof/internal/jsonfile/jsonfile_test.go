package jsonfile

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

const document = "{\n  \"a\": {\"b/c\": 1,\n    \"d\": [1,\n      {\"e\": 2}]}\n}\n"

func TestErrorsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"none":               {nil, ""},
		"the whole":          {why, "x.json: why"},
		"a place":            {At(why, "a", "b/c"), "x.json:2: /a/b~1c: why"},
		"of several parts":   {At(At(why, "1", "e"), "a", "d"), "x.json:4: /a/d/1/e: why"},
		"that is missing":    {At(why, "a", "d", "7"), "x.json:3: /a/d/7: why"},
		"with a text":        {Place{"a"}.Wrong("no %d", 7), "x.json:2: /a: no 7"},
		"of another file":    {At(In("y.json", []byte("\n1"), At(why, "z")), "a"), "y.json:2: /z: why"},
		"wrapped":            {In("x.json", []byte(document), At(why, "a")), "x.json:2: /a: why"},
		"with a line itself": {At(Check([]byte("{\n\"a\": 1,\n\"a\": 2}")), "b"), "x.json:3: /b/a: it is there twice, first in line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := In("x.json", []byte(document), row.err)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, row.want)
			if name != "with a line itself" && name != "with a text" {
				require.ErrorIs(t, err, why)
			}
		})
	}
	require.EqualError(t, At(why, "a", "d"), "/a/d: why", "without a file")
	require.NoError(t, At(nil, "a"))
}

func TestDocumentsAreChecked(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		document:                               "",
		`{"a": {"x": 1}, "b": {"x": 1}}`:       "",
		" \n":                                  "x.json: it is empty",
		"{\n\"a\": 1":                          "x.json:2: it is not JSON: it ends in the middle",
		"{\n\"a\": 1,\n}":                      "x.json:3: it is not JSON: there is a comma too many before }",
		"{\n\"a\": [1,]}":                      "x.json:2: it is not JSON: there is a comma too many before ]",
		"{\n'a': 1}":                           "x.json:2: it is not JSON: texts are in double quotation marks",
		"{\n// a\n\"a\": 1}":                   "x.json:2: it is not JSON: it has a comment, which JSON does not allow",
		"{\"a\": /id}":                         "x.json:1: it is not JSON: texts are in double quotation marks",
		"{\"a\": 1\n\"b\": 2}":                 "x.json:2: it is not JSON: a comma is missing before this key",
		"[\"a\"\n\"b\"]":                       "x.json:2: it is not JSON: a comma is missing before this element",
		"{\"a\": nope}":                        "x.json:1: it is not JSON: invalid character 'o' in literal null (expecting 'u')",
		"{}\n\n{}":                             "x.json:3: there is more after the end of the first value; a file has one",
		"{}\n]":                                "x.json:2: there is more after the end of the first value; a file has one",
		"[{},\n {\"b\": 1, \"\\u0062\":\n 2}]": "x.json:2: /1/b: it is there twice, first in line 2",
	} {
		err := In("x.json", []byte(doc), Check([]byte(doc)))
		if want == "" {
			require.NoError(t, err, doc)
		} else {
			require.EqualError(t, err, want, doc)
		}
	}
}

func TestDecodingIsStrict(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"count": 1, "inner": {"names": ["a"]}}`: "",
		`{"counts": 1}`:           "/counts: the key is not known; did you mean count?",
		`{"inner": {"names": 1}}`: "/inner/names: it cannot be a JSON number",
		`[]`:                      "it cannot be a JSON array",
	} {
		var into struct {
			Count int
			Inner struct{ Names []string }
		}
		err := Decode([]byte(raw), &into)
		if want == "" {
			require.NoError(t, err, raw)
		} else {
			require.EqualError(t, err, want, raw)
		}
	}
}
