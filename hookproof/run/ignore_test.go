package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What is ignored is masked, and keeps its place, so that one and two differ.
func TestWhatIsIgnoredKeepsItsPlace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		state, ignore string
		want          normalized
	}{
		{`{"keys": [{"key": "a"}, {"key": "b"}]}`, `/keys/*/key`, normalized{"/keys/0/key": ignored, "/keys/1/key": ignored}},
		{`{"keys": ["a", "b"]}`, `/keys/*`, normalized{"/keys/0": ignored, "/keys/1": ignored}},
		{`{"keys": ["a", "b"]}`, `/keys/1`, normalized{"/keys/0": `"a"`, "/keys/1": ignored}},
		{`{"keys": []}`, `/keys/*`, normalized{"/keys": "[]"}},
		{`["a"]`, `/*`, normalized{"/0": ignored}},
		// The list itself is one place: its length is hidden, too.
		{`{"keys": ["a", "b"]}`, `/keys`, normalized{"/keys": ignored}},
		// A map whose every member is ignored has no names either.
		{`{"keys": {"b": 1, "a": {"seats": 2}}}`, `/keys/*`, normalized{"/keys/0": ignored, "/keys/1": ignored}},
		{`{"keys": {"b": {"at": 1, "n": 2}}}`, `/keys/*/at`, normalized{"/keys/b/at": ignored, "/keys/b/n": "2"}},
		{`{"a": {"b": [[{"c": "x"}], []]}}`, `/a/b/*/*/c`, normalized{"/a/b/0/0/c": ignored, "/a/b/1": "[]"}},
		// A member that is named says nothing at all, not even by being there.
		{`{"n": 1, "at": "now"}`, `/at`, normalized{"/n": "1", "/at": ignored}},
		{`{"n": 1, "at": null}`, `/at`, normalized{"/n": "1", "/at": ignored}},
		{`{"n": 1}`, `/at`, normalized{"/n": "1", "/at": ignored}},
		{`{}`, `/at`, normalized{"/at": ignored}},
		{`{"n": 1}`, `/deep/at`, normalized{"/n": "1"}},
		{`{"a/b": 1}`, `/a~1b`, normalized{"/a~1b": ignored}},
	} {
		c, err := normalize(json.RawMessage(row.state), idNames(life.Payment, nil), []string{row.ignore})
		require.NoError(t, err)
		require.Equal(t, row.want, c, "%s without %s", row.state, row.ignore)
	}
}

// What is proposed for ignore makes the two states alike, and not those of which one has more.
func TestWhatDiffersIsProposedForIgnore(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		left, right string
		want        []string
		twice       string // the right state after a double, which still has to show
	}{
		{`{"key": "a", "n": 1}`, `{"key": "b", "n": 1}`, []string{"/key"}, `{"key": "c", "n": 2}`},
		{`{"keys": ["a"]}`, `{"keys": ["b"]}`, []string{"/keys/*"}, `{"keys": ["b", "c"]}`},
		{`{"keys": [{"key": "a"}]}`, `{"keys": [{"key": "b"}]}`, []string{"/keys/*/key"}, `{"keys": [{"key": "b"}, {"key": "c"}]}`},
		{`[{"id": 1, "n": 1}, {"id": 2, "n": 1}]`, `[{"id": 3, "n": 1}, {"id": 4, "n": 1}]`, []string{"/*/id"}, `[{"id": 3, "n": 1}, {"id": 4, "n": 2}]`},
		{`{"keys": {"a": true}}`, `{"keys": {"b": true}}`, []string{"/keys/*"}, `{"keys": {"b": true, "c": true}}`},
		{`{"by": {"x": {"keys": {"a": 1}}}}`, `{"by": {"x": {"keys": {"b": 1}}}}`, []string{"/by/x/keys/*"}, `{"by": {"x": {"keys": {"b": 1, "c": 1}}}}`},
		{`{"n": 1, "a": 2}`, `{"n": 1, "b": 2}`, []string{"/a", "/b"}, `{"n": 2, "b": 2}`},
		{`{"n": 1}`, `{"n": 1, "seen": true}`, []string{"/seen"}, `{"n": 2, "seen": true}`},
		{`{"n": 1, "log": []}`, `{"n": 1, "log": ["x"]}`, []string{"/log"}, `{"n": 2, "log": ["x"]}`},
		{`{"n": 1, "log": ["x", "y"]}`, `{"n": 1, "log": ["z"]}`, []string{"/log"}, `{"n": 2, "log": []}`},
		{`{"a/b": 1, "n": 1}`, `{"a/b": 2, "n": 1}`, []string{"/a~1b"}, `{"a/b": 2, "n": 2}`},
		{`{"n": 1}`, `{"n": 1}`, nil, `{"n": 2}`},
	} {
		of := func(state string, ignore []string) normalized {
			c, err := normalize(json.RawMessage(state), idNames(life.Payment, nil), ignore)
			require.NoError(t, err)
			return c
		}
		p := toIgnore(of(row.left, nil), of(row.right, nil))
		require.Equal(t, row.want, p.places, "%s and %s", row.left, row.right)
		left, right := of(row.left, p.places), of(row.right, p.places)
		require.True(t, left.equal(right), "%s and %s without %s", row.left, row.right, p.places)
		require.False(t, left.equal(of(row.twice, p.places)), "a double shows in %s without %s", row.twice, p.places)
	}
	lengths := toIgnore(normalized{"/log/0": "1"}, normalized{"/log/0": "1", "/log/1": "2"})
	require.Equal(t, `add to the target file's ignore: ["/log"] (how many there are at /log is hidden then, too)`, lengths.String())
}

// keyed is a stall whose every outgoing has a key of its own, which its state shows in a shape.
func keyed(t *testing.T, doubles bool, shape func(keys []string) any) *target.Target {
	endpoint := openStall(t, func(s *stall) {
		if !doubles {
			return
		}
		s.before = func(e stallEvent, o *stallOrder) bool {
			paid := e.Data.Object.PaymentStatus == "paid"
			if paid {
				o.rank, o.shipped = max(o.rank, 4), o.shipped+1
			}
			return paid
		}
		s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
	}).target()
	var mu sync.Mutex
	keys, state := map[string][]string{}, endpoint.State
	endpoint.State = func(ctx context.Context, o event.Subject) (any, error) {
		said, err := state(ctx, o)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		order := o.Text("metadata.order")
		for len(keys[order]) < said.(map[string]any)["shipped"].(int) {
			keys[order] = append(keys[order], "LIC-"+event.Random())
		}
		return shape(keys[order]), nil
	}
	return endpoint
}

var proposed = regexp.MustCompile(`ignore: (\[.*?\])`)

// Whoever puts into the file what a run names has a correct target passed, and a double seen, however the state is made.
func TestTheAdviceOfARunStillShowsADouble(t *testing.T) {
	t.Parallel()
	objects := func(keys []string) any {
		list := []any{}
		for _, key := range keys {
			list = append(list, map[string]any{"key": key})
		}
		return list
	}
	texts := func(keys []string) any { return append([]string{}, keys...) }
	names := func(keys []string) any {
		m := map[string]any{}
		for _, key := range keys {
			m[key] = true
		}
		return m
	}
	maps := func(keys []string) any {
		m := map[string]any{}
		for _, key := range keys {
			m[key] = map[string]any{"key": key, "seats": 3}
		}
		return m
	}
	under := func(shape func([]string) any) func([]string) any {
		return func(keys []string) any { return map[string]any{"licences": shape(keys)} }
	}
	nested := func(keys []string) any {
		return map[string]any{"customer": map[string]any{"orders": []any{map[string]any{"lines": map[string]any{"book": texts(keys)}}}}}
	}
	deep := func(keys []string) any {
		return []any{map[string]any{"lines": []any{[]any{names(keys)}}}}
	}
	for name, shape := range map[string]func([]string) any{
		"objects in a list": under(objects), "texts in a list": under(texts), "a list alone": objects,
		"names of a map": under(names), "maps in a map": under(maps), "a map alone": names, "nested": nested, "nested names": deep,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				advised := func(doubles bool) (result.Finding, []string) {
					target := keyed(t, doubles, shape)
					for range 5 {
						r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered"}})
						var unusable *Unusable
						why := ""
						if errors.As(err, &unusable) {
							why = unusable.Reason
						} else {
							require.NoError(t, err)
							f := findingOf(t, r, "idempotence/redelivered")
							if why = f.Why; f.Verdict != result.NotRun {
								return f, target.Ignore
							}
						}
						m := proposed.FindStringSubmatch(why)
						require.NotNil(t, m, why)
						var more []string
						require.NoError(t, json.Unmarshal([]byte(m[1]), &more))
						target.Ignore = append(target.Ignore, more...)
					}
					require.Fail(t, fmt.Sprint("there is no end of advice: ", target.Ignore))
					return result.Finding{}, nil
				}
				f, ignore := advised(false)
				require.Equal(t, result.Pass, f.Verdict, "%s, ignoring %s", f.Why, ignore)
				require.NotEmpty(t, ignore)
				f, ignore = advised(true)
				require.Equal(t, result.Fail, f.Verdict, "%s, ignoring %s", f.Why, ignore)
			})
		})
	}
}

// What the target file ignores already is not proposed: how many there are differs, and no such entry hides that.
func TestWhatIsIgnoredIsNotProposedAgain(t *testing.T) {
	t.Parallel()
	c := caseOf(t, check.Relation{Left: "paid*2", Op: "=", Right: "paid", View: "outcome"})
	for _, row := range []struct{ seen, want, advice string }{
		{`{"licences": ["a", "b"]}`, `{"licences": ["a"]}`, ""},
		{`{"licences": ["a", "b"], "changes": 2}`, `{"licences": ["a"], "changes": 1}`, `; if that only counts or lists changes, add to the target file's ignore: ["/changes"]`},
		{`{"keys": ["a", "b"]}`, `{"keys": ["a"]}`, `; if that only counts or lists changes, add to the target file's ignore: ["/keys/*"]`},
	} {
		var states []normalized
		for _, state := range []string{row.seen, row.want} {
			n, err := normalize(json.RawMessage(state), idNames(life.Payment, nil), []string{"/licences/*"})
			require.NoError(t, err)
			states = append(states, n)
		}
		require.Equal(t, row.advice, c.mayCount(states[0], states[1]), row.seen)
	}
}
