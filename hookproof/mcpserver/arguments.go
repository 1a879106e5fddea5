package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"example.com/hookproof/hookproof/suggest"
)

// arguments are the names of each tool's arguments.
var arguments = map[string][]string{"check": namesIn[checkInput](), "explain": namesIn[explainInput](), "list": namesIn[listInput]()}

// namesIn returns the JSON names of a struct's fields.
func namesIn[Input any]() (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Input]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// knownArguments answers a call with an argument that its tool has not by the names of those that it has. The schema's own answer names
// only the wrong one.
func knownArguments(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, request mcp.Request) (mcp.Result, error) {
		if call, is := request.(*mcp.CallToolRequest); is {
			if err := unknownIn(call.Params.Name, call.Params.Arguments); err != nil {
				var wrong mcp.CallToolResult
				wrong.SetError(err)
				return &wrong, nil
			}
		}
		return next(ctx, method, request)
	}
}

// unknownIn says which argument a tool has not.
func unknownIn(tool string, given json.RawMessage) error {
	var members map[string]json.RawMessage
	names, known := arguments[tool]
	if !known || json.Unmarshal(given, &members) != nil {
		return nil // told by whoever takes the call
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s has no argument %q, but %s%s", tool, name, strings.Join(names, ", "), suggest.DidYouMean(name, names))
		}
	}
	return nil
}
