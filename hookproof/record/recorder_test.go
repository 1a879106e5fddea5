package record

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/target"
)

// got is a request as an endpoint saw it.
type got struct {
	header http.Header
	body   string
	path   string
}

// endpoint keeps what it gets, and answers as told.
type endpoint struct {
	*httptest.Server
	mu   sync.Mutex
	gots []got
}

func newEndpoint(t *testing.T, answer http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.gots = append(e.gots, got{r.Header.Clone(), string(body), r.URL.Path})
		e.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) seen() []got {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]got(nil), e.gots...)
}

func ok(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

// recorder is one in front of an endpoint, the URL where it listens and the folder where it stores.
func recorder(t *testing.T, forward string, keep ...string) (r *Recorder, url, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "deep", "recording")
	r, err := New(Options{Forward: forward, Folder: folder, Keep: keep, Told: func(e Entry, err error) { t.Log(e, err) }})
	require.NoError(t, err)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, server.URL, folder
}

// sender sends what it is given and no Accept-Encoding of its own.
var sender = &http.Transport{DisableCompression: true}

func send(t *testing.T, url, body string) *http.Response {
	t.Helper()
	return sendBy(t, http.MethodPost, url, body)
}

func sendBy(t *testing.T, method, url, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Stripe-Signature", "t=1,v1=5ec4e7")
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("X-Forwarded-For", "192.0.2.9")
	response, err := sender.RoundTrip(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestRequestsAndAnswersPassAsTheyAre(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.Header().Set("X-Mine", "1")
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = w.Write([]byte("moved"))
	})
	_, url, _ := recorder(t, e.URL+"/hooks/stripe")
	body := "{\"id\" :\t\"evt_1PqSaunaEvent001\"}\r\n"
	response := send(t, url, body)
	require.Equal(t, http.StatusTemporaryRedirect, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("X-Mine"))
	require.Equal(t, "/elsewhere", response.Header.Get("Location"))
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "moved", string(answer))

	require.Len(t, e.seen(), 1)
	seen := e.seen()[0]
	require.Equal(t, body, seen.body)
	require.Equal(t, "/hooks/stripe", seen.path)
	require.Equal(t, "t=1,v1=5ec4e7", seen.header.Get("Stripe-Signature"))
	require.Equal(t, []string{"192.0.2.9"}, seen.header["X-Forwarded-For"])
	require.Empty(t, seen.header.Get("X-Forwarded-Host"))
	require.Empty(t, seen.header.Get("Accept-Encoding"), "the sender asked for none")
}

// A life of one booking goes through a recorder; what is stored is scrubbed, complete and in order, and it
// replays under new ids that refer to each other as the old ones did.
func TestARecordingReplays(t *testing.T) {
	t.Parallel()
	statuses := []int{200, 500, 200, 204}
	calls := 0
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[calls])
		calls++
	})
	r, url, folder := recorder(t, e.URL, "bookingId")
	var sent []string
	for _, name := range []string{"checkout.session.completed", "charge.refunded", "charge.refunded", "charge.dispute.created"} {
		body, err := fixtures.Event("", name)
		require.NoError(t, err)
		sent = append(sent, string(body))
		send(t, url, string(body))
	}
	r.Wait()
	require.Equal(t, 4, r.Stored())

	names, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Len(t, names, 5, "four events and the index, and nothing half-written")
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, secret := range []string{"zoe@example.com", "Łukasik", "Satamakatu", "70100", "5ec4e7", "Sauna0Fingerprint", "evt_1PqSauna", "4242"} {
			require.NotContains(t, string(raw), secret, name)
		}
	}

	raw, err := os.ReadFile(filepath.Join(folder, IndexName))
	require.NoError(t, err)
	for _, want := range []string{`"file": "0001-checkout.session.completed.json"`, `"file": "0004-charge.dispute.created.json"`, `"status": 500`, `"status": 204`} {
		require.Contains(t, string(raw), want)
	}

	events, err := Load(folder)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.Equal(t, events[1].ID, events[2].ID, "it came again")
	var ids Renewer
	replayed := newEndpoint(t, ok)
	endpoint := target.Target{URL: replayed.URL, Secret: "whsec_x"}
	for i, event := range events {
		require.Equal(t, strings.Count(sent[i], "\n"), strings.Count(string(event.Body), "\n"), "the text is as it was")
		body, err := ids.Renew(event.Body)
		require.NoError(t, err)
		renewed, err := Event(body)
		require.NoError(t, err)
		require.True(t, endpoint.Deliver(t.Context(), renewed, "genuine").Acknowledged())
	}
	all := replayed.seen()
	require.Len(t, all, 4)
	at := func(i int, pointer ...string) string { return member(t, all[i].body, pointer...) }
	intent := at(0, "data", "object", "payment_intent")
	require.Regexp(t, `^pi_[0-9a-f]{24}$`, intent)
	for i := range all {
		require.Equal(t, intent, at(i, "data", "object", "payment_intent"))
		require.NotContains(t, all[i].body, "Recorded000")
		require.Regexp(t, `^t=\d+,v1=[0-9a-f]{64}$`, all[i].header.Get("Stripe-Signature"))
	}
	require.Equal(t, at(1, "data", "object", "id"), at(3, "data", "object", "charge"))
	require.Equal(t, at(1, "id"), at(2, "id"))
	require.NotEqual(t, at(0, "id"), at(1, "id"))
	require.Equal(t, "3f0c1f8e-6f3a-4d43-9d0a-5c8b0a3f7e11", at(0, "data", "object", "metadata", "bookingId"))
	require.Equal(t, "00000000-0000-4000-8000-000000000001", at(0, "data", "object", "client_reference_id"))

	var others Renewer
	again, err := others.Renew(events[0].Body)
	require.NoError(t, err)
	require.NotEqual(t, intent, member(t, string(again), "data", "object", "payment_intent"), "each replay has its own")
}

// member is the text of a member by its path.
func member(t *testing.T, doc string, path ...string) (found string) {
	t.Helper()
	_, err := rewrite([]byte(doc), func(k token) []byte {
		if !k.isName && strings.Join(k.path, "/") == strings.Join(path, "/") {
			found, _ = k.value.(string)
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

func TestWhatIsNotStored(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, ok)
	r, url, folder := recorder(t, e.URL)
	for _, body := range []string{"", "name=Zoë", `{"object":"customer","id":"cus_1"}`} {
		require.Equal(t, 200, send(t, url, body).StatusCode, "it is passed on all the same")
	}
	sendBy(t, http.MethodPut, url, `{"object":"event","id":"evt_1PqSauna","type":"a.b"}`)
	r.Wait()
	require.Equal(t, 0, r.Stored())
	require.Len(t, e.seen(), 4)
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(folder, IndexName)}, names)
}

func TestAnEndpointThatGivesNoAnswer(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	})
	r, url, folder := recorder(t, e.URL)
	require.Equal(t, http.StatusBadGateway, send(t, url, `{"object":"event","id":"evt_1PqSauna","type":"a.b"}`).StatusCode)
	r.Wait()
	require.Equal(t, 1, r.Stored())
	raw, err := os.ReadFile(filepath.Join(folder, IndexName))
	require.NoError(t, err)
	require.Contains(t, string(raw), `"status": 0`)
}

func TestARecordingIsNotOverwritten(t *testing.T) {
	t.Parallel()
	_, _, folder := recorder(t, "http://127.0.0.1:1")
	_, err := New(Options{Forward: "http://127.0.0.1:1", Folder: folder})
	require.ErrorContains(t, err, "already holds a recording")
	_, err = New(Options{Forward: "ftp://x", Folder: t.TempDir()})
	require.ErrorContains(t, err, "http or https URL")
}

func TestABrokenRecording(t *testing.T) {
	t.Parallel()
	for wrong, index := range map[string]string{
		"unknown field":        `{"version":1,"deliveries":[],"x":1}`,
		"version 9":            `{"version":9,"deliveries":[]}`,
		"not a file beside it": `{"version":1,"deliveries":[{"file":"../x.json"}]}`,
		"no such file":         `{"version":1,"deliveries":[{"file":"x.json"}]}`,
	} {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, IndexName), []byte(index), 0o600))
		_, err := Load(folder)
		require.ErrorContains(t, err, wrong)
	}
}

// Deliveries that overlap are listed in the order in which they came.
func TestOverlappingDeliveries(t *testing.T) {
	t.Parallel()
	first, later := make(chan struct{}), make(chan struct{})
	calls := 0
	var mu sync.Mutex
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		calls++
		n := calls
		mu.Unlock()
		if n == 1 {
			close(first)
			<-later
		}
	})
	r, url, folder := recorder(t, e.URL)
	done := make(chan struct{})
	go func() {
		defer close(done)
		send(t, url, `{"object":"event","id":"evt_1PqSaunaA","type":"a.b"}`)
	}()
	<-first
	send(t, url, `{"object":"event","id":"evt_1PqSaunaB","type":"c.d"}`)
	close(later)
	<-done
	r.Wait()
	events, err := Load(folder)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "a.b", events[0].Type)
}
