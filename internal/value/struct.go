package value

import (
	"reflect"
	"time"

	"example.com/cookiesession/internal/cbor"
)

// structCodec stores a struct as a map. Its fields are in the order of their
// keys' encodings, which is the order in the map.
type structCodec struct {
	typ    reflect.Type
	fields []field
}

func (c *structCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Map, 0)
	stored := uint64(0)
	for i := range c.fields {
		f := &c.fields[i]
		ok, err := f.write(t, f.of(v), depth+1)
		if err != nil {
			return inside(f.name, err)
		}
		if ok {
			stored++
		}
	}
	t.Tokens[at].N = stored
	t.Close(at)
	return nil
}

// write adds the key and value of a field, or nothing if the value is zero.
func (f *field) write(t *cbor.Tape, v reflect.Value, depth int) (stored bool, err error) {
	switch f.op {
	case opString:
		s := v.String()
		if s == "" {
			return false, nil
		}
		t.Tokens = append(t.Tokens, f.key)
		return true, writeString(t, s, depth)
	case opInt:
		n := v.Int()
		if n == 0 {
			return false, nil
		}
		t.Tokens = append(t.Tokens, f.key, cbor.IntToken(n))
		return true, nil
	case opBool:
		if !v.Bool() {
			return false, nil
		}
		t.Tokens = append(t.Tokens, f.key, cbor.Token{Kind: cbor.Simple, Size: 1, N: cbor.True})
		return true, nil
	}
	if f.isZero(v) {
		return false, nil
	}
	at := len(t.Tokens)
	t.Tokens = append(t.Tokens, f.key)
	if err := f.codec.write(t, v, depth); err != nil {
		return false, err
	}
	if f.op == opStruct && t.Tokens[at+1].N == 0 {
		// Only what is not stored was other than zero: unexported fields, a
		// zero time's Location. Left out and empty decode to the same.
		clear(t.Tokens[at:])
		t.Tokens = t.Tokens[:at]
		return false, nil
	}
	return true, nil
}

func (f *field) isZero(v reflect.Value) bool {
	if f.op == opTime {
		t, _ := reflect.TypeAssert[time.Time](v)
		return t.IsZero()
	}
	return v.IsZero()
}

func (c *structCodec) decode(d *decoder, v reflect.Value, depth int) error {
	n, err := d.mapping()
	if err != nil {
		return typed(err, c.typ)
	}
	// Both the fields and the keys ascend, so the two are merged: next is the
	// first field that may still come.
	next := 0
	for range n {
		key := d.peek()
		d.Pos += int(key.Size)
		if next == len(c.fields) || !equal(&c.fields[next].key, key) {
			if next = c.find(next, key); next == len(c.fields) || !equal(&c.fields[next].key, key) {
				d.Inexact = true
				d.skip()
				continue
			}
		}
		f := &c.fields[next]
		next++
		// Most fields have one of three kinds, and no other token than usual.
		of := v
		if f.index >= 0 {
			of = v.Field(f.index)
		} else {
			of = v.FieldByIndex(f.path)
		}
		switch k := d.peek(); {
		case f.op == opString && k.Kind == cbor.Text && k.S != "":
			d.Pos++
			of.SetString(d.plainString(k.S, depth+1))
			continue
		case f.op == opInt && k.Kind == cbor.Uint && k.N != 0 && k.N < 1<<31 && !of.OverflowInt(int64(k.N)):
			d.Pos++
			of.SetInt(int64(k.N))
			continue
		case f.op == opBool && k.Kind == cbor.Simple && k.N == cbor.True:
			d.Pos++
			of.SetBool(true)
			continue
		}
		if err := f.decode(d, of, depth+1); err != nil {
			return inside(f.name, err)
		}
	}
	return nil
}

// find returns the first field, from next on, whose key does not come before
// key.
func (c *structCodec) find(next int, key *cbor.Token) int {
	for next < len(c.fields) && !equal(&c.fields[next].key, key) && cbor.CompareTokens(&c.fields[next].key, key) < 0 {
		next++ // where both are of one kind, neither is a byte string
	}
	return next
}

// equal reports whether a key is that of a field, which is a text or an
// integer.
func equal(field, key *cbor.Token) bool {
	if field.Key != 0 && key.Key != 0 {
		return field.Key == key.Key
	}
	return field.Kind == key.Kind && field.N == key.N && field.S == key.S
}

func (f *field) decode(d *decoder, v reflect.Value, depth int) error {
	if err := f.codec.decode(d, v, depth); err != nil {
		return err
	}
	if v.IsZero() {
		d.Inexact = true // it would not be stored
	}
	return nil
}
