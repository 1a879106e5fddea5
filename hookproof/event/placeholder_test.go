package event

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"id", "env.TOKEN_2", "metadata.order-no", "id"}, Placeholders(`{{id}}/{{env.TOKEN_2}}{{metadata.order-no}} {{{id}}}`))
	require.Empty(t, Placeholders("{id} {{}} {{ id }} {{a b}} {{id} {{id"))
}

func TestFill(t *testing.T) {
	t.Parallel()
	filled, err := Fill("{{a}}-{{b.c}}, {{ a }} and {{a}}", func(name string) (string, error) { return "<" + name + "{{a}}>", nil })
	require.NoError(t, err)
	require.Equal(t, "<a{{a}}>-<b.c{{a}}>, {{ a }} and <a{{a}}>", filled, "a value is not filled in turn")

	_, err = Fill("{{a}} {{b}} {{c}}", func(name string) (string, error) {
		if name == "a" {
			return "", nil
		}
		return "", errors.New("no " + name)
	})
	require.EqualError(t, err, "no b", "the first error counts")
}

// A scenario's values may name a subject's, and are otherwise texts of their own.
func TestAScenariosPlaceholdersAreSubjects(t *testing.T) {
	t.Parallel()
	subjects := map[string]Subject{"order": {"metadata.note": `a "b"`}}
	with := func(value string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"/note": json.RawMessage(value)}
	}
	e, err := Override(Event{Body: []byte(`{"note": "old"}`)}, with(`"{{order.metadata.note}}, {{name}}"`), subjects)
	require.NoError(t, err)
	require.JSONEq(t, `{"note": "a \"b\", {{name}}"}`, string(e.Body))
	for _, missing := range []string{"{{order.id}}", "{{other.metadata.note}}"} {
		_, err = Override(Event{Body: []byte(`{"note": "old"}`)}, with(`"`+missing+`"`), subjects)
		require.EqualError(t, err, missing+": the scenario has no such subject, or it has no such value")
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	require.Equal(t, `a \"b\" \\ ü\n`, Escape("a \"b\" \\ ü\n"))
	require.Empty(t, Escape(""))
}
