// Package cbor turns Go values into deterministic CBOR and back: RFC 8949 with
// the core deterministic encoding of its Section 4.2.1 (shortest heads and
// floats, definite lengths, map keys in the bytewise order of their encodings,
// and one NaN, f97e00). A value has exactly one encoding, so that two values
// can be compared by their bytes.
//
// [PlanFor] compiles a Go type once; the [Plan] encodes and decodes without
// looking at the type again. Decoding is strict: what is not deterministic is a
// [SyntaxError], what does not fit the Go type a [ValueError]. Whatever Append
// accepts, Decode accepts, and gives back an equal value, and exactly (as far
// as the marshaling methods of the types themselves do).
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
//	                       9999; comes back in UTC without the monotonic
//	                       reading (store a zone's name, not the Location)
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
//	recursive types        fine; values nest at most [MaxDepth] deep, and a
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
// [time.Time], [time.Duration], []string, []int, map[string]string,
// map[string]int, map[any]any with strings as keys, and typed nil slices and
// maps have one. Every other type, such as type Role string, needs [Register].
// A pointer is stored as what it points to, and comes back as that value; a nil
// pointer comes back as nil. A value of a type that is not registered here
// comes back as an [Unknown].
//
// # Tags
//
//	1      time.Time of whole seconds: an integer, seconds since 1970
//	21     a base64url string: a byte string; a dotted one: a list of them
//	23     a hex string: a byte string
//	37     a UUID string: a byte string of 16
//	38515  a registered type: [name, value]
//	38516  a string that is not UTF-8: a byte string
//	38517  a string such as 2006-01-02T15:04:05.000Z: milliseconds since 1970
//	38518  time.Time with a fraction: [seconds since 1970, nanoseconds]
//
// and inside an any, over the value as its own type stores it:
//
//	38519  int8     38523  uint      38528  uintptr
//	38520  int16    38524  uint8     38529  float32
//	38521  int32    38525  uint16    38530  time.Duration, in nanoseconds
//	38522  int64    38526  uint32    38531  []string, or null
//	                38527  uint64    38532  []int, or null
//	38533  map[string]string, or null
//	38534  map[string]int, or null
//	38535  map[any]any with only strings as keys, or none; or null
//	38536  null: a nil []byte
//	38537  null: a nil []any
//	38538  null: a nil map[string]any
package cbor
