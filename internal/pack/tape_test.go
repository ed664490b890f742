package pack_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.com/cookiesession/internal/cbor"
)

func tapeOf(tb testing.TB, item []byte) *cbor.Tape {
	tb.Helper()
	t := new(cbor.Tape)
	if err := t.Read(item, 0); err != nil {
		tb.Fatal(err)
	}
	return t
}

// checkTape checks that a valid item has the same packed form by its tape as by
// its bytes, and that the tape is what comes back.
func checkTape(t *testing.T, item []byte) {
	t.Helper()
	tape := tapeOf(t, item)
	want := packer.Append(nil, item)
	if got := packer.AppendTape([]byte("dst"), tape); string(got) != "dst"+string(want) {
		t.Fatalf("%x:\n%x, want\n%x", item, got, want)
	}
	if got, want := packer.ExplainTape(tape), packer.Explain(item); !reflect.DeepEqual(got, want) {
		t.Fatalf("%x:\n%v, want\n%v", item, got, want)
	}
	checkReadTape(t, want)
}

// checkReadTape checks that a packed form is read as a tape, if it unpacks to a
// deterministic item, and is refused in the same class if it does not.
func checkReadTape(t *testing.T, packed []byte) {
	t.Helper()
	item, err := packer.Unpack(nil, packed, most)
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
		return
	}
	if again := tape.Append(nil); !bytes.Equal(again, item) {
		t.Fatalf("packed %x: %x, want %x", packed, again, item)
	}
	if !tape.Equal(tapeOf(t, item)) {
		t.Fatalf("packed %x: another tape", packed)
	}
	if err := packer.ReadTape(new(cbor.Tape), packed, len(item)-1); err == nil {
		t.Fatalf("packed %x: %d bytes are accepted where fewer are allowed", packed, len(item))
	}
}

// TestTape checks tapes of items of every kind, and of their packed forms with
// bits changed.
func TestTape(t *testing.T) {
	items := itemsOfEveryKind(t)
	for _, item := range corpus(t) {
		items = append(items, item)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, item := range items {
		if len(item) > most {
			continue
		}
		checkTape(t, item)
		packed := packer.Append(nil, item)
		for range 300 {
			changed := bytes.Clone(packed)
			for range 1 + random.IntN(3) {
				changed[random.IntN(len(changed))] ^= 1 << random.IntN(8)
			}
			checkReadTape(t, changed[:len(changed)-random.IntN(2)])
		}
	}
}

// FuzzTape checks the tape against the item: the same bits for the same item,
// the same item of the same bits, and the same refusals.
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
