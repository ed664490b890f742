package cookiesession

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/value"
)

// CodecOptions configures a [Codec]. The zero value, and nil, are secure
// defaults. [NewCodec] copies it.
type CodecOptions struct {
	// Label says whose values these are: an application, an environment, a
	// tenant. A value sealed under another label does not open. Programs that
	// share keys must have different labels, unless they mean to share
	// sessions. It is not stored and costs nothing.
	Label string

	// Lifetime is how long a value opens after its creation. 0: 14 days; at
	// most 400 days. [Codec.Encode] starts anew each time, so there it counts
	// from the last write.
	Lifetime time.Duration

	// MaxLifetime bounds the lifetimes given in [Meta.Lifetime], when they are
	// sealed and again when they are opened. 0: Lifetime; at least Lifetime, at
	// most 400 days.
	MaxLifetime time.Duration

	// IdleTimeout is how long a value opens after it was last issued. 0: as
	// long as it lives.
	IdleTimeout time.Duration

	// NotBefore refuses, from that time on, values that were created before it,
	// with [ErrRevoked]. Zero: none.
	NotBefore time.Time

	// MaxSize bounds the bytes of a cookie's name and value, in both
	// directions. 0: 4093, the smallest limit of a browser in use; negative:
	// none, for values that don't go into a cookie.
	MaxSize int

	// MaxCookies allows a value that is too large for one cookie to take
	// several, at most 8: see [Codec.Cookies]. 0: 1. Two full ones already
	// exceed the 8 KiB that many servers allow for all cookies together.
	MaxCookies int
}

// A Codec seals values into texts that suit a cookie, and opens them. It has
// the methods of gorilla/securecookie's Codec, so it can be put where one is
// wanted; [Manager] is the same with HTTP around it, and each opens what the
// other sealed. A Codec is safe for concurrent use.
type Codec struct {
	keys    *Keyring
	label   string
	policy  policy
	maxSize int // bytes of name and value of one cookie

	maxCookies int
}

// Meta is what a sealed value carries besides the value.
type Meta struct {
	ID       string        // 32 hexadecimal digits, "": none
	Created  time.Time     // whole seconds; Seal: zero means now
	Issued   time.Time     // whole seconds; Seal: now, but not before this, which is that of the value it replaces
	Lifetime time.Duration // this value's own lifetime, in seconds; 0: CodecOptions.Lifetime
	KeyID    string        // set by Open: the key that sealed it; Seal: no older key seals what replaces it
	Stale    bool          // set by Open: a newer key seals now; sealing anew would move the value to it
}

// NewCodec returns a Codec that seals under keys. Its error joins everything
// that is wrong with opts.
func NewCodec(keys *Keyring, opts *CodecOptions) (*Codec, error) {
	if opts == nil {
		opts = &CodecOptions{}
	}
	c, err := newCodec(keys, opts)
	if err != nil {
		return nil, fmt.Errorf("cookiesession: NewCodec: %w", err)
	}
	return c, nil
}

// newCodec is NewCodec for options that may be a Manager's.
func newCodec(keys *Keyring, opts *CodecOptions) (*Codec, error) {
	var errs []error
	if keys == nil {
		errs = append(errs, errNoKeyring)
	}
	policy, err := newPolicy(opts.Lifetime, opts.MaxLifetime, opts.IdleTimeout, opts.NotBefore)
	errs = append(errs, err, checkMaxCookies(opts.MaxCookies))
	if opts.MaxSize > 0 && opts.MaxCookies > 1 && opts.MaxSize < minSplit {
		errs = append(errs, fmt.Errorf("option MaxSize is %d: to split a value, cookies need %d bytes", opts.MaxSize, minSplit))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	packer() // now, and not in the first request
	c := &Codec{keys: keys, label: opts.Label, policy: policy, maxSize: opts.MaxSize, maxCookies: max(1, opts.MaxCookies)}
	switch {
	case c.maxSize == 0:
		c.maxSize = maxCookie
	case c.maxSize < 0:
		c.maxSize, c.maxCookies = math.MaxInt, 1
	}
	return c, nil
}

func checkMaxCookies(n int) error {
	if n < 0 || n > mostCookies {
		return fmt.Errorf("option MaxCookies is %d: it is at most %d", n, mostCookies)
	}
	return nil
}

// Encode seals value for the cookie called name. It is Seal with a zero [Meta]:
// a Codec does not know the session that it continues, so each call starts a
// new one, and its lifetime slides.
func (c *Codec) Encode(name string, value any) (string, error) {
	return c.Seal(name, value, Meta{})
}

// Decode opens a value that was sealed for the cookie called name into dst, a
// non-nil pointer. dst is written only on success, and then replaced as a
// whole: maps are not merged into.
func (c *Codec) Decode(name, value string, dst any) error {
	_, err := c.Open(name, value, dst)
	return err
}

// Seal seals value for the cookie called name. A pointer is followed. Errors: a
// type or a value that can't be encoded, a [Meta] that can't be (IsUsage),
// [ErrTooLarge], and IsInternal if no key can seal.
func (c *Codec) Seal(name string, value any, meta Meta) (string, error) {
	return c.seal(name, value, meta, clock.Now(), freshRandom())
}

// seal is Seal at a time and with random bytes that are the caller's: the seam
// for test vectors.
func (c *Codec) seal(name string, value any, meta Meta, now time.Time, random [randomSize]byte) (string, error) {
	s := newScratch()
	defer s.release()
	item, err := s.encode(value)
	if err != nil {
		return "", err
	}
	rec, err := meta.record(now)
	if err != nil {
		return "", usageError(err)
	}
	rec.lifetime = c.policy.cut(rec.lifetime)
	rec.body, rec.packed = s.pack(item)
	ring := c.keys.current()
	text, _, err := c.sealRecord(s, ring, ring.named(meta.KeyID), name, c.label, &rec, now, random)
	if err != nil {
		return "", err
	}
	return string(text), nil
}

// Open opens a value that was sealed for the cookie called name into dst, a
// non-nil pointer, which is written only on success. Errors: [ErrInvalid],
// [ErrUnknownKey], [ErrExpired], [ErrRevoked] (all IsDecode), and IsUsage for a
// dst that nothing can be decoded into.
func (c *Codec) Open(name, value string, dst any) (Meta, error) {
	target, err := newTarget(dst)
	if err != nil {
		return Meta{}, err
	}
	s := newScratch()
	defer s.release()
	now := clock.Now()
	found, ring, err := c.locate(c.keys.current(), name, value, now, true)
	if err != nil {
		return Meta{}, err
	}
	rec, err := found.open(s, name, c.label)
	if err != nil {
		return Meta{}, err
	}
	return c.finish(s, &rec, found.key, ring, target, now)
}

// A target is where a value is decoded to.
type target struct {
	value reflect.Value
	plan  *value.Plan
}

func newTarget(dst any) (target, error) {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return target{}, usageError(fmt.Errorf("can't decode into %T: it has to be a non-nil pointer", dst))
	}
	plan, err := value.PlanFor(v.Type().Elem())
	if err != nil {
		return target{}, usageError(err)
	}
	return target{v.Elem(), plan}, nil
}

// finish applies the policy to a record that opened, and decodes its value.
func (c *Codec) finish(s *scratch, rec *record, key *ringKey, ring *ring, dst target, now time.Time) (Meta, error) {
	if err := c.policy.check(rec, now); err != nil {
		return Meta{}, err
	}
	item, err := s.unpack(rec)
	if err != nil {
		return Meta{}, err
	}
	// A dst that holds something is written only on success; one that doesn't
	// can be put back.
	into := dst.value
	aside := !into.IsZero()
	if aside {
		into = reflect.New(into.Type()).Elem()
	}
	if _, err := dst.plan.Decode(item, into); err != nil {
		into.SetZero()
		return Meta{}, invalidError(ReasonValue, err)
	}
	if aside {
		dst.value.Set(into)
	}
	return rec.meta(key, ring.superseded(key, now)), nil
}

// freshRandom draws the random bytes of one token. crypto/rand.Read never
// fails: it ends the program instead.
func freshRandom() (random [randomSize]byte) {
	_, _ = rand.Read(random[:])
	return random
}

// sealRecord seals rec for the cookie called name and returns its text, which
// is s's. before is the key of the cookie that it replaces, or nil.
func (c *Codec) sealRecord(s *scratch, ring *ring, before *ringKey, name, label string, rec *record, now time.Time, random [randomSize]byte) ([]byte, *ringKey, error) {
	if err := checkName(name); err != nil {
		return nil, nil, usageError(err)
	}
	if err := checkClock(rec.issued); err != nil {
		return nil, nil, internalError(err)
	}
	key := ring.sealingAfter(before, now)
	if key == nil {
		return nil, nil, internalError(errNoSealingKey)
	}
	// The number of parts stands in the header, so it has to be known before
	// the rest; and a value of megabytes that can't be sent is not sealed
	// first.
	data, err := rec.append(s.record[:0])
	if err != nil {
		return nil, nil, usageError(err)
	}
	s.record = data
	chars := textEncoding.EncodedLen(overhead + len(data))
	parts, ok := partsFor(name, chars, c.maxCookies, c.maxSize)
	if !ok {
		return nil, key, tooLargeError(c.size(name, chars), c.limit())
	}
	token := appendHeader(s.token[:0], key.id, rec.issued, parts, random)
	s.additional = appendAdditionalData(s.additional[:0], name, label)
	s.token = sealToken(key, append(token, data...), s.additional)
	s.text = appendTokenText(s.text[:0], s.token)
	return s.text, key, nil
}

// limit returns how many bytes the names and values of one session's cookies
// may have.
func (c *Codec) limit() int { return c.maxSize * c.maxCookies }

// size returns how many of them a text of that many characters takes.
func (c *Codec) size(name string, chars int) int {
	n, ok := partsFor(name, chars, c.maxCookies, c.maxSize)
	if !ok {
		n = c.maxCookies
	}
	return len(name) + chars + (n-1)*(len(name)+len("_2")+setSize)
}

var (
	errNoKeyring    = errors.New("the keyring is nil: make one with NewKeyring, ParseKeyring, OpenKeyring or LoadOrCreateKeyring")
	errNoSealingKey = errors.New("no key of the keyring can seal")
	errName         = errors.New("a cookie needs a name of 1 to 65535 bytes")
)

func checkName(name string) error {
	if name == "" || len(name) > math.MaxUint16 {
		return errName
	}
	return nil
}

// A scratch holds the buffers of one sealing or opening. Nothing that leaves
// this package points into one.
type scratch struct {
	item       []byte // the value as CBOR
	reencoded  []byte // the same as this program would have written it
	body       []byte // the same packed
	record     []byte
	additional []byte
	token      []byte
	text       []byte
	line       []byte // of Set-Cookie
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch() *scratch { return scratches.Get().(*scratch) }

// release gives s back, but for buffers that one huge value has grown.
func (s *scratch) release() {
	const most = 64 << 10
	if cap(s.item)+cap(s.reencoded)+cap(s.body)+cap(s.record)+cap(s.token)+cap(s.text)+cap(s.line)+cap(s.additional) <= most {
		scratches.Put(s)
	}
}

// encode returns the CBOR of a value.
func (s *scratch) encode(v any) ([]byte, error) {
	item, err := value.Append(s.item[:0], v)
	if err != nil {
		return nil, usageError(err)
	}
	s.item = item
	return item, nil
}

// packer returns the packer of version 1. All codecs share its tables.
var packer = sync.OnceValue(func() *pack.Packer { return pack.New(&tables.V1) })

// pack returns the body for an item, and whether it is the packed form: only if
// that is smaller, and does not unpack to more than will be unpacked.
func (s *scratch) pack(item []byte) (body []byte, packed bool) {
	if len(item) > maxUnpacked {
		return item, false
	}
	if s.body = packer().Append(s.body[:0], item); len(s.body) < len(item) {
		return s.body, true
	}
	return item, false
}

// unpack returns the item in a record's body. That it is deterministic CBOR is
// seen when it is decoded.
func (s *scratch) unpack(rec *record) ([]byte, error) {
	if !rec.packed {
		return rec.body, nil
	}
	item, err := packer().Unpack(s.item[:0], rec.body, maxUnpacked)
	if err != nil {
		return nil, invalidError(ReasonMalformed, err)
	}
	s.item = item
	return item, nil
}
