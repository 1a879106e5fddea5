package life

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"example.com/hookproof/hookproof/event"
)

// membersFile has the members that Stripe's own types know of each kind of object, in one version or another. It is made from the
// OpenAPI specification of stripe-mock and the structs of stripe-go: go test ./hookproof/life -run TestMembersAreStripes -update. It is
// compressed, since every binary has it.
//
//go:embed members.json.gz
var membersFile []byte

// members are those of an object, each with its own: those of an element of a list are under "#", those of a map with any keys under
// "*". An object that has a kind of its own has its members there.
type members map[string]members

// membersOf are the members by the kind of object.
var membersOf = sync.OnceValue(func() (byKind map[string]members) {
	file, err := gzip.NewReader(bytes.NewReader(membersFile))
	if err == nil {
		err = errors.Join(json.NewDecoder(file).Decode(&byKind), file.Close())
	}
	if err != nil {
		panic(err) // the file is generated
	}
	return byKind
})

// at returns the member at the tokens of a JSON pointer.
func (m members) at(tokens []string) (members, bool) {
	for _, token := range tokens {
		next, is := m[token]
		for _, any := range []string{"#", "*"} {
			if other, all := m[any]; !is && all {
				next, is = other, true
			}
		}
		if !is {
			return nil, false
		}
		m = next
	}
	return m, true
}

// kindAt returns the innermost object around a place of a body that has a kind of Stripe's, and the tokens from there to the place. What
// is in data is of the object there, and not of the event.
func kindAt(body []byte, pointer string) (kind string, rest []string) {
	if within, previous := strings.CutPrefix(pointer, previousAttributes+"/"); previous { // has what the object had before
		pointer = "/data/object/" + within
	}
	for around, whole := pointer, tokensOf(pointer); around != "" && around != "/data/object"; {
		if around, _ = event.CutLast(around); around == "/data" {
			break
		}
		at, err := event.Find(body, around)
		var object struct{ Object string }
		if err == nil && json.Unmarshal(body[at.Value.From:at.Value.To], &object) == nil && membersOf()[object.Object] != nil {
			return object.Object, whole[strings.Count(around, "/"):]
		}
	}
	return "", nil
}

// stripeKnows reports whether Stripe's own type of the object at a place of a body has such a member. It returns the object's kind, and
// the places beside it that the type knows.
func stripeKnows(body []byte, pointer string) (known bool, kind string, beside []string) {
	kind, rest := kindAt(body, pointer)
	if kind == "" {
		return false, "", nil
	}
	_, known = membersOf()[kind].at(rest)
	parent, _ := event.CutLast(pointer)
	around, _ := membersOf()[kind].at(rest[:len(rest)-1])
	for name := range around {
		beside = append(beside, parent+"/"+event.EscapePointer(name))
	}
	slices.Sort(beside)
	return known, kind, beside
}
