package pack

import (
	"math"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// AppendTape is [Packer.Append] for the item of a tape.
func (p *Packer) AppendTape(dst []byte, t *cbor.Tape) []byte {
	e := p.tapeEncoders.Get().(*tapeEncoder)
	e.w = writer{dst: dst, start: len(dst)}
	e.tape = t
	e.value(0, form.Generic, none, true)
	dst = e.w.close()
	p.freeTape(e)
	return dst
}

// ExplainTape is [Packer.Explain] for the item of a tape.
func (p *Packer) ExplainTape(t *cbor.Tape) []PathBits {
	e := p.tapeEncoders.Get().(*tapeEncoder)
	e.tape = t
	e.trace = &tracer{places: make(map[string]int)}
	out := e.trace
	e.value(0, form.Generic, none, true)
	p.freeTape(e)
	return out.out
}

// A tapeEncoder packs the item of one tape. Places are those of tokens.
type tapeEncoder struct {
	encoder
	tape *cbor.Tape
	head []byte // that is being written, or a text with its head
}

// freeTape gives e back, but for a buffer that one great text has grown.
func (p *Packer) freeTape(e *tapeEncoder) {
	e.w, e.tape, e.trace = writer{}, nil, nil
	clear(e.head[:cap(e.head)]) // a session's content
	if cap(e.head) <= keptText {
		p.tapeEncoders.Put(e)
	}
}

const keptText = 1 << 12 // bytes

func isList(k *cbor.Token) bool { return k.Kind == cbor.Array || k.Kind == cbor.Map }

// value writes the item at i. model chooses its table, and prev is the place of
// the value before it, which may be none. mayEqual tells whether a value that
// is no array or map may be written as equal to that.
func (e *tapeEncoder) value(i int, model uint8, prev int, mayEqual bool) {
	tokens := e.tape.Tokens
	if prev != none && !mayEqual && !isList(&tokens[prev]) {
		prev = none
	}
	sameShape := false
	if prev != none {
		sameShape = e.sameShape(i, prev)
		e.flag(sameShape)
	}
	k := &tokens[i]
	if !isList(k) {
		if !sameShape {
			e.leaf(i, model)
		}
		e.mark()
		return
	}
	if !sameShape {
		e.token(k, model)
	}
	e.mark()
	if k.Kind == cbor.Array {
		e.elements(i, model, prev, mayEqual)
	} else {
		e.entries(i, model, prev, mayEqual, sameShape)
	}
}

// sameShape reports whether the item at i is as much like the one before it as
// a single bit can say: the same value, an array as long, a map with the same
// keys.
func (e *tapeEncoder) sameShape(i, prev int) bool {
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
			if !e.tape.Same(i, prev) {
				return false
			}
			i, prev = i+int(tokens[i].Size), prev+int(tokens[prev].Size)
			i, prev = i+int(tokens[i].Size), prev+int(tokens[prev].Size)
		}
	}
	return true
}

// elements writes the elements of the array at i.
func (e *tapeEncoder) elements(i int, model uint8, prev int, mayEqual bool) {
	e.enterArray()
	l := newTapeList(e.tape, prev, mayEqual)
	n := e.tape.Tokens[i].N
	i++
	for range n {
		e.value(i, model, l.prev, l.mayEqual)
		l.add(i)
		i += int(e.tape.Tokens[i].Size)
	}
	e.leave()
}

// entries writes the entries of the map at i.
func (e *tapeEncoder) entries(i int, model uint8, prev int, mayEqual, sameShape bool) {
	r := newTapeRecord(e.tape, prev, mayEqual)
	n := e.tape.Tokens[i].N
	i++
	for range n {
		if e.trace != nil {
			e.trace.enterKey(e.tape.AppendItem(nil, i))
		}
		key := &e.tape.Tokens[i]
		known := e.known(key)
		if known != nil && r.plain() && !known.index {
			// Most entries have a key of the dictionary, and nothing before.
			e.code(known.code)
			e.value(i+1, known.model, none, r.mayEqual)
			e.leave()
			i += 1 + int(e.tape.Tokens[i+1].Size)
			continue
		}
		if !sameShape {
			e.key(i, known, &r)
		}
		isIndex, valueModel := isIndexToken(key), uint8(form.Generic)
		if known != nil {
			valueModel = known.model
		} else if isIndex {
			valueModel = model
		}
		at, before := i+int(key.Size), none
		if r.left > 0 {
			before = r.find(e.tape, i, e.tape.Compare)
		}
		prev, mayEqual := r.add(key, at, before, isIndex)
		e.value(at, valueModel, prev, mayEqual)
		e.leave()
		i = at + int(e.tape.Tokens[at].Size)
	}
}

// known returns what the dictionary says of a key, or nil.
func (e *tapeEncoder) known(key *cbor.Token) *tapeKey {
	t := e.tables.tape
	if n := int(key.Key); n != 0 && n <= len(t.keys) && t.keys[n-1].token.S == key.S {
		return &t.keys[n-1]
	}
	if key.Kind != cbor.Text {
		return nil
	}
	return t.find(key.S)
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
func (e *tapeEncoder) key(i int, known *tapeKey, r *tapeRecord) {
	if r.left > 0 {
		hit := e.tape.Same(r.at, i)
		e.flag(hit)
		if hit {
			return
		}
	}
	t, key := e.tables, &e.tape.Tokens[i]
	if r.numbered {
		if key.Kind == cbor.Uint && key.N-r.number <= form.Steps {
			e.code(t.stepCodes[key.N-r.number])
			return
		}
		e.code(t.stepCodes[form.NoStep])
	}
	switch {
	case known != nil:
		e.code(known.code)
	case key.Kind == cbor.Text && e.textOf(key.S, form.Keys, form.Keys, t.keyCodes[form.Spelled:form.Spelled+1]):
	default:
		e.code(t.keyCodes[form.OtherKey])
		trace := e.trace
		e.trace = nil
		e.value(i, form.Generic, none, true)
		e.trace = trace
	}
}

func (e *tapeEncoder) textOf(s string, first, last int, codes []uint16) bool {
	e.head = append(e.head[:0], s...)
	return e.text(e.head, first, last, codes)
}

// token writes a head, with no content.
func (e *tapeEncoder) token(k *cbor.Token, model uint8) {
	if k.Kind < cbor.Simple && k.N < argument8 {
		if code := e.tables.models[model].heads[byte(k.Kind)<<5|byte(k.N)]; code != 0 {
			e.code(code)
			return
		}
	}
	e.head = e.tape.AppendToken(e.head[:0], k)
	e.heads(e.head, model)
}

// leaf writes the item at i, which is no array or map: a number, a string, or a
// tag and all that it encloses.
func (e *tapeEncoder) leaf(i int, model uint8) {
	k := &e.tape.Tokens[i]
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
		if !e.hundredths(math.Float64frombits(k.N), model) {
			e.token(k, model)
		}
	default:
		e.token(k, model)
	}
}

func (e *tapeEncoder) textValue(s string, model uint8) {
	if c := e.tables.textCode(model, s); c != 0 {
		e.code(c)
		return
	}
	if s == "" {
		e.head = append(e.head[:0], majorText<<5)
		if c := e.tables.wordCode(model, e.head); c != 0 {
			e.code(c)
			return
		}
	}
	if !e.textOf(s, form.Words, form.Marks, e.tables.models[model].text[:]) {
		e.head = appendText(e.head[:0], s)
		size := len(e.head) - len(s)
		e.heads(e.head[:size], model)
		e.w.bytes(e.head[size:])
	}
}

// byteString writes a byte string that no tag encloses.
func (e *tapeEncoder) byteString(k *cbor.Token, model uint8) {
	content := e.tape.Bytes(k)
	packed := e.tables.models[model].packed
	if packed != 0 && len(content) > 0 && content[0] == '{' && e.text(content, form.JSON, form.JSON, []uint16{packed}) {
		return
	}
	e.head = appendHead(e.head[:0], majorBytes, uint64(len(content)))
	e.heads(e.head, model)
	e.w.bytes(content)
}

// tag writes the tag at i and all that it encloses, which is one value.
func (e *tapeEncoder) tag(i int, model uint8) {
	last := uint64(0)
	e.head = e.head[:0]
	for e.tape.Tokens[i].Kind == cbor.Tag {
		last = e.tape.Tokens[i].N
		e.head = appendHead(e.head, majorTag, last)
		i++
	}
	trace := e.trace
	e.trace = nil // what is inside counts for the tag
	defer func() { e.trace = trace }()
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
		e.entries(i, model, none, true, false)
		return
	}
	e.heads(e.head, model)
	e.leaf(i, model)
}

// A tapeList walks along an array; see list.
type tapeList struct {
	prev     int // the next element
	mayEqual bool
}

func newTapeList(t *cbor.Tape, prev int, mayEqual bool) tapeList {
	if prev != none && t.Tokens[prev].Kind == cbor.Array && t.Tokens[prev].N > 0 {
		return tapeList{prev + 1, mayEqual}
	}
	return tapeList{none, true}
}

// add tells where the element was.
func (l *tapeList) add(at int) { *l = tapeList{at, true} }

// A tapeRecord walks along the entries of a map, and those of the previous map;
// see record.
type tapeRecord struct {
	at       int    // of the next entry of the previous map
	left     uint64 // entries of it
	mayEqual bool
	numbered bool // the last key was an unsigned integer
	number   uint64
	indexed  int // the value of the last key that was a number
}

func newTapeRecord(t *cbor.Tape, prev int, mayEqual bool) tapeRecord {
	r := tapeRecord{mayEqual: mayEqual, indexed: none}
	if prev != none && t.Tokens[prev].Kind == cbor.Map {
		r.at, r.left = prev+1, t.Tokens[prev].N
	}
	return r
}

// plain reports whether nothing is known of the next key.
func (r *tapeRecord) plain() bool { return r.left == 0 && !r.numbered }

// find moves on to the key at i, and returns the place of the value that the
// previous map has for it. compare orders the keys at two places.
func (r *tapeRecord) find(t *cbor.Tape, i int, compare func(i, j int) int) (prev int) {
	for r.left > 0 {
		order := compare(r.at, i)
		if order > 0 {
			break
		}
		value := r.at + int(t.Tokens[r.at].Size)
		r.at = value + int(t.Tokens[value].Size)
		r.left--
		if order == 0 {
			return value
		}
	}
	return none
}

// add takes a key, whose value will be at the given place, and returns the
// place of the previous value: prev, if there is one. isIndex tells whether the
// key is a number.
func (r *tapeRecord) add(key *cbor.Token, at, prev int, isIndex bool) (int, bool) {
	r.numbered = false
	if !isIndex {
		return prev, r.mayEqual
	}
	mayEqual := r.mayEqual
	if prev == none {
		prev, mayEqual = r.indexed, false
	}
	r.indexed = at
	r.numbered, r.number = key.Kind == cbor.Uint, key.N
	return prev, mayEqual
}
