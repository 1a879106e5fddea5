package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

// What callers send, by chance. Each target runs its seeds and testdata/fuzz in every test run; to look for more:
//
//	go test ./server -run '^$' -fuzz '^FuzzBody$' -fuzztime 10m

// bodyStructs are the structs that routes read their bodyStructs into, and one that has every kind of field.
var bodyStructs = []any{credentials{}, slotBody{}, resourceBody{}, decodeTarget{}}

// A route's body that is not in the list is not fuzzed.
func TestEveryBodyIsFuzzed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	calls, fuzzed := 0, 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		calls += bytes.Count(source, []byte("= decodeBody("))
		for _, match := range regexp.MustCompile(`\tvar body (\w+)\n\tif err := decodeBody\(w, r, &body\)`).FindAllSubmatch(source, -1) {
			for _, body := range bodyStructs {
				if reflect.TypeOf(body).Name() == string(match[1]) {
					fuzzed++
				}
			}
		}
	}
	require.Positive(t, calls)
	require.Equal(t, calls, fuzzed, "a call of decodeBody with a struct that is not in bodyStructs")
}

func decodeInto(v any, body []byte) error {
	return decodeBody(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)), v)
}

// requireCallersFault holds an error against what a caller may be answered: 400 or 413 and a short sentence.
func requireCallersFault(t *testing.T, err error) {
	t.Helper()
	var p *problem
	require.True(t, errors.As(err, &p), "%v", err)
	require.Contains(t, []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, p.Status)
	require.NotEmpty(t, p.Detail)
	require.Less(t, len(p.Detail), 1000)
	require.True(t, utf8.ValidString(p.Detail))
	require.NotContains(t, p.Detail, "\n")
}

// A body is refused with a sentence, always the same one, or it is taken, and what was taken can be written
// and read again.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		decodeGood, `{"email":"ada@example.com","password":"correct horse"}`, `{"name":"Sauna","unitAmount":4500,"currency":"eur"}`,
		`{"resourceId":"` + cursorID + `","startsAt":"2030-01-31T09:00:00Z","endsAt":"9999-12-31T23:59:59-23:59"}`,
		`{"resourceId":"` + cursorID + `","startsAt":"2030-01-31T0:00:00Z","endsAt":"2030-01-31T09:00:00,5Z"}`,
		`{"name":"\ud800","unitAmount":-0,"currency":"` + "\u2028" + `"}`, `{"name":"a\u0000b"}`, "{\"email\":\"\xff\"}", `{"":1}`, "[]", "nul", "",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, kind := range bodyStructs {
			v := reflect.New(reflect.TypeOf(kind))
			if err := decodeInto(v.Interface(), body); err != nil {
				requireCallersFault(t, err)
				again := decodeInto(reflect.New(reflect.TypeOf(kind)).Interface(), body)
				require.EqualError(t, again, err.Error())
				continue
			}
			written, err := json.Marshal(withoutNils(t, v.Interface()))
			require.NoError(t, err)
			if len(written) > maxBody {
				continue // escapes make it longer
			}
			read := reflect.New(reflect.TypeOf(kind))
			require.NoError(t, decodeInto(read.Interface(), written), "%s", written)
			require.Equal(t, v.Interface(), read.Interface())
		}
	})
}

// withoutNils is a struct as an object that lacks the fields which were not given.
func withoutNils(t *testing.T, v any) map[string]any {
	t.Helper()
	object, s := map[string]any{}, reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		if field := s.Field(i); field.Kind() != reflect.Pointer || !field.IsNil() {
			object[s.Type().Field(i).Tag.Get("json")] = field.Interface()
		}
	}
	return object
}

// A time that is taken is one that RFC 3339 knows, and comes back the same when it is written.
func FuzzTime(f *testing.F) {
	for text := range refusedTimes {
		f.Add(text)
	}
	for _, text := range []string{"2030-01-31T09:00:00Z", "2030-01-31t09:00:00.25+01:00", "0000-12-31T23:00:00-01:00", "9999-12-31T23:59:59.999999999999Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, fault := parseTime(text)
		if fault != "" {
			require.Contains(t, []string{notATime, outOfTime}, fault)
			require.Zero(t, at)
			return
		}
		require.True(t, representable(at))
		require.Equal(t, time.UTC, at.Location())
		lenient, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
		require.NoError(t, err, "it takes nothing that time.Parse does not")
		require.True(t, lenient.Equal(at))
		require.Equal(t, lenient.Format("2006-01-02T15:04:05"), strings.ToUpper(text[:19]), "every part has its digits")
		require.Contains(t, ".Zz+-", text[19:20])
		if _, offset := lenient.Zone(); offset != 0 {
			require.Equal(t, lenient.Format("-07:00"), text[len(text)-6:])
			require.Less(t, max(offset, -offset), 24*60*60)
		}
		_, err = json.Marshal(at)
		require.NoError(t, err)
		again, fault := parseTime(at.Format(time.RFC3339Nano))
		require.Empty(t, fault)
		require.Equal(t, at, again)
	})
}

// A cursor that is taken is the one that would be written for the place that it names.
func FuzzCursor(f *testing.F) {
	for text := range refusedTimes {
		f.Add(encoded(text + " " + cursorID))
	}
	for _, text := range []string{"2030-01-31T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2030-01-31T09:00:00.1Z"} {
		f.Add(encoded(text + " " + cursorID))
		f.Add(encoded(text+" "+cursorID) + "\n")
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		at, ok := parseCursor(cursor)
		page, err := pageOf(httptest.NewRequest("GET", "/bookings?cursor="+url.QueryEscape(cursor), nil))
		if !ok {
			if cursor != "" {
				requireCallersFault(t, err)
			}
			return
		}
		require.NoError(t, err)
		require.Equal(t, store.Page{CreatedAt: at.CreatedAt, ID: at.ID, Limit: defaultPage}, page.Page)
		require.Equal(t, cursor, cursorOf(at))
		require.True(t, representable(at.CreatedAt))
		require.Zero(t, at.CreatedAt.Nanosecond()%1000)
		require.False(t, at.First())
	})
}

// A slot that is taken is within the limits and representable, in PostgreSQL's microseconds.
func FuzzSlot(f *testing.F) {
	f.Add("2030-01-31T09:00:00Z", "2030-01-31T10:00:00Z")
	f.Add("2999-01-31T09:00:00Z", "9999-12-31T23:59:59-23:59")
	f.Add("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.5-23:59")
	f.Add("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.99999999Z")
	limits := Config{MinSlot: 5 * time.Minute, MaxSlot: 744 * time.Hour, BookingHorizon: 17520 * time.Hour}
	f.Fuzz(func(t *testing.T, starts, ends string) {
		body, err := json.Marshal(map[string]string{"resourceId": cursorID, "startsAt": starts, "endsAt": ends})
		require.NoError(t, err)
		for _, config := range []Config{{}, limits} {
			now := time.Now()
			slot, err := (&Server{config: config}).slotOf(httptest.NewRecorder(), httptest.NewRequest("POST", "/bookings", bytes.NewReader(body)))
			if err != nil {
				requireCallersFault(t, err)
				continue
			}
			require.True(t, representable(slot.StartsAt) && representable(slot.EndsAt))
			require.Zero(t, slot.StartsAt.Nanosecond()%1000+slot.EndsAt.Nanosecond()%1000)
			require.True(t, slot.StartsAt.Before(slot.EndsAt))
			require.False(t, slot.StartsAt.Before(now.Truncate(time.Microsecond)))
			if config.MinSlot > 0 {
				length := slot.EndsAt.Sub(slot.StartsAt)
				require.True(t, config.MinSlot <= length && length <= config.MaxSlot)
				require.False(t, slot.EndsAt.After(time.Now().Add(config.BookingHorizon)))
			}
		}
	})
}
