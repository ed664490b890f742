package cookiesession

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/wire"
)

// A finder opens the cookies of one name for one request.
type finder struct {
	*Codec
	name, label string
	now         time.Time
	ring        *ring // the one snapshot of the request, which an early reload may replace

	carried   partSet // which cookies of the session the request has
	duplicate bool    // two different ones opened
}

// finder returns a finder for cookies called name.
func (c *Codec) finder(name string) finder {
	return finder{Codec: c, name: name, label: c.label, now: clock.Now(), ring: c.keys.current()}
}

// An opened value is one whose seal is intact. It stands in the scratch that
// has its token.
type opened struct {
	key    *ringKey
	issued int64  // Unix seconds
	data   []byte // the record, as it was sealed

	// rec is read, and judged by age, for the one value that counts. Its body
	// is in data.
	rec record
}

// A candidate is a value, or the first part of one, that may open: it has the
// header of a token, and its key is in the ring.
type candidate struct {
	text   string
	header wire.Header
	key    *ringKey
}

// A carried holds a session's cookies after one reading of a Cookie header. Its
// size is bounded for any request, and no later step looks at the header
// itself.
type carried struct {
	first [wire.MaxTries]candidate
	tries int         // how many there are
	parts *wire.Parts // nil: none

	// Why there may be no session although a cookie is there, the weightier one
	// first.
	newer   *codecError // a value of a later version
	crowded bool        // more values than are tried
	err     *codecError // of the first value that can't open

	stranger candidate // the first value whose key the ring lacks
}

// newest opens a request's cookies, with at most MaxTries tags, and returns the
// one issued last, with its record. On a tie the one whose key ranks higher
// wins, since a re-sealed copy has the time of its twin, and then the first.
// Two cookies of one name come from two paths or domains.
//
// All else is judged for that one alone: an older cookie must not stand in for
// a newer one that was revoked, or that this release does not understand.
func (f *finder) newest(lines []string) (*scratch, error) {
	var c carried
	f.collect(&c, lines)
	best, err := f.openAll(&c)
	if err != nil {
		return nil, err
	}
	return best.parse()
}

// openAll opens the candidates and returns the best.
func (f *finder) openAll(c *carried) (best *scratch, err error) {
	for i := range c.first[:c.tries] {
		next, tryErr := f.open(&c.first[i], c.parts)
		switch {
		case tryErr != nil:
			err = cmp.Or(err, tryErr)
			continue
		case best == nil:
			best = next
			continue
		}
		f.duplicate = f.duplicate || !bytes.Equal(next.nonce(), best.nonce())
		if cmp.Or(cmp.Compare(next.issued, best.issued), cmp.Compare(next.key.rank, best.key.rank)) > 0 {
			best, next = next, best
		}
		next.release()
	}
	switch {
	case best != nil:
		return best, nil
	case c.newer != nil:
		return nil, c.newer
	case c.crowded:
		return nil, errCrowded
	case c.err != nil:
		return nil, c.err
	}
	return nil, cmp.Or(err, errNone)
}

var (
	errNone    error = &codecError{class: classDecode, sentinel: ErrNoSession}
	errCrowded       = invalidError(ReasonCrowded, fmt.Errorf("the first %d values of the name that may open do not, and there are more", wire.MaxTries))
)

// parse reads the record of the value that counts, and returns s. On an error s
// is released.
func (s *scratch) parse() (*scratch, error) {
	if err := s.rec.read(s.data, s.issued); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// collect reads the lines of a Cookie header. If the ring lacks the key of a
// value, it is reloaded early, and the lines are read again if that gave
// another ring. That is done for one value only: a header full of unknown keys
// must not make the request wait for each.
func (f *finder) collect(c *carried, lines []string) {
	f.read(c, lines)
	switch {
	case c.stranger.text == "":
	case !f.carried.has(c.stranger.header.Parts):
		// Most likely it is no token at all.
		if c.err == errUnknownKey {
			c.err = errMissing
		}
	case f.reload(c.stranger.header):
		*c = carried{}
		f.read(c, lines)
	}
}

// read reads the lines of a Cookie header.
func (f *finder) read(c *carried, lines []string) {
	for i, value := range wire.Cookies(lines, f.name) {
		f.carried.add(i)
		if i > 1 {
			if c.parts == nil {
				c.parts = new(wire.Parts)
			}
			c.parts.Add(i, value)
			continue
		}
		first := candidate{text: value}
		err := f.admit(&first)
		if err == errUnknownKey && c.stranger.text == "" {
			c.stranger = first
		}
		switch {
		case err != nil && err.reason == ReasonNewer:
			c.newer = err
		case err != nil && c.tries == 0:
			c.err = cmp.Or(c.err, err)
		case err != nil:
		case c.tries == len(c.first):
			c.crowded = true
		default:
			c.first[c.tries] = first
			c.tries++
		}
	}
}

// reload has the ring reloaded early for a key that it lacks, and reports
// whether there is another ring now.
func (f *finder) reload(header wire.Header) bool {
	before := f.ring
	if f.ring = f.keys.reloadFor(header.KeyID); f.ring == nil {
		f.ring = f.keys.current()
	}
	return f.ring != before
}

// one opens a value that is whole.
func (f *finder) one(text string) (*scratch, error) {
	if err := checkName(f.name); err != nil {
		return nil, usageError(err)
	}
	whole := candidate{text: text}
	refused := f.admit(&whole)
	if refused == errUnknownKey && f.reload(whole.header) {
		refused = f.admit(&whole)
	}
	if refused != nil {
		return nil, refused
	}
	whole.header.Parts = 1 // they are joined already
	s, err := f.open(&whole, nil)
	if err != nil {
		return nil, err
	}
	return s.parse()
}

// admit checks a value without decoding it. That takes one look into the ring,
// and no memory unless the value is longer than a cookie.
func (f *finder) admit(first *candidate) (refused *codecError) {
	if first.header, refused = f.inspect(first.text); refused != nil && refused != errNewerVersion {
		return refused
	}
	key, status := f.ring.find(first.header.KeyID, f.now) // by its id, never by trial
	switch {
	case status == keyRevoked:
		refused = errRevokedKey
	case status == keyUnknown && refused != nil:
		refused = errVersion // more likely junk than the token of a later release
	case status == keyUnknown:
		refused = errUnknownKey
	}
	first.key = key
	return refused
}

// inspect refuses a text that cannot be a token of this Codec or its first
// part, with any key.
func (f *finder) inspect(text string) (wire.Header, *codecError) {
	if isSecurecookie(text) {
		return wire.Header{}, errSecurecookie
	}
	header, err := wire.ParseHeader(text)
	n := min(max(header.Parts, 1), wire.MaxParts)
	switch {
	case err == nil && header.Version > wire.Version:
		return header, errNewerVersion
	case len(text) > f.longest(n):
		return header, f.tooLong(len(text), n)
	case err == wire.ErrTooShort, err == nil && n == 1 && len(text) < wire.Chars(wire.Overhead):
		return header, errShort
	case err != nil:
		return header, errEncoding
	case header.Version < wire.Version:
		return header, errVersion
	case header.Parts > wire.MaxParts:
		return header, errParts
	}
	return header, nil
}

// isSecurecookie reports whether a text is most likely one of
// gorilla/securecookie: base64 of the time in seconds, which has ten digits, a
// bar, and more. To the header of a token, it is the first of four parts.
func isSecurecookie(text string) bool {
	const chars = 16
	if len(text) < chars || text[0] != 'M' { // a first digit of 0 to 3
		return false
	}
	var buffer [chars/4*3 + 8]byte
	raw, err := wire.AppendToken(buffer[:0], text[:chars])
	if err != nil || raw[10] != '|' {
		return false
	}
	for _, c := range raw[:10] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// These are made once, so that a header full of them costs no memory.
var (
	errShort        = invalidError(ReasonMalformed, wire.ErrTooShort)
	errEncoding     = invalidError(ReasonMalformed, wire.ErrEncoding)
	errVersion      = invalidError(ReasonMalformed, fmt.Errorf("not a token of this library: not of version %d", wire.Version))
	errMissing      = invalidError(ReasonMalformed, errors.New("a part of it is missing, or it is not a token of this library"))
	errSecurecookie = invalidError(ReasonMalformed, errors.New("not a token of this library, but gorilla/securecookie's: to read those until a date, see Legacy in contrib/gorilla"))
	errParts        = invalidError(ReasonMalformed, fmt.Errorf("more than %d cookies", wire.MaxParts))
	errNewerVersion = newerError(errors.New("a token of a later version"))
	errRevokedKey   = &codecError{class: classDecode, reason: ReasonRevokedKey, sentinel: ErrRevoked, cause: errors.New("its key was revoked")}
	errUnknownKey   = &codecError{class: classDecode, reason: ReasonUnknownKey, sentinel: ErrUnknownKey}
)

// longest returns how many characters the text of n cookies may have. It is not
// less than other options have allowed before: lowering MaxSize ends no
// session.
func (f *finder) longest(n int) int {
	if f.maxSize == math.MaxInt {
		return math.MaxInt
	}
	return wire.Cut{Name: f.name, Size: max(f.maxSize, wire.MaxCookie)}.Capacity(n)
}

func (f *finder) tooLong(chars, n int) *codecError {
	return invalidError(ReasonTooLarge, fmt.Errorf("a value of %d bytes, where at most %d are allowed", chars, f.longest(n)))
}

// open opens a value, which is joined from its parts if it has several.
func (f *finder) open(first *candidate, parts *wire.Parts) (*scratch, error) {
	s := newScratch()
	err := f.join(s, first, parts)
	if err == nil {
		err = s.open(f, first.key)
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// join puts the text of a value into s.
func (f *finder) join(s *scratch, first *candidate, parts *wire.Parts) error {
	s.text = s.text[:0]
	n := first.header.Parts
	switch {
	case n == 1:
		s.text = append(s.text, first.text...) // its length was inspected
		return nil
	case parts == nil:
		return errMissing
	}
	pieces, ok := parts.Pieces(first.text, n)
	if !ok {
		return errMissing
	}
	chars := 0
	for _, piece := range pieces {
		chars += len(piece)
	}
	if chars > f.longest(n) {
		return f.tooLong(chars, n)
	}
	for _, piece := range pieces {
		s.text = append(s.text, piece...)
	}
	return nil
}

// open opens the token whose text was joined.
func (s *scratch) open(f *finder, key *ringKey) (err error) {
	if s.token, err = wire.AppendToken(s.token[:0], s.text); err != nil {
		return errEncoding
	}
	s.additional = appendAdditionalData(s.additional[:0], f.name, f.label)
	if s.data, s.issued, err = openToken(key, s.token, s.additional); err != nil {
		return invalidError(ReasonAltered, err)
	}
	s.key = key
	return nil
}

// nonce returns the header of the token that was opened, which no other has.
func (s *scratch) nonce() []byte { return s.token[:wire.HeaderSize] }
