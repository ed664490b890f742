package pack_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"example.com/cookiesession/internal/pack/form"
)

// TestFormat checks what docs/FORMAT.md quotes from the tables: their digest,
// and the bits of examples.
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
	checkDump(t, string(format), encode(t, map[string]any{"theme": "dark", "visits": 1000}), []dumped{
		{codeLength(t, 0, "head", "a2"), `values: "head" a2, a map of 2 entries`},
		{keyLength(t, 0, "theme"), `keys, code 0: "theme"`},
		{codeLength(t, modelOfKey("theme"), "word", "dark"), `values, model of "theme": the word "dark"`},
		{keyLength(t, 1, "visits"), `keys, code 1, after 5 bytes: "visits"`},
		{codeLength(t, modelOfKey("visits"), "int", "512"), `values, model of "visits": "int" from 512, 9 bits`},
		{9, `1000 - 512`},
	})

	list := encode(t, []any{"Hi, Zoe", "Hi, Zoe", true})
	start := []dumped{
		{codeLength(t, 0, "head", "83"), `values, model 0: "head" 83, an array of 3 elements`},
		{codeLength(t, 0, "text", "0"), `values, model 0: "text" in book 0`},
	}
	bits := bitsFrom(list)[start[0].bits+start[1].bits:]
	checkDump(t, string(format), list, slices.Concat(start, textDump(t, bits, 0), []dumped{
		{1, `1: the second element is equal to the first`},
		{1, `0: the third is not equal to the second`},
		{codeLength(t, 0, "head", "f5"), `values, model 0: "head" f5, true`},
	}))
}

// A dumped is what some bits of a dump say.
type dumped struct {
	bits int
	what string
}

// checkDump checks that the document has the dump of an item, and that this
// accounts for all bits.
func checkDump(t *testing.T, format string, item []byte, parts []dumped) {
	t.Helper()
	dump := ""
	bits := bitsFrom(item)
	for _, p := range parts {
		part := ""
		for _, b := range bits[:p.bits] {
			part += fmt.Sprint(b)
		}
		bits = bits[p.bits:]
		dump += fmt.Sprintf("    %-12s %s\n", part, p.what)
	}
	if len(bits) != 0 {
		t.Fatalf("%d bits are left", len(bits))
	}
	packed := fmt.Sprintf("packed as % x:", packer.Append(nil, item))
	if !strings.Contains(format, dump) || !strings.Contains(format, packed) {
		t.Errorf("docs/FORMAT.md lacks this dump of %x, or %q:\n%s", item, packed, dump)
	}
}

// textDump returns the dump of a text of bytes and phrases alone.
func textDump(t *testing.T, bits bitSeq, book int) (parts []dumped) {
	t.Helper()
	d := &reference{referenceTables: loadReference()}
	for _, b := range bits {
		d.bits += fmt.Sprint(b)
	}
	for context, symbol := uint8(0), 0; symbol != form.End; {
		code, before := d.Contexts[book][context], len(d.bits)
		symbol = d.symbol(d.text[code])
		text, what := "", "the end"
		switch {
		case symbol < form.End:
			text = string([]byte{byte(symbol)})
			what = fmt.Sprintf("%q", text)
		case symbol >= form.Phrase:
			text = d.Phrases[symbol-form.Phrase]
			what = fmt.Sprintf("phrase %d, %q", symbol-form.Phrase, text)
		case symbol != form.End:
			t.Fatalf("symbol %d", symbol)
		}
		parts = append(parts, dumped{before - len(d.bits), fmt.Sprintf("text, contexts[%d][%d], code %d: %s", book, context, code, what)})
		for i := range len(text) {
			context = form.Next(context, form.Class[text[i]])
		}
	}
	return parts
}

func modelOfKey(key string) int { return loadReference().models[key] }

// codeLength returns the length of the code of a symbol of values, of which the
// bytes, the text or the base is given.
func codeLength(t *testing.T, model int, kind, what string) int {
	t.Helper()
	for code, symbol := range loadReference().value[model] {
		v := loadReference().Values[symbol]
		is := v.Bytes + v.Text
		switch {
		case kind == "text":
			is = fmt.Sprint(v.Book)
		case is == "":
			is = fmt.Sprint(v.Base)
		}
		if v.Kind == kind && is == what {
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
