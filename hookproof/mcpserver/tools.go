package mcpserver

import (
	"context"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/life"
)

type explainInput struct {
	Name string `json:"name" jsonschema:"a check such as idempotence/redelivered, a family such as idempotence, or a relation of a report such as S(paid*2) = S(paid)"`
	Life string `json:"life,omitempty" jsonschema:"the life whose checks are described: a built-in one, or the path of a life.json; without it, the first that has the check"`
}

func explain(_ context.Context, _ *mcp.CallToolRequest, in explainInput) (*mcp.CallToolResult, catalog.Explained, error) {
	lives := life.BuiltIns()
	if in.Life != "" {
		l, err := life.Named(in.Life)
		if err != nil {
			return nil, catalog.Explained{}, err
		}
		lives = []*life.Life{l}
	}
	found, err := catalog.Find(lives, in.Name)
	if err != nil {
		return nil, catalog.Explained{}, err
	}
	var out strings.Builder
	err = catalog.Text(&out, found)
	return text(out.String()), catalog.Explain(found), err
}

type listInput struct {
	List string `json:"list,omitempty" jsonschema:"checks (the default), lives, events or scenarios"`
	Life string `json:"life,omitempty" jsonschema:"the life whose checks or events are listed: a built-in one, or the path of a life.json"`
}

func list(_ context.Context, _ *mcp.CallToolRequest, in listInput) (*mcp.CallToolResult, catalog.List, error) {
	var of *life.Life
	if in.Life != "" {
		var err error
		if of, err = life.Named(in.Life); err != nil {
			return nil, catalog.List{}, err
		}
	}
	if in.List == "" {
		in.List = "checks"
	}
	found, err := catalog.Listed(in.List, of)
	if err != nil {
		return nil, catalog.List{}, err
	}
	var out strings.Builder
	err = found.Text(&out)
	return text(out.String()), found, err
}

func text(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}
