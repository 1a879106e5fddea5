package life

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
)

// Nowhere returns a subject like the given one that was never made: the same names, with ids that no object has.
func (l *Life) Nowhere(s event.Subject) event.Subject {
	other := event.Subject{}
	for name, value := range s {
		other[name] = value
		switch text := s.Text(name); {
		case !l.IsTie(name) || l.Names[name].Optional && !strings.HasPrefix(text, l.Names[name].Prefix):
		case text != "" && strings.Trim(text, "0123456789") == "":
			other[name] = strconv.Itoa(unusedNumber + rand.IntN(math.MaxInt32-unusedNumber))
		default:
			other[name] = scrambled(text)
		}
	}
	return other
}

// unusedNumber is a number that no target's ids have reached, and that still fits into 32 bits.
const unusedNumber = 2_000_000_000

// scrambled returns an id of the same form with other last letters and digits.
func scrambled(id string) string {
	out, fresh := []byte(id), event.Random()
	for at, n := len(out)-1, 0; at >= 0 && n < 12; at-- {
		if c := out[at]; '0' <= c && c <= '9' || 'a' <= c && c <= 'f' {
			out[at] = fresh[n]
			n++
		} else if c == '_' {
			break
		}
	}
	return string(out)
}
