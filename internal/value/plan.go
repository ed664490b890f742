package value

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// A Plan encodes and decodes the values of one Go type. It is immutable and
// safe for concurrent use.
type Plan struct {
	typ     reflect.Type
	root    codec
	nothing bool
	methods bool
	dynamic bool
	leftOut []LeftOut
}

// LeftOut names the fields of a struct type that only a json tag leaves out.
type LeftOut struct {
	Type   reflect.Type
	Fields []string
}

// codec is the part of a plan for one type. depth is the number of levels
// around the item. decode is given a settable v that holds zero.
type codec interface {
	write(t *cbor.Tape, v reflect.Value, depth int) error
	decode(d *decoder, v reflect.Value, depth int) error
}

var plans sync.Map // of reflect.Type to *Plan

// PlanFor returns the plan of a type. Its error joins an
// [*UnsupportedTypeError] for every part of the type that cannot be stored.
func PlanFor(t reflect.Type) (*Plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*Plan), nil
	}
	if t == nil {
		return nil, &UnsupportedTypeError{Reason: "nil has no type"}
	}
	c := compiler{root: t.String(), seen: make(map[reflect.Type]codec)}
	p := &Plan{typ: t, root: c.compile(t, t.String())}
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	p.nothing, p.methods, p.dynamic, p.leftOut = storesNothing(p.root), c.methods, c.dynamic, c.leftOut
	actual, _ := plans.LoadOrStore(t, p)
	return actual.(*Plan), nil
}

// Type returns the type that the plan is for.
func (p *Plan) Type() reflect.Type { return p.typ }

// Write adds v, which is of the plan's type, to the tape. A nil map or slice is
// stored as an empty one. On error, an [*UnsupportedTypeError] or a
// [*ValueError], the tape is not to be used.
func (p *Plan) Write(t *cbor.Tape, v reflect.Value) error {
	if e, ok := p.root.(emptyEncoder); ok && v.IsNil() {
		t.Close(t.Open(e.empty(), 0))
		return nil
	}
	if err := p.root.write(t, v, 0); err != nil {
		return inside(p.typ.String(), err)
	}
	if uint64(len(t.Data)) > math.MaxUint32 {
		return &ValueError{Type: p.typ, Reason: "byte strings of more than 4 GiB"}
	}
	return nil
}

// emptyEncoder is a codec of a type whose nil is stored as null inside of other
// values; at the top it is the same as empty.
type emptyEncoder interface{ empty() cbor.Kind }

// Read reads the tape's item into dst, which must be settable, of the plan's
// type and zero. On error, a [*ValueError] or, where a string that is no UTF-8
// is one, a [*cbor.SyntaxError], what dst holds is not specified. Nothing in
// dst refers to the tape's buffers.
func (p *Plan) Read(t *cbor.Tape, dst reflect.Value) error {
	d := newDecoder(t)
	d.Inexact = true
	return p.read(d, dst)
}

// ReadExact is [Plan.Read], and reports whether writing dst gives the same item
// again. It does not if a key was ignored, a number converted, a zero struct
// field present, or a string in another spelling than this package's: then the
// caller must write dst to learn its item.
func (p *Plan) ReadExact(t *cbor.Tape, dst reflect.Value) (exact bool, err error) {
	d := newDecoder(t)
	if err := p.read(d, dst); err != nil {
		return false, err
	}
	_, mayBeNil := p.root.(emptyEncoder)
	return !d.Inexact && !(mayBeNil && dst.IsNil()), nil
}

func (p *Plan) read(d *decoder, dst reflect.Value) error {
	if err := p.root.decode(d, dst, 0); err != nil {
		return inside(p.typ.String(), err)
	}
	return nil
}

// StoresNothing reports whether nothing of any value of the type is ever
// stored: it has no fields, or only fields of such types.
func (p *Plan) StoresNothing() bool { return p.nothing }

// CallsMethods reports whether the value on the tape, which is of the plan's
// type, may hold one that has marshaling methods. What these write, they need
// not be able to read. Inside an interface, only a registered type can have
// them.
func (p *Plan) CallsMethods(t *cbor.Tape) bool {
	return p.methods || p.dynamic && types.Load().methods && slices.ContainsFunc(t.Tokens, isRegistered)
}

func isRegistered(k cbor.Token) bool { return k.Kind == cbor.Tag && k.N == tag.Registered }

// LeftOut returns the struct types in the plan with the tag json:"-" on
// exported fields that have no cbor tag. What such a field holds is lost
// without a word, and a program that was written for gob does not expect that.
func (p *Plan) LeftOut() []LeftOut { return p.leftOut }

// Append is [Plan.Write] to CBOR: it appends the deterministic CBOR of v. On
// error it returns dst as it was.
func (p *Plan) Append(dst []byte, v reflect.Value) ([]byte, error) {
	t := newTape()
	defer freeTape(t)
	if err := p.Write(t, v); err != nil {
		return dst, err
	}
	return t.Append(dst), nil
}

// Decode is [Plan.ReadExact] from CBOR: data is one item and nothing else. What
// is not deterministic is a [*cbor.SyntaxError].
func (p *Plan) Decode(data []byte, dst reflect.Value) (exact bool, err error) {
	t := newTape()
	defer freeTape(t)
	if err := t.Read(data, 0); err != nil {
		return false, err
	}
	return p.ReadExact(t, dst)
}

// Append appends the deterministic CBOR of v: see [Write].
func Append(dst []byte, v any) ([]byte, error) {
	t := newTape()
	defer freeTape(t)
	if err := Write(t, v); err != nil {
		return dst, err
	}
	return t.Append(dst), nil
}

// Write adds v to the tape, by the plan of its type; for a pointer, what it
// points to. It returns errors of [Follow], [PlanFor] and [Plan.Write].
func Write(t *cbor.Tape, v any) error {
	rv, err := Follow(v)
	if err != nil {
		return err
	}
	p, err := PlanFor(rv.Type())
	if err != nil {
		return err
	}
	return p.Write(t, rv)
}

// Follow returns what is stored for v: what it points to, if it is a pointer.
// It returns an error for nil.
func Follow(v any) (reflect.Value, error) {
	rv := reflect.ValueOf(v)
	for hops := 0; rv.Kind() == reflect.Pointer || rv.Kind() == reflect.Interface; hops++ {
		if hops == cbor.MaxDepth {
			return rv, errDepth()
		}
		rv = rv.Elem()
	}
	if !rv.IsValid() {
		return rv, &UnsupportedTypeError{Reason: "nil cannot be stored"}
	}
	return rv, nil
}

// keptTokens bounds what a pooled tape holds on to.
const keptTokens = 1 << 12

var tapes = sync.Pool{New: func() any { return new(cbor.Tape) }}

func newTape() *cbor.Tape { return tapes.Get().(*cbor.Tape) }

func freeTape(t *cbor.Tape) {
	t.Reset()
	if cap(t.Tokens) <= keptTokens && cap(t.Data) <= 1<<16 {
		tapes.Put(t)
	}
}

// compiler makes one plan.
type compiler struct {
	root string // the path of the type itself
	// seen has every type that was begun, so that recursive types refer to
	// themselves and each error is reported once.
	seen    map[reflect.Type]codec
	errs    []error
	methods bool // some type has marshaling methods
	dynamic bool // some type is an interface
	leftOut []LeftOut
}

func (c *compiler) fail(path string, t reflect.Type, reason string) {
	c.errs = append(c.errs, &UnsupportedTypeError{Path: path, Type: t, Reason: reason})
}

// omit notes a field that only its json tag leaves out.
func (c *compiler) omit(t reflect.Type, name string) {
	i := slices.IndexFunc(c.leftOut, func(l LeftOut) bool { return l.Type == t })
	if i < 0 {
		i, c.leftOut = len(c.leftOut), append(c.leftOut, LeftOut{Type: t})
	}
	if l := &c.leftOut[i]; !slices.Contains(l.Fields, name) { // t may be embedded twice
		l.Fields = append(l.Fields, name)
	}
}

// leaveOut returns the advice for what stands at path, if that is in a field.
func (c *compiler) leaveOut(path string) string {
	if strings.Trim(strings.TrimPrefix(path, c.root), "[]") == "" {
		return ""
	}
	return leaveOut + wrapIt
}

// compile returns the codec of a type. It reports problems by c.fail, under
// path, and then returns a codec that is never used.
func (c *compiler) compile(t reflect.Type, path string) codec {
	if done, ok := c.seen[t]; ok {
		return done
	}
	c.seen[t] = nil // for types that fail; the kinds that can recur replace it at once
	k := c.codecOf(t, path)
	c.seen[t] = k
	return k
}

func (c *compiler) codecOf(t reflect.Type, path string) codec {
	if t == timeType {
		return timeCodec{}
	}
	if k, ok := c.marshaler(t, path); ok {
		return k
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolCodec{t}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intCodec{t}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return uintCodec{t}
	case reflect.Float32, reflect.Float64:
		return floatCodec{t}
	case reflect.String:
		return stringCodec{t}
	case reflect.Interface:
		c.dynamic = true
		return interfaceCodec{t}
	case reflect.Pointer:
		return c.pointer(t, path)
	case reflect.Slice:
		return c.slice(t, path)
	case reflect.Array:
		return c.array(t, path)
	case reflect.Map:
		return c.mapping(t, path)
	case reflect.Struct:
		return c.structure(t, path)
	}
	if t.Kind() == reflect.Complex64 || t.Kind() == reflect.Complex128 {
		c.fail(path, t, complexReason)
		return nil
	}
	c.fail(path, t, article(t.Kind())+" cannot be stored"+c.leaveOut(path))
	return nil
}

func (c *compiler) pointer(t reflect.Type, path string) codec {
	elem := t.Elem()
	switch elem.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		if !isMarshaler(elem) {
			c.fail(path, t, "a pointer to "+article(elem.Kind())+
				" cannot be stored, since nil would mean two things; use "+elem.String()+c.leaveOut(path))
			return nil
		}
	}
	k := &pointerCodec{typ: t}
	c.seen[t] = k
	k.elem = c.compile(elem, path)
	return k
}

// storesNothing reports whether every value of a type is zero once stored.
func storesNothing(k codec) bool {
	switch k := k.(type) {
	case *structCodec:
		for i := range k.fields {
			if !storesNothing(k.fields[i].codec) {
				return false
			}
		}
		return true
	case *arrayCodec:
		return k.typ.Len() == 0 || storesNothing(k.elem)
	case byteArrayCodec:
		return k.typ.Len() == 0
	}
	return false
}
