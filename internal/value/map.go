package value

import (
	"reflect"
	"slices"
	"sync"

	"example.com/cookiesession/internal/cbor"
)

// mapping compiles a map type.
func (c *compiler) mapping(t reflect.Type, path string) codec {
	key, elem := t.Key(), t.Elem()
	c.dynamic = c.dynamic || key.Kind() == reflect.Interface || elem.Kind() == reflect.Interface
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
		return timeCodec{key: true}
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
	c.fail(path, t, article(t.Kind())+" cannot be a map key here; use a string, an integer, a bool, "+
		"an array of bytes, or a type with MarshalText and UnmarshalText"+c.leaveOut(path))
	return nil
}

// mapCodec is for the maps that have no codec of their own.
type mapCodec struct {
	typ       reflect.Type
	key, elem codec
}

func (c *mapCodec) empty() cbor.Kind { return cbor.Map }

func (c *mapCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Map, uint64(v.Len()))
	s := newSorter(t)
	defer s.free()
	key, elem := reflect.New(c.typ.Key()).Elem(), reflect.New(c.typ.Elem()).Elem()
	for iter := v.MapRange(); iter.Next(); {
		key.SetIterKey(iter)
		elem.SetIterValue(iter)
		s.next()
		if err := c.key.write(t, key, depth+1); err != nil {
			return inside("[]", err)
		}
		if err := c.elem.write(t, elem, depth+1); err != nil {
			return inside("[]", err)
		}
	}
	if !s.sort() {
		return errDuplicate(c.typ)
	}
	t.Close(at)
	return nil
}

func (c *mapCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	n, err := d.mapping()
	if err != nil {
		return typed(err, c.typ)
	}
	kt, et := c.typ.Key(), c.typ.Elem()
	m := reflect.MakeMapWithSize(c.typ, room(n, kt.Size()+et.Size()))
	key, elem := reflect.New(kt).Elem(), reflect.New(et).Elem()
	for i := range n {
		if i > 0 {
			key.SetZero()
			elem.SetZero()
		}
		if err := c.key.decode(d, key, depth+1); err != nil {
			return inside("[]", err)
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

// A sorter brings the entries of a map, which were written one after the other,
// into the order of their keys.
type sorter struct {
	tape   *cbor.Tape
	starts []int // of the entries
	copy   []cbor.Token
}

var sorters = sync.Pool{New: func() any { return new(sorter) }}

func newSorter(t *cbor.Tape) *sorter {
	s := sorters.Get().(*sorter)
	s.tape, s.starts, s.copy = t, s.starts[:0], s.copy[:0]
	return s
}

// free gives s back, unless one large map has grown its buffers.
func (s *sorter) free() {
	if cap(s.copy) > keptTokens || cap(s.starts) > keptTokens {
		return
	}
	clear(s.copy) // a session's content
	s.tape = nil
	sorters.Put(s)
}

// next begins an entry.
func (s *sorter) next() { s.starts = append(s.starts, len(s.tape.Tokens)) }

// sort sorts the entries, which end at the end of the tape. It returns false if
// two keys are equal.
func (s *sorter) sort() bool {
	if len(s.starts) == 0 || s.sorted() {
		return true
	}
	first := s.starts[0]
	slices.SortFunc(s.starts, s.tape.Compare)
	for i, at := range s.starts {
		if i > 0 && s.tape.Compare(s.starts[i-1], at) == 0 {
			return false
		}
		value := at + int(s.tape.Tokens[at].Size)
		s.copy = append(s.copy, s.tape.Tokens[at:value+int(s.tape.Tokens[value].Size)]...)
	}
	copy(s.tape.Tokens[first:], s.copy)
	return true
}

// sorted reports whether the entries ascend as they are.
func (s *sorter) sorted() bool {
	for i := 1; i < len(s.starts); i++ {
		if s.tape.Compare(s.starts[i-1], s.starts[i]) >= 0 {
			return false
		}
	}
	return true
}
