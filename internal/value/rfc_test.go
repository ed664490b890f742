package value_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/cbor"
)

// TestAppendixA has the examples of RFC 8949, Appendix A. Those outside of what
// this package stores say how they are refused.
func TestAppendixA(t *testing.T) {
	type refusal string
	const (
		syntax = refusal("syntax") // not in deterministic CBOR of our kinds
		value  = refusal("value")  // valid, but no Go value inside an any
	)
	wide := any(value) // where an int has 32 bits
	if n := int64(1000000000000); int64(int(n)) == n {
		wide = int(n)
	}
	for _, row := range []struct {
		item string
		want any
	}{
		{"00", 0}, {"01", 1}, {"0a", 10}, {"17", 23},
		{"1818", 24}, {"1819", 25}, {"1864", 100}, {"1903e8", 1000},
		{"1a000f4240", 1000000}, {"1b000000e8d4a51000", wide},
		{"1bffffffffffffffff", uint64(math.MaxUint64)},
		{"c249010000000000000000", value}, // bignums
		{"3bffffffffffffffff", value},     // -1 - (1<<64 - 1)
		{"c349010000000000000000", value},
		{"20", -1}, {"29", -10}, {"3863", -100}, {"3903e7", -1000},

		{"f90000", 0.0}, {"f98000", math.Copysign(0, -1)}, {"f93c00", 1.0},
		{"fb3ff199999999999a", 1.1}, {"f93e00", 1.5}, {"f97bff", 65504.0},
		{"fa47c35000", 100000.0}, {"fa7f7fffff", 3.4028234663852886e+38},
		{"fb7e37e43c8800759c", 1.0e+300}, {"f90001", 5.960464477539063e-8},
		{"f90400", 0.00006103515625}, {"f9c400", -4.0}, {"fbc010666666666666", -4.1},
		{"f97c00", math.Inf(1)}, {"f97e00", math.NaN()}, {"f9fc00", math.Inf(-1)},
		{"fa7f800000", syntax}, {"fa7fc00000", syntax}, {"faff800000", syntax}, // not the shortest
		{"fb7ff0000000000000", syntax}, {"fb7ff8000000000000", syntax}, {"fbfff0000000000000", syntax},

		{"f4", false}, {"f5", true}, {"f6", nil},
		{"f7", syntax}, {"f0", syntax}, {"f818", syntax}, {"f8ff", syntax}, // undefined, simple values

		{"c074323031332d30332d32315432303a30343a30305a", value}, // tag 0
		{"c11a514b67b0", unixUTC(1363896240)},
		{"c1fb41d452d9ec200000", value}, // a float as time
		{"d74401020304", "01020304"},
		{"d818456449455446", value},                                   // tag 24
		{"d82076687474703a2f2f7777772e6578616d706c652e636f6d", value}, // tag 32

		{"40", []byte{}}, {"4401020304", []byte{1, 2, 3, 4}},
		{"60", ""}, {"6161", "a"}, {"6449455446", "IETF"}, {"62225c", "\"\\"},
		{"62c3bc", "\u00fc"}, {"63e6b0b4", "\u6c34"}, {"64f0908591", "\U00010151"},

		{"80", []any{}}, {"83010203", []any{1, 2, 3}},
		{"8301820203820405", []any{1, []any{2, 3}, []any{4, 5}}},
		{"98190102030405060708090a0b0c0d0e0f101112131415161718181819", upTo25()},
		{"a0", map[string]any{}},
		{"a201020304", map[any]any{1: 2, 3: 4}},
		{"a26161016162820203", map[string]any{"a": 1, "b": []any{2, 3}}},
		{"826161a161626163", []any{"a", map[string]any{"b": "c"}}},
		{"a56161614161626142616361436164614461656145",
			map[string]any{"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}},

		// Indefinite lengths.
		{"5f42010243030405ff", syntax}, {"7f657374726561646d696e67ff", syntax}, {"9fff", syntax},
		{"9f018202039f0405ffff", syntax}, {"9f01820203820405ff", syntax}, {"83018202039f0405ff", syntax},
		{"83019f0203ff820405", syntax},
		{"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", syntax},
		{"bf61610161629f0203ffff", syntax}, {"826161bf61626163ff", syntax}, {"bf6346756ef563416d7421ff", syntax},
	} {
		data := unhex(t, row.item)
		valid := cbor.Valid(data)
		got, exact, err := tryDecode[any](data)
		switch row.want {
		case syntax:
			if !isSyntax(valid) || !isSyntax(err) {
				t.Errorf("%s: Valid: %v, Decode: %v", row.item, valid, err)
			}
			continue
		case value:
			if valid != nil || !isValue(err) {
				t.Errorf("%s: Valid: %v, Decode: %v", row.item, valid, err)
			}
			continue
		}
		if valid != nil || err != nil {
			t.Errorf("%s: Valid: %v, Decode: %v", row.item, valid, err)
			continue
		}
		if diff := cmp.Diff(row.want, got, cmp.Comparer(sameBits)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.item, diff)
		}
		again := hex.EncodeToString(encode(t, got))
		if exact != (again == row.item) {
			t.Errorf("%s: exact %v, but it is stored again as %s", row.item, exact, again)
		}
		if !exact && !strings.HasPrefix(row.item, "d7") { // a hex string too short to be carried as bytes
			t.Errorf("%s is not exact", row.item)
		}
	}
}

// sameBits compares floats by bits, so that NaN is NaN and 0 is not -0.
func sameBits(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

func upTo25() []any {
	var list []any
	for i := range 25 {
		list = append(list, i+1)
	}
	return list
}

// TestNotDeterministic has items that RFC 8949, Section 4.2.1, forbids, and
// malformed ones, each broken in one way.
func TestNotDeterministic(t *testing.T) {
	for _, row := range []struct{ name, item string }{
		{"nothing", ""},
		{"two items", "0001"},
		{"integer in 1 byte too many", "1817"},
		{"integer in 2", "1900ff"},
		{"integer in 4", "1a0000ffff"},
		{"integer in 8", "1b00000000ffffffff"},
		{"negative integer", "3800"},
		{"length of text", "780161"},
		{"length of bytes", "580100"},
		{"length of an array", "980100"},
		{"length of a map", "b8010000"},
		{"number of a tag", "d80100"},
		{"float that fits binary16", "fa3f800000"},
		{"float that fits binary32", "fb3ff8000000000000"},
		{"subnormal that fits binary16", "fa33800000"},
		{"NaN with a payload", "f97e01"},
		{"signalling NaN", "f97d00"},
		{"negative NaN", "f9fe00"},
		{"NaN with a payload in binary32", "fa7fc00001"},
		{"NaN with a payload in binary64", "fb7ff8000000000001"},
		{"keys out of order", "a201000000"},
		{"text keys out of order", "a2616200616100"},
		{"longer key first", "a262616100616200"},
		{"doubled key", "a2616100616101"},
		{"text that is not UTF-8", "61ff"},
		{"surrogate in text", "63eda080"},
		{"key that is not UTF-8", "a161ff00"},
		{"reserved head 28", "1c"},
		{"reserved head 30", "7e"},
		{"break", "ff"},
		{"simple value in two bytes", "f814"},
		{"cut off head", "19ff"},
		{"cut off text", "6261"},
		{"cut off array", "8201"},
		{"cut off map", "a101"},
		{"cut off tag", "c1"},
		{"cut off float", "f93c"},
	} {
		data := unhex(t, row.item)
		if err := cbor.Valid(data); !isSyntax(err) {
			t.Errorf("%s: Valid(%s) = %v", row.name, row.item, err)
		}
		refused[any](t, row.item, isSyntax)
		// Inside of what is ignored it is refused, too.
		if row.item != "" && row.name != "two items" {
			refused[struct{}](t, "a16161"+row.item, isSyntax)
		}
	}
}

// TestFloats checks every binary16 value, and the neighbours of each in
// binary32, both of which need four bytes.
func TestFloats(t *testing.T) {
	for h := range 1 << 16 {
		item := []byte{0xf9, byte(h >> 8), byte(h)}
		got, exact, err := tryDecode[float64](item)
		if got != got || h&0x7c00 == 0x7c00 && h&0x3ff != 0 {
			if (h == 0x7e00) != (err == nil) {
				t.Fatalf("NaN %04x: %v", h, err)
			}
			continue
		}
		if err != nil || !exact {
			t.Fatalf("%04x: exact %v, %v", h, exact, err)
		}
		if again := encode(t, got); string(again) != string(item) {
			t.Fatalf("%04x is %v, which is stored as %x", h, got, again)
		}
		if math.IsInf(got, 0) {
			continue
		}
		for _, toward := range []float32{float32(math.Inf(1)), float32(math.Inf(-1))} {
			next := float64(math.Nextafter32(float32(got), toward))
			b := encode(t, next)
			if len(b) != 5 {
				t.Fatalf("%v, next to %v, is stored as %x", next, got, b)
			}
			if back, _ := decode[float64](t, b); back != next {
				t.Fatalf("%v came back as %v", next, back)
			}
		}
	}
	same(t, math.Pi, "fb400921fb54442d18")
	same(t, float32(math.Pi), "fa40490fdb")
}
