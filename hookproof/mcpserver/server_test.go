package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/report"
)

// client is connected to a server in memory; it gives each progress notification to heard.
func client(t *testing.T, heard func(*mcp.ProgressNotificationParams)) *mcp.ClientSession {
	t.Helper()
	ours, theirs := mcp.NewInMemoryTransports()
	served := make(chan error, 1)
	server := New(Options{Version: "test", Getenv: func(string) string { return "" }})
	go func() { served <- server.Run(context.WithoutCancel(t.Context()), ours) }()
	c := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) { heard(r.Params) },
	})
	session, err := c.Connect(t.Context(), theirs, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, session.Close())
		require.NoError(t, <-served)
	})
	return session
}

func deaf(*mcp.ProgressNotificationParams) {}

// call calls a tool, and validates what it gives by a schema unless that is nil.
func call(t *testing.T, session *mcp.ClientSession, tool string, arguments map[string]any, schema []byte) (text string, structured map[string]any, isError bool) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.Len(t, result.Content, 1)
	text = result.Content[0].(*mcp.TextContent).Text
	if result.IsError {
		require.Nil(t, result.StructuredContent)
		return text, nil, true
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", document))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(result.StructuredContent), text)
	return text, result.StructuredContent.(map[string]any), false
}

// forgetful is a shop that issues one more licence each time a payment is delivered.
type forgetful struct {
	mu    sync.Mutex
	began chan struct{} // closed by the first delivery
	once  sync.Once
	paid  []int
}

func (s *forgetful) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodGet:
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/orders/order-"))
		_, _ = fmt.Fprintf(w, `{"licences": %d}`, s.paid[n])
		return
	case r.URL.Path == "/orders":
		s.paid = append(s.paid, 0)
		_, _ = fmt.Fprintf(w, `{"id": "order-%d"}`, len(s.paid)-1)
		return
	}
	s.once.Do(func() { close(s.began) })
	body, _ := io.ReadAll(r.Body)
	var e struct {
		Type string
		Data struct {
			Object struct {
				Reference string `json:"client_reference_id"`
			}
		}
	}
	if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || json.Unmarshal(body, &e) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(e.Data.Object.Reference, "order-")); err == nil && n < len(s.paid) && e.Type == "checkout.session.completed" {
		s.paid[n]++
	}
}

// openShop serves a forgetful shop and writes its target file.
func openShop(t *testing.T) (shop *forgetful, file, url string) {
	t.Helper()
	shop = &forgetful{began: make(chan struct{})}
	server := httptest.NewServer(shop)
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "hookproof.json")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{
		"url": %q, "secret": %q,
		"subject": {"http": {"url": %q, "method": "POST"}, "pick": {"clientReferenceId": "/id"}},
		"state": {"http": {"url": %q}}
	}`, server.URL+"/hook", endpointtest.Secret, server.URL+"/orders", server.URL+"/orders/{{clientReferenceId}}"), 0o600))
	return shop, file, server.URL
}

func TestToolsAreListed(t *testing.T) {
	t.Parallel()
	session := client(t, deaf)
	require.Contains(t, session.InitializeResult().Instructions, "Do not silence a finding")
	list, err := session.ListTools(t.Context(), nil)
	require.NoError(t, err)
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		require.NotNil(t, tool.OutputSchema, tool.Name)
	}
	require.Equal(t, []string{"check", "explain", "list"}, names)
}

// A broken endpoint: the text tells what is wrong, how to fix it, and what was sent; the report says the same.
func TestCheckTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var heard []string
	session := client(t, func(p *mcp.ProgressNotificationParams) {
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, "mine", p.ProgressToken)
		heard = append(heard, p.Message)
	})
	_, file, _ := openShop(t)
	params := &mcp.CallToolParams{Name: "check", Arguments: map[string]any{"target": file, "checks": []string{"idempotence/redelivered", "faults/killed"}, "seed": 7}}
	params.SetProgressToken("mine")
	result, err := session.CallTool(t.Context(), params)
	require.NoError(t, err)
	text := result.Content[0].(*mcp.TextContent).Text
	require.False(t, result.IsError, text)
	for _, told := range []string{
		"FAILED: 1 check failed of 1 judged, of 2 in all", "seed 7", "1. idempotence/redelivered\n", "/licences is 2 instead of 1", "   Fix: ",
		"curl -sS", "Not judged\n    faults/killed: needs", "   Run only this:", "Next: give the target file ",
	} {
		require.Contains(t, text, told)
	}
	require.Less(t, len(text), 12_000, "short enough for a model")
	read := result.StructuredContent.(map[string]any)
	require.Equal(t, "failed", read["outcome"])
	require.Equal(t, 7.0, read["seed"])
	told := func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(heard, "\n")
	}
	require.Contains(t, told(), "calibrate: 0 decided, 0 failed")
	require.Eventually(t, func() bool { return strings.Contains(told(), ": 2 decided, 1 failed") }, time.Minute, time.Millisecond, "the client hears of the last decision beside the answer")
}

// The whole report follows its schema, also one with bodies of hundreds of kilobytes, of which it has the beginning.
func TestCheckGivesTheReportOfAURL(t *testing.T) {
	t.Parallel()
	small := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); len(body) > 100<<10 || !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(small.Close)
	text, read, isError := call(t, client(t, deaf), "check", map[string]any{"url": small.URL, "secret": endpointtest.Secret}, report.Schema())
	require.False(t, isError, text)
	require.Contains(t, text, "1. authenticity/large-body")
	raw, err := json.Marshal(read)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"shortened":true`)
	require.Less(t, len(raw), 200<<10)
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	session := client(t, deaf)
	_, file, url := openShop(t)
	public := filepath.Join(t.TempDir(), "public.json")
	require.NoError(t, os.WriteFile(public, []byte(`{"url": "http://127.0.0.1:1/hook", "secret": "whsec_x", "replicas": ["http://10.1.2.3/hook"]}`), 0o600))
	lifeless := filepath.Join(t.TempDir(), "lifeless.json")
	require.NoError(t, os.WriteFile(lifeless, []byte(`{"url": "http://127.0.0.1:1/hook", "secret": "whsec_x", "lives": {"own": {"life": "no/life.json"}}}`), 0o600))
	for name, row := range map[string]struct {
		arguments map[string]any
		told      string
	}{
		"a public address":    {map[string]any{"url": "https://192.0.2.1/hook", "secret": "whsec_x"}, "the target 192.0.2.1 is not on this machine, and only loopback targets such as http://127.0.0.1:3000 are taken here"},
		"a private network":   {map[string]any{"url": "http://10.1.2.3:3000/hook", "secret": "whsec_x"}, "the target 10.1.2.3 is not on this machine"},
		"a replica elsewhere": {map[string]any{"target": public}, "the target 10.1.2.3 is not on this machine"},
		"nothing listens":     {map[string]any{"url": "http://127.0.0.1:1/hook", "secret": "whsec_x"}, "nothing listens at http://127.0.0.1:1/hook"},
		"a live key":          {map[string]any{"url": url, "secret": "sk_live_x"}, "live API key"},
		"no secret":           {map[string]any{"url": url}, "the secret is missing"},
		"nothing":             {map[string]any{}, "name the endpoint by target"},
		"both":                {map[string]any{"url": url, "target": file}, "give target alone"},
		"no such file":        {map[string]any{"target": "no/such.json"}, "there is no file no/such.json in /"},
		"no life.json":        {map[string]any{"target": lifeless}, "no/life.json"},
		"no such check":       {map[string]any{"target": file, "checks": []string{"no/such"}}, `there is no check or family "no/such"`},
		"no such life":        {map[string]any{"target": file, "life": []string{"subscription"}}, `the target has no life "subscription"`},
		"no such profile":     {map[string]any{"target": file, "profile": "lax"}, `there is no profile "lax"`},
		"no such argument":    {map[string]any{"allowHost": "x"}, `check has no argument "allowHost", but target, url, secret, checks, life, seed, profile, seconds`},
		"a near argument":     {map[string]any{"target": file, "check": "x"}, "profile, seconds; did you mean checks?"},
		"a negative time":     {map[string]any{"target": file, "seconds": -1}, "seconds must be from 1 to 86400"},
		"too long a time":     {map[string]any{"target": file, "seconds": 1 << 53}, "seconds must be from 1 to 86400"},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, isError := call(t, session, "check", row.arguments, nil)
			require.True(t, isError, text)
			require.Contains(t, text, row.told)
			require.NotContains(t, text, "\n", "one sentence")
		})
	}
}

// A run that its client gives up ends, and the next one can begin.
func TestCheckCanBeCancelled(t *testing.T) {
	t.Parallel()
	session := client(t, deaf)
	shop, file, _ := openShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error, 1)
	go func() {
		_, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "check", Arguments: map[string]any{"target": file}})
		cancelled <- err
	}()
	<-shop.began
	cancel()
	require.ErrorIs(t, <-cancelled, context.Canceled)
	next, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	result, err := session.CallTool(next, &mcp.CallToolParams{Name: "check", Arguments: map[string]any{"target": file, "checks": []string{"authenticity/genuine"}}})
	require.NoError(t, err, "the run that was given up still runs")
	require.Contains(t, result.Content[0].(*mcp.TextContent).Text, "PASSED: 1 of 1 check")
}

func TestExplainAndList(t *testing.T) {
	t.Parallel()
	session := client(t, deaf)
	text, read, _ := call(t, session, "explain", map[string]any{"name": "S(paid*2) = S(paid)"}, catalog.ExplainSchema())
	require.Contains(t, text, "idempotence/redelivered")
	require.NotEmpty(t, read["checks"])
	text, _, isError := call(t, session, "explain", map[string]any{"name": "idempotense"}, nil)
	require.True(t, isError)
	require.Contains(t, text, "did you mean idempotence")
	for tool, has := range map[string]string{"explain": "name, life", "list": "list, life"} {
		text, _, isError = call(t, session, tool, map[string]any{"checks": "x"}, nil)
		require.True(t, isError)
		require.Equal(t, tool+` has no argument "checks", but `+has, text)
	}
	text, _, _ = call(t, session, "list", map[string]any{}, catalog.ListSchema())
	require.Contains(t, text, "authenticity/genuine ")
	text, _, _ = call(t, session, "list", map[string]any{"list": "lives"}, catalog.ListSchema())
	require.Contains(t, text, "subscription ")
	_, read, _ = call(t, session, "list", map[string]any{"list": "events", "life": "intent"}, catalog.ListSchema())
	require.Equal(t, "intent", read["life"])
}
