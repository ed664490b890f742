package pack

import "example.com/cookiesession/internal/pack/form"

// enough is how short a text must be in the first book, in bits a byte, for the
// second not to be tried.
const enough = 3

// noLimit is that of a text that has no form as a whole.
const noLimit = 1 << 30

// rawMargin is how much longer than the bytes themselves a text may become, in
// bits: what the head takes that it would have as raw bytes.
const rawMargin = 16

// text writes a text in one of the books first and last, after the code of that
// book in codes, unless its bytes themselves are shorter, or it takes limit
// bits or more. It reports whether it did.
func (e *encoder) text(text []byte, first, last int, codes []uint16, limit int) bool {
	p := &e.parser
	n := min(len(text), pieceSize)
	context := p.set(text[:n], 0)
	best := &p.plans[0]
	p.parse(e.tables, best, first, n == len(text))
	if first < last && best.cost > enough*uint32(n) {
		other := &p.plans[1]
		p.parse(e.tables, other, last, n == len(text))
		if other.cost+uint32(codes[last-first]&15) < best.cost+uint32(codes[0]&15) {
			best = other
		}
	}
	if best.cost > uint32(8*n+rawMargin) || int(best.cost)+int(codes[best.book-first]&15) >= limit {
		return false
	}
	e.code(codes[best.book-first])
	e.piece(text[:n], best)
	for text = text[n:]; len(text) > 0; text = text[n:] {
		n = min(len(text), pieceSize)
		context = p.set(text[:n], context)
		p.parse(e.tables, best, best.book, n == len(text))
		e.piece(text[:n], best)
	}
	e.code(e.tables.codesIn(best.book, context)[form.End])
	return true
}

// piece writes a piece of a text as planned.
func (e *encoder) piece(piece []byte, plan *plan) {
	for i := 0; i < len(piece); {
		s := plan.steps[i]
		n := int(s.length)
		e.code(s.code)
		rest := piece[i : i+n]
		i += n
		if s.symbol > form.End && s.symbol < form.Phrase {
			e.payload(int(s.symbol), rest)
		}
	}
}

const hexDigits = "0123456789abcdef"

// text reads a text into dst, without a head.
func (d *decoder) text(book int) error {
	table := &d.tables.Contexts[book]
	context := uint8(0)
	for {
		symbol := d.r.symbol(&d.tables.text[table[context]])
		d.noteText(book, context, symbol)
		switch {
		case symbol < form.End:
			context = form.Next(context, form.Class[symbol])
			d.dst = append(d.dst, byte(symbol))
		case symbol >= form.Phrase:
			s := d.tables.Phrases[symbol-form.Phrase]
			d.dst = append(d.dst, s...)
			context = contextAfter(context, s[max(len(s)-2, 0):])
		case symbol == form.End:
			return nil
		default:
			from := len(d.dst)
			if err := d.payload(int(symbol)); err != nil {
				return err
			}
			context = contextAfter(context, string(d.dst[max(len(d.dst)-2, from):]))
		}
		if err := d.check(); err != nil {
			return err
		}
	}
}

// contextAfter returns the context after end, which are one or two bytes.
func contextAfter(context uint8, end string) uint8 {
	for i := range len(end) {
		context = form.Next(context, form.Class[end[i]])
	}
	return context
}
