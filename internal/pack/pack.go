package pack

import (
	"bytes"
	"math"
	"math/bits"
	"sync"

	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// A Packer packs and unpacks by one set of tables. Several goroutines may use
// it at a time.
type Packer struct {
	tables   *tables
	encoders sync.Pool

	tapeEncoders, tapeDecoders sync.Pool
}

// New returns a Packer for tables, which must not change any more.
func New(f *form.Tables) *Packer {
	p := &Packer{tables: newTables(f)}
	p.encoders.New = func() any { return &encoder{tables: p.tables} }
	p.tapeEncoders.New = func() any { return &tapeEncoder{encoder: encoder{tables: p.tables}} }
	p.tapeDecoders.New = func() any { return &tapeDecoder{decoder: decoder{tables: p.tables}} }
	return p
}

// Append appends the packed form of item to dst. item must be one deterministic
// CBOR item, nested at most 64 deep, and nothing else.
func (p *Packer) Append(dst, item []byte) []byte {
	e := p.newEncoder(dst, item)
	defer p.free(e)
	e.value(0, form.Generic, none, true)
	return e.w.close()
}

// Bits returns the length of the packed form of item in bits, without those
// that fill the last byte.
func (p *Packer) Bits(item []byte) int {
	e := p.newEncoder(nil, item)
	defer p.free(e)
	e.w.dst = e.buffer[:0]
	e.value(0, form.Generic, none, true)
	e.buffer = e.w.dst
	return e.w.bits()
}

// An encoder packs one item.
type encoder struct {
	w         writer
	tables    *tables
	item      []byte
	parser    parser
	trace     *tracer // of Explain
	depth     int     // levels that are open
	inJSON    bool
	jsonItems []byte // of the JSON texts that are open
	jsonText  []byte
	buffer    []byte // of Bits
}

func (p *Packer) newEncoder(dst, item []byte) *encoder {
	e := p.encoders.Get().(*encoder)
	e.w = writer{dst: dst, start: len(dst)}
	e.item = item
	e.depth = 0
	return e
}

func (p *Packer) free(e *encoder) {
	e.w, e.item, e.trace = writer{}, nil, nil
	p.encoders.Put(e)
}

// code writes a code with its length in the lowest 4 bits.
func (e *encoder) code(c uint16) { e.w.write(uint64(c>>4), uint(c&15)) }

func (e *encoder) flag(b bool) {
	if b {
		e.w.write(1, 1)
	} else {
		e.w.write(0, 1)
	}
}

// value writes the item at i and returns its end. model chooses its table, and
// prev is the place of the value before it, which may be none. mayEqual tells
// whether a value that is no array or map may be written as equal to that.
func (e *encoder) value(i int, model uint8, prev int, mayEqual bool) (end int) {
	if prev != none && !mayEqual && !isContainer(e.item[prev]) {
		prev = none
	}
	sameShape := false
	if prev != none {
		sameShape = e.sameShape(i, prev)
		e.flag(sameShape)
	}
	if !isContainer(e.item[i]) {
		if sameShape {
			end = skip(e.item, i)
		} else {
			end = e.leaf(i, model)
		}
		e.mark()
		return end
	}
	major, n, size := readHead(e.item[i:])
	if !sameShape {
		e.heads(e.item[i:i+size], model)
	}
	e.mark()
	if major == majorArray {
		return e.elements(i+size, n, model, newList(e.item, prev, mayEqual))
	}
	return e.entries(i+size, n, model, newRecord(e.item, prev, sameShape, mayEqual))
}

// sameShape reports whether the item at i is as much like the one before it as
// a single bit can say: the same value, an array as long, a map with the same
// keys.
func (e *encoder) sameShape(i, prev int) bool {
	a, b := e.item[i:], e.item[prev:]
	if !isContainer(a[0]) {
		return bytes.HasPrefix(b, a[:skip(a, 0)])
	}
	major, n, size := readHead(a)
	if major2, n2, _ := readHead(b); major2 != major || n2 != n {
		return false
	}
	if major == majorMap {
		for i, j := size, size; n > 0; n-- {
			k := skip(a, i)
			if !bytes.HasPrefix(b[j:], a[i:k]) {
				return false
			}
			i, j = skip(a, k), skip(b, j+k-i)
		}
	}
	return true
}

// elements writes the n elements of an array, the first of which is at i.
func (e *encoder) elements(i int, n uint64, model uint8, l list) (end int) {
	e.enterArray()
	e.depth++
	for range n {
		prev, mayEqual := l.prev()
		end := e.value(i, model, prev, mayEqual)
		l.add(e.item, i)
		i = end
	}
	e.depth--
	e.leave()
	return i
}

// entries writes the n entries of a map, the first of which is at i.
func (e *encoder) entries(i int, n uint64, model uint8, r record) (end int) {
	e.depth++
	for range n {
		at := skip(e.item, i)
		key := e.item[i:at]
		e.enterKey(key)
		k, known := e.tables.dictionary.find(key)
		if r.row == none {
			e.key(key, k, known, &r)
		}
		valueModel := e.tables.modelOf(key, k, known, model)
		prev, mayEqual := r.add(e.item, key, at)
		i = e.value(at, valueModel, prev, mayEqual)
		e.leave()
	}
	e.depth--
	return i
}

// key writes a key, number k of the dictionary if it is known there.
func (e *encoder) key(key []byte, k int, known bool, r *record) {
	codes := e.tables.keyCodes[r.code]
	if e.inJSON {
		codes = e.tables.keyCodes[form.JSONKey]
	}
	if known && !r.stepped && codes[form.Entry+k] != 0 {
		e.code(codes[form.Entry+k])
		return
	}
	major, n, size := readHead(key)
	if r.stepped {
		if major == majorUint && n > r.number && e.unsigned(nil, n-r.number, form.KeyStep) {
			return
		}
		e.code(e.tables.models[form.KeyStep].raw)
	}
	switch {
	case known && codes[form.Entry+k] != 0:
		e.code(codes[form.Entry+k])
	case major == majorText && e.numberKey(key[size:], codes[form.NumberKey]):
	case major == majorText && e.text(key[size:], form.Keys, form.Keys, codes[form.Spelled:form.Spelled+1], noLimit):
	default:
		e.code(codes[form.OtherKey])
		e.otherKey(key)
	}
}

// numberKey writes a key that is the text of a number, unless it has a zero in
// front, or no symbol fits.
func (e *encoder) numberKey(digits []byte, code uint16) bool {
	if len(digits) == 0 || len(digits) > maxDigits || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	n := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
		n = 10*n + uint64(c-'0')
	}
	if !e.tables.fits(n, form.KeyNumber) {
		return false
	}
	e.code(code)
	return e.unsigned(nil, n, form.KeyNumber)
}

// maxDigits is how many digits a number may have that is sure to fit 64 bits.
const maxDigits = 19

// otherKey writes a key as a value: one that is no text, or no common one.
func (e *encoder) otherKey(key []byte) {
	item, trace := e.item, e.trace
	e.item, e.trace = key, nil
	e.value(0, form.Generic, none, true)
	e.item, e.trace = item, trace
}

// leaf writes the item at i, which is no array or map: a number, a string, or a
// tag and all that it encloses. It returns its end.
func (e *encoder) leaf(i int, model uint8) (end int) {
	major, n, size := readHead(e.item[i:])
	end = i + size
	switch major {
	case majorUint:
		if !e.unsigned(nil, n, model) {
			e.heads(e.item[i:end], model)
		}
	case majorBytes:
		end += int(n)
		e.byteString(e.item[i:end], size, model)
	case majorText:
		end += int(n)
		if c := e.tables.wordCode(model, e.item[i:end]); c != 0 {
			e.code(c)
		} else {
			e.textValue(e.item[i:end], size, model)
		}
	case majorTag:
		end = e.tag(i, model)
	default:
		if f, ok := floatOf(e.item[i], n); !ok || !e.hundredths(f, model) && !e.whole(f, size, model) {
			e.heads(e.item[i:end], model)
		}
	}
	return end
}

// textValue writes a text that is no word, of which size bytes are the head.
func (e *encoder) textValue(item []byte, size int, model uint8) {
	text := item[size:]
	m := &e.tables.models[model]
	if e.json(text, m.json) {
		return
	}
	limit := noLimit
	whole, ok := e.wholeForm(text, model)
	if ok {
		limit = whole.bits
	}
	switch {
	case e.text(text, form.Words, form.Marks, m.text[:], limit):
	case ok:
		e.form(text, whole)
	default:
		e.heads(item[:size], model)
		e.w.bytes(text)
	}
}

// tag writes a tag and all that it encloses, which is one value, and returns
// its end.
func (e *encoder) tag(i int, model uint8) (end int) {
	at, last, depth := i, uint64(0), e.depth
	for e.item[at]>>5 == majorTag {
		_, n, size := readHead(e.item[at:])
		at, last = at+size, n
		e.depth++
	}
	defer func(depth int) { e.depth = depth }(depth)
	major, n, size := readHead(e.item[at:])
	trace := e.trace
	e.trace = nil // what is inside counts for the tag
	defer func() { e.trace = trace }()
	switch body := at + size; major {
	case majorUint:
		if e.unsigned(e.item[i:at], n, model) {
			return body
		}
	case majorBytes:
		end := body + int(n)
		e.heads(e.item[i:body], model)
		e.w.bytes(e.item[body:end])
		return end
	case majorArray:
		e.heads(e.item[i:body], model)
		if last == tag.Base64 {
			model = form.InToken
		}
		return e.elements(body, n, model, newList(e.item, none, true))
	case majorMap:
		e.heads(e.item[i:body], model)
		return e.entries(body, n, model, newRecord(e.item, none, false, true))
	}
	e.heads(e.item[i:at], model)
	return e.leaf(at, model)
}

// heads writes heads that follow each other: tags, and the head of what they
// enclose. Each symbol is the longest that there is; the rest of its head
// follows it.
func (e *encoder) heads(b []byte, model uint8) {
	for len(b) > 0 {
		n, code := e.longestHead(b, model)
		e.code(code)
		end := 0
		for end < max(n, 1) {
			end += headSize(b[end])
		}
		e.w.bytes(b[n:end])
		b = b[end:]
	}
}

// longestHead returns the code of the longest symbol that b begins with, and
// how long that is.
func (e *encoder) longestHead(b []byte, model uint8) (n int, code uint16) {
	for n := len(b); n > 1; n-- {
		if code := e.tables.wordCode(model, b[:n]); code != 0 {
			return n, code
		}
	}
	c := &e.tables.models[model]
	if code := c.heads[b[0]]; code != 0 {
		return 1, code
	}
	return 0, c.raw
}

// unsigned writes an unsigned integer under tags, which may be none, unless no
// symbol fits.
func (e *encoder) unsigned(tags []byte, n uint64, model uint8) bool {
	c := &e.tables.models[model]
	codes := c.tagged
	if len(tags) == 0 {
		if n < argument8 && c.heads[n] != 0 {
			e.code(c.heads[n])
			return true
		}
		codes = c.ints.of(n)
	}
	return e.number(codes, tags, n)
}

// number writes a number by the cheapest of the symbols that fit, if any.
func (e *encoder) number(codes []intCode, tags []byte, n uint64) bool {
	var best intCode
	least := ^uint(0)
	for _, i := range codes {
		s := i.symbol
		if s.Bytes != string(tags) || n < s.Base || (n-s.Base)>>s.Bits != 0 {
			continue
		}
		if cost := uint(i.code&15) + uint(s.Bits); cost < least {
			best, least = i, cost
		}
	}
	if best.symbol == nil {
		return false
	}
	e.code(best.code)
	e.w.write64(n-best.symbol.Base, uint(best.symbol.Bits))
	return true
}

// whole writes a float that is a whole number and has its shortest head, of
// size bytes, unless no symbol fits.
func (e *encoder) whole(f float64, size int, model uint8) bool {
	if !(f >= 0 && f < maxWhole) || f != math.Trunc(f) || math.Signbit(f) {
		return false
	}
	var head [maxHead]byte
	if len(appendFloat(head[:0], f)) != size {
		return false
	}
	n := uint64(f)
	return e.number(e.tables.models[model].wholes.of(n), nil, n)
}

// maxWhole bounds the floats that whole writes: below it every whole number is
// exact.
const maxWhole = 1 << 52

// hundredths writes a float that is a number of hundredths, unless no symbol
// fits.
func (e *encoder) hundredths(f float64, model uint8) bool {
	if !(f > 0 && f < maxHundredths) {
		return false
	}
	n := uint64(math.RoundToEven(f * 100))
	if n%25 == 0 || float64(n)/100 != f {
		return false
	}
	size := bits.Len64(n) - 1
	code := e.tables.models[model].hundredths[size]
	if code == 0 {
		return false
	}
	e.code(code)
	e.w.write(n-1<<size, uint(size))
	return true
}

// maxHundredths bounds such floats so that none of them is exact in fewer than
// 64 bits: a decoder need not look for a shorter float.
const maxHundredths = 1 << 24 / 100

// byteString writes a byte string that no tag encloses, of which size bytes are
// the head.
func (e *encoder) byteString(item []byte, size int, model uint8) {
	content := item[size:]
	if e.json(content, e.tables.models[model].jsonBytes) {
		return
	}
	e.heads(item[:size], model)
	e.w.bytes(content)
}
