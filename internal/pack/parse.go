package pack

import (
	"encoding/binary"
	"math/bits"

	"example.com/cookiesession/internal/pack/form"
)

// pieceSize is how much of a text is parsed at a time, in bytes. No symbol
// reaches from one piece into the next.
const pieceSize = 1024

// A parser finds the shortest way to write a text, by dynamic programming from
// its end: since a context is made of the bytes before, and not of the symbols,
// the cost of the rest depends on the place alone. The result depends on
// nothing but the text.
type parser struct {
	text     [pieceSize + 8]byte // the piece, and 8 bytes that no one looks at
	size     int
	contexts [pieceSize + 1]uint8
	cost     [pieceSize + 1]uint32 // from there to the end, in bits
	plans    [2]plan
}

// A plan is how a piece is written.
type plan struct {
	book  int
	cost  uint32
	steps [pieceSize]step
}

// A step is a symbol that may stand at a place.
type step struct {
	code   uint16
	symbol uint16
	length uint16 // of what it stands for, in bytes
}

// set takes a piece that begins in context, and returns the context after it.
func (p *parser) set(piece []byte, context uint8) uint8 {
	p.size = copy(p.text[:pieceSize], piece)
	for i, c := range piece {
		p.contexts[i] = context
		context = form.Next(context, form.Class[c])
	}
	p.contexts[p.size] = context
	return context
}

// parse makes a plan to write the piece in a book. last tells whether the text
// ends with the piece.
func (p *parser) parse(t *tables, plan *plan, book int, last bool) {
	plan.book = book
	n := p.size
	p.cost[n] = 0
	if last {
		p.cost[n] = uint32(t.codesIn(book, p.contexts[n])[form.End] & 15)
	}
	var ends [8]uint16 // of the run of each alphabet
	for k := range ends {
		ends[k] = uint16(n)
	}
	buckets, order := &t.phrases.buckets, t.phrases.order
	for i := n - 1; i >= 0; i-- {
		c := p.text[i]
		codes := t.codesIn(book, p.contexts[i])
		best := step{codes[c], uint16(c), 1}
		cost := uint32(best.code&15) + p.cost[i+1]
		if best.code == 0 {
			best = step{codes[form.Escape], form.Escape, 1}
			cost = uint32(best.code&15) + 8 + p.cost[i+1]
		}
		start := binary.LittleEndian.Uint64(p.text[i:])
		bucket := buckets[bucketOf(start)]
		found := order[bucket.from:bucket.to]
		for k := range found {
			x := &found[k]
			if !x.begins(start) || int(x.length) > n-i {
				continue
			}
			code := codes[x.symbol]
			c := uint32(code&15) + p.cost[i+int(x.length)]
			if code == 0 || c >= cost || x.length > 8 && string(p.text[i:i+int(x.length)]) != t.Phrases[x.symbol-form.Phrase] {
				continue
			}
			best, cost = step{code, x.symbol, uint16(x.length)}, c
		}
		mask := alphabets[c]
		for out := ^mask & (1<<len(form.Alphabets) - 1); out != 0; out &= out - 1 {
			ends[bits.TrailingZeros8(out)&7] = uint16(i)
		}
		if mask != 0 {
			best, cost = p.many(t, codes, i, mask, &ends, best, cost)
		}
		p.cost[i] = cost
		plan.steps[i] = best
	}
	plan.cost = p.cost[0]
}

// many considers the symbols that stand for a number of characters, of which
// the longest run of its alphabet is as good as any.
func (p *parser) many(t *tables, codes []uint16, i int, mask uint8, ends *[8]uint16, best step, cost uint32) (step, uint32) {
	text := p.text[i:p.size]
	try := func(symbol, length, bits int) {
		code := codes[symbol]
		if c := uint32(code&15) + uint32(bits) + p.cost[i+length]; code != 0 && c < cost {
			best, cost = step{code, uint16(symbol), uint16(length)}, c
		}
	}
	for m := mask; m != 0; m &= m - 1 {
		k := bits.TrailingZeros8(m) & 7
		n := int(ends[k]) - i
		if n >= runs[k].least {
			try(form.Run+k, n, t.runBits(k, n))
		}
		if k < 2 && n < len(text) && text[n] == '=' {
			if size := t.paddedBits(text, n, k); size > 0 {
				try(form.Padded+k, n+(4-n%4)%4, size)
			}
		}
	}
	if len(text) > 8 && text[8] == '-' && len(text) >= form.UUIDLen {
		for k, alphabet := range uuidAlphabets {
			if isUUID(text, alphabet) {
				try(form.UUID+k, form.UUIDLen, 128)
			}
		}
	}
	if mask>>form.Hex&1 != 0 && len(text) >= form.ClockLen {
		if text[2] == ':' {
			if _, ok := clockAt(text); ok {
				try(form.Clock, form.ClockLen, form.ClockBits)
			}
		} else if text[4] == '-' {
			if _, ok := dateAt(text); ok {
				try(form.Date, form.DateLen, form.DateBits)
			}
		}
	}
	return best, cost
}
