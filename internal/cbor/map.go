package cbor

import (
	"bytes"
	"reflect"
	"slices"
	"sync"
)

// mapping compiles a map type.
func (c *compiler) mapping(t reflect.Type, path string) codec {
	key, elem := t.Key(), t.Elem()
	if key == anyType && elem == anyType {
		return anyKeyMapCodec{t}
	}
	if key == stringType {
		switch elem {
		case anyType:
			return anyMapCodec{t}
		case stringType:
			return stringMapCodec{t}
		}
	}
	k := &mapCodec{typ: t}
	c.seen[t] = k
	k.key = c.key(key, path+"[]")
	k.elem = c.compile(elem, path+"[]")
	return k
}

// key returns the codec of a type as a map key.
func (c *compiler) key(t reflect.Type, path string) codec {
	if t == timeType {
		return timeCodec{}
	}
	if p := pairsOf(t); p.text() {
		if promoted(t, marshalPairs{toText: true, fromText: true}) {
			return c.compile(t, path) // which is the error
		}
		c.methods = true
		return textCodec{t, true}
	}
	switch t.Kind() {
	case reflect.String:
		return stringKeyCodec{t}
	case reflect.Bool:
		return boolCodec{t}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intCodec{t}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return uintCodec{t}
	case reflect.Array:
		if isPlainByte(t.Elem()) {
			return byteArrayCodec{t}
		}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return anyKeyCodec{t}
		}
	}
	c.fail(path, t, "a "+t.Kind().String()+" cannot be a map key here; use a string, an integer, a bool, "+
		"an array of bytes, or a type with MarshalText and UnmarshalText")
	return nil
}

// mapCodec is for the maps that have no codec of their own.
type mapCodec struct {
	typ       reflect.Type
	key, elem codec
}

func (c *mapCodec) empty() byte { return emptyMap }

func (c *mapCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(dst, majorMap, uint64(v.Len()))
	if v.Len() == 0 {
		return dst, nil
	}
	s := newSorter()
	defer s.free()
	key, elem := reflect.New(c.typ.Key()).Elem(), reflect.New(c.typ.Elem()).Elem()
	for iter := v.MapRange(); iter.Next(); {
		key.SetIterKey(iter)
		elem.SetIterValue(iter)
		start := len(dst)
		var err error
		if dst, err = c.key.append(dst, key, depth+1); err != nil {
			return dst, inside("[]", err)
		}
		split := len(dst)
		if dst, err = c.elem.append(dst, elem, depth+1); err != nil {
			return dst, inside("[]", err)
		}
		s.add(dst, start, split)
	}
	if !s.sort(dst) {
		return dst, errDuplicate(c.typ)
	}
	return dst, nil
}

func (c *mapCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	n, err := d.mapping(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	kt, et := c.typ.Key(), c.typ.Elem()
	m := reflect.MakeMapWithSize(c.typ, room(n, kt.Size()+et.Size()))
	key, elem := reflect.New(kt).Elem(), reflect.New(et).Elem()
	var order keyOrder
	for i := range n {
		if i > 0 {
			key.SetZero()
			elem.SetZero()
		}
		from := d.pos
		if err := c.key.decode(d, key, depth+1); err != nil {
			return inside("[]", err)
		}
		if err := order.next(d, from); err != nil {
			return err
		}
		if !key.Comparable() {
			return &ValueError{Type: kt, Reason: "a key that is not comparable"}
		}
		if err := c.elem.decode(d, elem, depth+1); err != nil {
			return inside("[]", err)
		}
		m.SetMapIndex(key, elem)
	}
	if m.Len() != n {
		return errDuplicate(c.typ) // keys that differ, but are one in Go
	}
	v.Set(m)
	return nil
}

// sorter brings the entries of a map, encoded one after the other, into the
// order of their keys.
type sorter struct {
	entries []entry
	sorted  bool // so far
	copy    []byte
}

// entry is where an entry lies in the output.
type entry struct{ start, split, end int }

var sorters = sync.Pool{New: func() any { return new(sorter) }}

func newSorter() *sorter {
	s := sorters.Get().(*sorter)
	s.entries, s.copy, s.sorted = s.entries[:0], s.copy[:0], true
	return s
}

// free keeps no buffer for ever that one great map needed.
func (s *sorter) free() {
	if cap(s.copy) > 1<<16 || cap(s.entries) > 1<<12 {
		return
	}
	clear(s.copy) // a session's content
	sorters.Put(s)
}

func (s *sorter) add(dst []byte, start, split int) {
	e := entry{start, split, len(dst)}
	if n := len(s.entries); n > 0 && s.sorted {
		s.sorted = compareKeys(dst, s.entries[n-1], e) < 0
	}
	s.entries = append(s.entries, e)
}

func compareKeys(dst []byte, a, b entry) int {
	return bytes.Compare(dst[a.start:a.split], dst[b.start:b.split])
}

// sort sorts the entries, which end at the end of dst. It returns false if two
// keys are equal.
func (s *sorter) sort(dst []byte) bool {
	if s.sorted {
		return true
	}
	first := s.entries[0].start
	slices.SortFunc(s.entries, func(a, b entry) int { return compareKeys(dst, a, b) })
	s.copy = append(s.copy[:0], dst[first:]...)
	for i, e := range s.entries {
		if i > 0 && compareKeys(dst, s.entries[i-1], e) == 0 {
			return false
		}
	}
	out := dst[:first]
	for _, e := range s.entries {
		out = append(out, s.copy[e.start-first:e.end-first]...)
	}
	return true
}
