package pack

import (
	"bytes"
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
	padded   bool // there is a =
	special  bool // or a - or a :
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
	p.padded = bytes.IndexByte(piece, '=') >= 0
	p.special = p.padded || bytes.IndexByte(piece, '-') >= 0 || bytes.IndexByte(piece, ':') >= 0
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
	var runs runLengths
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
		best, cost = p.phrases(t, t.phrases.short[bucketOf(start&shortMask)], codes, i, start, best, cost)
		best, cost = p.phrases(t, t.phrases.long[bucketOf(start&longMask)], codes, i, start, best, cost)
		runs.next(c)
		if runs.long() || p.special && p.maybeSpecial(i) {
			best, cost = p.many(t, codes, i, &runs, best, cost)
		}
		p.cost[i] = cost
		plan.steps[i] = best
	}
	plan.cost = p.cost[0]
}

// phrases considers those of a bucket. Of several that are as good, the first
// one counts.
func (p *parser) phrases(t *tables, b bucket, codes []uint16, i int, start uint64, best step, cost uint32) (step, uint32) {
	found := t.phrases.order[b.from:b.to]
	for k := range found {
		x := &found[k]
		if !x.begins(start) || int(x.length) > p.size-i {
			continue
		}
		code := codes[x.symbol]
		c := uint32(code&15) + p.cost[i+int(x.length)]
		if code == 0 || c > cost || c == cost && x.symbol > best.symbol {
			continue
		}
		if c == cost && best.symbol < form.Phrase {
			continue
		}
		if x.length > 8 && string(p.text[i:i+int(x.length)]) != t.Phrases[x.symbol-form.Phrase] {
			continue
		}
		best, cost = step{code, x.symbol, uint16(x.length)}, c
	}
	return best, cost
}

// maybeSpecial reports whether one of the symbols for other parts than
// characters of an alphabet may stand at a place.
func (p *parser) maybeSpecial(i int) bool {
	text := p.text[i:p.size]
	c := text[0]
	return alphabets[c]&3 != 0 && p.padded ||
		len(text) >= form.UUIDLen && text[8] == '-' ||
		'0' <= c && c <= '9' && len(text) >= form.ClockLen && (text[2] == ':' || text[4] == '-')
}

// runLengths has the lengths of the runs of each alphabet that begin at a
// place, 16 bits each.
type runLengths [2]uint64

// Masks and numbers of the same form.
var (
	runMasks [256]runLengths // all bits of the alphabets that a byte is in
	runBias  runLengths      // what a run lacks for the highest bit, if it is not long enough
)

func init() {
	for c := range runMasks {
		for k := range form.Alphabets {
			if alphabets[c]>>k&1 != 0 {
				runMasks[c][k/4] |= 0xffff << (k % 4 * 16)
			}
		}
	}
	for k, r := range runs {
		runBias[k/4] |= uint64(0x8000-r.least) << (k % 4 * 16)
	}
}

// next takes the byte before.
func (r *runLengths) next(c byte) {
	const ones = 0x0001000100010001
	r[0] = (r[0] + ones) & runMasks[c][0]
	r[1] = (r[1] + ones) & runMasks[c][1]
}

// long reports whether a run is long enough to be written as one.
func (r *runLengths) long() bool {
	const highest = 0x8000800080008000
	return ((r[0]+runBias[0])|(r[1]+runBias[1]))&highest != 0
}

func (r *runLengths) of(alphabet int) int {
	return int(r[alphabet/4&1] >> (alphabet % 4 * 16) & 0xffff)
}

// many considers the symbols that stand for a number of characters, of which
// the longest run of its alphabet is as good as any.
func (p *parser) many(t *tables, codes []uint16, i int, lengths *runLengths, best step, cost uint32) (step, uint32) {
	mask := alphabets[p.text[i]]
	text := p.text[i:p.size]
	try := func(symbol, length, bits int) {
		code := codes[symbol]
		if c := uint32(code&15) + uint32(bits) + p.cost[i+length]; code != 0 && c < cost {
			best, cost = step{code, uint16(symbol), uint16(length)}, c
		}
	}
	for m := mask; m != 0; m &= m - 1 {
		k := bits.TrailingZeros8(m) & 7
		n := lengths.of(k)
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
