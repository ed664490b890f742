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
		return copyBytes(d.tape.Bytes(k)), nil
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

func readList[E any](d *decoder, depth int, elem func(*decoder, int) (E, error)) ([]E, error) {
	n, err := d.array()
	if err != nil {
		return nil, err
	}
	return readElements(d, n, depth, elem)
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
	case tag.Time, tag.TimeNanos:
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
		return unsigned[uint](d)
	case tag.Uintptr:
		return unsigned[uintptr](d)
	case tag.Duration:
		return narrow[time.Duration](d)
	case tag.Float32:
		return d.float32()
	}
	return d.anyContainer(number, depth+1)
}

// anyContainer reads what stands under one of the tags that may hold null.
func (d *decoder) anyContainer(number uint64, depth int) (any, error) {
	null := isNull(d.peek())
	switch {
	case number == tag.Strings && !null:
		return boxed(readList(d, depth, (*decoder).string))
	case number == tag.Ints && !null:
		return boxed(readList(d, depth, (*decoder).int))
	case number == tag.MapStrings && !null:
		return boxed(readStringMap(d, depth, (*decoder).string))
	case number == tag.MapInts && !null:
		return boxed(readStringMap(d, depth, (*decoder).int))
	case number == tag.MapAny:
		return boxed(d.taggedAnyMap(depth))
	}
	if x, ok := typedNil(number); ok && d.null() {
		return x, nil
	}
	return nil, refuse("an unknown tag, or this under its tag")
}

func typedNil(number uint64) (x any, ok bool) {
	switch number {
	case tag.Strings:
		return []string(nil), true
	case tag.Ints:
		return []int(nil), true
	case tag.MapStrings:
		return map[string]string(nil), true
	case tag.MapInts:
		return map[string]int(nil), true
	case tag.NilBytes:
		return []byte(nil), true
	case tag.NilSlice:
		return []any(nil), true
	case tag.NilMapString:
		return map[string]any(nil), true
	}
	return nil, false
}

// int reads an int, without any conversion.
func (d *decoder) int(int) (int, error) {
	n, err := d.int64()
	if err == nil && int64(int(n)) != n {
		err = refuse("an integer beyond int")
	}
	return int(n), err
}

// narrow reads an integer that both int64 and T hold.
func narrow[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](d *decoder) (any, error) {
	n, err := d.int64()
	if err != nil {
		return nil, err
	}
	if int64(T(n)) != n || (n < 0) != (T(n) < 0) {
		return nil, refuse("an integer beyond the type of its tag")
	}
	return T(n), nil
}

// unsigned reads an unsigned integer that T holds.
func unsigned[T ~uint | ~uintptr](d *decoder) (any, error) {
	k := d.next()
	if k.Kind != cbor.Uint {
		return nil, mismatch(k)
	}
	if uint64(T(k.N)) != k.N {
		return nil, refuse("an integer beyond the type of its tag")
	}
	return T(k.N), nil
}

func (d *decoder) float32() (any, error) {
	f, err := d.float()
	if err != nil {
		return nil, err
	}
	if f == f && float64(float32(f)) != f {
		return nil, refuse("so precise a float")
	}
	return float32(f), nil
}
