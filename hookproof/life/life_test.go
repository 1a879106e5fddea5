package life

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
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

// structural matches what is wrong with a life's form, which editors see by the schema. "There twice" is no matter of a schema.
var structural = regexp.MustCompile(`not known|no words|is missing|cannot be|no JSON pointer|is no value|constant is|is none of|no file that ends|no whole number`)

// What is wrong with a life is told in a sentence with its place.
func TestLifeIsCheckedOnce(t *testing.T) {
	t.Parallel()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(fixtures.LifeSchema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("life.schema.json", document))
	schema, err := compiler.Compile("life.schema.json")
	require.NoError(t, err)
	for _, row := range []struct{ old, with, want string }{
		{`"void":    {`, `"sent": {`, `life.json:7: /words/sent: it is there twice, first in line 4`},
		{`"at": 60, "says": "the invoice is paid"`, `"at": 60, "at": 61, "says": "the invoice is paid"`, `life.json:5: /words/settled/at: it is there twice, first in line 5`},
		{`"ends": ["void"]`, `"ends": []`, `life.json:9: /roles/ends: it has no words`},
		{`"ends": ["void"]`, `"ends": ["vanished"]`, `life.json:9: /roles/ends: there is no word and no phrase "vanished"`},
		{`"grants": "bought", `, ``, `life.json:9: /roles/grants: it is missing`},
		{`"grants": "bought"`, `"grant": "bought"`, `life.json:9: /roles/grant: the key is not known; did you mean grants?`},
		{`"together": [["sent", "settled"]]`, `"together": [[]]`, `life.json:9: /roles/together: it has no words`},
		{`invoice.sent.json`, `invoice.send.json`, `life.json:4: /words/sent/event: there is no file lives/mine/2023-10-16/invoice.send.json`},
		{`{"percent": 33}`, `{"percents": 33}`, `life.json:6: /words/part/with/~1data~1object~1amount_due: {"percents": 33} is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME}, {"subject": NAME}, {"time": NAME} or {"json": VALUE}`},
		{`{"percent": 33}`, `{"percent": 33, "other": "amount"}`, `life.json:6: /words/part/with/~1data~1object~1amount_due: {"percent": 33, "other": "amount"} is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME}, {"subject": NAME}, {"time": NAME} or {"json": VALUE}`},
		{`{"percent": 33}`, `[33]`, `life.json:6: /words/part/with/~1data~1object~1amount_due: a constant is a text, a whole number, true, false or null`},
		{`{"subject": "charge"}`, `{"subject": "price"}`, `life.json:6: /words/part/with/~1data~1object~1charge: names has no "price"`},
		{`{"other": "currency"}`, `{"other": "amount"}`, `life.json:6: /words/part/with/~1data~1object~1currency: names.amount has no other value`},
		{`"/data/object/status"`, `"status"`, `life.json:5: /words/settled/with/status: it is no JSON pointer, which begins with a slash`},
		{`"/data/object/id": "invoice"`, `"/data/object/id": "bill"`, `life.json:3: /bind/~1data~1object~1id: names has no "bill"`},
		{`"/data/object/id": "invoice"`, `"/data/object/id": {"invoice": "bill"}`, `life.json:3: /bind/~1data~1object~1id: names has no "bill"`},
		{`"of": "invoice"`, `"of": "intent"`, `life.json:2: /names/charge/of: names has no "intent" with a prefix`},
		{`"of": "invoice"`, `"of": "charge"`, `life.json:2: /names/charge: it follows from itself: charge, from charge`},
		{`"invoice": {"prefix": "in_"}`, `"invoice": {"prefix": "in_", "suffix": "0"}`, `life.json:2: /names/invoice: it has a suffix, and shares no other name's id`},
		{`"/data/object/id": "invoice"`, `"/data/object/id": "invoice|bill"`, `life.json:3: /bind/~1data~1object~1id: names has no "bill"`},
		{`{"default": 4900}`, `{"default": 49.5}`, `life.json:2: /names/amount/default: 49.5 is no whole number`},
		{`"says": "the invoice is sent"`, `"says": ""`, `life.json:4: /words/sent/says: it is missing`},
		{`"at": 0`, `"at": "soon"`, `life.json:4: /words/sent/at: it cannot be a JSON string`},
		{`"at": 0`, `"at": 0, "of": "nobody"`, `life.json:4: /words/sent/of: "nobody" is none of neighbour, second, stranger`},
		{`"at": 0, `, ``, `life.json:4: /words/sent/at: it is missing: the seconds since the story began, by which events are put in order`},
		{`"at": 0`, `"at": -1`, `life.json:4: /words/sent/at: it is -1, and a story begins at 0`},
		{`{"percent": 33}`, "{\n  \"percents\": 33\n}", `life.json:6: /words/part/with/~1data~1object~1amount_due: { "percents": 33 } is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME}, {"subject": NAME}, {"time": NAME} or {"json": VALUE}`},
		{`"/data/object/status"`, `"/data/object/payment/status"`, `life.json:5: /words/settled/with/~1data~1object~1payment~1status: lives/mine/2023-10-16/invoice.paid.json has no object at /data/object/payment`},
		{`"/data/object/status"`, `"/data/object/status/paid"`, `life.json:5: /words/settled/with/~1data~1object~1status~1paid: lives/mine/2023-10-16/invoice.paid.json has no object at /data/object/status`},
		{`"together": [["sent", "settled"]]`, `"together": [["sent"]]`, `life.json:9: /roles/together: "sent" is alone; Stripe sends two or more words within a moment`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent", "settled", "void"]`, `life.json:8: /phrases/bought: no story has both "settled" and "void": one happens instead of the other`},
		{`"bought": ["sent", "settled"]`, `"bought": ["void", "sent", "settled"]`, `life.json:8: /phrases/bought: no story has both "void" and "settled": one happens instead of the other`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent", "sent"]`, `life.json:8: /phrases/bought: it has "sent" twice`},
		{`"void":    {`, `"make": {`, `life.json:7: /words/make: ` + notAName},
		{`"void":    {`, `"Void": {`, `life.json:7: /words/Void: ` + notAName},
		{`"ends": ["void"]`, `"ends": ["bought"]`, ``},
		{`"void":    {`, `"stranger": {`, `life.json:9: /roles/ends: there is no word and no phrase "void"`},
		{`"instead": ["settled"]`, `"instead": ["paid"]`, `life.json:7: /words/void/instead: there is no word "paid"; did you mean part or void?`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent", "paid"]`, `life.json:8: /phrases/bought: there is no word "paid"; did you mean part or void?`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent"], "sent": ["settled"]`, `life.json:8: /phrases/sent: a word or a role is called so`},
		{`"bought": ["sent", "settled"]`, `"bought": ["sent"], "late": ["settled"]`, `life.json:8: /phrases/late: a word or a role is called so`},
		{`"charge": {"prefix": "ch_", "of": "invoice"}`, `"charge": {"prefix": "ch_", "of": "receipt"}, "receipt": {"prefix": "re_", "of": "charge"}`, `life.json:2: /names/charge: it follows from itself: charge, from receipt, from charge`},
		{`"amount": {"default": 4900}`, `"amount": {"default": 4900}, "fee": {"times": "part"}, "part": {"add": ["fee", 2]}`, `life.json:2: /names/fee: it follows from itself: fee, from part, from fee`},
		{`"says": "the invoice is sent"`, `"says": "the invoice is sent", "as": {"invoice": "charge"}`, `life.json:4: /words/sent/as/invoice: an id follows from itself: charge, from charge`},
		{`"says": "the invoice is sent"`, `"says": "the invoice is sent", "becomes": {"invoice": "charge"}`, `life.json:4: /words/sent/becomes/invoice: an id follows from itself: charge, from charge`},
		{`"says": "the invoice is sent"`, `"says": "the invoice is sent", "as": {"charge": "invoice"}`, ``},
		{`"event": "invoice.sent.json", `, ``, `life.json:4: /words/sent/event: it is missing`},
		{`"invoice.sent.json"`, `"invoice.sent"`, `life.json:4: /words/sent/event: "invoice.sent" is no file that ends in .json`},
		{`"phrases"`, `"shown": ["sold"], "phrases"`, `life.json:8: /shown: there is no phrase "sold"`},
		{`"phrases"`, `"sentences"`, `life.json:8: /sentences: the key is not known`},
		{`"roles"`, `"role"`, `life.json:9: /role: the key is not known; did you mean roles?`},
		{`"/data/object/customer": "customer"`, `"/data/object/custmer": "customer"`, `life.json:3: /bind/~1data~1object~1custmer: no body of the life has that place; did you mean /data/object/customer?`},
		{`"/data/object/customer": "customer"`, `"/data/objects/customer": "customer"`, `life.json:3: /bind/~1data~1objects~1customer: no body of the life has that place`},
		{`"bind": {"/data/object/customer": "invoice"}`, `"bind": {"/data/object/client": "invoice"}`, `life.json:6: /words/part/bind/~1data~1object~1client: no body of the life has that place`},
		{`"/data/object/status"`, `"/data/object/statsu"`, `life.json:5: /words/settled/with/~1data~1object~1statsu: lives/mine/2023-10-16/invoice.paid.json does not have that place, and hookproof knows of no such member of Stripe's invoice; did you mean /data/object/status?`},
		{`"/data/object/status"`, `"/data/object/total_detials"`, `life.json:5: /words/settled/with/~1data~1object~1total_detials: lives/mine/2023-10-16/invoice.paid.json does not have that place, and hookproof knows of no such member of Stripe's invoice`},
		{`"/data/object/status"`, `"/data/object/staus_transitions"`, `life.json:5: /words/settled/with/~1data~1object~1staus_transitions: lives/mine/2023-10-16/invoice.paid.json does not have that place, and hookproof knows of no such member of Stripe's invoice; did you mean /data/object/status_transitions?`},
		{`"/data/object/status"`, `"/data/object/attempt_count"`, ``},  // the body lacks it, and Stripe's invoice has it
		{`"/data/object/status"`, `"/data/object/payment_intent"`, ``}, // and in an older version
		{`"/data/object/status"`, `"/data/object/metadata/cart"`, ``},
		{`"/data/object/status"`, `"/pending_webhook"`, `life.json:5: /words/settled/with/~1pending_webhook: lives/mine/2023-10-16/invoice.paid.json does not have that place, and hookproof knows of no such member of Stripe's event; did you mean /pending_webhooks?`},
		{`"/data/object/status"`, `"/account"`, ``},
		{`"with": {"/data/object/status": "paid"}`, `"sets": {"invoice": {"/statsu": "paid"}}`, `life.json:5: /words/settled/sets/invoice/~1statsu: no invoice of the life has that place; did you mean /status?`},
		{`"with": {"/data/object/status": "paid"}`, `"sets": {"invioce": {"/status": "paid"}}`, `life.json:5: /words/settled/sets/invioce/~1status: no body of the life is of that kind; did you mean invoice?`},
		{`"with": {"/data/object/status": "paid"}`, `"sets": {"invoice": {"/status": "paid"}}`, ``},
		{`"/data/object/id": "invoice"`, `"/data/object/id": {"invoices": "invoice"}`, `life.json:3: /bind/~1data~1object~1id/invoices: no body of the life is of that kind; did you mean invoice?`},
		{`"bind":`, `"ties": ["invoice", "subscripton.metadata.*"], "bind":`, `life.json:3: /ties: bind has no "subscripton.metadata.*"`},
		{`"bind":`, `"ties": ["invoice", "metadata.*"], "bind":`, ``},
		{`"/data/object/metadata": "metadata.*"`, `"/data/object/metadata": "order.metadata.*"`, ``},
		{`"/data/object/customer": "customer", "/data/object/amount_due": "amount", "/data/object/metadata": "metadata.*"}`, `"/data/object/metadata": "ordr.metadata.*"}, "ties": ["order.metadata.*"]`, `life.json:3: /bind/~1data~1object~1metadata: ties has no "ordr.metadata.*"; did you mean order.metadata.*?`},
		{`"at": 0`, `"at": 0, "needs": ["customer", "order.metadata.*"]`, `life.json:4: /words/sent/needs: bind has no "order.metadata.*"`},
		{`"at": 0`, `"at": 0, "needs": ["customer|metadata.*"]`, ``},
		{`]]}}`, `]]}`, `life.json:9: it is not JSON: it ends in the middle`},
	} {
		require.Contains(t, endpointtest.InvoiceLife, row.old)
		text := strings.Replace(endpointtest.InvoiceLife, row.old, row.with, 1)
		_, err := ReadLife(endpointtest.LifeFolder(text), "lives/mine")
		if document, wrong := jsonschema.UnmarshalJSON(strings.NewReader(text)); wrong == nil {
			refused := schema.Validate(document) != nil
			require.False(t, refused && err == nil, "the schema refuses what is read: %s", row.with)
			require.False(t, !refused && structural.MatchString(row.want), "the schema takes what is not read: %s", row.with)
		}
		if row.want == "" {
			require.NoError(t, err, row.with)
			continue
		}
		require.EqualError(t, err, "lives/mine/"+row.want, row.with)
	}
	_, err = ReadLife(endpointtest.LifeFolder(strings.Replace(endpointtest.InvoiceLife, `"part":`, `"stranger":`, 1)), "lives/mine")
	require.EqualError(t, err, "lives/mine/life.json:6: /words/stranger: hookproof has an event called so")
	_, err = ReadLife(fstest.MapFS{}, "lives/mine")
	require.EqualError(t, err, "lives/mine/life.json: there is no such file")
	_, err = ReadLife(fstest.MapFS{"life.json": {Data: []byte(endpointtest.InvoiceLife)}}, "lives/mine")
	require.EqualError(t, err, "lives/mine/life.json: there is no folder of an API version beside it, such as 2023-10-16, with the bodies of its events")
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

// A life is called as its folder, wherever its path begins.
func TestALifeIsCalledAsItsFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "invoices")
	require.NoError(t, os.CopyFS(folder, endpointtest.LifeFolder(endpointtest.InvoiceLife)))
	t.Chdir(folder)
	for _, path := range []string{"life.json", "../invoices/life.json", filepath.Join(folder, "life.json")} {
		l, err := Load(path, path)
		require.NoError(t, err)
		require.Equal(t, "invoices", l.Name, path)
	}
	_, err := Named(filepath.Join("..", "invoices"))
	require.EqualError(t, err, "../invoices is a folder; name its life.json: ../invoices/life.json")
	_, err = Load("2023-10-16/life.json", "2023-10-16/life.json")
	require.EqualError(t, err, "there is no file 2023-10-16/life.json")
	_, err = Load("story.json", "story.json")
	require.EqualError(t, err, "story.json must be called life.json: it stands in its life's folder, beside a folder of events for each API version")
}
