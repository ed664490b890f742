package pack

import (
	"slices"
	"strings"
	"testing"

	"example.com/cookiesession/internal/pack/form"
	v1 "example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/tag"
)

var trained = &v1.V1

// TestTables checks what the packer takes for granted of the trainer's tables.
func TestTables(t *testing.T) {
	codes := map[string][][]uint16{"key": trained.Key, "value": trained.Value, "text": trained.Text}
	for name, lists := range codes {
		for i, l := range lists {
			space := 0
			for _, e := range l {
				n := e & 15
				if n == 0 || n > form.MaxCode {
					t.Fatalf("%s table %d: a code of %d bits", name, i, n)
				}
				space += 1 << (form.MaxCode - n)
			}
			if space != 1<<form.MaxCode {
				t.Errorf("%s table %d: the code is not complete", name, i)
			}
			if !slices.IsSortedFunc(l, func(a, b uint16) int { return int(a&15)<<12 + int(a>>4) - int(b&15)<<12 - int(b>>4) }) {
				t.Errorf("%s table %d: not in order", name, i)
			}
		}
	}
	tables := newTables(trained)
	for model := range tables.models {
		if model == form.KeyStep || model == form.KeyNumber {
			continue
		}
		if c := &tables.models[model]; c.raw == 0 || slices.Contains(c.text[:], 0) {
			t.Errorf("model %s: not every value can be written", trained.Models[model])
		}
	}
	if tables.models[form.KeyStep].raw == 0 {
		t.Error("not every key can be written after an integer")
	}
	for code, codes := range tables.tape.keyCodes {
		if codes[form.Spelled] == 0 || codes[form.OtherKey] == 0 || codes[form.NumberKey] == 0 {
			t.Errorf("key code %d: not every key can be written", code)
		}
	}
	for book := range form.Books {
		for context := range uint8(form.Contexts - 1) {
			if codes := tables.codesIn(book, context); codes[form.End] == 0 || codes[form.Escape] == 0 {
				t.Errorf("book %d, context %#x: not every text can be written", book, context)
			}
		}
	}
	if !slices.IsSorted(trained.Keys) {
		t.Error("the keys are not in order")
	}
	if len(trained.KeyModel) != len(trained.Keys) {
		t.Errorf("%d models for %d keys", len(trained.KeyModel), len(trained.Keys))
	}
	for _, p := range trained.Phrases {
		if len(p) < 2 || len(p) > 255 {
			t.Errorf("phrase %q", p)
		}
	}
}

// TestTags checks that each private tag has a symbol, with a code in the model
// of any key: else a value of that type takes three bytes more.
func TestTags(t *testing.T) {
	for number := uint64(tag.First); number < tag.End; number++ {
		head := string(appendHead(nil, majorTag, number))
		symbol := slices.IndexFunc(trained.Values, func(s form.Symbol) bool { return strings.HasPrefix(s.Bytes, head) })
		if symbol < 0 || !slices.ContainsFunc(trained.Value[form.Generic], func(e uint16) bool { return int(e>>4) == symbol }) {
			t.Errorf("tag %d has no symbol", number)
		}
	}
}

// BenchmarkTables is what the first use costs.
func BenchmarkTables(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newTables(trained)
	}
}

// TestRunDivides checks the division by multiplication, where it is closest to
// being wrong, up to the greatest number of bits that a run reads.
func TestRunDivides(t *testing.T) {
	for i := range runs {
		r := &runs[i]
		n := uint64(len(r.chars))
		for _, size := range r.bits[1:] {
			most := uint64(1)<<size - 1
			for _, v := range []uint64{most, most / n * n, max(most/n*n, 1) - 1, n, n - 1, 0} {
				if got := r.divide(v); got != v/n {
					t.Errorf("%d / %d is %d, want %d", v, n, got, v/n)
				}
			}
		}
	}
}

// TestPhrasesTellTheContext checks that the context behind a phrase does not
// depend on that before it, as reading takes for granted.
func TestPhrasesTellTheContext(t *testing.T) {
	for i, p := range newPhrases(trained.Phrases) {
		for before := range form.Contexts {
			if got := contextAfter(uint8(before), trained.Phrases[i]); got != p.context {
				t.Errorf("%q: after context %d it is %d, want %d", trained.Phrases[i], before, got, p.context)
			}
		}
	}
}
