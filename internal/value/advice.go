package value

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

const (
	complexReason = "a complex number cannot be stored; store its two parts as floats"

	// Whoever reads an error may own neither the struct nor the field's type.
	leaveOut = `; leave the field out with the tag cbor:"-"`
	wrapIt   = ", or if the struct belongs to another module, wrap it in a type with MarshalBinary and UnmarshalBinary"
)

// article returns the name of a kind with its article.
func article(k reflect.Kind) string {
	switch k {
	case reflect.Array, reflect.Interface, reflect.UnsafePointer:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// unregistered says what to do about a type that is stored inside an any, or to
// which a pointer is. What was put in as a pointer has to come back as one: the
// interface around it may be met by nothing else.
func unregistered(t reflect.Type, pointer bool) string {
	if _, err := PlanFor(t); err != nil {
		return strings.TrimPrefix(err.Error(), t.String()+": ")
	}
	const must = "inside an any this type must be registered: in an init function"
	line, ok := spelled(t, false)
	name, _ := spelled(t, true)
	if !ok {
		return must + ", give cookiesession.Register a name of your choice and a value of the type"
	}
	zero := "*new(" + line + ")"
	if pointer {
		zero = zero[1:]
	}
	advice := must + ", cookiesession.Register(" + strconv.Quote(name) + ", " + zero + ")"
	if mayBeLocal(t) {
		advice += "; if it is declared in a function, move it out first"
	}
	return advice
}

// mayBeLocal reports whether a type, or one that it is made of, is perhaps
// declared in a function, where an init function does not see it. Reflection
// does not tell. Types that other packages can name hardly ever are.
func mayBeLocal(t reflect.Type) bool {
	switch {
	case t.Name() != "":
		return t.PkgPath() == "main" || t.PkgPath() != "" && !unicode.IsUpper([]rune(t.Name())[0])
	case t.Kind() == reflect.Interface:
		return false
	}
	return mayBeLocal(t.Elem()) || t.Kind() == reflect.Map && mayBeLocal(t.Key())
}

// spelled returns a type as a program writes it, or with the paths of packages,
// by which no two types are alike. It fails for types that reflection does not
// spell as Go does: generic ones, and those without a name that have members.
// What an init function cannot spell otherwise, it can if it stands in the
// type's package, so there the package is left out.
func spelled(t reflect.Type, paths bool) (s string, ok bool) {
	if name := t.Name(); name != "" {
		switch {
		case strings.Contains(name, "["):
			return "", false
		case t.PkgPath() == "":
			return name, true
		case paths:
			return t.PkgPath() + "." + name, true
		case t.PkgPath() == "main" || !unicode.IsUpper([]rune(name)[0]):
			return name, true
		}
		return t.String(), true
	}
	prefix := ""
	switch t.Kind() {
	case reflect.Pointer:
		prefix = "*"
	case reflect.Slice:
		prefix = "[]"
	case reflect.Array:
		prefix = "[" + strconv.Itoa(t.Len()) + "]"
	case reflect.Map:
		key, ok := spelled(t.Key(), paths)
		if !ok {
			return "", false
		}
		prefix = "map[" + key + "]"
	case reflect.Interface:
		return "any", t.NumMethod() == 0
	default:
		return "", false
	}
	s, ok = spelled(t.Elem(), paths)
	return prefix + s, ok
}
