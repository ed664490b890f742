package value_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/value"
)

// seeds are items that reach every kind of codec.
func seeds(tb testing.TB) [][]byte {
	items := [][]byte{nil, {0xa0}, {0x80}, {0xf6}}
	for _, v := range []any{
		somePreferences, preferencesMap, gorillaValues(), rich(source{1, 2, 3}), []any{aUUID, aHex, aBase64, aJWT, aTime, "\xff"},
		map[any]any{1: 1, "a": int64(2), true: flash{"x", 1}, 1.5: nil, role("r"): time.Unix(1, 1)},
		[]any{[]string{"a"}, []int{1}, map[string]string{}, map[string]int{}, map[any]any{}, []byte(nil), float32(1), uint64(1 << 63)},
	} {
		b, err := value.Append(nil, v)
		if err != nil {
			tb.Fatal(err)
		}
		items = append(items, b)
	}
	for _, v := range corpus(tb) {
		if b, err := value.Append(nil, v); err == nil && len(b) < 400 {
			items = append(items, b)
		}
	}
	return items
}

// FuzzDecode checks, for an any and for a struct with a field of each kind: an
// item that Decode accepts is Valid, and so is its encoding, which decodes to
// an equal value, exactly, and is a fixpoint. If Decode says exact, the
// encoding is the input. Both values have one sum, if they have any.
func FuzzDecode(f *testing.F) {
	for _, item := range seeds(f) {
		f.Add(item)
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		valid := cbor.Valid(item)
		for _, typ := range []reflect.Type{
			reflect.TypeFor[any](), reflect.TypeFor[richValue](), reflect.TypeFor[map[any]any](),
			reflect.TypeFor[preferences](), reflect.TypeFor[map[string]string](), reflect.TypeFor[map[string]any](),
		} {
			p := mustPlan(t, typ)
			v := reflect.New(typ).Elem()
			exact, err := p.Decode(item, v)
			if err != nil {
				if !isSyntax(err) && !isValue(err) {
					t.Fatalf("%v: %T: %v", typ, err, err)
				}
				continue
			}
			if valid != nil {
				t.Fatalf("%v: accepted, but %v", typ, valid)
			}
			again, err := p.Append(nil, v)
			if err != nil {
				t.Fatalf("%v: accepted, but cannot be stored: %v", typ, err)
			}
			if exact && string(again) != string(item) {
				t.Fatalf("%v: exact, but stored again as %x", typ, again)
			}
			if err := cbor.Valid(again); err != nil {
				t.Fatalf("%v: stored again as %x: %v", typ, again, err)
			}
			v2 := reflect.New(typ).Elem()
			exact, err = p.Decode(again, v2)
			if err != nil || !exact {
				t.Fatalf("%v: stored again as %x: exact %v, %v", typ, again, exact, err)
			}
			third, err := p.Append(nil, v2)
			if err != nil || string(third) != string(again) {
				t.Fatalf("%v: %x is no fixpoint: %x, %v", typ, again, third, err)
			}
			sum, ok := p.Sum(v)
			if sum2, ok2 := p.Sum(v2); (sum != sum2 || ok != ok2) && !hasNaN(again) {
				t.Fatalf("%v: %x has the sums %x, %v and %x, %v", typ, again, sum, ok, sum2, ok2)
			}
			if !reflect.DeepEqual(v.Interface(), v2.Interface()) && string(again) == string(item) && !hasNaN(again) {
				t.Fatalf("%v: equal items, other values:\n%#v\n%#v", typ, v, v2)
			}
		}
	})
}

// FuzzDynamic checks that every valid item whose map keys and tags are ours and
// that an any accepts comes back byte for byte, unless it has a string in
// another spelling than ours or a registered type: in an any, all that is
// stored has one form.
func FuzzDynamic(f *testing.F) {
	for _, item := range seeds(f) {
		f.Add(item)
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		v, exact, err := tryDecode[any](item)
		if err != nil || exact || strings.Contains(string(item), "\xd9\x96\x73") {
			return
		}
		// Not exact: some string was spelled otherwise. With all strings
		// spelled our way, only these may differ.
		again := encode(t, v)
		if string(again) == string(item) {
			return
		}
		if plainStrings(v) {
			t.Fatalf("%x is stored again as %x", item, again)
		}
	})
}

// plainStrings reports whether no string in v could be spelled in another way
// than as text: none looks like hex, base64url, a UUID or a time.
func plainStrings(v any) bool {
	plain := true
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Interface, reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for iter := v.MapRange(); iter.Next(); {
				walk(iter.Value())
			}
		case reflect.String:
			plain = plain && strings.ContainsAny(v.String(), " \n") && v.String() != ""
		}
	}
	walk(reflect.ValueOf(v))
	return plain
}

func hasNaN(item []byte) bool { return strings.Contains(string(item), "\xf9\x7e\x00") }

// richValue has a field of each kind.
type richValue struct {
	Bool    bool
	Int     int
	Int8    int8
	Int64   int64 `cbor:"1,keyasint"`
	Uint    uint
	Uint64  uint64 `json:"u64"`
	Float   float64
	Float32 float32
	String  string
	Role    role
	Bytes   []byte
	Array   [3]int16
	Bytes4  [4]byte
	Time    time.Time
	Wait    time.Duration
	Strings []string
	Structs []preferences
	Nested  preferences `cbor:"-5,keyasint"`
	Pointer *richValue
	IntPtr  *int
	StrMap  map[string]string
	AnyMap  map[string]any
	AnyKeys map[any]any
	IntMap  map[int8][]string
	Set     map[role]struct{}
	BoolMap map[bool]float64
	Colors  map[color]color
	Times   map[time.Time]bool
	Both    both
	Big     *big.Int
	Any     any
	Shape   shape
	base
}

// source draws a value's parts from fuzz input; when it is used up, zero.
type source []byte

func (s *source) byte() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

func (s *source) uint64() uint64 {
	var b [8]byte
	n := copy(b[:s.byte()%9], *s)
	*s = (*s)[n:]
	return binary.LittleEndian.Uint64(b[:])
}

func (s *source) len() int { return int(s.byte() % 4) }

func (s *source) float() float64 {
	switch s.byte() % 4 {
	case 0:
		return float64(int8(s.byte())) / 4
	case 1:
		return float64(math.Float32frombits(uint32(s.uint64())))
	}
	return math.Float64frombits(s.uint64())
}

func (s *source) string() string {
	switch s.byte() % 16 {
	case 0:
		return aUUID
	case 1:
		return aHex[s.byte()%8:]
	case 2:
		return aBase64[:s.byte()%44]
	case 3:
		return aJWT[s.byte()%8:]
	case 4:
		return aTime
	case 5:
		return strings.Repeat("ab1", int(s.byte()))
	}
	n := min(int(s.byte()%40), len(*s))
	str := string((*s)[:n])
	*s = (*s)[n:]
	return str
}

func (s *source) time() time.Time {
	t := time.Unix(int64(s.uint64()%250000000000), 0)
	if s.byte()%2 == 0 {
		t = t.Add(time.Duration(s.byte()))
	}
	return t.UTC()
}

// any draws one of the types that an any holds.
func (s *source) any(depth int) any {
	kind := s.byte() % 34
	if depth > 4 && kind > 26 {
		kind = 1
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return s.string()
	case 2:
		return int(s.uint64())
	case 3:
		return s.byte()%2 == 0
	case 4:
		return s.float()
	case 5:
		return []byte(s.string())
	case 6:
		return int8(s.byte())
	case 7:
		return int16(s.uint64())
	case 8:
		return int32(s.uint64())
	case 9:
		return int64(s.uint64())
	case 10:
		return uint(s.uint64())
	case 11:
		return s.byte()
	case 12:
		return uint16(s.uint64())
	case 13:
		return uint32(s.uint64())
	case 14:
		return s.uint64()
	case 15:
		return uintptr(s.uint64())
	case 16:
		return float32(s.float())
	case 17:
		return time.Duration(s.uint64())
	case 18:
		return s.time()
	case 19:
		return role(s.string())
	case 20:
		return flash{s.string(), int(s.byte())}
	case 21:
		return point{int(s.byte()), 1}
	case 22:
		return []any{[]string(nil), []int(nil), map[string]string(nil), map[string]int(nil)}
	case 23:
		return []any{map[any]any(nil), []byte(nil), []any(nil), map[string]any(nil)}
	case 24:
		return &circle{s.float()}
	case 25:
		return tags{s.string()}
	case 26:
		return []int{int(s.uint64()), 2}
	case 27:
		return []string{s.string(), s.string()}
	case 28:
		return map[string]string{s.string(): s.string(), s.string(): s.string()}
	case 29:
		return map[string]int{s.string(): int(s.uint64())}
	case 30:
		list := []any{}
		for range s.len() {
			list = append(list, s.any(depth+1))
		}
		return list
	case 31:
		return s.anyKeys(depth)
	}
	m := map[string]any{}
	for range s.len() {
		m[s.string()] = s.any(depth + 1)
	}
	return m
}

func (s *source) anyKeys(depth int) map[any]any {
	m := map[any]any{}
	for range s.len() {
		k := s.any(9)
		if k == nil || reflect.TypeOf(k).Comparable() && k == k && reflect.TypeOf(k).Kind() != reflect.Pointer {
			m[k] = s.any(depth + 1)
		}
	}
	return m
}

// rich makes a value of the bytes.
func rich(s source) richValue { return s.rich(0) }

func (s *source) rich(depth int) richValue {
	v := richValue{
		Bool: s.byte()%2 == 1, Int: int(s.uint64()), Int8: int8(s.byte()), Int64: int64(s.uint64()),
		Uint: uint(s.uint64()), Uint64: s.uint64(), Float: s.float(), Float32: float32(s.float()),
		String: s.string(), Role: role(s.string()), Array: [3]int16{int16(s.byte()), 0, 1}, Bytes4: [4]byte{s.byte()},
		Wait: time.Duration(s.uint64()), Nested: preferences{Theme: s.string(), UserID: int64(s.uint64())},
		Both: both{s.string()}, base: base{ID: int(s.byte())},
	}
	if s.byte()%2 == 1 {
		v.Time = s.time()
	}
	if s.byte()%2 == 1 {
		v.IntPtr, v.Bytes, v.Big = new(int(s.byte())), []byte(s.string()), new(big.Int).SetUint64(s.uint64())
	}
	if s.byte()%2 == 1 {
		v.Strings, v.Structs = []string{s.string(), s.string()}, []preferences{{Lang: s.string()}, {}}
	}
	if s.byte()%2 == 1 {
		v.StrMap = map[string]string{s.string(): s.string(), s.string(): ""}
		v.IntMap = map[int8][]string{int8(s.byte()): nil, int8(s.byte()): {}, int8(s.byte()): {s.string()}}
	}
	if s.byte()%2 == 1 {
		v.Set = map[role]struct{}{role(s.string()): {}, role(s.string()): {}}
		v.BoolMap = map[bool]float64{s.byte()%2 == 0: s.float(), true: 1}
	}
	if s.byte()%2 == 1 {
		v.Colors = map[color]color{color(strings.ToLower(aHex[:s.byte()%9])): "blue"}
		v.Times = map[time.Time]bool{s.time(): true, s.time(): false}
	}
	if s.byte()%2 == 1 {
		v.AnyMap, v.AnyKeys, v.Any = map[string]any{s.string(): s.any(0), s.string(): s.any(0)}, s.anyKeys(0), s.any(0)
		v.Shape = square(s.float())
	}
	if s.byte()%2 == 1 && depth < 3 {
		v.Pointer = new(s.rich(depth + 1))
	}
	return v
}

// TestRandomRoundTrip is FuzzRoundTrip on inputs that reach far into the type.
func TestRandomRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	p := mustPlan(t, reflect.TypeFor[richValue]())
	for range 3000 {
		input := make([]byte, rnd.IntN(1500))
		for i := range input {
			input[i] = byte(rnd.Uint32() >> rnd.IntN(12))
		}
		checkRoundTrip(t, p, input)
	}
}

// FuzzRoundTrip checks that what Append accepts Decode accepts, exactly, and
// gives an equal value, for generated values of a type with a field of each
// kind. Nothing that is generated is refused.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{})
	for i := range 40 {
		seed := make([]byte, 400)
		for j := range seed {
			seed[j] = byte(i*j*j + 7*i + 3*j)
		}
		f.Add(seed)
	}
	p := mustPlan(f, reflect.TypeFor[richValue]())
	f.Fuzz(func(t *testing.T, input []byte) {
		checkRoundTrip(t, p, input)
	})
}

func checkRoundTrip(t *testing.T, p *value.Plan, input []byte) {
	t.Helper()
	v := rich(input)
	item, err := p.Append(nil, reflect.ValueOf(v))
	if err != nil {
		t.Fatal(err)
	}
	if err := cbor.Valid(item); err != nil {
		t.Fatalf("%x: %v", item, err)
	}
	var got richValue
	exact, err := p.Decode(item, reflect.ValueOf(&got).Elem())
	if err != nil || !exact {
		t.Fatalf("%x: exact %v, %v", item, exact, err)
	}
	if diff := cmp.Diff(v, got, cmp.AllowUnexported(richValue{}, both{}, base{}), cmp.Comparer(sameFloat[float64]), cmp.Comparer(sameFloat[float32]), cmp.Comparer(sameFloat[square]),
		cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 })); diff != "" {
		t.Fatalf("%x (-want +got):\n%s", item, diff)
	}
	// A wider integer than int does not fit there.
	if _, _, err := tryDecode[any](item); err != nil && bits.UintSize == 64 {
		t.Fatalf("%x as an any: %v", item, err)
	}
}

func sameFloat[T ~float32 | ~float64](a, b T) bool { return a == b || a != a && b != b }

// FuzzString checks that every string comes back, as a value and as a key, and
// in the same spelling as a part of anything else.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", aUUID, aHex, aBase64, aJWT, aTime, "\xff", "eyJ.........", "2024-02-30T00:00:00.000Z", "a1b2c3d4e5f6.A1b2C3d4E5f6A1b2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		item := encode(t, s)
		if got, exact := decode[string](t, item); got != s || !exact {
			t.Fatalf("%q came back as %q, exact %v", s, got, exact)
		}
		if len(item) > len(s)+9 || item[0]>>5 == 6 && item[0] != 0xd9 && len(item) > len(s) {
			t.Fatalf("%q is stored in %d bytes", s, len(item))
		}
		m := map[string]any{s: s, "x": []any{s}}
		whole := encode(t, m)
		if got, exact := decode[map[string]any](t, whole); !reflect.DeepEqual(got, m) || !exact {
			t.Fatalf("%q: %v came back as %v, exact %v", s, m, got, exact)
		}
		if !strings.Contains(string(whole), string(item)) {
			t.Fatalf("%q is spelled by where it stands", s)
		}
	})
}
