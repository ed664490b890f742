package value

import (
	"reflect"

	"example.com/cookiesession/internal/cbor"
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

func (c bytesCodec) empty() cbor.Kind { return cbor.Bytes }

func (c bytesCodec) write(t *cbor.Tape, v reflect.Value, _ int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
	} else {
		t.AddBytes(v.Bytes())
	}
	return nil
}

func (c bytesCodec) decode(d *decoder, v reflect.Value, _ int) error {
	if d.null() {
		return nil
	}
	b, err := d.bytes()
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetBytes(copyBytes(b))
	return nil
}

// copyBytes is bytes.Clone with nothing to spare.
func copyBytes(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

type byteArrayCodec struct{ typ reflect.Type }

func (c byteArrayCodec) write(t *cbor.Tape, v reflect.Value, _ int) error {
	t.AddBytes(addressable(v).Bytes())
	return nil
}

func (c byteArrayCodec) decode(d *decoder, v reflect.Value, _ int) error {
	b, err := d.bytes()
	if err == nil && len(b) != c.typ.Len() {
		err = refuse("a byte string of another length")
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

func (c *sliceCodec) empty() cbor.Kind { return cbor.Array }

func (c *sliceCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	return writeElements(t, v, c.elem, depth)
}

func writeElements(t *cbor.Tape, v reflect.Value, elem codec, depth int) error {
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	n := v.Len()
	at := t.Open(cbor.Array, uint64(n))
	for i := range n {
		if err := elem.write(t, v.Index(i), depth+1); err != nil {
			return inside("[]", err)
		}
	}
	t.Close(at)
	return nil
}

func (c *sliceCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	n, err := d.array()
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

type arrayCodec struct {
	typ  reflect.Type
	elem codec
}

func (c *arrayCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	return writeElements(t, v, c.elem, depth)
}

func (c *arrayCodec) decode(d *decoder, v reflect.Value, depth int) error {
	n, err := d.array()
	if err == nil && n != v.Len() {
		err = refuse("an array of another length")
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
