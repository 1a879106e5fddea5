// Package hookproof_test keeps the arrows between packages as ARCHITECTURE.md draws them.
package hookproof_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "example.com/hookproof/"

// arrows are all imports that a package of ours may have of others of ours, tests left out.
var arrows = map[string][]string{
	"bench":                           {"hookproof/event", "hookproof/life", "hookproof/target", "pgserver", "store"},
	"bench/growth":                    {"hookproof/event", "hookproof/life", "pgserver", "server", "store"},
	"bodies":                          {},
	"cmd/booking-server":              {"server", "store", "webhook"},
	"cmd/hookproof":                   {"fixtures", "hookproof/baseline", "hookproof/catalog", "hookproof/check", "hookproof/event", "hookproof/life", "hookproof/mcpserver", "hookproof/mutants", "hookproof/process", "hookproof/record", "hookproof/report", "hookproof/result", "hookproof/run", "hookproof/scenario", "hookproof/suggest", "hookproof/target"},
	"cmd/sandbox":                     {"hookproof/event", "hookproof/life", "hookproof/process", "hookproof/target", "pgserver", "server", "store", "stripe-mock"},
	"e2e":                             {},
	"e2e/attack":                      {"hookproof", "hookproof/event", "hookproof/life", "pgserver"},
	"e2e/soak":                        {"hookproof/dbproxy", "hookproof/event", "pgserver"},
	"examples/gotest":                 {},
	"examples/targets":                {},
	"examples/targets/go":             {},
	"fixtures":                        {},
	"fixtures/vectors/generate":       {"fixtures"},
	"hookproof":                       {"hookproof/event", "hookproof/life", "hookproof/result", "hookproof/run", "hookproof/target"},
	"hookproof/baseline":              {"hookproof/internal/jsonfile", "hookproof/result"},
	"hookproof/catalog":               {"hookproof/check", "hookproof/life", "hookproof/scenario", "hookproof/suggest"},
	"hookproof/check":                 {"fixtures", "hookproof/event", "hookproof/life", "hookproof/result"},
	"hookproof/dbproxy":               {},
	"hookproof/event":                 {},
	"hookproof/hookprooftest":         {"hookproof", "hookproof/check", "hookproof/life", "hookproof/report"},
	"hookproof/internal/endpointtest": {"hookproof/event"},
	"hookproof/internal/jsonfile":     {"hookproof/event", "hookproof/suggest"},
	"hookproof/internal/memnet":       {"hookproof/dbproxy"},
	"hookproof/internal/program":      {},
	"hookproof/life":                  {"fixtures", "hookproof/event", "hookproof/internal/jsonfile", "hookproof/suggest"},
	"hookproof/mcpserver":             {"hookproof/catalog", "hookproof/life", "hookproof/report", "hookproof/result", "hookproof/run", "hookproof/suggest", "hookproof/target"},
	"hookproof/mutants":               {"hookproof/check", "hookproof/internal/program", "hookproof/result", "hookproof/run", "hookproof/target", "pgserver"},
	"hookproof/process":               {},
	"hookproof/record":                {"hookproof/event"},
	"hookproof/report":                {"hookproof/result"},
	"hookproof/result":                {},
	"hookproof/run":                   {"hookproof/check", "hookproof/dbproxy", "hookproof/event", "hookproof/life", "hookproof/result", "hookproof/stripeapi", "hookproof/suggest", "hookproof/target"},
	"hookproof/scenario":              {"fixtures", "hookproof/check", "hookproof/event", "hookproof/life", "hookproof/result", "hookproof/target"},
	"hookproof/target":                {"hookproof/dbproxy", "hookproof/event", "hookproof/internal/jsonfile", "hookproof/life", "hookproof/process", "hookproof/result", "hookproof/stripeapi", "hookproof/suggest"},
	"hookproof/stripeapi":             {},
	"hookproof/suggest":               {},
	"migrations":                      {},
	"pgserver":                        {},
	"server":                          {"bodies", "store", "webhook"},
	"store":                           {"migrations"},
	"stripe-mock":                     {},
	"webhook":                         {"bodies", "store"},

	"examples/targets/go-subscriptions": {},
}

// strangers must not be in the production binary, however they might come in.
var strangers = []string{
	module + "hookproof", module + "fixtures", module + "pgserver", module + "stripe-mock",
	"github.com/stripe/stripe-mock", "github.com/testcontainers", "github.com/fergusstrange", "github.com/stretchr",
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...).Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func TestArrows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range list(t, "./...") {
		name, inside := strings.CutPrefix(p.ImportPath, module)
		if !inside {
			continue // the root, which has this test alone
		}
		seen[name] = true
		require.Contains(t, arrows, name, "a new package: draw it in ARCHITECTURE.md, and here")
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, module); ours {
				require.Contains(t, arrows[name], other, "%s imports %s", name, other)
			}
		}
	}
	for name := range arrows {
		require.True(t, seen[name], "%s is gone: take its arrows away", name)
	}
}

func TestTheProductionBinaryHoldsNoHarness(t *testing.T) {
	t.Parallel()
	binary := list(t, "./cmd/booking-server")
	require.Len(t, binary, 1)
	for _, stranger := range strangers {
		require.False(t, slices.ContainsFunc(binary[0].Deps, func(dep string) bool {
			return dep == stranger || strings.HasPrefix(dep, stranger+"/")
		}), "it holds %s", stranger)
	}
}
