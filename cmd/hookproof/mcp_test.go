package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	shop "example.com/hookproof/examples/gotest"
)

// An assistant starts the program and speaks to it: it finds the tools, checks the shop that stripe-go's own verification makes lenient,
// and is refused another machine's address.
func TestMCPOverTheProgram(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&shop.Shop{Secret: "whsec_shop"})
	t.Cleanup(server.Close)
	command := exec.Command("hookproof", "mcp") // which TestMain has put into PATH
	command.Env = append(command.Environ(), "HOOKPROOF_SECRET=whsec_shop")
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: command}, nil)
	require.NoError(t, err)
	require.Equal(t, "hookproof", session.InitializeResult().ServerInfo.Name)
	tools, err := session.ListTools(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, tools.Tools, 3)
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "check", Arguments: map[string]any{"url": server.URL, "checks": []string{"authenticity"}}})
	require.NoError(t, err)
	text := result.Content[0].(*mcp.TextContent).Text
	require.Contains(t, text, "FAILED: ")
	require.Contains(t, text, "1. authenticity/future\n")
	require.Equal(t, "failed", result.StructuredContent.(map[string]any)["outcome"])
	result, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "check", Arguments: map[string]any{"url": "https://192.0.2.1/hook"}})
	require.NoError(t, err)
	require.True(t, result.IsError)
	require.Contains(t, result.Content[0].(*mcp.TextContent).Text, "is not on this machine")
	require.NoError(t, session.Close())
	require.Zero(t, command.ProcessState.ExitCode())
}

// Standard output carries the protocol alone, a message a line, also beside a run that is cancelled; then the program still answers.
func TestMCPWritesOnlyTheProtocol(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&shop.Shop{Secret: "whsec_shop"})
	t.Cleanup(server.Close)
	command := exec.Command("hookproof", "mcp")
	in, err := command.StdinPipe()
	require.NoError(t, err)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	var errs strings.Builder
	command.Stderr = &errs
	require.NoError(t, command.Start())
	say := func(format string, args ...any) {
		_, err := fmt.Fprintf(in, format+"\n", args...)
		require.NoError(t, err)
	}
	type message struct {
		Version string `json:"jsonrpc"`
		ID      int
		Method  string
		Result  json.RawMessage
		Error   json.RawMessage
	}
	lines := bufio.NewReader(out)
	hear := func() (m message) {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, errs.String())
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		require.Equal(t, "2.0", m.Version)
		return m
	}
	say(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	require.Equal(t, 1, hear().ID)
	say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	say(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"check","arguments":{"url":%q,"secret":"whsec_shop"},"_meta":{"progressToken":"p"}}}`, server.URL)
	require.Equal(t, "notifications/progress", hear().Method)
	say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}`)
	say(`{"jsonrpc":"2.0","id":3,"method":"ping"}`)
	pinged, cancelled := false, false
	for !pinged || !cancelled {
		m := hear()
		pinged = pinged || m.ID == 3
		if m.ID == 2 {
			cancelled = true
			require.NotContains(t, string(m.Result), "PASSED")
		}
	}
	require.NoError(t, in.Close())
	rest, err := lines.ReadString('\n')
	require.Empty(t, rest)
	require.Error(t, err)
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		require.NoError(t, err, errs.String())
	case <-time.After(20 * time.Second):
		t.Fatal("the program does not end with its input")
	}
	require.Empty(t, errs.String())
}
