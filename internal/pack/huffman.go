package pack

import "example.com/cookiesession/internal/pack/form"

// A codeList has the symbols of a code, each with the length of its code in the
// lowest 4 bits, in the order of their codes: by length, then by number.
type codeList []uint16

// A coder gives the symbols of a list their codes, in order. It is the next
// code, filled up to MaxCode bits.
type coder uint16

// next returns the symbol of the next element of the list, and its code, which
// has its length in the lowest 4 bits.
func (c *coder) next(e uint16) (symbol int, code uint16) {
	length := e & 15
	unused := (form.MaxCode - length) & 15
	code = uint16(*c)>>unused<<4 | length
	*c += 1 << unused
	return int(e >> 4), code
}

// setCodes sets the codes by symbol. Those of symbols that have none stay 0.
func (l codeList) setCodes(codes []uint16) {
	var c coder
	for _, e := range l {
		symbol, code := c.next(e)
		codes[symbol] = code
	}
}

// quickBits is the length of the codes that one look-up finds.
const quickBits = 8

// decodeTables find the symbols of codes by several lists.
type decodeTables struct {
	quick numbers    // by list and the first quickBits bits, as in codeList; 0: the code is longer
	last  numbers    // by list and each greater length: the end of the codes, filled up to MaxCode bits, and how far it is from a code to its place in the list
	lists [][]uint16 // codeLists
}

func newDecodeTables(lists [][]uint16, s *sections) decodeTables {
	return decodeTables{quick: numbers(s.next()), last: numbers(s.next()), lists: lists}
}

// find returns the symbol and the length of the code at the beginning of w, as
// in a codeList.
func (t *decodeTables) find(list uint8, w uint64) uint16 {
	if e := t.quick.at(uint(list)<<quickBits | uint(w>>(64-quickBits))); e != 0 {
		return e
	}
	return t.long(list, w)
}

// long is find for a code that is too long for quick.
func (t *decodeTables) long(list uint8, w uint64) uint16 {
	c := uint16(w >> (64 - form.MaxCode))
	at := 2 * uint(list) * (form.MaxCode - quickBits)
	for length := uint16(quickBits + 1); length <= form.MaxCode; length++ {
		if c < t.last.at(at) {
			return t.lists[list][c>>(form.MaxCode-length)+t.last.at(at+1)]&^15 | length
		}
		at += 2
	}
	panic("pack: internal error: a code is incomplete") // unreachable: the trainer's codes are complete
}
