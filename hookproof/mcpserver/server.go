// Package mcpserver offers hookproof to coding assistants by the Model Context Protocol: it checks endpoints of this machine, explains
// checks, and lists what is built in. https://modelcontextprotocol.io
package mcpserver

import (
	"context"
	"encoding/json"
	"io"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/report"
)

const instructions = `hookproof tests an endpoint that takes Stripe's webhooks. It delivers signed, forged, repeated and reordered events to an
endpoint of this machine, and compares what became of the orders or payments.

1. check with url and secret judges what can be seen from outside. check with a target file, which 'hookproof init' writes, judges whether a
   payment that is delivered twice, late or in another order counts once.
2. Mend the cause of the first finding in the endpoint's code; each finding has its fix, and a curl command that sends the same again.
   explain tells more about a check.
3. check again with the finding's check in checks and the same seed; when it passes, without them.

Do not silence a finding by ignore, unhandled or fewer checks: ignore is for what differs between any two objects. What the report calls not
judged is not proven; tell the user so.`

// Options are what a server needs to know of the program that it is part of.
type Options struct {
	Version string                   // of hookproof
	Getenv  func(name string) string // the environment
}

// New makes a server with its tools. The caller runs it on a transport.
func New(o Options) *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "hookproof", Title: "hookproof", Version: o.Version},
		&mcp.ServerOptions{Instructions: instructions, Capabilities: &mcp.ServerCapabilities{}})
	server.AddReceivingMiddleware(knownArguments)
	c := &checker{getenv: o.Getenv, turn: make(chan struct{}, 1)}
	no := false
	mcp.AddTool(server, &mcp.Tool{
		Name:  "check",
		Title: "Check a webhook endpoint",
		Description: "Judge an endpoint of this machine that takes Stripe's webhooks: by a target file, or by its URL and signing secret. It takes a few seconds " +
			"with a URL and up to a minute with a target file. The text has the verdict, the findings with cause and fix, and what was not judged; the " +
			"structured content is the whole report, with every request that was sent.",
		OutputSchema: withoutID(report.Schema()),
		Annotations:  &mcp.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &no},
	}, c.check)
	mcp.AddTool(server, &mcp.Tool{
		Name:         "explain",
		Title:        "Explain a check",
		Description:  "Describe a check, each check of a family, or the checks that try a relation: the demand, its source, what a breach costs, how to fix it, what is tried.",
		OutputSchema: withoutID(catalog.ExplainSchema()),
		Annotations:  &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &no},
	}, explain)
	mcp.AddTool(server, &mcp.Tool{
		Name:         "list",
		Title:        "List checks, lives and event types",
		Description:  "List the checks with what each needs and demands, the lives (the stories that Stripe tells of one object), the event types that are sent, or the scenarios.",
		OutputSchema: withoutID(catalog.ListSchema()),
		Annotations:  &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &no},
	}, list)
	return server
}

// withoutID is a schema without its relative $id, which has no meaning where the schema stands in a tool.
func withoutID(raw []byte) (schema map[string]any) {
	if err := json.Unmarshal(raw, &schema); err != nil {
		panic("mcpserver: " + err.Error()) // embedded, and a test reads it
	}
	delete(schema, "$id")
	return schema
}

// Serve runs a server until its client or the context ends it.
func Serve(ctx context.Context, server *mcp.Server, in io.ReadCloser, out io.WriteCloser) error {
	err := server.Run(ctx, &mcp.IOTransport{Reader: in, Writer: out})
	if ctx.Err() != nil {
		return nil // as it was asked to
	}
	return err
}
