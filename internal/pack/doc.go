// Package pack makes CBOR items smaller by fixed codes that are chosen by where
// a symbol stands: it is a second spelling of the same item. It knows the
// syntax of CBOR (RFC 8949), and nothing of Go values.
//
// Compression before encryption tells about the content by the length. An
// ordinary compressor refers to what stood before, so whoever can write one
// value of a session, and sees how long its cookie is, can read the others out
// byte by byte. Here nothing refers to anything, with the one exception of
// lists, below. For a given structure (keys, nesting, lengths of lists) the
// length in bits is a constant plus a sum of one term for each value, which
// depends on that value alone and, in a list, on whether it equals the one
// before it. What is inside a tag is one value with it. [Explain] gives the
// terms.
//
// What remains to be seen is each value's own length, the keys and which of
// them are there, and whether neighbours in a list are equal.
//
// # The format
//
// The rest of this text, with the tables in docs/packing-v1.json, describes the
// format completely; member names of that file are in parentheses. It is part
// of version 1 of the record: once released, no table ever changes.
//
// Bits fill bytes from the most significant one. A number of n bits has its
// most significant bit first. Zeros fill the last byte; there are fewer than 8,
// and nothing follows.
//
// A code is a prefix code of at most 12 bits, given as a list of pairs: a
// symbol and the length of its code, in canonical order. The first code is all
// zeros, and each next one is one more than the last, with zeros appended up to
// its length (as in DEFLATE, RFC 1951, Section 3.2.2). All codes are complete.
//
// A packed item is one value, of class 0, that has none before it.
//
// # Values
//
// A value has a class, which chooses its code (valueCodes, by class), and may
// have a value before it, see Lists. If it has, there is a bit first. 1 means
// that the value is like that one:
//
//   - if that is an array, this one is an array as long. Its elements follow.
//   - if that is a map, this one is a map with the same keys. Its values
//     follow.
//   - any other value: this one is the same, and complete.
//
// If there is no such bit, or it is 0, there is a symbol (values) next. It is
// the number of one of these kinds:
//
//   - "head": the bytes, then, 8 bits each, as many bytes as the head lacks in
//     which they end (if there are no bytes, the first one tells how many). A
//     byte string's or a text's content follows, 8 bits a byte; or the elements
//     of an array, or the entries of a map. If the last head is a tag, the
//     symbol of another value of the same class follows, without the bit; tags
//     and what they enclose are one value, and what is in there has nothing
//     before it outside. The bytes may begin with whole heads; these are tags.
//   - "word": the text.
//   - "text": a text, in the given book.
//   - "bytes": a byte string; its content follows as text in book 2.
//   - "int": the bytes, which are tags or nothing, and an unsigned integer:
//     base, plus a number of so many bits, which follows. Without tags it is at
//     least 24.
//   - "price": a 64-bit float, the one nearest to n/100, where n is 1<<bits
//     plus a number of so many bits, which follows. n is not a multiple of 25.
//
// Heads have their shortest form. Arrays, maps and tags nest at most 64 deep,
// the item itself being the first level.
//
// # Maps
//
// Each entry is its key and its value. A map that is like the one before it has
// that one's keys. Else the first of these that applies tells the key:
//
//   - If the map has one before it, and entries of that are left, there is a
//     bit. 1: the key is that of the first entry left. See Lists for what is
//     left.
//   - If the last key of this map was an unsigned integer, a symbol of
//     stepCodes: 1 to 8 mean that the key is so much greater than that.
//   - A symbol of keyCodes. 0: the key is a text, as text in book 3. 1: the key
//     is a value of class 0, with nothing before it. n > 1: key n-2 of the
//     dictionary (keys).
//
// The class of an entry's value is the one that the dictionary gives to the
// key, however the key was told. If the key is not there and is a number, an
// unsigned integer or a text of one or more ASCII digits, it is the class of
// the map; else 0.
//
// # Arrays
//
// The elements have the class of the array, but for an array right under tag
// 21: there the class is 1.
//
// # Text
//
// The code of a symbol depends on the book and on the two bytes before it in
// this text. Classes of bytes: 0 for none, before the beginning; 1 for a to z;
// 2 for A to Z; 3 for 0 to 9; 4 for a space; 5 for / = ? & and %; 6 for - _ . :
// @ and +; 7 for " and \; 8 for any other ASCII; 9 for 0x80 to 0xbf; 10 for
// 0xc0 to 0xdf; 11 for 0xe0 to 0xff. With c the class of the last byte and b
// that of the one before it, the code is textCodes[contexts[book][16*b+c]].
//
// Symbols below 256 are bytes. Then:
//
//   - 256: the end of the text.
//   - 257: a byte, in 8 bits.
//   - 258: n in 6 bits, then n + 8 characters of base64url (RFC 4648, Section
//     5) in 6 bits each.
//   - 259: n in 5 bits, then 2n + 8 hex digits, 0 to 9 and a to f, in 4 bits
//     each.
//   - 260: a UUID in lower case, in 128 bits.
//   - n > 260: phrase n-261 (phrases).
//
// # Lists
//
// Records in a list repeat, so an element may be compared to the one before it.
// The value before another one is found by the structure alone:
//
//   - Before an element of an array is the element before it. Before the first
//     one is the first element of the array before the array, if it has one.
//   - Before an entry's value is the value of the same key in the map before
//     the map. Both have their keys in the bytewise order of their encodings,
//     so a decoder walks along the two at once: when it has a key, it leaves
//     out the entries of the map before whose keys are less, and takes the one
//     with the same key, if it is next. The rest is left for the next key.
//   - Before any other entry's value, if its key is a number (as above), is the
//     last value in this map whose key is a number, if any.
//
// Of a value that was found by the last rule, or by one of the first two within
// such a one, only arrays and maps count: if it is another, there is none
// before. (Within an array, all but the first element are found by the first
// rule alone.)
//
// # What the decoder checks
//
// [Unpack] accepts a packed form only if what it says is a well-formed item
// with its heads in the shortest form, nested at most 64 deep, and nothing
// follows. It does not look at the order of keys, at UTF-8, or at what a float
// or a simple value is worth: the strict decoder of the CBOR that it returns
// does, and must follow.
//
// Several packed forms have the same item. [Append] makes one of them, the
// shortest that its parser finds for each value by itself.
package pack

//go:generate go run ./train
