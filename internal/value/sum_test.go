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

// TestSum has contents of maps with a sum. Two of them have the same one if,
// and only if, they are stored alike.
func TestSum(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 3600)
	var tests []map[string]any
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
	tests = append(slices.AppendSeq(tests, maps.Values(corpus(t))), nil, map[string]any{})
	p := mustPlan(t, reflect.TypeFor[map[string]any]())
	sums, stored := map[cbor.Sum]string{}, map[string]cbor.Sum{}
	for _, m := range tests {
		sum, ok := p.Sum(reflect.ValueOf(m))
		if !ok {
			t.Fatalf("%v has no sum", m)
		}
		item := encode(t, m)
		if old, ok := sums[sum]; ok && old != string(item) {
			t.Errorf("%x and %x have one sum", old, item)
		}
		if old, ok := stored[string(item)]; ok && old != sum {
			t.Errorf("%x has two sums", item)
		}
		sums[sum], stored[string(item)] = string(item), sum
	}
	if len(sums) == len(tests) || len(sums) < 150 {
		t.Errorf("%d tests have %d sums", len(tests), len(sums))
	}
}

// TestNoSum has what must be written to be compared.
func TestNoSum(t *testing.T) {
	endless := map[string]any{}
	endless["a"] = []any{endless}
	for name, m := range map[string]any{
		"a nil map":         map[string]any{"a": map[string]any(nil)},
		"a nil list":        map[string]any{"a": []any(nil)},
		"a big integer":     map[string]any{"a": uint64(math.MaxInt64 + 1)},
		"deep in a list":    map[string]any{"a": []any{1, []any{circle{1}}}},
		"deep in a map":     map[string]any{"a": map[string]any{"b": circle{1}}},
		"what is in itself": endless,
		"another map":       map[string]int{"a": 1},
		"a struct":          somePreferences,
	} {
		v := reflect.ValueOf(m)
		if sum, ok := mustPlan(t, v.Type()).Sum(v); ok {
			t.Errorf("%s: sum %x", name, sum)
		}
	}
	texts := reflect.ValueOf(map[string]string{"a": "b"})
	if _, ok := mustPlan(t, texts.Type()).Sum(texts); !ok {
		t.Error("a map of texts has none")
	}
}
