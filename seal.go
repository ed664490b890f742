package cookiesession

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math"
	"time"

	"example.com/cookiesession/internal/wire"
)

// A sealing holds everything that is needed to seal a record, except the
// record.
type sealing struct {
	*Codec
	name, label string
	ring        *ring
	before      *ringKey // sealed the cookie that is replaced; nil: there is none
	now         time.Time
	random      [wire.RandomSize]byte // drawn by the caller, so that vectors can be tested
}

// sealing returns a sealing for the cookie called name. The caller sets its
// time and random bytes.
func (c *Codec) sealing(name string) sealing {
	return sealing{Codec: c, name: name, label: c.label, ring: c.keys.current()}
}

// freshRandom draws the random bytes of one token. crypto/rand.Read never
// fails: it ends the program instead.
func freshRandom() (random [wire.RandomSize]byte) {
	_, _ = rand.Read(random[:])
	return random
}

// value seals a value that has no session around it.
func (how *sealing) value(value any, meta Meta) (string, error) {
	s := newScratch()
	defer s.release()
	plan, err := s.encode(how.Codec, value)
	if err != nil {
		return "", err
	}
	if err := s.readBack(plan); err != nil {
		return "", err
	}
	rec, err := meta.record(how.now)
	if err != nil {
		return "", usageError(err)
	}
	rec.lifetime = how.policy.cut(rec.lifetime)
	rec.body, rec.packed = s.pack()
	if how.before, err = how.replaced(meta.KeyID); err != nil {
		return "", err
	}
	out, err := s.seal(how, &rec)
	if err != nil {
		return "", err
	}
	return string(out.text), nil
}

// replaced returns the key of the value that will be replaced, or nil if it is
// not known. If the key was revoked since the value was opened, nothing may
// replace the value: a slow request would carry a forged session past the
// revocation.
func (how *sealing) replaced(idText string) (*ringKey, error) {
	raw, err := hex.DecodeString(idText)
	if err != nil || len(raw) != wire.KeyIDSize {
		return nil, nil
	}
	key, status := how.ring.find(keyID(raw), how.now)
	if status == keyRevoked {
		return nil, errRevokedKey
	}
	return key, nil
}

// A sealed is a record that was sealed.
type sealed struct {
	fit
	text []byte // the cookie value, which is the scratch's
	key  *ringKey
	bare int // bytes of names and values, if it were not padded
}

var errNoSealingKey = errors.New("no key of the keyring can seal")

// seal seals rec.
func (s *scratch) seal(how *sealing, rec *record) (sealed, error) {
	if err := checkName(how.name); err != nil {
		return sealed{}, usageError(err)
	}
	if err := checkClock(rec.issued); err != nil {
		return sealed{}, internalError(err)
	}
	key := how.ring.sealingAfter(how.before, how.now)
	if key == nil {
		return sealed{}, internalError(errNoSealingKey)
	}
	// The number of parts stands in the header, so it has to be known first.
	// And no time is spent on sealing megabytes that can't be sent.
	data, err := rec.append(s.record[:0])
	if err != nil {
		return sealed{}, usageError(err)
	}
	fit := how.fit(how.name, len(data))
	if fit.parts == 0 {
		return sealed{}, tooLargeError(fit.size, fit.limit)
	}
	bare := fit.size
	if size := how.padded(how.name, len(data)); size > len(data) {
		data = pad(data, size)
		fit = how.fit(how.name, size)
	}
	s.record = data
	token := appendHeader(s.token[:0], tokenHeader{parts: fit.parts, key: key.id, issued: rec.issued, random: how.random})
	s.additional = appendAdditionalData(s.additional[:0], how.name, how.label)
	s.token = sealToken(key, append(token, data...), s.additional)
	s.text = wire.AppendText(s.text[:0], s.token)
	return sealed{fit: fit, text: s.text, key: key, bare: bare}, nil
}

// A fit says how a record fits into its cookies.
type fit struct {
	chars int // of the text
	parts int // how many cookies it takes; 0: more than it may
	size  int // bytes of their names and values
	limit int // bytes that these may have
}

// fit returns how a record of n bytes fits into cookies called name.
func (c *Codec) fit(name string, n int) fit {
	cut := wire.Cut{Name: name, Size: c.maxSize}
	chars := wire.Chars(wire.Overhead + n)
	parts := cut.Parts(chars, c.maxCookies)
	return fit{chars: chars, parts: parts, size: cut.Bytes(chars, cmp.Or(parts, c.maxCookies)), limit: c.maxSize * c.maxCookies}
}

// padded returns how many bytes a record of n bytes is padded to. The last step
// ends where the cookies that it needs anyway are full. There, a record may
// have no room left for padding.
func (c *Codec) padded(name string, n int) int {
	if c.padTo == 0 {
		return n
	}
	parts := c.fit(name, n).parts
	if parts == 0 {
		return n
	}
	size := (n/c.padTo + 1) * c.padTo
	if c.maxSize < math.MaxInt {
		full := wire.Cut{Name: name, Size: c.maxSize}.Capacity(parts)
		size = min(size, full*3/4-wire.Overhead)
	}
	return size
}
