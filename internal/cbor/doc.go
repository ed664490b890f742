// Package cbor has the syntax of deterministic CBOR: RFC 8949 with the core
// deterministic encoding of its Section 4.2.1 (shortest heads and floats,
// definite lengths, map keys in the bytewise order of their encodings, and one
// NaN, f97e00). It knows no Go values: those are package value's.
//
// An item is a [Tape] of tokens. [Tape.Read] makes one of bytes, and is strict:
// what is not deterministic is a [SyntaxError]. [Tape.Append] makes the bytes
// again. Package pack has a second spelling of the same tape.
//
// # Tags
//
//	1      time.Time of whole seconds: an integer, seconds since 1970
//	21     a base64url string: a byte string; a dotted one: a list of them
//	23     a hex string: a byte string
//	37     a UUID string: a byte string of 16
//	25459  a registered type: [name, value]
//	25460  a string that is not UTF-8: a byte string
//	25461  a string such as 2006-01-02T15:04:05.000Z: milliseconds since 1970
//	25462  time.Time with a fraction: [seconds since 1970, nanoseconds]
//
// and inside an any, over the value as its own type stores it:
//
//	25463  int8     25467  uint      25472  uintptr
//	25464  int16    25468  uint8     25473  float32
//	25465  int32    25469  uint16    25474  time.Duration, in nanoseconds
//	25466  int64    25470  uint32    25475  []string, or null
//	                25471  uint64    25476  []int, or null
//	25477  map[string]string, or null
//	25478  map[string]int, or null
//	25479  map[any]any with only strings as keys, or none; or null
//	25480  null: a nil []byte
//	25481  null: a nil []any
//	25482  null: a nil map[string]any
package cbor
