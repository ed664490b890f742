package value_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession/internal/cbor"
)

type nested struct{ N *nested }

// TestDepth checks that exactly MaxDepth levels go in, and come out, for each
// thing that is a level.
func TestDepth(t *testing.T) {
	nest := func(v any, n int) any {
		for range n {
			v = []any{v}
		}
		return v
	}
	for _, row := range []struct {
		name   string
		value  any
		levels int
	}{
		{"int", 1, 0},
		{"text", "a", 0},
		{"[]byte", []byte{1}, 0},
		{"[]any", []any{}, 1},
		{"map[string]any", map[string]any{}, 1},
		{"map[any]any", map[any]any{1: 1}, 1},
		{"tagged map[any]any", map[any]any{"a": 1}, 2},
		{"int64", int64(1), 1},
		{"uint", uint(1), 1},
		{"float32", float32(1), 1},
		{"[]string", []string{}, 2},
		{"nil []string", []string(nil), 1},
		{"nil []any", []any(nil), 1},
		{"map[string]string", map[string]string{}, 2},
		{"time", time.Unix(1, 0).UTC(), 1},
		{"time with nanoseconds", time.Unix(1, 1).UTC(), 2},
		{"not UTF-8", "\xff", 1},
		{"key that is not UTF-8", map[string]any{"\xff": 1}, 2},
		{"registered scalar", role("a"), 2},
		{"registered struct", flash{}, 3},
		// Where its tags have no room, a string stays text.
		{"UUID", "5f8d0d55-54b7-4b5a-9c5e-7f4f2b1f0a3c", 0},
		{"JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", 0},
		{"ISO time", "2024-10-29T13:06:08.141Z", 0},
	} {
		at := nest(row.value, cbor.MaxDepth-row.levels)
		b, err := tryEncode(at)
		if err != nil {
			t.Errorf("%s at the limit: %v", row.name, err)
			continue
		}
		if err := cbor.Valid(b); err != nil {
			t.Errorf("%s at the limit: Valid: %v", row.name, err)
		}
		same(t, at, "")
		over := append([]byte{0x81}, b...)
		if err := cbor.Valid(over); !isSyntax(err) {
			t.Errorf("%s over the limit: Valid: %v", row.name, err)
		}
		if _, _, err := tryDecode[any](over); !isSyntax(err) {
			t.Errorf("%s over the limit: Decode: %v", row.name, err)
		}
		if _, err := tryEncode[any]([]any{at}); !isValue(err) {
			t.Errorf("%s over the limit: Append: %v", row.name, err)
		}
	}

	var chain nested
	for range cbor.MaxDepth - 1 {
		chain = nested{&nested{chain.N}}
	}
	same(t, chain, "")
	if _, err := tryEncode(nested{&chain}); !isValue(err) {
		t.Errorf("a chain of structs over the limit: %v", err)
	}
	grove := tree{}
	for range cbor.MaxDepth - 1 {
		grove = tree{"a": grove}
	}
	same(t, grove, "")
	if _, err := tryEncode(tree{"a": grove}); !isValue(err) {
		t.Errorf("a chain of maps over the limit: %v", err)
	}
	refused[nested](t, strings.Repeat("a1614e", cbor.MaxDepth)+"a0", isSyntax)
	refused[list](t, strings.Repeat("81", cbor.MaxDepth)+"80", isSyntax)
	refused[tree](t, strings.Repeat("a16161", cbor.MaxDepth)+"a0", isSyntax)
	refused[struct{}](t, "a16161"+strings.Repeat("81", cbor.MaxDepth-1)+"80", isSyntax)
	refused[struct{}](t, "a16161"+strings.Repeat("c1", cbor.MaxDepth)+"00", isSyntax)
	refused[struct{}](t, strings.Repeat("a1", 1<<12), isSyntax)
}

// heads returns items of ten bytes or so that declare n elements or bytes.
func heads(t *testing.T, n uint64) [][]byte {
	var items [][]byte
	for _, prefix := range []string{"", "81", "a16161", "c1", "d5", "d7", "d825", "d99674", "d99683", "d99684", "d99685", "d99687", "d996738261", "d99676", "a1"} {
		for major := byte(2); major < 6; major++ {
			head := binary.BigEndian.AppendUint64([]byte{major<<5 | 27}, n)
			items = append(items, append(unhex(t, prefix), head...), append(append(unhex(t, prefix), head...), 0x61, 0x61))
		}
	}
	return items
}

type everything struct {
	A any `json:"a"`
}

// TestHostileLengths declares up to 8 EiB in a few bytes. All is refused, and
// next to nothing allocated.
func TestHostileLengths(t *testing.T) {
	targets := []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[everything](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](),
		reflect.TypeFor[[]int](), reflect.TypeFor[[]any](), reflect.TypeFor[[][1 << 10]byte](), reflect.TypeFor[[]everything](),
		reflect.TypeFor[map[string]any](), reflect.TypeFor[map[any]any](), reflect.TypeFor[map[int][1 << 10]byte](),
		reflect.TypeFor[map[string]string](), reflect.TypeFor[[4]byte](), reflect.TypeFor[[4]int](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[color](), reflect.TypeFor[both](), reflect.TypeFor[[]*everything](), reflect.TypeFor[struct{}](),
	}
	var before, after runtime.MemStats
	for _, n := range []uint64{1 << 63, 1<<64 - 1, 1<<63 - 1, 1 << 62, 1 << 40, 1 << 33} {
		for _, item := range heads(t, n) {
			for _, typ := range targets {
				dst, p := reflect.New(typ).Elem(), mustPlan(t, typ)
				runtime.ReadMemStats(&before)
				_, err := p.Decode(item, dst)
				runtime.ReadMemStats(&after)
				if err == nil {
					t.Fatalf("%x was accepted as %v", item, typ)
				}
				if got := after.TotalAlloc - before.TotalAlloc; got > 16<<10 {
					t.Errorf("%x as %v: %d bytes allocated", item, typ, got)
				}
			}
			if err := cbor.Valid(item); err == nil {
				t.Fatalf("Valid(%x)", item)
			}
		}
	}
}

// TestAmplification declares as many elements as the input could just hold, but
// has one that ends it: what is allocated follows what was really read.
func TestAmplification(t *testing.T) {
	type big struct{ A, B, C, D, E [64]int }
	input := append([]byte{0x9a, 0, 0, 0xff, 0xfa}, bytes.Repeat([]byte{0xa0}, 0xfffa)...)
	input[5+3] = 0xff
	for _, typ := range []reflect.Type{reflect.TypeFor[[]big](), reflect.TypeFor[[]*big](), reflect.TypeFor[[]map[int]big]()} {
		var before, after runtime.MemStats
		dst, p := reflect.New(typ).Elem(), mustPlan(t, typ)
		runtime.ReadMemStats(&before)
		_, err := p.Decode(input, dst)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 64<<10 {
			t.Errorf("%v: %d bytes allocated, %v", typ, got, err)
		}
	}
	// Nested lists that each claim the rest.
	var claims []byte
	for range cbor.MaxDepth {
		claims = append(claims, 0x99, 0x04, 0x00)
	}
	claims = append(claims, bytes.Repeat([]byte{0}, 2000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := tryDecode[any](claims)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 1<<20 {
		t.Errorf("nested claims: %d bytes allocated, %v", got, err)
	}
}

func TestAllocations(t *testing.T) {
	if raceDetector() {
		t.Skip("pools forget on purpose")
	}
	p := mustPlan(t, reflect.TypeFor[preferences]())
	v := somePreferences
	rv := reflect.ValueOf(&v).Elem()
	buf := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() { buf, _ = p.Append(buf[:0], rv) }); n != 0 {
		t.Errorf("Append: %v allocations", n)
	}
	var got preferences
	dst := reflect.ValueOf(&got).Elem()
	n := testing.AllocsPerRun(100, func() {
		dst.SetZero()
		if exact, err := p.Decode(buf, dst); !exact || err != nil {
			t.Fatal(exact, err)
		}
	})
	if n > 1 {
		t.Errorf("Decode: %v allocations", n)
	}
}
