package hookproof

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
)

var update = flag.Bool("update", false, "write the generated parts of docs anew")

const (
	documentation = "../docs/checks.md"
	tableBegins   = "<!-- generated: checks -->\n"
	tableEnds     = "<!-- end -->\n"
)

// TestDocumentation keeps docs/checks.md as the checks are: go test ./hookproof -update.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(documentation)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), tableBegins)
	require.True(t, found)
	_, after, found := strings.Cut(rest, tableEnds)
	require.True(t, found)
	want := before + tableBegins + "\n" + Table(Checks()) + "\n" + tableEnds + after
	if *update {
		require.NoError(t, os.WriteFile(documentation, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "go test ./hookproof -update writes it")
}

// TestChecksAreWhole looks at every row: it can be parsed, says what it must, and names faults that there are.
func TestChecksAreWhole(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, c := range Checks() {
		require.False(t, names[c.Name], "%s is there twice", c.Name)
		names[c.Name] = true
		require.Contains(t, []string{"authenticity", "idempotence", "order", "ack-policy", "faults", "meaning", "bookkeeping"}, c.Family())
		for _, text := range []string{c.Demand, c.Source, c.Says, c.Why, c.Fix} {
			require.NotEmpty(t, text, c.Name)
		}
		require.True(t, strings.HasSuffix(c.Demand, "."), c.Name)
		require.Contains(t, pages, c.Source, c.Name)
		require.Equal(t, c.Source == ourPolicy, c.Heading == "", "%s names the heading of the page", c.Name)
		for _, fault := range c.Kills {
			require.Contains(t, knownFaults(), fault, c.Name)
		}
		for _, need := range c.Needs() {
			require.Contains(t, Needs, need, c.Name)
			require.NotEmpty(t, hookNames[need], need)
		}
		require.NotEmpty(t, c.Relations, "%s has nothing to try", c.Name)
		for _, r := range c.Relations {
			for _, text := range append(expand(r.Left, 24, 1), r.Right) {
				_, err := ParseSchedule(text)
				require.NoError(t, err, c.Name)
			}
			require.Contains(t, []string{"", "=", "≠", "∌"}, r.Op, c.Name)
			if r.Fault != "" {
				require.Contains(t, faults, r.Fault, c.Name)
			}
		}
	}
	require.GreaterOrEqual(t, len(names), 45)
}

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
