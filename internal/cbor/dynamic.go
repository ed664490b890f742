package cbor

import (
	"math"
	"time"
)

// any reads a value inside an any: every item that this package writes has a Go
// type, given by the item alone.
func (d *decoder) any(depth int) (any, error) {
	from := d.pos
	ib, n, err := d.head()
	if err != nil {
		return nil, err
	}
	switch ib >> 5 {
	case majorUint:
		switch {
		case n <= math.MaxInt:
			return int(n), nil
		case n > math.MaxInt64:
			return n, nil
		}
		return nil, d.refuse("an integer beyond int")
	case majorNeg:
		if n <= math.MaxInt {
			return int(^int64(n)), nil
		}
		return nil, d.refuse("an integer beyond int")
	case majorBytes:
		b, err := d.bytes(n)
		if err != nil {
			return nil, err
		}
		return copyBytes(b), nil
	case majorText:
		return boxed(d.plainString(n, depth))
	case majorMap:
		d.pos = from
		return d.anyMap(depth)
	case majorArray:
		d.pos = from
		return boxed(readList(d, depth, (*decoder).any))
	case majorTag:
		if err := d.enter(depth); err != nil {
			return nil, err
		}
		return d.anyTag(n, depth)
	}
	switch ib {
	case simpleNull:
		return nil, nil
	case simpleFalse, simpleTrue:
		return ib == simpleTrue, nil
	case head16, head32, head64:
		return boxed(d.float(ib, n))
	}
	return nil, d.syntax("simple value")
}

// boxed puts x in an any, or returns a nil any with err.
func boxed[T any](x T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return x, nil
}

func readList[E any](d *decoder, depth int, elem func(*decoder, int) (E, error)) ([]E, error) {
	n, err := d.array(depth)
	if err != nil {
		return nil, err
	}
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
func (d *decoder) anyTag(tag uint64, depth int) (any, error) {
	if s, ok, err := d.taggedString(tag, depth); ok {
		return boxed(s, err)
	}
	switch tag {
	case tagTime, tagTimeNanos:
		return boxed(d.time(tag, depth))
	case tagRegistered:
		return d.registered(depth)
	case tagInt8:
		return narrow[int8](d)
	case tagInt16:
		return narrow[int16](d)
	case tagInt32:
		return narrow[int32](d)
	case tagInt64:
		return boxed(d.int64())
	case tagUint8:
		return narrow[uint8](d)
	case tagUint16:
		return narrow[uint16](d)
	case tagUint32:
		return narrow[uint32](d)
	case tagUint64:
		return narrow[uint64](d)
	case tagUint:
		return unsigned[uint](d)
	case tagUintptr:
		return unsigned[uintptr](d)
	case tagDuration:
		return narrow[time.Duration](d)
	case tagFloat32:
		return d.float32()
	}
	return d.anyContainer(tag, depth+1)
}

// anyContainer reads what stands under one of the tags that may hold null.
func (d *decoder) anyContainer(tag uint64, depth int) (any, error) {
	null := d.peek() == simpleNull
	switch {
	case tag == tagStrings && !null:
		return boxed(readList(d, depth, (*decoder).string))
	case tag == tagInts && !null:
		return boxed(readList(d, depth, (*decoder).int))
	case tag == tagMapStrings && !null:
		return boxed(readMap(d, depth, (*decoder).string))
	case tag == tagMapInts && !null:
		return boxed(readMap(d, depth, (*decoder).int))
	case tag == tagMapAny:
		return boxed(d.taggedAnyMap(depth))
	}
	if x, ok := typedNil(tag); ok && d.null() {
		return x, nil
	}
	return nil, d.refuse("an unknown tag, or this under its tag")
}

func typedNil(tag uint64) (x any, ok bool) {
	switch tag {
	case tagStrings:
		return []string(nil), true
	case tagInts:
		return []int(nil), true
	case tagMapStrings:
		return map[string]string(nil), true
	case tagMapInts:
		return map[string]int(nil), true
	case tagNilBytes:
		return []byte(nil), true
	case tagNilSlice:
		return []any(nil), true
	case tagNilMapString:
		return map[string]any(nil), true
	}
	return nil, false
}

func readMap[V any](d *decoder, depth int, value func(*decoder, int) (V, error)) (map[string]V, error) {
	n, err := d.mapping(depth)
	if err != nil {
		return nil, err
	}
	return readStringMap(d, n, depth, value)
}

// int reads an int, without any conversion.
func (d *decoder) int(int) (int, error) {
	n, err := d.int64()
	if err == nil && int64(int(n)) != n {
		err = d.refuse("an integer beyond int")
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
		return nil, d.refuse("an integer beyond the type of its tag")
	}
	return T(n), nil
}

// unsigned reads an unsigned integer that T holds.
func unsigned[T ~uint | ~uintptr](d *decoder) (any, error) {
	ib, n, err := d.head()
	if err != nil {
		return nil, err
	}
	if ib>>5 != majorUint {
		return nil, d.mismatch(ib, nil)
	}
	if uint64(T(n)) != n {
		return nil, d.refuse("an integer beyond the type of its tag")
	}
	return T(n), nil
}

func (d *decoder) float32() (any, error) {
	f, err := d.onlyFloat()
	if err != nil {
		return nil, err
	}
	if f == f && float64(float32(f)) != f {
		return nil, d.refuse("so precise a float")
	}
	return float32(f), nil
}
