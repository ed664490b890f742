// Package cookiesession keeps a web session inside one encrypted cookie. There
// is no store: the session's value is serialized (CBOR), packed, sealed with
// XChaCha20-Poly1305 under a rotating [Keyring], and sent to the browser, which
// brings it back. Any replica that holds the keyring opens any session.
//
//	type Prefs struct {
//	    Theme string
//	    Lang  string
//	}
//
//	keys, err := cookiesession.LoadOrCreateKeyring("keyring")
//	sessions, err := cookiesession.New[Prefs](keys, nil)
//	...
//	http.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) {
//	    sessions.Get(r).Data.Theme = r.FormValue("theme")
//	})
//	http.ListenAndServe("localhost:8080", sessions.Handler(http.DefaultServeMux))
//
// # Sessions
//
// [Manager.Handler] goes around an application once. In a handler,
// [Manager.Get] returns the request's [Session], whose Data is read and changed
// in place. Just before the response headers go out the session is saved, if its
// encoding has changed; so a change deep inside counts, and reading costs no
// Set-Cookie. A request that never asks for the session costs no decryption.
//
// Zero means absent. Data of a new session is the zero value, and a session
// whose Data is zero is not stored: if a cookie was there, it is deleted, so a
// visitor whose last flash message was shown has no session left and is served from caches again.
// Apply defaults when you read, such as cmp.Or(p.Theme, "system"); name a bool
// so that false is the default, or use a *bool: one to false is stored. In what
// decides about privileges, zero must be the lesser one (MFADone, not MFARequired).
//
// A field may be added or removed between releases: unknown fields are
// ignored, absent ones are zero, and merely reading a newer release's session
// does not rewrite it. Writing it drops what this release does not know, so add
// a field one release before relying on it.
//
// What a type needs in order to be stored, how each Go type is written, and
// how values inside an any keep their types, is in [Register] and in docs/FORMAT.md.
//
// A session ends Options.Lifetime after it began, 14 days, however often it is
// used. For preferences alone, set it to as much as 400 days. Where a login
// shares the session with them, set MaxLifetime to that, and give sessions
// without a login the long life, by [Session.SetLifetime]; at login,
// SetLifetime(0) goes back to the short one. examples/preferences does so.
//
// # Login and logout
//
// At login and at any change of privilege call [Session.Renew] and replace
// every token that the session held, such as a CSRF token. At logout call
// [Session.Destroy]. Both belong behind POST and
// [http.CrossOriginProtection]: SameSite=Lax lets another site's links and forms
// make GET requests that carry the cookie.
//
// # Flash messages
//
// Take out what is to be shown once before writing, because a template's first
// byte sends the headers:
//
//	s := sessions.Get(r)
//	flash := s.Data.Flash
//	s.Data.Flash = ""
//	page.Execute(w, flash)
//
// Two pages that load at the same time may both show it.
//
// # Writing responses
//
// The session is saved at the first of: a final status (200 and above, or 101), a
// Write, a Flush, a Hijack, and the handler's return. Change it before; a later
// change cannot be saved, and is reported as a [Late] event. If a change cannot
// be saved, because the session is too large for a cookie, say, the client gets
// a 500 and nothing of the page; [Manager.Save] tells the handler in time to do something about it. A panic that
// leaves the handler saves nothing; one that something inside Handler recovers is an ordinary response.
//
// Streams and server-sent events work: read what you need and change what you want before the
// first Flush. Of WebSocket libraries, coder/websocket sends the headers that
// were set; gorilla/websocket sends its own, so give [Manager.Cookies]
// to Upgrade's responseHeader. http.TimeoutHandler, gzip and other middlewares that buffer or
// replace the response belong outside Handler. A reverse proxy inside it forwards the
// sealed cookie to its upstream unless Rewrite strips it.
//
// A response that read the session says so to caches: Vary: Cookie, and
// Cache-Control: private unless the handler set its own. One that sets a cookie
// is made private in any case.
//
// # Keys
//
// [LoadOrCreateKeyring] is for one machine with a disk that stays. A fleet gets
// a file or an environment variable from elsewhere: [OpenKeyring],
// [ParseKeyring]. The first key, or the one that was activated last, seals; all
// keys open. To rotate, give every replica the new key before any seals with it
// (activates=), and keep the old one until its last session has expired (retires=). A visitor's cookie moves to the new key
// at his next request, so nobody is logged out.
//
// # What a session in a cookie cannot do
//
// The cookie is sealed: its owner cannot read or change it. But he keeps it, and can bring an earlier one back within
// its lifetime. So nothing in a session may be what a visitor must not be able to undo: no
// counter of failed attempts, no rate limit, no used coupon, no single use of anything.
//
// A copy of a cookie is the session until it expires, logout or not. A changed
// password, a lost role, a deleted account do not reach cookies that are out: use Options.Check
// with a generation number, or Options.NotBefore, where they must.
//
// Of two parallel requests that change the session, the last answer wins; it can also restore what was
// before a logout. There is no forward secrecy: whoever has a key reads every cookie ever
// sealed with it, and makes any session of anybody. Cookies in logs and HAR files are sessions.
//
// In clear are: version, parts, key id, the second of issue, and the length. The length is
// a sum of one term for each value, so it never tells whether one value occurs in another, but a value's own length shows as in all
// encryption without padding.
//
// # Errors
//
// A cookie that does not open is an absent session plus a reason,
// [Session.Err], never an error page, and is left alone until a new session is stored
// over it: another replica may hold its key. Errors are wrapped; find them with [errors.Is].
// Options.OnEvent is told everything that an operator wants to count.
package cookiesession

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/clock"
)

// Options configures a [Manager]. The zero value, and nil, are secure
// defaults: a cookie that is Secure, HttpOnly and SameSite=Lax, for this host alone, for 14 days. [New] copies it.
//
// To change Path, Domain or Partitioned of an application in use, change Name as well: browsers
// keep the old cookie beside the new one, out of reach of its deletion.
type Options[T any] struct {
	// Name is the cookie's name, at most 64 bytes. Empty: __Host-session, which a browser takes
	// only from this host itself, over TLS, and for Path /. With a Domain or
	// another Path: __Secure-session; with Insecure: session.
	// __Host-Http-session cannot be set by scripts either, in browsers that know the prefix.
	// NAME_2 to NAME_8 belong to the session, too: they are deleted when it is written and doesn't use them.
	Name string

	// Path is the cookie's path. Empty: /.
	Path string

	// Domain widens the cookie to the subdomains of a host. Empty: this host
	// only, which keeps its neighbours from planting cookies.
	Domain string

	// SameSite is Lax (0), Strict or None. None is for sites that are embedded in others.
	SameSite http.SameSite

	// Partitioned gives each embedding site a cookie jar of its own (CHIPS).
	Partitioned bool

	// BrowserSession leaves Max-Age out, so that the browser forgets the cookie
	// when it is closed. Lifetime is enforced all the same.
	BrowserSession bool

	// Insecure allows plain HTTP in development: no Secure, and the name without
	// its prefix. Chrome, Firefox and Go's cookie jar keep Secure cookies on
	// http://localhost, so it is needed for Safari and for other hosts. The name is
	// sealed in, so cookies of the two modes never mix. Behind a proxy that ends
	// TLS leave it off: Secure does not look at the request.
	Insecure bool

	// Label says whose sessions these are: an application, an environment. A
	// cookie sealed under another label does not open. Programs that share
	// keys must have different labels, unless they mean to share sessions: else a user of one
	// is the same user of the other. It is not stored and costs nothing.
	Label string

	// LabelFunc gives the label of a request, for tenants that share a keyring: for
	// instance the host, normalised. It is called once a request, with the
	// request that Handler or Load received. It excludes Label.
	LabelFunc func(*http.Request) string

	// Lifetime is how long a session lives from its creation. 0: 14 days; at
	// most 400 days, which is what browsers keep.
	Lifetime time.Duration

	// MaxLifetime bounds what [Session.SetLifetime] can ask for, also for
	// sessions that exist. 0: Lifetime; at least Lifetime, at most 400 days.
	MaxLifetime time.Duration

	// IdleTimeout ends a session that long after its cookie was last issued. 0: none.
	// The cookie is issued anew once half of it is over, so a visitor idle for more than half
	// of it may or may not be out.
	IdleTimeout time.Duration

	// NotBefore refuses, from that time on, every session created before it: a general logout, which can be scheduled. Zero: none.
	// Renewal does not move a session's creation, so no replica that does not know NotBefore yet can save one.
	NotBefore time.Time

	// MaxCookies allows a session that is too large for one cookie to take
	// several: NAME, NAME_2 and so on, whose names belong to the session then. 0: 1; at most 8. Two full
	// cookies already exceed the 8 KiB that nginx, Apache and others allow for all cookies of a request by
	// default, so look for a way to store less first.
	MaxCookies int

	// Check is the application's own test of a session that opened: a
	// generation number of the user's, a look-up in a deny list. It runs at
	// the first Get of a request, with the request that Handler or Load
	// received (so Get cannot be called in it). nil accepts. An error that is [ErrRevoked]
	// refuses the session for good. Any other error says that the question cannot be answered now: there is no
	// session in this request, and saving one fails, so that an outage does not overwrite valid sessions.
	Check func(*http.Request, *Session[T]) error

	// OnEvent is told what happens, synchronously, with the request that
	// Handler or Load received (nil if there is none). nil: [Late] and
	// [SaveFailed] go to slog.Default at level Error, nothing else is logged.
	OnEvent func(*http.Request, Event)
}

// A Manager keeps sessions of type T in a cookie. It is safe for concurrent
// use.
type Manager[T any] struct {
	codec     *Codec // the one implementation of sealing
	plan      *cbor.Plan
	zero      []byte // the encoding of a session that is not stored
	cookie    attributes
	names     []string // of the cookie and of its further parts
	labelFunc func(*http.Request) string
	check     func(*http.Request, *Session[T]) error
	onEvent   func(*http.Request, Event)
	reported  atomic.Pointer[keyringStatus] // of keys, by events
	pending   atomic.Pointer[ring]          // the last one that was reported to be pending
	insecure  atomic.Bool                   // Insecure, and InsecureTLS has not been reported
}

// New returns a Manager that seals under keys. T is a struct, map, slice,
// array or scalar type; not a pointer, because Data is addressable as it is.
// Its error joins everything that is wrong with T and opts, so that nothing is left for the first request to
// find.
func New[T any](keys *Keyring, opts *Options[T]) (*Manager[T], error) {
	if opts == nil {
		opts = &Options[T]{}
	}
	codec, codecErr := newCodec(keys, &CodecOptions{
		Label: opts.Label, Lifetime: opts.Lifetime, MaxLifetime: opts.MaxLifetime, IdleTimeout: opts.IdleTimeout,
		NotBefore: opts.NotBefore, MaxCookies: opts.MaxCookies,
	})
	cookie, cookieErr := newAttributes(opts.Name, opts.Path, opts.Domain, opts.SameSite, opts.Partitioned, opts.BrowserSession, opts.Insecure)
	plan, planErr := planOf[T]()
	var labelErr error
	if opts.Label != "" && opts.LabelFunc != nil {
		labelErr = errors.New("options Label and LabelFunc are both set: LabelFunc alone can return a constant")
	}
	if err := errors.Join(codecErr, cookieErr, labelErr, planErr); err != nil {
		return nil, fmt.Errorf("cookiesession: New[%s]: %w", reflect.TypeFor[T](), err)
	}
	zero := zeroData[T]()
	item, err := plan.Append(nil, reflect.ValueOf(&zero).Elem())
	if err != nil {
		return nil, fmt.Errorf("cookiesession: New[%s]: %w", reflect.TypeFor[T](), err)
	}
	m := &Manager[T]{
		codec: codec, plan: plan, zero: item, cookie: cookie, names: partNames(cookie.name),
		labelFunc: opts.LabelFunc, check: opts.Check, onEvent: opts.OnEvent,
	}
	if m.onEvent == nil {
		m.onEvent = logEvent
	}
	m.insecure.Store(opts.Insecure)
	return m, nil
}

// planOf returns the plan of T, which has to be a type that a session can have.
func planOf[T any]() (*cbor.Plan, error) {
	t := reflect.TypeFor[T]()
	switch t.Kind() {
	case reflect.Pointer:
		return nil, fmt.Errorf("%s is a pointer: use %s, Data is addressable", t, t.Elem())
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return nil, fmt.Errorf("%s is of kind %s: use a struct, map, slice, array or scalar type", t, t.Kind())
	}
	plan, err := cbor.PlanFor(t)
	if err != nil {
		return nil, err
	}
	if plan.StoresNothing() {
		return nil, fmt.Errorf("nothing of %s would be stored: export its fields", t)
	}
	return plan, nil
}

// zeroData returns the Data of a new session.
func zeroData[T any]() T {
	if reflect.TypeFor[T]().Kind() == reflect.Map {
		return emptyMap[T]()
	}
	var zero T
	return zero
}

// emptyMap is apart because reflection moves its result to the heap.
func emptyMap[T any]() (data T) {
	v := reflect.ValueOf(&data).Elem()
	v.Set(reflect.MakeMap(v.Type()))
	return data
}

// CookieName returns the name of the session cookie.
func (m *Manager[T]) CookieName() string { return m.cookie.name }

// Get returns the request's session, the same one at each call. The first call
// opens the cookie; a request whose handler never calls it costs nothing. It
// panics if the request did not pass through [Manager.Handler].
func (m *Manager[T]) Get(r *http.Request) *Session[T] {
	s, ok := m.FromContext(r.Context())
	if !ok {
		panic(fmt.Sprintf("cookiesession: Get: no session %q: the request did not pass through this Manager's Handler, or its context was replaced", m.cookie.name))
	}
	return s
}

// FromContext is [Manager.Get] for code that has a request's context and no
// request, or cannot be sure that there is a session.
func (m *Manager[T]) FromContext(ctx context.Context) (*Session[T], bool) {
	h, ok := ctx.Value(m).(*holder[T])
	if !ok {
		return nil, false
	}
	return h.get(ctx), true
}

// Load opens the session of a request without the middleware. It never fails:
// see [Session.Err]. Each call returns another Session.
func (m *Manager[T]) Load(r *http.Request) *Session[T] {
	return m.load(r, r.Header["Cookie"], nil)
}

// Save stores a session, that is, sets the response headers that Handler would
// set, or none if there is nothing to store. It may be called again: the
// headers are replaced. With Handler it is needed only to learn of an error in
// time, [ErrTooLarge] above all; what is changed after it is still saved. It
// is an error to call it when the response headers are out, as far as Save can know, which is behind a Handler.
func (m *Manager[T]) Save(w http.ResponseWriter, s *Session[T]) error {
	if ours := findWriter(w); ours != nil && ours.committed {
		if s.state.owner != nil {
			s.state.owner.changed()
		}
		return usageError(errors.New("the response headers have been sent"))
	}
	before := s.state.out
	out, err := m.prepare(s, http.StatusOK)
	if err != nil {
		return err
	}
	m.apply(w.Header(), before, out)
	return nil
}

// Cookies returns the cookies that Save would set, or none: for a response
// that somebody else writes (the header of a WebSocket upgrade), and for tests, which give it a Session
// of their own:
//
//	cookies, err := manager.Cookies(&cookiesession.Session[User]{Data: User{Name: "ana"}})
func (m *Manager[T]) Cookies(s *Session[T]) ([]*http.Cookie, error) {
	out, err := m.prepare(s, http.StatusOK)
	if err != nil {
		return nil, err
	}
	out.handed = true
	cookies := make([]*http.Cookie, len(out.lines))
	for i, line := range out.lines {
		if cookies[i], err = http.ParseSetCookie(line); err != nil {
			return nil, internalError(err) // unreachable: New has had a line judged
		}
	}
	return cookies, nil
}

// event reports an event about this Manager's cookie.
func (m *Manager[T]) event(r *http.Request, e Event) {
	e.Cookie = m.cookie.name
	m.onEvent(r, e)
}

// load opens the session of a request.
func (m *Manager[T]) load(r *http.Request, lines []string, o owner) *Session[T] {
	now := clock.Now()
	s := &Session[T]{Data: zeroData[T](), state: sessionState{
		request: r, lines: lines, label: m.codec.label, policy: &m.codec.policy, owner: o,
		record: record{}.begun(now),
	}}
	if m.labelFunc != nil {
		s.state.label = m.labelFunc(r)
	}
	m.reportRequest(r, lines)
	s.state.ring = m.codec.keys.current()
	if err := m.open(s, now); err != nil {
		s.state.err = err
		if !errors.Is(err, ErrNoSession) {
			m.event(r, Event{Kind: Refused, Reason: ReasonOf(err), Err: err})
		}
		return s
	}
	m.event(r, Event{Kind: Opened, KeyID: s.state.key.idText})
	return s
}

// reportRequest reports what a request shows besides its session.
func (m *Manager[T]) reportRequest(r *http.Request, lines []string) {
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size > headerLine {
		m.event(r, Event{Kind: LongHeader, Size: size, Limit: headerLine})
	}
	status, last := m.codec.keys.status(), m.reported.Load()
	if status == last || !m.reported.CompareAndSwap(last, status) {
		return
	}
	if status.created && last == nil {
		m.event(r, Event{Kind: KeysCreated})
	}
	if last != nil && status.generation != last.generation {
		m.event(r, Event{Kind: KeysReloaded})
	}
	if status.err != nil && (last == nil || status.refused != last.refused) {
		m.event(r, Event{Kind: KeysRefused, Err: status.err})
	}
}

// open fills a new session from the request's cookie, or leaves it as it is.
func (m *Manager[T]) open(s *Session[T], now time.Time) error {
	best, err := m.codec.newest(search{lines: s.state.lines, name: m.cookie.name, label: s.state.label, ring: s.state.ring}, now)
	if best.duplicate {
		m.event(s.state.request, Event{Kind: Duplicate})
	}
	s.state.ring = best.ring
	if err != nil {
		return err
	}
	defer best.scratch.release()
	if err := m.codec.policy.check(&best.record, now); err != nil {
		return err
	}
	item, err := best.scratch.unpack(&best.record)
	if err != nil {
		return err
	}
	var zero T
	s.Data = zero
	exact, err := m.plan.Decode(item, reflect.ValueOf(&s.Data).Elem())
	if err == nil && !exact {
		// What this program would have stored is not what is stored: a field
		// of another release, say. Compared is with the former, so that reading never writes.
		item, err = m.plan.Append(best.scratch.reencoded[:0], reflect.ValueOf(&s.Data).Elem())
		best.scratch.reencoded = item
	}
	if err != nil {
		s.Data = zeroData[T]()
		return invalidError(ReasonValue, err)
	}
	fresh := s.state.record
	s.state.opened, s.state.key = true, best.key
	s.state.record, s.state.floor = best.record, best.record.issued
	s.state.record.lifetime = m.codec.policy.cut(best.record.lifetime)
	s.state.keep(item)
	if err := m.runCheck(s); err != nil {
		s.Data = zeroData[T]()
		s.state.opened, s.state.key, s.state.record = false, nil, fresh
		s.state.asked, s.state.unsaved = false, false
		return err
	}
	return nil
}

// keep copies what the state needs of the buffers that it was opened in.
func (s *sessionState) keep(item []byte) {
	body := s.record.body
	kept := make([]byte, 0, len(body)+len(item))
	kept = append(append(kept, body...), item...)
	s.record.body, s.item = kept[:len(body):len(body)], kept[len(body):]
}

// runCheck asks the application about a session that opened.
func (m *Manager[T]) runCheck(s *Session[T]) error {
	if m.check == nil {
		return nil
	}
	err := m.check(s.state.request, s)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrRevoked):
		return &codecError{class: classDecode, reason: ReasonCheck, sentinel: ErrRevoked, cause: err}
	}
	s.state.blocked = err
	return &codecError{class: classInternal, reason: ReasonCheckFailed, sentinel: errCheckFailed, cause: err}
}

var errCheckFailed = errors.New("cookiesession: the session could not be checked")

// encode returns the CBOR of a session's Data, which is sc's.
func (m *Manager[T]) encode(sc *scratch, s *Session[T]) ([]byte, error) {
	item, err := m.plan.Append(sc.item[:0], reflect.ValueOf(&s.Data).Elem())
	if err != nil {
		return nil, usageError(err)
	}
	sc.item = item
	return item, nil
}

// changedSince reports whether Data differs from what was stored or read last.
func (m *Manager[T]) changedSince(s *Session[T], item []byte) bool {
	switch {
	case s.state.out != nil:
		return !bytes.Equal(item, s.state.out.item)
	case s.state.opened:
		return !bytes.Equal(item, s.state.item)
	}
	return !bytes.Equal(item, m.zero)
}
