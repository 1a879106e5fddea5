package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// What any two subjects differ at says nothing of what was delivered, and what may be no subject's own does.
func TestPlacesOfEachSubject(t *testing.T) {
	t.Parallel()
	of, other := event.Subject{"clientReferenceId": "o_1"}, event.Subject{"clientReferenceId": "o_2"}
	for name, row := range map[string]struct {
		first, second, fresh string // the value at one place; "" is that it is not there
		own                  bool
	}{
		"a row's number":               {"12", "13", "", true},
		"a key":                        {`"key_0000a1"`, `"key_0000b2"`, `"none"`, true},
		"its short id":                 {`"o_1"`, `"o_2"`, "", true},
		"another's short id":           {`"o_2"`, `"o_1"`, "", false},
		"the same":                     {"12", "12", "", false},
		"not there yet":                {"12", "0", "0", false},
		"a word of the first's":        {`"paid"`, "13", "", false},
		"a word of the second's":       {"12", `"paid"`, "", false},
		"gone from the second":         {"12", "", "", false},
		"a name of the subject's":      {`"{{sessionId}}-1"`, `"{{sessionId}}-2"`, "", false},
		"a text too short to be a key": {`"k1"`, `"k2"`, "", false},
		"a text without a digit":       {`"somewhere"`, `"elsewhere"`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := func(value string) normalized {
				c := normalized{"/status": `"paid"`}
				if value != "" {
					c["/at"] = value
				}
				return c
			}
			var want []string
			if row.own {
				want = []string{"/at"}
			}
			require.ElementsMatch(t, want, perObjectPlaces(state(row.first), state(row.second), state(row.fresh), of, other))
		})
	}
	require.Equal(t, []string{"b", "c"}, inBoth([]string{"a", "b", "c"}, []string{"c", "b", "d"}))
}

// One more subject is worth a look where a state differs only at what may be its subject's own.
func TestWhenOneMoreSubjectIsLookedAt(t *testing.T) {
	t.Parallel()
	want := normalized{"/row": "12", "/status": `"paid"`}
	for name, row := range map[string]struct {
		state normalized
		may   bool
	}{
		"a number":            {normalized{"/row": "13", "/status": `"paid"`}, true},
		"another status":      {normalized{"/row": "12", "/status": `"open"`}, false},
		"both":                {normalized{"/row": "13", "/status": `"open"`}, false},
		"what is not there":   {normalized{"/status": `"paid"`}, false},
		"what came beside it": {normalized{"/row": "12", "/status": `"paid"`, "/key": `"key_0000a1"`}, true},
	} {
		require.Equal(t, row.may, Outcome{History: History{State: row.state}, Want: want}.differsPerObjectOnly(), name)
	}
}

// A payment may bring a text of each subject's own, or a name of a map's that is.
func TestWhatAPaymentBrings(t *testing.T) {
	t.Parallel()
	fresh := normalized{"/status": `"open"`, "/seats/row_000001": "0", "/key": `"none"`}
	for place, row := range map[string]struct {
		value string
		own   bool
	}{
		"/key":                {`"key_0000a1"`, true},
		"/status":             {`"paid"`, false},
		"/n":                  {"17", false},
		"/keys/key_0000a1/at": {`"door"`, true},
		"/keys/key_0000a1":    {"1", true},
		"/keys/key/at":        {`"door"`, false},
		"/seats/row_000001":   {"1", false}, // a name that was there before
	} {
		require.Equal(t, row.own, bringsPerObject(place, normalized{place: row.value}, fresh), place)
	}
	part := perObjectPart(normalized{"/a": "1", "/b": `"b_000001"`, "/c": "3", "/d": "4"}, []string{"/a", "/b", "/c"}, normalized{"/a": "1", "/b": `"b_000002"`, "/c": "5", "/d": "6"})
	require.Equal(t, normalized{"/b": `"b_000001"`}, part, "two numbers that differ are no keys")
	require.Equal(t, normalized{"/a": "1"}, perObjectPart(normalized{"/a": "1"}, []string{"/a"}, normalized{}), "what the other has not is")
}
