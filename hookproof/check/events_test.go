package check

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/life"
)

const (
	eventsPage   = "../../docs/events.md"
	eventsBegin  = "<!-- generated: events -->\n"
	eventsEnding = "<!-- end -->\n"
)

// TestEventsPage keeps the tables in docs/events.md as the fixtures and the vocabulary are: go test ./hookproof/check -update.
func TestEventsPage(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(eventsPage)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), eventsBegin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, eventsEnding)
	require.True(t, found)
	want := before + eventsBegin + "\n" + life.Table() + "\n" + eventsEnding + after
	if *update {
		require.NoError(t, os.WriteFile(eventsPage, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "go test ./hookproof/check -update writes it")
}

// Every fixture's type is listed, and every word that is an event of Stripe's stands beside its type.
func TestEventTypesAreWhole(t *testing.T) {
	t.Parallel()
	types, words := map[string]bool{}, map[string]bool{}
	for _, one := range life.Types() {
		require.NotEmpty(t, one.Object, one.Type)
		types[one.Type] = true
		for _, word := range one.Words {
			words[word] = true
		}
	}
	for _, name := range fixtures.EventNames(fixtures.DefaultVersion) {
		body, err := fixtures.Event("", name)
		require.NoError(t, err)
		var read struct{ Type string }
		require.NoError(t, json.Unmarshal(body, &read))
		require.True(t, types[read.Type], name)
	}
	for _, name := range fixtures.LifeNames() {
		l, err := life.BuiltIn(name)
		require.NoError(t, err)
		for word, w := range l.Vocabulary {
			require.Equal(t, w.Type == "", w.Raw != "", word)
			require.True(t, w.Raw != "" || l.FormOf(word) != "" || words[word], word)
		}
	}
}
