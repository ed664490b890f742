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
	defer p.freeTapeDecoder(d)
	d.r, d.max, d.tape = reader{src: packed}, max, t
	if err := d.value(form.Generic, none, true, 0); err != nil {
		return err
	}
	if !d.r.atEnd() {
		return errTrailing
	}
	if d.syntax != nil {
		return d.syntax
	}
	d.fill()
	return nil
}

// A tapeDecoder unpacks one item to a tape. Places are those of tokens. Texts
// are collected in dst, and become one string at the end: until then, a text
// token that is not constant has its place there, as one of bytes has its own
// in the tape's Data.
type tapeDecoder struct {
	decoder
	tape   *cbor.Tape
	size   int    // of what was read, as CBOR
	head   []byte // that is being read
	syntax error  // the first one: it counts if all else is well-formed
}

// freeTapeDecoder gives d back, but for a buffer that one great text has grown.
func (p *Packer) freeTapeDecoder(d *tapeDecoder) {
	clear(d.dst) // a session's content
	clear(d.head)
	d.r, d.tape, d.size, d.syntax = reader{}, nil, 0, nil
	d.dst, d.head = d.dst[:0], d.head[:0]
	if cap(d.dst) <= keptText {
		p.tapeDecoders.Put(d)
	}
}

// fill makes the texts.
func (d *tapeDecoder) fill() {
	if len(d.dst) == 0 {
		return
	}
	all := string(d.dst)
	for i := range d.tape.Tokens {
		if k := &d.tape.Tokens[i]; k.Kind == cbor.Text && k.N != 0 {
			k.S, k.N = all[k.N>>32:k.N&math.MaxUint32], 0
		}
	}
}

// grown must follow whatever was added to the tape: size bytes of CBOR. What
// may be added between two checks is bounded by the length of a symbol, or was
// checked before.
func (d *tapeDecoder) grown(size int) error {
	d.size += size
	if d.size > d.max {
		return errTooLarge
	}
	if d.r.over() {
		return errTruncated
	}
	return nil
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
			if d.r.read(1) == 1 {
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
	d.tape.Tokens = append(tokens, item...)
	return d.grown(d.lenOf(item))
}

// lenOf returns how many bytes tokens take.
func (d *tapeDecoder) lenOf(tokens []cbor.Token) (n int) {
	for i := range tokens {
		k := &tokens[i]
		if k.Kind == cbor.Text && k.N != 0 {
			size := int(k.N&math.MaxUint32 - k.N>>32)
			n += cbor.HeadSize(uint64(size)) + size
		} else {
			n += d.tape.TokenLen(k)
		}
	}
	return n
}

// symbol reads an item that begins with a symbol. last is the tag right before
// it.
func (d *tapeDecoder) symbol(model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	s := &d.tables.Values[d.r.symbol(&d.tables.values[model])]
	switch s.Kind {
	case form.Word:
		return d.add(cbor.Token{Kind: cbor.Text, Size: 1, S: s.Bytes[headSize(s.Bytes[0]):]}, len(s.Bytes))
	case form.Text:
		return d.string(int(s.Base))
	case form.Packed:
		return d.packedBytes()
	case form.Int:
		return d.int(s, depth)
	case form.Hundredths:
		return d.hundredths(s)
	}
	if len(s.Bytes) == 1 && s.Bytes[0]&31 < argument8 {
		return d.item(s.Bytes[0], uint64(s.Bytes[0]&31), model, prev, mayEqual, last, depth)
	}
	return d.raw(s, model, prev, mayEqual, last, depth)
}

// string reads what is text in a book.
func (d *tapeDecoder) string(book int) error {
	from := len(d.dst)
	if err := d.text(book); err != nil {
		return err
	}
	return d.pending(from)
}

// pending adds a text of what was appended to dst.
func (d *tapeDecoder) pending(from int) error {
	if !cbor.IsUTF8(d.dst[from:]) {
		d.not("text that is not UTF-8")
	}
	n := len(d.dst) - from
	k := cbor.Token{Kind: cbor.Text, Size: 1}
	if n > 0 {
		k.N = uint64(from)<<32 | uint64(len(d.dst))
	}
	return d.add(k, cbor.HeadSize(uint64(n))+n)
}

// packedBytes reads a byte string whose content is text in the book of JSON.
func (d *tapeDecoder) packedBytes() error {
	from := len(d.dst)
	if err := d.text(form.JSON); err != nil {
		return err
	}
	n := len(d.dst) - from
	d.tape.AddBytes(d.dst[from:])
	d.dst = d.dst[:from]
	return d.grown(cbor.HeadSize(uint64(n)) + n)
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
	n := s.Base + d.r.read64(uint(s.Bits))
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
	n := 1<<s.Bits + d.r.read(uint(s.Bits))
	if n%25 == 0 {
		return errSpelling
	}
	return d.add(cbor.Token{Kind: cbor.Float, Size: 1, N: math.Float64bits(float64(n) / 100)}, maxHead)
}

// raw reads an item of which the first bytes are known.
func (d *tapeDecoder) raw(s *form.Symbol, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	head := append(d.head[:0], s.Bytes...)
	if s.Bytes == "" {
		head = append(head, byte(d.r.read(8)))
	}
	first, tags := len(d.tape.Tokens), 0
	for at := 0; ; {
		size := headSize(head[at])
		if size == 0 {
			return errHead
		}
		for len(head)-at < size {
			head = append(head, byte(d.r.read(8)))
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
		from := len(d.dst)
		text, err := d.bytes(d.dst, n)
		if err != nil {
			return err
		}
		d.dst = text
		return d.pending(from)
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
	if n > uint64(max(d.r.left(), 0))/8 {
		return dst, errTruncated
	}
	for ; n >= 4; n -= 4 {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.r.read(32)))
	}
	for range n {
		dst = append(dst, byte(d.r.read(8)))
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
	last := none
	for range n {
		at := len(d.tape.Tokens)
		if err := d.key(&r, sameShape, depth); err != nil {
			return err
		}
		if !sameShape && last != none && d.compare(last, at) >= 0 {
			d.not("map keys out of order or doubled")
		}
		last = at
		key := &d.tape.Tokens[at]
		isIndex := d.isIndex(key)
		valueModel := d.tables.modelOfKey(int(key.Key)-1, key.Key > 0, isIndex, model)
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

// key reads a key.
func (d *tapeDecoder) key(r *tapeRecord, sameShape bool, depth int) error {
	if r.left > 0 && (sameShape || d.r.read(1) == 1) {
		return d.copy(r.at)
	}
	if r.numbered {
		if step := d.r.symbol(&d.tables.steps); step != form.NoStep {
			if r.number > math.MaxUint64-uint64(step) {
				return errSpelling
			}
			n := r.number + uint64(step)
			return d.add(cbor.Token{Kind: cbor.Uint, Size: 1, N: n}, cbor.HeadSize(n))
		}
	}
	at := len(d.tape.Tokens)
	switch symbol := d.r.symbol(&d.tables.keys); symbol {
	case form.Spelled:
		if err := d.string(form.Keys); err != nil {
			return err
		}
	case form.OtherKey:
		if err := d.value(form.Generic, none, true, depth); err != nil {
			return err
		}
	default:
		k := int(symbol - form.Entry)
		return d.add(cbor.Token{Kind: cbor.Text, Key: uint16(k + 1), Size: 1, S: d.tables.Keys[k]}, len(d.tables.dictionary.strings[k]))
	}
	// One that is in the dictionary all the same has the class that it has
	// there.
	if key := &d.tape.Tokens[at]; key.Kind == cbor.Text {
		d.head = append(appendHead(d.head[:0], majorText, uint64(len(d.content(key)))), d.content(key)...)
		if k, ok := d.tables.dictionary.find(d.head); ok {
			key.Key = uint16(k + 1)
		}
	}
	return nil
}

// content returns a text.
func (d *tapeDecoder) content(k *cbor.Token) []byte {
	if k.N != 0 {
		return d.dst[k.N>>32 : k.N&math.MaxUint32]
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
