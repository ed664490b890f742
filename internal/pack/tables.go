package pack

import (
	"math/bits"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// tables is what the packer makes of the trainer's tables.
type tables struct {
	*form.Tables
	values      decodeTables // by model
	text        decodeTables
	lengths     decodeTables
	lengthCodes [form.Lengths][form.LongRun + 1]uint16

	heads    stringIndex // the value symbols that are the beginning of an item
	modelsOf string      // of each value symbol: the models that have it
	codesOf  numbers     // its codes in these
	ends     string      // in 32 bits, of each symbol in modelsOf and codesOf; before it, that of the one before
	models   []modelCodes

	inContext [form.Books][form.Contexts]*textTable
	books     bookChooser
	phrases   *phraseIndex
	starts    []phrase

	tape *tapeTables
}

// A textTable has the codes of text symbols.
type textTable struct {
	codes    numbers // by symbol
	literals string  // the bits that each byte takes, escaped if need be
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

func newTables(f *form.Tables, prepared string) *tables {
	s := sections(prepared)
	t := &tables{
		Tables:  f,
		values:  newDecodeTables(f.Value, &s),
		text:    newDecodeTables(f.Text, &s),
		lengths: newDecodeTables(f.Length, &s),
	}
	for i, l := range f.Length {
		codeList(l).setCodes(t.lengthCodes[i][:])
	}
	texts, codes, literals := make([]textTable, len(f.Text)), s.next(), s.next()
	for i := range texts {
		size := 2 * (form.Phrase + len(f.Phrases))
		texts[i] = textTable{numbers(codes[i*size:][:size]), literals[i*form.End:][:form.End]}
	}
	for book := range t.inContext {
		for context, i := range f.Contexts[book] {
			t.inContext[book][context] = &texts[i]
		}
	}
	t.books = bookChooser{pairs: s.next(), more: s.next()}
	t.phrases = newPhraseIndex(f.Phrases)
	t.starts = newPhrases(f.Phrases)
	wide := s.next()
	t.modelsOf, t.codesOf, t.ends = s.next(), numbers(s.next()), s.next()
	t.heads.slots = s.next()
	t.loadValues()
	t.tape = newTapeTables(f)
	t.tape.words.slots = s.next()
	t.tape.texts.slots = s.next()
	for i := range t.tape.wide {
		const size = 2 << form.MaxCode
		t.tape.wide[i] = numbers(wide[i*size:][:size])
	}
	return t
}

// codesIn returns the codes of text symbols in a context of a book.
func (t *tables) codesIn(book int, context uint8) numbers {
	return t.inContext[book][context].codes
}

// loadValues arranges the codes of the value symbols.
func (t *tables) loadValues() {
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

// head returns the bytes of a symbol that is the beginning of an item, or the
// empty text, and else "".
func head(s *form.Symbol) string {
	if s.Kind == form.Raw || s.Bytes == emptyText {
		return s.Bytes
	}
	return ""
}

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
	for i, to := load32(t.ends[4*symbol:]), load32(t.ends[4*symbol+4:]); i < to; i++ {
		if t.modelsOf[i] == model {
			return t.codesOf.at(uint32(i))
		}
	}
	return 0
}

// A stringIndex finds a string among many by its hash. What it holds is fixed,
// so no one can make it slow.
type stringIndex struct {
	slots string // of 32 bits, as many as a power of two: the number of a string and 1, below a part of its hash
}

// next returns the number of a string that may have the hash, and where to look
// for another one; -1: there is none. The first place to look at is the hash.
func (s *stringIndex) next(hash, at uint32) (i int, after uint32) {
	for ; ; at++ {
		e := uint32(load32(s.slots[4*at&uint32(len(s.slots)-1):]))
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
