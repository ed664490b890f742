package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
)

const (
	hostileCap   = 64 << 10 // bytes
	hostileSlack = 4 << 10  // bytes; a symbol may reach beyond the cap before that is seen
	tokenSize    = 32       // bytes of memory, of which each byte of an item may be one
)

// bitSeq is a string of bits, one a byte, 0 or 1.
type bitSeq []byte

// bitsFrom returns the packed form of an item.
func bitsFrom(item []byte) bitSeq {
	b := unfold(packer.Append(nil, item))
	return b[:packer.Bits(item)]
}

func unfold(packed []byte) bitSeq {
	var b bitSeq
	for _, c := range packed {
		for i := 7; i >= 0; i-- {
			b = append(b, c>>i&1)
		}
	}
	return b
}

// fold returns the bytes, filled with zeros.
func (b bitSeq) fold() []byte {
	packed := make([]byte, (len(b)+7)/8)
	for i, bit := range b {
		packed[i/8] |= bit << (7 - i%8)
	}
	return packed
}

// countHead returns what the packed form of an item begins with that has a head
// of 4 bytes more, with ib for its first byte, and n for the rest. It is made
// of an item that has 1<<16 there.
func countHead(t *testing.T, item []byte, content int, n uint32) bitSeq {
	t.Helper()
	whole := bitsFrom(item)
	head := slices.Clone(whole[:len(whole)-content])
	count := head[len(head)-32:]
	if !bytes.Equal(count.fold(), []byte{0, 1, 0, 0}) {
		t.Fatalf("the count is not where it was expected: %x", head.fold())
	}
	copy(count, unfold([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}))
	return head
}

// repeatsHead is the head of a list of n elements: behind it, and the first of
// them, each 1 is an element that repeats the one before it.
func repeatsHead(t *testing.T, n uint32) bitSeq {
	const few = 1 << 16
	item := append([]byte{0x9a, 0, 1, 0, 0}, bytes.Repeat([]byte{0xf6}, few)...)
	return countHead(t, item, packer.Bits([]byte{0xf6})+few-1, n)
}

// TestBomb unpacks forms that stand for far more than the cap. They stop there,
// whatever length they declare, and allocate nothing that a form of the cap
// itself would not.
func TestBomb(t *testing.T) {
	ones := func(n int) bitSeq { return bytes.Repeat(bitSeq{1}, n) }
	long := encode(t, strings.Repeat("x", 15_999))
	bomb := func(n int) []byte {
		return slices.Concat(repeatsHead(t, uint32(n)), bitsFrom(long), ones(n-1)).fold()
	}
	// It is what it seems to be, where that is allowed.
	const few = 1 << 10
	want := append([]byte{0x99, few >> 8, few & 255}, bytes.Repeat(long, few)...)
	honest := packer.Append(nil, want)
	if got, err := packer.Unpack(nil, honest, len(want)); err != nil || !bytes.Equal(got, want) || len(honest)*100 > len(want) {
		t.Fatalf("%d bytes for %d: %v", len(honest), len(want), err)
	}
	if got, err := packer.Unpack(nil, bomb(1<<16), len(want)); err == nil {
		t.Fatalf("%d bytes accepted, where %d are allowed", len(got), len(want))
	}

	text := append([]byte{0x7a, 0, 1, 0, 0}, bytes.Repeat([]byte{0x01}, 1<<16)...)
	byteString := append([]byte{0x5a, 0, 1, 0, 0}, make([]byte, 1<<16)...)
	records := append([]byte{0x9a, 0, 1, 0, 0}, bytes.Repeat([]byte("\xa1\x61a\x61b"), 1<<16)...)
	rows := append([]byte{0x9a, 0, 1, 0, 0}, bytes.Repeat([]byte("\x83\x01\x02\x03"), 1<<16)...)
	numbers := []byte{0xba, 0, 1, 0, 0}
	for i := range 1 << 16 {
		numbers = append(encodeInto(numbers, i), 0x80)
	}
	for _, test := range []struct {
		name   string
		packed []byte
	}{
		{"2 GB of one text", bomb(1 << 17)},
		{"2^32-1 texts, as many as there are bits", slices.Concat(repeatsHead(t, 1<<32-1), bitsFrom(long), ones(1<<17)).fold()},
		{"2^32-1 nothings", slices.Concat(repeatsHead(t, 1<<32-1), bitsFrom([]byte{0xf6}), ones(1<<22)).fold()},
		{"2^32-1 nothings that are not there", slices.Concat(repeatsHead(t, 1<<32-1), bitsFrom([]byte{0xf6})).fold()},
		{"2^32-1 bytes", countHead(t, byteString, 1<<19, 1<<32-1).fold()},
		{"2^32-1 bytes, and some", slices.Concat(countHead(t, byteString, 1<<19, 1<<32-1), ones(1<<20)).fold()},
		{"2^31 bytes of text", countHead(t, text, 1<<19, 1<<31).fold()},
		{"the cap and a byte", slices.Concat(countHead(t, byteString, 1<<19, hostileCap+1), make(bitSeq, 8*(hostileCap+1))).fold()},
		{"records", packer.Append(nil, records)},
		{"rows", packer.Append(nil, rows)},
		{"a map of lists", packer.Append(nil, numbers)},
		{"a long text in symbols", packer.Append(nil, encode(t, strings.Repeat("successful ", 100_000)))},
		{"a long text in hex", packer.Append(nil, encode(t, doc{"x": strings.Repeat("0a", 100_000) + "-"}))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := packer.Unpack([]byte("before"), test.packed, hostileCap); err == nil || string(got) != "before" {
				t.Fatalf("%d bytes, error %v", len(got), err)
			}
			// append grows by a quarter each time, so all of its steps are a
			// little more than 5 times as much as the last one. On a tape with
			// room, these are of the texts alone, and of a number of 8 bytes
			// for each, which has 2 bytes in the item at least.
			tape := cbor.Tape{Tokens: make([]cbor.Token, 0, hostileCap+hostileSlack), Data: make([]byte, 0, hostileCap+hostileSlack)}
			if n := allocated(func() { _ = packer.ReadTape(&tape, test.packed, hostileCap) }); n > 7*hostileCap*(1+8/2) {
				t.Errorf("%d bytes allocated with room for the cap", n)
			}

			if n := allocated(func() { _ = packer.ReadTape(new(cbor.Tape), test.packed, hostileCap) }); n > 7*hostileCap*tokenSize {
				t.Errorf("%d bytes allocated", n)
			}
		})
	}
}

// encodeInto appends a small integer.
func encodeInto(dst []byte, n int) []byte {
	switch {
	case n < 24:
		return append(dst, byte(n))
	case n < 1<<8:
		return append(dst, 24, byte(n))
	}
	return append(dst, 25, byte(n>>8), byte(n))
}

// allocated returns how many bytes f allocates, and whoever runs beside it.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMutated checks Unpack on sessions with bits changed, bytes cut off, added
// and exchanged, on parts of two sessions joined, and on random bytes.
func TestMutated(t *testing.T) {
	items := corpus(t)
	names := slices.Sorted(maps.Keys(items))
	var packed [][]byte
	for _, name := range names {
		packed = append(packed, packer.Append(nil, items[name]))
	}
	r := rand.New(rand.NewPCG(4, 2))
	one := func() []byte { return packed[r.IntN(len(packed))] }
	flip := func(b []byte, n int) []byte {
		b = slices.Clone(b)
		for range n {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	}
	for _, m := range []struct {
		name string
		make func() []byte
		some bool // of them are accepted
	}{
		{"one bit changed", func() []byte { return flip(one(), 1) }, true},
		{"some bits changed", func() []byte { return flip(one(), 2+r.IntN(8)) }, true},
		{"cut off", func() []byte { b := one(); return b[:r.IntN(len(b))] }, false},
		{"one byte more", func() []byte { return append(slices.Clone(one()), byte(r.Uint32())) }, false},
		{"joined", func() []byte {
			a, b := one(), one()
			return slices.Concat(a[:r.IntN(len(a))], b[r.IntN(len(b)):])
		}, true},
		{"random", func() []byte {
			b := make([]byte, r.IntN(40))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			return b
		}, true},
		{"ones and zeros", func() []byte {
			b := bytes.Repeat([]byte{byte(-r.IntN(2))}, r.IntN(300))
			for range min(len(b), 6) {
				b[r.IntN(min(len(b), 20))] = byte(r.Uint32())
			}
			return b
		}, false},
	} {
		t.Run(m.name, func(t *testing.T) {
			accepted, valid := 0, 0
			for range 3000 {
				body, limit := m.make(), r.IntN(2000)
				if r.IntN(2) == 0 {
					limit = hostileCap
				}
				ok, strict := checkHostile(t, body, limit)
				if ok {
					accepted++
				}
				if strict {
					valid++
				}
			}
			t.Logf("of 3000, %d were accepted, of which %d by the strict decoder", accepted, valid)
			if m.some && accepted == 0 {
				t.Error("none was accepted: nothing was checked of what comes out")
			}
		})
	}
}

// checkHostile unpacks a body. If it is accepted, then what comes out is no
// more than max bytes, well-formed, and packs to something that it comes out of
// again. strict reports whether it is deterministic CBOR, too.
func checkHostile(t *testing.T, body []byte, max int) (ok, strict bool) {
	t.Helper()
	given := slices.Clone(body)
	out, err := packer.Unpack([]byte("dst"), body, max)
	if !bytes.Equal(body, given) {
		t.Fatalf("%x was changed", given)
	}
	item, found := bytes.CutPrefix(out, []byte("dst"))
	if !found || err != nil && len(item) > 0 || len(item) > max {
		t.Fatalf("%x: %x, error %v, cap %d", body, out, err, max)
	}
	if err != nil {
		return false, false
	}
	if _, err := packer.Unpack(nil, body, len(item)-1); err == nil {
		t.Fatalf("%x: %d bytes are accepted where fewer are allowed", body, len(item))
	}
	if err := wellFormed(item); err != nil {
		t.Fatalf("%x: %x: %v", body, item, err)
	}
	strict = cbor.Valid(item) == nil
	again := packer.Append(nil, item)
	if bits := packer.Bits(item); len(again) != (bits+7)/8 {
		t.Fatalf("%x: %d bits, but %d bytes", item, bits, len(again))
	}
	if back, err := packer.Unpack(nil, again, len(item)); err != nil || !bytes.Equal(back, item) {
		t.Fatalf("%x: %x: %x comes back as %x: %v", body, item, again, back, err)
	}
	return true, strict
}

// wellFormed reports why b is not one item whose heads are in their shortest
// form, nested at most 64 deep: what Unpack promises by itself.
func wellFormed(b []byte) error {
	rest, err := wellFormedItem(b, 0)
	if err == nil && len(rest) > 0 {
		err = errors.New("something follows")
	}
	return err
}

func wellFormedItem(b []byte, depth int) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, errors.New("it ends too early")
	}
	major, n, size := b[0]>>5, uint64(b[0]&31), 1
	if n >= 24 {
		if size = 1 + 1<<(n-24); n > 27 || len(b) < size {
			return nil, errors.New("bad head")
		}
		n = 0
		for _, c := range b[1:size] {
			n = n<<8 | uint64(c)
		}
		if least := []uint64{2: 24, 3: 1 << 8, 5: 1 << 16, 9: 1 << 32}[size]; n < least && major != 7 {
			return nil, fmt.Errorf("%d in %d bytes", n, size)
		}
	}
	items := uint64(0)
	switch b = b[size:]; major {
	case 2, 3:
		if n > uint64(len(b)) {
			return nil, errors.New("a string ends too early")
		}
		return b[n:], nil
	case 4:
		items = n
	case 5:
		items = 2 * n
	case 6:
		items = 1
	default:
		return b, nil
	}
	if depth == cbor.MaxDepth {
		return nil, errors.New("nested too deep")
	}
	for ; items > 0 && err == nil; items-- {
		b, err = wellFormedItem(b, depth+1)
	}
	return b, err
}

// TestDepth checks that what the strict decoder nests packs and comes back, and
// that one level more does not, whatever it is made of.
func TestDepth(t *testing.T) {
	wraps := []struct{ name, before, after string }{
		{"array", "\x81", ""},
		{"second element", "\x82\x00", ""},
		{"map", "\xa1\x61a", ""},
		{"map by number", "\xa1\x07", ""},
		{"tag", "\xc6", ""},
		{"base64 tag", "\xd5", ""},
		{"private tag", "\xd9\x96\x73", ""},
		{"key", "\xa1", "\x00"},
		{"twice the same", "", ""}, // see twice
	}
	ends := []string{"\x00", "\x18\x64", "\xf6", "\x61a", "\x80", "\xa0", "\xc1\x1a\x65\x00\x00\x00", "\xd7\x44\x01\x02\x03\x04", "\xd8\x25\x50" + strings.Repeat("\x07", 16),
		"\xd5\x82\x41\x00\x41\x01", "\xd9\x96\x75\x1b\x00\x00\x01\x8b\xcf\xe5\x68\x00", "\xa1\x00\x00", "\x44dark", "\x64dark", "\xf9\x3c\x00", "\xd9\x96\x7c\xf6", "\x82\x81\x00\x81\x00"}
	for _, wrap := range wraps {
		t.Run(wrap.name, func(t *testing.T) {
			for _, end := range ends {
				accepted := 0
				for n := 60; n <= 66; n++ {
					item := []byte(strings.Repeat(wrap.before, n) + end + strings.Repeat(wrap.after, n))
					if wrap.before == "" {
						item = twice(n, end)
					}
					want := cbor.Valid(item) == nil
					got, err := packer.Unpack(nil, packer.Append(nil, item), len(item))
					if (err == nil) != want || want && !bytes.Equal(got, item) {
						t.Fatalf("%d levels around %x: got %x, error %v, but valid %v", n, end, got, err, want)
					}
					if want {
						accepted++
					}
				}
				if accepted == 0 || accepted == 7 {
					t.Errorf("around %x all have the same verdict", end)
				}
			}
		})
	}
}

// twice returns a list of two equal elements, each of which is n-1 arrays deep.
func twice(n int, end string) []byte {
	deep := strings.Repeat("\x81", n-1) + end
	return []byte("\x82" + deep + deep)
}

// TestAllocations checks that AppendTape allocates nothing, with room in dst,
// but one string for a byte string that is JSON; and ReadTape, with room on the
// tape, one string for all texts, and one for each JSON text.
func TestAllocations(t *testing.T) {
	if raceDetector() {
		t.Skip("pools forget on purpose")
	}
	coder := packer.NewCoder()
	for name, item := range corpus(t) {
		tape, packed := tapeOf(item), packer.Append(nil, item)
		inBytes := kindsIn(t, item, form.JSONBytes)
		inTexts := kindsIn(t, item, form.JSON)
		dst := make([]byte, 0, 2*len(item)+hostileSlack)
		if n := testing.AllocsPerRun(20, func() { coder.AppendTape(dst, tape) }); int(n) > inBytes {
			t.Errorf("%s: AppendTape: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(20, func() {
			tape.Reset()
			if err := coder.ReadTape(tape, packed, len(item)); err != nil {
				t.Error(err)
			}
		}); int(n) > 1+inBytes+inTexts {
			t.Errorf("%s: ReadTape: %v allocations", name, n)
		}
	}
}

// raceDetector reports whether the race detector is on, under which a pool
// drops a part of what it is given.
func raceDetector() bool {
	made := 0
	pool := sync.Pool{New: func() any { made++; return new(int) }}
	for range 1000 {
		pool.Put(pool.Get())
	}
	return made > 100
}
