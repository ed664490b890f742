package cbor

import (
	"math"
	"reflect"
	"time"
)

// ByteString is what a byte string decodes to as a key of a map[any]any, since
// a []byte cannot be a key. It is stored as a byte string again.
type ByteString string

// appendAny appends a value of any type that an any may hold, in such a form
// that its type comes back.
func appendAny(dst []byte, x any, depth int) ([]byte, error) {
	switch x := x.(type) {
	case nil:
		return append(dst, simpleNull), nil
	case string:
		return appendString(dst, x, depth)
	case bool:
		return appendBool(dst, x), nil
	case int:
		return appendInt(dst, int64(x)), nil
	case float64:
		return appendFloat(dst, x), nil
	case map[string]any:
		if x == nil {
			return appendTyped(dst, tagNilMapString, depth, appendNull)
		}
		return appendStringMap(dst, x, depth, appendAny)
	case []any:
		if x == nil {
			return appendTyped(dst, tagNilSlice, depth, appendNull)
		}
		return appendList(dst, x, depth, appendAny)
	case []byte:
		if x == nil {
			return appendTyped(dst, tagNilBytes, depth, appendNull)
		}
		return appendBytes(dst, x), nil
	case time.Time:
		return appendTime(dst, x, depth)
	}
	return appendTagged(dst, x, depth)
}

// appendTagged appends a value of a type that needs a tag.
func appendTagged(dst []byte, x any, depth int) ([]byte, error) {
	if tag, n, ok := integer(x); ok {
		return appendTyped(dst, tag, depth, func(dst []byte, _ int) ([]byte, error) {
			return appendInt(dst, n), nil
		})
	}
	switch x := x.(type) {
	case uint64:
		return appendHead(dst, majorUint, x), nil // beyond int64, see integer
	case uint:
		return appendUintTyped(dst, tagUint, uint64(x), depth)
	case uintptr:
		return appendUintTyped(dst, tagUintptr, uint64(x), depth)
	case float32:
		return appendTyped(dst, tagFloat32, depth, func(dst []byte, _ int) ([]byte, error) {
			return appendFloat(dst, float64(x)), nil
		})
	case []string:
		return appendTyped(dst, tagStrings, depth, func(dst []byte, depth int) ([]byte, error) {
			if x == nil {
				return appendNull(dst, depth)
			}
			return appendList(dst, x, depth, appendString)
		})
	case []int:
		return appendTyped(dst, tagInts, depth, func(dst []byte, depth int) ([]byte, error) {
			if x == nil {
				return appendNull(dst, depth)
			}
			return appendList(dst, x, depth, appendGoInt)
		})
	case map[string]string:
		return appendTyped(dst, tagMapStrings, depth, func(dst []byte, depth int) ([]byte, error) {
			if x == nil {
				return appendNull(dst, depth)
			}
			return appendStringMap(dst, x, depth, appendString)
		})
	case map[string]int:
		return appendTyped(dst, tagMapInts, depth, func(dst []byte, depth int) ([]byte, error) {
			if x == nil {
				return appendNull(dst, depth)
			}
			return appendStringMap(dst, x, depth, appendGoInt)
		})
	case map[any]any:
		return appendAnyKeyMap(dst, x, depth)
	case Unknown:
		return appendUnknown(dst, x, depth)
	}
	return appendOther(dst, reflect.ValueOf(x), depth)
}

// integer returns the tag and the value of x, if it is one of the integers that
// int64 holds.
func integer(x any) (tag uint64, n int64, ok bool) {
	switch x := x.(type) {
	case int8:
		return tagInt8, int64(x), true
	case int16:
		return tagInt16, int64(x), true
	case int32:
		return tagInt32, int64(x), true
	case int64:
		return tagInt64, x, true
	case time.Duration:
		return tagDuration, int64(x), true
	case uint8:
		return tagUint8, int64(x), true
	case uint16:
		return tagUint16, int64(x), true
	case uint32:
		return tagUint32, int64(x), true
	case uint64:
		return tagUint64, int64(x), x <= math.MaxInt64
	}
	return 0, 0, false
}

// appendTyped appends a tag and what value appends.
func appendTyped(dst []byte, tag uint64, depth int, value func([]byte, int) ([]byte, error)) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	return value(appendTag(dst, tag), depth+1)
}

func appendUintTyped(dst []byte, tag, n uint64, depth int) ([]byte, error) {
	return appendTyped(dst, tag, depth, func(dst []byte, _ int) ([]byte, error) {
		return appendHead(dst, majorUint, n), nil
	})
}

func appendNull(dst []byte, _ int) ([]byte, error) { return append(dst, simpleNull), nil }

func appendGoInt(dst []byte, n, _ int) ([]byte, error) { return appendInt(dst, int64(n)), nil }

func appendList[E any](dst []byte, list []E, depth int, elem func([]byte, E, int) ([]byte, error)) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(dst, majorArray, uint64(len(list)))
	var err error
	for _, e := range list {
		if dst, err = elem(dst, e, depth+1); err != nil {
			return dst, inside("[]", err)
		}
	}
	return dst, nil
}

// appendOther appends a pointer's value, or a value of a registered type.
func appendOther(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	// Pointers are no levels, so a cycle of nothing else ends by this count.
	for hops := 0; v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface; hops++ {
		if hops == MaxDepth {
			return dst, errDepth()
		}
		if v = v.Elem(); !v.IsValid() {
			return append(dst, simpleNull), nil
		}
	}
	t := v.Type()
	if isBare(t) {
		return appendAny(dst, v.Interface(), depth)
	}
	r := types.Load().byType[t]
	if r == nil {
		return dst, &UnsupportedTypeError{Type: t, Reason: unregistered(t)}
	}
	return appendRegistered(dst, r, v, depth)
}

func unregistered(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return "a " + t.Kind().String() + " cannot be stored"
	}
	return "inside an any this type must be registered: in an init function, " +
		`cookiesession.Register("` + t.String() + `", *new(` + t.String() + `))`
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
	reflect.TypeFor[map[string]any]():    true,
	reflect.TypeFor[map[string]string](): true,
	reflect.TypeFor[map[string]int]():    true,
	reflect.TypeFor[map[any]any]():       true,
}

func isBare(t reflect.Type) bool { return bareTypes[t] }

// interfaceCodec is for interface types. One with methods holds registered
// types, mostly; what is read must implement it.
type interfaceCodec struct{ typ reflect.Type }

func (c interfaceCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	if c.typ.NumMethod() == 0 {
		return appendAny(dst, v.Interface(), depth) // does not allocate
	}
	return appendAny(dst, v.Elem().Interface(), depth)
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
