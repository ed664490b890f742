package pack

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"example.com/cookiesession/internal/pack/form"
)

// A text that is JSON, as many programs keep one in their sessions, is written
// as the value that it stands for, and as the layout that it is written in. In
// between that value is an item like any other, but that the keys of its maps
// are in the order of the text.

var errJSON = errors.New("pack: a value that the JSON layouts do not have")

const (
	maxJSONText = 16 << 10 // bytes of a text that the encoder parses
	maxJSONItem = 64 << 10 // bytes of its item
)

// maxJSONHundredths bounds the numbers with a point, so that each of them has a
// float of its own.
const maxJSONHundredths = 1 << 50

// A jsonParser makes the item of a JSON text.
type jsonParser struct {
	text  []byte
	at    int
	item  []byte // what is made
	depth int    // levels that are left
}

// parseJSON appends the item of a JSON text, if it is one that a layout may
// have. It nests at most depth deep.
func parseJSON(dst, text []byte, depth int) (item []byte, ok bool) {
	if len(text) < 2 || text[0] != '{' && text[0] != '[' || len(text) > maxJSONText {
		return dst, false
	}
	p := jsonParser{text: text, item: dst, depth: depth}
	if !p.value() || p.at != len(text) {
		return dst, false
	}
	return p.item, true
}

// next returns the next byte, and 0 at the end.
func (p *jsonParser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *jsonParser) space() {
	for p.next() == ' ' || p.next() == '\n' {
		p.at++
	}
}

func (p *jsonParser) value() bool {
	switch c := p.next(); {
	case c == '{' || c == '[':
		p.depth--
		ok := p.depth >= 0 && p.inside(c)
		p.depth++
		return ok
	case c == '"':
		return p.string()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	}
	for i, word := range [...]string{"false", "true", "null"} {
		if bytes.HasPrefix(p.text[p.at:], []byte(word)) {
			p.at += len(word)
			p.item = append(p.item, majorOther<<5|byte(20+i))
			return true
		}
	}
	return false
}

// inside reads an array or an object.
func (p *jsonParser) inside(open byte) bool {
	major, end, n := byte(majorArray), byte(']'), uint64(0)
	if open == '{' {
		major, end = majorMap, '}'
	}
	p.at++
	start := len(p.item)
	for p.space(); p.next() != end; p.space() {
		if n > 0 {
			if p.next() != ',' {
				return false
			}
			p.at++
			p.space()
		}
		if major == majorMap {
			if p.next() != '"' || !p.string() || p.next() != ':' {
				return false
			}
			p.at++
			p.space()
		}
		if !p.value() {
			return false
		}
		n++
	}
	p.at++
	var head [maxHead]byte
	p.item = slices.Insert(p.item, start, appendHead(head[:0], major, n)...)
	return true
}

// string reads a string.
func (p *jsonParser) string() bool {
	p.at++
	start := len(p.item)
	for {
		c := p.next()
		p.at++
		switch {
		case c == '"':
			var head [maxHead]byte
			p.item = slices.Insert(p.item, start, appendHead(head[:0], majorText, uint64(len(p.item)-start))...)
			return true
		case c < ' ':
			return false
		case c != '\\':
			p.item = append(p.item, c)
			continue
		}
		c = p.next()
		p.at++
		if c == 'u' {
			r, ok := p.rune()
			if !ok {
				return false
			}
			p.item = utf8.AppendRune(p.item, r)
		} else if i := bytes.IndexByte([]byte(`"\/bfnrt`), c); i >= 0 {
			p.item = append(p.item, "\"\\/\b\f\n\r\t"[i])
		} else {
			return false
		}
	}
}

// rune reads four digits of hex, and another \u with four of them if these are
// a half of a character.
func (p *jsonParser) rune() (rune, bool) {
	r, ok := p.hex()
	if !ok || r&^0x3ff == 0xdc00 {
		return 0, false
	}
	if r&^0x3ff != 0xd800 {
		return r, true
	}
	if !bytes.HasPrefix(p.text[p.at:], []byte(`\u`)) {
		return 0, false
	}
	p.at += 2
	low, ok := p.hex()
	return 0x10000 + r&0x3ff<<10 + low&0x3ff, ok && low&^0x3ff == 0xdc00
}

func (p *jsonParser) hex() (r rune, ok bool) {
	for range 4 {
		i := bytes.IndexByte([]byte(hexDigits), p.next())
		if i < 0 {
			return 0, false
		}
		r = r<<4 | rune(i)
		p.at++
	}
	return r, true
}

// number reads a number: an integer, or hundredths.
func (p *jsonParser) number() bool {
	minus := p.next() == '-'
	if minus {
		p.at++
	}
	n, digits := uint64(0), 0
	digit := func() bool {
		c := p.next()
		if c < '0' || c > '9' || n > (math.MaxUint64-9)/10 && n > math.MaxUint64/10 {
			return false
		}
		n2 := 10*n + uint64(c-'0')
		if n2 < n {
			return false
		}
		n = n2
		p.at++
		digits++
		return true
	}
	for digit() {
	}
	if c := p.next(); digits == 0 || '0' <= c && c <= '9' {
		return false
	}
	if p.next() == '.' {
		p.at++
		digits = 0
		for digits < 2 && digit() {
		}
		for ; digits < 2; digits++ {
			n *= 10
		}
		if minus || n == 0 || n >= maxJSONHundredths {
			return false
		}
		p.item = appendFloat(p.item, float64(n)/100)
		return true
	}
	switch {
	case !minus:
		p.item = appendHead(p.item, majorUint, n)
	case n == 0 || n > 1<<63:
		return false
	default:
		p.item = appendHead(p.item, majorNegative, n-1)
	}
	return true
}

// A jsonWriter writes an item as a JSON text.
type jsonWriter struct {
	dst    []byte
	start  int // of the text
	max    int // bytes of it
	item   []byte
	at     int
	layout *form.Layout
	keys   []int // of the maps that are being written: their places
}

// jsonWriters keeps what the writer of one text needs beside the text.
var jsonWriters = sync.Pool{New: func() any { return new(jsonWriter) }}

// appendJSON appends the JSON text of an item, at most max bytes of it. It
// fails if the item has what no JSON text has, or repeats a key.
func appendJSON(dst, item []byte, layout *form.Layout, max int) ([]byte, error) {
	w := jsonWriters.Get().(*jsonWriter)
	*w = jsonWriter{dst: dst, start: len(dst), max: max, item: item, layout: layout, keys: w.keys[:0]}
	err := errJSON
	if isContainer(item[0]) {
		err = w.value(0)
	}
	dst = w.dst
	w.dst, w.item = nil, nil
	jsonWriters.Put(w)
	return dst, err
}

// check must follow whatever was written; what may be written between two
// checks is bounded.
func (w *jsonWriter) check() error {
	if len(w.dst)-w.start > w.max {
		return errTooLarge
	}
	return nil
}

func (w *jsonWriter) value(depth int) error {
	ib := w.item[w.at]
	major, n, size := readHead(w.item[w.at:])
	w.at += size
	switch {
	case major == majorUint:
		w.dst = strconv.AppendUint(w.dst, n, 10)
	case major == majorNegative && n <= math.MaxInt64:
		w.dst = strconv.AppendInt(w.dst, -1-int64(n), 10)
	case major == majorText:
		return w.string(n)
	case major == majorArray:
		return w.inside(n, false, depth)
	case major == majorMap:
		return w.inside(n, true, depth)
	case major == majorOther && size == 1 && 20 <= n && n <= 22:
		w.dst = append(w.dst, [...]string{"false", "true", "null"}[n-20]...)
	default:
		f, ok := floatOf(ib, n)
		if !ok || !w.hundredths(f) {
			return errJSON
		}
	}
	return w.check()
}

// hundredths writes a float with one or two decimals.
func (w *jsonWriter) hundredths(f float64) bool {
	if !(f > 0 && f*100 < maxJSONHundredths) {
		return false
	}
	n := uint64(math.RoundToEven(f * 100))
	if n%100 == 0 || float64(n)/100 != f {
		return false
	}
	w.dst = append(strconv.AppendUint(w.dst, n/100, 10), '.', '0'+byte(n/10%10))
	if n%10 != 0 {
		w.dst = append(w.dst, '0'+byte(n%10))
	}
	return true
}

// inside writes the n elements or entries of an array or an object.
func (w *jsonWriter) inside(n uint64, isMap bool, depth int) error {
	marks := "[]"
	if isMap {
		marks = "{}"
	}
	keys := len(w.keys)
	w.dst = append(w.dst, marks[0])
	for i := range n {
		if i > 0 {
			w.dst = append(w.dst, w.layout.Comma...)
		}
		w.line(depth + 1)
		if isMap {
			w.keys = append(w.keys, w.at)
			major, n, size := readHead(w.item[w.at:])
			if major != majorText {
				return errJSON
			}
			w.at += size
			if err := w.string(n); err != nil {
				return err
			}
			w.dst = append(w.dst, w.layout.Colon...)
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	if n > 0 {
		w.line(depth)
	}
	w.dst = append(w.dst, marks[1])
	if w.repeated(w.keys[keys:]) {
		return errJSON
	}
	w.keys = w.keys[:keys]
	return w.check()
}

// line begins a new line, if the layout has lines.
func (w *jsonWriter) line(depth int) {
	if w.layout.Indent == 0 {
		return
	}
	w.dst = append(w.dst, '\n')
	for range depth * w.layout.Indent {
		w.dst = append(w.dst, ' ')
	}
}

// repeated reports whether a key is there twice.
func (w *jsonWriter) repeated(keys []int) bool {
	key := func(at int) []byte { return w.item[at:skip(w.item, at)] }
	slices.SortFunc(keys, func(a, b int) int { return bytes.Compare(key(a), key(b)) })
	for i := 1; i < len(keys); i++ {
		if bytes.Equal(key(keys[i-1]), key(keys[i])) {
			return true
		}
	}
	return false
}

// string writes a string of n bytes.
func (w *jsonWriter) string(n uint64) error {
	s := w.item[w.at : w.at+int(n)]
	w.at += int(n)
	w.dst = append(w.dst, '"')
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch i := bytes.IndexByte([]byte("\"\\\b\f\n\r\t"), s[0]); {
		case r == utf8.RuneError && size == 1:
			return errJSON
		case i >= 0:
			w.dst = append(w.dst, '\\', `"\bfnrt`[i])
		case r == '/' && w.layout.Slash:
			w.dst = append(w.dst, `\/`...)
		case r < ' ', r > '~' && w.layout.ASCII, w.layout.HTML && isHTML(r), w.layout.Quotes && (r == '=' || r == '\''):
			w.escape(r)
		default:
			w.dst = append(w.dst, s[:size]...)
		}
		if err := w.check(); err != nil {
			return err
		}
		s = s[size:]
	}
	w.dst = append(w.dst, '"')
	return nil
}

func isHTML(r rune) bool { return r == '<' || r == '>' || r == '&' || r == 0x2028 || r == 0x2029 }

// escape writes a character as \u and four digits of hex, or twice that.
func (w *jsonWriter) escape(r rune) {
	if r >= 0x10000 {
		w.escape(0xd800 + (r-0x10000)>>10)
		r = 0xdc00 + r&0x3ff
	}
	w.dst = append(w.dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// json writes a text, or a byte string, as JSON: if it is that, in one of the
// layouts, and to the byte.
func (e *encoder) json(text []byte, codes []uint16) bool {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	start := len(e.jsonItems)
	items, ok := parseJSON(e.jsonItems, text, maxDepth-e.depth)
	if !ok {
		return false
	}
	item := items[start:]
	for i := range e.tables.Layouts {
		if codes[i] == 0 {
			continue
		}
		var err error
		e.jsonText, err = appendJSON(e.jsonText[:0], item, &e.tables.Layouts[i], len(text))
		if err != nil || !bytes.Equal(e.jsonText, text) {
			continue
		}
		e.code(codes[i])
		e.jsonItems = items
		outer, trace, inJSON := e.item, e.trace, e.inJSON
		e.item, e.trace, e.inJSON = item, nil, true
		e.value(0, form.Generic, none, true)
		e.item, e.trace, e.inJSON = outer, trace, inJSON
		e.jsonItems = e.jsonItems[:start]
		return true
	}
	return false
}

// jsonItems are buffers for the items of JSON texts that are unpacked.
var jsonItems = sync.Pool{New: func() any { return new([]byte) }}

// json reads a text, or a byte string, that is JSON.
func (d *decoder) json(major byte, layout *form.Layout, depth int) error {
	at := len(d.dst)
	d.dst = append(d.dst, 0)
	if err := d.appendJSON(layout, d.max-(at-d.start), depth); err != nil {
		return err
	}
	return d.putHead(major, at)
}

// appendJSON reads a value and appends its JSON text, of at most max bytes.
func (d *decoder) appendJSON(layout *form.Layout, max, depth int) error {
	buffer := jsonItems.Get().(*[]byte)
	defer jsonItems.Put(buffer)
	inner := decoder{r: d.r, tables: d.tables, dst: (*buffer)[:0], max: maxJSONItem, notes: d.notes, inJSON: true}
	err := inner.value(form.Generic, none, true, depth)
	*buffer = inner.dst
	d.r = inner.r
	if err != nil {
		return err
	}
	d.dst, err = appendJSON(d.dst, inner.dst, layout, max)
	return err
}

// JSONItem returns the item of a text that is JSON, for the trainer.
func JSONItem(text []byte) (item []byte, ok bool) { return parseJSON(nil, text, maxDepth) }
