// Package value turns Go values into tapes of CBOR tokens ([cbor.Tape]) and
// back. It knows how Go types are stored, and nothing of how a tape is spelled:
// as CBOR by package cbor, as packed bits by package pack. A value has exactly
// one tape, so that two values can be compared by theirs, or in less time by
// [Plan.Sum].
//
// [PlanFor] compiles a Go type once; the [Plan] writes and reads without
// looking at the type again. What does not fit the Go type is a [ValueError].
// Whatever Write accepts, Read accepts, and gives back an equal value, and
// exactly (as far as the marshaling methods of the types themselves do).
//
// # Structs
//
// A struct is a map. A field's key is the name in its cbor tag, else in its
// json tag, else its Go name; with the tag cbor:"1,keyasint" the integer 1. The
// tag "-" skips a field, other options of json tags mean nothing here, and
// other options of cbor tags are refused. A field whose memory is zero
// ([reflect.Value.IsZero]; for a time also its IsZero) is left out, and what is
// absent decodes to zero. So is a struct in a field that stores nothing. Keys
// that the type does not know are ignored.
//
// # Cases
//
//	unexported fields      skipped; a type that has only such fields, and no
//	                       marshaling methods, is refused
//	floats                 the shortest of 2, 4 and 8 bytes; NaN loses its
//	                       payload, and is no map key; -0 in a struct field
//	                       counts as zero, elsewhere it survives
//	time.Time              the instant, to the nanosecond, in the years 1 to
//	                       9999, and the offset from UTC, to the second; comes
//	                       back without the monotonic reading, in UTC, in Local
//	                       if that has the offset then, or else in a zone
//	                       without a name; as the key of a map, in UTC
//	nil slices and maps    left out in a field, null (f6) in a list or map,
//	                       the same as empty at the top
//	empty slices and maps  stored, and come back empty, not nil
//	maps, sets, lists      all entries and elements are stored, zero or not
//	pointers               nil as above; others are what they point to, even
//	                       zero; to pointers, interfaces, maps and slices:
//	                       refused, since null would mean two things
//	embedded structs       as in encoding/json, by value; embedded pointers
//	                       need a tag, else they are refused; two fields of one
//	                       depth with one key are refused
//	marshaling methods     if *T has both MarshalBinary and UnmarshalBinary, a
//	                       byte string; else, with both MarshalText and
//	                       UnmarshalText, a string; one direction alone is
//	                       refused, and so are methods that a struct has only
//	                       from an embedded field, unless that is all there is
//	                       in it; json and gob methods are not looked at
//	interfaces             any: below; others hold what an any may hold, if it
//	                       implements the interface
//	recursive types        fine; values nest at most [cbor.MaxDepth] deep, and a
//	                       cycle is an error
//	map keys               strings, integers, bools, time.Time, arrays of
//	                       bytes, types with both Text methods, any; two keys
//	                       that are stored alike are an error
//	[]byte, [N]byte        byte strings; a []byte never shares memory with the
//	                       input
//	numbers                an integer or float is read into any numeric type
//	                       that holds it exactly, so fields may widen
//	chan, func, complex    refused
//
// # Strings
//
// A string that spells out bytes is carried as these bytes: a lower-case UUID,
// lower-case hex, base64url without padding, parts of it joined by dots as in a
// JWT, and a time as JavaScript's toISOString writes it. It comes back as the
// same string. Which form a string takes depends on the string alone
// (spell.go), and the decoder takes every form. Map keys always are text. A
// string that is not UTF-8 is a tagged byte string, also as a key.
//
// # Inside an any
//
// Each of these types comes back as itself: nil, bool, int, float64, string,
// []byte, []any, map[string]any, uint64 beyond int64, and map[any]any with a
// key that is not a string have no tag; the rest of the integer types, float32,
// [time.Time], [time.Duration], slices of strings, bools and any kind of
// number, map[string]string, map[string]int, map[any]any with strings as keys,
// and typed nil slices and maps have one. Every other type, such as type Role
// string, needs [Register]. A pointer is stored as what it points to. It comes
// back as that value, or, if its type is registered as a pointer, as a pointer;
// a nil pointer comes back as nil. A value of a type that is not registered
// here comes back as an [Unknown].
package value
