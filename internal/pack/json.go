package pack

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.com/cookiesession/internal/cbor"
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

// A jsonParser puts a JSON text on a tape.
type jsonParser struct {
	text  string
	at    int
	tape  *cbor.Tape
	depth int // levels that are left
}

// mayBeJSON reports whether a text begins as those do that are parsed.
func mayBeJSON[S string | []byte](text S) bool {
	return len(text) >= 2 && (text[0] == '{' || text[0] == '[') && len(text) <= maxJSONText
}

// parseJSON adds the item of a JSON text to a tape, if it is one that a layout
// may have. It nests at most depth deep. Keys stay in the order of the text.
func parseJSON(t *cbor.Tape, text string, depth int) (ok bool) {
	if !mayBeJSON(text) {
		return false
	}
	p := jsonParser{text: text, tape: t, depth: depth}
	return p.value() && p.at == len(text)
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
		if strings.HasPrefix(p.text[p.at:], word) {
			p.at += len(word)
			p.tape.AddSimple(byte(cbor.False + i))
			return true
		}
	}
	return false
}

// inside reads an array or an object.
func (p *jsonParser) inside(open byte) bool {
	kind, end, n := cbor.Array, byte(']'), uint64(0)
	if open == '{' {
		kind, end = cbor.Map, '}'
	}
	p.at++
	start := p.tape.Open(kind, 0)
	for p.space(); p.next() != end; p.space() {
		if n > 0 {
			if p.next() != ',' {
				return false
			}
			p.at++
			p.space()
		}
		if kind == cbor.Map {
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
	p.tape.Tokens[start].N = n
	p.tape.Close(start)
	return true
}

// string reads a string. What has no escapes is a part of the text.
func (p *jsonParser) string() bool {
	p.at++
	from := p.at
	for {
		switch c := p.next(); {
		case c == '"':
			p.tape.AddText(p.text[from:p.at])
			p.at++
			return true
		case c < ' ':
			return false
		case c == '\\':
			return p.escaped(from)
		}
		p.at++
	}
}

// escaped reads a string up to its end, of which what comes before the first
// escape begins at from.
func (p *jsonParser) escaped(from int) bool {
	s := append([]byte(nil), p.text[from:p.at]...)
	for {
		c := p.next()
		p.at++
		switch {
		case c == '"':
			p.tape.AddText(string(s))
			return true
		case c < ' ':
			return false
		case c != '\\':
			s = append(s, c)
			continue
		}
		c = p.next()
		p.at++
		if c == 'u' {
			r, ok := p.rune()
			if !ok {
				return false
			}
			s = utf8.AppendRune(s, r)
		} else if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			s = append(s, "\"\\/\b\f\n\r\t"[i])
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
	if !strings.HasPrefix(p.text[p.at:], `\u`) {
		return 0, false
	}
	p.at += 2
	low, ok := p.hex()
	return 0x10000 + r&0x3ff<<10 + low&0x3ff, ok && low&^0x3ff == 0xdc00
}

func (p *jsonParser) hex() (r rune, ok bool) {
	for range 4 {
		i := strings.IndexByte(hexDigits, p.next())
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
		p.tape.AddFloat(float64(n) / 100)
		return true
	}
	switch {
	case !minus:
		p.tape.AddUint(n)
	case n == 0 || n > 1<<63:
		return false
	default:
		p.tape.AddInt(-int64(n))
	}
	return true
}

// A jsonWriter writes an item of a tape as a JSON text.
type jsonWriter struct {
	dst    []byte
	start  int // of the text
	max    int // bytes of it
	tape   *cbor.Tape
	at     int
	layout *form.Layout
	keys   []string // of the maps that are being written
}

// append appends the JSON text of the item at a place of a tape to dst, at most
// max bytes of it. It fails if the item has what no JSON text has, or repeats a
// key.
func (w *jsonWriter) append(dst []byte, t *cbor.Tape, at int, layout *form.Layout, max int) ([]byte, error) {
	w.dst, w.start, w.max, w.tape, w.at, w.layout = dst, len(dst), max, t, at, layout
	err := errJSON
	if isList(&t.Tokens[at]) {
		err = w.value(0)
	}
	dst = w.dst
	clear(w.keys[:cap(w.keys)])
	w.dst, w.tape, w.keys = nil, nil, w.keys[:0]
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
	k := &w.tape.Tokens[w.at]
	w.at++
	switch {
	case k.Kind == cbor.Uint:
		w.dst = strconv.AppendUint(w.dst, k.N, 10)
	case k.Kind == cbor.Neg && k.N <= math.MaxInt64:
		w.dst = strconv.AppendInt(w.dst, -1-int64(k.N), 10)
	case k.Kind == cbor.Text:
		return w.string(k.S)
	case isList(k):
		return w.inside(k.N, k.Kind == cbor.Map, depth)
	case k.Kind == cbor.Simple && cbor.False <= k.N && k.N <= cbor.Null:
		w.dst = append(w.dst, [...]string{"false", "true", "null"}[k.N-cbor.False]...)
	case k.Kind != cbor.Float || !w.hundredths(math.Float64frombits(k.N)):
		return errJSON
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
			k := &w.tape.Tokens[w.at]
			w.at++
			if k.Kind != cbor.Text {
				return errJSON
			}
			w.keys = append(w.keys, k.S)
			if err := w.string(k.S); err != nil {
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
	if repeated(w.keys[keys:]) {
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
func repeated(keys []string) bool {
	if len(keys) <= 16 { // faster than sorting them
		for i, k := range keys {
			if slices.Contains(keys[:i], k) {
				return true
			}
		}
		return false
	}
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i-1] == keys[i] {
			return true
		}
	}
	return false
}

// string writes a string.
func (w *jsonWriter) string(s string) error {
	w.dst = append(w.dst, '"')
	for {
		n := 0
		for n < len(s) && jsonPlain[s[n]] {
			n++
		}
		if len(w.dst)-w.start+n > w.max {
			return errTooLarge
		}
		w.dst = append(w.dst, s[:n]...)
		if s = s[n:]; s == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		switch i := strings.IndexByte("\"\\\b\f\n\r\t", s[0]); {
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

// jsonPlain are the characters that every layout writes as they are.
var jsonPlain = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = !strings.ContainsRune(`"\/='`, c) && !isHTML(c)
	}
	return t
}()

func isHTML(r rune) bool { return r == '<' || r == '>' || r == '&' || r == 0x2028 || r == 0x2029 }

// escape writes a character as \u and four digits of hex, or twice that.
func (w *jsonWriter) escape(r rune) {
	if r >= 0x10000 {
		w.escape(0xd800 + (r-0x10000)>>10)
		r = 0xdc00 + r&0x3ff
	}
	w.dst = append(w.dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// jsonValue writes a text, or a byte string, as JSON: if it is that, in one of
// the layouts, and to the byte.
func (e *encoder) jsonValue(text string, codes []uint16) bool {
	start := len(e.inner.Tokens)
	defer func() {
		clear(e.inner.Tokens[start:])
		e.inner.Tokens = e.inner.Tokens[:start]
	}()
	if !parseJSON(&e.inner, text, maxDepth-e.depth) {
		return false
	}
	for i := range e.tables.Layouts {
		if codes[i] == 0 {
			continue
		}
		var err error
		e.jsonText, err = e.json.append(e.jsonText[:0], &e.inner, start, &e.tables.Layouts[i], len(text))
		if err != nil || string(e.jsonText) != text {
			continue
		}
		e.code(codes[i])
		tape, trace, inJSON := e.tape, e.trace, e.inJSON
		e.tape, e.trace, e.inJSON = &e.inner, nil, true
		e.value(start, form.Generic, none, true)
		e.tape, e.trace, e.inJSON = tape, trace, inJSON
		return true
	}
	return false
}

// appendJSON reads a value and appends its JSON text to dst, at most max bytes
// of it. In between the value is at the end of the tape.
func (d *decoder) appendJSON(layout *form.Layout, max, depth int) error {
	t := d.tape
	outer := struct {
		size, max, start int
		inJSON           bool
	}{d.size, d.max, d.start, d.inJSON}
	at, data, text, pending := len(t.Tokens), len(t.Data), len(d.dst), len(d.pending)
	d.size, d.max, d.start, d.inJSON = 0, maxJSONItem, text, true
	err := d.value(form.Generic, none, true, depth)
	if err == nil {
		d.fill(pending)
		d.dst, err = d.json.append(d.dst[:text], t, at, layout, max)
	}
	clear(t.Tokens[at:])
	clear(t.Data[data:])
	t.Tokens, t.Data, d.pending = t.Tokens[:at], t.Data[:data], d.pending[:pending]
	d.size, d.max, d.start, d.inJSON = outer.size, outer.max, outer.start, outer.inJSON
	return err
}

// JSONTape puts a text that is JSON on a tape, for the trainer.
func JSONTape(t *cbor.Tape, text string) (ok bool) { return parseJSON(t, text, maxDepth) }
