package cookiesession

import (
	"bytes"
	"errors"
	"fmt"
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
	waited      bool  // an early reload was asked for: once for all values

	duplicate bool // two different cookies opened
}

// finder returns what opens cookies called name.
func (c *Codec) finder(name string) finder {
	return finder{Codec: c, name: name, label: c.label, now: clock.Now(), ring: c.keys.current()}
}

// An opened value is one whose seal is intact. It has not been judged by age,
// which is left to [policy.check].
type opened struct {
	record  record
	key     *ringKey
	scratch *scratch // holds record's body; nil: none opened
}

// A candidate is a value, or the first part of one, that may open: it has the
// header of a token, and its key is in the ring.
type candidate struct {
	text   string
	header wire.Header
}

// A carried is what one reading of a Cookie header keeps of a session's
// cookies. Its size is bounded, whatever the request.
type carried struct {
	first [wire.MaxTries]candidate
	tries int // how many there are
	parts wire.Parts
	err   error // why the first value of NAME can't open, if it can't
}

// newest opens a request's cookies and returns the one issued last, the first
// of them on a tie. Two cookies of one name come from two paths or domains. If
// none opens, the error is that of the first. Policy is for the winner alone:
// an older cookie must not stand in for a revoked newer one.
func (f *finder) newest(lines []string) (best opened, err error) {
	var c carried
	f.collect(&c, lines)
	err = c.err
	for _, first := range c.first[:c.tries] {
		next, tryErr := f.open(first, &c.parts)
		switch {
		case tryErr != nil:
			if err == nil {
				err = tryErr
			}
			continue
		case best.scratch == nil:
			best = next
			continue
		}
		f.duplicate = f.duplicate || !bytes.Equal(next.scratch.nonce(), best.scratch.nonce())
		if next.record.issued > best.record.issued {
			best, next = next, best
		}
		next.scratch.release()
	}
	switch {
	case best.scratch != nil:
		return best, nil
	case err == nil:
		return best, errNone
	}
	return best, err
}

var errNone = &codecError{class: classDecode, sentinel: ErrNoSession}

// collect reads the lines of a Cookie header, once.
func (f *finder) collect(c *carried, lines []string) {
	for i, value := range wire.Cookies(lines, f.name) {
		switch {
		case i > 1:
			c.parts.Add(i, value)
		case c.tries < len(c.first):
			if first, err := f.admit(value); err == nil {
				c.first[c.tries] = first
				c.tries++
			} else if c.tries == 0 && c.err == nil {
				c.err = err
			}
		}
	}
}

// one opens a value that is whole.
func (f *finder) one(text string) (opened, error) {
	if err := checkName(f.name); err != nil {
		return opened{}, usageError(err)
	}
	whole, err := f.admit(text)
	if err != nil {
		return opened{}, err
	}
	return f.open(whole, nil)
}

// admit does what can be done about a value without decoding it. If the ring
// lacks its key, it is reloaded early, once: a header full of unknown keys must
// not make the request wait for each.
func (f *finder) admit(text string) (candidate, error) {
	header, err := f.inspect(text)
	if err != nil {
		return candidate{}, err
	}
	_, err = f.key(header)
	if err == errUnknownKey && !f.waited {
		f.waited = true
		if newer := f.keys.reloadFor(header.KeyID); newer != nil {
			f.ring = newer
			_, err = f.key(header)
		}
	}
	return candidate{text, header}, err
}

// inspect refuses what cannot be a token of this Codec, nor its first part,
// whatever the key.
func (f *finder) inspect(text string) (wire.Header, error) {
	if err := f.checkLength(len(text)); err != nil {
		return wire.Header{}, err
	}
	header, err := wire.ParseHeader(text)
	if err != nil {
		return wire.Header{}, invalidError(ReasonMalformed, err)
	}
	if header.Version != wire.Version {
		return wire.Header{}, invalidError(ReasonMalformed, errNotVersion)
	}
	if len(text) < wire.Chars(wire.Overhead) && header.Parts == 1 {
		return wire.Header{}, invalidError(ReasonMalformed, wire.ErrTooShort)
	}
	if header.Parts > f.maxCookies {
		return wire.Header{}, invalidError(ReasonMalformed, fmt.Errorf("%d cookies, where at most %d are allowed", header.Parts, f.maxCookies))
	}
	return header, nil
}

// checkLength refuses a text that is longer than this Codec would seal.
func (f *finder) checkLength(chars int) error {
	if most := (wire.Cut{Name: f.name, Size: f.maxSize}).Capacity(f.maxCookies); chars > most {
		return invalidError(ReasonTooLarge, fmt.Errorf("a value of %d bytes, where at most %d are allowed", chars, most))
	}
	return nil
}

// key looks a token's key up by its id, never by trial.
func (f *finder) key(header wire.Header) (*ringKey, error) {
	key, status := f.ring.find(header.KeyID, f.now)
	switch status {
	case keyFound:
		return key, nil
	case keyRevoked:
		return nil, errRevokedKey
	}
	return nil, errUnknownKey
}

var (
	errRevokedKey error = &codecError{class: classDecode, reason: ReasonRevokedKey, sentinel: ErrRevoked, cause: errors.New("its key was revoked")}
	errUnknownKey error = &codecError{class: classDecode, reason: ReasonUnknownKey, sentinel: ErrUnknownKey}
)

// open opens a value, which is joined from its parts unless there are none.
func (f *finder) open(first candidate, parts *wire.Parts) (opened, error) {
	key, err := f.key(first.header)
	if err != nil {
		return opened{}, err
	}
	o := opened{key: key, scratch: newScratch()}
	if err = o.scratch.join(first, parts); err == nil {
		err = f.checkLength(len(o.scratch.text))
	}
	if err == nil {
		o.record, err = o.scratch.open(f, key)
	}
	if err != nil {
		o.scratch.release()
		return opened{}, err
	}
	return o, nil
}

// join takes the text of a token over, joined from its parts unless there are
// none.
func (s *scratch) join(first candidate, parts *wire.Parts) (err error) {
	if parts == nil || first.header.Parts == 1 {
		s.text = append(s.text[:0], first.text...)
		return nil
	}
	if s.text, err = parts.Join(s.text[:0], first.text, first.header.Parts); err != nil {
		return invalidError(ReasonMalformed, err)
	}
	return nil
}

// open opens the token whose text was joined. The record's body is s's.
func (s *scratch) open(f *finder, key *ringKey) (rec record, err error) {
	if s.token, err = decodeToken(s.token[:0], s.text); err != nil {
		return record{}, invalidError(ReasonMalformed, err)
	}
	s.additional = appendAdditionalData(s.additional[:0], f.name, f.label)
	data, issued, err := openToken(key, s.token, s.additional)
	if err != nil {
		return record{}, invalidError(ReasonAltered, err)
	}
	if rec, err = parseRecord(data, issued); err != nil {
		return record{}, invalidError(ReasonMalformed, err)
	}
	return rec, nil
}

// nonce returns the header of the token that was opened, which no other has.
func (s *scratch) nonce() []byte { return s.token[:wire.HeaderSize] }
