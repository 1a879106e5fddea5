package life

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
)

func TestLifeIsRead(t *testing.T) {
	t.Parallel()
	l, err := ReadLife(endpointtest.LifeFolder(endpointtest.InvoiceLife), "lives/mine")
	require.NoError(t, err)
	require.Equal(t, "settled", l.Grant())
	require.Equal(t, []string{"sent", "settled"}, l.WordsOf("bought"))
	require.Equal(t, []string{"settled"}, l.Words["void"].Instead)
	require.EqualValues(t, 60, l.Words["settled"].Age)
	require.Equal(t, "invoice.paid", l.Words["settled"].Event)
	require.Equal(t, map[string]any{"amount": 4900, "currency": "usd"}, l.Usual())
	s := event.Subject{"invoice": "in_7", "amount": 300, "currency": "sek", "metadata.order": "7"}
	for name, want := range map[string]any{
		"invoice": "in_7", "charge": "ch_7", "amount": 300, "currency": "sek", "customer": nil, "metadata.*": map[string]any{"order": "7"},
	} {
		require.Equal(t, want, l.value(name, telling{life: l, s: s}), name)
	}
	require.Equal(t, json.RawMessage("4900"), l.value("amount", telling{life: l}))
	require.Equal(t, "ch_8", l.value("charge", telling{life: l, s: event.Subject{"invoice": "in_7", "charge": "ch_8"}}), "the subject's own")
	require.Equal(t, "ch_7", l.value("customer|charge", telling{life: l, s: s}), "the first that there is")
	require.Equal(t, map[string]any{"order": "7"}, l.value("charge.metadata.*|metadata.*", telling{life: l, s: s}))
	part := l.Words["part"]
	for pointer, want := range map[string]any{"/data/object/amount_due": int64(99), "/data/object/currency": "usd", "/data/object/charge": "ch_7"} {
		require.Equal(t, want, part.with[pointer](telling{life: l, s: s}), pointer)
	}
	require.Equal(t, "sek", part.with["/data/object/currency"](telling{life: l}), "another than the usual one")
	require.Equal(t, "invoice", part.bind["/data/object/customer"].of("invoice"), "one word's own")
}

// What is wrong with a life is told in a sentence with its place.
func TestLifeIsCheckedOnce(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ old, with, want string }{
		{`"void":    {`, `"sent": {`, `words.sent stands there twice`},
		{`"at": 60, "says": "the invoice is paid"`, `"at": 60, "at": 61, "says": "the invoice is paid"`, `words.settled.at stands there twice`},
		{`"ends": ["void"]`, `"ends": []`, `roles.ends: it has no words`},
		{`"ends": ["void"]`, `"ends": ["vanished"]`, `roles.ends: there is no word and no phrase "vanished"`},
		{`"grants": "bought", `, ``, `roles.grants: it is missing`},
		{`"grants": "bought"`, `"grant": "bought"`, `roles: unknown field "grant"`},
		{`"together": [["sent", "settled"]]`, `"together": [[]]`, `roles.together: it has no words`},
		{`invoice.sent.json`, `invoice.send.json`, `words.sent.event: there is no file 2023-10-16/invoice.send.json`},
		{`{"percent": 33}`, `{"percents": 33}`, `words.part.with./data/object/amount_due: {"percents": 33} is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME}, {"subject": NAME}, {"time": NAME} or {"json": VALUE}`},
		{`{"percent": 33}`, `{"percent": 33, "other": "amount"}`, `words.part.with./data/object/amount_due: {"percent": 33, "other": "amount"} is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME}, {"subject": NAME}, {"time": NAME} or {"json": VALUE}`},
		{`{"percent": 33}`, `[33]`, `words.part.with./data/object/amount_due: a constant is a text, a whole number, true, false or null`},
		{`{"subject": "charge"}`, `{"subject": "price"}`, `words.part.with./data/object/charge: names has no "price"`},
		{`{"other": "currency"}`, `{"other": "amount"}`, `words.part.with./data/object/currency: names.amount has no other value`},
		{`"/data/object/status"`, `"status"`, `words.settled.with.status: it is no JSON pointer`},
		{`"/data/object/id": "invoice"`, `"/data/object/id": "bill"`, `bind./data/object/id: names has no "bill"`},
		{`"/data/object/id": "invoice"`, `"/data/object/id": {"invoice": "bill"}`, `bind./data/object/id: names has no "bill"`},
		{`"of": "invoice"`, `"of": "intent"`, `names.charge.of: names has no "intent" with a prefix`},
		{`"of": "invoice"`, `"of": "charge"`, `names.charge.of: it shares its own id`},
		{`"invoice": {"prefix": "in_"}`, `"invoice": {"prefix": "in_", "suffix": "0"}`, `names.invoice: it has a suffix, and shares no other name's id`},
		{`"/data/object/id": "invoice"`, `"/data/object/id": "invoice|bill"`, `bind./data/object/id: names has no "bill"`},
		{`{"default": 4900}`, `{"default": 49.5}`, `names.amount: 49.5 is no whole number`},
		{`"says": "the invoice is sent"`, `"says": ""`, `words.sent.says: it is missing`},
		{`"at": 0`, `"at": "soon"`, `words.sent: at cannot be a JSON string`},
		{`"at": 0`, `"at": 0, "of": "nobody"`, `words.sent.of: "nobody" is none of neighbour, second, stranger`},
		{`"void":    {`, `"make": {`, `words.make: a schedule can name no event so`},
		{`"void":    {`, `"Void": {`, `words.Void: a schedule can name no event so`},
		{`"ends": ["void"]`, `"ends": ["bought"]`, ``},
		{`"void":    {`, `"stranger": {`, `roles.ends: there is no word and no phrase "void"`},
		{`"instead": ["settled"]`, `"instead": ["paid"]`, `words.void.instead: there is no word "paid"`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent", "paid"]`, `phrases.bought: there is no word "paid"`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent"], "sent": ["settled"]`, `phrases.sent: a word or a role is called so`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent"], "late": ["settled"]`, `phrases.late: a word or a role is called so`},
		{`"phrases"`, `"sentences"`, `unknown field "sentences"`},
		{`]]}}`, `]]}`, `it is no JSON`},
	} {
		require.Contains(t, endpointtest.InvoiceLife, row.old)
		_, err := ReadLife(endpointtest.LifeFolder(strings.Replace(endpointtest.InvoiceLife, row.old, row.with, 1)), "lives/mine")
		if row.want == "" {
			require.NoError(t, err, row.with)
			continue
		}
		require.EqualError(t, err, "lives/mine/life.json: "+row.want, row.with)
	}
	_, err := ReadLife(endpointtest.LifeFolder(strings.Replace(endpointtest.InvoiceLife, `"part":`, `"stranger":`, 1)), "lives/mine")
	require.EqualError(t, err, "lives/mine/life.json: words.stranger: hookproof has an event called so")
	_, err = ReadLife(fstest.MapFS{}, "lives/mine")
	require.EqualError(t, err, "lives/mine/life.json: there is no such file")
	_, err = ReadLife(fstest.MapFS{"life.json": {Data: []byte(endpointtest.InvoiceLife)}}, "lives/mine")
	require.ErrorContains(t, err, "there is no folder of an API version")
}

// Every built-in life can be read.
func TestBuiltInLives(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures.LifeNames() {
		files, err := fixtures.Life(name)
		require.NoError(t, err)
		_, err = ReadLife(files, "fixtures/lives/"+name)
		require.NoError(t, err)
	}
}
