package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

var (
	errTooLarge  = errors.New("pack: the item is larger than allowed")
	errTruncated = errors.New("pack: the packed form ends too early")
	errTrailing  = errors.New("pack: something follows the item")
	errDepth     = errors.New("pack: the item is nested too deep")
	errSpelling  = errors.New("pack: a number is not in its shortest form")
	errSymbol    = errors.New("pack: a symbol that means nothing here")
	errHead      = errors.New("pack: a head that begins no item")
)

// ReadTape adds the item whose packed form is given to an empty tape. It fails
// if that is no packed form, or if the item has more than max bytes as CBOR;
// and with a [*cbor.SyntaxError] if it is one, but the item is not
// deterministic CBOR. Then the tape is not to be used.
func (c *Coder) ReadTape(t *cbor.Tape, packed []byte, max int) error {
	d := &c.decoder
	d.begin(t, packed, max)
	err := d.value(form.Generic, none, true, 0)
	switch {
	case err != nil:
	case !d.r.atEnd():
		err = errTrailing
	case d.syntax != nil:
		err = d.syntax
	default:
		d.fill(0)
	}
	d.clear()
	return err
}

// A decoder unpacks one item to a tape. Places are those of tokens. Texts are
// collected in dst, and become one string at the end. Until then, a text token
// that is not constant has its place there, as one of bytes has its own in the
// tape's Data.
type decoder struct {
	r       reader
	tables  *tables
	keys    *tapeTables   // of tables, as are these:
	values  []decodeTable // by model
	symbols []form.Symbol
	texts   []decodeTable // by table
	phrases []phrase
	tape    *cbor.Tape
	size    int // of what was read, as CBOR
	max     int // bytes of it
	dst     []byte
	start   int    // of the item in dst
	pending []int  // the tokens that are in dst
	head    []byte // that is being read
	syntax  error  // the first one: it counts if all else is well-formed
	inJSON  bool
	json    jsonWriter
	notes   *Notes // of Observe
}

func newDecoder(t *tables) decoder {
	return decoder{tables: t, keys: t.tape, values: t.values, symbols: t.Values, texts: t.text, phrases: t.starts}
}

func (d *decoder) begin(t *cbor.Tape, packed []byte, max int) {
	d.r.reset(packed)
	d.tape, d.size, d.max = t, 0, max
}

// clear drops a session's content, and buffers that one great text has grown.
func (d *decoder) clear() {
	clear(d.dst)
	clear(d.head)
	clear(d.r.src)
	d.tape, d.syntax = nil, nil
	d.dst, d.pending, d.head = d.dst[:0], d.pending[:0], d.head[:0]
	if cap(d.dst) > keptText || cap(d.r.src) > keptText {
		*d = newDecoder(d.tables)
	}
}

// code reads a symbol of a list.
func (d *decoder) code(t *decodeTable, l *[]uint16) uint {
	w := d.r.peek()
	e := t.quick[w>>(64-quickBits)]
	if e == 0 {
		e = t.long(w, *l)
	}
	d.r.pos += int(e & 15)
	return uint(e >> 4)
}

// fill makes the texts of the tokens from the given one that is pending on,
// whose content is in dst from start on.
func (d *decoder) fill(pending int) {
	if len(d.dst) == d.start {
		return
	}
	all, start := string(d.dst[d.start:]), uint64(d.start)
	for _, i := range d.pending[pending:] {
		k := &d.tape.Tokens[i]
		k.S, k.N = all[k.N>>32-start:k.N&math.MaxUint32-start], 0
	}
}

// check must follow whatever was appended to dst. What may be appended between
// two checks is bounded by the length of a symbol, or was checked before.
func (d *decoder) check() error {
	if len(d.dst)-d.start > d.max {
		return errTooLarge
	}
	if d.r.over() {
		return errTruncated
	}
	return nil
}

// grown must follow whatever was added to the tape: size bytes of CBOR. What
// may be added between two checks is bounded by the length of a symbol, or was
// checked before.
func (d *decoder) grown(size int) error {
	d.size += size
	if d.size > d.max || d.r.over() {
		return d.bad()
	}
	return nil
}

func (d *decoder) bad() error {
	if d.size > d.max {
		return errTooLarge
	}
	return errTruncated
}

// not takes note of why the item is not deterministic. In JSON it need not be.
func (d *decoder) not(reason string) {
	if d.syntax == nil && !d.inJSON {
		d.syntax = &cbor.SyntaxError{Offset: d.size, Reason: reason}
	}
}

func (d *decoder) add(kind cbor.Kind, n uint64, size int) error {
	d.tape.Add(kind, n)
	return d.grown(size)
}

// value reads an item below depth levels; see [encoder.value].
func (d *decoder) value(model uint8, prev int, mayEqual bool, depth int) error {
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
func (d *decoder) sameShape(model uint8, prev int, mayEqual bool, depth int) error {
	k := &d.tape.Tokens[prev]
	switch k.Kind {
	case cbor.Array:
		return d.elements(k.N, model, prev, mayEqual, depth)
	case cbor.Map:
		return d.entries(k.N, model, prev, mayEqual, depth)
	}
	return d.copy(prev)
}

// copy adds an item once more.
func (d *decoder) copy(at int) error {
	size := 0
	for end := at + int(d.tape.Tokens[at].Size); at < end; at++ {
		d.tape.Room()
		k := &d.tape.Tokens[at]
		if k.Kind == cbor.Text {
			if k.N != 0 {
				d.pending = append(d.pending, len(d.tape.Tokens))
			}
			n := d.textLength(k)
			size += cbor.HeadSize(uint64(n)) + n
		} else {
			size += d.tape.TokenLen(k)
		}
		*d.tape.Next() = *k
	}
	return d.grown(size)
}

// symbol reads an item that begins with a symbol. last is the tag right before
// it.
func (d *decoder) symbol(model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	symbol := d.code(&d.values[model], &d.tables.Value[model])
	if d.notes != nil {
		d.noteValue(model, symbol)
	}
	s := &d.symbols[symbol]
	d.tape.Room()
	if d.whole(s) {
		return d.grown(0)
	}
	return d.begun(s, model, prev, mayEqual, last, depth)
}

// whole adds the item of a symbol that is all of one, as most are. Then the
// caller has to call grown.
func (d *decoder) whole(s *form.Symbol) bool {
	switch s.Kind {
	case form.Word:
		k := d.tape.Next()
		k.Kind, k.Size, k.S = cbor.Text, 1, word(s)
	case form.Raw:
		if len(s.Bytes) != 1 {
			return false
		}
		switch ib := s.Bytes[0]; {
		case ib < argument8:
			k := d.tape.Next()
			k.Kind, k.Size, k.N = cbor.Uint, 1, uint64(ib)
		case ib == cbor.False || ib == cbor.True || ib == cbor.Null:
			k := d.tape.Next()
			k.Kind, k.Size, k.N = cbor.Simple, 1, uint64(ib)
		default:
			return false
		}
	default:
		return false
	}
	d.size += len(s.Bytes)
	return true
}

// begun reads what follows a symbol that is not all of an item.
func (d *decoder) begun(s *form.Symbol, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	switch s.Kind {
	case form.Text:
		return d.string(int(s.Base))
	case form.Form, form.Time, form.Bcrypt:
		return d.formValue(s)
	case form.JSON, form.JSONBytes:
		return d.jsonValue(s, depth)
	case form.Whole:
		f := float64(s.Base + d.r.read64(uint(s.Bits)))
		return d.grown(d.tape.TokenLen(d.tape.Add(cbor.Float, math.Float64bits(f))))
	case form.Int:
		return d.int(s, depth)
	case form.Hundredths:
		return d.hundredths(s)
	case form.Raw:
		var ib byte
		if s.Bytes != "" {
			ib = s.Bytes[0]
		} else {
			ib = byte(d.r.read(8))
		}
		if len(s.Bytes) <= 1 && ib&31 < argument8 {
			return d.item(ib, uint64(ib&31), model, prev, mayEqual, last, depth)
		}
		return d.raw(ib, s, model, prev, mayEqual, last, depth)
	}
	panic("pack: internal error: unknown kind of symbol")
}

// string reads what is text in a book.
func (d *decoder) string(book int) error {
	from := len(d.dst)
	if err := d.readText(book); err != nil {
		return err
	}
	return d.addPending(from)
}

// addPending adds a text, of what was appended to dst.
func (d *decoder) addPending(from int) error {
	if !cbor.IsUTF8(d.dst[from:]) {
		d.not("text that is not UTF-8")
	}
	n := len(d.dst) - from
	place := uint64(0)
	if n > 0 {
		place = uint64(from)<<32 | uint64(len(d.dst))
		d.pending = append(d.pending, len(d.tape.Tokens))
	}
	return d.add(cbor.Text, place, cbor.HeadSize(uint64(n))+n)
}

// formValue reads a text that has a form as a whole.
func (d *decoder) formValue(s *form.Symbol) error {
	from := len(d.dst)
	if err := d.formText(s); err != nil {
		return err
	}
	return d.addPending(from)
}

// jsonValue reads a text, or a byte string, that is JSON.
func (d *decoder) jsonValue(s *form.Symbol, depth int) error {
	from := len(d.dst)
	if err := d.appendJSON(&d.tables.Layouts[s.Base], d.max-d.size, depth); err != nil {
		return err
	}
	if s.Kind == form.JSON {
		return d.addPending(from)
	}
	n := len(d.dst) - from
	d.tape.AddBytes(d.dst[from:])
	d.dst = d.dst[:from]
	return d.grown(cbor.HeadSize(uint64(n)) + n)
}

// readText appends a text to dst.
func (d *decoder) readText(book int) error {
	context := uint8(0)
	for {
		before := context
		var symbol uint
		symbol, context = d.readSymbols(&d.tables.Contexts[book], context)
		if d.notes != nil {
			d.noteText(book, before, symbol)
		}
		if symbol == form.End {
			return nil
		}
		if symbol > form.End && symbol < form.Phrase {
			from := len(d.dst)
			if err := d.payload(int(symbol)); err != nil {
				return err
			}
			context = contextAfter(context, string(d.dst[max(len(d.dst)-2, from):]))
		}
		if err := d.check(); err != nil {
			return err
		}
	}
}

// readSymbols appends bytes and phrases to dst, up to the first other symbol,
// which it returns with the context after it. It stops earlier if that is too
// much, and after each symbol if somebody takes notes.
func (d *decoder) readSymbols(contexts *[form.Contexts]uint8, context uint8) (symbol uint, _ uint8) {
	dst, limit := d.dst, d.start+d.max
	for {
		if cap(dst)-len(dst) < 8 {
			dst = slices.Grow(dst, 8)
		}
		w := d.r.peek()
		t := &d.texts[contexts[context]]
		e := t.quick[w>>(64-quickBits)]
		if e == 0 {
			e = t.long(w, d.tables.Text[contexts[context]])
		}
		d.r.pos += int(e & 15)
		symbol = uint(e >> 4)
		if symbol < form.End {
			context = form.Next(context, form.Class[symbol])
			dst = append(dst, byte(symbol))
		} else if symbol >= form.Phrase {
			p := &d.phrases[symbol-form.Phrase]
			context = p.context
			if p.size <= 8 {
				n := len(dst)
				binary.LittleEndian.PutUint64(dst[n:n+8], p.start)
				dst = dst[:n+int(p.size)]
			} else {
				dst = append(dst, d.tables.Phrases[symbol-form.Phrase]...)
			}
		} else {
			break
		}
		if len(dst) > limit || d.r.over() || d.notes != nil {
			break
		}
	}
	d.dst = dst
	return symbol, context
}

// int reads an unsigned integer. The tags before it count as levels.
func (d *decoder) int(s *form.Symbol, depth int) error {
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
func (d *decoder) close(tag, tags int) {
	for i := range tags {
		d.tape.Close(tag + i)
	}
}

func (d *decoder) hundredths(s *form.Symbol) error {
	n := 1<<s.Bits + d.r.read(uint(s.Bits))
	if n%25 == 0 {
		return errSpelling
	}
	return d.add(cbor.Float, math.Float64bits(float64(n)/100), maxHead)
}

// raw reads an item of which the first byte, and those of the symbol, are
// known.
func (d *decoder) raw(first byte, s *form.Symbol, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	head := append(d.head[:0], first)
	if s.Bytes != "" {
		head = append(head, s.Bytes[1:]...)
	}
	outer, tags := len(d.tape.Tokens), 0
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
			d.close(outer, tags)
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
func (d *decoder) item(ib byte, n uint64, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	switch kind := cbor.Kind(ib >> 5); kind {
	case cbor.Uint, cbor.Neg:
		return d.add(kind, n, cbor.HeadSize(n))
	case cbor.Bytes:
		from := len(d.tape.Data)
		data, err := d.readBytes(d.tape.Data, n)
		if err != nil {
			return err
		}
		d.tape.Data = data
		d.tape.AddData(from)
		return d.grown(cbor.HeadSize(n) + int(n))
	case cbor.Text:
		from := len(d.dst)
		text, err := d.readBytes(d.dst, n)
		if err != nil {
			return err
		}
		d.dst = text
		return d.addPending(from)
	case cbor.Array:
		if last == tag.Base64 {
			model = form.InToken
		}
		return d.elements(n, model, prev, mayEqual, depth)
	case cbor.Map:
		return d.entries(n, model, none, true, depth)
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
func (d *decoder) other(ib byte, n uint64) error {
	kind, bits := cbor.Simple, uint64(ib)
	switch ib {
	case cbor.False, cbor.True, cbor.Null:
	case ibFloat64, ibFloat64 - 1, ibFloat64 - 2:
		f, reason := cbor.FloatOf(ib, n)
		if reason != "" {
			d.not(reason)
		}
		kind, bits = cbor.Float, math.Float64bits(f)
	default:
		d.not("simple value")
	}
	return d.add(kind, bits, headSize(ib))
}

// readBytes appends a string's content, 8 bits a byte, to dst.
func (d *decoder) readBytes(dst []byte, n uint64) ([]byte, error) {
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
func (d *decoder) elements(n uint64, model uint8, prev int, mayEqual bool, depth int) error {
	if depth++; depth > maxDepth {
		return errDepth
	}
	array := d.tape.Open(cbor.Array, n)
	if err := d.grown(cbor.HeadSize(n)); err != nil {
		return err
	}
	l := newList(d.tape, prev, mayEqual)
	for range n {
		at := len(d.tape.Tokens)
		prev, mayEqual := l.prev()
		if err := d.value(model, prev, mayEqual, depth); err != nil {
			return err
		}
		l.add(d.tape, at)
	}
	d.tape.Close(array)
	return nil
}

// entries reads a map of n entries, which is below depth levels. prev is a map
// that has the same keys, or none.
func (d *decoder) entries(n uint64, model uint8, prev int, mayEqual bool, depth int) error {
	if depth++; depth > maxDepth {
		return errDepth
	}
	object := d.tape.Open(cbor.Map, n)
	if err := d.grown(cbor.HeadSize(n)); err != nil {
		return err
	}
	r := newRecord(prev, prev != none, mayEqual, d.inJSON)
	for n > 0 {
		var err error
		if n, err = d.known(n, &r, depth); err == nil && n > 0 {
			n--
			err = d.entry(&r, model, depth)
		}
		if err != nil {
			return err
		}
	}
	d.tape.Close(object)
	return nil
}

// known reads entries, of n, up to one whose key is not in the dictionary or
// follows from something before. Most entries are none of these. It returns how
// many are left.
func (d *decoder) known(n uint64, r *record, depth int) (uint64, error) {
	pos := d.r.pos
	for ; n > 0 && r.plain(); n-- {
		w := d.r.at(pos)
		e := d.keys.wide[r.code][w>>(64-form.MaxCode)]
		k := d.keys.key(e >> 4)
		if k == nil {
			break
		}
		w <<= e & 15
		t := &d.values[k.model]
		v := t.quick[w>>(64-quickBits)]
		if v == 0 {
			v = t.long(w, d.tables.Value[k.model])
		}
		pos += int(e&15) + int(v&15)
		if d.notes != nil {
			d.noteKey(r.code, int(e>>4))
			d.noteValue(k.model, uint(v>>4))
		}
		s := &d.symbols[v>>4]
		d.size += k.size
		at := len(d.tape.Tokens)
		d.tape.Room()
		*d.tape.Next() = k.token
		if k.rank <= r.rank {
			d.order(r, at)
		}
		r.last, r.rank = at, k.rank
		r.after(k.next)
		if !d.whole(s) {
			d.r.pos = pos
			if err := d.begun(s, k.model, none, r.mayEqual, untagged, depth); err != nil {
				return n, err
			}
			pos = d.r.pos
		} else if d.size > d.max || pos > d.r.end {
			d.r.pos = pos
			return n, d.bad()
		}
	}
	d.r.pos = pos
	return n, nil
}

// entry reads any entry.
func (d *decoder) entry(r *record, model uint8, depth int) error {
	at := len(d.tape.Tokens)
	copied := r.row != none
	if err := d.key(r, depth); err != nil {
		return err
	}
	if r.last != none && !copied {
		d.order(r, at)
	}
	r.last, r.rank = at, unranked
	key := &d.tape.Tokens[at]
	valueModel, isIndex := uint8(form.Generic), false
	if key.Key != 0 {
		k := &d.tables.tape.keys[key.Key-1]
		valueModel, isIndex = k.model, k.index
	} else if isIndex = d.isIndex(key); isIndex {
		valueModel = model
	}
	prev, mayEqual := r.add(d.tape, key, d.textLength(key), len(d.tape.Tokens), isIndex)
	return d.value(valueModel, prev, mayEqual, depth)
}

// order takes note if the key at a place does not follow the last one in order.
func (d *decoder) order(r *record, at int) {
	if !d.ascends(r.last, at) {
		d.not("map keys out of order or doubled")
	}
}

// ascends reports whether one key comes before another one, as it must but in
// JSON.
func (d *decoder) ascends(i, j int) bool {
	if d.inJSON {
		return true
	}
	a, b := d.tape.Tokens[i].Key, d.tape.Tokens[j].Key
	if a != 0 && b != 0 {
		return d.tables.tape.keys[a-1].rank < d.tables.tape.keys[b-1].rank
	}
	return d.compare(i, j) < 0
}

// key reads a key.
func (d *decoder) key(r *record, depth int) error {
	if r.row != none {
		return d.copy(r.row)
	}
	if r.stepped {
		step, ok, err := d.number(form.KeyStep)
		if err != nil {
			return err
		}
		if ok {
			if step == 0 || r.number > math.MaxUint64-step {
				return errSpelling
			}
			d.tape.AddUint(r.number + step)
			return d.grown(cbor.HeadSize(r.number + step))
		}
	}
	e := d.tables.tape.wide[r.code][d.r.peek()>>(64-form.MaxCode)]
	d.r.pos += int(e & 15)
	if d.notes != nil {
		d.noteKey(r.code, int(e>>4))
	}
	at := len(d.tape.Tokens)
	var err error
	switch symbol := e >> 4; symbol {
	case form.Spelled:
		err = d.string(form.Keys)
	case form.OtherKey:
		err = d.value(form.Generic, none, true, depth)
	case form.NumberKey:
		err = d.numberKey()
	default:
		k := &d.tables.tape.keys[symbol-form.Entry]
		d.tape.Tokens = append(d.tape.Tokens, k.token)
		return d.grown(k.size)
	}
	if err != nil {
		return err
	}
	return d.inDictionary(at)
}

// numberKey reads a key that is the text of a number.
func (d *decoder) numberKey() error {
	n, ok, err := d.number(form.KeyNumber)
	if err != nil {
		return err
	}
	if !ok {
		return errSymbol
	}
	from := len(d.dst)
	d.dst = strconv.AppendUint(d.dst, n, 10)
	return d.addPending(from)
}

// inDictionary gives a key that was spelled, although it is in the dictionary,
// its number there: it has the model that it has there.
func (d *decoder) inDictionary(at int) error {
	key := &d.tape.Tokens[at]
	if key.Kind != cbor.Text {
		return nil
	}
	if k := find(d.tables.tape, d.content(key)); k != nil {
		key.Key = k.token.Key
	}
	return nil
}

// content returns a text.
func (d *decoder) content(k *cbor.Token) []byte {
	if k.N != 0 {
		return d.dst[k.N>>32 : k.N&math.MaxUint32]
	}
	return []byte(k.S)
}

// textLength returns how many bytes a text has.
func (d *decoder) textLength(k *cbor.Token) int {
	if k.N != 0 {
		return int(k.N&math.MaxUint32 - k.N>>32)
	}
	return len(k.S)
}

// isIndex reports whether a key is a number, in either spelling.
func (d *decoder) isIndex(k *cbor.Token) bool {
	if k.Kind == cbor.Text && k.N != 0 {
		return isDigits(d.content(k))
	}
	return isIndexToken(k)
}

// compare orders the items at two places by their encodings.
func (d *decoder) compare(i, j int) int {
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

// untagged is the tag of an item that has none: no array under it is a token.
const untagged = 0

// formText reads a text that has a form as a whole into dst, without a head.
func (d *decoder) formText(s *form.Symbol) (err error) {
	switch s.Kind {
	case form.Form:
		err = d.payload(int(s.Base))
	case form.Time:
		err = d.time(&form.TimeForms[s.Base])
	case form.Bcrypt:
		err = d.bcrypt()
	}
	if err != nil {
		return err
	}
	return d.check()
}

// leastArgument returns the least argument that needs a head of size bytes.
func leastArgument(size int) uint64 {
	switch size {
	case 2:
		return argument8
	case 3:
		return 1 << 8
	case 5:
		return 1 << 16
	}
	return 1 << 32
}

// number reads an unsigned integer that stands for itself, and in no item. It
// is not ok if there is none, but the symbol with no bytes.
func (d *decoder) number(model uint8) (n uint64, ok bool, err error) {
	symbol := d.code(&d.values[model], &d.tables.Value[model])
	if d.notes != nil {
		d.noteValue(model, symbol)
	}
	s := &d.tables.Values[symbol]
	switch {
	case s.Kind == form.Int && s.Bytes == "":
		return s.Base + d.r.read64(uint(s.Bits)), true, d.check()
	case s.Kind == form.Raw && len(s.Bytes) == 1 && s.Bytes[0] < argument8:
		return uint64(s.Bytes[0]), true, d.check()
	case s.Kind == form.Raw && s.Bytes == "":
		return 0, false, d.check()
	}
	return 0, false, errSymbol
}
