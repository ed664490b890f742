package cookiesession

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/wire"
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

	// MaxSize bounds the bytes of a cookie's name and value that are written.
	// 0: 4093, the smallest limit of a browser in use; negative: none, for
	// values that don't go into a cookie. Cookies of up to 4093 bytes are read
	// in any case, so a smaller limit ends no session.
	MaxSize int

	// MaxCookies allows a value that is too large for one cookie to take
	// several when it is written, at most 8: see [Codec.Cookies]. 0: 1. Two
	// full ones already exceed the 8 KiB that many servers allow for all
	// cookies together. Up to 8 are read in any case.
	MaxCookies int

	// PadTo pads the sealed record to a multiple of so many bytes, 16 to 1024.
	// The length of a cookie then tells less of its content: it comes in steps,
	// which end where the cookie is full. Padding never takes another cookie,
	// and makes no value too large. Where a length is just at a step, one bit
	// still shows. 0: none. An older release does not open padded values, so
	// deploy first and switch it on later.
	PadTo int
}

// A Codec seals values into texts that suit a cookie, and opens them. It has
// the methods of gorilla/securecookie's Codec, so it can take that one's place.
// [Manager] is the same with HTTP around it, and each opens the values that the
// other sealed. A Codec is safe for concurrent use.
type Codec struct {
	keys       *Keyring
	label      string
	policy     policy
	maxSize    int // bytes of name and value of one cookie
	maxCookies int
	padTo      int // bytes; 0: no padding

	plan atomic.Pointer[value.Plan] // of the first type that was asked for
}

// Meta is the information that is sealed beside a value.
type Meta struct {
	ID       string        // 32 hexadecimal digits, "": none
	Created  time.Time     // whole seconds; Seal: zero means now
	Issued   time.Time     // whole seconds; Open: when it was issued; Seal: it is issued now, or at this time if that is later (pass the time that Open returned)
	Lifetime time.Duration // this value's own lifetime, in seconds; 0: CodecOptions.Lifetime
	KeyID    string        // Open: the key that sealed it; Seal: a key older than this one is not used, and none if this one was revoked
	Stale    bool          // Open: a newer key seals now; sealing anew would move the value to it

	// BrowserSession says that the cookie has no Max-Age, so that the browser
	// forgets it when it is closed: the "remember me" that was left unticked.
	// The Codec stores it and does nothing else with it.
	BrowserSession bool

	// Binding ties the session to something outside, such as a key of the
	// device. It is for packages that check it at each request; the Codec
	// stores it. Zero: none. BindingPending says that the other side has yet to
	// prove itself.
	Binding        [16]byte
	BindingPending bool
}

// Next returns the Meta for sealing a value that replaces the one opened with
// m, in the same session. It is m without Stale, which is about the old value
// alone. For a new session, take only Issued and KeyID from it.
func (m Meta) Next() Meta {
	m.Stale = false
	return m
}

// NewCodec returns a Codec that seals under keys. Its error joins all mistakes
// in opts.
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
	errs = append(errs, err, checkMaxCookies(opts.MaxCookies), checkPadTo(opts.PadTo))
	if opts.MaxSize > 0 && opts.MaxCookies > 1 && opts.MaxSize < wire.MinSplit {
		errs = append(errs, fmt.Errorf("option MaxSize is %d: to split a value, cookies need %d bytes", opts.MaxSize, wire.MinSplit))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &Codec{keys: keys, label: opts.Label, policy: policy, maxSize: opts.MaxSize, maxCookies: max(1, opts.MaxCookies), padTo: opts.PadTo}
	switch {
	case c.maxSize == 0:
		c.maxSize = wire.MaxCookie
	case c.maxSize < 0:
		c.maxSize, c.maxCookies = math.MaxInt, 1
	}
	keys.serve(&c.policy)
	return c, nil
}

func checkMaxCookies(n int) error {
	if n < 0 || n > wire.MaxParts {
		return fmt.Errorf("option MaxCookies is %d: it is at most %d", n, wire.MaxParts)
	}
	return nil
}

func checkPadTo(n int) error {
	if n != 0 && (n < 16 || n > 1024) {
		return fmt.Errorf("option PadTo is %d: it is 0 or 16 to 1024", n)
	}
	return nil
}

// Encode seals value for the cookie called name. It is Seal with a zero [Meta].
// A Codec does not know which session goes on, so each call starts a new one,
// and its lifetime begins again.
func (c *Codec) Encode(name string, value any) (string, error) {
	return c.Seal(name, value, Meta{})
}

// Decode opens a value that was sealed for the cookie called name into dst, a
// non-nil pointer. dst is written only on success, and then replaced as a
// whole: maps are not merged into. If dst points to a pointer that is not nil,
// what that one points to is replaced, as with gob and JSON.
func (c *Codec) Decode(name, value string, dst any) error {
	return c.open(name, value, dst, nil)
}

// Seal seals value for the cookie called name. A pointer is followed. Errors: a
// type or a value that can't be encoded, a [Meta] that can't be (IsUsage),
// [ErrTooLarge], [ErrRevoked] if the replaced value's key was revoked
// meanwhile, and IsInternal if no key can seal.
func (c *Codec) Seal(name string, value any, meta Meta) (string, error) {
	how := c.sealing(name)
	how.now, how.random = clock.Now(), freshRandom()
	return how.value(value, meta)
}

// Open opens a value that was sealed for the cookie called name into dst, a
// non-nil pointer, which is written only on success. Errors: [ErrInvalid],
// [ErrUnknownKey], [ErrExpired], [ErrRevoked] (all IsDecode), and IsUsage if
// dst is not a pointer that can be decoded into.
func (c *Codec) Open(name, value string, dst any) (Meta, error) {
	var meta Meta
	err := c.open(name, value, dst, &meta)
	return meta, err
}

// open is Open, which fills meta on success, if it is not nil.
func (c *Codec) open(name, value string, dst any, meta *Meta) error {
	target, err := c.target(dst)
	if err != nil {
		return err
	}
	f := c.finder(name)
	s, err := f.one(value)
	if err != nil {
		return err
	}
	return f.finish(s, target, meta)
}

// OpenRequest opens the value that a request has for the cookie called name,
// joined from its parts, into dst, as [Codec.Open] does. A request may have
// several, from different paths or domains. OpenRequest then takes the latest
// one whose seal is intact, and checks the lifetime of that one only. So an
// older cookie never stands in for a newer one that was revoked. At most 8 are
// tried. Without any the error is [ErrNoSession].
func (c *Codec) OpenRequest(r *http.Request, name string, dst any) (Meta, error) {
	target, err := c.target(dst)
	if err != nil {
		return Meta{}, err
	}
	if err := checkName(name); err != nil {
		return Meta{}, usageError(err)
	}
	f := c.finder(name)
	s, err := f.newest(cookieLines(r))
	if err != nil {
		return Meta{}, err
	}
	var meta Meta
	err = f.finish(s, target, &meta)
	return meta, err
}

// Reseal returns the value that a request has for the cookie called name,
// sealed under the key that seals now: see [Meta.Stale]. Nothing else of it
// changes, the time of issue included, so it lives no longer than before. A
// value that this key has sealed already is returned as it is. Errors: those of
// [Codec.OpenRequest] and of [Codec.Seal]. The value itself is not checked.
func (c *Codec) Reseal(r *http.Request, name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", usageError(err)
	}
	f := c.finder(name)
	s, err := f.newest(cookieLines(r))
	if err != nil {
		return "", err
	}
	defer s.release()
	if err := c.policy.check(&s.rec, f.now); err != nil {
		return "", err
	}
	if f.ring.sealingAfter(s.key, f.now) == s.key {
		return string(s.text), nil
	}
	out, err := s.seal(&sealing{
		Codec: c, name: name, label: c.label, ring: f.ring, before: s.key, now: f.now, random: freshRandom(),
	}, &s.rec)
	if err != nil {
		return "", err
	}
	return string(out.text), nil
}

// A target is where a value is decoded to.
type target struct {
	value reflect.Value
	plan  *value.Plan
}

func (c *Codec) target(dst any) (target, error) {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return target{}, usageError(fmt.Errorf("can't decode into %T: it has to be a non-nil pointer", dst))
	}
	plan, err := c.planFor(v.Type().Elem())
	if err != nil {
		return target{}, err
	}
	if inner := v.Elem(); inner.Kind() == reflect.Pointer && !inner.IsNil() {
		return c.target(inner.Interface())
	}
	return target{v.Elem(), plan}, nil
}

// planFor returns the plan of a type. Most Codecs only ever see one.
func (c *Codec) planFor(t reflect.Type) (*value.Plan, error) {
	if plan := c.plan.Load(); plan != nil && plan.Type() == t {
		return plan, nil
	}
	plan, err := value.PlanFor(t)
	if err != nil {
		return nil, usageError(err)
	}
	c.plan.CompareAndSwap(nil, plan)
	return plan, nil
}

// finish applies the policy to an opened value, decodes it, and fills meta if
// that is not nil. It releases s.
func (f *finder) finish(s *scratch, dst target, meta *Meta) error {
	defer s.release()
	if err := f.policy.check(&s.rec, f.now); err != nil {
		return err
	}
	if err := s.unpack(); err != nil {
		return err
	}
	if err := dst.decode(&s.tape); err != nil {
		return err
	}
	if meta != nil {
		*meta = s.rec.meta(s.key, f.ring.superseded(s.key, f.now))
	}
	return nil
}

// decode replaces the content of dst on success, and else leaves it alone.
func (dst *target) decode(t *cbor.Tape) error {
	// A dst that holds something is written only on success; one that doesn't
	// can be put back.
	into := dst.value
	aside := !into.IsZero()
	if aside {
		into = reflect.New(into.Type()).Elem()
	}
	if err := dst.plan.Read(t, into); err != nil {
		into.SetZero()
		return valueError(err)
	}
	if aside {
		dst.value.Set(into)
	}
	return nil
}

func (r *record) meta(key *ringKey, stale bool) Meta {
	return Meta{
		ID:       r.idText(),
		Created:  time.Unix(r.created, 0).UTC(),
		Issued:   time.Unix(r.issued, 0).UTC(),
		Lifetime: time.Duration(r.lifetime) * time.Second,
		KeyID:    key.idText,
		Stale:    stale,

		BrowserSession: r.browserSession, Binding: r.binding, BindingPending: r.pending,
	}
}

// record returns a record that is issued now and has no body yet.
func (m *Meta) record(now time.Time) (record, error) {
	r := record{
		issued: now.Unix(), created: now.Unix(),
		browserSession: m.BrowserSession, binding: m.Binding, pending: m.BindingPending,
	}
	if r.pending && !r.isBound() {
		return record{}, errPending
	}
	if m.ID != "" {
		id, err := hex.DecodeString(m.ID)
		if err != nil || len(id) != idSize {
			return record{}, errMetaID
		}
		r.hasID, r.id = true, [idSize]byte(id)
	}
	if !m.Issued.IsZero() {
		// Else, with clocks that differ, a new value would look older than the
		// one that it replaces.
		r.issued = max(r.issued, m.Issued.Unix())
		if r.issued > now.Add(wire.MaxSkew).Unix() {
			return record{}, errFuture
		}
	}
	if !m.Created.IsZero() {
		r.created = min(m.Created.Unix(), r.issued)
	}
	if m.Lifetime < 0 || m.Lifetime > wire.MaxLifetime {
		return record{}, fmt.Errorf("a lifetime of %v is not within 0 to 400 days", m.Lifetime)
	}
	r.lifetime = wholeSeconds(m.Lifetime)
	return r, nil
}

var (
	errNoKeyring = errors.New("the keyring is nil: make one with NewKeyring, ParseKeyring, OpenKeyring or LoadOrCreateKeyring")
	errMetaID    = errors.New("an id has 32 hexadecimal digits")
	errPending   = errors.New("a binding that is pending but zero")
	errName      = errors.New("a cookie needs a name of 1 to 65535 bytes")
)

func checkName(name string) error {
	if name == "" || len(name) > math.MaxUint16 {
		return errName
	}
	return nil
}
