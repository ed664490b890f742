package cbor

import (
	"reflect"
)

func (c *compiler) slice(t reflect.Type, path string) codec {
	if isPlainByte(t.Elem()) {
		return bytesCodec{t}
	}
	k := &sliceCodec{typ: t, size: t.Elem().Size()}
	c.seen[t] = k
	k.elem = c.compile(t.Elem(), path+"[]")
	return k
}

func (c *compiler) array(t reflect.Type, path string) codec {
	if isPlainByte(t.Elem()) {
		return byteArrayCodec{t}
	}
	k := &arrayCodec{typ: t}
	c.seen[t] = k
	k.elem = c.compile(t.Elem(), path+"[]")
	return k
}

// isPlainByte reports whether lists of a type are byte strings.
func isPlainByte(t reflect.Type) bool {
	return t.Kind() == reflect.Uint8 && !isMarshaler(t)
}

type bytesCodec struct{ typ reflect.Type }

func (c bytesCodec) empty() byte { return majorBytes << 5 }

func (c bytesCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	return appendBytes(dst, v.Bytes()), nil
}

func (c bytesCodec) decode(d *decoder, v reflect.Value, _ int) error {
	if d.null() {
		return nil
	}
	b, err := d.byteString()
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetBytes(copyBytes(b))
	return nil
}

// copyBytes is bytes.Clone with nothing to spare: the input belongs to the
// caller.
func copyBytes(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

type byteArrayCodec struct{ typ reflect.Type }

func (c byteArrayCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendBytes(dst, addressable(v).Bytes()), nil
}

func (c byteArrayCodec) decode(d *decoder, v reflect.Value, _ int) error {
	b, err := d.byteString()
	if err == nil && len(b) != c.typ.Len() {
		err = d.refuse("a byte string of another length")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	copy(v.Bytes(), b)
	return nil
}

// addressable returns v, or a copy of it, so that its pointer can be taken.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	return p
}

type sliceCodec struct {
	typ  reflect.Type
	elem codec
	size uintptr // of an element, in bytes
}

func (c *sliceCodec) empty() byte { return majorArray << 5 }

func (c *sliceCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	return appendElements(dst, v, v.Len(), c.elem, depth)
}

func appendElements(dst []byte, v reflect.Value, n int, elem codec, depth int) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(dst, majorArray, uint64(n))
	var err error
	for i := range n {
		if dst, err = elem.append(dst, v.Index(i), depth+1); err != nil {
			return dst, inside("[]", err)
		}
	}
	return dst, nil
}

func (c *sliceCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	n, err := d.array(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	if n == 0 {
		v.Set(reflect.MakeSlice(c.typ, 0, 0))
		return nil
	}
	v.Grow(max(room(n, c.size), 1))
	for i := range n {
		if i == v.Cap() {
			v.Grow(1) // doubles
		}
		v.SetLen(i + 1)
		if err := c.elem.decode(d, v.Index(i), depth+1); err != nil {
			return inside("[]", err)
		}
	}
	return nil
}

// array reads the head of an array that has depth levels around it, and returns
// its length, which the rest of the input can hold.
func (d *decoder) array(depth int) (int, error) {
	ib, n, err := d.head()
	if err != nil {
		return 0, err
	}
	if ib>>5 != majorArray {
		return 0, d.mismatch(ib, nil)
	}
	if err := d.enter(depth); err != nil {
		return 0, err
	}
	return d.count(n, 1)
}

type arrayCodec struct {
	typ  reflect.Type
	elem codec
}

func (c *arrayCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return appendElements(dst, v, v.Len(), c.elem, depth)
}

func (c *arrayCodec) decode(d *decoder, v reflect.Value, depth int) error {
	n, err := d.array(depth)
	if err == nil && n != v.Len() {
		err = d.refuse("an array of another length")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	for i := range n {
		if err := c.elem.decode(d, v.Index(i), depth+1); err != nil {
			return inside("[]", err)
		}
	}
	return nil
}
