package record

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"

	"example.com/hookproof/hookproof/event"
)

// recordedID is an id's placeholder.
func recordedID(prefix string, n int) string { return fmt.Sprintf("%sRecorded%06d", prefix, n) }

var recorded = regexp.MustCompile(`_Recorded[0-9]{6,}$`)

// Renewer gives events new ids. The same id becomes the same new one in all events of one renewer.
type Renewer struct {
	// All renews every id of a purchase; otherwise only the placeholders of recordings are renewed.
	All   bool
	known map[string]string
}

// Renew is the event under new ids. Every other byte stays as it is.
func (r *Renewer) Renew(body []byte) ([]byte, error) {
	if r.known == nil {
		r.known = map[string]string{}
	}
	return rewrite(body, func(t token) []byte {
		value, is := t.value.(string)
		if !is || t.isName {
			return nil
		}
		prefix, kind := id(value)
		if prefix == "" || kind != passing || !r.All && !recorded.MatchString(value) {
			return nil
		}
		if r.known[value] == "" {
			var unique [12]byte
			_, _ = rand.Read(unique[:]) // never fails, says crypto/rand
			r.known[value] = prefix + hex.EncodeToString(unique[:])
		}
		return quoted(value, r.known[value])
	})
}

// Event makes a delivery of a body. One that is no event of Stripe's is an error.
func Event(body []byte) (event.Event, error) {
	var read struct {
		ID, Type, Object string
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return event.Event{}, errNoJSON
	}
	if read.Object != "event" || read.ID == "" || read.Type == "" {
		return event.Event{}, fmt.Errorf("the body is no event of Stripe's: object is %q, id %q, type %q", read.Object, read.ID, read.Type)
	}
	return event.Event{ID: read.ID, Type: read.Type, Body: body}, nil
}
