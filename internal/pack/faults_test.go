package pack_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A referenceVector is one of testdata/vectors.json. docs/FORMAT.md explains
// the fields.
type referenceVector struct {
	Comment    string
	Secret     string
	Keyring    string
	KeyID      string `json:"key_id"`
	Name       string
	Label      string
	IssuedAt   int64 `json:"issued_at"`
	Now        int64
	ID         string
	Created    int64
	Lifetime   int64
	Browser    bool `json:"browser_session"`
	Binding    string
	Pending    bool `json:"binding_pending"`
	Token      string
	Header     string
	Packed     bool
	Item       string
	ItemSHA256 string `json:"item_sha256"`
	Error      refusal
}

func referenceVectors(tb testing.TB) (vectors []referenceVector) {
	tb.Helper()
	text, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Defaults referenceVector
		Vectors  []json.RawMessage
	}
	if err := json.Unmarshal(text, &file); err != nil {
		tb.Fatal(err)
	}
	for _, row := range file.Vectors {
		v := file.Defaults
		if err := json.Unmarshal(row, &v); err != nil {
			tb.Fatal(err)
		}
		if v.Now == 0 {
			v.Now = v.IssuedAt
		}
		if v.Created == 0 {
			v.Created = v.IssuedAt
		}
		if v.Header == "" {
			v.Header = v.Name + "=" + v.Token
		}
		vectors = append(vectors, v)
	}
	return vectors
}

// check returns what the reference gets wrong, or "".
func (v *referenceVector) check() (wrong string) {
	// A faulty decoder may do anything, but for going on for ever.
	defer func() {
		if e := recover(); e != nil {
			wrong = fmt.Sprint("panics: ", e)
		}
	}()
	r := &referenceReader{name: v.Name, label: v.Label, now: v.Now}
	if v.Keyring != "" {
		r.ring = referenceRing(v.Keyring)
	} else {
		secret, err := hex.DecodeString(v.Secret)
		if err != nil {
			panic(err)
		}
		r.ring = []*referenceKey{newReferenceKey(secret)}
	}
	s, reason := r.read(v.Header)
	if reason != v.Error {
		return fmt.Sprintf("%q, want %q", reason, v.Error)
	}
	if s == nil {
		return ""
	}
	got := referenceVector{
		KeyID: s.key, IssuedAt: s.issued, Created: s.created, Lifetime: s.lifetime,
		ID: s.id, Binding: s.binding, Browser: s.browser, Pending: s.pended, Packed: s.packed,
	}
	want := referenceVector{
		KeyID: v.KeyID, IssuedAt: v.IssuedAt, Created: v.Created, Lifetime: v.Lifetime,
		ID: v.ID, Binding: v.Binding, Browser: v.Browser, Pending: v.Pending, Packed: v.Packed,
	}
	if got != want {
		return fmt.Sprintf("%+v, want %+v", got, want)
	}
	if v.ItemSHA256 == "" && hex.EncodeToString(s.item) != v.Item || v.ItemSHA256 != "" && fmt.Sprintf("%x", sha256.Sum256(s.item)) != v.ItemSHA256 {
		return fmt.Sprintf("item %x", s.item)
	}
	return ""
}

// sentences returns those of the reference: what is given to must, either and
// fault ==, in its source.
func sentences(t *testing.T) (list []string) {
	t.Helper()
	files, err := filepath.Glob("reference*_test.go")
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, error %v", files, err)
	}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && s != "" && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if name, ok := n.X.(*ast.Ident); ok && name.Name == "fault" {
					add(n.Y)
				}
			case *ast.CallExpr:
				name, ok := n.Fun.(*ast.Ident)
				if !ok {
					break
				}
				switch name.Name {
				case "must", "need", "needInt":
					add(n.Args[len(n.Args)-1])
				case "either":
					add(n.Args[0])
				}
			}
			return true
		})
	}
	return list
}

// TestReferenceReadsVectors checks that the reference reads all of
// testdata/vectors.json. It was written from docs/FORMAT.md alone.
func TestReferenceReadsVectors(t *testing.T) {
	for _, v := range referenceVectors(t) {
		if wrong := v.check(); wrong != "" {
			t.Errorf("%s: %s", v.Comment, wrong)
		}
	}
}

// TestVectorsReachAll checks that vectors that open have each tag, each kind of
// symbol in each form, layout and book, each symbol of text but those of bytes,
// and each way to tell a key.
func TestVectorsReachAll(t *testing.T) {
	reached = make(map[string]bool)
	defer func() { reached = nil }()
	for _, v := range referenceVectors(t) {
		if v.Error == "" && v.check() != "" {
			t.Fatalf("%s is not read", v.Comment)
		}
	}
	var want []string
	tables := loadReference()
	for i := range tables.Values {
		want = append(want, tables.Values[i].name())
	}
	for tag := firstTag; tag <= lastTag; tag++ {
		want = append(want, fmt.Sprintf("tag %d", tag))
	}
	want = append(want, "tag 1", "tag 21", "tag 23", "tag 37")
	for symbol := 257; symbol <= 271; symbol++ {
		want = append(want, fmt.Sprintf("text %d in book 1", symbol))
	}
	for code := range tables.KeyCodes {
		for symbol := range 4 {
			want = append(want, fmt.Sprintf("key %d in code %d", symbol, code))
		}
	}
	slices.Sort(want)
	for _, what := range slices.Compact(want) {
		if !reached[what] {
			t.Errorf("no vector has: %s", what)
		}
	}
}

// TestFaults puts each fault into the reference, one at a time, and checks that
// a vector notices. With -v it prints which ones do: the first of them, and how
// many there are. With -short it takes one in twelve.
func TestFaults(t *testing.T) {
	vectors := referenceVectors(t)
	faults := sentences(t)
	const least = 200
	if len(faults) < least {
		t.Errorf("only %d faults", len(faults))
	}
	defer func() { fault = "" }()
	every := 1
	if testing.Short() {
		every = 12
	}
	var table bytes.Buffer
	for i := 0; i < len(faults); i += every {
		fault = faults[i]
		var caught []string
		for _, v := range vectors {
			if v.check() != "" {
				if caught = append(caught, v.Comment); !testing.Verbose() {
					break
				}
			}
		}
		if len(caught) == 0 {
			if sameClasses(fault) {
				continue
			}
			t.Errorf("no vector notices a decoder that gets this wrong: %s", fault)
			continue
		}
		fmt.Fprintf(&table, "%4d  %-90s %.90q\n", len(caught), fault, caught[0])
	}
	t.Logf("%d faults and %d vectors\n%s", len(faults), len(vectors), strings.TrimSpace(table.String()))
}

// sameClasses reports whether a sentence is about the border of two classes of
// bytes that all contexts of these tables treat alike, so that nothing shows.
func sameClasses(sentence string) bool {
	class := 0
	if n, _ := fmt.Sscanf(sentence, "class %d ends before", &class); n == 0 {
		return false
	}
	for _, contexts := range loadReference().Contexts {
		for other := range 16 {
			if contexts[16*class+other] != contexts[16*(class+1)+other] || contexts[16*other+class] != contexts[16*other+class+1] {
				return false
			}
		}
	}
	return true
}
