package value_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/value"
)

func unixUTC(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

func TestNumbers(t *testing.T) {
	t.Run("NaN", func(t *testing.T) {
		payload := math.Float64frombits(0x7ff8000000000123)
		same(t, []float64{payload}, "81 f97e00", cmp.Comparer(sameBits))
		same[any](t, math.NaN(), "f97e00", cmp.Comparer(sameBits))
	})
	t.Run("negative zero", func(t *testing.T) {
		minus := math.Copysign(0, -1)
		type f struct{ F float64 }
		if b := encode(t, f{minus}); string(b) != "\xa0" {
			t.Errorf("-0 in a field is stored: %x", b)
		}
		same(t, []float64{minus}, "81 f98000", cmp.Comparer(sameBits))
		same(t, map[string]float64{"a": minus}, "a1 6161 f98000", cmp.Comparer(sameBits))
		same[any](t, minus, "f98000", cmp.Comparer(sameBits))
	})
	t.Run("limits", func(t *testing.T) {
		same(t, int8(-128), "387f")
		same(t, int64(math.MinInt64), "3b7fffffffffffffff")
		same(t, int64(math.MaxInt64), "1b7fffffffffffffff")
		same(t, uint64(math.MaxUint64), "1bffffffffffffffff")
		same(t, uintptr(1), "01")
		same(t, time.Duration(-1), "20")
	})
}

// TestConversions has stored numbers read into another type than wrote them.
// What it holds exactly is taken; only the bytes' own form is exact.
func TestConversions(t *testing.T) {
	conversion(t, "05", int8(5), true)
	conversion(t, "05", uint64(5), true)
	conversion(t, "05", 5.0, false)
	conversion(t, "24", float32(-5), false)
	conversion(t, "f94500", 5, false)
	conversion(t, "f94500", uint8(5), false)
	conversion(t, "f9c500", int16(-5), false)
	conversion(t, "f98000", 0, false)
	conversion(t, "f93e00", float32(1.5), true)
	conversion(t, "fb3ff199999999999a", 1.1, true)
	conversion(t, "1b0020000000000000", float64(1<<53), false)
	conversion(t, "1b8000000000000000", float64(1<<63), false)
	refused[int8](t, "1880", isValue)
	refused[uint8](t, "20", isValue)
	refused[uint8](t, "190100", isValue)
	refused[int64](t, "1b8000000000000000", isValue)
	refused[int](t, "3bffffffffffffffff", isValue)
	refused[int](t, "f93e00", isValue)
	refused[int](t, "f97e00", isValue)
	refused[int](t, "f97c00", isValue)
	refused[int](t, "f9fc00", isValue)
	refused[int64](t, "fa5f000000", isValue)  // 1<<63
	refused[uint64](t, "fa5f800000", isValue) // 1<<64
	refused[uint](t, "f9c500", isValue)
	refused[float64](t, "1b0020000000000001", isValue)
	refused[float64](t, "1bffffffffffffffff", isValue)
	refused[float64](t, "3b0020000000000001", isValue)
	refused[float32](t, "fb3ff199999999999a", isValue)
	refused[float32](t, "1a01000001", isValue)
	for _, item := range []string{"01", "f93c00", "6131", "80", "f6", "f5", "a0", "c101", "4100"} {
		if item != "f5" {
			refused[bool](t, item, isValue)
		}
		if item != "6131" {
			refused[string](t, item, isValue)
		}
		if item != "01" && item != "f93c00" {
			refused[int](t, item, isValue)
			refused[float64](t, item, isValue)
		}
		if item != "80" && item != "f6" {
			refused[[]int](t, item, isValue)
		}
		if item != "a0" {
			refused[struct{ A int }](t, item, isValue)
		}
		if item != "a0" && item != "f6" {
			refused[map[string]int](t, item, isValue)
			refused[map[string]any](t, item, isValue)
			refused[map[any]any](t, item, isValue)
		}
		if item != "4100" {
			refused[[1]byte](t, item, isValue)
		}
		if item != "c101" {
			refused[time.Time](t, item, isValue)
		}
	}
}

func conversion[T any](t *testing.T, item string, want T, exact bool) {
	t.Helper()
	got, gotExact, err := tryDecode[T](unhex(t, item))
	if err != nil || !cmp.Equal(want, got) || gotExact != exact {
		t.Errorf("%s as %T: %v, exact %v, %v", item, want, got, gotExact, err)
	}
	if again := encode(t, got); exact != (string(again) == string(unhex(t, item))) {
		t.Errorf("%s as %T: exact %v, stored again as %x", item, want, exact, again)
	}
}

func TestTime(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	type holder struct{ T time.Time }
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	same(t, at, "c1 1a6b042ac0")
	same(t, at.Add(1), "d99676 82 1a6b042ac0 01")
	same(t, at.In(berlin), "d99697 83 1a6b042ac0 00 190e10")
	same(t, holder{at.Add(1).In(time.FixedZone("X", -86399))}, "a1 6154 d99697 83 1a6b042ac0 01 3a0001517e")
	same(t, []time.Time{{}, time.Time{}.In(berlin)}, "82 c1 3b0000000e7791f6ff d99697 83 3b0000000e7791f6ff 00 190e10")
	now := time.Now() // with a monotonic reading
	roundTrip(t, holder{now}, "", holder{now.Round(0)})
	same(t, holder{}, "a0")
	roundTrip(t, holder{time.Time{}.In(berlin)}, "a0", holder{})
	same(t, []time.Time{{}}, "81 c1 3b0000000e7791f6ff")
	same(t, time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), "")
	last := time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	same(t, last, "")
	same(t, map[time.Time]int{at: 1}, "a1 c1 1a6b042ac0 01")
	same(t, last.In(berlin), "")
	for _, bad := range []time.Time{
		last.Add(1), time.Time{}.Add(-1), time.Unix(math.MaxInt64, 0), last.Add(1).In(berlin),
		at.In(time.FixedZone("", 86400)), at.In(time.FixedZone("", -86400)),
	} {
		if _, err := tryEncode(bad); !isValue(err) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	refused[time.Time](t, "c1 1b0000003afff44180", isValue)   // year 10000
	refused[time.Time](t, "c1 3b0000000e7791f700", isValue)   // before year 1
	refused[time.Time](t, "c1 f93c00", isValue)               // a float
	refused[time.Time](t, "d99676 82 01 00", isValue)         // no nanoseconds
	refused[time.Time](t, "d99676 82 01 1a3b9aca00", isValue) // a whole second of them
	refused[time.Time](t, "d99676 83 01 01 01", isValue)      // three parts
	refused[time.Time](t, "d99676 81 01", isValue)            // one
	refused[time.Time](t, "c0 74323031332d30332d32315432303a30343a30305a", isValue)
	for _, item := range []string{
		"d99697 83 01 00 00", "d99697 83 01 00 1a00015180", "d99697 83 01 00 3a0001517f", "d99697 83 01 1a3b9aca00 01",
		"d99697 83 01 20 01", "d99697 82 01 01", "d99697 01", "d99697 83 01 00 f93c00", "d99697 83 1b0000003afff44180 00 01",
	} {
		refused[time.Time](t, item, isValue)
		refused[any](t, item, isValue)
	}

	// A key is an instant, in UTC.
	roundTrip(t, map[time.Time]int{at.In(berlin): 1}, "a1 c1 1a6b042ac0 01", map[time.Time]int{at: 1})
	roundTrip(t, map[any]any{at.In(berlin): 1}, "a1 c1 1a6b042ac0 01", map[any]any{at: 1})
	refused[map[time.Time]int](t, "a1 d99697 83 01 00 01 01", isValue)
	refused[map[any]any](t, "a1 d99697 83 01 00 01 01", isValue)
	if _, err := tryEncode(map[time.Time]int{at: 1, at.In(berlin): 2}); !isValue(err) {
		t.Errorf("two keys for one instant: %v", err)
	}
}

// TestLocalTime: a time comes back in Local where Local has its offset then.
func TestLocalTime(t *testing.T) {
	defer func(zone *time.Location) { time.Local = zone }(time.Local)
	time.Local = time.FixedZone("Here", 7200)
	at := time.Unix(1, 0)
	got, exact := decode[time.Time](t, encode(t, at))
	if !exact || got.Location() != time.Local || !got.Equal(at) {
		t.Errorf("%v, exact %v", got, exact)
	}
	time.Local = time.FixedZone("There", 3600)
	got, exact = decode[time.Time](t, encode(t, at))
	if _, offset := got.Zone(); !exact || offset != 7200 || !got.Equal(at) {
		t.Errorf("%v, exact %v", got, exact)
	}
}

func TestNilAndEmpty(t *testing.T) {
	type holder struct {
		S []int
		M map[string]int
		B []byte
	}
	same(t, holder{}, "a0")
	same(t, holder{[]int{}, map[string]int{}, []byte{}}, "a3 614240 614da0 615380")
	same(t, [][]int{nil, {}}, "82 f6 80")
	same(t, []map[string]int{nil, {}}, "82 f6 a0")
	same(t, []map[string]any{nil, {}}, "82 f6 a0")
	same(t, []map[string]string{nil, {}}, "82 f6 a0")
	same(t, []map[any]any{nil, {}}, "82 f6 a0")
	same(t, [][]byte{nil, {}}, "82 f6 40")
	same(t, map[string][]int{"a": nil}, "a1 6161 f6")
	// At the top, nil is stored as empty.
	roundTrip(t, []int(nil), "80", []int{})
	roundTrip(t, []byte(nil), "40", []byte{})
	roundTrip(t, map[string]int(nil), "a0", map[string]int{})
	roundTrip(t, map[string]any(nil), "a0", map[string]any{})
	roundTrip(t, map[string]string(nil), "a0", map[string]string{})
	roundTrip(t, map[any]any(nil), "a0", map[any]any{})
	if v, exact := decode[[]int](t, []byte{0xf6}); v != nil || exact {
		t.Errorf("null at the top: %v, exact %v", v, exact)
	}
}

func TestContainers(t *testing.T) {
	same(t, map[string]int{"a": 0, "b": 0}, "a2 616100 616200")
	same(t, map[string]struct{}{"a": {}, "bb": {}}, "a2 6161a0 626262a0")
	same(t, []struct{ A int }{{}, {1}}, "82 a0 a1614101")
	same(t, [2]bool{true, false}, "82 f5 f4")
	same(t, [3]byte{1, 2, 3}, "43 010203")
	same(t, [][2]byte{{1, 2}}, "81 42 0102")
	same(t, []string{"a", ""}, "82 6161 60")
	same(t, map[int]string{-1: "a", 1: "b", 100: "c"}, "a3 01 6162 1864 6163 20 6161")
	same(t, map[uint8]bool{7: true}, "a1 07 f5")
	same(t, map[bool]int{true: 1, false: 0}, "a2 f400 f501")
	same(t, map[[2]byte]int{{1, 2}: 3}, "a1 420102 03")
	type role string
	type values map[string]any
	type texts map[string]string
	type anys map[any]any
	same(t, map[role]role{"b": "x", "a": "y"}, "a2 6161 6179 6162 6178")
	same(t, values{"b": 1, "aa": 2, "a": 3}, "a3 616103 616201 62616102")
	same(t, texts{"b": "1"}, "a1 6162 6131")
	same(t, anys{"b": 1, 7: 2}, "a2 0702 616201")
	same(t, []values{nil, {}}, "82 f6 a0")
	same(t, []any{}, "80")
	type big struct{ A [100]int }
	same(t, make([]big, 300), "")
	same(t, [0]int{}, "80")
	same(t, [][0]int{{}}, "81 80")
	same(t, []struct{}{{}, {}}, "82 a0 a0")
	refused[[2]int](t, "81 01", isValue)
	refused[[2]int](t, "83 010203", isValue)
	refused[[2]byte](t, "43 010203", isValue)
	refused[map[int]int](t, "a2 01 00 f93c00 00", isValue) // 1 and 1.0: two keys, one in Go
}

func TestPointers(t *testing.T) {
	type node struct {
		N    *int
		Next *node
		Kids []*node
		M    map[string]*node
	}
	zero := 0
	same(t, node{}, "a0")
	same(t, node{N: &zero}, "a1 614e 00")
	same(t, node{Next: &node{}}, "a1 644e657874 a0")
	same(t, node{Kids: []*node{nil, {}}, M: map[string]*node{"a": nil}}, "a2 614d a16161f6 644b696473 82f6a0")
	same(t, (*node)(nil), "f6")
	same(t, &node{}, "a0")
	b, err := value.Append(nil, new(new(any(new(5)))))
	if err != nil || string(b) != "\x05" {
		t.Errorf("Append follows pointers: %x, %v", b, err)
	}
	for _, bad := range []any{nil, (*int)(nil), new(*int)} {
		if _, err := value.Append(nil, bad); !isUnsupported(err) {
			t.Errorf("Append(%T(nil)): %v", bad, err)
		}
	}
}

type list []list
type tree map[string]tree
type ring [1]*ring

func TestRecursion(t *testing.T) {
	same(t, list{list{}, list{list{}}}, "82 80 81 80")
	same(t, tree{"a": {"b": {}}}, "a1 6161 a1 6162 a0")
	same(t, ring{&ring{}}, "81 81 f6")

	self := &ring{}
	self[0] = self
	var loop any
	loop = &loop
	values := map[string]any{}
	values["self"] = values
	anys := map[any]any{}
	anys["self"] = anys
	cyclic := make(list, 1)
	cyclic[0] = cyclic
	for _, v := range []any{self, loop, values, anys, cyclic, []any{loop}} {
		if _, err := value.Append(nil, v); !isValue(err) {
			t.Errorf("a cycle of %T: %v", v, err)
		}
	}
}

// TestCutOff has strings that are one byte shorter than they say.
func TestCutOff(t *testing.T) {
	for _, row := range []struct{ whole, cut string }{
		{"42 0102", "42 01"},
		{"62 6161", "62 61"},
		{"41 01", "41"},
		{"81 42 0102", "81 42 01"},
	} {
		if _, exact := decode[any](t, unhex(t, row.whole)); !exact {
			t.Errorf("%s is not exact", row.whole)
		}
		refused[any](t, row.cut, func(err error) bool {
			return isSyntax(err) && strings.Contains(err.Error(), "length beyond the end")
		})
	}
}

// A span is a key that keeps whatever its text does not name.
type span struct{ From, To string }

func (s span) MarshalText() ([]byte, error) { return []byte(s.From + "-" + s.To), nil }

func (s *span) UnmarshalText(text []byte) error {
	from, to, _ := strings.Cut(string(text), "-")
	if from != "" {
		s.From = from
	}
	if to != "" {
		s.To = to
	}
	return nil
}

// A loose key may hold what cannot be compared.
type loose struct{ v any }

func (l loose) MarshalText() ([]byte, error) { return fmt.Append(nil, l.v), nil }

func (l *loose) UnmarshalText(text []byte) error {
	if l.v = string(text); string(text) == "list" {
		l.v = []int{1}
	}
	return nil
}

// TestTextKeys has keys whose methods do less than they could.
func TestTextKeys(t *testing.T) {
	same(t, map[span]int{{"a", "b"}: 1}, "a1 63 612d62 01")
	same(t, map[span]int{{"a", ""}: 1, {"", "b"}: 2}, "a2 62 2d62 02 62 612d 01")

	same(t, map[loose]int{{"a"}: 1}, "a1 6161 01", cmp.AllowUnexported(loose{}))
	refused[map[loose]int](t, "a1 64 6c697374 01", isValue)
}

func TestStrings(t *testing.T) {
	same(t, "", "60")
	same(t, "ü", "62c3bc")
	same(t, "\xff\xfe", "d99674 42fffe")
	same(t, map[string]int{"\xff": 1, "a": 2, "zzzz": 3}, "a3 616102 647a7a7a7a03 d9967441ff01")
	same(t, map[string]any{"\xff": 1, "a": 2, "\xfe": 3}, "a3 616102 d9967441fe03 d9967441ff01")
	same(t, map[string]string{"\xff": "\xff"}, "a1 d9967441ff d9967441ff")
	same[any](t, map[string]any{"\xff": 1}, "a1 d9967441ff01")
	same(t, struct{ S string }{"\x1f\x8b\x08"}, "a1 6153 d99674431f8b08")
	refused[string](t, "d99674 4161", isSyntax)
	refused[any](t, "d99674 4161", isSyntax)
	refused[map[string]int](t, "a1 d9967441 61 01", isSyntax)
	refused[string](t, "d99674 6161", isValue)
}

// TestErrorTexts pins how errors read.
func TestErrorTexts(t *testing.T) {
	type user struct{ Age int8 }
	for _, row := range []struct{ item, want string }{
		{"a1634167651880", "value_test.user.Age (int8): cannot hold an integer of this size"},
		{"a16341676560", "value_test.user.Age (int8): a text string does not fit"},
		{"80", "value_test.user: an array does not fit"},
		{"a1", "cbor: not deterministic CBOR at byte 1: length beyond the end"},
		{"a000", "cbor: not deterministic CBOR at byte 1: bytes after the item"},
	} {
		_, _, err := tryDecode[user](unhex(t, row.item))
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: %v", row.item, err)
		}
	}
	_, err := tryEncode(map[string]any{"x": map[any]any{math.NaN(): 1}})
	if want := "map[string]interface {}[][] (float64): NaN cannot be a map key"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, err := value.Append(nil, nil); err == nil || err.Error() != "nil cannot be stored" {
		t.Errorf("%v", err)
	}
}

// TestErrorPath checks that an error says where, in terms of the Go type, and
// nothing of what stands there.
func TestErrorPath(t *testing.T) {
	type line struct{ Price int }
	type user struct{ Cart map[string][]line }
	data := encode(t, map[string]any{"Cart": map[string]any{"secret": []any{map[string]any{"Price": "secret"}}}})
	_, _, err := tryDecode[user](data)
	if !isValue(err) || !strings.Contains(err.Error(), "user.Cart[][].Price (int)") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	_, err = tryEncode(struct{ M map[string]any }{map[string]any{"secret": []any{make(chan int)}}})
	if !isUnsupported(err) || !strings.Contains(err.Error(), ".M[][]") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
