package webrule_test

import (
	"go/ast"
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

// TestAPI compares what the package exports with testdata/api.txt. Contrib
// modules of an older release are built against this package: after the first
// release, lines may only be added to the list.
func TestAPI(t *testing.T) {
	want, err := os.ReadFile("testdata/api.txt")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			got = append(got, exported(t, name)...)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), got); diff != "" {
		t.Errorf("exported names (-want +got):\n%s", diff)
	}
}

// exported returns the exported declarations of a file, one a line.
func exported(t *testing.T, name string) (lines []string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(prefix string, node any) {
		var text strings.Builder
		if err := printer.Fprint(&text, files, node); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, prefix+strings.Join(strings.Fields(text.String()), " "))
	}
	ast.FileExports(file)
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			d.Body = nil
			add("", d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				add(d.Tok.String()+" ", spec)
			}
		}
	}
	return lines
}
