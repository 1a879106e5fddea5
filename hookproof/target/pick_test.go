package target

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// What is wrong with a subject is told with what to write instead.
func TestASubjectsMessageSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ answer, pick, why string }{
		"no currency": {`{"id": 7, "amount": 4900}`, `{"clientReferenceId": "/id", "amount": "/amount", "currency": "/currency"}`,
			`its answer has no /currency, where pick looks for currency; it has /amount and /id. If it is the same for all, give pick a constant: "currency": {"value": "usd"}`},
		"no amount": {`{"id": 7}`, `{"clientReferenceId": "/id", "amount": "/total"}`,
			`its answer has no /total, where pick looks for amount; it has /id. If it is the same for all, give pick a constant: "amount": {"value": 4500}`},
		"another place": {`{"order": {"id": 7, "lines": ["a", "b"], "open": true}}`, `{"clientReferenceId": "/id"}`,
			`its answer has no /id, where pick looks for clientReferenceId; it has /order/id, /order/lines/0 and /order/lines/1`},
		"many places": {`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1}`, `{"clientReferenceId": "/id"}`,
			`its answer has no /id, where pick looks for clientReferenceId; it has /a, /b, /c, /d, /e, /f, /g, /h and 2 more`},
		"no place": {`{}`, `{"clientReferenceId": "/id"}`,
			`its answer has no /id, where pick looks for clientReferenceId; it has no text and no whole number`},
		"a slash in a name": {`{"a/b~c": "x"}`, `{"clientReferenceId": "/id"}`,
			`its answer has no /id, where pick looks for clientReferenceId; it has /a~1b~0c`},
		"no tie, and no pick": {`{"id": 7, "amount": 4900}`, ``,
			`its answer has none of sessionId, clientReferenceId, paymentIntent or metadata.KEY, one of which must tie events to the object; add pick, with the place of one: "pick": {"clientReferenceId": "/id"}`},
		"no tie, and no id": {`{"reference": "r_1", "amount": 4900}`, ``,
			`its answer has none of sessionId, clientReferenceId, paymentIntent or metadata.KEY, one of which must tie events to the object; add pick, with the place of one: "pick": {"clientReferenceId": "/reference"}`},
		"a list": {`[{"id": 7}]`, ``, `its answer is not a JSON object; add pick, with the places that are used: "pick": {"clientReferenceId": "/0/id"}`},
		"a name that ends like id": {`{"paid": 0, "order_id": 7}`, ``,
			`its answer has none of sessionId, clientReferenceId, paymentIntent or metadata.KEY, one of which must tie events to the object; add pick, with the place of one: "pick": {"clientReferenceId": "/order_id"}`},
		"no tie in pick": {`{"id": 7}`, `{"orderId": "/id"}`,
			`pick has none of sessionId, clientReferenceId, paymentIntent or metadata.KEY, one of which must tie events to the object; add one: "clientReferenceId": "/id"`},
		"a constant for a tie": {`{"id": 7}`, `{"sessionId": {"value": "cs_test_1"}}`,
			`pick takes none of sessionId, clientReferenceId, paymentIntent or metadata.KEY from the answer, and a constant ties events to no single object; add one: "clientReferenceId": "/id"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := file{}
			subject := `{"subject": {"command": ["echo", ` + string(must(json.Marshal(row.answer))) + `]`
			if row.pick != "" {
				subject += `, "pick": ` + row.pick
			}
			require.NoError(t, json.Unmarshal([]byte(subject+`}}`), &f))
			_, err := made(&f)
			require.EqualError(t, err, row.why)
		})
	}
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return raw
}

// What a hook names and the subject does not have is told with what it has.
func TestAHookThatNamesWhatTheSubjectLacks(t *testing.T) {
	t.Parallel()
	f := file{State: &Hook{Command: []string{"echo", "{{order}}"}}}
	_, err := (&subjects{f: &f, entry: f.own()}).state(t.Context(), event.Subject{"clientReferenceId": "7", "amount": 1})
	require.EqualError(t, err, `there is no value for {{order}}; the subject has amount and clientReferenceId. Let pick name it: "order": "/…"`)
	_, err = (&subjects{f: &f, entry: f.own()}).state(t.Context(), event.Subject{"order": "7"})
	require.NoError(t, err)
}

// A counter that is not where it is looked for is told with what is there.
func TestACounterThatIsNotThere(t *testing.T) {
	t.Parallel()
	f := file{}
	require.NoError(t, json.Unmarshal([]byte(`{"counters": {"command": ["echo", "{\"received\": 1, \"twice\": 0, \"errors\": 0}"], "received": "/received", "duplicates": "/duplicates", "errors": "/errors"}}`), &f))
	_, err := f.counters(t.Context())
	require.EqualError(t, err, "its answer has no /duplicates; it has /errors, /received and /twice")
}

// made asks a file's hook for a subject of the payment life.
func made(f *file) (event.Subject, error) {
	m := &subjects{f: f, entry: f.own()}
	return m.make(context.Background(), m.invent())
}
