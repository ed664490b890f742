package value_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"example.com/cookiesession/internal/cbor"
)

// TestSumOfMaps has what is inside an any, in maps.
func TestSumOfMaps(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 3600)
	tests := []map[string]any{nil, {}}
	for _, v := range []any{
		nil, false, true, 0, 1, -1, math.MaxInt, math.MinInt, 0.0, math.Copysign(0, -1), 1.0, math.Inf(1),
		"", "a", "b", "\xff", "0", "true", aUUID,
		int8(1), int16(1), int32(1), int64(1), uint8(1), uint16(1), uint32(1), uint64(1), time.Duration(1),
		now, now.Add(1), now.Add(time.Second), now.In(zone), now.In(time.FixedZone("UTC", 0)), now.In(time.FixedZone("CET", 3600)),
		[]any{}, []any{nil}, []any{1}, []any{1, 2}, []any{2, 1}, []any{[]any{1}, 2}, []any{[]any{1, 2}}, []any{"a", "b"}, []any{"ab", ""},
		map[string]any{}, map[string]any{"a": 1}, map[string]any{"b": 1}, map[string]any{"a": "b"}, map[string]any{"b": "a"},
		map[string]any{"a": 1, "b": 2}, map[string]any{"b": 2, "a": 1}, map[string]any{"a": 2, "b": 1},
		map[string]any{"a": map[string]any{"b": 1}}, map[string]any{"a": map[string]any{}, "b": 1},
	} {
		tests = append(tests, map[string]any{"k": v}, map[string]any{"k": v, "l": v}, map[string]any{"l": v})
	}
	checkSums(t, slices.AppendSeq(tests, maps.Values(corpus(t))))
	checkSums(t, []map[string]string{nil, {}, {"a": "b"}, {"b": "a"}, {"a": "b", "b": "a"}, {"b": "a", "a": "b"}})
}

type summed struct {
	Bool    bool
	Int     int16
	Int2    int16
	Uint    uint
	Float   float32
	Text    string
	Text2   string
	Bytes   []byte
	Bytes2  [2]byte
	List    []string
	Array   [2]int
	Structs []struct{ A, B int }
	Nested  struct{ A, B string }
	Pointer *int
	Time    time.Time
	Texts   map[string]string
	Map     map[int8][]bool
	Set     map[string]struct{}
	Anys    map[string]any
	Any     any
	Skipped int `cbor:"-"`
}

// TestSumOfStructs has one value or two in fields of each kind.
func TestSumOfStructs(t *testing.T) {
	at := time.Unix(1, 0)
	tests := []summed{
		{}, {Bool: true}, {Int: 1}, {Int: -1}, {Int2: 1}, {Uint: 1}, {Float: 1}, {Float: -1},
		{Text: "a"}, {Text2: "a"}, {Text: "a", Text2: "b"}, {Text: "b", Text2: "a"}, {Text: "ab"},
		{Bytes: []byte{}}, {Bytes: []byte("a")}, {Bytes2: [2]byte{1}}, {Bytes2: [2]byte{0, 1}},
		{List: []string{}}, {List: []string{""}}, {List: []string{"a"}}, {List: []string{"a", "b"}}, {List: []string{"b", "a"}},
		{Array: [2]int{1}}, {Array: [2]int{0, 1}},
		{Structs: []struct{ A, B int }{}}, {Structs: []struct{ A, B int }{{}}}, {Structs: []struct{ A, B int }{{1, 2}}}, {Structs: []struct{ A, B int }{{2, 1}}},
		{Nested: struct{ A, B string }{"a", ""}}, {Nested: struct{ A, B string }{"", "a"}},
		{Pointer: new(0)}, {Pointer: new(1)}, {Pointer: new(1)},
		{Time: at}, {Time: at.UTC()}, {Time: at.In(time.FixedZone("", 60))}, {Time: at.Add(1)},
		{Texts: map[string]string{}}, {Texts: map[string]string{"a": "b"}}, {Texts: map[string]string{"b": "a"}},
		{Map: map[int8][]bool{}}, {Map: map[int8][]bool{1: nil}}, {Map: map[int8][]bool{1: {}}}, {Map: map[int8][]bool{2: nil}},
		{Map: map[int8][]bool{1: {true}, 2: nil}}, {Map: map[int8][]bool{1: nil, 2: {true}}},
		{Set: map[string]struct{}{"a": {}}}, {Set: map[string]struct{}{"b": {}}}, {Set: map[string]struct{}{"a": {}, "b": {}}},
		{Anys: map[string]any{}}, {Anys: map[string]any{"a": 1}}, {Any: 1}, {Any: "a"}, {Any: []any{}},
		{Skipped: 1}, {Int: 1, Skipped: 1},
	}
	checkSums(t, tests)
	checkSums(t, [][]int{nil, {}, {0}, {1}, {0, 1}, {1, 0}})
	checkSums(t, []*summed{&tests[1], &tests[2], {Bool: true}})
}

// checkSums checks that each value has a sum, and that two have the same one
// if, and only if, they are stored alike.
func checkSums[T any](t *testing.T, values []T) {
	t.Helper()
	p := mustPlan(t, reflect.TypeFor[T]())
	sums, stored := map[cbor.Sum]string{}, map[string]cbor.Sum{}
	for _, v := range values {
		sum, ok := p.Sum(reflect.ValueOf(v))
		if !ok {
			t.Fatalf("%v has no sum", v)
		}
		item := encode(t, v)
		if old, ok := sums[sum]; ok && old != string(item) {
			t.Errorf("%x and %x have one sum", old, item)
		}
		if old, ok := stored[string(item)]; ok && old != sum {
			t.Errorf("%x has two sums: %+v", item, v)
		}
		sums[sum], stored[string(item)] = string(item), sum
	}
	if len(sums) == len(values) || len(sums) < 2 {
		t.Errorf("%d values have %d sums", len(values), len(sums))
	}
}

// TestNoSum has what must be written to be compared.
func TestNoSum(t *testing.T) {
	endless := map[string]any{}
	endless["a"] = []any{endless}
	type chain struct{ Next *chain }
	ring := new(chain)
	ring.Next = ring
	for name, v := range map[string]any{
		"a nil map in an any":      map[string]any{"a": map[string]any(nil)},
		"a nil list in an any":     map[string]any{"a": []any(nil)},
		"a big integer in an any":  map[string]any{"a": uint64(math.MaxInt64 + 1)},
		"deep in a list":           map[string]any{"a": []any{1, []any{circle{1}}}},
		"deep in a map":            map[string]any{"a": map[string]any{"b": circle{1}}},
		"what is in itself":        endless,
		"what points to itself":    *ring,
		"a method":                 struct{ A both }{},
		"a method in a list":       []both{{}},
		"a method in a map":        map[string]both{"a": {}},
		"a method in a map's key":  map[color]int{"red": 1},
		"a time as a map's key":    map[time.Time]int{{}: 1},
		"a map of anys in a field": struct{ A map[any]any }{map[any]any{1: 1}},
	} {
		rv := reflect.ValueOf(v)
		if sum, ok := mustPlan(t, rv.Type()).Sum(rv); ok {
			t.Errorf("%s: sum %x", name, sum)
		}
	}
}
