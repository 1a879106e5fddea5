package hookproof_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// longest is how many lines a function may have: about a screen. A longer one does more than one thing, and each has a name.
const longest = 60

func TestEachFunctionFitsAScreen(t *testing.T) {
	t.Parallel()
	read := 0
	for _, folder := range []string{"hookproof", "cmd"} {
		require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			read++
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path.Join(folder, name), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, declared := range file.Decls {
				if f, is := declared.(*ast.FuncDecl); is {
					from, to := files.Position(f.Pos()), files.Position(f.End())
					require.LessOrEqual(t, to.Line-from.Line+1, longest, "%s: %s is longer than a screen; give its steps names", from, f.Name.Name)
				}
			}
			return nil
		}))
	}
	require.NotZero(t, read)
}
