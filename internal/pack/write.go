package pack

import (
	"math"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// AppendTape appends the packed form of the item of a tape to dst. It notes in
// the tape which keys are in the dictionary.
func (c *Coder) AppendTape(dst []byte, t *cbor.Tape) []byte {
	if c.encoder == nil {
		c.encoder = &encoder{tables: c.decoder.tables}
	}
	e := c.encoder
	e.w, e.tape = writer{dst: dst, start: len(dst)}, t
	e.value(0, form.Generic, none, true)
	dst = e.w.close()
	e.clear()
	return dst
}

// ExplainTape returns what each place of the item of a tape takes when it is
// packed.
func (p *Packer) ExplainTape(t *cbor.Tape) []PathBits {
	e := encoder{tables: p.tables, tape: t, trace: &tracer{places: make(map[string]int), seen: make(map[string]string)}}
	e.value(0, form.Generic, none, true)
	return e.trace.out
}

// clear drops a session's content, and buffers that one great text has grown.
func (e *encoder) clear() {
	e.w, e.tape = writer{}, nil
	e.head = cleared(e.head)
	e.jsonText = cleared(e.jsonText)
	if cap(e.head) > keptText || cap(e.jsonText) > keptText || cap(e.inner.Tokens) > keptText/16 {
		*e = encoder{tables: e.tables}
	}
}

// cleared returns a buffer without a session's content.
func cleared(b []byte) []byte {
	if len(b) > 0 {
		clear(b[:cap(b)])
	}
	return b[:0]
}

const keptText = 1 << 12 // bytes

func isList(k *cbor.Token) bool { return k.Kind == cbor.Array || k.Kind == cbor.Map }

// value writes the item at i. model chooses its table, and prev is the place of
// the value before it, which may be none. mayEqual tells whether a value that
// is no array or map may be written as equal to that.
func (e *encoder) value(i int, model uint8, prev int, mayEqual bool) {
	e.beginValue()
	sameShape := false
	if prev != none && (mayEqual || isList(&e.tape.Tokens[prev])) {
		sameShape = e.sameShape(i, prev)
		e.flag(sameShape)
	} else {
		prev = none
	}
	k := &e.tape.Tokens[i]
	if isList(k) {
		e.list(i, model, prev, sameShape, mayEqual)
		return
	}
	if !sameShape {
		e.leaf(i, k, model)
	}
	if e.trace != nil {
		e.mark(i, model, sameShape)
	}
}

// list writes the array or the map at i.
func (e *encoder) list(i int, model uint8, prev int, sameShape, mayEqual bool) {
	k := &e.tape.Tokens[i]
	if !sameShape {
		e.token(k, model)
	}
	if e.trace != nil {
		e.mark(i, model, false)
	}
	if k.Kind == cbor.Array {
		e.elements(i, model, prev, mayEqual)
	} else {
		e.entries(i, model, newRecord(prev, sameShape, mayEqual, e.inJSON))
	}
}

// sameShape reports whether the item at i is as much like the one before it as
// a single bit can say: the same value, an array as long, a map with the same
// keys.
func (e *encoder) sameShape(i, prev int) bool {
	tokens := e.tape.Tokens
	a, b := &tokens[i], &tokens[prev]
	if !isList(a) {
		return e.tape.Same(i, prev)
	}
	if a.Kind != b.Kind || a.N != b.N {
		return false
	}
	if a.Kind == cbor.Map {
		i, prev = i+1, prev+1
		for range a.N {
			a, b := &tokens[i], &tokens[prev]
			if texts := a.Kind == cbor.Text && b.Kind == cbor.Text; texts && a.S != b.S || !texts && !e.tape.Same(i, prev) {
				return false
			}
			i, prev = i+int(a.Size), prev+int(b.Size)
			i, prev = i+int(tokens[i].Size), prev+int(tokens[prev].Size)
		}
	}
	return true
}

// elements writes the elements of the array at i.
func (e *encoder) elements(i int, model uint8, prev int, mayEqual bool) {
	e.enterArray()
	e.depth++
	l := newList(e.tape, prev, mayEqual)
	n := e.tape.Tokens[i].N
	i++
	for range n {
		prev, mayEqual := l.prev()
		e.value(i, model, prev, mayEqual)
		l.add(e.tape, i)
		i += int(e.tape.Tokens[i].Size)
	}
	e.depth--
	e.leave()
}

// entries writes the entries of the map at i.
func (e *encoder) entries(i int, model uint8, r record) {
	e.depth++
	tokens, keys := e.tape.Tokens, e.tables.tape.keys
	n := tokens[i].N
	i++
	for range n {
		key := &tokens[i]
		if e.trace != nil {
			e.trace.enterKey(key)
		}
		if key.Key == 0 && key.Kind == cbor.Text {
			if r.row != none {
				key.Key = tokens[r.row].Key // the same key
			} else if k := find(e.tables.tape, key.S); k != nil {
				key.Key = k.token.Key
			}
		}
		var known *tapeKey
		if key.Key != 0 {
			known = &keys[key.Key-1]
		}
		if known != nil && r.plain() && !known.index && known.codes[r.code] != 0 {
			// Most entries have a key of the dictionary, and nothing before.
			e.code(known.codes[r.code])
			r.after(known.next)
			i++
			if v := &tokens[i]; e.trace == nil && !isList(v) {
				e.leaf(i, v, known.model)
			} else {
				e.value(i, known.model, none, r.mayEqual)
				e.leave()
			}
			i += int(tokens[i].Size)
			continue
		}
		if r.row == none {
			e.key(i, known, &r)
		}
		isIndex, valueModel := isIndexToken(key), uint8(form.Generic)
		if known != nil {
			valueModel = known.model
		} else if isIndex {
			valueModel = model
		}
		at := i + int(key.Size)
		prev, mayEqual := r.add(e.tape, key, len(key.S), at, isIndex)
		e.value(at, valueModel, prev, mayEqual)
		e.leave()
		i = at + int(tokens[at].Size)
	}
	e.depth--
}

// isIndexToken reports whether a key is a number, in either spelling.
func isIndexToken(k *cbor.Token) bool {
	switch k.Kind {
	case cbor.Uint:
		return true
	case cbor.Text:
		return isDigits(k.S)
	}
	return false
}

func isDigits[S string | []byte](s S) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) > 0
}

// key writes the key at i, which the dictionary may know.
func (e *encoder) key(i int, known *tapeKey, r *record) {
	key := &e.tape.Tokens[i]
	if r.stepped {
		if key.Kind == cbor.Uint && key.N > r.number && e.unsigned(nil, key.N-r.number, form.KeyStep) {
			return
		}
		e.code(e.tables.models[form.KeyStep].raw)
	}
	codes := &e.tables.tape.keyCodes[r.code]
	if key.Kind == cbor.Text {
		if known != nil && known.codes[r.code] != 0 {
			e.code(known.codes[r.code])
			return
		}
		if e.numberKey(key.S, codes[form.NumberKey]) || e.text(e.parser.load(key.S), form.Keys, form.Keys, codes[form.Spelled:form.Spelled+1], noLimit) {
			return
		}
	}
	e.code(codes[form.OtherKey])
	trace := e.trace
	e.trace = nil
	e.value(i, form.Generic, none, true)
	e.trace = trace
}

// token writes a head, with no content.
func (e *encoder) token(k *cbor.Token, model uint8) {
	code, m := uint16(0), &e.tables.models[model]
	switch {
	case k.Kind == cbor.Simple:
		code = m.heads[byte(k.N)]
	case k.Kind < cbor.Simple && k.N < argument8:
		code = m.heads[byte(k.Kind)<<5|byte(k.N)]
	}
	if code != 0 {
		e.code(code)
		return
	}
	e.head = e.tape.AppendToken(e.head[:0], k)
	e.heads(e.head, model)
}

// leaf writes the item at i, which is no array or map: a number, a string, or a
// tag and all that it encloses. k is its first token.
func (e *encoder) leaf(i int, k *cbor.Token, model uint8) {
	switch k.Kind {
	case cbor.Uint:
		if !e.unsigned(nil, k.N, model) {
			e.token(k, model)
		}
	case cbor.Bytes:
		e.byteString(k, model)
	case cbor.Text:
		e.textValue(k.S, model)
	case cbor.Tag:
		e.tag(i, model)
	case cbor.Float:
		if f := math.Float64frombits(k.N); !e.hundredths(f, model) && !e.whole(f, model) {
			e.token(k, model)
		}
	default:
		e.token(k, model)
	}
}

func (e *encoder) textValue(s string, model uint8) {
	if c := e.tables.textCode(model, s); c != 0 {
		e.code(c)
		return
	}
	if s == "" {
		if c := e.tables.headCode(model, []byte(emptyText)); c != 0 {
			e.code(c)
			return
		}
	}
	m := &e.tables.models[model]
	if mayBeJSON(s) && e.jsonValue(s, m.json) {
		return
	}
	rest := e.parser.load(s)
	piece := e.parser.piece()
	limit, whole, ok := noLimit, whole{}, false
	if rest == "" {
		if whole, ok = e.wholeForm(piece, model); ok {
			limit = whole.bits
		}
	}
	switch {
	case e.text(rest, form.Words, form.Marks, m.text[:], limit):
	case ok:
		e.form(piece, whole)
	default:
		if e.trace != nil {
			e.trace.raw = true
		}
		e.head = appendHead(e.head[:0], majorText, uint64(len(s)))
		e.heads(e.head, model)
		e.w.bytes(append(e.head[:0], s...))
	}
}

// byteString writes a byte string that no tag encloses.
func (e *encoder) byteString(k *cbor.Token, model uint8) {
	content := e.tape.Bytes(k)
	if mayBeJSON(content) && e.jsonValue(string(content), e.tables.models[model].jsonBytes) {
		return
	}
	e.head = appendHead(e.head[:0], majorBytes, uint64(len(content)))
	e.heads(e.head, model)
	e.w.bytes(content)
}

// tag writes the tag at i and all that it encloses, which is one value.
func (e *encoder) tag(i int, model uint8) {
	last, depth := uint64(0), e.depth
	e.head = e.head[:0]
	for e.tape.Tokens[i].Kind == cbor.Tag {
		last = e.tape.Tokens[i].N
		e.head = appendHead(e.head, majorTag, last)
		e.depth++
		i++
	}
	trace := e.trace
	e.trace = nil // what is inside counts for the tag
	defer func() { e.trace, e.depth = trace, depth }()
	switch k := &e.tape.Tokens[i]; k.Kind {
	case cbor.Uint:
		if e.unsigned(e.head, k.N, model) {
			return
		}
	case cbor.Bytes:
		content := e.tape.Bytes(k)
		e.head = appendHead(e.head, majorBytes, uint64(len(content)))
		e.heads(e.head, model)
		e.w.bytes(content)
		return
	case cbor.Array:
		e.head = appendHead(e.head, majorArray, k.N)
		e.heads(e.head, model)
		if last == tag.Base64 {
			model = form.InToken
		}
		e.elements(i, model, none, true)
		return
	case cbor.Map:
		e.head = appendHead(e.head, majorMap, k.N)
		e.heads(e.head, model)
		e.entries(i, model, newRecord(none, false, true, e.inJSON))
		return
	}
	e.heads(e.head, model)
	e.leaf(i, &e.tape.Tokens[i], model)
}
