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
	before int // the next element
	repeat bool
}

func newList(item []byte, before int, repeat bool) list {
	if before != none && item[before]>>5 == majorArray {
		if _, n, size := readHead(item[before:]); n > 0 {
			return list{before + size, repeat}
		}
	}
	return list{none, true}
}

// add tells where the element was.
func (l *list) add(at int) { *l = list{at, true} }

// A record walks along the entries of a map, and those of the map before it,
// whose keys have the same order.
type record struct {
	at       int    // of the next entry of the map before
	left     uint64 // entries of it
	repeat   bool
	numbered bool // the last key was an unsigned integer
	number   uint64
	indexed  int // the value of the last key that was a number
}

func newRecord(item []byte, before int, repeat bool) record {
	r := record{repeat: repeat, indexed: none}
	if before != none && item[before]>>5 == majorMap {
		_, n, size := readHead(item[before:])
		r.at, r.left = before+size, n
	}
	return r
}

// plain reports whether nothing is known of the next key.
func (r *record) plain() bool { return r.left == 0 && !r.numbered }

// expected returns the key that the map before has here, if any.
func (r *record) expected(item []byte) []byte {
	if r.left == 0 {
		return nil
	}
	return item[r.at:skip(item, r.at)]
}

// add takes the next key, whose value will be at the given place, and returns
// the place of the value before that.
func (r *record) add(item, key []byte, at int) (before int, repeat bool) {
	if r.left == 0 && !isIndex(key) {
		r.numbered = false
		return none, r.repeat
	}
	return r.find(item, key, at)
}

func (r *record) find(item, key []byte, at int) (before int, repeat bool) {
	before, repeat = none, r.repeat
	for r.left > 0 {
		end := skip(item, r.at)
		order := bytes.Compare(item[r.at:end], key)
		if order > 0 {
			break
		}
		if order == 0 {
			before = end
		}
		r.at = skip(item, end)
		r.left--
		if order == 0 {
			break
		}
	}
	if isIndex(key) {
		if before == none {
			before, repeat = r.indexed, false
		}
		r.indexed = at
		major, n, _ := readHead(key)
		r.numbered, r.number = major == majorUint, n
	} else {
		r.numbered = false
	}
	return before, repeat
}
