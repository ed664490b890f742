package value

import (
	"reflect"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

type boolCodec struct{ typ reflect.Type }

func (c boolCodec) write(t *cbor.Tape, v reflect.Value, _ int) error {
	t.AddBool(v.Bool())
	return nil
}

func (c boolCodec) decode(d *decoder, v reflect.Value, _ int) error {
	b, err := d.bool()
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetBool(b)
	return nil
}

type intCodec struct{ typ reflect.Type }

func (c intCodec) write(t *cbor.Tape, v reflect.Value, _ int) error {
	t.AddInt(v.Int())
	return nil
}

func (c intCodec) decode(d *decoder, v reflect.Value, _ int) error {
	n, err := d.toInt64()
	if err == nil && v.OverflowInt(n) {
		err = refuse("an integer of this size")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetInt(n)
	return nil
}

type uintCodec struct{ typ reflect.Type }

func (c uintCodec) write(t *cbor.Tape, v reflect.Value, _ int) error {
	t.AddUint(v.Uint())
	return nil
}

func (c uintCodec) decode(d *decoder, v reflect.Value, _ int) error {
	n, err := d.toUint64()
	if err == nil && v.OverflowUint(n) {
		err = refuse("an integer of this size")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetUint(n)
	return nil
}

type floatCodec struct{ typ reflect.Type }

func (c floatCodec) write(t *cbor.Tape, v reflect.Value, _ int) error {
	t.AddFloat(v.Float())
	return nil
}

func (c floatCodec) decode(d *decoder, v reflect.Value, _ int) error {
	f, err := d.toFloat64()
	if err == nil && c.typ.Kind() == reflect.Float32 && f == f && float64(float32(f)) != f {
		err = refuse("so precise a float")
	}
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetFloat(f)
	return nil
}

type stringCodec struct{ typ reflect.Type }

func (c stringCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	return writeString(t, v.String(), depth)
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

func (c stringKeyCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	return writePlain(t, v.String(), depth)
}

func (c stringKeyCodec) decode(d *decoder, v reflect.Value, _ int) error {
	s, err := d.stringKey()
	if err != nil {
		return typed(err, c.typ)
	}
	v.SetString(s)
	return nil
}

func (d *decoder) stringKey() (string, error) {
	return d.keyText(d.next())
}

// keyText reads a string key that begins with a token.
func (d *decoder) keyText(k *cbor.Token) (string, error) {
	if k.Kind == cbor.Text {
		return k.S, nil
	}
	return d.otherKey(k)
}

func (d *decoder) otherKey(k *cbor.Token) (string, error) {
	if k.Kind == cbor.Tag && k.N == tag.NotUTF8 {
		return d.notUTF8()
	}
	return "", mismatch(k)
}

// pointerCodec is for pointers to what is never null itself.
type pointerCodec struct {
	typ  reflect.Type
	elem codec
}

func (c *pointerCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	return c.elem.write(t, v.Elem(), depth)
}

func (c *pointerCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	v.Set(reflect.New(c.typ.Elem()))
	return c.elem.decode(d, v.Elem(), depth)
}
