package life

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
)

// Every event of a payment in every version is bound to its subject at every place, and is the file elsewhere.
func TestEventsAreBound(t *testing.T) {
	t.Parallel()
	subject := event.Subject{
		"sessionId": "cs_test_mine", "clientReferenceId": "order-7", "paymentIntent": "pi_mine", "amount": 777, "currency": "eur",
		"metadata.orderId": "7", "charge.metadata.orderId": "8", "customer": "cus_mine",
	}
	files, err := fixtures.Life("payment")
	require.NoError(t, err)
	for _, version := range versionsIn(files) {
		bodies, err := fs.Glob(files, version+"/*.json")
		require.NoError(t, err)
		for _, body := range bodies {
			name := strings.TrimSuffix(path.Base(body), ".json")
			e, err := Payment.Bind(version, name, Bound{subject, "evt_mine", 1234567890, true})
			require.NoError(t, err)
			file, err := fs.ReadFile(files, body)
			require.NoError(t, err)
			var was, is map[string]any
			require.NoError(t, json.Unmarshal(file, &was))
			require.NoError(t, json.Unmarshal(e.Body, &is))
			require.Equal(t, "evt_mine", is["id"])
			require.EqualValues(t, 1234567890, is["created"])
			require.Equal(t, true, is["livemode"])
			require.Equal(t, was["type"], e.Type)

			object := is["data"].(map[string]any)["object"].(map[string]any)
			kind := object["object"].(string)
			for key, value := range boundTo[kind] {
				require.Equal(t, value, object[key], "%s: %s", body, key)
			}
			for key, value := range map[string]any{"livemode": true, "currency": "eur", "customer": "cus_mine"} {
				if _, there := object[key]; there && !(kind == "customer" || kind == "topup" && key == "customer") {
					require.Equal(t, value, object[key], "%s: %s", body, key)
				}
			}
			if id := object["payment_intent"]; id != nil {
				require.Equal(t, "pi_mine", id, body)
			}
			if object["payment_status"] == "no_payment_required" { // all of the price is taken off, whatever it is
				require.Equal(t, []any{777.0, 0.0}, []any{object["total_details"].(map[string]any)["amount_discount"], object["amount_total"]}, body)
			}
			before, after := leaves(was, ""), leaves(is, "")
			for place := range after {
				if value, there := before[place]; there && value == after[place] {
					continue
				}
				require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(Payment.bind)), func(bound string) bool {
					return place == bound && Payment.bind[bound].of(kind) != "" || strings.HasPrefix(place, "/data/object/metadata/")
				}) || slices.Contains([]string{"/id", "/created", "/livemode", "/data/object/livemode"}, place), "%s: nothing is bound to %s", body, place)
			}

			// Who writes again what he has parsed, as Stripe writes it, must find a good signature, and be told by a bad one.
			var written bytes.Buffer
			require.NoError(t, json.Indent(&written, e.Body, "", "  "))
			require.Equal(t, written.String(), string(e.Body), "%s of %s", name, version)
		}
	}
}

// boundTo is what objects of the payment have for the subject of TestEventsAreBound.
var boundTo = map[string]map[string]any{
	"checkout.session": {"id": "cs_test_mine", "client_reference_id": "order-7", "metadata": map[string]any{"orderId": "7"}, "amount_subtotal": 777.0},
	"payment_intent":   {"metadata": map[string]any{"orderId": "8"}, "amount": 777.0},
	"charge":           {"id": "ch_mine", "metadata": map[string]any{"orderId": "8"}, "amount": 777.0},
	"dispute":          {"id": "du_mine", "charge": "ch_mine", "amount": 777.0},
	"refund":           {"charge": "ch_mine"},
	"invoice":          {"id": "in_mine", "total": 777.0},
}

// leaves are the texts, numbers, trues, falses and nulls of a document, by their places.
func leaves(document any, at string) map[string]any {
	switch v := document.(type) {
	case map[string]any:
		found := map[string]any{}
		for key, value := range v {
			maps.Copy(found, leaves(value, at+"/"+key))
		}
		return found
	case []any:
		found := map[string]any{}
		for n, value := range v {
			maps.Copy(found, leaves(value, fmt.Sprintf("%s/%d", at, n)))
		}
		return found
	}
	return map[string]any{at: document}
}

// Stripe writes ids and metadata as texts, also where the target's own are numbers.
func TestIdsThatAreNumbersAreToldAsTexts(t *testing.T) {
	t.Parallel()
	e, err := Payment.New("checkout.session.completed", event.Subject{
		"sessionId": json.Number("7"), "clientReferenceId": json.Number("7"), "metadata.orderId": json.Number("7"), "paymentIntent": json.Number("8"), "amount": json.Number("4500"),
	})
	require.NoError(t, err)
	var read struct {
		Data struct{ Object map[string]any }
	}
	require.NoError(t, json.Unmarshal(e.Body, &read))
	o := read.Data.Object
	require.Equal(t, []any{"7", "7", "8", map[string]any{"orderId": "7"}, 4500.0},
		[]any{o["id"], o["client_reference_id"], o["payment_intent"], o["metadata"], o["amount_total"]})
}
