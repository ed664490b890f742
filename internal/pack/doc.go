// Package pack makes CBOR items smaller by fixed codes that are chosen by where
// a symbol stands: it is a second spelling of the same item. It knows the
// syntax of CBOR (RFC 8949), and nothing of Go values. docs/FORMAT.md says what
// the packed form is, and is the only text that does.
//
// Compression before encryption tells about the content by the length. An
// ordinary compressor refers to what stood before. So whoever can write one
// value of a session, and sees how long its cookie is, can read the others out
// byte by byte. Here nothing refers to anything, with the one exception of
// lists. For a given structure (keys, nesting, lengths of lists) the length in
// bits is a constant plus one term for each value. The term depends on that
// value alone and, in a list, on whether it equals the one before it. A tag and
// all that it encloses are one value. [Packer.ExplainTape] gives the terms.
//
// What can still be seen is each value's own length, the keys and which of them
// are there, and whether neighbours in a list are equal.
//
// # Reading the code
//
// The encoder ([Coder.AppendTape], write.go) and the decoder ([Coder.ReadTape],
// read.go) are mirror images: value, key, text and so on have the same names in
// both. lists.go finds the previous value of a value, for both. parse.go finds
// a short way to write a text. json.go takes texts that are JSON apart, and
// puts them together. tables.go and tape.go make of the tables that the trainer
// found what the two need to look up.
//
// Several packed forms have the same item. AppendTape makes one of them, by
// what its parser finds for each value by itself. ReadTape accepts all of them,
// if what they say is a deterministic item, nested at most 64 deep, and nothing
// follows.
package pack
