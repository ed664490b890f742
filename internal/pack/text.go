package pack

import "example.com/cookiesession/internal/pack/form"

// noLimit is that of a text that has no form as a whole.
const noLimit = 1 << 30

// rawMargin is how much longer than the bytes themselves a text may become, in
// bits: what the head takes that it would have as raw bytes.
const rawMargin = 16

// text writes the text of which the parser has the first piece, and rest is
// what follows. It writes it in one of the books first and last, after the code
// of that book in codes, unless its bytes themselves are shorter, or it takes
// limit bits or more. It reports whether it did.
func (e *encoder) text(rest string, first, last int, codes []uint16, limit int) bool {
	p := &e.parser
	context := p.begin(e.tables, 0)
	book, sure := first, true
	if first < last {
		book, sure = p.choose(e.tables)
	}
	// around is what a book takes around the piece.
	around := func(book int) int {
		bits := int(codes[book-first] & 15)
		if rest == "" {
			bits += int(e.tables.codesIn(book, context)[form.End] & 15)
		}
		return bits
	}
	plan := &p.plans[0]
	plan.book = book
	fixed := around(book)
	least := p.parse(e.tables, plan, limit-fixed) + fixed
	if !sure {
		other := &p.plans[1]
		other.book = first + last - book
		fixed := around(other.book)
		limit := min(limit, least)
		if bits := p.parse(e.tables, other, limit-fixed) + fixed; bits < limit {
			plan, least = other, bits
		}
	}
	code := codes[plan.book-first]
	if least > 8*p.size+rawMargin+int(code&15) || least >= limit {
		return false
	}
	e.code(code)
	e.piece(plan)
	for rest != "" {
		rest = p.load(rest)
		context = p.begin(e.tables, context)
		p.parse(e.tables, plan, noLimit)
		e.piece(plan)
	}
	e.code(e.tables.codesIn(plan.book, context)[form.End])
	return true
}

// piece writes a piece of a text as it was parsed.
func (e *encoder) piece(plan *plan) {
	at, piece, inContext := 0, e.parser.piece(), &e.tables.inContext[plan.book]
	for _, s := range e.parser.steps(plan) {
		codes := inContext[e.parser.contexts[at]].codes
		symbol, to := s.symbol(), at+s.length()
		code := codes[symbol]
		if code == 0 {
			symbol = form.Escape
			code = codes[symbol]
		}
		e.code(code)
		if symbol > form.End && symbol < form.Phrase {
			e.payload(symbol, piece[at:to])
		}
		at = to
	}
}

const hexDigits = "0123456789abcdef"

// contextAfter returns the context after end, if context is that before it.
func contextAfter(context uint8, end string) uint8 {
	for i := range len(end) {
		context = form.Next(context, form.Class[end[i]])
	}
	return context
}
