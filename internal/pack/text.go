package pack

import "example.com/cookiesession/internal/pack/form"

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
	context := p.set(e.tables, text[:n], 0)
	plan := &p.plans[0]
	bits := func() int {
		bits := p.parse(e.tables, plan) + int(codes[plan.book-first]&15)
		if n == len(text) {
			bits += int(e.tables.codesIn(plan.book, context).at(form.End) & 15)
		}
		return bits
	}
	sure := true
	if plan.book = first; first < last {
		plan.book, sure = p.choose(e.tables)
	}
	least := bits()
	if !sure {
		chosen := plan
		plan = &p.plans[1]
		plan.book = first + last - chosen.book
		if other := bits(); other < least {
			least = other
		} else {
			plan = chosen
		}
	}
	code := codes[plan.book-first]
	if least > 8*n+rawMargin+int(code&15) || least >= limit {
		return false
	}
	e.code(code)
	e.piece(text[:n], plan)
	for text = text[n:]; len(text) > 0; text = text[n:] {
		n = min(len(text), pieceSize)
		context = p.set(e.tables, text[:n], context)
		p.parse(e.tables, plan)
		e.piece(text[:n], plan)
	}
	e.code(e.tables.codesIn(plan.book, context).at(form.End))
	return true
}

// piece writes a piece of a text as it was parsed.
func (e *encoder) piece(piece []byte, plan *plan) {
	at := 0
	for _, s := range e.parser.steps(plan) {
		codes := e.tables.codesIn(plan.book, e.parser.contexts[at])
		symbol, to := s.symbol(), at+s.length()
		code := codes.at(uint(symbol))
		if code == 0 {
			symbol, code = form.Escape, codes.at(form.Escape)
		}
		e.code(code)
		if symbol > form.End && symbol < form.Phrase {
			e.payload(symbol, piece[at:to])
		}
		at = to
	}
}

const hexDigits = "0123456789abcdef"

// contextAfter returns the context after end, which are one or two bytes.
func contextAfter(context uint8, end string) uint8 {
	for i := range len(end) {
		context = form.Next(context, form.Class[end[i]])
	}
	return context
}
