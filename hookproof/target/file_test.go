package target

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/program"
	"example.com/hookproof/hookproof/result"
)

const least = `"url": "http://127.0.0.1:1/hook", "secret": "whsec_x"`

func parsed(t *testing.T, rest string) (*Target, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target.json")
	require.NoError(t, os.WriteFile(path, []byte("{"+least+rest+"}"), 0o600))
	return Load(path, func(name string) string { return map[string]string{"TOKEN": "t0p", "QUOTE": `a"b`}[name] })
}

func TestTargetFilesThatAreWrong(t *testing.T) {
	t.Parallel()
	subject := `"subject": {"command": ["x"]}, "state": {"command": ["x"]}`
	for rest, why := range map[string]string{
		`, "sate": {}`:                          `target.json:1: /sate: the key is not known; did you mean state?`,
		`, "subject": {"command": "node x.js"}`: `/subject/command: it must be a list of words, such as ["node", "order.js"], and not one text: there is no shell`,
		`, "start": {"background": {"command": ["x"], "directry": "x"}}`:                         `/start/background/directry: the key is not known; did you mean directory?`,
		`, "lives": {"yen": {"ignored": []}}`:                                                    `/lives/yen/ignored: the key is not known; did you mean ignore?`,
		`, "ignore": ["/a",]`:                                                                    `target.json:1: it is not JSON: there is a comma too many before ]`,
		`, "subject": {"command": ["x"], "pikc": {}}`:                                            `target.json:1: /subject/pikc: the key is not known; did you mean pick?`,
		`, "subject": {"command": ["x"]}`:                                                        "subject and state go together",
		`, "subject": {}, "state": {"command": ["x"]}`:                                           "target.json:1: /subject: a hook is one of",
		`, "subject": {"command": ["x"], "http": {"url": "y"}}, "state": {"command": ["x"]}`:     "target.json:1: /subject: a hook is one of",
		`, "subject": {"sql": {"dsn": "d", "query": "q"}}, "state": {"command": ["x"]}`:          "/subject: only state can be sql",
		`, "subject": {"command": ["x"]}, "state": {"http": {}}`:                                 "state: http has no url",
		`, "subject": {"command": ["x"]}, "state": {"sql": {"dsn": "d"}}`:                        "state: sql needs a dsn and a query",
		`, "counters": {"command": ["x"], "received": "/r"}`:                                     "/counters: received, duplicates and errors",
		`, "stop": {"command": ["x"]}`:                                                           "stop and start go together",
		`, "mend": {"command": ["x"]}`:                                                           "break and mend go together",
		`, "database": {"listen": "a"}, "stop": {"command": ["x"]}, "start": {"command": ["x"]}`: "/database: listen is where",
		`, "api": {}`: "/api: listen is where the target asks Stripe's API, such as 127.0.0.1:12111",
		`, "database": {"listen": "a", "upstream": "b"}`:                                                                         "/database: it needs stop and start",
		`, "subject": {"command": ["x"], "pick": {"amount": 4900}}, "state": {"command": ["x"]}`:                                 `target.json:1: /subject/pick/amount: 4900 is neither a JSON pointer`,
		`, "subject": {"command": ["x"], "pick": {"amount": null}}, "state": {"command": ["x"]}`:                                 `/subject/pick/amount: null is neither`,
		`, "subject": {"command": ["x"], "pick": {"amount": "amount"}}, "state": {"command": ["x"]}`:                             `nor a constant, such as {"value": 4900}`,
		`, "subject": {"command": ["x"], "pick": {"amount": {"value": 49.5}}}, "state": {"command": ["x"]}`:                      `{"value": 49.5} is neither`,
		`, "subject": {"command": ["x"], "pick": {"amount": {"valeu": 4900}}}, "state": {"command": ["x"]}`:                      `{"valeu": 4900} is neither`,
		`, "subject": {"command": ["x"], "pick": {"session": "/session"}}, "state": {"command": ["x"]}`:                          "/subject/pick: pick has none of sessionId, clientReferenceId, paymentIntent",
		`, "subject": {"command": ["x"]}, "state": {"command": ["x"]}, "ignore": [], "ignore": []`:                               "/ignore: it is there twice, first in line 1",
		`, "subject": {"command": ["x"], "pick": {"metadata.id": "/id", "amount": {"value": "x"}}}, "state": {"command": ["x"]}`: `target.json:1: /subject/pick/amount: it is "x", and must be a whole number`,
		`, "subject": {"command": ["x"], "pick": {"metadata.id": {"value": "1"}}}, "state": {"command": ["x"]}`:                  "metadata.KEY from the answer, and a constant ties events to no single object",
		`, "subject": {"command": ["x"], "pick": {"amount": {
	"valeu": 4900}}}, "state": {"command": ["x"]}`: `target.json:1: /subject/pick/amount: { "valeu": 4900} is neither`,
		`,
"lives": {"yen": {"grants": "/credits"}}`: `target.json:2: /lives/yen/grants: it must be a list, and not a JSON string`,
		`, "connect": {}`: "target.json:1: /connect: it is empty; connect needs an account, whose id begins with acct_, and the secret",
		`,
"pick": 1`: "target.json:2: /pick: the key is not known",
		`, "ignore": ["updatedAt"]`:             `"updatedAt" is not a JSON pointer`,
		`, "previousSecret": "{{env.NOWHERE}}"`: "the environment variable NOWHERE is not set",
		`, "previousSecret": "sk_live_x"`:       "live API key",
		`} {`:                                   "there is more after the end",
		`, ` + subject + `, "break": {"command": ["x"]}, "mend": {"command": ["x"]}, "stop": {"command": ["x"]}, "start": {"command": ["x"]}, "database": {"listen": "a", "upstream": "b"}`: "exclude each other",
	} {
		_, err := parsed(t, rest)
		require.Error(t, err, rest)
		require.Regexp(t, `target\.json:\d: `, err.Error(), rest)
		require.ErrorContains(t, err, why, rest)
	}
	_, err := Load("no/such.json", nil)
	require.ErrorContains(t, err, "no/such.json")
}

// What is refused before a target is attacked is told with its place, too.
func TestTargetsThatAreRefusedAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	for text, why := range map[string]string{
		"{\n\"url\": \"shop\", \"secret\": \"x\"}":                                               `2: /url: the target's URL must be`,
		"{\n\"url\": \"http://127.0.0.1\"}":                                                      `1: /secret: the secret is missing`,
		"{\n\"url\": \"http://192.0.2.1\", \"secret\": \"x\"}":                                   `2: /url: `,
		"{\n" + least + ",\n\"connect\": {\"account\": \"ac_1\", \"secret\": \"x\"}}":            `3: /connect: connect needs`,
		"{\n" + least + ",\n\"connect\": {\"account\": \"acct_1\",\n\"secret\": \"sk_test_1\"}}": `4: /connect/secret: sk_test_… is an API key`,
		"{\n" + least + ",\n\"previousSecret\": \"sk_test_1\"}":                                  `3: /previousSecret: sk_test_… is an API key`,
		"{\n" + least + ",\n\"headers\": {\"x\": \"y\",\n\"content-type\": \"z\"}}":              `4: /headers/content-type: hookproof sends`,
		"{\n" + least + ",\n\"apiVersion\": \"3\"}":                                              `3: /apiVersion: "3" is no API version`,
		"{\n" + least + ",\n\"replicas\": [\"http://127.0.0.1\",\n\"127.0.0.1\"]}":               `4: /replicas/1: "127.0.0.1" is no URL`,
		"{\n" + least + ",\n\"api\": {\n\"listen\": \"" + listener.Addr().String() + "\"}}":      `4: /api/listen: Stripe's API cannot listen at`,
		"{\n" + least + ",\n\"api\": {\"listen\": \"192.0.2.1:80\"}}":                            `3: /api/listen: Stripe's API cannot listen at 192.0.2.1:80, which is not`,
	} {
		path := filepath.Join(t.TempDir(), "target.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		read, err := Load(path, nil)
		require.NoError(t, err, text)
		if err = read.Check(); err == nil {
			closing, opened := read.Open(t.Context())
			err = closing(t.Context(), opened)
		}
		require.ErrorContains(t, err, path+":"+why, text)
	}
}

func TestTheEnvironmentFillsAFile(t *testing.T) {
	t.Parallel()
	target, err := parsed(t, `, "previousSecret": "{{env.QUOTE}}"`)
	require.NoError(t, err)
	require.Equal(t, `a"b`, target.PreviousSecret)
}

// orderAPI is a target's own API: POST makes an order, GET tells of it.
func orderAPI(t *testing.T) (url string, seen *[]string) {
	t.Helper()
	seen = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		*seen = append(*seen, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization")))
		switch {
		case r.URL.Path == "/broken":
			http.Error(w, "no such thing", http.StatusTeapot)
		case r.Method == http.MethodPost:
			_, _ = fmt.Fprintf(w, `{"id": %q, "session": "cs_test_own", "price": {"amount": 4500}, "paid": false}`, body["reference"])
		case r.URL.Path == "/counts":
			_, _ = w.Write([]byte(`{"webhook": {"received": 5, "duplicates": 2, "errors": 1, "text": "x"}}`))
		default:
			_, _ = w.Write([]byte(`[{"status": "open"}]`))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

func TestHooksOverHTTP(t *testing.T) {
	t.Parallel()
	url, seen := orderAPI(t)
	target, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "{{new.id}}"}},
			"pick": {"clientReferenceId": "/id", "metadata.order": "/id", "amount": "/price/amount", "id": "/id"}},
		"state": {"http": {"url": "URL/orders/{{id}}", "headers": {"Authorization": "Bearer {{env.TOKEN}}"}}},
		"counters": {"http": {"url": "URL/counts"}, "received": "/webhook/received", "duplicates": "/webhook/duplicates", "errors": "/webhook/errors"}`, "URL", url))
	require.NoError(t, err)
	s, err := target.Subject(t.Context())
	require.NoError(t, err)
	require.Len(t, s.Text("metadata.order"), 36, "a UUID")
	require.Equal(t, int64(4500), s.Number("amount", 0))
	state, err := target.State(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, []any{map[string]any{"status": "open"}}, state)
	require.Equal(t, []string{"POST /orders ", "GET /orders/" + s.Text("id") + " Bearer t0p"}, *seen)
	c, err := target.Counters(t.Context())
	require.NoError(t, err)
	require.Equal(t, result.Counters{Received: 5, Duplicates: 2, Errors: 1}, c)

	announced, make, err := target.Announce(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, s.Text("id"), announced.Text("id"))
	id := announced.Text("metadata.order")
	require.NoError(t, make(t.Context()))
	require.Equal(t, id, announced.Text("clientReferenceId"), "it was made under the name that was told before")
}

func TestWhatTheTargetMakesUpCannotBeAnnounced(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	target, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "{{new.id}}"}}, "pick": {"sessionId": "/session", "id": "/id"}},
		"state": {"http": {"url": "URL/orders/{{id}}"}}`, "URL", url))
	require.NoError(t, err)
	_, _, err = target.Announce(t.Context())
	require.Equal(t, []string{"announce"}, result.AsReason(err).Hooks)
	require.ErrorContains(t, err, "the target itself invents sessionId")
}

func TestHooksThatAnswerTheWrongShape(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	for _, row := range []struct{ subject, state, why string }{
		{`{"http": {"url": "URL/broken"}}`, `{"command": ["true"]}`, "answered 418: no such thing"},
		{`{"http": {"url": "URL/orders", "body": {"reference": "r"}}, "pick": {"sessionId": "/sesion"}}`, `{"command": ["true"]}`, "its answer has no /sesion"},
		{`{"http": {"url": "URL/orders", "body": {"reference": "r"}}, "pick": {"sessionId": "/price"}}`, `{"command": ["true"]}`, "sessionId is neither a string nor a whole number"},
		{`{"http": {"url": "URL/list"}}`, `{"command": ["true"]}`, "its answer is not a JSON object"},
		{`{"command": ["echo", "hello"]}`, `{"command": ["true"]}`, `its answer is not JSON: "hello`},
		{`{"command": ["sh", "-c", "echo no money >&2; exit 3"]}`, `{"command": ["true"]}`, "exit status 3: no money"},
		{`{"command": ["./missing"]}`, `{"command": ["true"]}`, "no such file"},
		{`{"command": ["echo", "{{nothing}}"]}`, `{"command": ["true"]}`, "there is no value for {{nothing}}"},
	} {
		target, err := parsed(t, strings.ReplaceAll(`, "subject": `+row.subject+`, "state": `+row.state, "URL", url))
		require.NoError(t, err)
		_, err = target.Subject(t.Context())
		require.ErrorContains(t, err, row.why, row.subject)
	}
	target, err := parsed(t, strings.ReplaceAll(`, "counters": {"http": {"url": "URL/counts"}, "received": "/webhook/text", "duplicates": "/webhook/text", "errors": "/webhook/text"}`, "URL", url))
	require.NoError(t, err)
	_, err = target.Counters(t.Context())
	require.ErrorContains(t, err, "its answer's /webhook/text is no whole number")
}

func TestCommandsRunBesideTheirFile(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "target.json")
	require.NoError(t, program.Write(filepath.Join(directory, "mine"), []byte("#!/bin/sh\necho '{\"sessionId\": \"cs_1\", \"where\": \"'$PWD'\"}'\n"), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(`{`+least+`, "subject": {"command": ["./mine"]}, "state": {"command": ["echo", "\"{{sessionId}}\""]},
		"start": {"command": ["sh", "-c", "sleep 60 & echo $! > pid"]}, "stop": {"command": ["sh", "-c", "kill $(cat pid)"]}}`), 0o600))
	target, err := Load(path, nil)
	require.NoError(t, err)
	s, err := target.Subject(t.Context())
	require.NoError(t, err)
	require.Contains(t, s.Text("where"), filepath.Base(directory))
	state, err := target.State(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "cs_1", state)
	// What a start leaves behind is not waited for.
	require.NoError(t, target.Start(context.Background()))
	require.NoError(t, target.Stop(context.Background(), "stop"))
}

// A hook's program is found from the target file's directory, wherever hookproof was started.
func TestHooksOfATargetFileElsewhere(t *testing.T) {
	root := t.TempDir()
	directory := filepath.Join(root, "targets", "shop")
	require.NoError(t, os.MkdirAll(directory, 0o755))
	write := func(name, text string, mode os.FileMode) {
		require.NoError(t, program.Write(filepath.Join(root, name), []byte(text), mode))
	}
	write("targets/shop/target.json", `{"url": "http://127.0.0.1:1", "secret": "whsec_x",
		"subject": {"command": ["./subject"]}, "state": {"command": ["../state", "{{sessionId}}"]}}`, 0o644)
	write("targets/shop/subject", "#!/bin/sh\necho '{\"sessionId\": \"cs_1\"}'\n", 0o755)
	write("targets/state", "#!/bin/sh\necho \"{\\\"of\\\": \\\"$1\\\"}\"\n", 0o755)
	t.Chdir(root)

	for _, path := range []string{"targets/shop/target.json", filepath.Join(directory, "target.json")} {
		target, err := Load(path, nil)
		require.NoError(t, err)
		subject, err := target.Subject(context.Background())
		require.NoError(t, err, path)
		state, err := target.State(context.Background(), subject)
		require.NoError(t, err, path)
		require.Equal(t, map[string]any{"of": "cs_1"}, state)
	}
}

func TestATargetFileThatDoesNotExist(t *testing.T) {
	t.Parallel()
	_, err := Load("no/such.json", nil)
	require.EqualError(t, err, "the target file no/such.json does not exist; 'hookproof init' writes one")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
