package hookproof_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachFile parses the Go files below some folders, without tests.
func eachFile(t *testing.T, look func(files *token.FileSet, file *ast.File), folders ...string) {
	t.Helper()
	files := token.NewFileSet()
	for _, folder := range folders {
		require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, path.Join(folder, name), nil, parser.SkipObjectResolution)
			if err == nil {
				look(files, file)
			}
			return err
		}))
	}
	require.Greater(t, files.Base(), 1, "no file was read")
}

// longest is how many lines a function may have: about a screen. A longer one says more than one thing, and each has a name.
const longest = 60

func TestEachFunctionFitsAScreen(t *testing.T) {
	t.Parallel()
	eachFile(t, func(files *token.FileSet, file *ast.File) {
		for _, declared := range file.Decls {
			if f, is := declared.(*ast.FuncDecl); is {
				from, to := files.Position(f.Pos()), files.Position(f.End())
				require.LessOrEqual(t, to.Line-from.Line+1, longest, "%s: %s is longer than a screen; give its steps names", from, f.Name.Name)
			}
		}
	}, "hookproof", "cmd")
}

var unitsOfTime = []string{"Millisecond", "Second", "Minute", "Hour"}

// A duration inside a function has no name, and nobody finds it. Rounding and the conversion of a number are none.
func TestDurationsHaveNames(t *testing.T) {
	t.Parallel()
	eachFile(t, func(files *token.FileSet, file *ast.File) {
		for _, declared := range file.Decls {
			f, is := declared.(*ast.FuncDecl)
			if !is {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr: // d.Round(time.Second)
					called, is := n.Fun.(*ast.SelectorExpr)
					return !is || called.Sel.Name != "Round"
				case *ast.BinaryExpr: // time.Duration(n) * time.Second
					_, number := n.X.(*ast.BasicLit)
					return n.Op != token.MUL && n.Op != token.QUO || number
				case *ast.SelectorExpr:
					of, is := n.X.(*ast.Ident)
					require.False(t, is && of.Name == "time" && slices.Contains(unitsOfTime, n.Sel.Name),
						"%s: a duration without a name; make it one of target.Timings, or a constant that says what it is for", files.Position(n.Pos()))
				}
				return true
			})
		}
	}, "hookproof")
}
