package value

import (
	"math"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// any reads a value inside an any: every item that this package writes has a Go
// type, given by the item alone.
func (d *decoder) any(depth int) (any, error) {
	k := d.next()
	switch k.Kind {
	case cbor.Uint:
		switch {
		case k.N <= math.MaxInt:
			return int(k.N), nil
		case k.N > math.MaxInt64:
			return k.N, nil
		}
		return nil, refuse("an integer beyond int")
	case cbor.Neg:
		if k.N <= math.MaxInt {
			return int(^int64(k.N)), nil
		}
		return nil, refuse("an integer beyond int")
	case cbor.Bytes:
		return copyBytes(d.tape().Bytes(k)), nil
	case cbor.Text:
		return d.plainString(k.S, depth), nil
	case cbor.Map:
		return d.anyMap(int(k.N), depth)
	case cbor.Array:
		return boxed(readElements(d, int(k.N), depth, (*decoder).any))
	case cbor.Tag:
		return d.anyTag(k.N, depth)
	case cbor.Float:
		return math.Float64frombits(k.N), nil
	}
	if isNull(k) {
		return nil, nil
	}
	return k.N == cbor.True, nil
}

// boxed puts x in an any, or returns a nil any with err.
func boxed[T any](x T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return x, nil
}

// readElements reads the n elements of an array; depth is that of the array.
func readElements[E any](d *decoder, n, depth int, elem func(*decoder, int) (E, error)) ([]E, error) {
	list := make([]E, 0, room(n, 16))
	for range n {
		e, err := elem(d, depth+1)
		if err != nil {
			return nil, inside("[]", err)
		}
		list = append(list, e)
	}
	return list, nil
}

// anyTag reads what stands under a tag; depth is the tag's.
func (d *decoder) anyTag(number uint64, depth int) (any, error) {
	if s, ok, err := d.taggedString(number); ok {
		return boxed(s, err)
	}
	switch number {
	case tag.Time, tag.TimeNanos, tag.TimeOffset:
		return boxed(d.time(number))
	case tag.Registered:
		return d.registered(depth)
	case tag.Int8:
		return narrow[int8](d)
	case tag.Int16:
		return narrow[int16](d)
	case tag.Int32:
		return narrow[int32](d)
	case tag.Int64:
		return boxed(d.int64())
	case tag.Uint8:
		return narrow[uint8](d)
	case tag.Uint16:
		return narrow[uint16](d)
	case tag.Uint32:
		return narrow[uint32](d)
	case tag.Uint64:
		return narrow[uint64](d)
	case tag.Uint:
		return boxed(readUnsigned[uint](d, 0))
	case tag.Uintptr:
		return boxed(readUnsigned[uintptr](d, 0))
	case tag.Duration:
		return narrow[time.Duration](d)
	case tag.Float32:
		return boxed(d.float32(0))
	}
	return d.anyContainer(number, depth+1)
}

// anyContainer reads what stands under one of the tags that may hold null.
func (d *decoder) anyContainer(number uint64, depth int) (any, error) {
	switch number {
	case tag.Strings:
		return readSlice(d, depth, (*decoder).string)
	case tag.Ints:
		return readSlice(d, depth, (*decoder).int)
	case tag.MapStrings:
		return readTypedMap(d, depth, (*decoder).string)
	case tag.MapInts:
		return readTypedMap(d, depth, (*decoder).int)
	case tag.MapAny:
		return boxed(d.taggedAnyMap(depth))
	case tag.Int8s:
		return readSlice(d, depth, narrowed[int8])
	case tag.Int16s:
		return readSlice(d, depth, narrowed[int16])
	case tag.Int32s:
		return readSlice(d, depth, narrowed[int32])
	case tag.Int64s:
		return readSlice(d, depth, narrowed[int64])
	case tag.Uints:
		return readSlice(d, depth, readUnsigned[uint])
	case tag.Uint16s:
		return readSlice(d, depth, narrowed[uint16])
	case tag.Uint32s:
		return readSlice(d, depth, narrowed[uint32])
	case tag.Uint64s:
		return readSlice(d, depth, readUnsigned[uint64])
	case tag.Uintptrs:
		return readSlice(d, depth, readUnsigned[uintptr])
	case tag.Float32s:
		return readSlice(d, depth, (*decoder).float32)
	case tag.Float64s:
		return readSlice(d, depth, func(d *decoder, _ int) (float64, error) { return d.float() })
	case tag.Bools:
		return readSlice(d, depth, func(d *decoder, _ int) (bool, error) { return d.bool() })
	}
	if isNewer(number) {
		return nil, errNewerTag()
	}
	switch null := d.null(); {
	case number == tag.NilBytes && null:
		return []byte(nil), nil
	case number == tag.NilSlice && null:
		return []any(nil), nil
	case number == tag.NilMapString && null:
		return map[string]any(nil), nil
	}
	return nil, refuse("an unknown tag, or this under its tag")
}

// readSlice reads what stands under the tag of a slice.
func readSlice[E any](d *decoder, depth int, elem func(*decoder, int) (E, error)) (any, error) {
	if d.null() {
		return []E(nil), nil
	}
	n, err := d.array()
	if err != nil {
		return nil, err
	}
	return boxed(readElements(d, n, depth, elem))
}

// readTypedMap reads what stands under the tag of a map with string keys.
func readTypedMap[V any](d *decoder, depth int, value func(*decoder, int) (V, error)) (any, error) {
	if d.null() {
		return map[string]V(nil), nil
	}
	return boxed(readStringMap(d, depth, value))
}

// int reads an int, without any conversion.
func (d *decoder) int(int) (int, error) {
	n, err := d.int64()
	if err == nil && int64(int(n)) != n {
		err = refuse("an integer beyond int")
	}
	return int(n), err
}

// narrow is narrowed inside an any.
func narrow[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](d *decoder) (any, error) {
	return boxed(narrowed[T](d, 0))
}

// narrowed reads an integer that both int64 and T hold.
func narrowed[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](d *decoder, _ int) (T, error) {
	n, err := d.int64()
	if err != nil {
		return 0, err
	}
	if int64(T(n)) != n || (n < 0) != (T(n) < 0) {
		return 0, refuse("an integer beyond the type of its tag")
	}
	return T(n), nil
}

// readUnsigned reads an unsigned integer that T holds.
func readUnsigned[T ~uint | ~uint64 | ~uintptr](d *decoder, _ int) (T, error) {
	k := d.next()
	if k.Kind != cbor.Uint {
		return 0, mismatch(k)
	}
	if uint64(T(k.N)) != k.N {
		return 0, refuse("an integer beyond the type of its tag")
	}
	return T(k.N), nil
}

func (d *decoder) float32(int) (float32, error) {
	f, err := d.float()
	if err != nil {
		return 0, err
	}
	if f == f && float64(float32(f)) != f {
		return 0, refuse("so precise a float")
	}
	return float32(f), nil
}
