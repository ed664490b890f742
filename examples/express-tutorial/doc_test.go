package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs is where the page stands, in the module at root.
const (
	root = "../.."
	docs = root + "/docs"
)

// What Express users look for. A table's row begins with each.
var expressNames = map[string][]string{
	"Options of express-session": {
		"cookie", "cookie.domain", "cookie.expires", "cookie.httpOnly", "cookie.maxAge", "cookie.partitioned", "cookie.path",
		"cookie.priority", "cookie.sameSite", "cookie.secure", "genid", "name", "key", "proxy", "resave", "rolling",
		"saveUninitialized", "secret", "store", "unset",
	},
	"req.session of express-session": {
		"req.session", "req.session.regenerate()", "req.session.destroy()", "req.session.reload()", "req.session.save()",
		"req.session.touch()", "req.session.resetMaxAge()", "req.session.id", "req.sessionID", "req.session.cookie",
		"req.session.cookie.maxAge", "req.session.cookie.originalMaxAge", "req.session.cookie.expires", "req.sessionStore",
		"req.secret", "DEBUG=express-session",
	},
	"Stores": {
		"session.Store", "session.MemoryStore", "session.Session", "session.Cookie", "store.get()", "store.set()",
		"store.touch()", "store.load()", "store.createSession()", "store.generate()", "store.regenerate()", "store.destroy()",
		"store.clear()", "store.all()", "store.length()", "connect", "disconnect",
	},
	"Options of cookie-session": {
		"name", "keys", "secret", "maxAge", "expires", "path", "domain", "partitioned", "priority", "sameSite", "secure",
		"secureProxy", "httpOnly", "signed", "overwrite",
	},
	"req.session of cookie-session": {
		"req.session", "req.session = null", "req.session = {...}", "req.session.isChanged", "req.session.isNew",
		"req.session.isPopulated", "req.sessionOptions", "DEBUG=cookie-session",
	},
}

var inBackticks = regexp.MustCompile("`([^`]+)`")

// The page has a row for everything that there is in Express.
func TestDocIsComplete(t *testing.T) {
	rows := map[string][]string{}
	heading := ""
	for line := range strings.Lines(readDoc(t)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			heading = strings.TrimSpace(title)
		}
		if cells := strings.Split(line, " | "); len(cells) == 2 && strings.HasPrefix(line, "| `") {
			for _, match := range inBackticks.FindAllStringSubmatch(cells[0], -1) {
				rows[heading] = append(rows[heading], match[1])
			}
		}
	}
	for heading, names := range expressNames {
		for _, name := range names {
			if !slices.Contains(rows[heading], name) {
				t.Errorf("%q has no row for %s", heading, name)
			}
		}
	}
}

// Names of Go: qualified by the package or by a type of it, or by one of the
// variables that the page introduces.
var (
	goName    = regexp.MustCompile(`\b(cookiesession|Options|CodecOptions|Session|Manager|Keyring|Codec|Size|sessions|session|keys|size)\.([A-Z]\w*)`)
	variables = map[string]string{"sessions": "Manager", "session": "Session", "keys": "Keyring", "size": "Size"}
	// "session" is also the variable that an Express program calls its package.
	ofExpress = []string{"session.Store", "session.MemoryStore", "session.Session", "session.Cookie"}
)

// Whatever the page names exists.
func TestDocNames(t *testing.T) {
	exported := exportedNames(t)
	found := 0
	for _, match := range goName.FindAllStringSubmatch(readDoc(t), -1) {
		name, of := match[2], match[1]
		if slices.Contains(ofExpress, match[0]) {
			continue
		}
		if typeName, ok := variables[of]; ok {
			of = typeName
		}
		if of != "cookiesession" {
			name = of + "." + name
		}
		if !exported[name] {
			t.Errorf("the page names %s, which does not exist", match[0])
		}
		found++
	}
	if found < 50 {
		t.Errorf("found %d names on the page: the test looks for the wrong thing", found)
	}
}

// exportedNames returns what the library exports: New, Options, Options.Name,
// Session.Renew, ...
func exportedNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			addNames(names, declaration)
		}
	}
	// Session and Manager have their methods from what they embed.
	for name := range maps.Clone(names) {
		for embedded, of := range map[string]string{"state.": "Session.", "manager.": "Manager."} {
			if method, ok := strings.CutPrefix(name, embedded); ok {
				names[of+method] = true
			}
		}
	}
	return names
}

func addNames(names map[string]bool, declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = typeName(d.Recv.List[0].Type) + "." + name
		}
		names[name] = true
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					names[name.Name] = true
				}
			case *ast.TypeSpec:
				addType(names, s)
			}
		}
	}
}

func addType(names map[string]bool, s *ast.TypeSpec) {
	names[s.Name.Name] = true
	fields, ok := s.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			names[s.Name.Name+"."+name.Name] = true
		}
	}
}

// typeName returns T of a receiver T, *T, T[P] or *T[P].
func typeName(receiver ast.Expr) string {
	switch e := receiver.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

var (
	goBlock     = regexp.MustCompile("(?s)\n```go\n(.*?)```")
	indentation = regexp.MustCompile(`(?m)^\t+`)
)

// The page's programs stand in this directory, where they are compiled and
// tested.
func TestDocPrograms(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var programs []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, indentation.ReplaceAllString(string(content), ""))
	}
	blocks := goBlock.FindAllStringSubmatch(readDoc(t), -1)
	if len(blocks) == 0 {
		t.Fatal("the page has no programs")
	}
	for _, block := range blocks {
		lines := "\n" + indentation.ReplaceAllString(block[1], "")
		if !slices.ContainsFunc(programs, func(p string) bool { return strings.Contains(p, lines) }) {
			t.Errorf("no file has, line by line:\n%s", block[1])
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

func TestDocLinks(t *testing.T) {
	for _, match := range link.FindAllStringSubmatch(readDoc(t), -1) {
		if _, err := os.Stat(filepath.Join(docs, match[1])); err != nil {
			t.Error(err)
		}
	}
}

func readDoc(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(docs, "FROM-EXPRESS.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
