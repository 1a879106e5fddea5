package target

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
)

// TestTargetSchema holds the schema to what the reader takes.
func TestTargetSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(fixtures.TargetSchema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("target.schema.json", schema))
	compiled, err := compiler.Compile("target.schema.json")
	require.NoError(t, err)
	for rest, good := range map[string]bool{
		"":             true,
		`, "sate": {}`: false,
		`, "subject": {"command": ["x"], "pick": {"sessionId": "/id"}}, "state": {"sql": {"dsn": "d", "query": "q"}}`: true,
		`, "subject": {"command": ["x"]}`: false,
		`, "subject": {"command": ["x"], "http": {"url": "y"}}, "state": {"command": ["x"]}`:                                                                       false,
		`, "state": {"http": {}}, "subject": {"command": ["x"]}`:                                                                                                   false,
		`, "stop": {"command": ["x"]}`:                                                                                                                             false,
		`, "database": {"listen": "a", "upstream": "b"}`:                                                                                                           false,
		`, "database": {"listen": "a", "upstream": "b"}, "stop": {"command": ["x"]}, "start": {"http": {"url": "x"}}`:                                              true,
		`, "stop": {"listener": "127.0.0.1:3000"}, "start": {"background": {"command": ["x"], "directory": "/y", "env": {"PORT": "3000"}}}`:                        true,
		`, "stop": {"listener": "127.0.0.1:1"}, "start": {"background": {"command": ["x"]}}, "database": {"listen": "a", "upstream": "b", "env": {"PGPORT": "1"}}`: true,
		`, "stop": {"listener": "10.0.0.1:3000"}, "start": {"command": ["x"]}`:                                                                                     false,
		`, "stop": {"listener": "127.0.0.1:3000", "command": ["x"]}, "start": {"command": ["x"]}`:                                                                  false,
		`, "stop": {"command": ["x"]}, "start": {"background": {"command": []}}`:                                                                                   false,
		`, "stop": {"command": ["x"]}, "start": {"background": {"comand": ["x"]}}`:                                                                                 false,
		`, "stop": {"command": ["x"]}, "start": {"listener": "127.0.0.1:1"}`:                                                                                       false,
		`, "break": {"listener": "127.0.0.1:1"}, "mend": {"command": ["x"]}`:                                                                                       false,
		`, "subject": {"background": {"command": ["x"]}}, "state": {"command": ["x"]}`:                                                                             false,
		`, "api": {"listen": "127.0.0.1:12111"}`:                                                                                                                   true,
		`, "api": {}`:                                                                                                                                              false,
		`, "ignore": ["/a/*"], "unhandled": ["a"], "replicas": ["u"], "livemode": true`:                                                                            true,
		`, "ignore": ["a"]`: false,
		`, "lives": {"intent": {}, "yen": {"life": "payment", "subject": {"command": ["x"], "pick": {"sessionId": "/id"}}, "state": {"command": ["x"]}, "ignore": ["/a"], "unhandled": ["a"], "grants": ["/b"], "notAccess": ["/c/*"]}}`: true,
		`, "lives": {}`:                                         false,
		`, "lives": {"payment": null}`:                          false,
		`, "lives": {"payment": {"life": 7}}`:                   false,
		`, "lives": {"payment": {"grants": ["a"]}}`:             false,
		`, "lives": {"payment": {"counters": {}}}`:              false,
		`, "lives": {"payment": {"state": {"command": ["x"]}}}`: false,
	} {
		_, err := parsed(t, rest)
		require.Equal(t, good, err == nil, "the reader: %s: %v", rest, err)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader("{" + least + rest + "}"))
		require.NoError(t, err)
		err = compiled.Validate(document)
		require.Equal(t, good, err == nil, "the schema: %s: %v", rest, err)
	}
	var properties struct{ Properties map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(fixtures.TargetSchema(), &properties))
	keys := reflect.TypeFor[file]()
	for n := range keys.NumField() {
		field := keys.Field(n)
		if name := cmp.Or(field.Tag.Get("json"), strings.ToLower(field.Name)); field.IsExported() {
			require.Contains(t, properties.Properties, name)
		}
	}
}
