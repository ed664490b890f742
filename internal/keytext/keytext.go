// Package keytext reads the text form of keys and keyrings. It knows where each
// word stands, so that a program can change one line of a keyring file and
// leave the others, comments included, as their author wrote them.
//
// A text is a sequence of words, which spaces, tabs, commas and line ends
// separate; # begins a comment, which ends with its line. A word is one of
//
//	csk1_...             a key
//	activates=TIME       when the key before it, on its line, begins to seal
//	retires=TIME         from when on the key before it, on its line, opens nothing
//	revoked ID           two words on one line: the key of that id is withdrawn
//
// TIME is RFC 3339, with its zone. ID is 6 lower-case hex digits. A byte order
// mark at the beginning and CR before LF are tolerated. Everything else is a
// mistake: a word that is not understood may be a schedule that does not take
// place, or a key that is missing.
//
// No error of this package quotes its input. A mistyped key is still a secret,
// and so may be whatever was pasted where a word was expected.
package keytext

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

const (
	MaxSize = 1 << 20 // longest text, in bytes
	MaxKeys = 1000    // most keys of one text
)

// maxMistakes is how many mistakes an [Error] spells out. A text that is no
// keyring at all would otherwise be an error of a megabyte.
const maxMistakes = 8

// A File holds the keys and revocations of a text, in its order.
type File struct {
	Keys    []Key
	Revoked []Revocation
}

// A Key is a key with its schedule. It holds the secret in the open: it is for
// use between a text and the ring that is made of it.
type Key struct {
	Secret    [SecretSize]byte
	Line      int  // counted from 1
	Span      Span // the key itself, without attributes
	Activates Attribute
	Retires   Attribute
}

// An Attribute is a moment given to a key. The zero Attribute is an absent one.
type Attribute struct {
	Time time.Time // in UTC
	Span Span      // name and value
}

// A Revocation withdraws the key of an id.
type Revocation struct {
	ID   [3]byte
	Line int  // counted from 1
	Span Span // both words
}

// A Span is the half-open range of a text's bytes in which something stands.
type Span struct{ Start, End int }

// An Error lists the mistakes of a text, by line.
type Error struct {
	Mistakes []Mistake // the first few
	More     int       // how many others there are
}

// A Mistake is one thing that is wrong with a text.
type Mistake struct {
	Line int // counted from 1; 0 if it is no single line's
	Kind string
}

func (m Mistake) String() string {
	if m.Line == 0 {
		return m.Kind
	}
	return fmt.Sprintf("line %d: %s", m.Line, m.Kind)
}

func (e *Error) Error() string {
	var b strings.Builder
	for i, m := range e.Mistakes {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(m.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "; and %d more", e.More)
	}
	return b.String()
}

// Parse reads a text. With an error, which is an [*Error], the File has no
// keys, but every revocation that was understood, also one that shares its line
// with a mistake: a typing error elsewhere must not keep a leaked key in use. A
// text longer than [MaxSize] is not looked at.
func Parse(text string) (File, error) {
	if len(text) > MaxSize {
		return File{}, &Error{Mistakes: []Mistake{{Kind: fmt.Sprintf("longer than %d bytes", MaxSize)}}}
	}
	p := parser{text: text}
	start := 0
	if strings.HasPrefix(text, "\ufeff") {
		start = len("\ufeff")
	}
	for start < len(text) {
		end := len(text)
		if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i
		}
		p.line++
		p.parseLine(start, end)
		start = end + 1
	}
	if len(p.err.Mistakes) > 0 {
		return File{Revoked: p.file.Revoked}, &p.err
	}
	return p.file, nil
}

type parser struct {
	text string
	line int
	file File
	err  Error
}

func (p *parser) mistake(kind string) {
	if len(p.err.Mistakes) == maxMistakes {
		p.err.More++
		return
	}
	p.err.Mistakes = append(p.err.Mistakes, Mistake{p.line, kind})
}

// parseLine reads the line text[start:end], which has lost its LF.
func (p *parser) parseLine(start, end int) {
	if end > start && p.text[end-1] == '\r' {
		end--
	}
	if strings.IndexByte(p.text[start:end], '\r') >= 0 {
		// A terminal shows the rest of such a line over its beginning, so a
		// reader does not see all of it.
		p.mistake("a carriage return within the line")
	}
	if i := strings.IndexByte(p.text[start:end], '#'); i >= 0 {
		end = start + i
	}

	var key *Key // the one that attributes belong to
	for {
		word, ok := nextWord(p.text, start, end)
		if !ok {
			return
		}
		start = word.End
		switch s := p.text[word.Start:word.End]; {
		case strings.HasPrefix(s, prefix):
			key = p.key(s, word)
		case s == "revoked":
			id, ok := nextWord(p.text, start, end)
			if ok {
				start = id.End
			}
			p.revoked(p.text[id.Start:id.End], Span{word.Start, id.End})
			key = nil
		case strings.IndexByte(s, '=') >= 0:
			p.attribute(key, s, word)
		default:
			p.mistake("a word that is neither a key nor an attribute nor revoked")
		}
	}
}

// nextWord finds the first word of text[start:end].
func nextWord(text string, start, end int) (Span, bool) {
	for start < end && isSeparator(text[start]) {
		start++
	}
	if start == end {
		return Span{}, false
	}
	stop := start
	for stop < end && !isSeparator(text[stop]) {
		stop++
	}
	return Span{start, stop}, true
}

func isSeparator(c byte) bool { return c == ' ' || c == '\t' || c == ',' || c == '\r' }

// key adds a key and returns it. Its attributes are read also if it is broken:
// there is no need to report them as belonging to nothing.
func (p *parser) key(s string, at Span) *Key {
	secret, err := DecodeKey(s)
	switch {
	case err != nil:
		p.mistake(err.Error())
		return new(Key)
	case len(p.file.Keys) == MaxKeys:
		p.mistake(fmt.Sprintf("more than %d keys", MaxKeys))
		return new(Key)
	}
	p.file.Keys = append(p.file.Keys, Key{Secret: secret, Line: p.line, Span: at})
	return &p.file.Keys[len(p.file.Keys)-1]
}

func (p *parser) revoked(id string, at Span) {
	r := Revocation{Line: p.line, Span: at}
	if _, err := hex.Decode(r.ID[:], []byte(id[:min(len(id), 6)])); err != nil || len(id) != 6 || strings.ToLower(id) != id {
		p.mistake("revoked without a key id (6 lower-case hex digits) after it")
		return
	}
	p.file.Revoked = append(p.file.Revoked, r)
}

// attribute reads s, which has an equals sign, and gives it to key.
func (p *parser) attribute(key *Key, s string, at Span) {
	name, value, _ := strings.Cut(s, "=")
	if name != "activates" && name != "retires" {
		p.mistake("an unknown attribute (there are activates and retires)")
		return
	}
	if key == nil {
		p.mistake(name + " without a key before it on its line")
		return
	}
	attr := &key.Activates
	if name == "retires" {
		attr = &key.Retires
	}
	if attr.Span != (Span{}) {
		p.mistake(name + " given twice to one key")
		return
	}
	attr.Span = at
	t, err := time.Parse(time.RFC3339, value)
	// Parse takes an hour of one digit, too, which RFC 3339 does not have.
	if err != nil || !strings.HasPrefix(value, t.Format("2006-01-02T15:04:05")) {
		p.mistake(name + " is not an RFC 3339 time with a zone")
		return
	}
	if t.IsZero() {
		p.mistake(name + " is the zero time, which means that there is none")
		return
	}
	attr.Time = t.UTC()
}
