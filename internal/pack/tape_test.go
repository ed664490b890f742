package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
)

// checkTape checks that a valid item comes back from its tape, and leaves what
// is before it alone.
func checkTape(t *testing.T, item []byte) {
	t.Helper()
	var tape cbor.Tape
	if err := tape.Read(item, 0); err != nil {
		t.Fatal(err)
	}
	packed := packer.AppendTape([]byte("dst"), &tape)[3:]
	if again := packer.AppendTape([]byte("dst"), &tape); string(again) != "dst"+string(packed) {
		t.Fatalf("%x:\n%x, want\n%x", item, again, packed)
	}
	if back := checkReadTape(t, packed); back == nil || !back.Equal(&tape) {
		t.Fatalf("%x: packed %x is another tape", item, packed)
	}
}

// checkReadTape checks that a packed form is read as a tape if the reference
// unpacks it to a deterministic item, and is refused in the same class if it
// does not. It returns the tape, or nil.
func checkReadTape(t *testing.T, packed []byte) *cbor.Tape {
	t.Helper()
	item, err := referenceUnpack(packed, most)
	malformed := err != nil
	if err == nil {
		err = cbor.Valid(item)
	}
	var tape cbor.Tape
	got := packer.ReadTape(&tape, packed, most)
	if (got == nil) != (err == nil) {
		t.Fatalf("packed %x: error %v, want %v", packed, got, err)
	}
	if got != nil {
		if _, syntax := errors.AsType[*cbor.SyntaxError](got); syntax == malformed {
			t.Fatalf("packed %x: error %v, want %v", packed, got, err)
		}
		return nil
	}
	if again := tape.Append(nil); !bytes.Equal(again, item) {
		t.Fatalf("packed %x: %x, want %x", packed, again, item)
	}
	if !tape.Equal(tapeOf(item)) {
		t.Fatalf("packed %x: another tape", packed)
	}
	if err := packer.ReadTape(new(cbor.Tape), packed, len(item)-1); err == nil {
		t.Fatalf("packed %x: %d bytes are accepted where fewer are allowed", packed, len(item))
	}
	return &tape
}

// TestTape checks tapes of items of every kind, and of their packed forms with
// bits changed.
func TestTape(t *testing.T) {
	items := itemsOfEveryKind(t)
	for _, item := range corpus(t) {
		items = append(items, item)
	}
	random, changes := rand.New(rand.NewPCG(1, 2)), 300
	if testing.Short() {
		changes = 20
	}
	for _, item := range items {
		if len(item) > most {
			continue
		}
		checkTape(t, item)
		packed := packer.Append(nil, item)
		for range changes {
			changed := bytes.Clone(packed)
			for range 1 + random.IntN(3) {
				changed[random.IntN(len(changed))] ^= 1 << random.IntN(8)
			}
			checkReadTape(t, changed[:len(changed)-random.IntN(2)])
		}
	}
}

// TestTapeHostile has packed forms that no item has, each beside one that is
// accepted, and differs by one thing. The reason must be that, and not one
// about the item, since there is none.
func TestTapeHostile(t *testing.T) {
	symbol := func(model int, kind, bytes string, base uint64) string {
		for code, symbol := range loadReference().value[model] {
			if v := loadReference().Values[symbol]; v.Kind == kind && v.Bytes == bytes && v.Base == base {
				return code
			}
		}
		t.Fatalf("model %d has no %s %q %d", model, kind, bytes, base)
		return ""
	}
	// Two numbers as keys. The second one is a step behind the first.
	steps := func(first uint64, step int) *spelled {
		s := new(spelled).head(0xa2)
		for c, symbol := range loadReference().key[form.FirstKey] {
			if symbol == form.OtherKey {
				s.add(c)
			}
		}
		s.head(head(0, first)...).head(0xf6)
		return s.add(symbol(form.KeyStep, "head", fmt.Sprintf("%02x", step), 0)).head(0xf6)
	}
	hundredths := func(n int) *spelled { // 64 to 127
		for code, symbol := range loadReference().value[form.Generic] {
			if v := loadReference().Values[symbol]; v.Kind == "hundredths" && v.Bits == 6 {
				return new(spelled).add(code).add(fmt.Sprintf("%06b", n-64))
			}
		}
		t.Fatal("no hundredths of 6 bits")
		return nil
	}
	tagged := func(arrays int) *spelled { // a time, whose tag is in its symbol
		s := new(spelled)
		for range arrays {
			s.head(0x81)
		}
		for code, symbol := range loadReference().value[form.Generic] {
			if v := loadReference().Values[symbol]; v.Kind == "int" && v.Bytes == "c1" {
				return s.add(code).add(strings.Repeat("1", v.Bits))
			}
		}
		t.Fatal("no tagged integer")
		return nil
	}
	inJSON := func(arrays int) *spelled {
		s := new(spelled)
		for range arrays {
			s.head(0x81)
		}
		for code, symbol := range loadReference().value[form.Generic] {
			if v := loadReference().Values[symbol]; v.Kind == "json" && v.Layout == 0 {
				s.add(code)
			}
		}
		for range 60 {
			s.head(0x81)
		}
		return s.head(0x18, 24)
	}
	// A whole text that is a symbol of text: its code, a length if it has one,
	// and the bits.
	whole := func(symbol, length, n int, bit string) *spelled {
		for code, value := range loadReference().value[form.Generic] {
			v := loadReference().Values[value]
			if v.Kind != "form" || v.Symbol != symbol {
				continue
			}
			s := new(spelled).add(code)
			if length < 0 {
				return s.add(bit)
			}
			for code, symbol := range loadReference().length[length] {
				if symbol == n {
					return s.add(code).add(bit)
				}
			}
		}
		t.Fatalf("no text symbol %d of length %d", symbol, n)
		return nil
	}
	clock := func(second int) *spelled { return whole(form.Clock, -1, 0, fmt.Sprintf("%017b", second)) }
	padded := func(size int) *spelled {
		return whole(form.Padded, len(loadReference().Alphabets), size-form.PaddedLeast, strings.Repeat("01000001", size))
	}
	digits := func(over uint64) *spelled { // as few as there may be
		for i, a := range loadReference().Alphabets {
			if len(a.Chars) == 10 {
				most := uint64(math.Pow10(a.Least)) - 1
				return whole(form.Run+i, i, 0, fmt.Sprintf("%0*b", len(fmt.Sprintf("%b", most)), most+over))
			}
		}
		t.Fatal("no runs of digits")
		return nil
	}
	bytes := func(n int) *spelled {
		return new(spelled).head(head(2, uint64(n))...).add(strings.Repeat("01000001", n))
	}
	for _, row := range []struct {
		name   string
		packed *spelled
		why    string // "": it is accepted
	}{
		{"a key that is the greatest integer", steps(math.MaxUint64-2, 2), ""},
		{"a step beyond it", steps(math.MaxUint64-1, 2), "not in its shortest form"},
		{"0.76", hundredths(76), ""},
		{"0.75, which is a short float", hundredths(75), "not in its shortest form"},
		{"a time in 63 arrays", tagged(63), ""},
		{"a time in 64 arrays", tagged(64), "nested too deep"},
		{"JSON of 60 levels in 4 arrays", inJSON(4), ""},
		{"JSON of 60 levels in 5 arrays", inJSON(5), "nested too deep"},
		{"23:59:59", clock(86_399), ""},
		{"a second later", clock(86_400), "means nothing here"},
		{"7 bytes in padded base64", padded(7), ""},
		{"6, which need no padding", padded(6), "means nothing here"},
		{"nines", digits(0), ""},
		{"more than nines", digits(1), "means nothing here"},
		{"a head", new(spelled).head(0x1a, 1, 0, 0, 0), ""},
		{"a head that is cut off", new(spelled).head(0x1a, 1), "ends too early"},
		{"bytes", bytes(20), ""},
		{"as many as there are, and one", new(spelled).head(0x54).add(strings.Repeat("01000001", 19)), "ends too early"},
	} {
		packed := row.packed.bytes()
		_, want := referenceUnpack(packed, most)
		err := packer.ReadTape(new(cbor.Tape), packed, most)
		if row.why == "" {
			if err != nil || want != nil {
				t.Errorf("%s: error %v, the reference says %v", row.name, err, want)
			}
		} else if err == nil || want == nil || !strings.Contains(err.Error(), row.why) {
			t.Errorf("%s: error %v, the reference says %v", row.name, err, want)
		}
	}

	// What is not there is not claimed.
	var tape cbor.Tape
	const declared = 1 << 15
	if err := packer.ReadTape(&tape, new(spelled).head(head(4, declared)...).add(strings.Repeat("0", 64)).bytes(), most); err == nil || len(tape.Tokens) > 64 {
		t.Errorf("%d tokens of an array that ends after 64 bits, error %v", len(tape.Tokens), err)
	}
	// What is there, but not allowed, neither.
	for _, row := range []struct {
		limit int
		ok    bool
	}{{1003, true}, {999, false}} {
		var tape cbor.Tape
		err := packer.ReadTape(&tape, bytes(1000).bytes(), row.limit)
		if (err == nil) != row.ok || len(tape.Data) > row.limit {
			t.Errorf("limit %d: %d bytes are on the tape, error %v", row.limit, len(tape.Data), err)
		}
	}
}

// FuzzTape checks the tape against the reference decoder: the same item of the
// same bits, and the same refusals; and that every valid item comes back.
func FuzzTape(f *testing.F) {
	for _, item := range append(itemsOfEveryKind(f), []byte(nil)) {
		f.Add(item)
		if len(item) > 0 {
			f.Add(packer.Append(nil, item))
		}
	}
	for _, item := range corpus(f) {
		f.Add(item)
		f.Add(packer.Append(nil, item))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkReadTape(t, data)
		if len(data) <= most && cbor.Valid(data) == nil {
			checkTape(t, data)
		}
	})
}
