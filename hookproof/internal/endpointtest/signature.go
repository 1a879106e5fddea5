package endpointtest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/hookproof/hookproof/event"
)

const Secret = "whsec_shop"

func Verifies(header string, body []byte) bool {
	t, signatures := Parts(header)
	if age := time.Now().Unix() - t; age > 300 || age < -300 {
		return false
	}
	return slices.Contains(signatures, event.Signature(Secret, t, body))
}

// Parts are a header's time and its v1 signatures.
func Parts(header string) (t int64, signatures []string) {
	for _, pair := range strings.Split(header, ",") {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "t":
			t, _ = strconv.ParseInt(value, 10, 64)
		case "v1":
			signatures = append(signatures, value)
		}
	}
	return t, signatures
}
