package cbor

import (
	"fmt"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// registry is the immutable state of Register.
type registry struct {
	byName map[string]*registered
	byType map[reflect.Type]*registered
}

type registered struct {
	name string
	typ  reflect.Type
	plan *Plan
	// bare: an any holds the type without its name, so a value of this name is
	// read, but never written.
	bare bool
}

var (
	registerMu sync.Mutex // held to replace the registry
	types      atomic.Pointer[registry]
)

func init() { types.Store(new(registry)) }

// Register makes the type of zero, or what it points to, storable inside an any
// and other interfaces, under a name that must never be given to another type.
// It panics if the name or the type is registered already, if the name is empty
// or not UTF-8, or if the type cannot be stored. Call it in an init function.
func Register(name string, zero any) {
	t := reflect.TypeOf(zero)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		panic(fmt.Sprintf("cbor: Register(%q): nil has no type", name))
	case name == "" || !utf8.ValidString(name):
		panic(fmt.Sprintf("cbor: Register(%q, %s): the name is empty or not UTF-8", name, t))
	}
	p, err := PlanFor(t)
	if err == nil && (t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer) {
		err = &UnsupportedTypeError{Type: t, Reason: "an any never holds it"}
	}
	if err != nil {
		panic(fmt.Sprintf("cbor: Register(%q, %s): %v", name, t, err))
	}

	registerMu.Lock()
	defer registerMu.Unlock()
	old := types.Load()
	if r, ok := old.byName[name]; ok {
		panic(fmt.Sprintf("cbor: Register(%q, %s): the name is taken by %s", name, t, r.typ))
	}
	if r, ok := old.byType[t]; ok {
		panic(fmt.Sprintf("cbor: Register(%q, %s): the type is registered as %q", name, t, r.name))
	}
	r := &registered{name: name, typ: t, plan: p, bare: isBare(t)}
	now := &registry{maps.Clone(old.byName), maps.Clone(old.byType)}
	if now.byName == nil {
		now.byName, now.byType = make(map[string]*registered), make(map[reflect.Type]*registered)
	}
	now.byName[name], now.byType[t] = r, r
	types.Store(now)
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

// appendRegistered appends a value of a registered type.
func appendRegistered(dst []byte, r *registered, v reflect.Value, depth int) ([]byte, error) {
	if depth+2 > MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(appendTag(dst, tagRegistered), majorArray, 2)
	dst, err := r.plan.root.append(appendText(dst, r.name), v, depth+2)
	if err != nil {
		err = inside(r.typ.String(), err)
	}
	return dst, err
}

func appendUnknown(dst []byte, u Unknown, depth int) ([]byte, error) {
	if depth+2 > MaxDepth {
		return dst, errDepth()
	}
	d := newDecoder([]byte(u.item))
	defer d.free()
	if err := d.skip(depth + 2); err != nil || d.end() != nil || u.Name == "" || !utf8.ValidString(u.Name) {
		return dst, &ValueError{Type: reflect.TypeOf(u), Reason: "it was not read from a session, or is nested too deep here"}
	}
	dst = appendHead(appendTag(dst, tagRegistered), majorArray, 2)
	return append(appendText(dst, u.Name), u.item...), nil
}

// registered reads what stands under tagRegistered; depth is the tag's.
func (d *decoder) registered(depth int) (any, error) {
	n, err := d.array(depth + 1)
	if err != nil {
		return nil, err
	}
	if n != 2 {
		return nil, d.refuse("a registered value that is not [name, value]")
	}
	ib, size, err := d.head()
	if err != nil {
		return nil, err
	}
	if ib>>5 != majorText || size == 0 {
		return nil, d.refuse("a registered value without a name")
	}
	name, err := d.utf8(size)
	if err != nil {
		return nil, err
	}
	r := types.Load().byName[name]
	if r == nil {
		from := d.pos
		if err := d.skip(depth + 2); err != nil {
			return nil, err
		}
		return Unknown{name, d.slice(from, d.pos)}, nil
	}
	d.changed = d.changed || r.bare
	v := reflect.New(r.typ).Elem()
	if err := r.plan.root.decode(d, v, depth+2); err != nil {
		return nil, inside(r.typ.String(), err)
	}
	return v.Interface(), nil
}
