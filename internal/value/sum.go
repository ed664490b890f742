package value

import (
	"math"
	"reflect"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// Sum returns a sum of v, which is of the plan's type, in less time than it
// takes to write it: a map's entries need no order. Two values that are stored
// alike have the same one (but for NaNs, of which only one is stored), and two
// that are not with a chance of 2^-64. ok is false for a value that has to be
// written for that, and summed as a tape: all but maps of strings to strings,
// or to any with nothing unusual inside.
func (p *Plan) Sum(v reflect.Value) (sum cbor.Sum, ok bool) {
	switch p.root.(type) {
	case anyMapCodec:
		return sumMap(asMap[map[string]any](v), 0, sumAny)
	case stringMapCodec:
		return sumMap(asMap[map[string]string](v), 0, sumText)
	}
	return 0, false
}

func sumMap[V any](m map[string]V, depth int, value func(V, int) (cbor.Sum, bool)) (cbor.Sum, bool) {
	if depth >= cbor.MaxDepth {
		return 0, false
	}
	entries := uint64(0)
	for k, v := range m {
		sum, ok := value(v, depth+1)
		if !ok {
			return 0, false
		}
		entries += uint64(sum.AddText(k)) // in any order
	}
	return cbor.NewSum().Add(cbor.Map, entries), true
}

func sumList[E any](list []E, depth int, elem func(E, int) (cbor.Sum, bool)) (cbor.Sum, bool) {
	if depth >= cbor.MaxDepth {
		return 0, false
	}
	sum := cbor.NewSum()
	for _, e := range list {
		next, ok := elem(e, depth+1)
		if !ok {
			return 0, false
		}
		sum = sum.Add(cbor.Array, uint64(next))
	}
	return sum.Add(cbor.Array, uint64(len(list))), true
}

func sumText(s string, _ int) (cbor.Sum, bool) { return cbor.NewSum().AddText(s), true }

// sumAny is writeAny for the types that sessions are made of.
func sumAny(x any, depth int) (cbor.Sum, bool) {
	sum := cbor.NewSum()
	switch x := x.(type) {
	case nil:
		return sum.Add(cbor.Simple, cbor.Null), true
	case string:
		return sum.AddText(x), true
	case bool:
		if x {
			return sum.Add(cbor.Simple, cbor.True), true
		}
		return sum.Add(cbor.Simple, cbor.False), true
	case int:
		return sum.Add(cbor.Uint, uint64(x)), true
	case float64:
		return sum.Add(cbor.Float, math.Float64bits(x)), true
	case map[string]any:
		if x != nil {
			return sumMap(x, depth, sumAny)
		}
	case []any:
		if x != nil {
			return sumList(x, depth, sumAny)
		}
	case time.Time:
		_, offset := x.Zone()
		return sum.Add(cbor.Tag, tag.Time).Add(cbor.Uint, uint64(x.Unix())).Add(cbor.Uint, uint64(x.Nanosecond())).Add(cbor.Uint, uint64(offset)), true
	}
	if number, n, ok := integer(x); ok {
		return sum.Add(cbor.Tag, number).Add(cbor.Uint, uint64(n)), true
	}
	return 0, false
}
