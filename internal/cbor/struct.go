package cbor

import (
	"reflect"
	"time"
)

// structCodec stores a struct as a map. Its fields are in the order of their
// encoded keys, which is the order in the map.
type structCodec struct {
	typ    reflect.Type
	fields []field
}

const emptyMap = majorMap << 5

func (c *structCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	// How many fields are stored is known at the end, and then the head is put
	// in: in nearly all types one byte, whatever the number.
	start, stored, head := len(dst), 0, headSize(uint64(len(c.fields)))
	for range head {
		dst = append(dst, emptyMap)
	}
	for i := range c.fields {
		f := &c.fields[i]
		out, err := f.append(dst, f.of(v), depth+1)
		if err != nil {
			return dst, inside(f.name, err)
		}
		if len(out) != len(dst) {
			dst = out
			stored++
		}
	}
	if head == 1 {
		dst[start] = emptyMap | byte(stored)
		return dst, nil
	}
	body := dst[start+head:]
	dst = appendHead(dst[:start], majorMap, uint64(stored)) // not longer than the room for it
	return append(dst, body...), nil
}

// append appends the key and value of a field, or nothing if the value is zero.
func (f *field) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	switch f.op {
	case opString:
		s := v.String()
		if s == "" {
			return dst, nil
		}
		return appendString(append(dst, f.key...), s, depth)
	case opInt:
		n := v.Int()
		if n == 0 {
			return dst, nil
		}
		return appendInt(append(dst, f.key...), n), nil
	case opBool:
		if !v.Bool() {
			return dst, nil
		}
		return append(append(dst, f.key...), simpleTrue), nil
	}
	if f.isZero(v) {
		return dst, nil
	}
	start := len(dst)
	dst, err := f.codec.append(append(dst, f.key...), v, depth)
	if f.op == opStruct && err == nil && dst[len(dst)-1] == emptyMap && len(dst) == start+len(f.key)+1 {
		// Only what is not stored was other than zero: unexported fields, a
		// zero time's Location. Left out and empty decode to the same.
		dst = dst[:start]
	}
	return dst, err
}

func (f *field) isZero(v reflect.Value) bool {
	if f.op == opTime {
		t, _ := reflect.TypeAssert[time.Time](v)
		return t.IsZero()
	}
	return v.IsZero()
}

func (c *structCodec) decode(d *decoder, v reflect.Value, depth int) error {
	n, err := d.mapping(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	// Both the fields and the keys ascend, so the two are merged: next is the
	// first field that may still come.
	next := 0
	var last keyOrder
	for range n {
		var f *field
		from := d.pos
		if next < len(c.fields) && d.skipKey(c.fields[next].key) {
			last = keyOrder{from, d.pos}
			f = &c.fields[next]
		} else if f, next, err = c.find(d, next, &last, depth+1); err != nil {
			return err
		}
		if f == nil {
			d.changed = true
			if err := d.skip(depth + 1); err != nil {
				return err
			}
			continue
		}
		next++
		if err := f.decode(d, f.of(v), depth+1); err != nil {
			return inside(f.name, err)
		}
	}
	return nil
}

// skipKey moves past an encoded key if it is what comes next. Keys are items,
// and no item begins another one, so that needs no more checking.
func (d *decoder) skipKey(key string) bool {
	end := d.pos + len(key)
	if end > len(d.data) || string(d.data[d.pos:end]) != key {
		return false
	}
	d.pos = end
	return true
}

// find reads the next key, of any kind, and returns the field of that key, or
// nil, and the index of that field, or of the first one after the key.
func (c *structCodec) find(d *decoder, next int, last *keyOrder, depth int) (*field, int, error) {
	from := d.pos
	if err := d.skip(depth); err != nil {
		return nil, 0, err
	}
	if err := last.next(d, from); err != nil {
		return nil, 0, err
	}
	key := d.data[from:d.pos]
	for ; next < len(c.fields); next++ {
		f := &c.fields[next]
		if f.key == string(key) {
			return f, next, nil
		}
		if f.key > string(key) {
			return nil, next, nil
		}
	}
	return nil, next, nil
}

func (f *field) decode(d *decoder, v reflect.Value, depth int) error {
	switch f.op {
	case opString:
		s, err := d.string(depth)
		if err != nil {
			return typed(err, f.typ)
		}
		if s == "" {
			d.changed = true
			return nil
		}
		v.SetString(s)
		return nil
	case opInt:
		n, err := d.toInt64()
		if err == nil && v.OverflowInt(n) {
			err = d.refuse("so great an integer")
		}
		if err != nil {
			return typed(err, f.typ)
		}
		d.changed = d.changed || n == 0
		v.SetInt(n)
		return nil
	case opBool:
		b, err := d.bool()
		if err != nil {
			return typed(err, f.typ)
		}
		d.changed = d.changed || !b
		v.SetBool(b)
		return nil
	}
	if err := f.codec.decode(d, v, depth); err != nil {
		return err
	}
	if v.IsZero() {
		d.changed = true // it would not be stored
	}
	return nil
}

// mapping reads the head of a map that has depth levels around it, and returns
// how many entries it has, which the rest of the input can hold.
func (d *decoder) mapping(depth int) (int, error) {
	ib, n, err := d.head()
	if err != nil {
		return 0, err
	}
	if ib>>5 != majorMap {
		return 0, d.mismatch(ib, nil)
	}
	if err := d.enter(depth); err != nil {
		return 0, err
	}
	return d.count(n, 2)
}
