package pack

import (
	"bytes"
	"encoding/binary"
	"math"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// ReadTape adds the item whose packed form is given to an empty tape. It fails
// if that is no packed form, or if the item has more than max bytes as CBOR;
// and with a [*cbor.SyntaxError] if it is one, but the item is not
// deterministic CBOR. Then the tape is not to be used.
func (p *Packer) ReadTape(t *cbor.Tape, packed []byte, max int) error {
	d := p.tapeDecoders.Get().(*tapeDecoder)
	d.begin(t, packed, max)
	err := d.value(form.Generic, none, true, 0)
	switch {
	case err != nil:
	case !d.atEnd():
		err = errTrailing
	case d.syntax != nil:
		err = d.syntax
	default:
		d.fill()
	}
	d.clear()
	if cap(d.text) <= keptText && cap(d.src) <= keptText {
		p.tapeDecoders.Put(d)
	}
	return err
}

// A tapeDecoder unpacks one item to a tape. Places are those of tokens. Texts
// are collected, and become one string at the end. Until then, a text token
// that is not constant has its place in text, as one of bytes has its own in
// the tape's Data.
type tapeDecoder struct {
	tables *tables
	src    []byte // the packed form, and padding
	pos    int    // in bits
	end    int    // of the packed form, in bits

	tape    *cbor.Tape
	size    int // of what was read, as CBOR
	max     int
	text    []byte
	pending []int  // the tokens that are in text
	head    []byte // that is being read
	syntax  error  // the first one: it counts if all else is well-formed
}

// padding is more bytes than may be read beyond the end before that is seen: a
// symbol for a number of characters with all of these, and what else there is
// from one check to the next.
const padding = 128

var paddingBytes [padding]byte

func (d *tapeDecoder) begin(t *cbor.Tape, packed []byte, max int) {
	d.src = append(append(d.src[:0], packed...), paddingBytes[:]...)
	d.pos, d.end = 0, 8*len(packed)
	d.tape, d.size, d.max, d.syntax = t, 0, max, nil
}

// clear drops a session's content.
func (d *tapeDecoder) clear() {
	clear(d.src)
	clear(d.text)
	clear(d.head)
	d.tape, d.syntax = nil, nil
	d.text, d.pending, d.head = d.text[:0], d.pending[:0], d.head[:0]
}

// word returns the next bits in the highest places of a word: at least 57.
func (d *tapeDecoder) word() uint64 {
	return binary.BigEndian.Uint64(d.src[d.pos>>3:]) << (d.pos & 7)
}

// read returns the next n bits, at most 57.
func (d *tapeDecoder) read(n uint) uint64 {
	v := d.word() >> (64 - n) // Go shifts by 64 to zero
	d.pos += int(n)
	return v
}

func (d *tapeDecoder) read64(n uint) uint64 {
	if n <= 32 {
		return d.read(n)
	}
	v := d.read(n - 32)
	return v<<32 | d.read(32)
}

// code reads a symbol.
func (d *tapeDecoder) code(t *decodeTable) uint {
	w := d.word()
	e := t.quick[w>>(64-quickBits)]
	if e == 0 {
		e = t.long(w)
	}
	d.pos += int(e & 15)
	return uint(e >> 4)
}

// atEnd reports whether nothing is left but the zeros that fill the last byte.
func (d *tapeDecoder) atEnd() bool {
	n := d.end - d.pos
	return n >= 0 && n < 8 && (n == 0 || d.word()>>(64-n) == 0)
}

// fill makes the texts.
func (d *tapeDecoder) fill() {
	if len(d.text) == 0 {
		return
	}
	all := string(d.text)
	for _, i := range d.pending {
		k := &d.tape.Tokens[i]
		k.S, k.N = all[k.N>>32:k.N&math.MaxUint32], 0
	}
}

// grown must follow whatever was added to the tape: size bytes of CBOR. What
// may be added between two checks is bounded by the length of a symbol, or was
// checked before.
func (d *tapeDecoder) grown(size int) error {
	d.size += size
	if d.size > d.max || d.pos > d.end {
		return d.bad()
	}
	return nil
}

func (d *tapeDecoder) bad() error {
	if d.size > d.max {
		return errTooLarge
	}
	return errTruncated
}

// not takes note of why the item is not deterministic.
func (d *tapeDecoder) not(reason string) {
	if d.syntax == nil {
		d.syntax = &cbor.SyntaxError{Offset: d.size, Reason: reason}
	}
}

func (d *tapeDecoder) add(k cbor.Token, size int) error {
	d.tape.Tokens = append(d.tape.Tokens, k)
	return d.grown(size)
}

// value reads an item below depth levels; see [tapeEncoder.value].
func (d *tapeDecoder) value(model uint8, prev int, mayEqual bool, depth int) error {
	if prev != none {
		if mayEqual || isList(&d.tape.Tokens[prev]) {
			if d.read(1) == 1 {
				return d.sameShape(model, prev, mayEqual, depth)
			}
		} else {
			prev = none
		}
	}
	return d.symbol(model, prev, mayEqual, untagged, depth)
}

// sameShape reads an item that is as much like the one before it as a single
// bit can say.
func (d *tapeDecoder) sameShape(model uint8, prev int, mayEqual bool, depth int) error {
	k := &d.tape.Tokens[prev]
	switch k.Kind {
	case cbor.Array:
		return d.elements(k.N, model, prev, mayEqual, depth)
	case cbor.Map:
		return d.entries(k.N, model, prev, mayEqual, true, depth)
	}
	return d.copy(prev)
}

// copy adds an item once more.
func (d *tapeDecoder) copy(at int) error {
	tokens := d.tape.Tokens
	item := tokens[at : at+int(tokens[at].Size)]
	size := 0
	for i := range item {
		k := &item[i]
		if k.Kind == cbor.Text && k.N != 0 {
			d.pending = append(d.pending, len(tokens)+i)
			n := len(d.content(k))
			size += cbor.HeadSize(uint64(n)) + n
		} else {
			size += d.tape.TokenLen(k)
		}
	}
	d.tape.Tokens = append(tokens, item...)
	return d.grown(size)
}

// symbol reads an item that begins with a symbol. last is the tag right before
// it.
func (d *tapeDecoder) symbol(model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	v := &d.tables.tape.values[d.code(&d.tables.values[model])]
	if v.size != 0 {
		d.tape.Tokens = append(d.tape.Tokens, v.token)
		return d.grown(v.size)
	}
	return d.begun(v.symbol, model, prev, mayEqual, last, depth)
}

// begun reads what follows a symbol.
func (d *tapeDecoder) begun(s *form.Symbol, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	switch s.Kind {
	case form.Text:
		return d.string(int(s.Base))
	case form.Packed:
		return d.packedBytes()
	case form.Int:
		return d.int(s, depth)
	case form.Hundredths:
		return d.hundredths(s)
	case form.Raw:
		if len(s.Bytes) == 1 && s.Bytes[0]&31 < argument8 {
			return d.item(s.Bytes[0], uint64(s.Bytes[0]&31), model, prev, mayEqual, last, depth)
		}
		return d.raw(s, model, prev, mayEqual, last, depth)
	}
	panic("pack: internal error: unknown kind of symbol")
}

// string reads what is text in a book.
func (d *tapeDecoder) string(book int) error {
	from := len(d.text)
	if err := d.readText(book); err != nil {
		return err
	}
	return d.addPending(from)
}

// addPending adds a text of what was appended to text.
func (d *tapeDecoder) addPending(from int) error {
	if !cbor.IsUTF8(d.text[from:]) {
		d.not("text that is not UTF-8")
	}
	n := len(d.text) - from
	k := cbor.Token{Kind: cbor.Text, Size: 1}
	if n > 0 {
		k.N = uint64(from)<<32 | uint64(len(d.text))
		d.pending = append(d.pending, len(d.tape.Tokens))
	}
	d.tape.Tokens = append(d.tape.Tokens, k)
	return d.grown(cbor.HeadSize(uint64(n)) + n)
}

// packedBytes reads a byte string whose content is text in the book of JSON.
func (d *tapeDecoder) packedBytes() error {
	from := len(d.text)
	if err := d.readText(form.JSON); err != nil {
		return err
	}
	n := len(d.text) - from
	d.tape.AddBytes(d.text[from:])
	d.text = d.text[:from]
	return d.grown(cbor.HeadSize(uint64(n)) + n)
}

// readText appends a text to text.
func (d *tapeDecoder) readText(book int) error {
	contexts, tables := &d.tables.Contexts[book], d.tables.text
	context := uint8(0)
	for {
		symbol := d.code(&tables[contexts[context]])
		switch {
		case symbol < form.End:
			context = form.Next(context, form.Class[symbol])
			d.text = append(d.text, byte(symbol))
		case symbol >= form.Phrase:
			s := d.tables.Phrases[symbol-form.Phrase]
			d.text = append(d.text, s...)
			context = contextAfter(context, s[max(len(s)-2, 0):])
		case symbol == form.End:
			return nil
		default:
			from := len(d.text)
			d.many(symbol)
			context = contextAfter(context, string(d.text[max(len(d.text)-2, from):]))
		}
		if d.pos > d.end {
			return errTruncated
		}
		if len(d.text) > d.max {
			return errTooLarge
		}
	}
}

// many reads what follows a symbol for a number of characters.
func (d *tapeDecoder) many(symbol uint) {
	switch symbol {
	case form.Escape:
		d.text = append(d.text, byte(d.read(8)))
	case form.Run:
		for range form.RunMin + d.read(form.RunBits) {
			d.text = append(d.text, form.Alphabet[d.read(6)])
		}
	case form.Hex:
		for range 2 * (form.HexMin + d.read(form.HexBits)) {
			d.text = append(d.text, hexDigits[d.read(4)])
		}
	case form.UUID:
		for i := range form.UUIDLen {
			if i == 8 || i == 13 || i == 18 || i == 23 {
				d.text = append(d.text, '-')
			} else {
				d.text = append(d.text, hexDigits[d.read(4)])
			}
		}
	default:
		panic("pack: internal error: unknown symbol of text")
	}
}

// int reads an unsigned integer. The tags before it count as levels.
func (d *tapeDecoder) int(s *form.Symbol, depth int) error {
	tag := len(d.tape.Tokens)
	tags := 0
	for b := s.Bytes; len(b) > 0; tags++ {
		size := headSize(b[0])
		d.head = append(d.head[:0], b[:size]...)
		_, n, _ := readHead(d.head)
		d.tape.Open(cbor.Tag, n)
		b = b[size:]
	}
	if depth+tags > maxDepth {
		return errDepth
	}
	n := s.Base + d.read64(uint(s.Bits))
	if n < argument8 && tags == 0 {
		return errSpelling
	}
	d.tape.AddUint(n)
	d.close(tag, tags)
	return d.grown(len(s.Bytes) + cbor.HeadSize(n))
}

// close closes a number of tags that follow each other.
func (d *tapeDecoder) close(tag, tags int) {
	for i := range tags {
		d.tape.Close(tag + i)
	}
}

func (d *tapeDecoder) hundredths(s *form.Symbol) error {
	n := 1<<s.Bits + d.read(uint(s.Bits))
	if n%25 == 0 {
		return errSpelling
	}
	return d.add(cbor.Token{Kind: cbor.Float, Size: 1, N: math.Float64bits(float64(n) / 100)}, maxHead)
}

// raw reads an item of which the first bytes are known.
func (d *tapeDecoder) raw(s *form.Symbol, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	head := append(d.head[:0], s.Bytes...)
	if s.Bytes == "" {
		head = append(head, byte(d.read(8)))
	}
	first, tags := len(d.tape.Tokens), 0
	for at := 0; ; {
		size := headSize(head[at])
		if size == 0 {
			return errHead
		}
		for len(head)-at < size {
			head = append(head, byte(d.read(8)))
		}
		d.head = head
		ib := head[at]
		major, n, size := readHead(head[at:])
		if major != majorOther && size > 1 && n < leastArgument(size) {
			return errSpelling
		}
		if at += size; at == len(head) {
			err := d.item(ib, n, model, prev, mayEqual, last, depth)
			d.close(first, tags)
			return err
		}
		if major != majorTag {
			return errHead // unreachable: the trainer's symbols are heads of one item
		}
		d.tape.Open(cbor.Tag, n)
		if err := d.grown(size); err != nil {
			return err
		}
		tags++
		last, prev, mayEqual = n, none, true
		if depth++; depth > maxDepth {
			return errDepth
		}
	}
}

// item reads what follows a head.
func (d *tapeDecoder) item(ib byte, n uint64, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	switch kind := cbor.Kind(ib >> 5); kind {
	case cbor.Uint, cbor.Neg:
		return d.add(cbor.Token{Kind: kind, Size: 1, N: n}, cbor.HeadSize(n))
	case cbor.Bytes:
		from := len(d.tape.Data)
		data, err := d.bytes(d.tape.Data, n)
		if err != nil {
			return err
		}
		d.tape.Data = data
		d.tape.AddData(from)
		return d.grown(cbor.HeadSize(n) + int(n))
	case cbor.Text:
		from := len(d.text)
		text, err := d.bytes(d.text, n)
		if err != nil {
			return err
		}
		d.text = text
		return d.addPending(from)
	case cbor.Array:
		if last == tag.Base64 {
			model = form.InToken
		}
		return d.elements(n, model, prev, mayEqual, depth)
	case cbor.Map:
		return d.entries(n, model, prev, mayEqual, false, depth)
	case cbor.Tag:
		if depth++; depth > maxDepth {
			return errDepth
		}
		at := d.tape.Open(cbor.Tag, n)
		if err := d.grown(cbor.HeadSize(n)); err != nil {
			return err
		}
		err := d.symbol(model, none, true, n, depth)
		d.tape.Close(at)
		return err
	}
	return d.other(ib, n)
}

// other reads a simple value or a float.
func (d *tapeDecoder) other(ib byte, n uint64) error {
	k := cbor.Token{Kind: cbor.Simple, Size: 1, N: uint64(ib)}
	switch ib {
	case cbor.False, cbor.True, cbor.Null:
	case ibFloat64, ibFloat64 - 1, ibFloat64 - 2:
		f, reason := cbor.FloatOf(ib, n)
		if reason != "" {
			d.not(reason)
		}
		k.Kind, k.N = cbor.Float, math.Float64bits(f)
	default:
		d.not("simple value")
	}
	return d.add(k, headSize(ib))
}

// bytes appends a string's content, 8 bits a byte, to dst.
func (d *tapeDecoder) bytes(dst []byte, n uint64) ([]byte, error) {
	if n > uint64(d.max-d.size) {
		return dst, errTooLarge
	}
	if n > uint64(max(d.end-d.pos, 0))/8 {
		return dst, errTruncated
	}
	for ; n >= 4; n -= 4 {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.read(32)))
	}
	for range n {
		dst = append(dst, byte(d.read(8)))
	}
	return dst, nil
}

// elements reads an array of n elements, which is below depth levels.
func (d *tapeDecoder) elements(n uint64, model uint8, prev int, mayEqual bool, depth int) error {
	if depth++; depth > maxDepth {
		return errDepth
	}
	array := d.tape.Open(cbor.Array, n)
	if err := d.grown(cbor.HeadSize(n)); err != nil {
		return err
	}
	l := newTapeList(d.tape, prev, mayEqual)
	for range n {
		at := len(d.tape.Tokens)
		if err := d.value(model, l.prev, l.mayEqual, depth); err != nil {
			return err
		}
		l.add(at)
	}
	d.tape.Close(array)
	return nil
}

// entries reads a map of n entries, which is below depth levels. sameShape
// tells that its keys are those of the previous map.
func (d *tapeDecoder) entries(n uint64, model uint8, prev int, mayEqual, sameShape bool, depth int) error {
	if depth++; depth > maxDepth {
		return errDepth
	}
	object := d.tape.Open(cbor.Map, n)
	if err := d.grown(cbor.HeadSize(n)); err != nil {
		return err
	}
	r := newTapeRecord(d.tape, prev, mayEqual)
	last, rank := none, -1 // the last key, and its rank if it is in the dictionary
	for range n {
		at := len(d.tape.Tokens)
		if r.plain() {
			// Most entries have a key of the dictionary, and nothing before.
			w := d.word()
			e := d.tables.tape.wide[w>>(64-form.MaxCode)]
			if k := d.tables.tape.key(e >> 4); k != nil {
				d.pos += int(e & 15)
				d.size += k.size
				d.tape.Tokens = append(d.tape.Tokens, k.token)
				if k.rank <= rank || rank < 0 && last != none && !d.ascends(last, at) {
					d.not("map keys out of order or doubled")
				}
				last, rank = at, k.rank
				if err := d.symbol(k.model, none, r.mayEqual, untagged, depth); err != nil {
					return err
				}
				continue
			}
		}
		if err := d.key(&r, sameShape, depth); err != nil {
			return err
		}
		key := &d.tape.Tokens[at]
		if last != none && !sameShape && !d.ascends(last, at) {
			d.not("map keys out of order or doubled")
		}
		last, rank = at, -1
		valueModel, isIndex := uint8(form.Generic), false
		if key.Key != 0 {
			k := &d.tables.tape.keys[key.Key-1]
			valueModel, isIndex = k.model, k.index
		} else if isIndex = d.isIndex(key); isIndex {
			valueModel = model
		}
		value, before := len(d.tape.Tokens), none
		if r.left > 0 {
			before = r.find(d.tape, at, d.compare)
		}
		prev, mayEqual := r.add(key, value, before, isIndex)
		if err := d.value(valueModel, prev, mayEqual, depth); err != nil {
			return err
		}
	}
	d.tape.Close(object)
	return nil
}

// ascends reports whether one key comes before another one.
func (d *tapeDecoder) ascends(i, j int) bool {
	a, b := d.tape.Tokens[i].Key, d.tape.Tokens[j].Key
	if a != 0 && b != 0 {
		return d.tables.tape.keys[a-1].rank < d.tables.tape.keys[b-1].rank
	}
	return d.compare(i, j) < 0
}

// key reads a key.
func (d *tapeDecoder) key(r *tapeRecord, sameShape bool, depth int) error {
	if r.left > 0 && (sameShape || d.read(1) == 1) {
		return d.copy(r.at)
	}
	if r.numbered {
		if step := d.code(&d.tables.steps); step != form.NoStep {
			if r.number > math.MaxUint64-uint64(step) {
				return errSpelling
			}
			d.tape.AddUint(r.number + uint64(step))
			return d.grown(cbor.HeadSize(r.number + uint64(step)))
		}
	}
	e := d.tables.tape.wide[d.word()>>(64-form.MaxCode)]
	d.pos += int(e & 15)
	if symbol := e >> 4; symbol >= form.Entry {
		k := &d.tables.tape.keys[symbol-form.Entry]
		d.tape.Tokens = append(d.tape.Tokens, k.token)
		return d.grown(k.size)
	} else if symbol == form.Spelled {
		if err := d.string(form.Keys); err != nil {
			return err
		}
		return d.inDictionary(len(d.tape.Tokens) - 1)
	}
	at := len(d.tape.Tokens)
	if err := d.value(form.Generic, none, true, depth); err != nil {
		return err
	}
	return d.inDictionary(at)
}

// inDictionary gives a key that was spelled, although it is in the dictionary,
// its number there: it has the model that it has there.
func (d *tapeDecoder) inDictionary(at int) error {
	key := &d.tape.Tokens[at]
	if key.Kind != cbor.Text {
		return nil
	}
	if text := d.content(key); len(text) > 0 {
		if k, ok := d.tables.tape.texts.find(text); ok {
			key.Key = uint16(k + 1)
		}
	}
	return nil
}

// content returns a text.
func (d *tapeDecoder) content(k *cbor.Token) []byte {
	if k.N != 0 {
		return d.text[k.N>>32 : k.N&math.MaxUint32]
	}
	return []byte(k.S)
}

// isIndex reports whether a key is a number, in either spelling.
func (d *tapeDecoder) isIndex(k *cbor.Token) bool {
	if k.Kind == cbor.Text && k.N != 0 {
		return isDigits(d.content(k))
	}
	return isIndexToken(k)
}

// compare orders the items at two places by their encodings.
func (d *tapeDecoder) compare(i, j int) int {
	tokens := d.tape.Tokens
	for end := i + int(tokens[i].Size); i < end; i, j = i+1, j+1 {
		a, b := &tokens[i], &tokens[j]
		if a.Kind == cbor.Text && b.Kind == cbor.Text && a.N|b.N != 0 {
			x, y := d.content(a), d.content(b)
			if c := len(x) - len(y); c != 0 {
				return c
			}
			if c := bytes.Compare(x, y); c != 0 {
				return c
			}
		} else if c := d.tape.CompareToken(a, b); c != 0 {
			return c
		}
	}
	return 0
}
