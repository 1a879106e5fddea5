package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Where two states hold each its own subject's short id is found by comparing them; a number that only equals an id stays.
func TestShortIDsAreFoundByComparing(t *testing.T) {
	t.Parallel()
	second, third := event.Subject{"clientReferenceId": json.Number("2"), "amount": json.Number("3")}, event.Subject{"clientReferenceId": json.Number("3"), "amount": json.Number("3")}
	first, tenth := event.Subject{"clientReferenceId": "ord_1"}, event.Subject{"clientReferenceId": "ord_10"}
	for _, row := range []struct {
		a, b        string
		sa, sb      event.Subject
		c           string // another state of sa's
		want, wantC normalized
	}{
		{`{"id": 2, "n": 1}`, `{"id": 3, "n": 1}`, second, third, `{"id": 2, "n": 2}`,
			normalized{"/id": `"{{clientReferenceId}}"`, "/n": "1"}, normalized{"/id": `"{{clientReferenceId}}"`, "/n": "2"}},
		{`{"id": "2", "n": 2}`, `{"id": "3", "n": 2}`, second, third, `{"id": "2", "n": 2}`,
			normalized{"/id": `"{{clientReferenceId}}"`, "/n": "2"}, normalized{"/id": `"{{clientReferenceId}}"`, "/n": "2"}},
		{`{"url": "/orders/2?n=12", "n": 0}`, `{"url": "/orders/3?n=12", "n": 0}`, second, third, `{"url": "/orders/2?n=12", "n": 2}`,
			normalized{"/url": `"/orders/{{clientReferenceId}}?n=12"`, "/n": "0"}, normalized{"/url": `"/orders/{{clientReferenceId}}?n=12"`, "/n": "2"}},
		{`[{"order": "ord_1"}]`, `[{"order": "ord_10"}]`, first, tenth, `[{"order": "ord_1"}, {"order": "ord_1"}, {"order": "ord_10"}]`,
			normalized{"/0/order": `"{{clientReferenceId}}"`},
			normalized{"/0/order": `"{{clientReferenceId}}"`, "/1/order": `"{{clientReferenceId}}"`, "/2/order": `"ord_10"`}},
		{`{"orders": {"2": {"n": 1}}}`, `{"orders": {"3": {"n": 1}}}`, second, third, `{"orders": {"2": {"n": 2}, "3": {"n": 2}}}`,
			normalized{"/orders/{{clientReferenceId}}/n": "1"}, normalized{"/orders/{{clientReferenceId}}/n": "2", "/orders/3/n": "2"}},
		// One of them is no id: nothing is masked.
		{`{"n": 2}`, `{"n": 1}`, second, third, `{"n": 2}`, normalized{"/n": "2"}, normalized{"/n": "2"}},
		{`{"n": 2}`, `{"n": 2}`, second, third, `{"n": 2}`, normalized{"/n": "2"}, normalized{"/n": "2"}},
		{`{"list": [1, 1, 1]}`, `{"list": [1, 1, 1, 1]}`, second, third, `{"list": [1, 1, 1]}`,
			normalized{"/list/0": "1", "/list/1": "1", "/list/2": "1"}, normalized{"/list/0": "1", "/list/1": "1", "/list/2": "1"}},
	} {
		of := func(state string, s event.Subject) normalized {
			c, err := normalize(json.RawMessage(state), idNames(life.Payment, s), nil)
			require.NoError(t, err)
			return c
		}
		var ids idPlaces
		ids.learn(of(row.a, row.sa), of(row.b, row.sb), row.sa, row.sb)
		require.Equal(t, row.want, ids.mask(of(row.a, row.sa), row.sa), row.a)
		require.Equal(t, row.wantC, ids.mask(of(row.c, row.sa), row.sa), row.c)
	}
}

// numbered is a stall whose orders are numbered, and whose state shows the number in a shape, with what was shipped.
func numbered(t *testing.T, lie func(*stall), id func(n int) any, shape func(id any, shipped int, refunded bool) any) *target.Target {
	endpoint := openStall(t, lie).target()
	subject, state := endpoint.Subject, endpoint.State
	endpoint.Announce = nil
	var mu sync.Mutex
	made := 0
	endpoint.Subject = func(ctx context.Context) (event.Subject, error) {
		s, err := subject(ctx)
		mu.Lock()
		defer mu.Unlock()
		made++
		s["clientReferenceId"] = id(made)
		return s, err
	}
	endpoint.State = func(ctx context.Context, s event.Subject) (any, error) {
		said, err := state(ctx, s)
		if err != nil {
			return nil, err
		}
		o := said.(map[string]any)
		return map[string]any{"status": o["status"], "of": shape(s["clientReferenceId"], o["shipped"].(int), o["refunded"] != 0)}, nil
	}
	return endpoint
}

// An order that is numbered from one is judged as any other, and a count that may equal its number is a count.
func TestShortIDsAccuseNobodyAndHideNothing(t *testing.T) {
	t.Parallel()
	number := func(n int) any { return json.Number(strconv.Itoa(n)) }
	text := func(n int) any { return fmt.Sprintf("o_%d", n) }
	rows := func(id any, shipped int, _ bool) any {
		list := []any{}
		for range shipped {
			list = append(list, map[string]any{"order": id})
		}
		return list
	}
	doubles := func(s *stall) {
		s.before = func(e stallEvent, o *stallOrder) bool {
			paid := e.Data.Object.PaymentStatus == "paid"
			if paid {
				o.rank, o.shipped = max(o.rank, 4), o.shipped+1
			}
			return paid
		}
		s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
	}
	for name, row := range map[string]struct {
		id    func(int) any
		shape func(any, int, bool) any
	}{
		"a number": {number, func(id any, shipped int, _ bool) any { return map[string]any{"id": id, "shipped": shipped} }},
		"a text":   {text, func(id any, shipped int, _ bool) any { return map[string]any{"id": id, "shipped": shipped} }},
		"part of a text": {number, func(id any, shipped int, _ bool) any {
			return map[string]any{"url": fmt.Sprintf("/orders/%v", id), "shipped": shipped}
		}},
		"a member's name":       {number, func(id any, shipped int, _ bool) any { return map[string]any{fmt.Sprint(id): shipped} }},
		"rows once it is paid":  {number, rows},
		"texts once it is paid": {text, rows},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				only := Options{Only: []string{"idempotence/redelivered", "idempotence/later", "idempotence/two-ids", "order/repeated"}, Skip: []string{"idempotence/later"}}
				r, err := Judge(t.Context(), numbered(t, nil, row.id, row.shape), only)
				require.NoError(t, err)
				requireNone(t, r, result.Fail, result.NotRun)
				r, err = Judge(t.Context(), numbered(t, doubles, row.id, row.shape), only)
				require.NoError(t, err)
				require.Equal(t, result.Fail, findingOf(t, r, "idempotence/redelivered").Verdict, findingOf(t, r, "idempotence/redelivered").Why)
			})
		})
	}
}

// An id that comes with a refund alone is named for ignore, and is no fault.
func TestAShortIDThatARefundBringsIsNamed(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := numbered(t, nil, func(n int) any { return fmt.Sprintf("o_%d", n) }, func(id any, shipped int, refunded bool) any {
			list := []any{}
			if refunded {
				list = append(list, map[string]any{"order": id})
			}
			return map[string]any{"shipped": shipped, "refunds": list}
		})
		r, err := Judge(t.Context(), target, Options{Only: []string{"order/repeated"}})
		require.NoError(t, err)
		f := findingOf(t, r, "order/repeated")
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.Contains(t, f.Why, `add to the target file's ignore: ["/of/refunds/*/order"]`)
		target.Ignore = []string{"/of/refunds/*/order"}
		r, err = Judge(t.Context(), target, Options{Only: []string{"order/repeated"}})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "order/repeated").Verdict, findingOf(t, r, "order/repeated").Why)
	})
}
