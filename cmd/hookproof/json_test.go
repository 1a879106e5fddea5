package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// compiled are all published schemas, by their names.
func compiled(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiler, ids := jsonschema.NewCompiler(), map[string]string{}
	for name, one := range schemas {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(one.text))
		require.NoError(t, err, name)
		ids[name] = name + ".schema.json"
		if id, is := document.(map[string]any)["$id"].(string); is {
			ids[name] = id
		}
		require.NoError(t, compiler.AddResource(ids[name], document), name)
	}
	all := map[string]*jsonschema.Schema{}
	for name, id := range ids {
		schema, err := compiler.Compile(id)
		require.NoError(t, err, name)
		all[name] = schema
	}
	return all
}

// TestJSONIsWhatItsSchemaSays: with --json standard output has one document that its schema describes, whatever the exit code is.
func TestJSONIsWhatItsSchemaSays(t *testing.T) {
	t.Parallel()
	all := compiled(t)
	gullible := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(gullible.Close)
	deaf := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadRequest) }))
	t.Cleanup(deaf.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	file := filepath.Join(t.TempDir(), "report.json")
	at := func(url string) []string { return []string{"--url", url, "--secret", "whsec_x"} }
	rows := []struct {
		arguments []string
		schema    string
		code      int
	}{
		{append(at(gullible.URL), "check", "--json", "--only", "authenticity"), "report", failed},
		{append([]string{"check", "--json", "--only", "authenticity/genuine"}, at(gullible.URL)...), "report", passed},
		{append([]string{"check", "--json", "--only", "authenticity", "--life", "subscription"}, at(gullible.URL)...), "error", unusable},
		{append([]string{"check", "--only", "authenticity/wrong-secret", "--json"}, at(gullible.URL)...), "report", failed},
		{append([]string{"check", "--json", "-", "--only", "authenticity/genuine"}, at(gullible.URL)...), "report", passed},
		{append([]string{"check", "--json", file, "--only", "authenticity/genuine"}, at(gullible.URL)...), "", passed},
		{append([]string{"check", "--json", "--only", "no/such"}, at(gullible.URL)...), "error", unusable},
		{append([]string{"check", "--json"}, at(deaf.URL)...), "error", unusable},
		{append([]string{"check", "--json"}, at(gone.URL)...), "error", unusable},
		{append([]string{"check", "--json"}, at("http://192.0.2.1/hook")...), "error", unusable},
		{[]string{"check", "--json"}, "error", unusable},
		{[]string{"check", "--json", "--target", filepath.Join(t.TempDir(), "none.json")}, "error", unusable},
		{[]string{"check", "--no-such-flag", "--json"}, "error", unusable},
		{[]string{"no-such-command", "--json"}, "error", unusable},
		{[]string{"list", "--json"}, "list", passed},
		{[]string{"list", "checks", "--json", "--life", "subscription"}, "list", passed},
		{[]string{"list", "events", "--json"}, "list", passed},
		{[]string{"list", "--json", "events", "--life", "intent"}, "list", passed},
		{[]string{"list", "lives", "--json"}, "list", passed},
		{[]string{"list", "scenarios", "--json"}, "list", passed},
		{[]string{"list", "sceneries", "--json"}, "error", unusable},
		{[]string{"list", "lives", "--life", "intent", "--json"}, "error", unusable},
		{[]string{"explain", "--json", "idempotence/overlapping", "order"}, "explain", passed},
		{[]string{"explain", "S(paid*2) = S(paid)", "--json"}, "explain", passed},
		{[]string{"explain", "no/such", "--json"}, "error", unusable},
		{[]string{"explain", "--json"}, "error", unusable},
		{append([]string{"replay", "--json", "authenticity/genuine"}, at(gullible.URL)...), "replay", passed},
		{append([]string{"replay", "authenticity", "--json"}, at(gullible.URL)...), "replay", failed},
		{append([]string{"replay", "idempotence/fifty-at-once", "--json"}, at(gullible.URL)...), "replay", unusable},
		{append([]string{"replay", "../../fixtures/lives/payment/2023-10-16/checkout.session.completed.json", "--json"}, at(deaf.URL)...), "replay", failed},
		{append([]string{"replay", "no/such", "--json"}, at(gullible.URL)...), "error", unusable},
		{append([]string{"replay", "authenticity", "--json"}, at(gone.URL)...), "error", unusable},
		{[]string{"vectors", "--json"}, "vectors", passed},
		{[]string{"vectors", "--json", "--group", "time"}, "vectors", passed},
		{[]string{"vectors", "--json", "--group", "none"}, "error", unusable},
		{[]string{"vectors", "--json", "--exec", "true"}, "error", unusable},
		{[]string{"record", "--json"}, "error", unusable},
		{[]string{"record", "--json", "--forward", gullible.URL, "--out", filepath.Join(t.TempDir(), "recording"), "--listen", "127.0.0.1:0"}, "recording", passed},
		{[]string{"mutants", "--json", "--root", t.TempDir()}, "error", unusable},
		{[]string{"mutants", "--json", "--root", "../..", "no-such-mutant"}, "error", unusable},
	}
	for _, row := range rows {
		t.Run(strings.Join(row.arguments, " "), func(t *testing.T) {
			t.Parallel()
			arguments := row.arguments
			if at := slices.Index(arguments, "check"); at > 0 { // the command stands first
				arguments = slices.Concat(arguments[at:], arguments[:at])
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out bytes.Buffer
			errs := &once{text: "Recording what comes", do: cancel}
			code := run(ctx, arguments, strings.NewReader(""), &out, errs, func(string) string { return "" })
			require.Equal(t, row.code, code, "%s%s", &out, errs)
			if row.schema == "" {
				require.NotContains(t, out.String(), "{")
				written, err := os.ReadFile(file)
				require.NoError(t, err)
				out.Reset()
				out.Write(written)
				row.schema = "report"
			}
			decoder := json.NewDecoder(&out)
			var raw json.RawMessage
			require.NoError(t, decoder.Decode(&raw), errs)
			_, err := decoder.Token()
			require.ErrorIs(t, err, io.EOF, "one document")
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
			require.NoError(t, err)
			require.NoError(t, all[row.schema].Validate(document), string(raw))
			if row.schema == "error" {
				require.Contains(t, errs.String(), document.(map[string]any)["error"], "it is told on standard error as well")
			}
		})
	}
	tried := map[string]bool{}
	for _, row := range rows {
		for _, argument := range row.arguments {
			tried[argument] = true
		}
	}
	for _, cmd := range rootCommand(nil, nil).Commands() {
		require.Equal(t, cmd.Flags().Lookup("json") != nil && !tried[cmd.Name()], false, "%s --json is not tried", cmd.Name())
	}
}

// The kept scores of suites are what their schema says.
func TestScoresAreWhatTheirSchemaSays(t *testing.T) {
	t.Parallel()
	all := compiled(t)
	for _, suite := range []string{"server", "judge"} {
		raw, err := os.ReadFile("../../hookproof/mutants/" + suite + "/score.json")
		require.NoError(t, err)
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		require.NoError(t, err)
		require.NoError(t, all["score"].Validate(document), suite)
	}
}

// Each schema is printed by its name, is in the list, and says what it is of.
func TestSchemasArePrinted(t *testing.T) {
	t.Parallel()
	print := func(arguments ...string) (string, int) {
		var out, errs strings.Builder
		code := run(t.Context(), append([]string{"schema"}, arguments...), nil, &out, &errs, func(string) string { return "" })
		return out.String() + errs.String(), code
	}
	list, code := print()
	require.Equal(t, passed, code)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		text, code := print(name)
		require.Equal(t, passed, code)
		require.True(t, json.Valid([]byte(text)), name)
		require.Regexp(t, `(?m)^`+name+` +\S`, list)
	}
	text, code := print("reprot")
	require.Equal(t, unusable, code)
	require.Contains(t, text, `there is no schema "reprot"; did you mean report?`)
}
