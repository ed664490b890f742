package pack

import (
	"encoding/binary"

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
	length uint8 // of what it stands for, in bytes
}

// Alphabets of the symbols that stand for a number of characters.
const (
	isBase64 = 1 << iota
	isHex
)

var alphabets = func() (a [256]uint8) {
	for _, c := range form.Alphabet {
		a[c] = isBase64
	}
	for _, c := range hexDigits {
		a[c] |= isHex
	}
	return a
}()

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
	run, hex := 0, 0
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
			code := codes[x.symbol&mostText]
			c := uint32(code&15) + p.cost[i+int(x.length)]
			if code == 0 || c >= cost || x.length > 8 && string(p.text[i:i+int(x.length)]) != t.Phrases[x.symbol-form.Phrase] {
				continue
			}
			best, cost = step{code, x.symbol, x.length}, c
		}
		switch a := alphabets[c]; {
		case a == 0:
			run, hex = 0, 0
		case a&isHex != 0:
			run, hex = min(run, form.RunMax-1)+1, min(hex, form.HexMax-1)+1
		default:
			run, hex = min(run, form.RunMax-1)+1, 0
		}
		if run >= form.RunMin {
			best, cost = p.many(codes, i, run, hex, best, cost)
		}
		p.cost[i] = cost
		plan.steps[i] = best
	}
	plan.cost = p.cost[0]
}

// many considers the symbols that stand for a number of characters, of which
// the longest run of its alphabet is always as good as any.
func (p *parser) many(codes *textCodes, i, run, hex int, best step, cost uint32) (step, uint32) {
	try := func(symbol uint16, length, bits int) {
		code := codes[symbol]
		if c := uint32(code&15) + uint32(bits) + p.cost[i+length]; code != 0 && c < cost {
			best, cost = step{code, symbol, uint8(length)}, c
		}
	}
	try(form.Run, run, form.RunBits+6*run)
	if k := hex &^ 1; k >= 2*form.HexMin {
		try(form.Hex, k, form.HexBits+4*k)
	}
	if hex == 8 && run >= form.UUIDLen && isUUID(p.text[i:i+form.UUIDLen]) {
		try(form.UUID, form.UUIDLen, 128)
	}
	return best, cost
}

func isUUID(s []byte) bool {
	for i, c := range s {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if alphabets[c]&isHex == 0 {
			return false
		}
	}
	return true
}
