package pack

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// pieceSize is how much of a text is parsed at a time, in bytes. No symbol
// reaches from one piece into the next.
const pieceSize = 1024

// A parser finds a short way to write a text, from its beginning to its end:
// since a context is made of the bytes before, and not of the symbols, the cost
// of the rest depends on the place alone. It does not go on from a place that a
// better way passes by, so now and then another way would be a bit shorter. The
// result depends on nothing but the text.
type parser struct {
	text     [pieceSize + 8]byte // the piece, and 8 zeros, which no phrase has
	size     int
	contexts [pieceSize + 1]uint8
	parts    []part
	part     int // the next one, while parsing
	plans    [2]plan
	path     [pieceSize]step // of a plan, at the end
}

// A part of a text can be written by one of the symbols that stand for a number
// of characters.
type part struct {
	from, to     int
	symbol, bits int // that follow the symbol, but for a run
}

// A plan is how a piece is written in a book.
type plan struct {
	book int
	ways [pieceSize + 1]way // to each place
}

// A way to a place is the cheapest that was found: its cost in bits, and the
// last step to it. The least of two is the cheaper one.
type way uint64

// A step is the length of a symbol in bytes, and its number.
type step uint32

const (
	wayCost    = 24 // where the cost begins, above the step
	stepLength = 12
	aBit       = way(1) << wayCost
	noWay      = way(noLimit) << wayCost // whose bits an int of 32 bits holds
)

func newStep(symbol, length int) step { return step(length<<stepLength | symbol) }

func (s step) length() int { return int(s >> stepLength) }
func (s step) symbol() int { return int(s & (1<<stepLength - 1)) }

func (w way) cost() way  { return w &^ (aBit - 1) }
func (w way) bits() int  { return int(w >> wayCost) }
func (w way) step() step { return step(w & (aBit - 1)) }

// noWays is what a plan begins with.
var noWays = func() (w [pieceSize + 1]way) {
	for i := range w {
		w[i] = noWay
	}
	return w
}()

// load takes the next piece of a text, and returns what follows it.
func (p *parser) load(text string) (rest string) {
	p.size = copy(p.text[:pieceSize], text)
	clear(p.text[p.size:][:8])
	return text[p.size:]
}

// piece returns the piece.
func (p *parser) piece() []byte { return p.text[:p.size] }

// begin finds the contexts of the piece, of which the first one is given, and
// its parts. It returns the context after it.
func (p *parser) begin(t *tables, context uint8) uint8 {
	seen, contexts := uint64(0), p.contexts[:p.size]
	for i, c := range p.text[:p.size] {
		contexts[i] = context
		seen += sorts[c]
		context = form.Next(context, form.Class[c])
	}
	p.contexts[p.size] = context
	p.parts = p.parts[:0]
	if seen&(digitSort|specialSort) != 0 || seen&upperSort > 1 {
		p.findParts(t)
	}
	return context
}

// sorts has a count for each sort of byte that long runs of one alphabet, and
// the other symbols for several characters, have some of.
var sorts = func() (s [256]uint64) {
	for c := range s {
		switch form.Class[c] {
		case form.Upper:
			s[c] = 1
		case form.Digit:
			s[c] = 1 << 16
		}
	}
	for _, c := range specials {
		s[c] = 1 << 32
	}
	return s
}()

const (
	upperSort   = 0xffff
	digitSort   = 0xffff << 16
	specialSort = 0xffff << 32

	specials = "-:="
)

// runLengths has the lengths of the runs of each alphabet that end at a place,
// 16 bits each, and behind these one of all bytes but specials.
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
		runMasks[c][1] |= 0xffff << 48
	}
	for _, c := range specials {
		runMasks[c][1] &^= 0xffff << 48
	}
	for k, r := range runs {
		runBias[k/4] |= uint64(0x8000-r.least) << (k % 4 * 16)
	}
	runBias[1] |= 0x8000 << 48 // any length
}

func (r runLengths) of(alphabet int) int {
	return int(r[alphabet/4&1] >> (alphabet % 4 * 16) & 0xffff)
}

// findParts finds the parts of the piece, in the order of their beginnings. A
// run is as long as possible. One that has - and _ may begin behind one of
// these, too.
func (p *parser) findParts(t *tables) {
	const (
		ones    = 0x0001000100010001
		highest = 0x8000800080008000
	)
	r0, r1 := uint64(0), uint64(0) // runLengths
	bias0, bias1 := runBias[0], runBias[1]
	for i, c := range p.text[:p.size] {
		// Runs that are long enough and do not go on with c have their highest
		// bit here, and if c is a special, so has what is behind these.
		m := &runMasks[c]
		if ((r0+bias0)&^m[0]|(r1+bias1)&^m[1])&highest != 0 {
			p.partsOf(t, runLengths{r0, r1}, runLengths{(r0 + bias0) & highest &^ m[0], (r1 + bias1) & highest &^ m[1]}, i)
		}
		r0, r1 = (r0+ones)&m[0], (r1+ones)&m[1]
	}
	p.partsOf(t, runLengths{r0, r1}, runLengths{(r0 + bias0) & highest, (r1 + bias1) & highest &^ (1 << 63)}, p.size)
}

// add adds a part.
func (p *parser) add(from, to, symbol, bits int) {
	p.parts = append(p.parts, part{from, to, symbol, bits})
	for i := len(p.parts) - 1; i > 0 && p.parts[i-1].from > from; i-- {
		p.parts[i-1], p.parts[i] = p.parts[i], p.parts[i-1]
	}
}

// partsOf adds the runs that end at a place, and the part around it if it is a
// special.
func (p *parser) partsOf(t *tables, lengths, ended runLengths, end int) {
	const special = 1 << 63
	if ended[1]&special != 0 {
		p.special(t, lengths, end)
	}
	ended[1] &^= special
	for word, e := range ended {
		for ; e != 0; e &= e - 1 {
			k := 4*word + bits.TrailingZeros64(e)/16
			for n := lengths.of(k); n >= runs[k].least; n = p.shorter(lengths, end, n, k) {
				p.add(end-n, end, form.Run+k, 0)
			}
		}
	}
}

// shorter returns how many of the last n characters of a run may be a run by
// themselves: those behind the first - or _.
func (p *parser) shorter(lengths runLengths, end, n, alphabet int) int {
	if alphabet != 0 || lengths.of(1) >= n {
		return 0 // it has none: they are what sets the first two alphabets apart
	}
	for n--; p.text[end-n-1] != '-' && p.text[end-n-1] != '_'; n-- {
	}
	return n
}

// special adds the part around one of the characters - : =, if there is one.
func (p *parser) special(t *tables, lengths runLengths, i int) {
	text := p.text[:p.size]
	switch text[i] {
	case '=':
		for k := range 2 {
			for n := lengths.of(k); n > 0; n = p.shorter(lengths, i, n, k) {
				if size := t.paddedBits(text[i-n:], n, k); size > 0 {
					p.add(i-n, i+(4-n%4)%4, form.Padded+k, size)
				}
			}
		}
	case ':':
		if lengths.of(form.Digits) == 2 {
			if _, ok := clockAt(text[i-2:]); ok {
				p.add(i-2, i-2+form.ClockLen, form.Clock, form.ClockBits)
			}
		}
	case '-':
		if lengths.of(form.Digits) == 4 {
			if _, ok := dateAt(text[i-4:]); ok {
				p.add(i-4, i-4+form.DateLen, form.Date, form.DateBits)
			}
		}
		for k, alphabet := range uuidAlphabets {
			if lengths.of(alphabet) == 8 && isUUID(text[i-8:], alphabet) {
				p.add(i-8, i-8+form.UUIDLen, form.UUID+k, 128)
			}
		}
	}
}

// doubt is how little the two books may differ for both to be tried, in bits:
// more of them, if much of the text is random.
const (
	doubt       = 4
	randomDoubt = 16
)

// lean has, for each byte, how much more the last book of values takes for it
// than its code there says, beyond what the first book does: that one has the
// phrases of words and sentences, and so needs less than its codes of bytes
// tell. In half bits, fitted to the texts of testdata.
var lean = func() (l [256]int8) {
	for c := range l {
		switch form.Class[c] {
		case form.Lower:
			l[c] = 3
		case form.Upper:
			l[c] = 2
		case form.Digit:
			l[c] = -6
		}
	}
	l[' '], l['/'], l['.'], l['-'], l['='], l['@'] = 10, -16, 6, -6, -8, 3
	return l
}()

// A bookChooser has what each byte takes more in the last book of values than
// in the first, in half bits, by the number of the pair of tables that a
// context has in the two.
type bookChooser struct {
	pairs [form.Contexts]uint8
	more  [][256]int8
}

func newBookChooser(f *form.Tables, texts []textTable) (b bookChooser) {
	type pair struct{ first, last uint8 }
	pairs := make([]pair, 0, form.Contexts)
	b.more = make([][256]int8, 0, len(texts))
	for context := range b.pairs {
		p := pair{f.Contexts[form.Words][context], f.Contexts[form.Marks][context]}
		n := slices.Index(pairs, p)
		if n < 0 {
			n = len(pairs)
			pairs = append(pairs, p)
			first, last := &texts[p.first].literals, &texts[p.last].literals
			var more [256]int8
			for c := range more {
				more[c] = 2*int8(last[c]-first[c]) + lean[c]
			}
			b.more = append(b.more, more)
		}
		b.pairs[context] = uint8(n)
	}
	return b
}

// longPart is how many characters a long part has.
const longPart = 12

// choose chooses the book of a value by the bytes of the piece, but for those
// of long parts, which may be all random. It is not sure if these say little.
func (p *parser) choose(t *tables) (book int, sure bool) {
	more, at, doubt := 0, 0, doubt
	for _, x := range p.parts {
		if x.to-x.from >= longPart {
			more += p.more(&t.books, at, x.from)
			at, doubt = max(at, x.to), randomDoubt
		}
	}
	if more += p.more(&t.books, at, p.size); more < 0 {
		return form.Marks, more <= -2*doubt
	}
	return form.Words, more >= 2*doubt
}

// more returns what the bytes between two places take more, in half bits.
func (p *parser) more(b *bookChooser, from, to int) (more int) {
	for i := from; i < to; i++ {
		more += int(b.more[b.pairs[p.contexts[i]]][p.text[i]])
	}
	return more
}

// passed is how many bits more a place costs than one behind it, for a parser
// not to go on from there: about as many as the shortest symbols have.
const passed = 4

// parse plans how to write the piece in the plan's book, and returns the bits.
// If these are limit or more, there may be no plan.
func (p *parser) parse(t *tables, plan *plan, limit int) (bits int) {
	n := p.size
	inContext, ways := &t.inContext[plan.book], &plan.ways
	copy(ways[1:n+1], noWays[:])
	ways[0] = 0
	phrases := t.phrases
	// What the cheapest way to a place beyond the next one costs, and passed.
	most := way(limit) * aBit
	ahead, aheadAt := most, 0
	part := p.partAt(0)
	for i := 0; i < n; i++ {
		if i >= aheadAt {
			ahead = most
		}
		here := ways[i].cost()
		if here >= ahead {
			continue
		}
		table, c := inContext[p.contexts[i]], p.text[i]
		ways[i+1] = min(ways[i+1], here+way(table.literals[c])*aBit+way(1<<stepLength|step(c)))
		if part <= i {
			part = p.partsAt(t, i, here, table.codes, ways)
		}
		b := &phrases.buckets[phrases.cell(c, p.text[i+1])]
		if code := table.codes[b.two.symbol()]; code != 0 {
			if next := here + way(code&15)*aBit + way(b.two); next < ways[i+2] {
				ways[i+2] = next
				if enough := next.cost() + passed*aBit; enough < ahead {
					ahead, aheadAt = enough, i+2
				}
			}
		}
		bit := uint64(1) << (p.text[i+2] & 63)
		if b.thirds&bit == 0 {
			continue
		}
		start := binary.LittleEndian.Uint64(p.text[i:])
		for k, end := phrases.longer(b, bit); k < end; k++ {
			x, code := &phrases.order[k], table.codes[form.Phrase+k]
			if code == 0 || !x.begins(start) {
				continue
			}
			next, to := here+way(code&15)*aBit+way(x.step), i+x.step.length()
			// What start does not show of a long phrase may lie behind the
			// piece.
			if to > n || next >= ways[to] || x.step.length() > 8 && string(p.text[i:to]) != t.Phrases[x.phrase] {
				continue
			}
			ways[to] = next
			if enough := next.cost() + passed*aBit; enough < ahead {
				ahead, aheadAt = enough, to
			}
		}
	}
	return ways[n].bits()
}

// partAt begins to walk along the parts with the given one, and returns where
// it begins.
func (p *parser) partAt(part int) int {
	p.part = part
	if part < len(p.parts) {
		return p.parts[part].from
	}
	return pieceSize
}

// partsAt takes the parts up to those that begin at i, and returns where the
// next one begins.
func (p *parser) partsAt(t *tables, i int, here way, codes []uint16, ways *[pieceSize + 1]way) int {
	next := p.partAt(p.part)
	for ; next <= i; next = p.partAt(p.part + 1) {
		if x := &p.parts[p.part]; next == i && codes[x.symbol] != 0 {
			bits := int(codes[x.symbol]&15) + x.bits
			if x.symbol >= form.Run {
				bits += t.runBits(x.symbol-form.Run, x.to-i)
			}
			ways[x.to] = min(ways[x.to], here+way(bits)*aBit+way(newStep(x.symbol, x.to-i)))
		}
	}
	return next
}

// steps lays out the steps of a plan.
func (p *parser) steps(plan *plan) []step {
	k := len(p.path)
	for i := p.size; i > 0; {
		k--
		p.path[k] = plan.ways[i].step()
		i -= p.path[k].length()
	}
	return p.path[k:]
}
