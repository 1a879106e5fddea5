package target

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A run is not begun that a missing program would end.
func TestAMissingProgramIsNamedBeforeTheRun(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for name, script := range map[string]string{
		"plain":   "#!/bin/sh\nno-such-program\n",
		"by-env":  "#!/usr/bin/env -S no-such-interpreter --quiet\n",
		"by-path": "#!/no/such/interpreter\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(script), 0o700))
	}
	for name, row := range map[string]struct{ hooks, named string }{
		"all there":            {`"subject": {"command": ["./plain"]}, "state": {"command": ["sh", "-c", "cd . && true"]}`, ""},
		"of no command":        {`"subject": {"http": {"url": "http://127.0.0.1:1"}}, "state": {"http": {"url": "http://127.0.0.1:1"}}`, ""},
		"a builtin":            {`"subject": {"command": ["./plain"]}, "state": {"command": ["sh", "-c", "exec true"]}`, ""},
		"a variable first":     {`"subject": {"command": ["./plain"]}, "state": {"command": ["sh", "-c", "A=1 no-such-program"]}`, ""},
		"a name to be filled":  {`"subject": {"command": ["./plain"]}, "state": {"command": ["{{orderId}}"]}`, ""},
		"a program":            {`"subject": {"command": ["./plain"]}, "state": {"command": ["no-such-program", "x"]}`, `the hook state: its command needs no-such-program, which is not here; install it, or run hookproof where it is`},
		"a path":               {`"subject": {"command": ["./missing"]}, "state": {"command": ["./plain"]}`, `the hook subject: its command needs ./missing, `},
		"an interpreter":       {`"subject": {"command": ["./by-path"]}, "state": {"command": ["./plain"]}`, `the hook subject: its command needs /no/such/interpreter, by which ./by-path runs, `},
		"env's interpreter":    {`"subject": {"command": ["./by-env"]}, "state": {"command": ["./plain"]}`, `the hook subject: its command needs no-such-interpreter, by which ./by-env runs, `},
		"a script's first":     {`"subject": {"command": ["./plain"]}, "state": {"command": ["sh", "-c", "no-such-program {{orderId}} | cat"]}`, `the hook state: its command needs no-such-program, `},
		"a program left alone": {`"stop": {"listener": "127.0.0.1:1"}, "start": {"background": {"command": ["no-such-program"]}}`, `the hook start: its command needs no-such-program, `},
		"of a life": {`"lives": {"subscription": {"subject": {"command": ["./missing"]}, "state": {"command": ["./plain"]}}}`,
			`the hook lives.subscription.subject: its command needs ./missing, `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, err := parseTarget([]byte(`{"url": "http://127.0.0.1:1", "secret": "whsec_x", `+row.hooks+`}`), directory, directory)
			require.NoError(t, err)
			_, err = target.Open(t.Context())
			if row.named == "" && target.Stop == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.named)
		})
	}
}
