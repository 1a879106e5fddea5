package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// once calls a function when a text is first written.
type once struct {
	all  strings.Builder
	text string
	do   func()
}

func (o *once) Write(p []byte) (int, error) {
	if strings.Contains(string(p), o.text) {
		o.do()
	}
	return o.all.Write(p)
}

func (o *once) String() string { return o.all.String() }

// What had failed when a run is interrupted is told, in every report, and outranks the interruption.
func TestAnInterruptedRunTellsWhatFailed(t *testing.T) {
	t.Parallel()
	gullible := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(gullible.Close)
	for name, row := range map[string]struct {
		when string // this is told, the run is interrupted
		code int
		told []string
	}{
		"a check had failed": {"fail ", failed, []string{"FAILED: ", "judged, of ", "authenticity/", "interrupted before it was decided"}},
		"nothing had failed": {"-- answers", unusable, []string{"INCOMPLETE: ", "interrupted before it was decided"}},
		"nothing was begun":  {"-- a first look", unusable, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out strings.Builder
			errs := &once{text: row.when, do: cancel}
			code := run(ctx, []string{"check", "-v", "--url", gullible.URL, "--secret", "whsec_x", "--json", filepath.Join(t.TempDir(), "report.json")}, nil, &out, errs, func(string) string { return "" })
			require.Equal(t, row.code, code, errs.String())
			require.Contains(t, errs.String(), "interrupted; faults were removed, and what was started was stopped\n")
			for _, told := range row.told {
				require.Contains(t, strings.Join(strings.Fields(out.String()), " "), told)
			}
			if row.told == nil {
				require.Empty(t, out.String())
			}
		})
	}
}

// A scenario that had failed outranks an interruption as well.
func TestAnInterruptedReplayTellsWhatFailed(t *testing.T) {
	t.Parallel()
	gullible := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(gullible.Close)
	for when, code := range map[string]int{"FAIL": failed, "PASS": unusable} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		out, errs := &once{text: when, do: cancel}, &strings.Builder{}
		scenario := map[string]string{"FAIL": "authenticity/wrong-secret", "PASS": "authenticity/genuine"}[when]
		require.Equal(t, code, run(ctx, []string{"replay", scenario, scenario, "--url", gullible.URL, "--secret", "whsec_x"}, nil, out, errs, func(string) string { return "" }), out.String())
		require.Contains(t, errs.String(), "interrupted")
	}
}
