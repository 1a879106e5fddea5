package server

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimesThatAreTaken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2030-01-31T09:00:00Z":                 "2030-01-31T09:00:00Z",
		"2030-01-31t09:00:00z":                 "2030-01-31T09:00:00Z", // RFC 3339, 5.6: T and Z may be small
		"2030-01-31T09:00:00.5+01:00":          "2030-01-31T08:00:00.5Z",
		"2030-01-31T09:00:00.123456789123Z":    "2030-01-31T09:00:00.123456789Z",
		"2030-01-31T09:00:00-00:00":            "2030-01-31T09:00:00Z",
		"2030-01-31T23:59:59+23:59":            "2030-01-31T00:00:59Z",
		"2028-02-29T09:00:00Z":                 "2028-02-29T09:00:00Z",
		"0001-01-01T00:00:00Z":                 "0001-01-01T00:00:00Z",
		"0000-12-31T23:00:00-01:00":            "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999999Z":       "9999-12-31T23:59:59.999999999Z",
		"9999-12-31T23:59:59.999999999999Z":    "9999-12-31T23:59:59.999999999Z",
		"9999-12-31T23:59:59.999999999+00:01":  "9999-12-31T23:58:59.999999999Z",
		"2030-01-31T09:00:00.000000000000000Z": "2030-01-31T09:00:00Z",
		"2030-01-31t09:00:00.250-23:59":        "2030-02-01T08:59:00.25Z",
	} {
		at, fault := parseTime(text)
		require.Empty(t, fault, text)
		require.Equal(t, want, at.Format(time.RFC3339Nano), text)
	}
}

const (
	notATime  = "be an RFC 3339 time with a zone, such as 2030-01-31T09:00:00Z"
	outOfTime = "be in the years 0001 to 9999 of UTC"
)

// refusedTimes are texts that time.Parse or encoding/json would take, or that are near to a time.
var refusedTimes = map[string]string{
	"9999-12-31T23:59:59-23:59":             outOfTime, // the year 10000
	"9999-12-31T23:59:59.999999999-00:01":   outOfTime,
	"0001-01-01T00:00:00+00:01":             outOfTime, // the year 0
	"0000-01-01T00:00:00Z":                  outOfTime,
	"0000-01-01T00:00:00+23:59":             outOfTime, // the year -1
	"2030-01-31T09:00:00+24:00":             notATime,
	"2030-01-31T09:00:00-24:00":             notATime,
	"2030-01-31T09:00:00+99:99":             notATime,
	"2030-01-31T09:00:00+01:60":             notATime,
	"2030-01-31T09:00:00+0100":              notATime,
	"2030-01-31T09:00:00+01":                notATime,
	"2030-01-31T09:00:00+1:00":              notATime,
	"2030-01-31T0:00:00Z":                   notATime,
	"2030-01-31T9:00:00Z":                   notATime,
	"2030-01-31T00:00:00,5Z":                notATime,
	"2030-01-31T00:00:00.Z":                 notATime,
	"2030-01-31T24:00:00Z":                  notATime,
	"2030-01-31T23:60:00Z":                  notATime,
	"2030-01-31T23:59:60Z":                  notATime,
	"2030-12-31T23:59:60Z":                  notATime, // no leap second either
	"2030-02-29T09:00:00Z":                  notATime,
	"2030-00-01T09:00:00Z":                  notATime,
	"2030-13-01T09:00:00Z":                  notATime,
	"2030-01-32T09:00:00Z":                  notATime,
	"2030-1-31T09:00:00Z":                   notATime,
	"10000-01-01T00:00:00Z":                 notATime,
	"-001-01-01T00:00:00Z":                  notATime,
	"+2030-01-31T09:00:00Z":                 notATime,
	"2030-01-31 09:00:00Z":                  notATime,
	"2030-01-31T09:00:00":                   notATime,
	"2030-01-31T09:00Z":                     notATime,
	"2030-01-31":                            notATime,
	" 2030-01-31T09:00:00Z":                 notATime,
	"2030-01-31T09:00:00Z\n":                notATime,
	"２０３０-01-31T09:00:00Z":                  notATime, // digits that are not ASCII
	"":                                      notATime,
	"infinity":                              notATime,
	"now":                                   notATime,
	"2030-01-31T09:00:00Z[Europe/Helsinki]": notATime,
}

func TestTimesThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range refusedTimes {
		_, fault := parseTime(text)
		require.Equal(t, want, fault, text)
		raw, err := json.Marshal(text)
		require.NoError(t, err)
		_, err = decodeString(t, `{"name":"x","amount":1,"startsAt":`+string(raw)+`}`)
		requireBadRequest(t, err, "startsAt must "+want)
	}
}

func requireBadRequest(t *testing.T, err error, detail string) {
	t.Helper()
	var p *problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, 400, p.Status)
	require.Equal(t, detail, p.Detail)
}
