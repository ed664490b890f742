package pack

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"

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

// Unpack appends to dst the item whose packed form is given. It fails if that
// is no packed form, or if the item is larger than max bytes, of which it never
// appends more; then it returns dst as it was. It allocates nothing but what
// dst grows by.
//
// The item is well-formed, with all heads in their shortest form, and nested at
// most 64 deep. That its text is UTF-8, its keys are in order, and its floats
// are short is for the CBOR decoder to check.
func (p *Packer) Unpack(dst, packed []byte, max int) ([]byte, error) {
	d := decoder{r: reader{src: packed}, tables: p.tables, dst: dst, start: len(dst), max: max}
	if err := d.value(form.Generic, none, true, 0); err != nil {
		return dst, err
	}
	if !d.r.atEnd() {
		return dst, errTrailing
	}
	return d.dst, nil
}

// A decoder unpacks one item. Places are those in dst.
type decoder struct {
	r      reader
	tables *tables
	dst    []byte
	start  int // of the item
	max    int
	notes  *Notes // of Observe
	inJSON bool
}

// check must follow whatever was appended. What may be appended between two
// checks is bounded by the length of a symbol, or was checked before.
func (d *decoder) check() error {
	if len(d.dst)-d.start > d.max {
		return errTooLarge
	}
	if d.r.over() {
		return errTruncated
	}
	return nil
}

// copy appends a part of dst.
func (d *decoder) copy(from, to int) error {
	if len(d.dst)-d.start+to-from > d.max {
		return errTooLarge
	}
	d.dst = append(d.dst, d.dst[from:to]...)
	return d.check()
}

// value reads an item below depth levels; see [encoder.value].
func (d *decoder) value(model uint8, prev int, mayEqual bool, depth int) error {
	if prev != none && !mayEqual && !isContainer(d.dst[prev]) {
		prev = none
	}
	if prev != none && d.r.read(1) == 1 {
		return d.sameShape(model, prev, mayEqual, depth)
	}
	return d.symbol(model, prev, mayEqual, untagged, depth)
}

// sameShape reads an item that is as much like the one before it as a single
// bit can say.
func (d *decoder) sameShape(model uint8, prev int, mayEqual bool, depth int) error {
	major, n, size := readHead(d.dst[prev:])
	switch major {
	case majorArray:
		if err := d.copy(prev, prev+size); err != nil {
			return err
		}
		return d.elements(n, model, newList(d.dst, prev, mayEqual), depth)
	case majorMap:
		if err := d.copy(prev, prev+size); err != nil {
			return err
		}
		return d.entries(n, model, newRecord(d.dst, prev, true, mayEqual), depth)
	}
	return d.copy(prev, skip(d.dst, prev))
}

// untagged is the tag of an item that has none: no array under it is a token.
const untagged = 0

// valueSymbol reads a symbol of a value.
func (d *decoder) valueSymbol(model uint8) *form.Symbol {
	symbol := d.r.symbol(&d.tables.values[model])
	d.noteValue(model, symbol)
	return &d.tables.Values[symbol]
}

// symbol reads an item that begins with a symbol. last is the tag right before
// it.
func (d *decoder) symbol(model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	s := d.valueSymbol(model)
	switch s.Kind {
	case form.Word:
		d.dst = append(d.dst, s.Bytes...)
		return d.check()
	case form.Text:
		return d.string(majorText, int(s.Base))
	case form.Form, form.Time, form.Bcrypt:
		return d.form(s)
	case form.JSON:
		return d.json(majorText, &d.tables.Layouts[s.Base], depth)
	case form.JSONBytes:
		return d.json(majorBytes, &d.tables.Layouts[s.Base], depth)
	case form.Int:
		return d.int(s, depth)
	case form.Hundredths:
		return d.hundredths(s)
	case form.Whole:
		d.dst = appendFloat(d.dst, float64(s.Base+d.r.read64(uint(s.Bits))))
		return d.check()
	case form.Raw:
		return d.raw(s, model, prev, mayEqual, last, depth)
	}
	panic("pack: internal error: unknown kind of symbol")
}

// string reads what is text in a book, and puts a head before it.
func (d *decoder) string(major byte, book int) error {
	at := len(d.dst)
	d.dst = append(d.dst, 0)
	if err := d.text(book); err != nil {
		return err
	}
	return d.putHead(major, at)
}

// form reads a text that has a form as a whole.
func (d *decoder) form(s *form.Symbol) error {
	at := len(d.dst)
	d.dst = append(d.dst, 0)
	if err := d.formText(s); err != nil {
		return err
	}
	return d.putHead(majorText, at)
}

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

// putHead puts the head of a string in front of it, where a byte is free.
func (d *decoder) putHead(major byte, at int) error {
	n := len(d.dst) - at - 1
	if n < argument8 {
		d.dst[at] = major<<5 | byte(n)
		return d.check()
	}
	var head [maxHead]byte
	h := appendHead(head[:0], major, uint64(n))
	d.dst = append(d.dst, h[1:]...) // to make room
	copy(d.dst[at+len(h):], d.dst[at+1:at+1+n])
	copy(d.dst[at:], h)
	return d.check()
}

// int reads an unsigned integer. The tags before it count as levels.
func (d *decoder) int(s *form.Symbol, depth int) error {
	for i := 0; i < len(s.Bytes); i += headSize(s.Bytes[i]) {
		depth++
	}
	if depth > maxDepth {
		return errDepth
	}
	n := s.Base + d.r.read64(uint(s.Bits))
	if n < argument8 && s.Bytes == "" {
		return errSpelling
	}
	d.dst = appendHead(append(d.dst, s.Bytes...), majorUint, n)
	return d.check()
}

func (d *decoder) hundredths(s *form.Symbol) error {
	n := 1<<s.Bits + d.r.read(uint(s.Bits))
	if n%25 == 0 {
		return errSpelling
	}
	d.dst = binary.BigEndian.AppendUint64(append(d.dst, ibFloat64), math.Float64bits(float64(n)/100))
	return d.check()
}

// raw reads an item of which the first bytes are known.
func (d *decoder) raw(s *form.Symbol, model uint8, prev int, mayEqual bool, last uint64, depth int) error {
	at := len(d.dst)
	d.dst = append(d.dst, s.Bytes...)
	if s.Bytes == "" {
		d.dst = append(d.dst, byte(d.r.read(8)))
	}
	major, n := byte(0), uint64(0)
	for at < len(d.dst) {
		size := headSize(d.dst[at])
		if size == 0 {
			return errHead
		}
		for len(d.dst)-at < size {
			d.dst = append(d.dst, byte(d.r.read(8)))
		}
		if major == majorTag {
			last, prev, mayEqual = n, none, true
			depth++
		}
		major, n, size = readHead(d.dst[at:])
		if major != majorOther && size > 1 && n < leastArgument(size) {
			return errSpelling
		}
		at += size
	}
	if err := d.check(); err != nil {
		return err
	}
	if major == majorTag {
		depth++
	}
	if depth > maxDepth {
		return errDepth
	}
	switch major {
	case majorBytes, majorText:
		return d.bytes(n)
	case majorArray:
		if last == tag.Base64 {
			model = form.InToken
		}
		return d.elements(n, model, newList(d.dst, prev, mayEqual), depth)
	case majorMap:
		return d.entries(n, model, newRecord(d.dst, none, false, true), depth)
	case majorTag:
		return d.symbol(model, none, true, n, depth)
	}
	return nil
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

// bytes reads the content of a byte string, 8 bits a byte.
func (d *decoder) bytes(n uint64) error {
	if n > uint64(d.max-(len(d.dst)-d.start)) {
		return errTooLarge
	}
	if n > uint64(d.r.left())/8 {
		return errTruncated
	}
	for ; n >= 4; n -= 4 {
		d.dst = binary.BigEndian.AppendUint32(d.dst, uint32(d.r.read(32)))
	}
	for range n {
		d.dst = append(d.dst, byte(d.r.read(8)))
	}
	return nil
}

// elements reads the n elements of an array, which is below depth levels.
func (d *decoder) elements(n uint64, model uint8, l list, depth int) error {
	if depth++; depth > maxDepth {
		return errDepth
	}
	for range n {
		at := len(d.dst)
		prev, mayEqual := l.prev()
		if err := d.value(model, prev, mayEqual, depth); err != nil {
			return err
		}
		l.add(d.dst, at)
	}
	return nil
}

// entries reads the n entries of a map, which is below depth levels.
func (d *decoder) entries(n uint64, model uint8, r record, depth int) error {
	if depth++; depth > maxDepth {
		return errDepth
	}
	for range n {
		at := len(d.dst)
		k, known, err := d.key(&r, depth)
		if err != nil {
			return err
		}
		key := d.dst[at:]
		valueModel := d.tables.modelOf(key, k, known, model)
		prev, mayEqual := r.add(d.dst, key, len(d.dst))
		if err := d.value(valueModel, prev, mayEqual, depth); err != nil {
			return err
		}
	}
	return nil
}

// key reads a key, which is number k of the dictionary if it is known there.
func (d *decoder) key(r *record, depth int) (k int, known bool, err error) {
	at := len(d.dst)
	switch {
	case r.row != none:
		err = d.copy(r.row, skip(d.dst, r.row))
	case r.stepped:
		var step uint64
		var ok bool
		if step, ok, err = d.number(form.KeyStep); err == nil && ok {
			if step == 0 || r.number > math.MaxUint64-step {
				return 0, false, errSpelling
			}
			d.dst = appendHead(d.dst, majorUint, r.number+step)
			break
		}
		if err == nil {
			k, known, err = d.plainKey(r.code, depth)
		}
		if known {
			return k, known, err
		}
	default:
		if k, known, err = d.plainKey(r.code, depth); known {
			return k, known, err
		}
	}
	if err == nil {
		err = d.check()
	}
	if err == nil {
		k, known = d.tables.dictionary.find(d.dst[at:])
	}
	return k, known, err
}

// plainKey reads a key of which nothing is known.
func (d *decoder) plainKey(code uint8, depth int) (k int, known bool, err error) {
	if d.inJSON {
		code = form.JSONKey
	}
	symbol := int(d.r.symbol(&d.tables.keys[code]))
	d.noteKey(code, symbol)
	switch symbol {
	case form.Spelled:
		return 0, false, d.string(majorText, form.Keys)
	case form.OtherKey:
		return 0, false, d.value(form.Generic, none, true, depth)
	case form.NumberKey:
		n, ok, err := d.number(form.KeyNumber)
		if err != nil {
			return 0, false, err
		}
		if !ok {
			return 0, false, errSymbol
		}
		var digits [20]byte
		text := strconv.AppendUint(digits[:0], n, 10)
		d.dst = append(append(d.dst, majorText<<5|byte(len(text))), text...)
		return 0, false, d.check()
	}
	k = symbol - form.Entry
	d.dst = append(d.dst, d.tables.dictionary.strings[k]...)
	return k, true, d.check()
}

// number reads an unsigned integer that stands for itself, and in no item. It
// is not ok if there is none, but the symbol with no bytes.
func (d *decoder) number(model uint8) (n uint64, ok bool, err error) {
	s := d.valueSymbol(model)
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
