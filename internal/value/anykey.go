package value

import (
	"reflect"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// writeAnyKeyMap writes a map[any]any inside an any. A map with a key that is
// not a string can be nothing else, and goes without the tag.
func writeAnyKeyMap(t *cbor.Tape, m map[any]any, depth int) error {
	tagged := true
	for k := range m {
		if _, ok := k.(string); !ok {
			tagged = false
			break
		}
	}
	if !tagged {
		return writeAnyKeys(t, m, depth)
	}
	return writeTyped(t, tag.MapAny, depth, func(t *cbor.Tape, depth int) error {
		if m == nil {
			return writeNull(t, depth)
		}
		return writeAnyKeys(t, m, depth)
	})
}

func writeAnyKeys(t *cbor.Tape, m map[any]any, depth int) error {
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Map, uint64(len(m)))
	s := newSorter(t)
	defer s.free()
	for k, x := range m {
		s.next()
		if err := writeAnyKey(t, k, depth+1); err != nil {
			return inside("[]", err)
		}
		if err := writeAny(t, x, depth+1); err != nil {
			return inside("[]", err)
		}
	}
	if !s.sort() {
		return errDuplicate(reflect.TypeOf(m))
	}
	t.Close(at)
	return nil
}

// writeAnyKey writes a key of type any. Not every value that may be a key in Go
// is one here: a pointer would come back as another, and NaN is not equal to
// itself.
func writeAnyKey(t *cbor.Tape, k any, depth int) error {
	switch k := k.(type) {
	case string:
		return writePlain(t, k, depth)
	case ByteString:
		t.AddBytes([]byte(k))
		return nil
	case int:
		t.AddInt(int64(k))
		return nil
	case time.Time:
		return writeTime(t, k.UTC(), depth)
	}
	if k != k {
		return &ValueError{Type: reflect.TypeOf(k), Reason: "NaN cannot be a map key"}
	}
	if k != nil && reflect.TypeOf(k).Kind() == reflect.Pointer {
		return &UnsupportedTypeError{Type: reflect.TypeOf(k), Reason: "a pointer cannot be a map key"}
	}
	return writeAny(t, k, depth)
}

// anyKey reads a key of type any.
func (d *decoder) anyKey(depth int) (any, error) {
	k := d.peek()
	switch k.Kind {
	case cbor.Text:
		d.Pos++
		return k.S, nil
	case cbor.Bytes:
		d.Pos++
		return ByteString(d.tape().Bytes(k)), nil
	case cbor.Array, cbor.Map:
		return nil, refuse("a list or map as a map key")
	case cbor.Tag:
		switch n := k.N; {
		case n == tag.UUID, n == tag.Hex, n == tag.Base64, n == tag.ISOTime:
			return nil, refuse("a tagged string as a map key")
		case n == tag.TimeOffset:
			return nil, refuse("a time in a zone as a map key")
		case tag.Strings <= n && n <= tag.Bools:
			// Refused before what is in it, which may be newer.
			return nil, refuse("a list or map as a map key")
		}
	}
	key, err := d.any(depth)
	if err != nil {
		return nil, err
	}
	if v := reflect.ValueOf(key); v.Kind() == reflect.Pointer {
		key = v.Elem().Interface() // of a type that is registered as a pointer
	}
	if key != nil && (!reflect.ValueOf(key).Comparable() || key != key) {
		return nil, refuse("this as a map key")
	}
	return key, nil
}

// anyMap reads the n entries of a map inside an any: a map[string]any if all
// its keys are strings, else a map[any]any. depth is that of the map.
func (d *decoder) anyMap(n, depth int) (any, error) {
	// Of the keys that are not strings, integers and byte strings come first,
	// others last.
	m := make(map[string]any, room(n, 32))
	for i := range n {
		k := d.peek()
		if k.Kind != cbor.Text && !(k.Kind == cbor.Tag && k.N == tag.NotUTF8) {
			return d.moreKeys(m, n-i, depth)
		}
		d.Pos++
		key, err := d.keyText(k)
		if err != nil {
			return nil, inside("[]", err)
		}
		if m[key], err = d.any(depth + 1); err != nil {
			return nil, inside("[]", err)
		}
	}
	return m, nil
}

// moreKeys reads the last n entries of a map of which those before had strings
// as keys.
func (d *decoder) moreKeys(before map[string]any, n, depth int) (any, error) {
	m := make(map[any]any, len(before)+room(n, 48))
	for k, x := range before {
		m[k] = x
	}
	return boxed(d.readAnyKeys(m, n, depth))
}

// readAnyKeys reads n entries into m.
func (d *decoder) readAnyKeys(m map[any]any, n, depth int) (map[any]any, error) {
	all := len(m) + n
	for range n {
		k, err := d.anyKey(depth + 1)
		if err != nil {
			return nil, inside("[]", err)
		}
		x, err := d.any(depth + 1)
		if err != nil {
			return nil, inside("[]", err)
		}
		m[k] = x
	}
	if len(m) != all {
		return nil, errDuplicate(reflect.TypeOf(m)) // 0 and -0
	}
	return m, nil
}

// taggedAnyMap reads what stands under [tag.MapAny], below depth levels.
func (d *decoder) taggedAnyMap(depth int) (map[any]any, error) {
	if d.null() {
		return nil, nil
	}
	m, err := d.anyKeyMap(depth)
	if err != nil {
		return nil, err
	}
	for k := range m {
		if _, ok := k.(string); !ok {
			return nil, refuse("a tagged map with a key that is not a string")
		}
	}
	return m, nil
}

func (d *decoder) anyKeyMap(depth int) (map[any]any, error) {
	n, err := d.mapping()
	if err != nil {
		return nil, err
	}
	return d.readAnyKeys(make(map[any]any, room(n, 48)), n, depth)
}

// anyKeyCodec is for keys of type any in maps of another type than map[any]any.
type anyKeyCodec struct{ typ reflect.Type }

func (c anyKeyCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	return writeAnyKey(t, v.Interface(), depth)
}

func (c anyKeyCodec) decode(d *decoder, v reflect.Value, depth int) error {
	k, err := d.anyKey(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	if k != nil {
		v.Set(reflect.ValueOf(k))
	}
	return nil
}

// anyKeyMapCodec is for map[any]any, under whatever name.
type anyKeyMapCodec struct{ typ reflect.Type }

func (c anyKeyMapCodec) empty() cbor.Kind { return cbor.Map }

func (c anyKeyMapCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	return writeAnyKeys(t, asMap[map[any]any](v), depth)
}

func (c anyKeyMapCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	m, err := d.anyKeyMap(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	if p, ok := v.Addr().Interface().(*map[any]any); ok {
		*p = m
	} else {
		v.Set(reflect.ValueOf(m).Convert(c.typ))
	}
	return nil
}
