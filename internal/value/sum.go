package value

import (
	"math"
	"reflect"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// Sum returns a sum of v, which is of the plan's type, in less time than it
// takes to write it: entries of a map need no order, and strings no spelling.
// Two values that are stored alike have the same one, except for NaNs, -0 in a
// field, and zero times with an offset. Two that are not have the same one with
// a chance of 2^-64. ok is false for a value that has to be written for that,
// and summed as a tape: one with marshaling methods inside, or with something
// unusual in an any.
func (p *Plan) Sum(v reflect.Value) (sum cbor.Sum, ok bool) {
	if _, ok := p.root.(emptyEncoder); ok && v.Len() == 0 {
		return cbor.NewSum(), true // nil, too
	}
	return sumOf(p.root, v, 0)
}

func sumOf(c codec, v reflect.Value, depth int) (sum cbor.Sum, ok bool) {
	if depth >= cbor.MaxDepth {
		return 0, false
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		if v.IsNil() {
			return sumAny(nil, depth)
		}
	}
	sum = cbor.NewSum()
	switch c := c.(type) {
	case boolCodec:
		return sumAny(v.Bool(), depth)
	case intCodec:
		return sum.Add(cbor.Uint, uint64(v.Int())), true
	case uintCodec:
		return sum.Add(cbor.Uint, v.Uint()), true
	case floatCodec:
		return sum.Add(cbor.Float, math.Float64bits(v.Float())), true
	case stringCodec, stringKeyCodec:
		return sum.AddText(v.String()), true
	case timeCodec:
		t, _ := reflect.TypeAssert[time.Time](v)
		return sumTime(t), !c.key
	case bytesCodec, byteArrayCodec:
		return sum.AddBytes(addressable(v).Bytes()), true
	case interfaceCodec:
		return sumAny(v.Elem().Interface(), depth)
	case anyMapCodec:
		return sumMap(asMap[map[string]any](v), depth, sumAny)
	case stringMapCodec:
		return sumMap(asMap[map[string]string](v), depth, sumText)
	case *pointerCodec:
		return sumOf(c.elem, v.Elem(), depth)
	case *structCodec:
		for i := range c.fields {
			f := &c.fields[i]
			switch of := f.of(v); f.op {
			case opString:
				sum = sum.AddText(of.String())
			case opInt:
				sum = sum.Add(cbor.Uint, uint64(of.Int()))
			default:
				if sum, ok = sumElement(sum, f.codec, of, depth); !ok {
					return 0, false
				}
			}
		}
		return sum, true
	case *sliceCodec:
		return sumElements(c.elem, v, depth)
	case *arrayCodec:
		return sumElements(c.elem, v, depth)
	case *mapCodec:
		return c.sum(v, depth)
	}
	return 0, false
}

// sumElement adds the sum of an element, or of a field, to sum.
func sumElement(sum cbor.Sum, c codec, v reflect.Value, depth int) (cbor.Sum, bool) {
	next, ok := sumOf(c, v, depth+1)
	return sum.Add(cbor.Array, uint64(next)), ok
}

func sumElements(elem codec, v reflect.Value, depth int) (sum cbor.Sum, ok bool) {
	sum = cbor.NewSum().Add(cbor.Array, uint64(v.Len()))
	for i := range v.Len() {
		if sum, ok = sumElement(sum, elem, v.Index(i), depth); !ok {
			return 0, false
		}
	}
	return sum, true
}

func (c *mapCodec) sum(v reflect.Value, depth int) (cbor.Sum, bool) {
	entries := uint64(0)
	key, elem := reflect.New(c.typ.Key()).Elem(), reflect.New(c.typ.Elem()).Elem()
	for iter := v.MapRange(); iter.Next(); {
		key.SetIterKey(iter)
		elem.SetIterValue(iter)
		sum, ok := sumOf(c.key, key, depth+1)
		if ok {
			sum, ok = sumElement(sum, c.elem, elem, depth)
		}
		if !ok {
			return 0, false
		}
		entries += uint64(sum) // in any order
	}
	return cbor.NewSum().Add(cbor.Map, entries), true
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

func sumTime(t time.Time) cbor.Sum {
	_, offset := t.Zone()
	return cbor.NewSum().Add(cbor.Tag, tag.Time).Add(cbor.Uint, uint64(t.Unix())).Add(cbor.Uint, uint64(t.Nanosecond())).Add(cbor.Uint, uint64(offset))
}

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
		return sumTime(x), true
	}
	if number, n, ok := integer(x); ok {
		return sum.Add(cbor.Tag, number).Add(cbor.Uint, uint64(n)), true
	}
	return 0, false
}
