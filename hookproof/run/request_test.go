package run

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// mirror is an endpoint that keeps the last request.
type mirror struct {
	*httptest.Server
	mu     sync.Mutex
	header http.Header
	body   string
}

func openMirror(t *testing.T) *mirror {
	t.Helper()
	e := &mirror{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := endpointtest.Body(r)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.header, e.body = r.Header, string(body)
		_, _ = io.WriteString(w, "taken")
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *mirror) last() (http.Header, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.header, e.body
}

// The command of every finding sends what was sent, byte for byte, signed in the same way when it is run: each way
// to write a body, and each way to sign.
func TestTheCommandSendsTheSameAgain(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"sh", "curl", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the command needs %s: %v", program, err)
		}
	}
	const previous = "whsec_before"
	subject := life.Payment.Completed(event.Subject{"sessionId": "cs_test_1", "amount": 4500, "currency": "usd", "metadata.order": "it's 1"})
	try := func(name, sign string) {
		t.Run(sign+":"+name, func(t *testing.T) {
			t.Parallel()
			e := openMirror(t)
			ev, err := eventOf(life.Payment.Vocabulary[name], subject, &target.Target{}, time.Now(), false)
			require.NoError(t, err)
			endpoint := &target.Target{URL: e.URL + "/hook?a=1&b=it's", Secret: endpointtest.Secret, PreviousSecret: previous, Connect: seller, Headers: map[string]string{"X-Forwarded-Proto": "https"}}
			sender := target.NewSender(endpoint, &target.Journal{})
			defer sender.Close()
			sender.Send(t.Context(), target.Outgoing{Event: ev, Label: name, Sign: sign})
			header, body := e.last()
			var f result.Finding
			show(&f, sender.Journal.Deliveries(), endpoint.Secrets())
			require.Len(t, f.Requests, 1)
			request := f.Requests[0]
			require.Equal(t, body, request.Body)
			require.Equal(t, header.Get("Stripe-Signature"), request.Header)
			require.NotContains(t, request.Curl, endpointtest.Secret)
			require.NotContains(t, request.Curl, "\r", "which a page that it is copied from loses")

			began := time.Now().Unix()
			command := exec.CommandContext(t.Context(), "sh", "-c", request.Curl)
			command.Env = append(os.Environ(), result.SecretVariable+"="+endpointtest.Secret, result.PreviousSecretVariable+"="+previous, result.ConnectSecretVariable+"="+seller.Secret)
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s\n%s", request.Curl, out)
			require.True(t, strings.HasSuffix(string(out), "taken"), "%s", out)
			again, bodyAgain := e.last()
			require.Equal(t, body, bodyAgain)
			require.Equal(t, header.Values("Content-Type"), again.Values("Content-Type"))
			require.Equal(t, header.Values("User-Agent"), again.Values("User-Agent"))
			require.Equal(t, []string{"https"}, again.Values("X-Forwarded-Proto"), "a header of the target file's")
			var mayBe [][]string // by the second in which it was signed
			for now := began; now <= time.Now().Unix(); now++ {
				var values []string
				if sent := event.Signings[sign].Sign(event.Signer{Secret: endpointtest.Secret, Previous: previous, Connect: seller.Secret, Account: seller.Account, Now: now, Body: ev.Body}); sent.Header != nil {
					values = []string{*sent.Header}
				}
				mayBe = append(mayBe, values)
			}
			require.Contains(t, mayBe, again.Values("Stripe-Signature"))
		})
	}
	for name, w := range life.Payment.Vocabulary { // one after the other: each is three processes, and others measure time meanwhile
		if w.Raw != "" || w.Form != nil || w.Pad > 0 {
			try(name, "genuine")
		}
	}
	for sign := range event.Signings {
		try("paid", sign)
	}
	try("spaced", "tampered-body")
	try("garbage", "other-body")
}

func TestTheCommandAsksForTheSecret(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "sh", "-c", curl("http://127.0.0.1:1/", event.Signings["genuine"], "{}", "{}", nil))
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := command.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "HOOKPROOF_SECRET: put the signing secret of the endpoint into it")
}

// A body's secrets are masked, and it is said; short ones and words may be there by chance.
func TestARequestTellsNoSecret(t *testing.T) {
	t.Parallel()
	d := target.Delivery{Label: "paid", Sign: "genuine", Body: []byte(`{"metadata": {"a": "whsec_0123456789", "b": "hush-hush", "c": "sk_test_abc"}, "test": "1a"}`)}
	d.Over = d.Body
	q := requestOf(1, d, []string{"hush-hush", "test", "1a"})
	require.True(t, q.Masked)
	require.Equal(t, `{"metadata": {"a": "whsec_•••", "b": "•••", "c": "sk_test_•••"}, "test": "1a"}`, q.Body)
	require.NotContains(t, q.Curl, "hush-hush")
	require.False(t, requestOf(1, target.Delivery{Label: "paid", Body: []byte("{}")}, []string{"hush-hush"}).Masked)
	signed := requestOf(1, target.Delivery{Label: "paid", Headers: map[string]string{"Authorization": "Basic YTpi", "X-Shop": "eu"}}, nil)
	require.True(t, signed.Masked)
	require.NotContains(t, signed.Curl, "YTpi")
	require.Contains(t, signed.Curl, "X-Shop: eu")
}

// One request stands for all deliveries that have sent the same.
func TestRequestsAreToldOnce(t *testing.T) {
	t.Parallel()
	at := time.Now()
	one := func(after time.Duration, body, sign string) target.Delivery {
		return target.Delivery{Label: "carrier by topup.created", EventType: "topup.created", URL: "http://x/", Sign: sign, Body: []byte(body), Over: []byte(body), SentAt: at.Add(after)}
	}
	var f result.Finding
	show(&f, []target.Delivery{one(3, "{2}", "genuine"), one(0, "{1}", "genuine"), {Fault: "restarted", SentAt: at.Add(1)}, one(2, "{1}", "genuine"), one(4, "{1}", "stale")}, nil)
	var which []int
	for _, sent := range f.Timeline {
		which = append(which, sent.Request)
	}
	require.Equal(t, []int{1, 0, 1, 2, 3}, which)
	require.Equal(t, "1-carrier", f.Requests[0].Name)
	require.Equal(t, "topup.created", f.Timeline[0].Type)
}
