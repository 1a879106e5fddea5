package event

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Nowhere returns a subject like this one that was never made: the same names, with ids that no object has.
func (s Subject) Nowhere() Subject {
	other := Subject{}
	for name, value := range s {
		other[name] = value
		switch text := s.Text(name); {
		case !IsTie(name) && (name != "customer" || !s.hasCustomer()):
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
	out, fresh := []byte(id), Random()
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
