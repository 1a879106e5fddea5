package main

import (
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/mcpserver"
)

func mcpCommand(getenv func(string) string) *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Serve a coding assistant by the Model Context Protocol",
		Long: `mcp is an MCP server over standard input and output. A coding assistant starts it and gets three tools: check judges an endpoint,
explain describes a check, list lists what is built in. It judges targets on this machine alone; any other address is refused. Nothing but
the protocol is on standard output. docs/assistants.md has the lines for a client's configuration, and a skill.`,
		Example: `  {"mcpServers": {"hookproof": {"command": "hookproof", "args": ["mcp"]}}}`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server := mcpserver.New(mcpserver.Options{Version: versionText(debug.ReadBuildInfo()), Getenv: getenv})
			return mcpserver.Serve(cmd.Context(), server, io.NopCloser(cmd.InOrStdin()), unclosed{cmd.OutOrStdout()})
		},
	}
}

// unclosed is a writer that stays open: standard output is the process's.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
