package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type decodeTarget struct {
	Name     string    `json:"name"`
	Amount   int64     `json:"amount"`
	StartsAt time.Time `json:"startsAt"`
	Note     *string   `json:"note"`
	Urgent   *bool     `json:"urgent"`
}

const decodeGood = `{"name":"Room é","amount":-12,"startsAt":"2030-01-31T09:00:00+01:00"}`

func decodeString(t *testing.T, body string) (decodeTarget, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	var v decodeTarget
	err := decodeBody(httptest.NewRecorder(), r, &v)
	return v, err
}

func TestDecodeBodyReadsAnObject(t *testing.T) {
	t.Parallel()
	v, err := decodeString(t, " "+decodeGood+"\r\n")
	require.NoError(t, err)
	require.Equal(t, "Room é", v.Name)
	require.EqualValues(t, -12, v.Amount)
	require.True(t, v.StartsAt.Equal(time.Date(2030, 1, 31, 8, 0, 0, 0, time.UTC)))
	require.Nil(t, v.Note)
	v, err = decodeString(t, strings.TrimSuffix(decodeGood, "}")+`,"note":"","urgent":true,"name":"last"}`)
	require.NoError(t, err)
	require.Equal(t, "last", v.Name)
	require.Empty(t, *v.Note)
	require.True(t, *v.Urgent)
}

func TestDecodeBodySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	with := func(field string) string { return strings.TrimSuffix(decodeGood, "}") + "," + field + "}" }
	for body, want := range map[string]string{
		"":                              "the body is empty; it must be a JSON object",
		" \n":                           "the body is empty; it must be a JSON object",
		"not json":                      "the body is not valid JSON at byte 2",
		`{"name":`:                      "the body ends in the middle of its JSON",
		`[]`:                            "the body must be a JSON object, not an array",
		`null`:                          "the body must be a JSON object, not null",
		`"{}"`:                          "the body must be a JSON object, not a string",
		decodeGood + decodeGood:         "the body goes on after its JSON object",
		decodeGood + " x":               "the body goes on after its JSON object",
		"{\"name\":\"\xff\"}":           "the body is not valid UTF-8",
		with(`"zeta":1,"colour":"red"`): `unknown field "colour"; the fields are name, amount, startsAt, note, urgent`,
		with(`"Name":"x"`):              `unknown field "Name"; the fields are name, amount, startsAt, note, urgent`,
		with(`"` + strings.Repeat("é", 60) + `":1`): `unknown field "` + strings.Repeat("é", 40) +
			`…"; the fields are name, amount, startsAt, note, urgent`,
		`{}`:                                   "name is missing",
		`{"name":"x","amount":1}`:              "startsAt is missing",
		with(`"name":7`):                       "name must be a string, not a number",
		with(`"name":null`):                    "name must be a string, not null",
		with(`"note":{}`):                      "note must be a string, not an object",
		with(`"note":null`):                    "note must be a string, not null",
		with(`"note":"a\u0000b"`):              "note must not contain a NUL character",
		with(`"amount":"12"`):                  "amount must be a whole number, not a string",
		with(`"amount":1.5`):                   "amount must be a whole number, not a number with a fraction or an exponent",
		with(`"amount":1e3`):                   "amount must be a whole number, not a number with a fraction or an exponent",
		with(`"amount":true`):                  "amount must be a whole number, not true or false",
		with(`"amount":9223372036854775808`):   "amount is out of range",
		with(`"urgent":null`):                  "urgent must be true or false, not null",
		with(`"urgent":"yes"`):                 "urgent must be true or false, not a string",
		with(`"startsAt":1893456000`):          "startsAt must be a string that holds a time, not a number",
		with(`"startsAt":"2030-01-31T09:00"`):  "startsAt must be an RFC 3339 time with a zone, such as 2030-01-31T09:00:00Z",
		with(`"startsAt":"2030-02-30T09:00Z"`): "startsAt must be an RFC 3339 time with a zone, such as 2030-01-31T09:00:00Z",
		with(`"startsAt":null`):                "startsAt must be a string that holds a time, not null",
	} {
		_, err := decodeString(t, body)
		var p *problem
		require.ErrorAs(t, err, &p, body)
		require.Equal(t, http.StatusBadRequest, p.Status, body)
		require.Equal(t, want, p.Detail, body)
	}
}

// decoding is a route that wants a name.
func decoding() http.Handler {
	s := &Server{log: slog.New(slog.DiscardHandler)}
	return s.serve("/", databaseTime, func(w http.ResponseWriter, r *http.Request) error {
		var v struct {
			Name string `json:"name"`
		}
		return decodeBody(w, r, &v)
	})
}

// The limit is tried on a real connection: what a client sees of a refusal in the middle of its own
// writing is decided there.
func TestDecodeBodyLimit(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(decoding())
	t.Cleanup(server.Close)
	const frame = len(`{"name":""}`)
	for size, want := range map[int]int{maxBody: 200, maxBody + 1: 413, maxBody + 100<<10: 413} {
		body := `{"name":"` + strings.Repeat("x", size-frame) + `"}`
		require.Len(t, body, size)
		for _, reader := range []io.Reader{strings.NewReader(body), struct{ io.Reader }{strings.NewReader(body)}} {
			response, err := server.Client().Post(server.URL, "application/json", reader)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, want, response.StatusCode, size)
		}
	}
}

// What is announced too large is refused before any of it was sent.
func TestAnAnnouncedLengthIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(decoding())
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", maxBody+1)
	require.NoError(t, err)
	// A server that waits for the body would answer never: this is what ends the test then.
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	require.True(t, response.Close, "the connection cannot be used again")
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("read tcp 10.0.0.1: reset") }

func TestDecodeBodyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	var v decodeTarget
	err := decodeBody(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", brokenReader{}), &v)
	var p *problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, "the body could not be read to its end", p.Detail)
}
