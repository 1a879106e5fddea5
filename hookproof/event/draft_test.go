package event

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A draft is edited as the document is that is read and written again for each edit.
func TestADraftIsEditedAsItsDocument(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"id": "a", "twice": 1, "twice": {"in": 2}, "list": [ 1, {"x": null}, [] ], "a/b": {"c~d": "\"}"}, "\u00e9": {}, "deep": {"er": {"est": 0}}}`)
	pointers := []string{
		"", "/id", "/twice", "/twice/in", "/list", "/list/0", "/list/1/x", "/list/2", "/list/3", "/a~1b", "/a~1b/c~0d", "/a~1b/c~d", "/é", "/é/x", "/id/x",
		"/deep", "/deep/er", "/deep/er/est", "/deep/new", "/new", "/new/x", "id",
	}
	values := []any{"text", int64(7), false, nil, map[string]any{"x": 1, "er": map[string]any{"est": 2}}, []any{1, 2}}
	places := PlacesOf(doc)
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		draft, want := NewDraft(doc, places), doc
		for range 6 {
			pointer := pointers[random.IntN(len(pointers))]
			if random.IntN(3) == 0 {
				got, err := draft.Get(pointer)
				at, wantErr := Find(want, pointer)
				require.Equal(t, wantErr == nil, err == nil, "%d: %s: %v, %v", seed, pointer, wantErr, err)
				require.Equal(t, errors.Is(wantErr, ErrNoPlace), errors.Is(err, ErrNoPlace), "%d: %s", seed, pointer)
				if err == nil {
					require.Equal(t, string(want[at.Value.From:at.Value.To]), string(got), "%d: %s", seed, pointer)
				}
				continue
			}
			value := values[random.IntN(len(values))]
			changed, wantErr := Put(want, pointer, value)
			twin := draft.Clone()
			err := draft.Put(pointer, value)
			require.Equal(t, string(want), string(twin.Bytes()), "%d: a clone is not edited", seed)
			require.Equal(t, wantErr == nil, err == nil, "%d: %s: %v, %v", seed, pointer, wantErr, err)
			if err == nil {
				want = changed
			}
			require.Equal(t, string(want), string(draft.Bytes()), "%d: %s", seed, pointer)
		}
	}
}
