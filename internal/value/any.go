package value

import (
	"math"
	"reflect"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// ByteString is what a byte string decodes to as a key of a map[any]any, since
// a []byte cannot be a key. It is stored as a byte string again.
type ByteString string

// writeAny writes a value of any type that an any may hold, in such a form that
// its type comes back.
func writeAny(t *cbor.Tape, x any, depth int) error {
	switch x := x.(type) {
	case nil:
		t.AddSimple(cbor.Null)
		return nil
	case string:
		return writeString(t, x, depth)
	case bool:
		t.AddBool(x)
		return nil
	case int:
		t.AddInt(int64(x))
		return nil
	case float64:
		t.AddFloat(x)
		return nil
	case map[string]any:
		if x == nil {
			return writeTyped(t, tag.NilMapString, depth, writeNull)
		}
		return writeStringMap(t, x, depth, writeAny)
	case []any:
		if x == nil {
			return writeTyped(t, tag.NilSlice, depth, writeNull)
		}
		return writeList(t, x, depth, writeAny)
	case []byte:
		if x == nil {
			return writeTyped(t, tag.NilBytes, depth, writeNull)
		}
		t.AddBytes(x)
		return nil
	case time.Time:
		return writeTime(t, x, depth)
	}
	return writeTagged(t, x, depth)
}

// writeTagged writes a value of a type that needs a tag.
func writeTagged(t *cbor.Tape, x any, depth int) error {
	if number, n, ok := integer(x); ok {
		return writeTyped(t, number, depth, func(t *cbor.Tape, _ int) error {
			t.AddInt(n)
			return nil
		})
	}
	switch x := x.(type) {
	case uint64:
		t.AddUint(x) // beyond int64, see integer
		return nil
	case uint:
		return writeUintTyped(t, tag.Uint, uint64(x), depth)
	case uintptr:
		return writeUintTyped(t, tag.Uintptr, uint64(x), depth)
	case float32:
		return writeTyped(t, tag.Float32, depth, func(t *cbor.Tape, _ int) error {
			t.AddFloat(float64(x))
			return nil
		})
	case []string:
		return writeSlice(t, tag.Strings, x, depth, writeString)
	case []int:
		return writeNumbers(t, tag.Ints, x, depth)
	case map[string]string:
		return writeTyped(t, tag.MapStrings, depth, func(t *cbor.Tape, depth int) error {
			if x == nil {
				return writeNull(t, depth)
			}
			return writeStringMap(t, x, depth, writeString)
		})
	case map[string]int:
		return writeTyped(t, tag.MapInts, depth, func(t *cbor.Tape, depth int) error {
			if x == nil {
				return writeNull(t, depth)
			}
			return writeStringMap(t, x, depth, writeGoInt)
		})
	case map[any]any:
		return writeAnyKeyMap(t, x, depth)
	case Unknown:
		return writeUnknown(t, x, depth)
	case []int8:
		return writeNumbers(t, tag.Int8s, x, depth)
	case []int16:
		return writeNumbers(t, tag.Int16s, x, depth)
	case []int32:
		return writeNumbers(t, tag.Int32s, x, depth)
	case []int64:
		return writeNumbers(t, tag.Int64s, x, depth)
	case []uint:
		return writeNumbers(t, tag.Uints, x, depth)
	case []uint16:
		return writeNumbers(t, tag.Uint16s, x, depth)
	case []uint32:
		return writeNumbers(t, tag.Uint32s, x, depth)
	case []uint64:
		return writeNumbers(t, tag.Uint64s, x, depth)
	case []uintptr:
		return writeNumbers(t, tag.Uintptrs, x, depth)
	case []float32:
		return writeSlice(t, tag.Float32s, x, depth, func(t *cbor.Tape, f float32, _ int) error {
			t.AddFloat(float64(f))
			return nil
		})
	case []float64:
		return writeSlice(t, tag.Float64s, x, depth, func(t *cbor.Tape, f float64, _ int) error {
			t.AddFloat(f)
			return nil
		})
	case []bool:
		return writeSlice(t, tag.Bools, x, depth, func(t *cbor.Tape, b bool, _ int) error {
			t.AddBool(b)
			return nil
		})
	}
	return writeOther(t, reflect.ValueOf(x), depth)
}

// integer returns the tag and the value of x, if it is one of the integers that
// int64 holds.
func integer(x any) (number uint64, n int64, ok bool) {
	switch x := x.(type) {
	case int8:
		return tag.Int8, int64(x), true
	case int16:
		return tag.Int16, int64(x), true
	case int32:
		return tag.Int32, int64(x), true
	case int64:
		return tag.Int64, x, true
	case time.Duration:
		return tag.Duration, int64(x), true
	case uint8:
		return tag.Uint8, int64(x), true
	case uint16:
		return tag.Uint16, int64(x), true
	case uint32:
		return tag.Uint32, int64(x), true
	case uint64:
		return tag.Uint64, int64(x), x <= math.MaxInt64
	}
	return 0, 0, false
}

// writeTyped writes a tag and what value writes.
func writeTyped(t *cbor.Tape, number uint64, depth int, value func(*cbor.Tape, int) error) error {
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Tag, number)
	err := value(t, depth+1)
	t.Close(at)
	return err
}

func writeUintTyped(t *cbor.Tape, number, n uint64, depth int) error {
	return writeTyped(t, number, depth, func(t *cbor.Tape, _ int) error {
		t.AddUint(n)
		return nil
	})
}

// writeSlice writes a slice under the tag of its type.
func writeSlice[E any](t *cbor.Tape, number uint64, list []E, depth int, elem func(*cbor.Tape, E, int) error) error {
	return writeTyped(t, number, depth, func(t *cbor.Tape, depth int) error {
		if list == nil {
			return writeNull(t, depth)
		}
		return writeList(t, list, depth, elem)
	})
}

// writeNumbers is writeSlice for integers.
func writeNumbers[E int | int8 | int16 | int32 | int64 | uint | uint16 | uint32 | uint64 | uintptr](t *cbor.Tape, number uint64, list []E, depth int) error {
	return writeSlice(t, number, list, depth, func(t *cbor.Tape, n E, _ int) error {
		if n < 0 {
			t.AddInt(int64(n))
		} else {
			t.AddUint(uint64(n))
		}
		return nil
	})
}

func writeNull(t *cbor.Tape, _ int) error {
	t.AddSimple(cbor.Null)
	return nil
}

func writeGoInt(t *cbor.Tape, n, _ int) error {
	t.AddInt(int64(n))
	return nil
}

func writeList[E any](t *cbor.Tape, list []E, depth int, elem func(*cbor.Tape, E, int) error) error {
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Array, uint64(len(list)))
	for _, e := range list {
		if err := elem(t, e, depth+1); err != nil {
			return inside("[]", err)
		}
	}
	t.Close(at)
	return nil
}

// writeOther writes a pointer's value, or a value of a registered type.
func writeOther(t *cbor.Tape, v reflect.Value, depth int) error {
	pointer := v.Kind() == reflect.Pointer
	// Pointers are no levels, so a cycle of nothing else ends by this count.
	for hops := 0; v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface; hops++ {
		if hops == cbor.MaxDepth {
			return errDepth()
		}
		if v = v.Elem(); !v.IsValid() {
			return writeNull(t, depth)
		}
	}
	typ := v.Type()
	if isBare(typ) {
		return writeAny(t, v.Interface(), depth)
	}
	r := types.Load().byType[typ]
	if r == nil {
		return &UnsupportedTypeError{Type: typ, Reason: unregistered(typ, pointer)}
	}
	return writeRegistered(t, r, v, depth)
}

// bareTypes are the types that an any holds without a name.
var bareTypes = map[reflect.Type]bool{
	anyType:                          true,
	reflect.TypeFor[bool]():          true,
	reflect.TypeFor[int]():           true,
	reflect.TypeFor[int8]():          true,
	reflect.TypeFor[int16]():         true,
	reflect.TypeFor[int32]():         true,
	reflect.TypeFor[int64]():         true,
	reflect.TypeFor[uint]():          true,
	reflect.TypeFor[uint8]():         true,
	reflect.TypeFor[uint16]():        true,
	reflect.TypeFor[uint32]():        true,
	reflect.TypeFor[uint64]():        true,
	reflect.TypeFor[uintptr]():       true,
	reflect.TypeFor[float32]():       true,
	reflect.TypeFor[float64]():       true,
	stringType:                       true,
	timeType:                         true,
	reflect.TypeFor[time.Duration](): true,
	reflect.TypeFor[Unknown]():       true,

	reflect.TypeFor[[]byte]():            true,
	reflect.TypeFor[[]any]():             true,
	reflect.TypeFor[[]string]():          true,
	reflect.TypeFor[[]int]():             true,
	reflect.TypeFor[[]int8]():            true,
	reflect.TypeFor[[]int16]():           true,
	reflect.TypeFor[[]int32]():           true,
	reflect.TypeFor[[]int64]():           true,
	reflect.TypeFor[[]uint]():            true,
	reflect.TypeFor[[]uint16]():          true,
	reflect.TypeFor[[]uint32]():          true,
	reflect.TypeFor[[]uint64]():          true,
	reflect.TypeFor[[]uintptr]():         true,
	reflect.TypeFor[[]float32]():         true,
	reflect.TypeFor[[]float64]():         true,
	reflect.TypeFor[[]bool]():            true,
	reflect.TypeFor[map[string]any]():    true,
	reflect.TypeFor[map[string]string](): true,
	reflect.TypeFor[map[string]int]():    true,
	reflect.TypeFor[map[any]any]():       true,
}

func isBare(t reflect.Type) bool { return bareTypes[t] }

// interfaceCodec is for interface types. One with methods holds registered
// types, mostly; what is read must implement it.
type interfaceCodec struct{ typ reflect.Type }

func (c interfaceCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	if c.typ.NumMethod() == 0 {
		return writeAny(t, v.Interface(), depth) // does not allocate
	}
	return writeAny(t, v.Elem().Interface(), depth)
}

func (c interfaceCodec) decode(d *decoder, v reflect.Value, depth int) error {
	x, err := d.any(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	if x == nil {
		return nil
	}
	if p, ok := v.Addr().Interface().(*any); ok {
		*p = x
		return nil
	}
	xv := reflect.ValueOf(x)
	if !xv.Type().Implements(c.typ) {
		// A pointer that was flattened when it was stored.
		p := reflect.New(xv.Type())
		if !p.Type().Implements(c.typ) {
			return &ValueError{Type: c.typ, Reason: "what is stored, a " + xv.Type().String() + ", does not implement it"}
		}
		p.Elem().Set(xv)
		xv = p
	}
	v.Set(xv)
	return nil
}
