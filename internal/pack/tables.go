package pack

import (
	"math/bits"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// tables is what the packer makes of the trainer's tables.
type tables struct {
	*form.Tables
	values      []decodeTable // by model
	text        []decodeTable
	lengths     []decodeTable
	lengthCodes [form.Lengths][form.LongRun + 1]uint16

	heads     stringIndex // the value symbols that are the beginning of an item
	wordModel []uint8     // of each symbol: the models that have it
	wordCodes []uint16    // its codes in these
	wordEnds  []uint32    // of each symbol in wordModel and wordCodes; while training there are more than 16 bits
	models    []modelCodes

	inContext [form.Books][form.Contexts]*textTable
	books     bookChooser
	phrases   *phraseIndex
	starts    []phrase

	tape *tapeTables
}

// A textTable has the codes of text symbols.
type textTable struct {
	codes    []uint16   // by symbol, but of phrases by their places in the index
	literals [256]uint8 // the bits that each byte takes, escaped if need be
}

// set sets the codes by those of symbols. What the parser looks at together is
// then together.
func (t *textTable) set(codes []uint16, order []indexed) {
	copy(t.codes, codes[:form.Phrase])
	for i := range order {
		if p := &order[i]; p.step != 0 {
			t.codes[form.Phrase+i] = codes[form.Phrase+int(p.phrase)]
		}
	}
	escaped := uint8(codes[form.Escape]&15) + 8
	for c, code := range codes[:form.End] {
		if t.literals[c] = uint8(code & 15); code == 0 {
			t.literals[c] = escaped
		}
	}
}

// modelCodes has the codes of the value symbols of one model that need no
// search.
type modelCodes struct {
	raw        uint16                          // of the symbol with no bytes
	text       [form.Values]uint16             // by book
	forms      [form.Phrase - form.UUID]uint16 // by text symbol
	times      [7]uint16                       // by time form
	bcrypt     uint16
	json       []uint16    // by layout
	jsonBytes  []uint16    // by layout
	heads      [256]uint16 // of the symbols that are one byte
	ints       numberCodes // without tags
	tagged     []intCode   // with tags
	wholes     numberCodes // of floats
	hundredths [25]uint16  // by length
}

type intCode struct{ symbol, code uint16 }

// numberCodes has the codes of symbols for numbers, by the length of a number.
type numberCodes struct {
	codes []intCode
	ends  [66]uint16 // of the codes of each length, behind 0
}

// of returns the codes that a number may have.
func (c *numberCodes) of(n uint64) []intCode {
	size := bits.Len64(n)
	return c.codes[c.ends[size]:c.ends[size+1]]
}

// arrange puts codes in order, of which each may serve several lengths.
func (c *numberCodes) arrange(codes []intCode, values []form.Symbol) {
	lengths := func(symbol uint16) (first, last int) {
		s := &values[symbol]
		return bits.Len64(s.Base), bits.Len64(s.Base + 1<<s.Bits - 1)
	}
	var at [66]uint16
	for _, i := range codes {
		for first, last := lengths(i.symbol); first <= last; first++ {
			at[first+1]++
		}
	}
	for n := range at[1:] {
		at[n+1] += at[n]
	}
	c.ends = at
	c.codes = make([]intCode, at[65])
	for _, i := range codes {
		for first, last := lengths(i.symbol); first <= last; first++ {
			c.codes[at[first]] = i
			at[first]++
		}
	}
}

func newTables(f *form.Tables) *tables {
	t := &tables{
		Tables:  f,
		values:  make([]decodeTable, 0, len(f.Value)),
		lengths: make([]decodeTable, 0, len(f.Length)),
		text:    make([]decodeTable, 0, len(f.Text)),
	}
	for _, l := range f.Value {
		t.values = append(t.values, codeList(l).decoder())
	}
	for i, l := range f.Length {
		t.lengths = append(t.lengths, codeList(l).decoder())
		codeList(l).setCodes(t.lengthCodes[i][:])
	}
	t.phrases = newPhraseIndex(f.Phrases)
	texts, places := make([]textTable, len(f.Text)), form.Phrase+len(t.phrases.order)
	codes := make([]uint16, len(f.Text)*places)
	for i, l := range f.Text {
		t.text = append(t.text, codeList(l).decoder())
		bySymbol := make([]uint16, form.Phrase+len(f.Phrases))
		codeList(l).setCodes(bySymbol)
		texts[i].codes = codes[i*places:][:places:places]
		texts[i].set(bySymbol, t.phrases.order)
	}
	for book := range t.inContext {
		for context, i := range f.Contexts[book] {
			t.inContext[book][context] = &texts[i]
		}
	}
	t.books = newBookChooser(f, texts)
	t.starts = newPhrases(f.Phrases)
	t.loadValues()
	t.tape = newTapeTables(f)
	return t
}

// codesIn returns the codes of text symbols in a context of a book.
func (t *tables) codesIn(book int, context uint8) []uint16 {
	return t.inContext[book][context].codes
}

// loadValues arranges the codes of the value symbols.
func (t *tables) loadValues() {
	isHead := func(s *form.Symbol) bool { return s.Kind == form.Raw && s.Bytes != "" || s.Bytes == emptyText }
	count := 0
	for i := range t.Values {
		if isHead(&t.Values[i]) {
			count++
		}
	}
	t.heads = newStringIndex(count)
	for i := range t.Values {
		if s := &t.Values[i]; isHead(s) {
			t.heads.add(i, s.Bytes)
		}
	}
	t.wordEnds = make([]uint32, len(t.Values)+1)
	for _, l := range t.Value {
		for _, e := range l {
			t.wordEnds[e>>4+1]++
		}
	}
	for i := range t.Values {
		t.wordEnds[i+1] += t.wordEnds[i]
	}
	// Now each symbol has the end of the one before it; as its codes are filled
	// in, that becomes its own.
	t.wordModel = make([]uint8, t.wordEnds[len(t.Values)])
	t.wordCodes = make([]uint16, len(t.wordModel))
	t.models = make([]modelCodes, len(t.Value))
	layouts := make([]uint16, 2*len(t.Value)*len(t.Layouts))
	var ints, wholes, tagged []intCode
	for model, l := range t.Value {
		m := &t.models[model]
		m.json, layouts = layouts[:len(t.Layouts)], layouts[len(t.Layouts):]
		m.jsonBytes, layouts = layouts[:len(t.Layouts)], layouts[len(t.Layouts):]
		ints, wholes, tagged = ints[:0], wholes[:0], tagged[:0]
		var c coder
		for _, e := range l {
			symbol, code := c.next(e)
			at := t.wordEnds[symbol]
			t.wordModel[at], t.wordCodes[at] = uint8(model), code
			t.wordEnds[symbol]++
			switch s := &t.Values[symbol]; {
			case s.Kind == form.Word: // found by its bytes
			case s.Kind == form.Int && s.Bytes == "":
				ints = append(ints, intCode{uint16(symbol), code})
			case s.Kind == form.Int:
				tagged = append(tagged, intCode{uint16(symbol), code})
			case s.Kind == form.Whole:
				wholes = append(wholes, intCode{uint16(symbol), code})
			default:
				m.add(s, code)
			}
		}
		m.ints.arrange(ints, t.Values)
		m.wholes.arrange(wholes, t.Values)
		m.tagged = slices.Clone(tagged)
	}
}

// add adds the code of a symbol that is no word and no number.
func (c *modelCodes) add(s *form.Symbol, code uint16) {
	switch s.Kind {
	case form.Raw:
		switch len(s.Bytes) {
		case 0:
			c.raw = code
		case 1:
			c.heads[s.Bytes[0]] = code
		}
	case form.Text:
		c.text[s.Base] = code
	case form.Form:
		c.forms[s.Base-form.UUID] = code
	case form.Time:
		c.times[s.Base] = code
	case form.Bcrypt:
		c.bcrypt = code
	case form.JSON:
		c.json[s.Base] = code
	case form.JSONBytes:
		c.jsonBytes[s.Base] = code
	case form.Hundredths:
		c.hundredths[s.Bits] = code
	default:
		panic("pack: internal error: unknown kind of symbol")
	}
}

// fits reports whether a model has a symbol for an unsigned integer.
func (t *tables) fits(n uint64, model uint8) bool {
	c := &t.models[model]
	return n < argument8 && c.heads[n] != 0 || slices.ContainsFunc(c.ints.of(n), func(i intCode) bool {
		s := &t.Values[i.symbol]
		return n >= s.Base && (n-s.Base)>>s.Bits == 0
	})
}

// emptyText is the empty text, as CBOR.
const emptyText = "\x60"

// headCode returns the code of the beginning of an item in the table of a
// model; 0 if it has none.
func (t *tables) headCode(model uint8, item []byte) uint16 {
	h := hash(item)
	for symbol, at := t.heads.next(h, h); symbol >= 0; symbol, at = t.heads.next(h, at) {
		if t.Values[symbol].Bytes == string(item) {
			return t.codeOf(model, symbol)
		}
	}
	return 0
}

// codeOf returns the code of a symbol in the table of a model; 0 if it has
// none.
func (t *tables) codeOf(model uint8, symbol int) uint16 {
	from := uint32(0)
	if symbol > 0 {
		from = t.wordEnds[symbol-1]
	}
	for i := from; i < t.wordEnds[symbol]; i++ {
		if t.wordModel[i] == model {
			return t.wordCodes[i]
		}
	}
	return 0
}

// A stringIndex finds a string among many by its hash. What it holds is fixed,
// so no one can make it slow.
type stringIndex struct {
	slots []uint32 // the number of a string and 1, below a part of its hash; as many as a power of two
}

// newStringIndex returns an index with room for n strings.
func newStringIndex(n int) stringIndex {
	return stringIndex{make([]uint32, 1<<bits.Len(uint(n+n/2)))}
}

// add adds the string with a number, which is not empty.
func (s *stringIndex) add(i int, b string) {
	h := hash(b)
	at := h & uint32(len(s.slots)-1)
	for s.slots[at] != 0 {
		at = (at + 1) & uint32(len(s.slots)-1)
	}
	s.slots[at] = h&^numberMask | uint32(i+1)
}

// next returns the number of a string that may have the hash, and where to look
// for another one; -1: there is none. The first place to look at is the hash.
func (s *stringIndex) next(hash, at uint32) (i int, after uint32) {
	for ; ; at++ {
		e := s.slots[at&uint32(len(s.slots)-1)]
		if e == 0 || (e^hash)&^numberMask == 0 {
			return int(e&numberMask) - 1, at + 1
		}
	}
}

// numberMask is the part of a slot that tells which string is there.
const numberMask = 1<<13 - 1

// hash hashes the first and the last 8 bytes of a string that is not empty, and
// its length.
func hash[S string | []byte](s S) uint32 {
	n := len(s)
	var first, last uint64
	switch {
	case n >= 8:
		first, last = load64(s), load64(s[n-8:])
	case n >= 4:
		first, last = load32(s), load32(s[n-4:])
	default:
		first, last = uint64(s[0])<<8|uint64(s[n/2]), uint64(s[n-1])
	}
	const k = 0x9e3779b97f4a7c15
	h := (first ^ uint64(n)) * k
	return uint32((h ^ h>>32 ^ last) * k >> 32)
}

func load32[S string | []byte](s S) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

func load64[S string | []byte](s S) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
