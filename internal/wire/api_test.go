package wire_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/api.txt")

// TestAPI compares what this package exports with testdata/api.txt. Modules
// that were released earlier use these names, and may be built with this
// release. Until there is a release, a changed line is fine: rewrite the file
// with -update. From then on lines are only added.
func TestAPI(t *testing.T) {
	const golden = "testdata/api.txt"
	got := api(t)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// api returns the package's exported declarations, without their bodies, in
// order.
func api(t *testing.T) string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var decls []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, decl := range file.Decls {
			decls = append(decls, printed(t, fset, decl)...)
		}
	}
	slices.Sort(decls)
	return strings.Join(decls, "\n") + "\n"
}

func printed(t *testing.T, fset *token.FileSet, decl ast.Decl) (lines []string) {
	add := func(node any) {
		var b bytes.Buffer
		if err := format.Node(&b, fset, node); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, b.String())
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		decl.Body = nil
		add(decl)
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			if decl.Tok != token.IMPORT {
				add(&ast.GenDecl{Tok: decl.Tok, Specs: []ast.Spec{spec}})
			}
		}
	}
	return lines
}
