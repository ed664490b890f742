package value

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/cookiesession/internal/cbor"
)

// field is one stored field of a struct.
type field struct {
	key   cbor.Token
	name  string // in Go, for errors
	typ   reflect.Type
	op    fieldOp
	index int   // in the struct, or -1:
	path  []int // of a field of an embedded struct
	codec codec
}

// fieldOp picks the kinds of field that the loop over a struct handles itself.
type fieldOp byte

const (
	opOther fieldOp = iota
	opString
	opInt
	opBool
	opStruct // left out if it stores nothing
	opTime   // left out if IsZero
)

func (f *field) of(v reflect.Value) reflect.Value {
	if f.index >= 0 {
		return v.Field(f.index)
	}
	return v.FieldByIndex(f.path)
}

func (c *compiler) structure(t reflect.Type, path string) codec {
	if t.NumField() > 0 && onlyUnexported(t) {
		advice := c.leaveOut(path)
		if advice == "" {
			advice = "; export its fields, or give it MarshalBinary and UnmarshalBinary"
		}
		c.fail(path, t, "it has no exported field and no marshaling methods, so nothing of it would be stored"+advice)
		return nil
	}
	k := &structCodec{typ: t}
	c.seen[t] = k
	all := c.fields(t, path, nil)
	slices.SortStableFunc(all, func(a, b field) int {
		if n := cbor.CompareTokens(&a.key, &b.key); n != 0 {
			return n
		}
		return len(a.path) - len(b.path)
	})
	for _, f := range all {
		if n := len(k.fields); n > 0 && cbor.CompareTokens(&k.fields[n-1].key, &f.key) == 0 {
			if len(f.path) == len(k.fields[n-1].path) {
				c.fail(join(path, f.name), t, "two fields have the same key; give one of them a cbor tag of its own"+wrapIt)
			}
			continue // hidden by a field nearer to the surface
		}
		k.fields = append(k.fields, f)
	}
	for i := range k.fields {
		c.finish(&k.fields[i], path)
	}
	return k
}

func onlyUnexported(t reflect.Type) bool {
	for f := range t.Fields() {
		if f.IsExported() || f.Anonymous {
			return false
		}
	}
	return true
}

// finish compiles the type of a field that is not hidden.
func (c *compiler) finish(f *field, path string) {
	f.codec = c.compile(f.typ, join(path, f.name))
	switch f.codec.(type) {
	case stringCodec:
		f.op = opString
	case intCodec:
		f.op = opInt
	case boolCodec:
		f.op = opBool
	case *structCodec:
		f.op = opStruct
	case timeCodec:
		f.op = opTime
	}
	if len(f.path) == 1 {
		f.index = f.path[0]
	} else {
		f.index = -1
	}
}

// fields returns the fields of a struct and of the structs embedded in it,
// hidden ones too. outer is the path to t.
func (c *compiler) fields(t reflect.Type, path string, outer []int) []field {
	var all []field
	for i := range t.NumField() {
		sf := t.Field(i)
		here := join(path, sf.Name)
		key, tagged, skip := c.keyOf(sf, here)
		if skip {
			if sf.IsExported() && sf.Tag.Get("cbor") != "-" {
				c.omit(t, sf.Name)
			}
			continue
		}
		index := append(slices.Clone(outer), i)
		if sf.Anonymous && !tagged {
			kind, pointed := sf.Type.Kind(), sf.Type.Kind() == reflect.Pointer && sf.Type.Elem().Kind() == reflect.Struct
			switch {
			case kind == reflect.Struct && !isMarshaler(sf.Type):
				if sf.IsExported() && sf.Type.NumField() > 0 && onlyUnexported(sf.Type) {
					c.compile(sf.Type, here) // which is the error
				}
				all = append(all, c.fields(sf.Type, path, index)...)
				continue
			case pointed && !isMarshaler(sf.Type.Elem()):
				c.fail(here, sf.Type, "an embedded pointer would come back nil where it pointed to zero; "+
					"embed the struct itself, or give the field a tag"+wrapIt)
				continue
			}
		}
		if !sf.IsExported() {
			if sf.Anonymous && tagged {
				c.fail(here, sf.Type, "a tag makes an embedded struct one field, which must be exported; drop the tag")
			}
			continue
		}
		all = append(all, field{key: key, name: sf.Name, typ: sf.Type, path: index})
	}
	return all
}

// keyOf returns the key of a field: from its cbor tag, else its json tag, else
// its name.
func (c *compiler) keyOf(sf reflect.StructField, path string) (key cbor.Token, tagged, skip bool) {
	tag, ok := sf.Tag.Lookup("cbor")
	if ok && tag != "" {
		if tag == "-" {
			return cbor.Token{}, false, true
		}
		name, option, hasOption := strings.Cut(tag, ",")
		switch {
		case option == "keyasint":
			n, err := strconv.ParseInt(name, 10, 64)
			if err != nil {
				c.fail(path, sf.Type, "keyasint needs an integer as its name")
			}
			return cbor.IntToken(n), true, false
		case hasOption && option != "":
			c.fail(path, sf.Type, "the cbor tag knows only the option keyasint")
		case !utf8.ValidString(name):
			c.fail(path, sf.Type, "the name in the cbor tag is not UTF-8")
		case name != "":
			return textToken(name), true, false
		}
	}
	tag = sf.Tag.Get("json")
	if tag == "-" {
		return cbor.Token{}, false, true
	}
	if name, _, _ := strings.Cut(tag, ","); validJSONName(name) {
		return textToken(name), true, false
	}
	return textToken(sf.Name), false, false
}

// validJSONName reports whether encoding/json takes a name from a tag.
func validJSONName(s string) bool {
	for _, r := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}

// textToken returns the token of a field's key.
func textToken(s string) cbor.Token {
	k := cbor.Token{Kind: cbor.Text, Size: 1, S: s}
	if KeyNumber != nil {
		k.Key = KeyNumber(s)
	}
	return k
}

// KeyNumber numbers the keys of structs for the packer, which then need not
// look them up in each value: see [cbor.Token]. Whoever sets it does so before
// the first plan is made.
var KeyNumber func(key string) uint16
