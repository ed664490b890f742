package value

import (
	"fmt"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// registry is the immutable state of Register.
type registry struct {
	byName  map[string]*registered
	byType  map[reflect.Type]*registered
	methods bool // some type has marshaling methods
}

type registered struct {
	name string
	typ  reflect.Type
	plan *Plan
	// bare: an any holds the type without its name, so a value of this name is
	// read, but never written.
	bare    bool
	pointer bool // a value comes back as a pointer
}

var (
	registerMu sync.Mutex // held to replace the registry
	types      atomic.Pointer[registry]
)

func init() { types.Store(new(registry)) }

// Register gives the type of zero a name, so that its values can be stored
// inside an any and other interfaces. The name must never be reused for another
// type. If zero is a pointer, the name is that of the type it points to, and
// values come back as pointers. Otherwise they come back as values. It does not
// matter which of the two was stored. It panics if the name or the type is
// registered already, if the name is empty or not UTF-8, or if the type cannot
// be stored. Call it in an init function. It returns the plan of the type.
func Register(name string, zero any) *Plan {
	t := reflect.TypeOf(zero)
	pointer := t != nil && t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		panic(fmt.Sprintf("cookiesession: Register(%q): nil has no type, give it a value of the type", name))
	case name == "" || !utf8.ValidString(name):
		panic(fmt.Sprintf("cookiesession: Register(%q, %s): the name is empty or not UTF-8", name, t))
	}
	p, err := PlanFor(t)
	if err == nil && (t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer) {
		err = &UnsupportedTypeError{Type: t, Reason: "an any never holds it"}
	}
	if err != nil {
		panic(fmt.Sprintf("cookiesession: Register(%q, %s): %v", name, t, err))
	}

	registerMu.Lock()
	defer registerMu.Unlock()
	old := types.Load()
	if r, ok := old.byName[name]; ok {
		panic(fmt.Sprintf("cookiesession: Register(%q, %s): the name is taken by %s", name, t, r.typ))
	}
	if r, ok := old.byType[t]; ok {
		panic(fmt.Sprintf("cookiesession: Register(%q, %s): the type is registered as %q", name, t, r.name))
	}
	r := &registered{name: name, typ: t, plan: p, bare: isBare(t), pointer: pointer}
	now := &registry{maps.Clone(old.byName), maps.Clone(old.byType), old.methods || p.methods}
	if now.byName == nil {
		now.byName, now.byType = make(map[string]*registered), make(map[reflect.Type]*registered)
	}
	now.byName[name], now.byType[t] = r, r
	types.Store(now)
	return p
}

// Unknown is what a value of a registered type decodes to, inside an any, in a
// program that did not register its name: after a rollback, or in an old
// replica during a deploy. It is stored again unchanged. It is comparable.
type Unknown struct {
	Name string // as registered elsewhere
	item string // the value's item
}

// CBOR returns a copy of the value's item.
func (u Unknown) CBOR() []byte { return []byte(u.item) }

// Equal reports whether u and v are the same.
func (u Unknown) Equal(v Unknown) bool { return u == v }

// writeRegistered writes a value of a registered type.
func writeRegistered(t *cbor.Tape, r *registered, v reflect.Value, depth int) error {
	if depth+2 > cbor.MaxDepth {
		return errDepth()
	}
	outer, pair := openRegistered(t, r.name)
	if err := r.plan.root.write(t, v, depth+2); err != nil {
		return inside(r.typ.String(), err)
	}
	t.Close(pair)
	t.Close(outer)
	return nil
}

func openRegistered(t *cbor.Tape, name string) (outer, pair int) {
	outer = t.Open(cbor.Tag, tag.Registered)
	pair = t.Open(cbor.Array, 2)
	t.AddText(name)
	return outer, pair
}

func writeUnknown(t *cbor.Tape, u Unknown, depth int) error {
	if depth+2 > cbor.MaxDepth {
		return errDepth()
	}
	outer, pair := openRegistered(t, u.Name)
	if err := t.Read([]byte(u.item), depth+2); err != nil || u.Name == "" || !utf8.ValidString(u.Name) {
		return &ValueError{Type: reflect.TypeOf(u), Reason: "it was not read from a session, or is nested too deep here"}
	}
	t.Close(pair)
	t.Close(outer)
	return nil
}

// registered reads what stands under [tag.Registered]; depth is the tag's.
func (d *decoder) registered(depth int) (any, error) {
	n, err := d.array()
	if err != nil {
		return nil, err
	}
	if n != 2 {
		return nil, refuse("a registered value that is not [name, value]")
	}
	name := d.next()
	if name.Kind != cbor.Text || name.S == "" {
		return nil, refuse("a registered value without a name")
	}
	r := types.Load().byName[name.S]
	if r == nil {
		from := d.Pos
		d.skip()
		return Unknown{name.S, string(d.tape().AppendItem(nil, from))}, nil
	}
	d.Inexact = d.Inexact || r.bare
	v := reflect.New(r.typ).Elem()
	if err := r.plan.root.decode(d, v, depth+2); err != nil {
		return nil, inside(r.typ.String(), err)
	}
	if r.pointer {
		return v.Addr().Interface(), nil
	}
	return v.Interface(), nil
}
