// Package scscookie keeps the sessions of github.com/alexedwards/scs in
// encrypted, compact cookies under rotating keys, without a store. The
// SessionManager and all calls to it stay as they are. One line changes:
//
//	sessionManager = scs.New()
//	...
//	keys, err := cookiesession.LoadOrCreateKeyring(path)
//	sessions, err := scscookie.New(sessionManager, keys, nil)
//	...
//	// http.ListenAndServe(addr, sessionManager.LoadAndSave(mux))
//	http.ListenAndServe(addr, sessions.LoadAndSave(mux))
//
// Set the manager's fields first: [New] checks them, and [Sessions.LoadAndSave]
// panics if they are changed later. New puts the manager's Store and Codec out
// of use, and itself in their place.
//
// # What stays
//
// Put, Get and its kin, Pop, Remove, Clear, Exists, Keys, Status, RenewToken,
// Destroy, RememberMe, Deadline, SetDeadline and MergeSession work as before.
// Lifetime is the absolute end of a session, IdleTimeout its end when it is not
// used, both sealed in or configured here and enforced here; a failed save goes
// to ErrorFunc. Several managers with cookies of different names can be around
// one handler.
//
// # What changes
//
//   - There is no store to run, to back up or to wait for. Any replica that has
//     the keys opens any session.
//   - A response has a Set-Cookie if the session has changed by its value: not
//     if the same value was put again, and not at each response with an
//     IdleTimeout. A page renews the session once a quarter of the timeout is
//     over, other requests once half is, and slow ones later: see
//     [cookiesession.Options]. Sessions move to a new key by themselves.
//   - A long request does not bring back a session that another request has
//     destroyed meanwhile, as long as it changes nothing itself.
//   - A request that never asks for the session costs nothing and gets no
//     header. One that did gets Vary: Cookie, and Cache-Control: private where
//     it has none.
//   - The session is saved before the first Flush and before a Hijack; 103 and
//     other informational responses don't count as the response. If it can't be
//     saved, the client gets ErrorFunc's answer and nothing of the page.
//   - A value that is put after the first byte is lost, as before, but
//     reported: see Options.OnEvent.
//   - A session without values is not stored. Its cookie is deleted.
//   - Whether the browser keeps a session when it is closed, which RememberMe
//     and Cookie.Persist decide, is sealed in at each change of its values.
//   - A cookie is HttpOnly always, Secure unless Options.Insecure is set, and
//     SameSite=Lax where the manager's Cookie says 0.
//   - Token is the cookie's value, another one at every write (of a session in
//     several cookies: one value that holds the same). After RenewToken it
//     means nothing until the next request. MergeSession takes such values.
//   - Times count in whole seconds: a Lifetime or an IdleTimeout with a
//     fraction is rounded up, and a session's beginning is rounded down, so it
//     may end up to a second early.
//   - Iterate panics: there is no list of sessions. Options.NotBefore logs
//     everyone out.
//   - Commit and SessionManager.LoadAndSave fail and say so. Use LoadAndSave
//     instead. For a response that somebody else writes, such as a WebSocket
//     upgrade by gorilla/websocket, use [Sessions.Cookies].
//
// # Types
//
// Values come back with their types, as with gob. A type of your own inside a
// session needs one line, and beside it its gob.Register until LegacyUntil:
//
//	func init() { cookiesession.Register("shop.Cart", Cart{}) }
//
// Without it the session can't be saved, and the error has that line. As with
// gob, values come back as the registered type: after Register("shop.Cart",
// &Cart{}) it is *Cart, whether a Cart was put in or a pointer to one. A
// []*Cart inside a session needs a line of its own. A time.Time keeps its
// offset from UTC, and not the name of its Location.
//
// Unlike gob, a struct field with the tag json:"-" is not stored, and
// cookiesession.Register logs a warning that names it. If it was stored so far,
// say cbor:"name" beside the json tag; cbor:"-" agrees, and silences the
// warning.
//
// # Size
//
// A browser takes 4093 bytes of name and value. Options.MaxCookies lets a
// session have several cookies; their names are NAME, NAME_2 and up to NAME_8.
// The error of a session that is too large is [cookiesession.ErrTooLarge].
//
// # Sessions of the old store
//
// With Options.LegacyUntil, a cookie that is not one of ours is looked up in
// the Store that the manager had at New, so signed-in visitors stay so:
//
//	sessionManager.Store = redisstore.New(pool)
//	sessions, err := scscookie.New(sessionManager, keys, &scscookie.Options{
//	    LegacyUntil: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
//	})
//
// Its session goes on, with the same end, in a cookie of ours, which the answer
// sets. The store is read, and written only by Destroy and RenewToken. These
// delete the cookie's entry, even if the session has a cookie of ours since
// then: such a session keeps its old token until the date. After the date the
// store is not asked any more. Until then OnEvent reports each such cookie as
// refused, because to the core it is no cookie of ours.
//
//   - Options.Check is asked about these sessions, too. One that it refuses, or
//     that is past its deadline, is reported as refused once more, with the
//     reason.
//   - The old store does not say when a session was created. So once
//     Options.NotBefore is in force, none of its sessions is taken.
//   - It is not asked where the request has a cookie of ours that was revoked,
//     has expired or was altered: an older session must not stand in for it.
//   - Replicas of the old program, which run on while the new one is rolled
//     out, do not know our cookies. Give the manager's Cookie another name in
//     the new program and set Options.LegacyName to the old one. A logout on
//     one of the old replicas does not reach a cookie of ours, so keep that
//     time short.
//
// # What it cannot do
//
// A session in a cookie has limits, which the package documentation of
// cookiesession describes: a copied cookie is good until it expires, Destroy or
// not, and a visitor can bring an old one back. Options.Check and
// Options.NotBefore are the means against it.
//
// http.TimeoutHandler, gzip and other middlewares that buffer or replace the
// response belong outside LoadAndSave.
package scscookie

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/wire"
	"github.com/alexedwards/scs/v2"
)

// Options has the settings that scs.SessionManager has no field for. The zero
// value, and nil, are secure defaults. [New] copies it.
type Options struct {
	// Insecure allows plain HTTP in development: the cookie is Secure only if
	// the manager's Cookie says so. Chrome, Firefox and Go's cookie jar keep
	// Secure cookies on http://localhost, so it is for Safari and for other
	// hosts. Behind a proxy that ends TLS leave it off.
	Insecure bool

	// Label, MaxSize, MaxCookies, PadTo and NotBefore are those of
	// [cookiesession.Options].
	Label      string
	MaxSize    int
	MaxCookies int
	PadTo      int
	NotBefore  time.Time

	// MaxLifetime bounds the deadlines of SetDeadline, counted from a session's
	// beginning, also for sessions that exist. 0: 400 days, the longest that
	// browsers keep a cookie; at least the manager's Lifetime.
	MaxLifetime time.Duration

	// Check is the application's own test of a session that opened, given its
	// values: a generation number of the user's, a look-up in a deny list. It
	// runs at a request's first use of the session. nil accepts; an error that
	// is [cookiesession.ErrRevoked] refuses the session for good. Any other
	// says that the question cannot be answered now: the session is empty in
	// this request, and a change of it fails.
	Check func(r *http.Request, values map[string]any) error

	// OnEvent is called with each event: see [cookiesession.Options]. nil: lost
	// changes go to slog.Default at level Error, at most ten lines per minute
	// of each kind, beside the lines of the core.
	OnEvent func(*http.Request, cookiesession.Event)

	// LegacyUntil is when the Store and the Codec that the manager had at New
	// cease to be read. Zero: they are not read at all. Until then, if the name
	// of the cookie has no __Host- prefix, a sibling domain can plant a session
	// of its own.
	LegacyUntil time.Time

	// LegacyName is the name of the old store's cookies, if the manager's
	// Cookie has another one now. While a release is rolled out, replicas of
	// the old program can't open our cookies, and visitors who meet both would
	// be signed out by each. Two names keep them apart. Destroy deletes both
	// cookies, and the old store's entry.
	LegacyName string
}

type (
	values  = map[string]any
	session = cookiesession.Session[values]
)

// Sessions keeps the sessions of one scs.SessionManager in cookies. It is safe
// for concurrent use.
type Sessions struct {
	manager  *scs.SessionManager
	settings scs.SessionManager // manager as it was, and has to stay
	old      scs.SessionManager // manager as it was with the old store
	key      any                // under which manager keeps a session in a context

	core  *cookiesession.Manager[values]
	codec *cookiesession.Codec

	maxLifetime time.Duration
	legacyUntil time.Time
	legacyName  string
	notBefore   time.Time
	checkValues func(*http.Request, map[string]any) error
	onEvent     func(*http.Request, cookiesession.Event)
	log         bool // onEvent is ours
}

// New has the sessions of manager, which scs.New has made, kept in cookies that
// are sealed under keys. It replaces manager's Store and Codec. Its error joins
// all mistakes in manager and opts. On an error, manager stays as it was.
func New(manager *scs.SessionManager, keys *cookiesession.Keyring, opts *Options) (*Sessions, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := checkManager(manager, opts); err != nil {
		return nil, fmt.Errorf("scscookie: New: %w", err)
	}
	s := &Sessions{
		manager: manager, old: *manager, key: contextKey(manager),
		maxLifetime: opts.MaxLifetime, legacyUntil: opts.LegacyUntil, onEvent: opts.OnEvent,
		legacyName: cmp.Or(opts.LegacyName, manager.Cookie.Name), notBefore: opts.NotBefore, checkValues: opts.Check,
	}
	if s.maxLifetime == 0 {
		s.maxLifetime = wire.MaxLifetime
	}
	if s.onEvent == nil {
		s.onEvent, s.log = new(eventLog).log, true
	}
	if err := s.build(keys, opts); err != nil {
		return nil, fmt.Errorf("scscookie: New: %w", err)
	}
	s.old.IdleTimeout = 0 // or Load would mark the values that it reads as modified
	s.old.Codec = lenient{manager.Codec}
	manager.Store, manager.Codec, manager.HashTokenInStore = &store{s}, codec{s}, false
	s.settings = *manager
	return s, nil
}

// build makes the parts that seal, open and write.
func (s *Sessions) build(keys *cookiesession.Keyring, opts *Options) error {
	core := coreOptions(s.manager, opts, s.maxLifetime)
	var err error
	if s.core, err = cookiesession.New(keys, &core); err != nil {
		return err
	}
	if name := s.manager.Cookie.Name; s.core.CookieName() != name {
		return fmt.Errorf("option Insecure with a Cookie.Name of %q: a browser takes this prefix only with Secure", name)
	}
	s.codec, err = cookiesession.NewCodec(keys, codecOptions(&core))
	return err
}

// coreOptions returns the core's options for a manager and its Options.
func coreOptions(m *scs.SessionManager, opts *Options, maxLifetime time.Duration) cookiesession.Options[values] {
	cookie := m.Cookie
	core := cookiesession.Options[values]{
		Name: cookie.Name, Path: cookie.Path, Domain: cookie.Domain, SameSite: cookie.SameSite,
		Partitioned: cookie.Partitioned, Insecure: opts.Insecure && !cookie.Secure,
		Label: opts.Label, Lifetime: wholeSeconds(m.Lifetime), MaxLifetime: maxLifetime, IdleTimeout: wholeSeconds(m.IdleTimeout),
		NotBefore: opts.NotBefore, MaxSize: opts.MaxSize, MaxCookies: opts.MaxCookies, PadTo: opts.PadTo, OnEvent: opts.OnEvent,
	}
	if opts.Check != nil {
		core.Check = func(r *http.Request, s *session) error { return opts.Check(r, visible(s.Data)) }
	}
	return core
}

// wholeSeconds rounds up to seconds, a cookie's unit of time. Tests of
// applications set times of less than a second.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// codecOptions returns the options of a Codec that opens the cookies of a
// Manager with these options.
func codecOptions(core *cookiesession.Options[values]) *cookiesession.CodecOptions {
	return &cookiesession.CodecOptions{
		Label: core.Label, Lifetime: core.Lifetime, MaxLifetime: core.MaxLifetime, IdleTimeout: core.IdleTimeout,
		NotBefore: core.NotBefore, MaxSize: core.MaxSize, MaxCookies: core.MaxCookies, PadTo: core.PadTo,
	}
}

// checkManager refuses settings that would be dropped in silence or mean
// something else here. The core checks the rest.
func checkManager(m *scs.SessionManager, opts *Options) error {
	if m == nil || m.ErrorFunc == nil || contextKey(m) == nil {
		return errors.New("the manager has to come from scs.New")
	}
	if _, taken := m.Store.(*store); taken {
		return errors.New("the manager is already in use by another New")
	}
	var errs []error
	if m.Cookie.Name == "" {
		errs = append(errs, errors.New("the manager's Cookie.Name is empty"))
	}
	if m.Cookie.Path == "" {
		errs = append(errs, errors.New("the manager's Cookie.Path is empty: each directory would have its own session; say /"))
	}
	if m.Lifetime <= 0 {
		errs = append(errs, fmt.Errorf("the manager's Lifetime is %v: sessions would be over at once", m.Lifetime))
	}
	if m.HashTokenInStore && opts.LegacyUntil.IsZero() {
		errs = append(errs, errors.New("the manager's HashTokenInStore is set: there is no store, leave it off"))
	}
	switch {
	case opts.LegacyName == "":
	case opts.LegacyUntil.IsZero():
		errs = append(errs, errors.New("option LegacyName without LegacyUntil: the old store is not read at all"))
	case (&http.Cookie{Name: opts.LegacyName}).Valid() != nil:
		errs = append(errs, fmt.Errorf("option LegacyName %q is not a name that a cookie can have", opts.LegacyName))
	}
	return errors.Join(errs...)
}

// A keyProbe learns the key that a manager looks up.
type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}

// contextKey returns the key under which a manager keeps a session in a
// context, or nil. With it, a context of ours opens the session at its first
// use, and not before.
func contextKey(m *scs.SessionManager) any {
	probe := &keyProbe{Context: context.Background()}
	if _, err := m.Load(probe, ""); err != nil {
		return nil
	}
	return probe.key
}

// check panics if the manager is not as New has checked it.
func (s *Sessions) check() {
	m, was := s.manager, &s.settings
	if m.Store != was.Store || m.Codec != was.Codec || m.HashTokenInStore ||
		m.Cookie != was.Cookie || m.Lifetime != was.Lifetime || m.IdleTimeout != was.IdleTimeout {
		panic("scscookie: LoadAndSave: the SessionManager was changed after New: set its fields before")
	}
}

// end returns the absolute end of a session.
func (s *Sessions) end(meta cookiesession.Meta) time.Time {
	if meta.Lifetime == 0 {
		return meta.Created.Add(wholeSeconds(s.settings.Lifetime))
	}
	return meta.Created.Add(min(meta.Lifetime, s.maxLifetime))
}
