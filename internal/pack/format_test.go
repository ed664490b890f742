package pack_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFormat checks what docs/FORMAT.md quotes from the tables: their digest,
// and the bits of an example.
func TestFormat(t *testing.T) {
	format, err := os.ReadFile("../../docs/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("../../docs/packing-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(file)); !strings.Contains(string(format), sum) {
		t.Errorf("docs/FORMAT.md lacks the SHA-256 of packing-v1.json, %s", sum)
	}
	if n := len(file); n > 300_000 {
		t.Errorf("packing-v1.json has %d bytes", n)
	}
	item := encode(t, map[string]any{"theme": "dark", "visits": 1000})
	dump := ""
	bits := bitsFrom(item)
	for _, p := range []struct {
		n    int
		what string
	}{
		{codeLength(t, 0, "head", "a2"), `values: "head" a2, a map of 2 entries`},
		{keyLength(t, 0, "theme"), `keys, code 0: "theme"`},
		{codeLength(t, modelOfKey("theme"), "word", "dark"), `values, model of "theme": the word "dark"`},
		{keyLength(t, 1, "visits"), `keys, code 1, after 5 bytes: "visits"`},
		{codeLength(t, modelOfKey("visits"), "int", "512"), `values, model of "visits": "int" from 512, 9 bits`},
		{9, `1000 - 512`},
	} {
		part := ""
		for _, b := range bits[:p.n] {
			part += fmt.Sprint(b)
		}
		bits = bits[p.n:]
		dump += fmt.Sprintf("    %-12s %s\n", part, p.what)
	}
	if len(bits) != 0 {
		t.Fatalf("%d bits are left", len(bits))
	}
	if !strings.Contains(string(format), dump) {
		t.Errorf("docs/FORMAT.md lacks this dump of %x, packed %x:\n%s", item, packer.Append(nil, item), dump)
	}
}

func modelOfKey(key string) int { return loadReference().models[key] }

// codeLength returns the length of the code of a symbol of values, of which the
// bytes, the text or the base is given.
func codeLength(t *testing.T, model int, kind, what string) int {
	t.Helper()
	for code, symbol := range loadReference().value[model] {
		if v := loadReference().Values[symbol]; v.Kind == kind && (v.Bytes+v.Text == what || v.Bytes+v.Text == "" && fmt.Sprint(v.Base) == what) {
			return len(code)
		}
	}
	t.Fatalf("no %s %s", kind, what)
	return 0
}

func keyLength(t *testing.T, code int, key string) int {
	t.Helper()
	for c, symbol := range loadReference().key[code] {
		if symbol > 2 && loadReference().Keys[symbol-3].Key == key {
			return len(c)
		}
	}
	t.Fatalf("no key %q", key)
	return 0
}
