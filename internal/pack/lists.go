package pack

import (
	"math"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
)

// In a list, a value has a previous one, to which it may be compared:
//
//   - an element of an array that has a previous array: the element at the same
//     place there, if there is one
//   - any other element: the element before it
//   - an entry of a map that has the same keys as its previous map: the value
//     of the same key there
//   - any other entry whose key is a number: the last value in this map whose
//     key is a number, but only as to arrays and maps
//
// Which one that is depends on the structure alone. Both sides find it in what
// they have already seen of the item, so nothing is kept of it but places.

// none is the place of no value.
const none = -1

// A list walks along an array.
type list struct {
	row      int    // the element of the previous array at this place
	left     uint64 // elements of the previous array from there on
	mayEqual bool   // of these
	last     int    // the last element of this array, or none
}

func newList(t *cbor.Tape, prev int, mayEqual bool) list {
	l := list{mayEqual: mayEqual, last: none}
	if prev != none && t.Tokens[prev].Kind == cbor.Array {
		l.row, l.left = prev+1, t.Tokens[prev].N
	}
	return l
}

// prev returns the previous value of the next element.
func (l *list) prev() (prev int, mayEqual bool) {
	if l.left > 0 {
		return l.row, l.mayEqual
	}
	return l.last, true
}

// add tells where the element was.
func (l *list) add(t *cbor.Tape, at int) {
	l.last = at
	if l.left > 0 {
		if l.left--; l.left > 0 {
			l.row += int(t.Tokens[l.row].Size)
		}
	}
}

// A record walks along the entries of a map and, if that has the same keys,
// along those of the previous map.
type record struct {
	row      int // the next entry of the previous map, or none
	mayEqual bool
	code     uint8 // of the next key
	inJSON   bool  // where all keys have one code
	stepped  bool  // the last key was an unsigned integer
	number   uint64
	indexed  int // the value of the last key that was a number

	// For a decoder:
	last int // the last key
	rank int // its rank in the dictionary
}

// unranked is the rank of a key that may not be in the dictionary.
const unranked = math.MaxInt

func newRecord(prev int, sameShape, mayEqual, inJSON bool) record {
	r := record{row: none, mayEqual: mayEqual, indexed: none, inJSON: inJSON, last: none, rank: -1}
	r.after(form.FirstKey)
	if sameShape {
		r.row = prev + 1
	}
	return r
}

// plain reports whether nothing is known of the next key but its code.
func (r *record) plain() bool { return r.row == none && !r.stepped }

// after sets the code of the next key, which is this one but in JSON.
func (r *record) after(code uint8) {
	if r.code = code; r.inJSON {
		r.code = form.JSONKey
	}
}

// add takes the next key, of so many bytes if it is a text, whose value will be
// at the given place, and returns the previous value of that. isIndex tells
// whether the key is a number.
func (r *record) add(t *cbor.Tape, key *cbor.Token, length, at int, isIndex bool) (prev int, mayEqual bool) {
	r.stepped = false
	r.after(form.FirstKey)
	switch key.Kind {
	case cbor.Uint:
		r.stepped, r.number = true, key.N
	case cbor.Text:
		r.after(form.KeyCode(length))
	}
	if r.row != none {
		prev = r.row + int(t.Tokens[r.row].Size)
		r.row = prev + int(t.Tokens[prev].Size)
		return prev, r.mayEqual
	}
	if !isIndex {
		return none, r.mayEqual
	}
	prev, r.indexed = r.indexed, at
	return prev, false
}
