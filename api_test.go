package cookiesession_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxAPI is the most exported names that the package may have, methods and
// fields included. Each is something to learn, and to keep. It is only ever
// made smaller: whoever adds a name takes one away.
const maxAPI = 190

// TestAPI compares the exported names with testdata/api.txt, so that nobody
// adds, changes or removes one without noticing. With -update it writes the
// file.
func TestAPI(t *testing.T) {
	got := exported(t, ".")
	golden := filepath.Join("testdata", "api.txt")
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("the exported names have changed; if that is meant, go test -run TestAPI -update (-want +got):\n%s", diff)
	}
	t.Logf("%d exported names", len(got))
	if len(got) > maxAPI {
		t.Errorf("%d exported names, at most %d", len(got), maxAPI)
	}
}

// exported lists the exported names of the package in a directory, sorted, one
// with its type on each line.
func exported(t *testing.T, dir string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, "example.com/cookiesession", doc.Mode(0))
	if err != nil {
		t.Fatal(err)
	}

	add := func(format string, args ...any) {
		names = append(names, strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	}
	source := func(node any) string {
		var b bytes.Buffer
		if err := printer.Fprint(&b, fset, node); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	values := func(kind string, list []*doc.Value) {
		for _, v := range list {
			for _, name := range v.Names {
				if ast.IsExported(name) {
					add("%s %s", kind, name)
				}
			}
		}
	}
	funcs := func(list []*doc.Func) {
		for _, f := range list {
			f.Decl.Body = nil
			add("%s", source(f.Decl))
		}
	}
	values("const", pkg.Consts)
	values("var", pkg.Vars)
	funcs(pkg.Funcs)
	for _, typ := range pkg.Types {
		values("const", typ.Consts)
		values("var", typ.Vars)
		funcs(typ.Funcs)
		for _, m := range typ.Methods {
			m.Decl.Body, m.Decl.Recv = nil, nil
			add("type %s, method %s", typ.Name, strings.TrimPrefix(source(m.Decl), "func "))
		}
		for _, spec := range typ.Decl.Specs {
			spec := spec.(*ast.TypeSpec)
			structure, ok := spec.Type.(*ast.StructType)
			if !ok {
				add("type %s", source(spec))
				continue
			}
			for _, field := range structure.Fields.List {
				for _, name := range field.Names {
					if name.IsExported() {
						add("type %s, field %s %s", typ.Name, name, source(field.Type))
					}
				}
				if name := embedded(field); ast.IsExported(name) {
					add("type %s, field %s", typ.Name, source(field.Type))
				}
			}
			head, _, _ := strings.Cut(source(spec), "{")
			add("type %s", head)
		}
	}
	slices.Sort(names)
	return names
}

// embedded returns the name of an embedded type.
func embedded(field *ast.Field) string {
	if len(field.Names) > 0 {
		return ""
	}
	expr := field.Type
	for {
		switch x := expr.(type) {
		case *ast.StarExpr:
			expr = x.X
		case *ast.IndexExpr:
			expr = x.X
		case *ast.SelectorExpr:
			return x.Sel.Name
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
