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
//	revoked ID ...       on one line: the keys of those ids are withdrawn
//	x-NAME=... version=  skipped: for a later version of this grammar
//
// TIME is RFC 3339, with its zone. ID is 6 lower-case hex digits. A byte order
// mark at the beginning and CR before LF are tolerated. Everything else is a
// mistake: a word that is not understood may be a schedule that does not take
// place, or a key that is missing.
//
// A mistake must not keep a leaked key in use. So any word that begins like
// revoked, in any case, withdraws the ids after it, in any case, also behind a
// colon, an equals sign or the word key; without an id it withdraws the key
// before it on its line, or else the one after it. Comments never do.
//
// No error of this package quotes its input. A mistyped key is still a secret,
// and any text that was pasted by mistake may be one.
package keytext

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	MaxSize = 1 << 20 // longest text, in bytes
	MaxKeys = 1000    // most keys of one text
)

// maxMistakes is how many mistakes an [Error] spells out. Without it, a text
// that is no keyring at all could cause an error of a megabyte.
const maxMistakes = 8

// A File holds the keys and revocations of a text, in its order.
type File struct {
	Keys    []Key
	Revoked []Revocation
	// RevokedKeys are the keys that a mistaken line revokes without an id.
	RevokedKeys [][SecretSize]byte
}

// A Key is a key with its schedule. It holds the secret in the open: use it
// only on the way from a text to its ring.
type Key struct {
	Secret    [SecretSize]byte
	Line      int  // counted from 1
	Span      Span // the key itself, without attributes
	End       int  // of its last attribute, or of the key
	Activates Attribute
	Retires   Attribute
}

// An Attribute is a moment given to a key. The zero Attribute is an absent one.
type Attribute struct {
	Time time.Time // in UTC
	Span Span      // name and value
}

// A Revocation withdraws the keys of some ids.
type Revocation struct {
	IDs  [][3]byte
	Line int  // counted from 1
	Span Span // all of its words
}

// A Span is a half-open range of a text's bytes.
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

// Parse reads a text. With an error, an [*Error], the File has no keys, but it
// has every revocation, also one with a mistake in it or on its line. A text
// longer than [MaxSize] is not looked at.
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
		return File{Revoked: p.file.Revoked, RevokedKeys: p.file.RevokedKeys}, &p.err
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
	m := Mistake{p.line, kind}
	if slices.Contains(p.err.Mistakes, m) {
		return // a sentence of prose would else give one for each word
	}
	if len(p.err.Mistakes) == maxMistakes {
		p.err.More++
		return
	}
	p.err.Mistakes = append(p.err.Mistakes, m)
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
	revoking := false
	for {
		word, ok := nextWord(p.text, start, end)
		if !ok {
			return
		}
		start = word.End
		switch s := p.text[word.Start:word.End]; {
		case strings.HasPrefix(s, prefix):
			key = p.key(s, word)
			if revoking {
				p.revokeKey(key)
				revoking = false
			}
		case strings.HasPrefix(strings.ToLower(s), "revok"):
			r := p.revocation(word, end)
			start = max(start, r.Span.End)
			if len(r.IDs) == 0 {
				revoking = !p.revokeKey(key)
				if next, _ := nextWord(p.text, start, end); !strings.HasPrefix(p.text[next.Start:next.End], prefix) {
					start = max(start, next.End) // one mistake is enough
				}
			}
			key = nil
		case isReserved(s):
			if key != nil {
				key.End = word.End
			}
		case strings.ContainsAny(s, "\"'`"):
			p.mistake("a quotation mark: write keys and attributes without quotes")
		case looksSecret(s):
			p.mistake(errNoKey.Error())
		case strings.IndexByte(s, '=') >= 0:
			p.attribute(key, s, word)
		default:
			p.mistake("a word that is neither an attribute nor revoked nor a key (cookiesession keygen makes one)")
		}
	}
}

// looksSecret reports whether a word may be a secret in another form, such as
// the base64 or the hex digits that openssl rand writes.
func looksSecret(s string) bool {
	return len(s) >= 32 && strings.IndexByte(strings.TrimRight(s, "="), '=') < 0
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

// key adds a key and returns it. Its attributes are read even if it is broken,
// so that they are not reported as belonging to nothing.
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
	p.file.Keys = append(p.file.Keys, Key{Secret: secret, Line: p.line, Span: at, End: at.End})
	return &p.file.Keys[len(p.file.Keys)-1]
}

// revocation reads a revocation. It begins with the word at that span, which
// begins like revoked, and ends with the last id after it.
func (p *parser) revocation(word Span, end int) Revocation {
	r := Revocation{Line: p.line, Span: word}
	exact := p.text[word.Start:word.End] == "revoked"
	at := word.Start + strings.IndexFunc(p.text[word.Start:end]+" ", func(c rune) bool { return !unicode.IsLetter(c) })
	for {
		from := at
		for at < end && (isSeparator(p.text[at]) || isFiller(p.text[at])) {
			at++
		}
		between, start := p.text[from:at], at
		for at < end && !isSeparator(p.text[at]) && !isFiller(p.text[at]) {
			at++
		}
		s := p.text[start:at]
		if strings.EqualFold(s, "key") {
			exact = false
			continue
		}
		var id [3]byte
		if _, err := hex.Decode(id[:], []byte(s[:min(len(s), 6)])); err != nil || len(s) != 6 {
			break
		}
		exact = exact && !strings.ContainsAny(between, ":=") && strings.ToLower(s) == s
		r.IDs, r.Span.End = append(r.IDs, id), at
	}
	switch {
	case len(r.IDs) == 0:
		p.mistake("revoked without a key id (6 lower-case hex digits) after it")
		return r
	case !exact:
		p.mistake("a revocation that counts, and is not written as revoked and key ids (6 lower-case hex digits)")
	}
	p.file.Revoked = append(p.file.Revoked, r)
	return r
}

func isFiller(c byte) bool { return c == ':' || c == '=' }

// revokeKey revokes a key that was read, or reports that there is none.
func (p *parser) revokeKey(key *Key) bool {
	if key == nil {
		return false
	}
	if key.Line != 0 { // not one that could not be read
		p.file.RevokedKeys = append(p.file.RevokedKeys, key.Secret)
	}
	return true
}

// isReserved reports whether a word is an attribute that means something to
// later versions, and nothing to this one.
func isReserved(s string) bool {
	name, _, ok := strings.Cut(s, "=")
	return ok && (name == "version" || strings.HasPrefix(name, "x-"))
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
	attr.Span, key.End = at, at.End
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
