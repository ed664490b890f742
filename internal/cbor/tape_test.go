package cbor_test

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"testing"

	"example.com/cookiesession/internal/cbor"
)

// addItem adds a random item of any kind.
func addItem(t *cbor.Tape, r *rand.Rand, depth int) {
	kind := r.IntN(9)
	if depth == 0 && kind >= 4 && kind <= 6 {
		kind = 0
	}
	switch kind {
	case 0:
		t.AddUint(r.Uint64() >> r.IntN(64))
	case 1:
		t.AddInt(-1 - r.Int64()>>r.IntN(63))
	case 2:
		t.AddBytes(make([]byte, r.IntN(3)))
	case 3:
		t.AddText("abcdefghijklmnopqrstuvwxyz"[:r.IntN(26)])
	case 4:
		at := t.Open(cbor.Array, 2)
		addItem(t, r, depth-1)
		addItem(t, r, depth-1)
		t.Close(at)
	case 5:
		at := t.Open(cbor.Map, 1)
		addItem(t, r, depth-1)
		addItem(t, r, depth-1)
		t.Close(at)
	case 6:
		at := t.Open(cbor.Tag, uint64(r.IntN(300)))
		addItem(t, r, depth-1)
		t.Close(at)
	case 7:
		t.AddSimple([]byte{cbor.False, cbor.True, cbor.Null}[r.IntN(3)])
	case 8:
		t.AddFloat([]float64{0, math.Copysign(0, -1), 1.5, -2, 1e-7, 65504, 1e10, 1.1, math.Inf(1), math.NaN()}[r.IntN(10)])
	}
}

// TestTapes compares what is said of tapes to their bytes: lengths, offsets,
// the order of items, equality and sums; and reads the bytes again.
func TestTapes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	sums := make(map[cbor.Sum]string)
	equal := 0
	for range 20_000 {
		var tape cbor.Tape
		addItem(&tape, r, 3)
		second := len(tape.Tokens)
		addItem(&tape, r, 3)
		a, b := tape.AppendItem(nil, 0), tape.AppendItem(nil, second)
		if tape.Len(0) != len(a) || tape.Offset(second) != len(a) {
			t.Fatalf("%x: length %d, offset of the next one %d", a, tape.Len(0), tape.Offset(second))
		}
		if got, want := tape.Compare(0, second), bytes.Compare(a, b); cmp.Compare(got, 0) != want {
			t.Fatalf("%x and %x: order %d, want %d", a, b, got, want)
		}
		if tape.Same(0, second) != bytes.Equal(a, b) {
			t.Fatalf("%x and %x: the same: %v", a, b, tape.Same(0, second))
		}
		var x, y cbor.Tape
		if x.Read(a, 0) != nil || y.Read(b, 0) != nil {
			t.Fatalf("%x or %x is not read", a, b)
		}
		if again := x.Append(nil); !bytes.Equal(again, a) {
			t.Fatalf("%x is read as %x", a, again)
		}
		if x.Equal(&y) != bytes.Equal(a, b) || (x.Sum() == y.Sum()) != bytes.Equal(a, b) {
			t.Fatalf("%x and %x: equal %v, sums %x and %x", a, b, x.Equal(&y), x.Sum(), y.Sum())
		}
		if bytes.Equal(a, b) {
			equal++
		}
		if old, ok := sums[x.Sum()]; ok && old != string(a) {
			t.Fatalf("%x and %x have one sum", a, old)
		}
		sums[x.Sum()] = string(a)
	}
	if equal == 0 || len(sums) < 1000 {
		t.Errorf("%d pairs were equal, %d sums: nothing was checked", equal, len(sums))
	}
}

// TestReset checks that a tape that was used again has nothing of before.
func TestReset(t *testing.T) {
	var tape cbor.Tape
	tape.AddText("secret")
	tape.AddBytes([]byte("secret"))
	tokens, data := tape.Tokens, tape.Data
	tape.Reset()
	if len(tape.Tokens) != 0 || tokens[0].S != "" || bytes.Contains(data, []byte("secret")) {
		t.Errorf("%v, %q", tokens, data)
	}
}
