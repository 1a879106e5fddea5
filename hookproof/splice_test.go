package hookproof

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
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
		got, err := splice([]byte(row.doc), row.pointer, []byte(row.value))
		require.NoError(t, err, row.doc)
		require.Equal(t, row.want, string(got))
	}
	for _, pointer := range []string{"a", "/a/b", "/x/y", "/l/7"} {
		_, err := splice([]byte(`{"a":1,"l":[1]}`), pointer, []byte(`1`))
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
		got, err := splice(doc, pointer, value)
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

// Every event of every version is bound to its subject at every place, and is the file elsewhere.
func TestEventsAreBound(t *testing.T) {
	t.Parallel()
	subject := Subject{
		"sessionId": "cs_test_mine", "clientReferenceId": "order-7", "paymentIntent": "pi_mine", "amount": 777, "currency": "eur",
		"metadata.orderId": "7", "charge.metadata.orderId": "8", "customer": "cus_mine",
	}
	for _, version := range fixtures.Versions() {
		for _, name := range fixtures.EventNames(version) {
			event, err := bindEvent(version, name, bound{subject, "evt_mine", 1234567890, true})
			require.NoError(t, err)
			file, err := fixtures.Event(version, name)
			require.NoError(t, err)
			var was, is map[string]any
			require.NoError(t, json.Unmarshal(file, &was))
			require.NoError(t, json.Unmarshal(event.Body, &is))
			require.Equal(t, "evt_mine", is["id"])
			require.EqualValues(t, 1234567890, is["created"])
			require.Equal(t, true, is["livemode"])
			require.Equal(t, was["type"], event.Type)

			object := is["data"].(map[string]any)["object"].(map[string]any)
			before := was["data"].(map[string]any)["object"].(map[string]any)
			want := maps.Clone(before)
			for key, value := range map[string]map[string]any{
				"checkout.session": {"id": "cs_test_mine", "client_reference_id": "order-7", "metadata": map[string]any{"orderId": "7"}, "amount_total": 777.0, "amount_subtotal": 777.0},
				"charge":           {"id": "ch_mine", "metadata": map[string]any{"orderId": "8"}, "amount": 777.0, "amount_captured": 777.0, "amount_refunded": 777.0},
				"dispute":          {"id": "du_mine", "charge": "ch_mine", "amount": 777.0},
			}[before["object"].(string)] {
				want[key] = value
			}
			if name == "charge.succeeded" { // nothing has been refunded yet
				want["amount_refunded"] = 0.0
			}
			if before["payment_status"] == "no_payment_required" { // all of the price is taken off, whatever it is
				details := maps.Clone(before["total_details"].(map[string]any))
				details["amount_discount"] = 777.0
				want["amount_total"], want["total_details"] = 0.0, details
			}
			for key, value := range map[string]any{"livemode": true, "currency": "eur", "payment_intent": "pi_mine", "customer": "cus_mine"} {
				if old, there := before[key]; there && (key != "payment_intent" || old != nil) {
					if !slices.Contains([]string{"customer"}, before["object"].(string)) || key == "livemode" || key == "currency" {
						want[key] = value
					}
				}
			}
			require.Equal(t, want, object, "%s of %s", name, version)

			// Who writes again what he has parsed, as Stripe writes it, must find a good signature, and be told by a bad one.
			var written bytes.Buffer
			require.NoError(t, json.Indent(&written, event.Body, "", "  "))
			require.Equal(t, written.String(), string(event.Body), "%s of %s", name, version)
		}
	}
}
