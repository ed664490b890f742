package pack

import (
	"encoding/binary"
	"math/bits"

	"example.com/cookiesession/internal/pack/form"
)

// Beside the trainer's tables the packer needs what follows from them. To work
// that out takes as long as a hundred sessions, and half of it is for memory
// that is new to the process. So it is done when the tables are made, and comes
// as one string, of which a process reads from its file what it uses.

// Prepare returns what follows from tables, for [Use]: sections, each behind
// its length in bytes in 32 bits. All numbers are little-endian.
func Prepare(f *form.Tables) string {
	p := preparer{f: f}
	p.decoders(f.Value)
	p.decoders(f.Text)
	p.decoders(f.Length)
	p.texts()
	p.wide()
	p.valueCodes()
	p.index(len(f.Values), func(i int) string { return head(&f.Values[i]) })
	p.index(len(f.Values), func(i int) string { return word(&f.Values[i]) })
	p.index(len(f.Keys), func(i int) string { return f.Keys[i] })
	return string(p.out)
}

type preparer struct {
	f   *form.Tables
	out []byte
}

func (p *preparer) bytes(b []byte) {
	p.out = binary.LittleEndian.AppendUint32(p.out, uint32(len(b)))
	p.out = append(p.out, b...)
}

func (p *preparer) numbers(list []uint16) {
	p.out = binary.LittleEndian.AppendUint32(p.out, uint32(2*len(list)))
	for _, n := range list {
		p.out = binary.LittleEndian.AppendUint16(p.out, n)
	}
}

func (p *preparer) numbers32(list []uint32) {
	p.out = binary.LittleEndian.AppendUint32(p.out, uint32(4*len(list)))
	for _, n := range list {
		p.out = binary.LittleEndian.AppendUint32(p.out, n)
	}
}

// decoders makes the two parts of decodeTables.
func (p *preparer) decoders(lists [][]uint16) {
	var quick, last []uint16
	for _, l := range lists {
		i, from := 0, len(quick)
		for ; i < len(l) && l[i]&15 <= quickBits; i++ {
			for range 1 << (quickBits - l[i]&15) {
				quick = append(quick, l[i])
			}
		}
		end := uint16(len(quick)-from) << (form.MaxCode - quickBits)
		quick = append(quick, make([]uint16, 1<<quickBits-(len(quick)-from))...)
		for length := uint16(quickBits + 1); length <= form.MaxCode; length++ {
			shift := uint16(i) - end>>(form.MaxCode-length)
			for ; i < len(l) && l[i]&15 == length; i++ {
				end += 1 << (form.MaxCode - length)
			}
			last = append(last, end, shift)
		}
	}
	p.numbers(quick)
	p.numbers(last)
}

// texts makes the codes and the literals of textTables, and the bookChooser.
func (p *preparer) texts() {
	symbols := form.Phrase + len(p.f.Phrases)
	all := make([]uint16, len(p.f.Text)*symbols)
	literals := make([]byte, 0, len(p.f.Text)*form.End)
	for i, l := range p.f.Text {
		codes := all[i*symbols:][:symbols]
		codeList(l).setCodes(codes)
		for _, code := range codes[:form.End] {
			bits := uint8(code & 15)
			if code == 0 {
				bits = uint8(codes[form.Escape]&15) + 8
			}
			literals = append(literals, bits)
		}
	}
	p.numbers(all)
	p.bytes(literals)

	type pair struct{ first, last uint8 }
	pairs := make(map[pair]uint8)
	var numbers, more []byte
	for context := range form.Contexts {
		x := pair{p.f.Contexts[form.Words][context], p.f.Contexts[form.Marks][context]}
		n, ok := pairs[x]
		if !ok {
			n = uint8(len(pairs))
			pairs[x] = n
			first, last := literals[int(x.first)*form.End:], literals[int(x.last)*form.End:]
			for c := range form.End {
				more = append(more, uint8(2*int8(last[c]-first[c])+lean[c]))
			}
		}
		numbers = append(numbers, n)
	}
	p.bytes(numbers)
	p.bytes(more)
}

// wide makes the wide tables of the codes of keys.
func (p *preparer) wide() {
	var wide []uint16
	for _, l := range p.f.Key {
		for _, e := range l {
			for range 1 << (form.MaxCode - e&15) {
				wide = append(wide, e)
			}
		}
	}
	p.numbers(wide)
}

// valueCodes makes the models and the codes of each symbol.
func (p *preparer) valueCodes() {
	ends := make([]uint32, len(p.f.Values)+2) // a trainer's tables have more than 16 bits of codes
	for _, l := range p.f.Value {
		for _, e := range l {
			ends[e>>4+2]++
		}
	}
	for i := range p.f.Values {
		ends[i+2] += ends[i+1]
	}
	// Now each symbol has at i+1 where its codes begin. As they are filled in,
	// that becomes where they end.
	n := ends[len(p.f.Values)+1]
	models, codes := make([]byte, n), make([]uint16, n)
	for model, l := range p.f.Value {
		var c coder
		for _, e := range l {
			symbol, code := c.next(e)
			at := &ends[symbol+1]
			models[*at], codes[*at] = uint8(model), code
			*at++
		}
	}
	p.bytes(models)
	p.numbers(codes)
	p.numbers32(ends[:len(p.f.Values)+1])
}

// index makes the slots of a stringIndex of n strings, of which those that are
// empty are never found.
func (p *preparer) index(n int, text func(i int) string) {
	count := 0
	for i := range n {
		if text(i) != "" {
			count++
		}
	}
	slots := make([]uint32, 1<<bits.Len(uint(count+count/2)))
	mask := uint32(len(slots) - 1)
	for i := range n {
		if s := text(i); s != "" {
			h := hash(s)
			at := h & mask
			for slots[at] != 0 {
				at = (at + 1) & mask
			}
			slots[at] = h&^numberMask | uint32(i+1)
		}
	}
	p.numbers32(slots)
}

// sections are what is left of what was prepared.
type sections string

// next cuts the next section off.
func (s *sections) next() string {
	n := 4 + int(load32(string(*s)))
	section := string((*s)[4:n])
	*s = (*s)[n:]
	return section
}

// numbers are numbers of 16 bits.
type numbers string

// at returns a number. It is fast if i is known to be small.
func (n numbers) at(i uint) uint16 {
	_ = n[2*i+1]
	return uint16(n[2*i]) | uint16(n[2*i+1])<<8
}
