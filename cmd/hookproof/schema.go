package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/record"
	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/suggest"
)

//go:embed schema/error.schema.json
var errorSchema []byte

//go:embed schema/replay.schema.json
var replaySchema []byte

// schema is a JSON Schema of a document that is printed or read.
type schema struct {
	of   string
	text []byte
}

// schemas are all schemas, by their names.
var schemas = func() map[string]schema {
	all := maps.Clone(publicSchemas)
	maps.Copy(all, repositorySchemas)
	return all
}()

// publicSchemas are those of what every hookproof prints and reads.
var publicSchemas = map[string]schema{
	"report":    {"what check --json prints", report.Schema()},
	"list":      {"what list --json prints", catalog.ListSchema()},
	"explain":   {"what explain --json prints", catalog.ExplainSchema()},
	"replay":    {"what replay --json prints", replaySchema},
	"recording": {"what record --json prints at its end, and recording.json", record.Schema()},
	"vectors":   {"what vectors --json prints", fixtures.VectorsSchema()},
	"error":     {"what every --json prints where there is nothing else", errorSchema},
	"target":    {"a target file", fixtures.TargetSchema()},
	"life":      {"a life.json", fixtures.LifeSchema()},
	"scenario":  {"a scenario", fixtures.ScenarioSchema()},
	"family":    {"a file of several scenarios", fixtures.FamilySchema()},
}

func schemaCommand() *cobra.Command {
	names := slices.Sorted(maps.Keys(schemas))
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of what is printed or read",
		Long: `schema prints a JSON Schema (draft 2020-12). Without a name it lists them. A schema of the same name is not changed so that
readers break, unless the version in the document is raised.`,
		Example: `  hookproof schema
  hookproof schema report > report.schema.json`,
		ValidArgs:             names,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("schema: name one schema, or none for a list of them")
			}
			if len(args) == 1 && !slices.Contains(names, args[0]) {
				return fmt.Errorf("schema: there is no schema %q%s; there are %s", args[0], suggest.DidYouMean(args[0], names), strings.Join(names, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				_, err := cmd.OutOrStdout().Write(schemas[args[0]].text)
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, name := range names {
				_, _ = fmt.Fprintf(table, "%s\t%s\n", name, schemas[name].of)
			}
			return table.Flush()
		},
	}
}
