package cbor

import (
	"math"
	"reflect"
)

type boolCodec struct{ typ reflect.Type }

func (c boolCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendBool(dst, v.Bool()), nil
}

func (c boolCodec) decode(d *decoder, v reflect.Value, _ int) error {
	b, err := d.bool()
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetBool(b)
	return nil
}

func (d *decoder) bool() (bool, error) {
	ib := d.peek()
	if ib == simpleFalse || ib == simpleTrue {
		d.pos++
		return ib == simpleTrue, nil
	}
	return false, d.wrong()
}

// wrong is the error for the next item, which is of the wrong kind.
func (d *decoder) wrong() error {
	ib, _, err := d.head()
	if err != nil {
		return err
	}
	return d.mismatch(ib, nil)
}

type intCodec struct{ typ reflect.Type }

func (c intCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendInt(dst, v.Int()), nil
}

func (c intCodec) decode(d *decoder, v reflect.Value, _ int) error {
	n, err := d.toInt64()
	if err == nil && v.OverflowInt(n) {
		err = d.refuse("so great an integer")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetInt(n)
	return nil
}

// toInt64 reads an integer, or a float that is one.
func (d *decoder) toInt64() (int64, error) {
	if d.peek()>>5 != majorOther {
		return d.int64()
	}
	f, err := d.onlyFloat()
	if err != nil {
		return 0, err
	}
	// 1<<63 itself is a float64, but not an int64.
	if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
		return 0, d.refuse("this float")
	}
	d.changed = true
	return int64(f), nil
}

// onlyFloat reads a float.
func (d *decoder) onlyFloat() (float64, error) {
	ib, n, err := d.head()
	if err != nil {
		return 0, err
	}
	if ib < head16 || ib > head64 {
		return 0, d.mismatch(ib, nil)
	}
	return d.float(ib, n)
}

type uintCodec struct{ typ reflect.Type }

func (c uintCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendHead(dst, majorUint, v.Uint()), nil
}

func (c uintCodec) decode(d *decoder, v reflect.Value, _ int) error {
	n, err := d.toUint64()
	if err == nil && v.OverflowUint(n) {
		err = d.refuse("so great an integer")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetUint(n)
	return nil
}

// toUint64 reads an integer that is not negative, or a float that is one.
func (d *decoder) toUint64() (uint64, error) {
	if d.peek()>>5 == majorOther {
		f, err := d.onlyFloat()
		if err != nil {
			return 0, err
		}
		if f != math.Trunc(f) || f < 0 || f >= 1<<64 {
			return 0, d.refuse("this float")
		}
		d.changed = true
		return uint64(f), nil
	}
	ib, n, err := d.head()
	if err != nil {
		return 0, err
	}
	switch ib >> 5 {
	case majorUint:
		return n, nil
	case majorNeg:
		return 0, d.refuse("a negative integer")
	}
	return 0, d.mismatch(ib, nil)
}

type floatCodec struct{ typ reflect.Type }

func (c floatCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendFloat(dst, v.Float()), nil
}

func (c floatCodec) decode(d *decoder, v reflect.Value, _ int) error {
	f, err := d.toFloat64()
	if err == nil && c.typ.Kind() == reflect.Float32 && f == f && float64(float32(f)) != f {
		err = d.refuse("so precise a float")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetFloat(f)
	return nil
}

// toFloat64 reads a float, or an integer that float64 holds exactly.
func (d *decoder) toFloat64() (float64, error) {
	if d.peek()>>5 == majorOther {
		return d.onlyFloat()
	}
	ib, n, err := d.head()
	if err != nil {
		return 0, err
	}
	f := float64(n)
	// Where f rounded up to 1<<64, uint64(f) is not defined: look first.
	same := f < 1<<64 && uint64(f) == n
	switch ib >> 5 {
	case majorUint:
	case majorNeg:
		f = -1 - f
		same = same && n < 1<<53 // so that subtracting 1 is exact, too
	default:
		return 0, d.mismatch(ib, nil)
	}
	if !same {
		return 0, d.refuse("so great an integer exactly")
	}
	d.changed = true
	return f, nil
}

type stringCodec struct{ typ reflect.Type }

func (c stringCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return appendString(dst, v.String(), depth)
}

func (c stringCodec) decode(d *decoder, v reflect.Value, depth int) error {
	s, err := d.string(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetString(s)
	return nil
}

// stringKeyCodec is for strings as map keys, which are never spelled otherwise.
type stringKeyCodec struct{ typ reflect.Type }

func (c stringKeyCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return appendPlain(dst, v.String(), depth)
}

func (c stringKeyCodec) decode(d *decoder, v reflect.Value, depth int) error {
	s, err := d.stringKey(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetString(s)
	return nil
}

func (d *decoder) stringKey(depth int) (string, error) {
	ib, n, err := d.head()
	if err != nil {
		return "", err
	}
	switch {
	case ib>>5 == majorText:
		return d.utf8(n)
	case ib>>5 == majorTag && n == tagNotUTF8:
		if err := d.enter(depth); err != nil {
			return "", err
		}
		return d.notUTF8()
	}
	return "", d.mismatch(ib, nil)
}

// pointerCodec is for pointers to what is never null itself.
type pointerCodec struct {
	typ  reflect.Type
	elem codec
}

func (c *pointerCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	return c.elem.append(dst, v.Elem(), depth)
}

func (c *pointerCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	v.Set(reflect.New(c.typ.Elem()))
	return c.elem.decode(d, v.Elem(), depth)
}
