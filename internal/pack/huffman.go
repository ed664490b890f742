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

// A decodeTable finds the symbol of a code.
type decodeTable struct {
	quick [1 << quickBits]uint16 // as in codeList; 0: the code is longer
	last  [form.MaxCode - quickBits]longCodes
}

// longCodes are the codes of one length.
type longCodes struct {
	end   uint16 // beyond the last, filled up to MaxCode bits
	shift int16  // from a code to its place in the list
}

func (l codeList) decoder() (t decodeTable) {
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
