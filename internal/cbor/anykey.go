package cbor

import (
	"reflect"
)

// appendAnyKeyMap appends a map[any]any inside an any. A map with a key that is
// not a string can be nothing else, and goes without the tag.
func appendAnyKeyMap(dst []byte, m map[any]any, depth int) ([]byte, error) {
	tagged := true
	for k := range m {
		if _, ok := k.(string); !ok {
			tagged = false
			break
		}
	}
	if !tagged {
		return appendAnyKeys(dst, m, depth)
	}
	return appendTyped(dst, tagMapAny, depth, func(dst []byte, depth int) ([]byte, error) {
		if m == nil {
			return appendNull(dst, depth)
		}
		return appendAnyKeys(dst, m, depth)
	})
}

func appendAnyKeys(dst []byte, m map[any]any, depth int) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(dst, majorMap, uint64(len(m)))
	if len(m) == 0 {
		return dst, nil
	}
	s := newSorter()
	defer s.free()
	for k, x := range m {
		start := len(dst)
		var err error
		if dst, err = appendAnyKey(dst, k, depth+1); err != nil {
			return dst, inside("[]", err)
		}
		split := len(dst)
		if dst, err = appendAny(dst, x, depth+1); err != nil {
			return dst, inside("[]", err)
		}
		s.add(dst, start, split)
	}
	if !s.sort(dst) {
		return dst, errDuplicate(reflect.TypeOf(m))
	}
	return dst, nil
}

// appendAnyKey appends a key of type any. Not every value that may be a key in
// Go is one here: a pointer would come back as another, and NaN is not equal to
// itself.
func appendAnyKey(dst []byte, k any, depth int) ([]byte, error) {
	switch k := k.(type) {
	case string:
		return appendPlain(dst, k, depth)
	case ByteString:
		return appendBytes(dst, []byte(k)), nil
	case int:
		return appendInt(dst, int64(k)), nil
	}
	if k != k {
		return dst, &ValueError{Type: reflect.TypeOf(k), Reason: "NaN cannot be a map key"}
	}
	if k != nil && reflect.TypeOf(k).Kind() == reflect.Pointer {
		return dst, &UnsupportedTypeError{Type: reflect.TypeOf(k), Reason: "a pointer cannot be a map key"}
	}
	return appendAny(dst, k, depth)
}

// anyKey reads a key of type any.
func (d *decoder) anyKey(depth int) (any, error) {
	from := d.pos
	ib, n, err := d.head()
	if err != nil {
		return nil, err
	}
	switch ib >> 5 {
	case majorText:
		return d.utf8(n)
	case majorBytes:
		b, err := d.bytes(n)
		return ByteString(d.slice(d.pos-len(b), d.pos)), err
	case majorArray, majorMap:
		return nil, d.refuse("a list or map as a map key")
	case majorTag:
		switch n {
		case tagUUID, tagHex, tagBase64, tagISOTime:
			return nil, d.refuse("a tagged string as a map key")
		}
	}
	d.pos = from
	k, err := d.any(depth)
	if err != nil {
		return nil, err
	}
	if k != nil && (!reflect.ValueOf(k).Comparable() || k != k) {
		return nil, d.refuse("this as a map key")
	}
	return k, nil
}

// anyMap reads a map inside an any: a map[string]any if all its keys are
// strings, else a map[any]any. depth is that of the map.
func (d *decoder) anyMap(depth int) (any, error) {
	n, err := d.mapping(depth)
	if err != nil {
		return nil, err
	}
	// Of the keys that are not strings, integers and byte strings come first,
	// others last.
	m := make(map[string]any, room(n, 32))
	var order keyOrder
	for i := range n {
		from := d.pos
		k, err := d.anyKey(depth + 1)
		if err == nil {
			err = order.next(d, from)
		}
		if err != nil {
			return nil, inside("[]", err)
		}
		s, ok := k.(string)
		if !ok {
			d.pos = from
			return d.moreKeys(m, n-i, depth)
		}
		if m[s], err = d.any(depth + 1); err != nil {
			return nil, inside("[]", err)
		}
	}
	return m, nil
}

// moreKeys reads the last n entries of a map of which those before had strings
// as keys. The first of the n was compared to the one before it.
func (d *decoder) moreKeys(before map[string]any, n, depth int) (map[any]any, error) {
	m := make(map[any]any, len(before)+room(n, 48))
	for k, x := range before {
		m[k] = x
	}
	return d.readAnyKeys(m, n, depth)
}

// readAnyKeys reads n entries into m.
func (d *decoder) readAnyKeys(m map[any]any, n, depth int) (map[any]any, error) {
	all := len(m) + n
	var order keyOrder
	for range n {
		from := d.pos
		k, err := d.anyKey(depth + 1)
		if err == nil {
			err = order.next(d, from)
		}
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

// taggedAnyMap reads what stands under tagMapAny, below depth levels.
func (d *decoder) taggedAnyMap(depth int) (map[any]any, error) {
	if d.null() {
		return nil, nil
	}
	n, err := d.mapping(depth)
	if err != nil {
		return nil, err
	}
	m, err := d.readAnyKeys(make(map[any]any, room(n, 48)), n, depth)
	if err != nil {
		return nil, err
	}
	for k := range m {
		if _, ok := k.(string); !ok {
			return nil, d.refuse("a tagged map with a key that is not a string")
		}
	}
	return m, nil
}

// anyKeyCodec is for keys of type any in maps of another type than map[any]any.
type anyKeyCodec struct{ typ reflect.Type }

func (c anyKeyCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return appendAnyKey(dst, v.Interface(), depth)
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

func (c anyKeyMapCodec) empty() byte { return emptyMap }

func (c anyKeyMapCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	return appendAnyKeys(dst, asMap[map[any]any](v), depth)
}

func (c anyKeyMapCodec) decode(d *decoder, v reflect.Value, depth int) error {
	if d.null() {
		return nil
	}
	n, err := d.mapping(depth)
	if err != nil {
		return typed(err, c.typ)
	}
	m, err := d.readAnyKeys(make(map[any]any, room(n, 48)), n, depth)
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
