package target

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/program"
)

// A hook that cannot be run says what to do about it.
func TestAHookThatCannotBeRunSaysWhy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		require.NoError(t, program.Write(filepath.Join(folder, name), []byte(text), mode))
	}
	write("stop", "#!/bin/sh\n", 0o644)
	write("o'clock", "#!/bin/sh\n", 0o600)
	write("nothing", "echo it runs without that first line in some shells\n", 0o755)
	write("elsewhere", "#!/no/such/shell\n", 0o755)
	write("fails", "#!/bin/sh\nexit 3\n", 0o755)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "folder"), 0o755))
	none := func(string) (string, bool) { return "", false }
	for name, want := range map[string]string{
		"./stop":      "./stop: it is not executable; run: chmod +x " + filepath.Join(folder, "stop"),
		"./o'clock":   "./o'clock: it is not executable; run: chmod +x '" + filepath.Join(folder, `o'\''clock`) + "'",
		"./nothing":   "./nothing: it is not a program: a script needs a first line such as #!/bin/sh",
		"./elsewhere": "./elsewhere: the interpreter in its first line does not exist",
		"./folder":    "./folder: it is a directory, not a program",
		"./fails":     "./fails: exit status 3",
		"./missing":   "./missing: fork/exec " + filepath.Join(folder, "missing") + ": no such file or directory",
	} {
		_, err := (&Hook{Command: []string{name}}).call(t.Context(), folder, none)
		require.EqualError(t, err, want)
	}
}

func TestADatabaseWithoutTLSIsToldInWords(t *testing.T) {
	t.Parallel()
	address := endpointtest.Serve(t, func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, 8)) // may we speak TLS?
		_, _ = io.WriteString(conn, "N")
		_ = conn.Close()
	})
	hook := Hook{SQL: &HookQuery{DSN: "postgres://u@" + address + "/d", Query: "SELECT 1"}}
	_, err := hook.call(t.Context(), "", nothing)
	require.EqualError(t, err, "the database has no TLS; put sslmode=prefer, which is psql's default, or sslmode=disable into the dsn")
}

// A value is never part of a query's text.
func TestAQuerysPlaceholdersAreParameters(t *testing.T) {
	t.Parallel()
	s := event.Subject{"id": "x' OR '1'='1", "metadata.order": "o_1"}
	for query, want := range map[string]string{
		"SELECT 1":          "SELECT 1",
		"WHERE id = {{id}}": "WHERE id = $1",
		"WHERE id = '{{id}}' AND o = '{{metadata.order}}'": "WHERE id = $1 AND o = $2",
		"WHERE a = {{id}} OR b = '{{id}}'":                 "WHERE a = $1 OR b = $2",
		"WHERE id = {{id}} AND n = '{{1,2},{3,4}}'":        "WHERE id = $1 AND n = '{{1,2},{3,4}}'",
	} {
		got, arguments, err := (&HookQuery{Query: query}).parameters(s.Value)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Len(t, arguments, strings.Count(want, "$"))
		require.Subset(t, []any{s["id"], s["metadata.order"]}, arguments)
	}
	_, _, err := (&HookQuery{Query: "WHERE id = '{{order}}'"}).parameters(s.Value)
	require.EqualError(t, err, "there is no value for {{order}}")
}
