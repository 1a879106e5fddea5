package target

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
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
		`, "subject": {"command": ["x"], "http": {"url": "y"}}, "state": {"command": ["x"]}`:                          false,
		`, "state": {"http": {}}, "subject": {"command": ["x"]}`:                                                      false,
		`, "stop": {"command": ["x"]}`:                                                                                false,
		`, "database": {"listen": "a", "upstream": "b"}`:                                                              false,
		`, "database": {"listen": "a", "upstream": "b"}, "stop": {"command": ["x"]}, "start": {"http": {"url": "x"}}`: true,
		`, "api": {"listen": "127.0.0.1:12111"}`:                                                                      true,
		`, "api": {}`:                                                                                                 false,
		`, "ignore": ["/a/*"], "unhandled": ["a"], "replicas": ["u"], "livemode": true`:                               true,
		`, "ignore": ["a"]`: false,
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
	require.True(t, slices.Contains(slices.Sorted(maps.Keys(properties.Properties)), "unhandled"))
}
