package cborcheck

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/value"
	peer "github.com/fxamacker/cbor/v2"
)

// The peer in RFC 8949's core deterministic encoding, and as strict as it gets.
// It does not check order, shortest forms, or one NaN; re-encoding does.
var (
	peerEnc = must(peer.EncOptions{
		Sort:          peer.SortBytewiseLexical,
		ShortestFloat: peer.ShortestFloat16,
		NaNConvert:    peer.NaNConvert7e00,
		InfConvert:    peer.InfConvertFloat16,
		IndefLength:   peer.IndefLengthForbidden,
		NilContainers: peer.NilContainerAsNull,
		Time:          peer.TimeUnixDynamic,
		TimeTag:       peer.EncTagRequired,
	}.EncMode())
	peerDec = must(peer.DecOptions{
		DupMapKey:             peer.DupMapKeyEnforcedAPF,
		IndefLength:           peer.IndefLengthForbidden,
		MaxNestedLevels:       65,
		MaxArrayElements:      1 << 20,
		MaxMapPairs:           1 << 20,
		UTF8:                  peer.UTF8RejectInvalid,
		DefaultMapType:        reflect.TypeFor[map[any]any](),
		DefaultByteStringType: reflect.TypeFor[[]byte](),
		IntDec:                peer.IntDecConvertNone,
		SimpleValues:          simpleKinds,
		MapKeyByteString:      peer.MapKeyByteStringAllowed,
	}.DecMode())
	simpleKinds = must(peer.NewSimpleValueRegistryFromDefaults(refuseAllSimple()...))
)

// refuseAllSimple leaves false, true and null.
func refuseAllSimple() []func(*peer.SimpleValueRegistry) error {
	opts := []func(*peer.SimpleValueRegistry) error{peer.WithRejectedSimpleValue(23)}
	for n := range 256 {
		if n < 20 || n > 31 {
			opts = append(opts, peer.WithRejectedSimpleValue(peer.SimpleValue(n)))
		}
	}
	return opts
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// theirs returns what the peer makes of an item: its encoding after decoding,
// which is the item itself only if that was deterministic.
func theirs(item []byte) ([]byte, error) {
	var v any
	if err := peerDec.Unmarshal(item, &v); err != nil {
		return nil, err
	}
	return peerEnc.Marshal(v)
}

func TestAppendixA(t *testing.T) {
	for _, row := range strings.Fields(appendixA) {
		item := must(hex.DecodeString(row))
		again, err := theirs(item)
		deterministic := err == nil && bytes.Equal(again, item)
		if ours := cbor.Valid(item) == nil; ours != deterministic {
			t.Errorf("%s: ours %v, theirs %v (%x, %v)", row, ours, deterministic, again, err)
		}
	}
}

// Those of RFC 8949, Appendix A, that have no bignum: Valid takes any tag, and
// the peer turns bignums into numbers.
const appendixA = `00 01 0a 17 1818 1819 1864 1903e8 1a000f4240 1b000000e8d4a51000 1bffffffffffffffff 20 29 3863 3903e7
f90000 f98000 f93c00 fb3ff199999999999a f93e00 f97bff fa47c35000 fa7f7fffff fb7e37e43c8800759c f90001 f90400 f9c400
fbc010666666666666 f97c00 f97e00 f9fc00 fa7f800000 fa7fc00000 faff800000 fb7ff0000000000000 fb7ff8000000000000 fbfff0000000000000
f4 f5 f6 f7 f0 f818 f8ff c11a514b67b0 c1fb41d452d9ec200000 d74401020304 d818456449455446
d82076687474703a2f2f7777772e6578616d706c652e636f6d 40 4401020304 60 6161 6449455446 62225c 62c3bc 63e6b0b4 64f0908591
80 83010203 8301820203820405 98190102030405060708090a0b0c0d0e0f101112131415161718181819 a0 a201020304 a26161016162820203
826161a161626163 a56161614161626142616361436164614461656145 5f42010243030405ff 7f657374726561646d696e67ff 9fff
9f018202039f0405ffff 9f01820203820405ff 83018202039f0405ff 83019f0203ff820405
9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff bf61610161629f0203ffff 826161bf61626163ff bf6346756ef563416d7421ff`

// TestCorpus encodes each session by both, and decodes by each what the other
// wrote. With the strings that are spelled-out bytes as text, the bytes agree.
func TestCorpus(t *testing.T) {
	files := must(filepath.Glob("../../testdata/sessions/*.json"))
	if len(files) == 0 {
		t.Fatal("no sessions")
	}
	for _, file := range files {
		v := must(document.Parse(must(os.ReadFile(file))))
		checkBoth(t, filepath.Base(file), v)
	}
}

// checkBoth checks a value of bare types.
func checkBoth(t *testing.T, name string, v any) {
	t.Helper()
	ours, err := appendAny(v)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	foreign, err := peerEnc.Marshal(v)
	if err != nil {
		t.Fatalf("%s: peer: %v", name, err)
	}
	// Theirs by us.
	fromForeign, _, err := decodeAny(foreign)
	if err != nil {
		t.Fatalf("%s: what the peer wrote is refused: %v", name, err)
	}
	if !equal(v, fromForeign) {
		t.Errorf("%s: from the peer's encoding came\n%#v, not\n%#v", name, fromForeign, v)
	}
	// Ours by them.
	again, err := theirs(ours)
	if err != nil {
		t.Fatalf("%s: the peer refuses what we wrote, %x: %v", name, ours, err)
	}
	if !bytes.Equal(again, ours) {
		t.Errorf("%s: not deterministic to the peer: %x, to it %x", name, ours, again)
	}
	var x any
	if err := peerDec.Unmarshal(ours, &x); err != nil {
		t.Fatal(err)
	}
	if got := untag(x); !equal(v, got) {
		t.Errorf("%s: the peer read\n%#v, not\n%#v", name, got, v)
	}
}

func appendAny(v any) ([]byte, error) {
	return must(value.PlanFor(reflect.TypeFor[any]())).Append(nil, reflect.ValueOf(&v).Elem())
}

func decodeAny(item []byte) (v any, exact bool, err error) {
	exact, err = must(value.PlanFor(reflect.TypeFor[any]())).Decode(item, reflect.ValueOf(&v).Elem())
	return v, exact, err
}

// equal compares after bringing maps and numbers of both to one form.
func equal(a, b any) bool { return fmt.Sprintf("%#v", common(a)) == fmt.Sprintf("%#v", common(b)) }

// common turns what the two decoders do differently into one: map types and
// integer types. fmt sorts maps, and prints every NaN alike.
func common(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[any]any)
		for k, x := range v {
			m[k] = common(x)
		}
		return m
	case map[any]any:
		m := make(map[any]any)
		for k, x := range v {
			m[common(k)] = common(x)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = common(x)
		}
		return list
	case int:
		return fmt.Sprintf("int %d", v)
	case int64:
		return fmt.Sprintf("int %d", v)
	case uint64:
		return fmt.Sprintf("int %d", v)
	case big.Int:
		return fmt.Sprintf("int %d", &v)
	case peer.ByteString:
		return "bytes " + string(v)
	case value.ByteString:
		return "bytes " + string(v)
	}
	return v
}

// FuzzValid checks that Valid accepts just what the peer decodes and encodes to
// the same bytes.
func FuzzValid(f *testing.F) {
	for _, row := range strings.Fields(appendixA) {
		f.Add(must(hex.DecodeString(row)))
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		checkValid(t, item)
	})
}

func checkValid(t *testing.T, item []byte) {
	t.Helper()
	if slices.ContainsFunc(item, func(b byte) bool { return b >= 0xc0 && b <= 0xc3 }) {
		return // perhaps a time or a bignum, which the peer writes in its own way
	}
	ours := cbor.Valid(item)
	again, err := theirs(item)
	switch {
	case ours == nil && err != nil && !keyLimit(err) && !depthLimit(err):
		t.Errorf("%x: valid, but to the peer: %v", item, err)
	case ours == nil && err == nil && !bytes.Equal(again, item):
		t.Errorf("%x: valid, but the peer encodes it as %x", item, again)
	case ours != nil && err == nil && bytes.Equal(again, item) && !depthLimit(ours):
		t.Errorf("%x: %v, but deterministic to the peer", item, ours)
	}
}

// depthLimit reports whether an item is nested too deep. Both have a limit, and
// the peer does not count every tag as a level.
func depthLimit(err error) bool {
	return strings.Contains(err.Error(), "nested") || strings.Contains(err.Error(), "nesting")
}

// keyLimit reports whether the peer has no Go type for a map key, such as a
// list.
func keyLimit(err error) bool { return strings.Contains(err.Error(), "map key") }

// TestGenerated compares both over generated values of the bare types, and
// Valid over mutations of their encodings.
func TestGenerated(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 4000 {
		v := generate(rnd, 0)
		checkBoth(t, fmt.Sprintf("value %d", i), v)
		item := must(appendAny(v))
		for range 5 {
			mutated := bytes.Clone(item)
			mutated[rnd.IntN(len(mutated))] ^= 1 << rnd.IntN(8)
			checkValid(t, mutated)
		}
		if t.Failed() {
			return
		}
	}
}

func generate(rnd *rand.Rand, depth int) any {
	kinds := 8
	if depth > 3 {
		kinds = 6
	}
	switch rnd.IntN(kinds) {
	case 0:
		return int(rnd.Int64() >> rnd.IntN(64) * (1 - 2*rnd.Int64N(2)))
	case 1:
		return []any{nil, true, false, uint64(1<<63 + rnd.Uint64()>>1)}[rnd.IntN(4)]
	case 2:
		switch rnd.IntN(4) {
		case 0:
			return float64(math.Float32frombits(rnd.Uint32()))
		case 1:
			return float64(rnd.IntN(5000)) / 8
		case 2:
			return math.Ldexp(float64(rnd.IntN(2048)), -rnd.IntN(30))
		}
		return math.Float64frombits(rnd.Uint64())
	case 3:
		return generateBytes(rnd)
	case 4, 5:
		return generateString(rnd)
	case 6:
		list := []any{}
		for range rnd.IntN(30) >> rnd.IntN(4) {
			list = append(list, generate(rnd, depth+1))
		}
		return list
	}
	m := map[string]any{}
	for range rnd.IntN(30) >> rnd.IntN(4) {
		m[generateString(rnd)] = generate(rnd, depth+1)
	}
	return m
}

func generateBytes(rnd *rand.Rand) []byte {
	b := make([]byte, rnd.IntN(300)>>rnd.IntN(6))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func generateString(rnd *rand.Rand) string {
	var b strings.Builder
	for range rnd.IntN(300) >> rnd.IntN(7) {
		b.WriteString([]string{"a", "z ", "ü", "水", "0", "Z", "-"}[rnd.IntN(7)])
	}
	return b.String()
}
