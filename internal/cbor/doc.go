// Package cbor has the syntax of deterministic CBOR: RFC 8949 with the core
// deterministic encoding of its Section 4.2.1 (shortest heads and floats,
// definite lengths, map keys in the bytewise order of their encodings, and one
// NaN, f97e00). It knows no Go values; package value does.
//
// An item is a [Tape] of tokens. [Tape.Read] makes one from bytes, and is
// strict: bytes that are not deterministic are a [SyntaxError]. [Tape.Append]
// makes the bytes again. Package pack has a second spelling of the same tape.
// The numbers of tags are package tag's.
package cbor
