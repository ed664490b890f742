package pack

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// PathBits is what one place of an item takes in its packed form.
type PathBits struct {
	Path string // of keys, such as user.roles[]; the indices of arrays are left out
	Bits int    // of the values there, with their keys
	Kind string // how the largest value is carried, such as "listed word"
	Note string // what could be saved; "": nothing is known

	largest int // bits of that value
}

// How values are carried.
const (
	kindWord   = "listed word"
	kindSame   = "equal to the one before"
	kindBool   = "true or false"
	kindNull   = "null"
	kindNumber = "number"
	kindTime   = "time"
	kindHex    = "hex"
	kindBase64 = "base64"
	kindUUID   = "UUID"
	kindJWT    = "JWT"
	kindDigits = "digits"
	kindRun    = "letters and digits"
	kindBcrypt = "bcrypt"
	kindJSON   = "JSON text"
	kindText   = "text"
	kindRaw    = "raw"
	kindList   = "list"
	kindMap    = "map"
	kindTyped  = "typed value"
)

const (
	longKey     = 18 // bits of a key from which on a note says so
	leastRandom = 8  // bytes
	leastEqual  = 8  // bytes of a value from which on a note says where it stands once more
)

// A tracer adds up the bits of each path.
type tracer struct {
	path   []string
	last   int  // bits that are accounted for
	key    int  // bits of the key of the value that begins
	raw    bool // a text was written as it is
	places map[string]int
	seen   map[string]string // texts and byte strings: the path of the first
	out    []PathBits
}

// beginValue notes where the key of a value has ended.
func (e *encoder) beginValue() {
	if e.trace != nil {
		e.trace.key = e.w.bits() - e.trace.last
	}
}

// mark accounts the bits since the last mark to the present path, as those of
// the head of an array or a map, or else of the whole item at i.
func (e *encoder) mark(i int, model uint8, same bool) {
	t := e.trace
	p := t.place()
	bits := e.w.bits() - t.last
	p.Bits += bits
	if value := bits - t.key; value > p.largest || p.Kind == "" {
		p.largest, p.Kind, p.Note = value, kindSame, ""
		if !same {
			p.Kind, p.Note = e.kind(i, model, value)
		}
	}
	if content := e.content(i); len(content) >= leastEqual && !same {
		if first, ok := t.seen[content]; ok {
			p.Note = "equal to " + first + ", and stored twice"
		} else {
			t.seen[content] = p.Path
		}
	}
	if t.key >= longKey {
		note := fmt.Sprintf("its name takes %.0f of the characters", float64(t.key)/6)
		if p.Note == "" {
			p.Note = note
		} else if !strings.Contains(p.Note, note) {
			p.Note += "; " + note
		}
	}
	t.last, t.raw = t.last+bits, false
}

// place returns the row of the present path.
func (t *tracer) place() *PathBits {
	path := strings.Join(t.path, "")
	i, ok := t.places[path]
	if !ok {
		i = len(t.out)
		t.places[path] = i
		t.out = append(t.out, PathBits{Path: path})
	}
	return &t.out[i]
}

// content returns the text or the bytes of the value at i, spelled-out bytes
// included. Equal contents are equal values, but for their spelling.
func (e *encoder) content(i int) string {
	k := &e.tape.Tokens[i]
	if k.Kind == cbor.Tag {
		k = &e.tape.Tokens[i+1]
	}
	switch k.Kind {
	case cbor.Text:
		return k.S
	case cbor.Bytes:
		return string(e.tape.Bytes(k))
	}
	return ""
}

// kind returns how the item at i was written, in so many bits, and what to say
// about it.
func (e *encoder) kind(i int, model uint8, size int) (kind, note string) {
	k := &e.tape.Tokens[i]
	switch k.Kind {
	case cbor.Array:
		return kindList, ""
	case cbor.Map:
		return kindMap, ""
	case cbor.Uint, cbor.Neg, cbor.Float:
		return kindNumber, ""
	case cbor.Simple:
		if k.N == cbor.Null {
			return kindNull, ""
		}
		return kindBool, ""
	case cbor.Bytes:
		return kindRaw, randomBytes(e.tape.Bytes(k))
	case cbor.Tag:
		return e.tagKind(i)
	}
	if e.tables.textCode(model, k.S) != 0 || k.S == "" {
		return kindWord, ""
	}
	if mayBeJSON(k.S) {
		var scratch cbor.Tape
		if parseJSON(&scratch, k.S, maxDepth) && size < 8*len(k.S) {
			return kindJSON, ""
		}
	}
	if f, ok := e.wholeForm([]byte(k.S), model); ok && f.bits <= size {
		return formKind(f, len(k.S))
	}
	if e.trace.raw {
		return kindRaw, randomPart(k.S)
	}
	return kindText, randomPart(k.S)
}

func (e *encoder) tagKind(i int) (kind, note string) {
	tokens := e.tape.Tokens
	n := tokens[i].N
	inner := &tokens[i+1]
	switch {
	case n == tag.UUID:
		return kindUUID, random(16)
	case n == tag.Hex:
		return kindHex, randomBytes([]byte(e.content(i)))
	case n == tag.Base64 && inner.Kind == cbor.Array:
		last := i + 1
		for at := i + 2; at < i+int(tokens[i].Size); at += int(tokens[at].Size) {
			last = at
		}
		if tokens[last].Kind == cbor.Bytes {
			return kindJWT, randomBytes(e.tape.Bytes(&tokens[last]))
		}
		return kindJWT, ""
	case n == tag.Base64:
		content := []byte(e.content(i))
		if isProse(content) {
			return kindBase64, "text in base64: as it is, it takes less"
		}
		return kindBase64, randomBytes(content)
	case n == tag.Time, n == tag.ISOTime, n == tag.TimeNanos, n == tag.TimeOffset:
		return kindTime, ""
	case tag.Int8 <= n && n <= tag.Duration:
		return kindNumber, ""
	case inner.Kind == cbor.Simple:
		return kindNull, ""
	case tag.MapStrings <= n && n <= tag.MapAny:
		return kindMap, ""
	case tag.Strings <= n && n <= tag.NilMapString || tag.Int8s <= n && n <= tag.Bools:
		return kindList, ""
	}
	return kindTyped, ""
}

func formKind(f whole, length int) (kind, note string) {
	switch f.kind {
	case form.Time:
		return kindTime, ""
	case form.Bcrypt:
		return kindBcrypt, random(23)
	}
	switch f.symbol {
	case form.UUID, form.UpperUUID:
		return kindUUID, random(16)
	case form.Date, form.Clock:
		return kindTime, ""
	case form.Padded, form.PaddedStd:
		return kindBase64, random(length * 3 / 4)
	}
	kind, chars := kindRun, len(form.Alphabets[f.symbol-form.Run].Chars)
	switch f.symbol - form.Run {
	case 0, 1:
		kind = kindBase64
	case form.Hex, form.UpperHex:
		kind = kindHex
	case form.Digits:
		return kindDigits, ""
	}
	return kind, random(int(float64(length) * math.Log2(float64(chars)) / 8))
}

// randomBytes is the note about a byte string that does not shrink.
func randomBytes(b []byte) string {
	if isProse(b) || len(b) > 2 && bytes.Count(b, b[:1]) == len(b) {
		return ""
	}
	return random(len(b))
}

// random is the note about so many bytes of which nothing can be saved.
func random(n int) string {
	if n < leastRandom {
		return ""
	}
	return fmt.Sprintf("%d random bytes: move them out, or live with it", n)
}

// randomPart is the note about a text that has one.
func randomPart(s string) string {
	longest := 0
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return !isAlphanumeric(r) }) {
		if len(part) > longest && strings.ContainsAny(part, "0123456789") && strings.ContainsFunc(part, unicode.IsLetter) {
			longest = len(part)
		}
	}
	if longest < 16 {
		return ""
	}
	return fmt.Sprintf("%d random characters: move them out, or live with it", longest)
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// isProse reports whether bytes are text for people.
func isProse(b []byte) bool {
	return len(b) > 0 && utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) })
}

func (e *encoder) enterArray() {
	if e.trace != nil {
		e.trace.path = append(e.trace.path, "[]")
	}
}

func (e *encoder) leave() {
	if e.trace != nil {
		e.trace.path = e.trace.path[:len(e.trace.path)-1]
	}
}

func (t *tracer) enterKey(key *cbor.Token) {
	name := keyName(key)
	if len(t.path) > 0 {
		name = "." + name
	}
	t.path = append(t.path, name)
}

// keyName spells a key for people.
func keyName(key *cbor.Token) string {
	switch key.Kind {
	case cbor.Uint:
		return strconv.FormatUint(key.N, 10)
	case cbor.Text:
		if key.S == "" || strings.ContainsFunc(key.S, func(r rune) bool {
			return r != '_' && r != '-' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			return strconv.Quote(key.S)
		}
		return key.S
	}
	return "?"
}
