package cookiesession

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/cookiesession/internal/clock"
)

// maxTries bounds how many cookies of one name a request can have opened.
const maxTries = 8

// A search is for the session of a request.
type search struct {
	lines []string // of the Cookie header
	name  string
	label string
	ring  *ring
}

// A candidate is a cookie that opened.
type candidate struct {
	text    string
	record  record
	key     *ringKey
	scratch *scratch // holds record's body; nil: none opened

	ring      *ring // by which it was found
	duplicate bool  // another one opened as well
}

// newest opens a request's cookies of one name and returns the one issued last,
// the first of them on a tie. Two cookies of one name come from two paths or
// domains. If none opens, the error is that of the first. Policy is for the
// winner alone: an older cookie must not stand in for a revoked newer one.
func (c *Codec) newest(s search, now time.Time) (best candidate, err error) {
	tries, waited, duplicate := 0, false, false
	cookieValues(s.lines, s.name, func(first string) bool {
		found, ring, tryErr := c.find(&s, first, now, !waited)
		s.ring = ring
		if tryErr != nil {
			// A header full of unknown keys must not make the request wait for
			// each.
			waited = waited || ReasonOf(tryErr) == ReasonUnknownKey
			err = firstError(err, tryErr)
			return true
		}
		tries++
		next := candidate{text: found.text, key: found.key, scratch: newScratch()}
		if next.record, tryErr = found.open(next.scratch, s.name, s.label); tryErr != nil {
			err = firstError(err, tryErr)
			next.scratch.release()
			return tries < maxTries
		}
		if best.scratch == nil {
			best = next
			return tries < maxTries
		}
		duplicate = duplicate || next.text != best.text
		if next.record.issued > best.record.issued {
			best, next = next, best
		}
		next.scratch.release()
		return tries < maxTries
	})
	best.ring, best.duplicate = s.ring, duplicate
	switch {
	case best.scratch != nil:
		return best, nil
	case err == nil:
		return best, &codecError{class: classDecode, sentinel: ErrNoSession}
	}
	return best, err
}

// find joins the parts of a token of which first is the first, and finds its
// key, if may wait with the help of an early reload of the keyring. It returns
// the ring that counts from then on.
func (c *Codec) find(s *search, first string, now time.Time, mayWait bool) (located, *ring, error) {
	text, err := joinParts(s.lines, s.name, first, c.maxCookies)
	if err != nil {
		return located{}, s.ring, invalidError(ReasonMalformed, err)
	}
	return c.locate(s.ring, s.name, text, now, mayWait)
}

func firstError(first, next error) error {
	if first != nil {
		return first
	}
	return next
}

// OpenRequest opens the value that a request has for the cookie called name,
// joined from its parts, into dst, as [Codec.Open] does. If the request has
// several, which come from different paths or domains, it is the one of those
// that are authentic that was issued last; lifetimes are for that one alone, so
// that an older cookie never stands in for a newer one that was revoked. At
// most 8 are tried. Without any the error is [ErrNoSession].
func (c *Codec) OpenRequest(r *http.Request, name string, dst any) (Meta, error) {
	target, err := newTarget(dst)
	if err != nil {
		return Meta{}, err
	}
	if err := checkName(name); err != nil {
		return Meta{}, usageError(err)
	}
	now := clock.Now()
	best, err := c.newest(search{lines: r.Header["Cookie"], name: name, label: c.label, ring: c.keys.current()}, now)
	if err != nil {
		return Meta{}, err
	}
	defer best.scratch.release()
	return c.finish(best.scratch, &best.record, best.key, best.ring, target, now)
}

// A located text is one that may be opened: it has the size and the header of a
// token, and its key is in the ring.
type located struct {
	text string
	key  *ringKey
}

// locate does what can be done about a text without decoding it. If its key is
// unknown and it may wait, it has the keyring reloaded early. It returns the
// ring that counts from then on.
func (c *Codec) locate(r *ring, name, text string, now time.Time, mayWait bool) (located, *ring, error) {
	header, err := c.inspect(name, text)
	if err != nil {
		return located{}, r, err
	}
	key, err := findKey(r, header.key, now)
	if mayWait && ReasonOf(err) == ReasonUnknownKey {
		if newer := c.keys.reloadFor(header.key); newer != nil {
			r = newer
			key, err = findKey(r, header.key, now)
		}
	}
	return located{text: text, key: key}, r, err
}

// inspect refuses what cannot be a token of this Codec, whatever the key.
func (c *Codec) inspect(name, text string) (tokenHeader, error) {
	if err := checkName(name); err != nil {
		return tokenHeader{}, usageError(err)
	}
	if most := capacity(name, c.maxCookies, c.maxSize); len(text) > most {
		return tokenHeader{}, invalidError(ReasonTooLarge, fmt.Errorf("a value of %d bytes, where at most %d are allowed", len(text), most))
	}
	header, err := peekHeader(text)
	if err != nil {
		return tokenHeader{}, invalidError(ReasonMalformed, err)
	}
	if header.parts > c.maxCookies {
		return tokenHeader{}, invalidError(ReasonMalformed, errTooManyParts(header.parts, c.maxCookies))
	}
	if len(text) < textEncoding.EncodedLen(overhead) {
		return tokenHeader{}, invalidError(ReasonMalformed, errTooShort)
	}
	return header, nil
}

// open opens a located text. The record's body is s's. Nothing is judged by age
// here: that is [policy.check].
func (l *located) open(s *scratch, name, label string) (record, error) {
	var err error
	s.token, err = decodeToken(s.token[:0], l.text)
	if err != nil {
		return record{}, invalidError(ReasonMalformed, err)
	}
	s.additional = appendAdditionalData(s.additional[:0], name, label)
	data, issued, err := openToken(l.key, s.token, s.additional)
	if err != nil {
		return record{}, invalidError(ReasonAltered, err)
	}
	rec, err := parseRecord(data, issued)
	if err != nil {
		return record{}, invalidError(ReasonMalformed, err)
	}
	return rec, nil
}

// findKey looks a key up by its id, never by trial.
func findKey(ring *ring, id keyID, now time.Time) (*ringKey, error) {
	key, status := ring.find(id, now)
	switch status {
	case keyFound:
		return key, nil
	case keyRevoked:
		return nil, &codecError{class: classDecode, reason: ReasonRevokedKey, sentinel: ErrRevoked, cause: errors.New("its key was revoked")}
	}
	return nil, &codecError{class: classDecode, reason: ReasonUnknownKey, sentinel: ErrUnknownKey}
}
