package value_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
	"example.com/cookiesession/internal/value"
)

// Types that the tests register, or leave unregistered.
type (
	flash struct {
		Level string
		Count int
	}
	role     string
	tags     []string
	point    [2]int
	later    struct{ N int } // never registered
	shape    interface{ Area() float64 }
	square   float64
	circle   struct{ R float64 }
	optional *int
)

func (s square) Area() float64  { return float64(s * s) }
func (c *circle) Area() float64 { return c.R }

func init() {
	value.Register("flash", flash{})
	value.Register("role", role(""))
	value.Register("tags", tags(nil))
	value.Register("point", point{})
	value.Register("square", square(0))
	value.Register("circle", &circle{}) // the type is circle
	value.Register("month", time.Month(0))
	value.Register("big", &big.Int{})
	value.Register("strings", []string(nil)) // needs no name, and gets none
}

// TestAny has every type that an any holds, by its encoding. Each private tag
// has a row there, and one in docs/FORMAT.md.
func TestAny(t *testing.T) {
	at := unixUTC(1)
	var rows strings.Builder
	for _, row := range []struct {
		value any
		want  string
	}{
		{nil, "f6"}, {true, "f5"}, {false, "f4"}, {7, "07"}, {-8, "27"}, {1.5, "f93e00"}, {2.0, "f94000"},
		{"a", "6161"}, {[]byte{1}, "4101"}, {[]any{1, "a", nil}, "83 01 6161 f6"},
		{map[string]any{"a": 1, "b": []any{}}, "a2 616101 616280"},

		{int8(-1), "d99677 20"}, {int16(1), "d99678 01"}, {int32(1), "d99679 01"}, {int64(1), "d9967a 01"},
		{uint(1), "d9967b 01"}, {uint8(255), "d9967c 18ff"}, {uint16(1), "d9967d 01"}, {uint32(1), "d9967e 01"},
		{uint64(1), "d9967f 01"}, {uint64(math.MaxInt64), "d9967f 1b7fffffffffffffff"},
		{uint64(1 << 63), "1b8000000000000000"}, {uint(math.MaxUint), "d9967b " + map[int]string{32: "1affffffff", 64: "1bffffffffffffffff"}[bits.UintSize]},
		{uintptr(9), "d99680 09"}, {float32(1.5), "d99681 f93e00"}, {time.Second, "d99682 1a3b9aca00"},
		{at, "c101"}, {at.Add(5), "d99676 82 01 05"},
		{int64(math.MinInt64), "d9967a 3b7fffffffffffffff"}, {math.MinInt, map[int]string{32: "3a7fffffff", 64: "3b7fffffffffffffff"}[bits.UintSize]},

		{[]string{"a"}, "d99683 81 6161"}, {[]int{1}, "d99684 81 01"},
		{map[string]string{"a": "b"}, "d99685 a1 6161 6162"}, {map[string]int{"a": 1}, "d99686 a1 6161 01"},
		{map[any]any{"a": 1}, "d99687 a1 6161 01"}, {map[any]any{}, "d99687 a0"},
		{map[any]any{1: "a"}, "a1 01 6161"}, {map[any]any{1: 2, "b": 3}, "a2 0102 616203"},

		{[]string{}, "d99683 80"}, {[]int{}, "d99684 80"}, {map[string]string{}, "d99685 a0"},
		{map[string]int{}, "d99686 a0"}, {[]any{}, "80"}, {map[string]any{}, "a0"}, {[]byte{}, "40"},
		{[]string(nil), "d99683 f6"}, {[]int(nil), "d99684 f6"}, {map[string]string(nil), "d99685 f6"},
		{map[string]int(nil), "d99686 f6"}, {map[any]any(nil), "d99687 f6"},
		{[]int8{-1}, "d9968b 81 20"}, {[]int16{1}, "d9968c 81 01"}, {[]int32{1}, "d9968d 81 01"}, {[]int64{math.MinInt64}, "d9968e 81 3b7fffffffffffffff"},
		{[]uint{1}, "d9968f 81 01"}, {[]uint16{1}, "d99690 81 01"}, {[]uint32{1}, "d99691 81 01"}, {[]uint64{math.MaxUint64}, "d99692 81 1bffffffffffffffff"},
		{[]uintptr{1}, "d99693 81 01"}, {[]float32{1.5}, "d99694 81 f93e00"}, {[]float64{1.1, 2}, "d99695 82 fb3ff199999999999a f94000"}, {[]bool{true, false}, "d99696 82 f5 f4"},
		{[]int8{}, "d9968b 80"}, {[]bool{}, "d99696 80"}, {[]float64(nil), "d99695 f6"}, {[]uint16(nil), "d99690 f6"}, {[]bool(nil), "d99696 f6"},
		{at.In(time.FixedZone("", -3600)), "d99697 83 01 00 390e0f"}, {at.Add(5).In(time.FixedZone("", 1)), "d99697 83 01 05 01"},

		{[]byte(nil), "d99688 f6"}, {[]any(nil), "d99689 f6"}, {map[string]any(nil), "d9968a f6"},

		{flash{Count: 2}, "d99673 82 65666c617368 a1 65436f756e74 02"}, {role("admin"), "d99673 82 64726f6c65 6561646d696e"},
		{role(""), "d99673 82 64726f6c65 60"}, {flash{}, "d99673 82 65666c617368 a0"},
		{tags{"a"}, "d99673 82 6474616773 81 6161"}, {tags(nil), "d99673 82 6474616773 f6"}, {tags{}, "d99673 82 6474616773 80"},
		{point{1, 2}, "d99673 82 65706f696e74 82 0102"}, {time.March, "d99673 82 656d6f6e7468 03"},
		{&circle{1}, "d99673 82 66636972636c65 a1 6152 f93c00"},
		{"\xff", "d99674 41ff"}, {"2000-01-01T00:00:00.000Z", "d99675 1b000000dc6acfac00"},
	} {
		rows.WriteString(row.want + "\n")
		if row.value != nil { // a pointer is stored as what it points to
			p := reflect.New(reflect.TypeOf(row.value))
			p.Elem().Set(reflect.ValueOf(row.value))
			if got := encode(t, p.Interface()); !bytes.Equal(got, unhex(t, row.want)) {
				t.Errorf("%T is %x, want %s", p.Interface(), got, row.want)
			}
		}
		for _, wrap := range []struct {
			value any
			pre   string
		}{
			{row.value, ""},
			{[]any{row.value}, "81 "},
			{map[string]any{"k": row.value}, "a1 616b "},
			{map[any]any{2: row.value}, "a1 02 "},
		} {
			same[any](t, wrap.value, wrap.pre+row.want)
		}
		same(t, struct{ V any }{row.value}, map[bool]string{true: "a0", false: "a1 6156" + row.want}[row.value == nil])
	}
	format, err := os.ReadFile("../../docs/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for number := tag.First; number < tag.End; number++ {
		if !strings.Contains(rows.String(), fmt.Sprintf("d9%04x ", number)) {
			t.Errorf("there is no row with tag %d", number)
		}
		if !bytes.Contains(format, fmt.Appendf(nil, "| %d |", number)) {
			t.Errorf("FORMAT.md has no row for tag %d", number)
		}
	}
	same[any](t, big.NewInt(77), "", cmp.Comparer(func(a, b big.Int) bool { return a.Cmp(&b) == 0 }))
}

// TestAnyKeys has keys of a map[any]any.
func TestAnyKeys(t *testing.T) {
	for _, row := range []struct {
		key  any
		want string
	}{
		{"a", "6161"}, {"\xff", "d9967441ff"}, {1, "01"}, {true, "f5"}, {nil, "f6"}, {1.5, "f93e00"},
		{int64(1), "d9967a01"}, {uint64(1 << 63), "1b8000000000000000"}, {unixUTC(1), "c101"}, {time.Second, "d996821a3b9aca00"},
		{role("x"), "d99673 82 64726f6c65 6178"}, {point{1, 2}, "d99673 82 65706f696e74 82 0102"},
		{flash{Count: 1}, "d99673 82 65666c617368 a1 65436f756e74 01"},
		{circle{2}, "d99673 82 66636972636c65 a1 6152 f94000"}, {value.ByteString("ab"), "42 6162"}, {float32(1), "d99681 f93c00"},
		// Never spelled otherwise.
		{"5f8d0d55-54b7-4b5a-9c5e-7f4f2b1f0a3c", "7824" + fmt.Sprintf("%x", "5f8d0d55-54b7-4b5a-9c5e-7f4f2b1f0a3c")},
	} {
		same(t, map[any]any{row.key: 5}, "a1"+row.want+"05")
		same(t, map[any]int{row.key: 5}, "a1"+row.want+"05")
		same(t, map[any]any{row.key: 5, "zz": 6, 3: 7, false: 8}, "")
		same[any](t, map[any]any{row.key: 5}, "")
	}
	same(t, map[any]any{1: 1, int64(1): 2, 1.0: 3, uint8(1): 4, "1": 5}, "")
	same(t, map[any]any{math.Copysign(0, -1): 1}, "a1 f98000 01")

	one := 1
	for _, bad := range []any{
		math.NaN(), float32(math.NaN()), square(math.NaN()), circle{math.NaN()}, &one, later{}, make(chan int), complex(1, 1),
	} {
		if _, err := tryEncode(map[any]any{bad: 1}); !isValue(err) && !isUnsupported(err) {
			t.Errorf("key %T: %v", bad, err)
		}
	}
	berlin := time.FixedZone("", 3600)
	if _, err := tryEncode(map[any]any{unixUTC(1): 1, unixUTC(1).In(berlin): 2}); !isValue(err) {
		t.Errorf("two keys for one instant: %v", err)
	}
	for _, item := range []string{
		"a1 80 01", "a1 a0 01", "a1 f97e00 01", "a1 d99681f97e00 01", "a1 d9968380 01",
		"a1 d8255000000000000000000000000000000000 01", "a1 d7410a 01", "a1 d54101 01", "a1 d9967500 01",
		"a2 f90000 00 f98000 01", // 0 and -0: two keys, one in Go
		"a1 d99673 82 6474616773 80 01",
	} {
		refused[map[any]any](t, item, isValue)
		refused[map[any]int](t, item, isValue)
		refused[any](t, item, isValue)
	}
	refused[any](t, "a2 02 00 01 00", isSyntax)
	refused[any](t, "a2 6162 00 6161 00", isSyntax)
	refused[any](t, "a3 6161 00 f5 00 f4 00", isSyntax)
	refused[any](t, "a3 6161 00 f4 00 f4 00", isSyntax)
}

// TestAnyStrict has items with a tag of ours that no value is stored as.
func TestAnyStrict(t *testing.T) {
	for _, item := range []string{
		"d99677 1880", "d99677 3880", "d9967c 20", "d9967c 190100", "d9967f 1b8000000000000000", "d9967b 20",
		"d9967a f93c00", "d99681 01", "d99681 fb3ff199999999999a", "d9967a 6161", "d99682 f6",
		"d99684 81 f93c00", "d99684 81 1b8000000000000000", "d99686 a1 6161 f93c00", "d99683 81 01",
		"d99687 a1 01 01",                     // needs no tag
		"d99688 40", "d99689 80", "d9968a a0", // nor these
		"d9968b 81 1880", "d9968f 81 20", "d99690 81 f93c00", "d99694 81 fb3ff199999999999a", "d99695 81 01", "d99696 81 00", "d9968b 01",
		"d99697 82 01 01", "d99697 83 01 00 00", "d99697 83 01 00 1a00015180", "d99697 83 01 1a3b9aca00 01", "d99697 01",
		"d996b2 00", "d996b3 00", "d863 00", // unknown tags
		"d99673 81 6161", "d99673 83 61610000", "d99673 82 60 00", "d99673 82 01 00", "d99673 f6",
		"d99673 82 65666c617368 01", "d99673 82 6561646d696e", // value missing: syntax, below
	} {
		if item == "d99673 82 6561646d696e" {
			refused[any](t, item, isSyntax)
			continue
		}
		refused[any](t, item, isValue)
	}
	// The name of a type that needs none is understood, but not written.
	if v, exact := decode[any](t, unhex(t, "d99673 82 67737472696e6773 81 6161")); exact || !cmp.Equal(v, any([]string{"a"})) {
		t.Errorf("%#v, exact %v", v, exact)
	}
}

func TestAnyPointers(t *testing.T) {
	n, s := 5, "a"
	p := &n
	for _, row := range []struct{ value, comesBack any }{
		{circle{1}, &circle{1}}, {&circle{1}, &circle{1}}, {(*circle)(nil), nil}, {[]any{circle{1}}, []any{&circle{1}}},
		{&n, 5}, {&p, 5}, {&flash{Count: 1}, flash{Count: 1}}, {(*flash)(nil), nil}, {(*int)(nil), nil}, {optional(&n), 5},
		{&[]string{"a"}, []string{"a"}}, {new(any(&s)), "a"}, {&map[string]any{"a": &n}, map[string]any{"a": 5}},
		{[]any{&flash{}, &s}, []any{flash{}, "a"}},
	} {
		got, _ := decode[any](t, encode(t, row.value))
		if diff := cmp.Diff(row.comesBack, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", row.value, diff)
		}
	}
}

// TestNewerTag has tags of our block that a later release may define.
func TestNewerTag(t *testing.T) {
	for _, row := range []struct {
		item  string
		newer bool
	}{
		{"d99698 00", true},  // the first that is not defined
		{"d996b2 00", true},  // the last of the block
		{"d996b3 00", false}, // beyond
		{"d99673 01", false}, // defined, and not so
		{"d863 00", false},
	} {
		check := func(err error) {
			t.Helper()
			if e, ok := errors.AsType[*value.ValueError](err); !ok || e.Newer() != row.newer {
				t.Errorf("%s: %v", row.item, err)
			}
		}
		_, _, err := tryDecode[any](unhex(t, row.item))
		check(err)
		_, _, err = tryDecode[map[string]any](unhex(t, "a1 6161 81"+row.item))
		check(err)
		_, _, err = tryDecode[struct{ A string }](unhex(t, "a1 6141 "+row.item))
		check(err)
		_, _, err = tryDecode[struct{ A int }](unhex(t, "a1 6141 "+row.item))
		check(err)
	}
	// A list cannot be a key, whatever a later release has put in it.
	for _, row := range []struct {
		item  string
		newer bool
	}{
		{"a1 d99698 00 01", true}, // control: the key itself
		{"a1 d99683 81 d99698 00 01", false},
		{"a1 d99685 a1 d99698 00 01 01", false},
		{"a1 81 d99698 00 01", false},
	} {
		_, _, err := tryDecode[any](unhex(t, row.item))
		if e, ok := errors.AsType[*value.ValueError](err); !ok || e.Newer() != row.newer {
			t.Errorf("%s: %v", row.item, err)
		}
	}
	// A field that this release does not have is none of its business.
	if v, exact := decode[struct{ A int }](t, unhex(t, "a2 6141 01 6142 d99698 00")); v.A != 1 || exact {
		t.Errorf("%v, exact %v", v, exact)
	}
}

func TestUnregistered(t *testing.T) {
	type alias = struct{ A int }
	for _, v := range []any{later{}, []time.Duration{1}, map[int]int{}, [2]int{}, alias{}, tags{}[:0:0], make(chan int), func() {}, complex(1, 2), value.ByteString("a")} {
		if _, ok := v.(tags); ok {
			continue
		}
		_, err := tryEncode(v)
		if !isUnsupported(err) || !strings.Contains(err.Error(), reflect.TypeOf(v).String()) {
			t.Errorf("%T: %v", v, err)
		}
	}
	_, err := tryEncode[any](map[string]any{"x": later{}})
	if want := `cookiesession.Register("example.com/cookiesession/internal/value_test.later", *new(later))`; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("%q is not in: %v", want, err)
	}
}

type generic[T any] struct{ V T }

// TestAdvice pins the line that an error gives for a type that is not
// registered: it compiles where it belongs, and its name is that of no other
// type. If no line would, there is none.
func TestAdvice(t *testing.T) {
	const here = "example.com/cookiesession/internal/value_test."
	type local struct{ A int }
	type key string
	for _, row := range []struct {
		value      any
		name, line string // "": no line
		local      bool   // it may be declared in a function
	}{
		{later{}, here + "later", "*new(later)", true},
		{&later{}, here + "later", "new(later)", true},
		{[]later{}, "[]" + here + "later", "*new([]later)", true},
		{[]*later{}, "[]*" + here + "later", "*new([]*later)", true},
		{[]*flash{}, "[]*" + here + "flash", "*new([]*flash)", true}, // not by the line of flash
		{map[key]int{}, "map[" + here + "key]int", "*new(map[key]int)", true},
		{local{}, here + "local", "*new(local)", true},
		{time.Sunday, "time.Weekday", "*new(time.Weekday)", false},
		{new(time.Sunday), "time.Weekday", "new(time.Weekday)", false},
		{netip.Addr{}, "net/netip.Addr", "*new(netip.Addr)", false},
		{map[string]netip.Addr{}, "map[string]net/netip.Addr", "*new(map[string]netip.Addr)", false},
		{[2]any{}, "[2]any", "*new([2]any)", false},
		{[]error{}, "[]error", "*new([]error)", false},
		{generic[int]{}, "", "", false},
		{generic[local]{}, "", "", false},
		{[]generic[later]{}, "", "", false},
		{map[string]generic[int]{}, "", "", false},
		{struct{ A int }{}, "", "", false},
		{[]fmt.Stringer{}, "[]fmt.Stringer", "*new([]fmt.Stringer)", false},
		{[]interface{ M() }{}, "", "", false},
	} {
		_, err := tryEncode[any](row.value)
		want := `in an init function, cookiesession.Register("` + row.name + `", ` + row.line + `)`
		if row.local {
			want += "; if it is declared in a function, move it out first"
		}
		if row.name == "" {
			want = "in an init function, give cookiesession.Register a name of your choice and a value of the type"
		}
		if !isUnsupported(err) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%T: %v", row.value, err)
		}
	}
}

// TestUnknown reads values of a type that this program did not register.
func TestUnknown(t *testing.T) {
	item := unhex(t, "a1 6166 82 d99673 82 656f74686572 a1 6161 d7 420a0b 01")
	v, exact := decode[map[string]any](t, item)
	u, ok := v["f"].([]any)[0].(value.Unknown)
	if !ok || !exact || u.Name != "other" || !bytes.Equal(u.CBOR(), unhex(t, "a1 6161 d7 420a0b")) {
		t.Fatalf("%#v, exact %v", v, exact)
	}
	if again := encode(t, v); !bytes.Equal(again, item) {
		t.Errorf("stored again as %x", again)
	}
	if other, _ := decode[map[string]any](t, item); !cmp.Equal(v, other) {
		t.Error("two equal unknown values differ")
	}
	same(t, map[any]any{u: 1}, "")

	// Moved to where it would be nested too deep.
	deep := any(u)
	for range cbor.MaxDepth - 4 {
		deep = []any{deep}
	}
	if _, err := tryEncode[any](deep); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := tryEncode[any]([]any{deep}); !isValue(err) {
		t.Errorf("beyond the limit: %v", err)
	}
	for _, bad := range []value.Unknown{{}, {Name: "x"}} {
		if _, err := tryEncode[any](bad); !isValue(err) {
			t.Errorf("%#v: %v", bad, err)
		}
	}
	refused[any](t, "d99673 82 656f74686572 1801", isSyntax)
}

func TestInterfaces(t *testing.T) {
	type drawing struct{ Shapes []shape }
	same(t, drawing{[]shape{square(2), nil, &circle{3}}}, "")
	same(t, struct{ S fmt.Stringer }{time.Second}, "a1 6153 d99682 1a3b9aca00")
	same(t, struct{ S shape }{&circle{}}, "a1 6153 d99673 82 66636972636c65 a0")
	if _, err := tryEncode(struct{ S fmt.Stringer }{new(strings.Builder)}); !isUnsupported(err) {
		t.Errorf("not registered: %v", err)
	}
	refused[[]shape](t, "81 01", isValue)                        // an int
	refused[[]shape](t, "81 d99673 82 65666c617368 a0", isValue) // a type without the method
	refused[[]shape](t, "81 d99673 82 656f74686572 a0", isValue) // an unknown one
	refused[struct{ A shape }](t, "a1 6141 d99673 82 66737175617265 6161", isValue)
}

func TestRegister(t *testing.T) {
	type fresh struct{ A int }
	for _, row := range []struct {
		name string
		why  string
		zero any
	}{
		{"flash", "name", fresh{}},
		{"fresh", "type", flash{}},
		{"fresh", "pointer to the type", &flash{}},
		{"", "empty name", fresh{}},
		{"\xff", "name not UTF-8", fresh{}},
		{"fresh", "nil", nil},
		{"fresh", "chan", make(chan int)},
		{"fresh", "pointer to pointer", new(*int)},
		{"fresh", "interface", new(any)},
		{"fresh", "no exported field", struct{ a int }{}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Register: %s: no panic", row.why)
				}
			}()
			value.Register(row.name, row.zero)
		}()
	}
	if _, err := tryEncode[any](fresh{}); !isUnsupported(err) {
		t.Errorf("a refused Register had an effect: %v", err)
	}
}
