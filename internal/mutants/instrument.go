package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// selector is the environment variable with the number of the selected
// mutation.
const selector = "MUTANT"

// instrument numbers the mutations inside functions, and makes an overlay with
// all of them. Beside a function there is a variant for each of its mutations,
// and at the function's beginning a call of the selected variant. A variant is
// a function and not a block, since := may mean another variable in a block.
//
// A mutation that does not compile is found and left out, so that the others
// still compile.
func (b *bench) instrument(mutations []*mutation) error {
	for {
		if err := b.overlayOf(mutations); err != nil {
			return err
		}
		_, err := output(b.command("go", "build", "-gcflags=-e", "-overlay", b.overlay, "./..."))
		if err == nil {
			return nil
		}
		found := false
		for _, m := range mutations {
			at := strings.Index(err.Error(), "\n"+m.name+".patch:")
			if at < 0 || m.broken != nil {
				continue
			}
			line, _, _ := strings.Cut(err.Error()[at+1:], "\n")
			m.broken, found = errors.New(line), true
		}
		if !found {
			return err
		}
	}
}

func (b *bench) overlayOf(mutations []*mutation) error {
	byPath := make(map[string][]*mutation)
	number := 0
	for _, m := range mutations {
		index, err := m.function()
		if err != nil {
			m.broken = err
		}
		if m.broken != nil {
			continue
		}
		if index >= 0 {
			number++
			m.number = number
			byPath[m.path] = append(byPath[m.path], m)
		}
	}
	overlay := make(map[string]string)
	for path, list := range byPath {
		text, pkg, err := variants(path, list)
		if err != nil {
			return err
		}
		overlay[path] = text
		overlay[filepath.Join(filepath.Dir(path), "zz_mutant.go")] = fmt.Sprintf(`package %s

import (
	"os"
	"strconv"
)

var zzMutant, _ = strconv.Atoi(os.Getenv(%q))
`, pkg, selector)
	}
	var err error
	b.overlay, err = writeOverlay(b.work, "all", overlay)
	return err
}

// parse parses a file and lists its functions that have a body.
func parse(source string) (fset *token.FileSet, file *ast.File, funcs []*ast.FuncDecl, err error) {
	fset = token.NewFileSet()
	if file, err = parser.ParseFile(fset, "", source, 0); err != nil {
		return nil, nil, nil, err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			funcs = append(funcs, f)
		}
	}
	return fset, file, funcs, nil
}

// function returns the index of the function that the mutation changes, or -1
// if it changes something else.
func (m *mutation) function() (int, error) {
	_, _, before, err := parse(m.source)
	if err != nil {
		return 0, err
	}
	_, _, after, err := parse(m.changed)
	if err != nil {
		return 0, err
	}
	if len(before) != len(after) {
		return -1, nil
	}
	for i := range before {
		// Positions count from 1, so they lie behind the brace.
		x, y := before[i].Body, after[i].Body
		if m.source[:x.Lbrace] == m.changed[:y.Lbrace] && m.source[x.Rbrace-1:] == m.changed[y.Rbrace-1:] {
			return i, nil
		}
	}
	return -1, nil
}

// variants returns a file with the variants of its functions, and its package.
func variants(path string, mutations []*mutation) (text, pkg string, err error) {
	source := mutations[0].source
	_, file, funcs, err := parse(source)
	if err != nil {
		return "", "", err
	}
	var edits []edit
	var more strings.Builder
	named := make(map[int]bool)
	for _, m := range mutations {
		index, err := m.function()
		if err != nil {
			return "", "", err
		}
		_, _, changed, err := parse(m.changed)
		if err != nil {
			return "", "", err
		}
		f := funcs[index]
		name := fmt.Sprintf("zzMutant%d", m.number)
		// The variant has the header as it is.
		header := source[f.Pos()-1:f.Name.Pos()-1] + name + source[f.Name.End()-1:f.Body.Lbrace-1]
		body := m.changed[changed[index].Body.Pos()-1 : changed[index].Body.End()-1]
		fmt.Fprintf(&more, "\n//line %s.patch:1\n%s%s\n", m.name, header, body) // for errors of the compiler

		call, names := call(f, name)
		if !named[index] {
			named[index] = true
			edits = append(edits, names...)
		}
		edits = append(edits, edit{int(f.Body.Lbrace), 0, fmt.Sprintf(" if zzMutant == %d { %s };", m.number, call)})
	}
	slices.SortStableFunc(edits, func(x, y edit) int { return x.offset - y.offset })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(source[at:e.offset])
		out.WriteString(e.text)
		at = e.offset + e.length
	}
	out.WriteString(source[at:])
	out.WriteString(more.String())
	return out.String(), file.Name.Name, nil
}

// An edit replaces bytes.
type edit struct {
	offset, length int
	text           string
}

// call returns the statements that call a variant of f, and the edits that give
// a name to each parameter that has none.
func call(f *ast.FuncDecl, name string) (string, []edit) {
	var edits []edit
	count := 0
	nameOf := func(field *ast.Field) (names []string) {
		fresh := func() string {
			count++
			return fmt.Sprintf("zzParam%d", count)
		}
		if len(field.Names) == 0 {
			n := fresh()
			edits = append(edits, edit{int(field.Type.Pos()) - 1, 0, n + " "})
			return []string{n}
		}
		for _, ident := range field.Names {
			n := ident.Name
			if n == "_" {
				n = fresh()
				edits = append(edits, edit{int(ident.Pos()) - 1, 1, n})
			}
			names = append(names, n)
		}
		return names
	}

	var b strings.Builder
	if f.Type.Results != nil {
		b.WriteString("return ")
	}
	if f.Recv != nil {
		b.WriteString(nameOf(f.Recv.List[0])[0] + ".")
	}
	b.WriteString(name)
	if f.Type.TypeParams != nil {
		var types []string
		for _, field := range f.Type.TypeParams.List {
			types = append(types, nameOf(field)...)
		}
		b.WriteString("[" + strings.Join(types, ", ") + "]")
	}
	var args []string
	for _, field := range f.Type.Params.List {
		names := nameOf(field)
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			names[len(names)-1] += "..."
		}
		args = append(args, names...)
	}
	b.WriteString("(" + strings.Join(args, ", ") + ")")
	if f.Type.Results == nil {
		b.WriteString("; return")
	}
	return b.String(), edits
}

// writeOverlay writes an overlay for the go command, whose files replace those
// of the tree.
func writeOverlay(dir, name string, files map[string]string) (string, error) {
	replace := make(map[string]string)
	for path, text := range files {
		replace[path] = filepath.Join(dir, fmt.Sprintf("%s%d.go", name, len(replace)))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name+".json")
	return path, os.WriteFile(path, text, 0o600)
}
