package life

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
)

var anyID = regexp.MustCompile(`\b[a-z]+_(?:test_)?[A-Za-z0-9]{14,}\b`)

// Two events of one shape share no id and are the same otherwise, and within one event an id is the same wherever it stands.
func TestShapesAreNewEachTime(t *testing.T) {
	t.Parallel()
	born := time.Unix(1_900_000_000, 0)
	for _, word := range slices.Sorted(maps.Keys(Shapes())) {
		for _, version := range append(fixtures.Versions(), "2025-03-31.basil") {
			var bodies [2]string
			for n := range bodies {
				e, err := Payment.Vocabulary[word].About(event.Subject{"metadata.order": "7"}, version, true, born, false)
				require.NoError(t, err)
				require.Equal(t, Shapes()[word].eventType, e.Type)
				var read struct {
					ID, Type string
					Livemode bool
					Version  string `json:"api_version"`
				}
				require.NoError(t, json.Unmarshal(e.Body, &read), "%s of %s", word, version)
				require.Equal(t, e.ID, read.ID)
				require.Equal(t, e.Type, read.Type)
				require.True(t, read.Livemode)
				if word != "shape-thin-event" {
					want := version
					if own := Shapes()[word].Version; own != "" {
						want = own
					}
					require.Equal(t, want, read.Version, word)
				}
				bodies[n] = string(e.Body)
			}
			file, err := fixtures.Shape(version, Shapes()[word].Event)
			require.NoError(t, err)
			first, second, kept := anyID.FindAllString(bodies[0], -1), anyID.FindAllString(bodies[1], -1), anyID.FindAllString(string(file), -1)
			require.Len(t, first, len(kept), word)
			for n := range kept {
				require.NotEqual(t, first[n], second[n], "%s: %s", word, kept[n])
				require.Equal(t, slices.Index(kept, kept[n]), slices.Index(first, first[n]), "%s: %s is the same at all places", word, kept[n])
				if n > 0 { // the event's own is hookproof's
					require.Len(t, first[n], len(kept[n]), word)
				}
			}
			require.Equal(t, anyID.ReplaceAllString(bodies[0], "ID"), anyID.ReplaceAllString(bodies[1], "ID"), word)
		}
	}
}

// What lies in an event's past or future stays there, whenever it is delivered.
func TestShapesMoveWithTheirTime(t *testing.T) {
	t.Parallel()
	born := time.Unix(1_900_000_000, 0)
	e, err := Payment.Vocabulary["shape-subscription-basil"].About(nil, "", false, born, false)
	require.NoError(t, err)
	var read struct {
		Created int64
		Data    struct {
			Object struct {
				Created int64
				Items   struct {
					Data []struct {
						Start int64 `json:"current_period_start"`
						End   int64 `json:"current_period_end"`
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(e.Body, &read))
	const day = 86400
	require.Equal(t, born.Unix(), read.Created)
	require.Equal(t, born.Unix()-103*day, read.Data.Object.Created)
	require.Equal(t, born.Unix()-12*day, read.Data.Object.Items.Data[0].Start)
	require.Equal(t, born.Unix()+18*day, read.Data.Object.Items.Data[0].End)

	e, err = Payment.Vocabulary["shape-thin-event"].About(nil, "", false, born, false)
	require.NoError(t, err)
	require.Contains(t, string(e.Body), `"created": "2030-03-17T17:46:40.000Z"`)
}

// A mistake in shapes.json is told with its place.
func TestShapesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		`{"shapes":{"shape-x":{"event":"nowhere.json"}}}`:                         `shapes.shape-x.event: there is no shape "nowhere.json"`,
		`{"shapes":{"shape-x":{"event":"account.updated.json","answers":"ack"}}}`: `/answers: the key is not known`,
		`{"shapes":{"shape-x":{"event":7}}}`:                                      `/shapes/event: it cannot be a JSON number`,
	} {
		_, err := readShapes([]byte(text))
		require.ErrorContains(t, err, why)
	}
}
