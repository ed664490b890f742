package value

import (
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/cookiesession/internal/cbor"
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

func (c anyMapCodec) empty() cbor.Kind    { return cbor.Map }
func (c stringMapCodec) empty() cbor.Kind { return cbor.Map }

func (c anyMapCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	return writeStringMap(t, asMap[map[string]any](v), depth, writeAny)
}

func (c stringMapCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	if v.IsNil() {
		t.AddSimple(cbor.Null)
		return nil
	}
	return writeStringMap(t, asMap[map[string]string](v), depth, writeString)
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

// before is the order of encoded text strings: their heads have their lengths.
func before(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// byKey is before for a sort.
func byKey[V any](a, b pair[V]) int {
	if len(a.key) != len(b.key) {
		return len(a.key) - len(b.key)
	}
	return strings.Compare(a.key, b.key)
}

// fewPairs is how many entries of a map are sorted on the stack. There they are
// quickly put where they belong, and the garbage collector is not told of each
// move.
const fewPairs = 16

func writeStringMap[V any](t *cbor.Tape, m map[string]V, depth int, value func(*cbor.Tape, V, int) error) error {
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Map, uint64(len(m)))
	var few [fewPairs]pair[V]
	var pairs []pair[V]
	if len(m) > len(few) {
		pairs = make([]pair[V], 0, len(m))
	}
	n, text := 0, true
	for k, v := range m {
		text = text && cbor.IsUTF8String(k)
		if len(m) > len(few) {
			pairs = append(pairs, pair[V]{k, v})
			continue
		}
		i := n
		for ; i > 0 && before(k, few[i-1].key); i-- {
			few[i] = few[i-1]
		}
		few[i] = pair[V]{k, v}
		n++
	}
	if n > 0 {
		pairs = few[:n]
	}
	switch {
	case !text:
		slices.SortFunc(pairs, byAnyKey[V])
	case n == 0:
		slices.SortFunc(pairs, byKey[V])
	}
	for i := range pairs {
		if text {
			t.AddText(pairs[i].key)
		} else if err := writePlain(t, pairs[i].key, depth+1); err != nil {
			return inside("[]", err)
		}
		if err := value(t, pairs[i].value, depth+1); err != nil {
			return inside("[]", err)
		}
	}
	t.Close(at)
	return nil
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
	m, err := readStringMap(d, depth, value)
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

func readStringMap[V any](d *decoder, depth int, value func(*decoder, int) (V, error)) (map[string]V, error) {
	n, err := d.mapping()
	if err != nil {
		return nil, err
	}
	m := make(map[string]V, room(n, 32))
	for range n {
		k, err := d.keyText(d.next())
		if err != nil {
			return nil, inside("[]", err)
		}
		x, err := value(d, depth+1)
		if err != nil {
			return nil, inside("[]", err)
		}
		m[k] = x
	}
	return m, nil
}
