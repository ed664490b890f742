package pack

import (
	"iter"

	"example.com/cookiesession/internal/pack/form"
)

// A codeList has the symbols of a code, each with the length of its code in the
// lowest 4 bits, in the order of their codes: by length, then by number.
type codeList []uint16

// all yields the symbols in order, each with its code, which has its length in
// the lowest 4 bits.
func (l codeList) all() iter.Seq2[int, uint16] {
	return func(yield func(int, uint16) bool) {
		next := uint16(0) // the code, filled up to MaxCode bits
		for _, e := range l {
			length := e & 15
			if !yield(int(e>>4), next>>(form.MaxCode-length)<<4|length) {
				return
			}
			next += 1 << (form.MaxCode - length)
		}
	}
}

// codes returns the codes by symbol. A symbol that has none has 0.
func (l codeList) codes(symbols int) []uint16 {
	codes := make([]uint16, symbols)
	for symbol, code := range l.all() {
		codes[symbol] = code
	}
	return codes
}

// quickBits is the length of the codes that one look-up finds.
const quickBits = 8

// A decodeTable finds the symbol of a code.
type decodeTable struct {
	quick [1 << quickBits]uint16 // as in codeList; 0: the code is longer
	last  [form.MaxCode - quickBits]longCodes
	list  codeList
}

// longCodes are the codes of one length.
type longCodes struct {
	end   uint16 // beyond the last, filled up to MaxCode bits
	shift int16  // from a code to its place in the list
}

func (l codeList) decoder() decodeTable {
	t := decodeTable{list: l}
	i, at := 0, 0
	for ; i < len(l) && l[i]&15 <= quickBits; i++ {
		for to := at + 1<<(quickBits-l[i]&15); at < to; at++ {
			t.quick[at] = l[i]
		}
	}
	end := uint16(at) << (form.MaxCode - quickBits)
	for k := range t.last {
		length := uint16(quickBits + 1 + k)
		t.last[k].shift = int16(i) - int16(end>>(form.MaxCode-length))
		for ; i < len(l) && l[i]&15 == length; i++ {
			end += 1 << (form.MaxCode - length)
		}
		t.last[k].end = end
	}
	return t
}
