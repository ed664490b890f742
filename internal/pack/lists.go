package pack

import "example.com/cookiesession/internal/pack/form"

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

// A list walks along an array, and along the previous array.
type list struct {
	row      int    // the element of the previous array at this place
	left     uint64 // elements of the previous array from there on
	mayEqual bool   // of these
	last     int    // the last element of this array, or none
}

func newList(item []byte, prev int, mayEqual bool) list {
	l := list{mayEqual: mayEqual, last: none}
	if prev != none && item[prev]>>5 == majorArray {
		_, n, size := readHead(item[prev:])
		l.row, l.left = prev+size, n
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
func (l *list) add(item []byte, at int) {
	l.last = at
	if l.left > 0 {
		l.left--
		if l.left > 0 {
			l.row = skip(item, l.row)
		}
	}
}

// A record walks along the entries of a map and, if that has the same keys,
// along those of the previous map.
type record struct {
	row      int // the next entry of the previous map, or none
	mayEqual bool
	code     uint8 // of the next key
	stepped  bool  // the last key was an unsigned integer
	number   uint64
	indexed  int // the value of the last key that was a number
}

func newRecord(item []byte, prev int, sameShape, mayEqual bool) record {
	r := record{row: none, mayEqual: mayEqual, indexed: none}
	if sameShape {
		_, _, size := readHead(item[prev:])
		r.row = prev + size
	}
	return r
}

// add takes the next key, whose value will be at the given place, and returns
// the previous value of that.
func (r *record) add(item, key []byte, at int) (prev int, mayEqual bool) {
	major, n, _ := readHead(key)
	r.stepped, r.code = false, form.FirstKey
	switch major {
	case majorUint:
		r.stepped, r.number = true, n
	case majorText:
		r.code = form.KeyCode(int(n))
	}
	if r.row != none {
		prev = skip(item, r.row)
		r.row = skip(item, prev)
		return prev, r.mayEqual
	}
	if !isIndex(key) {
		return none, r.mayEqual
	}
	prev, r.indexed = r.indexed, at
	return prev, false
}
