package event

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplice(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ doc, pointer, value, want string }{
		{`{"a":1}`, "/a", `2`, `{"a":2}`},
		{"{ \"a\" :\t1 ,\n\"b\":[ 1,2 ] }", "/b/1", `"x"`, "{ \"a\" :\t1 ,\n\"b\":[ 1,\"x\" ] }"},
		{`{"a":{"b":{"c":"}\"]"}},"d":0}`, "/a/b", `null`, `{"a":{"b":null},"d":0}`},
		{`{"a":"x\\"}`, "/a", `""`, `{"a":""}`},
		{`{"a/b":1,"c~d":2}`, "/a~1b", `3`, `{"a/b":3,"c~d":2}`},
		{`{"a/b":1,"c~d":2}`, "/c~0d", `3`, `{"a/b":1,"c~d":3}`},
		{`{"\u0061":1}`, "/a", `2`, `{"\u0061":2}`},
		{`{}`, "/a", `1`, `{"a":1}`},
		{`{"b":2}`, "/a", `1`, `{"a":1,"b":2}`},
		{`{"o":{ }}`, "/o/a", `1`, `{"o":{"a":1 }}`},
		{` [true,false] `, "/0", `null`, ` [null,false] `},
	} {
		got, err := setAt([]byte(row.doc), row.pointer, []byte(row.value))
		require.NoError(t, err, row.doc)
		require.Equal(t, row.want, string(got))
	}
	for _, pointer := range []string{"a", "/a/b", "/x/y", "/l/7"} {
		_, err := setAt([]byte(`{"a":1,"l":[1]}`), pointer, []byte(`1`))
		require.Error(t, err, pointer)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ doc, pointer, want string }{
		{`{"a":1,"b":2}`, "/a", `{"b":2}`},
		{`{"a":1,"b":2}`, "/b", `{"a":1}`},
		{`{"a":1 , "b":[2]}`, "/b", `{"a":1 }`},
		{`{"a":1}`, "/a", `{}`},
		{`{"a":1}`, "/b", `{"a":1}`},
	} {
		got, err := remove([]byte(row.doc), row.pointer)
		require.NoError(t, err)
		require.Equal(t, row.want, string(got))
	}
}

// FuzzSplice compares splicing the text with changing the parsed document.
func FuzzSplice(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,"x\"}"]},"c":null}`), "a", []byte(`{"z":1}`))
	f.Add([]byte(` { "a" : -1.5e3 } `), "b", []byte(`"é"`))
	f.Fuzz(func(t *testing.T, doc []byte, key string, value []byte) {
		var parsed map[string]any
		var v any
		if json.Unmarshal(doc, &parsed) != nil || parsed == nil || json.Unmarshal(value, &v) != nil || hasTwins(doc) {
			return
		}
		pointer := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		quoted, err := json.Marshal(key)
		if err != nil || json.Unmarshal(quoted, &key) != nil { // what JSON can say of a key that is not UTF-8
			return
		}
		if strings.ContainsRune(key, '\ufffd') {
			return
		}
		got, err := setAt(doc, pointer, value)
		require.NoError(t, err)
		parsed[key] = v
		var again map[string]any
		require.NoError(t, json.Unmarshal(got, &again), "%s", got)
		require.Equal(t, parsed, again)
	})
}

// hasTwins tells whether a name stands twice in the outermost object: which one counts is nobody's promise.
func hasTwins(doc []byte) bool {
	decoder := json.NewDecoder(strings.NewReader(string(doc)))
	_, _ = decoder.Token()
	seen := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		text, ok := name.(string)
		if err != nil || !ok || seen[text] {
			return true
		}
		seen[text] = true
		var skipped json.RawMessage
		if decoder.Decode(&skipped) != nil {
			return true
		}
	}
	return false
}
