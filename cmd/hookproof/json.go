package main

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// jsonFlag gives a command the flag for whoever reads its output by a program.
func jsonFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("json", false, "print one JSON document, and nothing else, to standard output")
}

// toStdout is the file of --json that is standard output.
const toStdout = "-"

// jsonOrFileFlag gives a command the flag for a JSON document that is printed, or written to a file if one is named.
func jsonOrFileFlag(cmd *cobra.Command, what string) *string {
	file := cmd.Flags().String("json", "", "print "+what+" as JSON, and nothing else; with a `FILE`, write it there instead")
	cmd.Flags().Lookup("json").NoOptDefVal = toStdout
	return file
}

// takesFile are the commands whose --json may name a file.
var takesFile = []string{"check", "mutants"}

// joined are arguments in which --json and its file are one, as the library of flags wants them where a value may be missing.
func joined(args []string) []string {
	if len(args) == 0 || !slices.Contains(takesFile, args[0]) {
		return args
	}
	var all []string
	for n := 0; n < len(args); n++ {
		switch {
		case args[n] == "--":
			return append(all, args[n:]...)
		case args[n] == "--json" && n+1 < len(args) && (args[n+1] == toStdout || !strings.HasPrefix(args[n+1], "-")):
			all = append(all, "--json="+args[n+1])
			n++
		default:
			all = append(all, args[n])
		}
	}
	return all
}

// wantsJSON reports whether standard output is for a program. It looks at the arguments, since they may not be right.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, func(arg string) bool {
		return arg == "--json" || arg == "--json="+toStdout || arg == "--json=true"
	})
}

// errorDocument is what a program reads on standard output where there is nothing else.
type errorDocument struct {
	Error string `json:"error"`
}

// touched is a writer that knows whether anything was written.
type touched struct {
	io.Writer
	was bool
}

func (t *touched) Write(p []byte) (int, error) {
	t.was = t.was || len(p) > 0
	return t.Writer.Write(p)
}

func printJSON(out io.Writer, document any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}
