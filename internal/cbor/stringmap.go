package cbor

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

var (
	anyType    = reflect.TypeFor[any]()
	stringType = reflect.TypeFor[string]()
)

// anyMapCodec is for map[string]any, and stringMapCodec for map[string]string,
// under whatever name. They do without reflection.
type (
	anyMapCodec    struct{ typ reflect.Type }
	stringMapCodec struct{ typ reflect.Type }
)

func (c anyMapCodec) empty() byte    { return emptyMap }
func (c stringMapCodec) empty() byte { return emptyMap }

func (c anyMapCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	return appendStringMap(dst, asMap[map[string]any](v), depth, appendAny)
}

func (c stringMapCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, simpleNull), nil
	}
	return appendStringMap(dst, asMap[map[string]string](v), depth, appendString)
}

func (c anyMapCodec) decode(d *decoder, v reflect.Value, depth int) error {
	return decodeStringMap(d, v, depth, (*decoder).any)
}

func (c stringMapCodec) decode(d *decoder, v reflect.Value, depth int) error {
	return decodeStringMap(d, v, depth, (*decoder).string)
}

// asMap returns the map of a value of M's underlying type.
func asMap[M any](v reflect.Value) M {
	if m, ok := reflect.TypeAssert[M](v); ok {
		return m
	}
	return v.Convert(reflect.TypeFor[M]()).Interface().(M)
}

// pair is an entry of a map, taken out to be sorted.
type pair[V any] struct {
	key   string
	value V
}

// byKey is the order of encoded text strings: their heads have their lengths.
func byKey[V any](a, b pair[V]) int {
	if len(a.key) != len(b.key) {
		return len(a.key) - len(b.key)
	}
	return strings.Compare(a.key, b.key)
}

var anyPairs, stringPairs sync.Pool

// pairPool returns the pool of *[]pair[V].
func pairPool[V any]() *sync.Pool {
	if _, ok := any((*V)(nil)).(*string); ok {
		return &stringPairs
	}
	return &anyPairs
}

func appendStringMap[V any](dst []byte, m map[string]V, depth int, value func([]byte, V, int) ([]byte, error)) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(dst, majorMap, uint64(len(m)))
	if len(m) == 0 {
		return dst, nil
	}
	pool := pairPool[V]()
	p, _ := pool.Get().(*[]pair[V])
	if p == nil {
		p = new([]pair[V])
	}
	pairs := (*p)[:0]
	defer func() {
		clear(pairs)
		if *p = pairs[:0]; cap(pairs) <= 1<<10 {
			pool.Put(p)
		}
	}()

	text := true
	for k, v := range m {
		text = text && isUTF8String(k)
		pairs = append(pairs, pair[V]{k, v})
	}
	less := byKey[V]
	if !text {
		less = byAnyKey[V]
	}
	if len(pairs) > 1 {
		slices.SortFunc(pairs, less)
	}
	var err error
	for i := range pairs {
		if dst, err = appendPlain(dst, pairs[i].key, depth+1); err != nil {
			return dst, inside("[]", err)
		}
		if dst, err = value(dst, pairs[i].value, depth+1); err != nil {
			return dst, inside("[]", err)
		}
	}
	return dst, nil
}

// byAnyKey is byKey where some keys are not UTF-8: these have a tag in front,
// and come after all others.
func byAnyKey[V any](a, b pair[V]) int {
	va, vb := utf8.ValidString(a.key), utf8.ValidString(b.key)
	switch {
	case va == vb:
		return byKey(a, b)
	case va:
		return -1
	}
	return 1
}

func decodeStringMap[V any](d *decoder, v reflect.Value, depth int, value func(*decoder, int) (V, error)) error {
	if d.null() {
		return nil
	}
	n, err := d.mapping(depth)
	if err != nil {
		return typed(err, v.Type())
	}
	m, err := readStringMap(d, n, depth, value)
	if err != nil {
		return typed(err, v.Type())
	}
	if p, ok := v.Addr().Interface().(*map[string]V); ok {
		*p = m
	} else {
		v.Set(reflect.ValueOf(m).Convert(v.Type()))
	}
	return nil
}

// readStringMap reads the n entries of a map; depth is that of the map.
func readStringMap[V any](d *decoder, n, depth int, value func(*decoder, int) (V, error)) (map[string]V, error) {
	m := make(map[string]V, room(n, 32))
	var order keyOrder
	for range n {
		from := d.pos
		k, err := d.stringKey(depth + 1)
		if err != nil {
			return nil, inside("[]", err)
		}
		if err := order.next(d, from); err != nil {
			return nil, err
		}
		x, err := value(d, depth+1)
		if err != nil {
			return nil, inside("[]", err)
		}
		m[k] = x
	}
	return m, nil
}
