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
		code, last := uint16(0), uint16(0)
		for i, e := range l {
			length := e & 15
			if i > 0 {
				code = (code + 1) << (length - last)
			}
			last = length
			if !yield(int(e>>4), code<<4|length) {
				return
			}
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
	i := -1
	for symbol, code := range l.all() {
		i++
		length := code & 15
		code >>= 4
		if length <= quickBits {
			n := uint16(1) << (quickBits - length)
			for k := range n {
				t.quick[code<<(quickBits-length)+k] = uint16(symbol)<<4 | length
			}
			continue
		}
		t.last[length-quickBits-1].end = (code + 1) << (form.MaxCode - length)
		t.last[length-quickBits-1].shift = int16(i) - int16(code)
	}
	for k := range t.last[1:] {
		// Where a length has no codes, the shorter ones end.
		t.last[k+1].end = max(t.last[k+1].end, t.last[k].end)
	}
	return t
}
