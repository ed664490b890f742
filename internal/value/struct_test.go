package value_test

import (
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/value"
)

// TestStruct has the rules of struct fields.
func TestStruct(t *testing.T) {
	type item struct {
		Name  string
		Price float64
	}
	t.Run("zero fields are left out", func(t *testing.T) {
		type all struct {
			B   bool
			I   int
			U   uint8
			F   float64
			S   string
			Y   []byte
			L   []string
			M   map[string]int
			P   *int
			T   time.Time
			D   time.Duration
			A   [2]int
			N   item
			Any any
			E   struct{}
			Z   [0]int
		}
		same(t, all{}, "a0")
		same(t, all{B: true, I: 1}, "a2 6142f5 614901")
	})
	t.Run("key from the tags", func(t *testing.T) {
		for _, row := range []struct {
			tag  reflect.StructTag
			want string // the whole item, of a field Go set to true
		}{
			{``, "a1 62476f f5"},
			{`cbor:"a" json:"no"`, "a1 6161 f5"},
			{`cbor:"-" json:"no"`, "a0"},
			{`cbor:"-,"`, "a1 612d f5"},
			{`cbor:"" json:"b"`, "a1 6162 f5"},
			{`cbor:"," json:"b"`, "a1 6162 f5"},
			{`cbor:"1,keyasint"`, "a1 01 f5"},
			{`cbor:"-25,keyasint" json:"-"`, "a1 3818 f5"},
			{`cbor:"ü"`, "a1 62c3bc f5"},
			{`json:"b"`, "a1 6162 f5"},
			{`json:"b,omitempty"`, "a1 6162 f5"},
			{`json:",string"`, "a1 62476f f5"},
			{`json:"-"`, "a0"},
			{`json:"-,"`, "a1 612d f5"},
			{`json:"b c/$"`, "a1 656220632f24 f5"},
			{`json:"q\"uote"`, "a1 62476f f5"}, // no valid name to encoding/json
			{`json:"back\\slash,omitzero"`, "a1 62476f f5"},

			{`cbor:"a,omitempty"`, ""},
			{`cbor:",toarray"`, ""},
			{`cbor:",keyasint"`, ""},
			{`cbor:"x,keyasint"`, ""},
			{`cbor:"9223372036854775808,keyasint"`, ""},
			{"cbor:\"\\xff\"", ""},
		} {
			typ := reflect.StructOf([]reflect.StructField{{Name: "Go", Type: reflect.TypeFor[bool](), Tag: row.tag}})
			p, err := value.PlanFor(typ)
			if row.want == "" {
				if !isUnsupported(err) {
					t.Errorf("%s: %v", row.tag, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", row.tag, err)
				continue
			}
			v := reflect.New(typ).Elem()
			v.Field(0).SetBool(true)
			if b, err := p.Append(nil, v); err != nil || string(b) != string(unhex(t, row.want)) {
				t.Errorf("%s: %x, %v", row.tag, b, err)
			}
		}
	})
	t.Run("integer keys", func(t *testing.T) {
		type ints struct {
			A string
			B int `cbor:"1,keyasint"`
			C int `cbor:"-25,keyasint"`
			D int `cbor:"500,keyasint"`
		}
		same(t, ints{"a", 1, 2, 3}, "a4 0101 1901f403 381802 61416161")
	})
	t.Run("more than 23 fields", func(t *testing.T) {
		many := reflect.New(manyFields(40)).Elem()
		p := mustPlan(t, many.Type())
		for stored := range 41 {
			if stored > 0 {
				many.Field(stored - 1).SetInt(int64(stored))
			}
			b, err := p.Append(nil, many)
			if err != nil {
				t.Fatal(err)
			}
			got := reflect.New(many.Type()).Elem()
			exact, err := p.Decode(b, got)
			if err != nil || !exact || !cmp.Equal(many.Interface(), got.Interface()) {
				t.Fatalf("%d fields: exact %v, %v", stored, exact, err)
			}
		}
	})
	t.Run("not addressable", func(t *testing.T) {
		type v struct {
			T time.Time
			B big.Int
			A [2]byte
		}
		x := v{T: unixUTC(1), B: *big.NewInt(7), A: [2]byte{1, 2}}
		b, err := mustPlan(t, reflect.TypeFor[v]()).Append(nil, reflect.ValueOf(x))
		if err != nil || string(b) != string(encode(t, x)) {
			t.Errorf("%x, %v", b, err)
		}
	})
	t.Run("unexported fields do not count", func(t *testing.T) {
		type inner struct {
			Seen  int
			cache int
		}
		type outer struct {
			In   inner
			List []inner
		}
		roundTrip(t, outer{In: inner{cache: 1}, List: []inner{{cache: 2}}}, "a1 644c697374 81a0",
			outer{List: []inner{{}}}, cmp.AllowUnexported(inner{}))
	})
	t.Run("aliasing", func(t *testing.T) {
		type maps struct {
			M map[string][]int
			Y []byte
		}
		b := encode(t, maps{map[string][]int{"a": {1}}, []byte("abc")})
		first, _ := decode[maps](t, b)
		first.M["a"][0], first.Y[0] = 2, 'x'
		second, _ := decode[maps](t, b)
		if second.M["a"][0] != 1 || string(second.Y) != "abc" {
			t.Error("two decoded values share memory")
		}
	})
}

func manyFields(n int) reflect.Type {
	var fields []reflect.StructField
	for i := range n {
		fields = append(fields, reflect.StructField{
			Name: "F" + strings.Repeat("x", i), Type: reflect.TypeFor[int](),
		})
	}
	return reflect.StructOf(fields)
}

type (
	base struct {
		ID   int
		Name string
	}
	Base   struct{ ID, Level int }
	hidden struct{ Base }
)

func TestEmbedded(t *testing.T) {
	type C1 struct{ ID int }
	type hides struct { // two of a depth do not meet below a third
		ID int
		C1
		Base
	}
	same(t, hides{ID: 1, Base: Base{Level: 2}}, "a2 62494401 654c6576656c02")
	roundTrip(t, hides{C1: C1{ID: 3}}, "a0", hides{})
	type flat struct {
		base
		Base `json:"b"`
		Name string // hides base's
	}
	same(t, flat{base{ID: 1}, Base{2, 3}, "x"}, "a3 6162 a2 62494402 654c6576656c03 62494401 644e616d65 6178",
		cmp.AllowUnexported(flat{}, base{}))
	same(t, struct{ hidden }{hidden{Base{1, 2}}}, "a2 62494401 654c6576656c02",
		cmp.AllowUnexported(struct{ hidden }{}, hidden{}))
	type tagged struct {
		*Base `json:"p"`
	}
	same(t, tagged{&Base{}}, "a1 6170 a0")
	type Kind string
	same(t, struct{ Kind }{"k"}, "a1 644b696e64 616b")
}

// TestRefusedTypes has what PlanFor refuses, row by row.
func TestRefusedTypes(t *testing.T) {
	type B1 struct{ X int }
	type B2 struct{ X int }
	for _, row := range []struct {
		name string
		typ  reflect.Type
	}{
		{"chan", reflect.TypeFor[struct{ C chan int }]()},
		{"func", reflect.TypeFor[map[string]func()]()},
		{"complex", reflect.TypeFor[[]complex128]()},
		{"no exported field", reflect.TypeFor[sync.Mutex]()},
		{"field of such a type", reflect.TypeFor[struct{ Mu sync.Mutex }]()},
		{"embedded struct of such a type", reflect.TypeFor[struct {
			sync.Mutex
			N int
		}]()},
		{"only unexported", reflect.TypeFor[struct{ a int }]()},
		{"pointer to pointer", reflect.TypeFor[struct{ P **int }]()},
		{"pointer to interface", reflect.TypeFor[struct{ P *any }]()},
		{"pointer to map", reflect.TypeFor[struct{ P *map[string]int }]()},
		{"pointer to slice", reflect.TypeFor[struct{ P *[]int }]()},
		{"embedded pointer", reflect.TypeFor[struct{ *Base }]()},
		{"embedded unexported pointer", reflect.TypeFor[struct{ *base }]()},
		{"embedded unexported struct with a tag", reflect.TypeFor[struct {
			base `json:"b"`
		}]()},
		{"two fields, one key", reflect.TypeFor[struct {
			A int `cbor:"x"`
			B int `json:"x"`
		}]()},
		{"two fields, one key, one from the tag", reflect.TypeFor[struct {
			A int `cbor:"B"`
			B int
		}]()},
		{"two embedded fields, one key", reflect.TypeFor[struct {
			B1
			B2
		}]()},
		{"keyasint without an integer", reflect.TypeFor[struct {
			A int `cbor:"a,keyasint"`
		}]()},
		{"cbor omitempty", reflect.TypeFor[struct {
			A int `cbor:"a,omitempty"`
		}]()},
		{"cbor toarray", reflect.TypeFor[struct {
			_ struct{} `cbor:",toarray"`
			A int
		}]()},
		{"MarshalText alone", reflect.TypeFor[onlyMarshals]()},
		{"UnmarshalBinary alone", reflect.TypeFor[*onlyUnmarshals]()},
		{"promoted methods", reflect.TypeFor[struct {
			time.Time
			Note string
		}]()},
		{"map key float", reflect.TypeFor[map[float64]int]()},
		{"map key struct", reflect.TypeFor[map[B1]int]()},
		{"map key pointer", reflect.TypeFor[map[*int]int]()},
		{"map key interface", reflect.TypeFor[map[error]int]()},
		{"map key array of ints", reflect.TypeFor[map[[2]int]int]()},
		{"map key with Binary methods alone", reflect.TypeFor[map[binaryOnly]int]()},
		{"nil", nil},
	} {
		_, err := value.PlanFor(row.typ)
		if !isUnsupported(err) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestErrorsNameAll checks that PlanFor names every field, by its path.
func TestErrorsNameAll(t *testing.T) {
	type line struct{ Done chan int }
	type user struct {
		Cart []line
		F    func()
		Ok   int
	}
	_, err := value.PlanFor(reflect.TypeFor[user]())
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"user.Cart[].Done", "user.F", `cbor:"-"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), ".Ok") {
		t.Errorf("names a good field: %v", err)
	}
}

// TestRefusedTypesAdvice checks that an error says what to do: the tag is no
// help for the type itself, and nobody can tag a struct of another module.
func TestRefusedTypesAdvice(t *testing.T) {
	type hidden struct{ _ int }
	const leave, wrap = `cbor:"-"`, "wrap it in a type with MarshalBinary and UnmarshalBinary"
	for _, row := range []struct {
		typ  reflect.Type
		want string
		tag  bool
	}{
		{reflect.TypeFor[func()](), "a func cannot be stored", false},
		{reflect.TypeFor[[]chan int](), "a chan cannot be stored", false},
		{reflect.TypeFor[hidden](), "export its fields, or give it MarshalBinary and UnmarshalBinary", false},
		{reflect.TypeFor[struct{ F func() }](), "a func cannot be stored", true},
		{reflect.TypeFor[struct{ H []hidden }](), "no exported field", true},
		{reflect.TypeFor[struct{ M onlyMarshals }](), "add the other direction, or leave the field out", true},
		{reflect.TypeFor[map[[2]int]int](), "an array cannot be a map key here", false},
		{reflect.TypeFor[*any](), "a pointer to an interface", false},
		{reflect.TypeFor[struct{ M map[[2]int]int }](), "an array cannot be a map key here", true},
		{reflect.TypeFor[struct{ P *map[string]int }](), "use map[string]int", true},
	} {
		_, err := value.PlanFor(row.typ)
		if !isUnsupported(err) || !strings.Contains(err.Error(), row.want) ||
			strings.Contains(err.Error(), leave) != row.tag || strings.Contains(err.Error(), wrap) != row.tag {
			t.Errorf("%s: %v", row.typ, err)
		}
	}
}

func TestStoresNothing(t *testing.T) {
	type empty struct {
		A struct{}
		B [0]int
		C int `json:"-"`
		D [2]struct{}
	}
	for _, row := range []struct {
		typ  reflect.Type
		want bool
	}{
		{reflect.TypeFor[struct{}](), true},
		{reflect.TypeFor[empty](), true},
		{reflect.TypeFor[[0]byte](), true},
		{reflect.TypeFor[struct{ A []struct{} }](), false},
		{reflect.TypeFor[bool](), false},
		{reflect.TypeFor[map[string]struct{}](), false},
	} {
		if got := mustPlan(t, row.typ).StoresNothing(); got != row.want {
			t.Errorf("%v: %v", row.typ, got)
		}
	}
}

// TestEvolution reads what another release of a program stored.
func TestEvolution(t *testing.T) {
	type v1 struct {
		Theme string
		Size  int8
		Old   map[string][]int
		User  struct{ ID int }
	}
	type v2 struct {
		New   *float64
		User  struct{ Mail, Zone string }
		Size  int64
		Theme string
	}
	type v3 struct{ Size float64 }
	old := v1{Theme: "dark", Size: 3, Old: map[string][]int{"a": {1}}}
	old.User.ID = 7
	b := encode(t, old)
	got, exact := decode[v2](t, b)
	if exact || got.Theme != "dark" || got.Size != 3 {
		t.Errorf("%+v, exact %v", got, exact)
	}
	if got, exact := decode[v3](t, b); exact || got.Size != 3 {
		t.Errorf("%+v, exact %v", got, exact)
	}
	// And forward: the old program reads the new one's.
	back, exact := decode[v1](t, encode(t, v2{New: new(2.5), Size: 4, Theme: "x"}))
	if exact || back.Theme != "x" || back.Size != 4 {
		t.Errorf("%+v, exact %v", back, exact)
	}
	// Fields only reordered, or one added that is not there yet: exact.
	type reordered struct {
		Size  int8
		User  struct{ ID int }
		Extra string
		Old   map[string][]int
		Theme string
	}
	if got, exact := decode[reordered](t, b); !exact || got.User.ID != 7 {
		t.Errorf("%+v, exact %v", got, exact)
	}
}

// TestZeroFieldPresent: another writer may store zero fields. They are read,
// but this program would leave them out.
func TestZeroFieldPresent(t *testing.T) {
	zeroField[struct{ A string }](t, "60")
	zeroField[struct{ A bool }](t, "f4")
	zeroField[struct{ A int }](t, "00")
	zeroField[struct{ A uint }](t, "00")
	zeroField[struct{ A float64 }](t, "f90000")
	zeroField[struct{ A []int }](t, "f6")
	zeroField[struct{ A []byte }](t, "f6")
	zeroField[struct{ A map[string]any }](t, "f6")
	zeroField[struct{ A *int }](t, "f6")
	zeroField[struct{ A any }](t, "f6")
	zeroField[struct{ A [2]int }](t, "820000")
	zeroField[struct{ A [2]byte }](t, "420000")
	zeroField[struct{ A struct{ B int } }](t, "a0")
	zeroField[struct{ A time.Time }](t, "c13b0000000e7791f6ff")
	zeroField[struct{ A struct{} }](t, "a0")
}

func zeroField[T any](t *testing.T, item string) {
	t.Helper()
	v, exact, err := tryDecode[T](unhex(t, "a16141"+item))
	if err != nil || exact || !reflect.ValueOf(v).IsZero() {
		t.Errorf("%T: %v, exact %v, %v", v, v, exact, err)
	}
}

func TestUnknownKeys(t *testing.T) {
	type known struct{ B, D int }
	for _, row := range []struct {
		name, item string
		ok         bool
	}{
		{"before, between and after", "a5 614101 614202 614303 614404 614505", true},
		{"of other kinds", "a5 0101 4100 00 614202 820102 03 f500", true},
		{"doubled", "a3 614101 614101 614202", false},
		{"out of order before", "a3 614301 614202 614404", false},
		{"known one doubled", "a2 614202 614202", false},
		{"known ones out of order", "a2 614404 614202", false},
		{"unknown after its place", "a3 614202 614404 614301", false},
		{"unknown before the last one", "a3 614202 614101 614404", false},
	} {
		got, exact, err := tryDecode[known](unhex(t, row.item))
		if row.ok && (err != nil || exact || got.B != 2) || !row.ok && !isSyntax(err) {
			t.Errorf("%s: %+v, exact %v, %v", row.name, got, exact, err)
		}
	}
}
