package pack

import "bytes"

// Where lists repeat themselves, a value has another one before it, to which it
// may be compared:
//
//   - an element, the element before it; the first one, the first element of
//     the array that is before its own
//   - an entry of a map that has a map before it, the entry with the same key
//     there
//   - any other entry whose key is a number, the entry before it whose key is a
//     number, but only as to arrays and maps
//
// Which one that is depends on the structure alone. Both sides find it in what
// they have already seen of the item, so nothing is kept of it but places.

// none is the place of no value.
const none = -1

// A list walks along an array.
type list struct {
	prev     int // the next element
	mayEqual bool
}

func newList(item []byte, prev int, mayEqual bool) list {
	if prev != none && item[prev]>>5 == majorArray {
		if _, n, size := readHead(item[prev:]); n > 0 {
			return list{prev + size, mayEqual}
		}
	}
	return list{none, true}
}

// add tells where the element was.
func (l *list) add(at int) { *l = list{at, true} }

// A record walks along the entries of a map, and those of the previous map,
// whose keys have the same order.
type record struct {
	at       int    // of the next entry of the previous map
	left     uint64 // entries of it
	mayEqual bool
	numbered bool // the last key was an unsigned integer
	number   uint64
	indexed  int // the value of the last key that was a number
}

func newRecord(item []byte, prev int, mayEqual bool) record {
	r := record{mayEqual: mayEqual, indexed: none}
	if prev != none && item[prev]>>5 == majorMap {
		_, n, size := readHead(item[prev:])
		r.at, r.left = prev+size, n
	}
	return r
}

// plain reports whether nothing is known of the next key.
func (r *record) plain() bool { return r.left == 0 && !r.numbered }

// expected returns the key that the previous map has here, if any.
func (r *record) expected(item []byte) []byte {
	if r.left == 0 {
		return nil
	}
	return item[r.at:skip(item, r.at)]
}

// add takes the next key, whose value will be at the given place, and returns
// the place of its previous value.
func (r *record) add(item, key []byte, at int) (prev int, mayEqual bool) {
	if r.left == 0 && !isIndex(key) {
		r.numbered = false
		return none, r.mayEqual
	}
	return r.find(item, key, at)
}

func (r *record) find(item, key []byte, at int) (prev int, mayEqual bool) {
	prev, mayEqual = none, r.mayEqual
	for r.left > 0 {
		end := skip(item, r.at)
		order := bytes.Compare(item[r.at:end], key)
		if order > 0 {
			break
		}
		if order == 0 {
			prev = end
		}
		r.at = skip(item, end)
		r.left--
		if order == 0 {
			break
		}
	}
	if isIndex(key) {
		if prev == none {
			prev, mayEqual = r.indexed, false
		}
		r.indexed = at
		major, n, _ := readHead(key)
		r.numbered, r.number = major == majorUint, n
	} else {
		r.numbered = false
	}
	return prev, mayEqual
}
