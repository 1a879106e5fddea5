package mutants

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// source is a Go file and its parts that a process can choose when it starts.
type source struct {
	raw   []byte
	tree  *ast.File
	file  *token.File
	parts []part
}

// part is the body of a function, or the value of a variable or constant of the package.
type part struct {
	from, to int           // offsets in the file
	function *ast.FuncDecl // whose body it is
	typed    ast.Expr      // of a value, if its declaration names a type
	constant *ast.GenDecl  // of a value: the declaration, if it is one of constants
}

func parseSource(raw []byte) (source, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, "", raw, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{raw: raw, tree: tree, file: files.File(tree.FileStart)}
	for _, declared := range tree.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			if d.Body != nil {
				s.parts = append(s.parts, part{from: s.at(d.Body.Lbrace), to: s.at(d.Body.Rbrace) + 1, function: d})
			}
		case *ast.GenDecl:
			s.parts = append(s.parts, s.values(d)...)
		}
	}
	return s, nil
}

func (s source) at(p token.Pos) int { return s.file.Offset(p) }

func (s source) between(from, to token.Pos) string { return string(s.raw[s.at(from):s.at(to)]) }

func (s source) text(n int) string { return string(s.raw[s.parts[n].from:s.parts[n].to]) }

// values are the parts of a declaration of variables, or of constants if all are texts: such constants can be variables.
func (s source) values(d *ast.GenDecl) (parts []part) {
	if d.Tok != token.VAR && d.Tok != token.CONST {
		return nil
	}
	for _, spec := range d.Specs {
		value := spec.(*ast.ValueSpec)
		if d.Tok == token.CONST && (len(value.Values) == 0 || !allTexts(value.Values)) {
			return nil
		}
		if len(value.Values) != len(value.Names) {
			continue // none, or one call for several names
		}
		for _, is := range value.Values {
			p := part{from: s.at(is.Pos()), to: s.at(is.End()), typed: value.Type}
			if d.Tok == token.CONST {
				p.constant = d
			}
			parts = append(parts, p)
		}
	}
	return parts
}

// allTexts tells whether constant values are texts: each has a literal text in it, and no other literal and no call.
func allTexts(values []ast.Expr) bool {
	return !slices.ContainsFunc(values, func(value ast.Expr) bool {
		text, other := false, false
		ast.Inspect(value, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				text, other = text || n.Kind == token.STRING, other || n.Kind != token.STRING
			case *ast.CallExpr:
				other = true
			}
			return true
		})
		return other || !text
	})
}

// outside is the file without its parts.
func (s source) outside() string {
	var b strings.Builder
	at := 0
	for _, p := range s.parts {
		b.Write(s.raw[at:p.from])
		b.WriteByte(0)
		at = p.to
	}
	b.Write(s.raw[at:])
	return b.String()
}

// canChoose tells whether another version of the file differs in parts only, and whether each does in a copy what it does in
// its place.
func (s source) canChoose(other source) bool {
	return s.outside() == other.outside() && !slices.ContainsFunc(s.differing(other), func(n int) bool {
		return other.parts[n].function != nil && recovers(other.parts[n].function)
	})
}

// differing are the parts that another version has otherwise, where the versions have the same parts.
func (s source) differing(other source) (differ []int) {
	for n := range s.parts {
		if s.text(n) != other.text(n) {
			differ = append(differ, n)
		}
	}
	return differ
}

// recovers tells whether a function asks for a panic's value, which only a deferred function itself gets, and nothing that it calls.
func recovers(f *ast.FuncDecl) (does bool) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		name, is := n.(*ast.Ident)
		does = does || is && name.Name == "recover"
		return !does
	})
	return does
}

// edit replaces a range of a file.
type edit struct {
	from, to int
	text     string
}

// combined is the file with all variants of its parts.
func (f *groupFile) combined() []byte {
	var edits []edit
	var copies bytes.Buffer
	variables := map[*ast.GenDecl]bool{}
	for n, variants := range f.variants {
		p := f.parts[n]
		if p.function != nil {
			edits = append(edits, f.calls(p, variants)...)
			f.copies(&copies, p.function, variants)
			continue
		}
		edits = append(edits, edit{p.from, p.to, f.choice(n, variants)})
		if p.constant != nil && !variables[p.constant] {
			variables[p.constant] = true
			at := f.at(p.constant.TokPos)
			edits = append(edits, edit{at, at + len("const"), "var"})
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var b bytes.Buffer
	at := 0
	for _, e := range edits {
		b.Write(f.raw[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.Write(f.raw[at:])
	b.Write(copies.Bytes())
	return b.Bytes()
}

// choice is a value that depends on the mutant.
func (f *groupFile) choice(n int, variants []variantOf) string {
	of, text := "", f.text(n)
	if typed := f.parts[n].typed; typed != nil {
		of = "[" + f.between(typed.Pos(), typed.End()) + "]"
	}
	for _, v := range variants {
		text = fmt.Sprintf("mutantPick%s(%q, %s%s, %s)", of, v.mutant, lineOf(v.mutant), v.text, text)
	}
	return text
}

// copies writes a function's copies, each with the body that a mutant has.
func (f *groupFile) copies(b *bytes.Buffer, was *ast.FuncDecl, variants []variantOf) {
	for _, v := range variants {
		b.WriteString("\nfunc ")
		if was.Recv != nil {
			b.WriteString(f.between(was.Recv.Opening, was.Recv.Closing+1) + " ")
		}
		b.WriteString(nameOfCopy(was, v.mutant) + f.between(was.Name.End(), was.Body.Lbrace) + lineOf(v.mutant) + v.text + "\n")
	}
}

func nameOfCopy(f *ast.FuncDecl, mutant string) string { return "mutant" + mutant + "_" + f.Name.Name }

// calls are the edits that make a function call the chosen mutant's copy of it: what it is given gets names, and its body
// begins with the calls.
func (f *groupFile) calls(p part, variants []variantOf) []edit {
	names := naming{file: f}
	receiver := strings.Join(names.of(p.function.Recv), "")
	if receiver != "" {
		receiver += "."
	}
	types := strings.Join(typeNames(p.function.Type.TypeParams), ", ")
	if types != "" {
		types = "[" + types + "]"
	}
	arguments := strings.Join(names.of(p.function.Type.Params), ", ")
	var calls strings.Builder
	for _, v := range variants {
		call := receiver + nameOfCopy(p.function, v.mutant) + types + "(" + arguments + ")"
		if p.function.Type.Results == nil {
			call += "; return"
		} else {
			call = "return " + call
		}
		fmt.Fprintf(&calls, " if mutantChosen == %q { %s };", v.mutant, call)
	}
	return append(names.edits, edit{p.from + 1, p.from + 1, calls.String()})
}

// naming gives names to parameters that have none.
type naming struct {
	file  *groupFile
	edits []edit
}

// of are the names of parameters, as a call passes them on.
func (n *naming) of(list *ast.FieldList) (names []string) {
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		suffix := ""
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			suffix = "..."
		}
		if len(field.Names) == 0 {
			at := n.file.at(field.Type.Pos())
			names = append(names, n.name(at, at, " ")+suffix)
		}
		for _, is := range field.Names {
			name := is.Name
			if name == "_" {
				name = n.name(n.file.at(is.Pos()), n.file.at(is.End()), "")
			}
			names = append(names, name+suffix)
		}
	}
	return names
}

// name puts a new name in the place of a range.
func (n *naming) name(from, to int, after string) string {
	name := fmt.Sprintf("mutantGiven%d", len(n.edits))
	n.edits = append(n.edits, edit{from, to, name + after})
	return name
}

func typeNames(list *ast.FieldList) (names []string) {
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
