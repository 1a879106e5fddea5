package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

func TestTheStateIsReadByARouteOfTheProgram(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/o_1", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"id": "o_1"}`)) })
	mux.HandleFunc("GET /carts/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for program, want := range map[string]string{
		"app.get('/users/:id', x)\napp.get('/carts/:id', y)\napp.get('/orders/:id', z)": "GET /orders/{{clientReferenceId}}",
		`@app.route("/orders/<int:id>")`:                                                "GET /orders/{{clientReferenceId}}",
		`mux.HandleFunc("GET /orders/{id}", read)`:                                      "GET /orders/{{clientReferenceId}}",
		"app.get('/users/:id', x)":                                                      "",
		"app.get('/orders', x)":                                                         "",
	} {
		i := &inquiry{asker: &asker{ctx: t.Context()}, file: targetFile{URL: server.URL + "/webhook"}, life: life.Payment, sources: sources{"a.js": []byte(program)}}
		i.hooks = &lifeHooks{Subject: &subjectHook{Hook: target.Hook{HTTP: &target.HookRequest{URL: server.URL + "/checkout", Method: "POST"}}, Pick: map[string]any{"clientReferenceId": "/orderId"}}}
		i.members = [2]any{map[string]any{"orderId": "o_1"}, map[string]any{"orderId": "o_2"}}
		p := i.proposeState()
		require.Equal(t, want, p.answer, program)
		if want == "" {
			require.Contains(t, p.basis, "--state 'GET /")
		}
	}
}
