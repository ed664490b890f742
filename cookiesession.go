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
//	keys, err := cookiesession.LoadOrCreateKeyring(path)
//	sessions, err := cookiesession.New[Prefs](keys, nil)
//	...
//	http.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) {
//	    sessions.Get(r).Data.Theme = r.FormValue("theme")
//	})
//	http.ListenAndServe("localhost:8080", sessions.Handler(http.DefaultServeMux))
//
// # Names to know first
//
// Most applications need twelve names:
//
//   - [LoadOrCreateKeyring], or [OpenKeyring] on more than one machine;
//   - [New] with [Options], once for each kind of session;
//   - [Manager.Handler] around the application, [Manager.Get] in a handler;
//   - Session.Data, and [Session.Renew] and [Session.Destroy] at login and
//     logout;
//   - [Manager.Save], to answer where a session is too large ([ErrTooLarge]);
//   - [Register], for types of one's own inside an any.
//
// Operators need [Keyring.Watch], [Keyring.Keys], [Keyring.Warnings] and, from
// Options.OnEvent, [Event] with [EventKind] and [Reason]. The command
// cookiesession makes, rotates and revokes keys. The section "For adapters" has
// what only frameworks and other libraries need.
//
// # Sessions
//
// [Manager.Handler] goes around an application once. In a handler,
// [Manager.Get] returns the request's [Session], whose Data is read and changed
// in place. Just before the response headers go out the session is saved, if
// its encoding has changed; so a change deep inside counts, and a session that
// was only read costs no Set-Cookie. A request that never asks for the session
// costs no decryption.
//
// Zero means absent. Data of a new session is the zero value, and a session
// whose Data is zero is not stored: if a cookie was there, it is deleted, so a
// visitor whose last flash message was shown has no session left and is served
// from caches again. Apply defaults when you read, such as cmp.Or(p.Theme,
// "system"). Name a bool so that false is the default, or use a *bool, which is
// stored even when it points to false. Where a field grants a privilege, its
// zero value must be the lesser one (MFADone, not MFARequired).
//
// A field may be added or removed between releases: unknown fields are ignored,
// absent ones are zero, and merely reading a newer release's session does not
// rewrite it. Writing it drops the fields that this release does not know. So
// add a field one release before relying on it. A field that changes its type
// takes a new name: a session with the old type does not open, and everybody
// would be logged out.
//
// A field with the tag json:"-" is not stored. [New] warns of it once for each
// type, unless there is a cbor tag: cbor:"-" confirms it, cbor:"name" stores
// the field.
//
// If [New] refuses a type of another module, wrap it in a type of your own with
// MarshalBinary and UnmarshalBinary: see the example of New.
//
// [Register] and docs/FORMAT.md say which types can be stored, how each Go type
// is written, and how values inside an any keep their types.
//
// A session ends Options.Lifetime after it began, 14 days, however often it is
// used. For preferences alone, set it to as much as 400 days. Where a login
// shares the session with them, set MaxLifetime to that, and give sessions
// without a login the long life, by [Session.SetLifetime]; at login,
// SetLifetime(0) goes back to the short one. examples/preferences does so.
//
// # Login and logout
//
// At login call [Session.Destroy] and put in what is new: an empty session
// begins, so nothing of another account's session, or of a planted one, is
// left. [Session.Renew] is a new beginning that keeps Data. It is for a higher
// privilege of the same visitor, and for a guest's cart that is to survive the
// login; then replace every token that the session held, such as a CSRF token.
// At logout call [Session.Destroy]. Login and logout belong behind POST and
// [http.CrossOriginProtection]: SameSite=Lax lets another site's links and
// forms make GET requests that carry the cookie, and a logout needs no cookie.
//
// Where "remember me" is left unticked, call [Session.SetPersistent] with
// false.
//
// Destroy deletes the cookie and nothing else that the browser keeps. Send
// Cache-Control: no-store with pages that are for one visitor alone, so that no
// cache keeps them. The page that the visitor was on is not in a cache:
// Chromium shows it out of its memory when they go back, whatever the logout's
// answer says, and even with no-store if the login redirected to it. To prevent
// that, have the page after the logout load something that answers with
// Clear-Site-Data: "cache", or have pages reload themselves at a pageshow event
// that is persisted. A service worker keeps what its script keeps.
//
// # Cross-site sign-in
//
// A provider that answers with a form (OpenID Connect with form_post, SAML,
// Sign in with Apple) has the browser post it from the provider's site.
// Browsers send no cookie that is SameSite=Lax with such a request. To the
// handler the visitor has no session, and whatever it writes replaces the one
// that they have. Keep what belongs to the sign-in in a second Manager, with a
// Name of its own, SameSite [http.SameSiteNoneMode] and a Lifetime of ten
// minutes. Let the callback store there who has signed in, and redirect. The
// request after that comes with all cookies: it alone touches the main session.
// The example of [New] called CrossSiteSignIn does so.
//
// # Flash messages
//
// Take a message out before writing the page, because a template's first byte
// sends the headers:
//
//	s := sessions.Get(r)
//	flash := s.Data.Flash
//	s.Data.Flash = ""
//	page.Execute(w, flash)
//
// Two pages that load at the same time may both show it, and a page that the
// browser fetches in advance (prefetch, prerender) takes it.
//
// # Writing responses
//
// The session is saved at the first of: a final status (200 and above, or 101),
// a Write, a Flush, a Hijack, and the handler's return. Change it before; a
// later change cannot be saved, and is reported as [EventLate]. A change may
// fail to be saved, for instance because the session is too large for a cookie.
// Then the client gets a 500 and nothing of the page: call [Manager.Save] to
// see the error while another answer is still possible. A request that was
// given up, such as by a timeout, saves nothing: see [Manager.Handler].
//
// If the handler panics, nothing is saved. A middleware that recovers belongs
// inside Handler: its response is an ordinary one then, and the session is
// saved with it. Outside, Handler has no part in its error page.
//
// Streams and server-sent events work: read and change the session before the
// first Flush. For WebSockets, coder/websocket sends the headers that were set.
// gorilla/websocket sends its own, so give [Manager.Cookies] to Upgrade's
// responseHeader. http.TimeoutHandler, gzip and other middlewares that buffer
// or replace the response belong outside Handler. A reverse proxy inside it
// forwards the sealed cookie to its upstream, unless Rewrite calls
// [Manager.Strip].
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
// keys open. To rotate, give every replica the new key before any of them seals
// with it (activates=). Keep the old key until its last session has expired
// (retires=). A visitor's cookie moves to the new key at their next page, or
// after half of the old key's remaining time at another request, so nobody is
// logged out.
//
// # What a session in a cookie cannot do
//
// The cookie is sealed: visitors cannot read or change it. But they keep it,
// and can bring an earlier one back within its lifetime. So keep nothing in a
// session that a visitor must not be able to undo: no counter of failed
// attempts, no rate limit, no used coupon, nothing that may be used only once.
//
// A copy of a cookie is the session until it expires, logout or not. A changed
// password, a lost role or a deleted account does not reach cookies that were
// sent before. Where it must, use Options.Check with a generation number, or
// Options.NotBefore. The module contrib/dbsc makes a copy worth minutes, in
// browsers that can bind a session to the device.
//
// Of two parallel requests that change the session, the last answer wins. It
// can also bring back a session that the other one has ended. There is no
// forward secrecy: a key reads every cookie that was ever sealed with it, and
// can make a session for any user. Cookies in logs and HAR files are sessions.
//
// Everybody can read the version, the number of parts, the key id, the second
// of issue, and the length. Each value adds a fixed number of bits that depends
// on that value alone. So the length never tells whether two values are
// related; it does tell how long each one is.
//
// # For adapters
//
// A package that puts sessions into a framework, or into another library's
// interface, has two ways. [Manager.Load], [Manager.Save], [Manager.Cookies]
// and [Manager.Strip] are a Manager without its Handler. A [Codec] has no HTTP
// at all: [Codec.Encode] and [Codec.Decode] fit gorilla/securecookie's
// interface, [Codec.Seal] and [Codec.Open] carry a [Meta], which keeps id and
// times of a session over a change. [Codec.OpenRequest] picks the one that
// counts among several cookies of a name. [Codec.Reseal] moves one to the key
// that seals now, [Codec.Cookies] and [Codec.StaleParts] cut a long value and
// delete what is left of an earlier one. [Session.SetBinding] ties a session to
// something outside. The modules in contrib are examples.
//
// # Errors
//
// A cookie that does not open is an absent session plus a reason,
// [Session.Err], never an error page, and is left alone until a new session is
// stored over it: another replica may hold its key. Errors are wrapped; find
// them with [errors.Is]. Options.OnEvent is given the events that an operator
// wants to count.
package cookiesession

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"example.com/cookiesession/internal/wire"
)

// Options configures a [Manager]. The zero value, and nil, are secure defaults:
// a cookie that is Secure, HttpOnly and SameSite=Lax, for this host alone, for
// 14 days. [New] copies it.
//
// To change Path, Domain or Partitioned of an application in use, change Name
// as well: browsers keep the old cookie beside the new one, out of reach of its
// deletion.
type Options[T any] struct {
	// Name is the cookie's name, at most 64 bytes. Empty: __Host-session, which
	// a browser takes only from this host itself, over TLS, and for Path /.
	// With a Domain or another Path: __Secure-session; with Insecure:
	// dev-session, since express and others call theirs session.
	// __Host-Http-session cannot be set by scripts either, in browsers that
	// know the prefix. NAME_2 to NAME_8 belong to the session, too: they are
	// deleted when it is written and doesn't use them.
	Name string

	// Path is the cookie's path. Empty: /.
	Path string

	// Domain widens the cookie to the subdomains of a host. Empty: this host
	// only, which keeps its neighbours from planting cookies.
	Domain string

	// SameSite is Lax (0), Strict or None. None is for sites that are embedded
	// in others.
	SameSite http.SameSite

	// Partitioned gives each embedding site a cookie jar of its own (CHIPS).
	Partitioned bool

	// BrowserSession leaves Max-Age out, so that the browser forgets the cookie
	// when it is closed. Lifetime is enforced all the same.
	BrowserSession bool

	// Insecure allows plain HTTP in development: no Secure, and a Name without
	// its prefix. Chrome, Firefox and Go's cookie jar keep Secure cookies on
	// http://localhost, so it is needed for Safari and for other hosts. The
	// name is sealed in, so cookies of the two modes never mix. Behind a proxy
	// that ends TLS leave it off: Secure does not look at the request.
	Insecure bool

	// Label says whose sessions these are: an application, an environment. A
	// cookie sealed under another label does not open. Programs that share keys
	// must have different labels, unless they mean to share sessions: else a
	// user of one is the same user of the other. It is not stored and costs
	// nothing.
	Label string

	// LabelFunc gives the label of a request, for tenants that share a keyring:
	// for instance the host, normalised. It is called once per request, with
	// the request that Handler or Load received. It excludes Label.
	LabelFunc func(*http.Request) string

	// Lifetime is how long a session lives from its creation. 0: 14 days; at
	// most 400 days, because browsers keep no cookie for longer.
	Lifetime time.Duration

	// MaxLifetime bounds the lifetimes that [Session.SetLifetime] sets, also
	// those of sessions that exist. 0: Lifetime; at least Lifetime, at most 400
	// days.
	MaxLifetime time.Duration

	// IdleTimeout ends a session this long after its cookie was last issued. 0:
	// none. A page issues it anew once a quarter of that time is over, another
	// request (a fetch, an image, a client that is no browser) once half is. So
	// visitors who pause for less than half of it stay in. If the answer takes
	// more than two seconds, pages wait for the half, and others for three
	// quarters; after 30 seconds others don't renew at all, so a long poll is
	// no activity. Nor do answers with the status 304, 408, 499 or above 499. A
	// change of the session always counts.
	IdleTimeout time.Duration

	// NotBefore refuses, from that time on, every session created before it: a
	// general logout, which can be scheduled. Zero: none. Renewal does not move
	// a session's creation, so a replica that does not know NotBefore yet
	// cannot rescue a session from it.
	NotBefore time.Time

	// MaxSize bounds the bytes of name and value of a cookie that is written.
	// 0: 4093, the smallest limit of a browser in use, which is also the most;
	// at least 256. Lower it where a proxy takes less: by default nginx
	// (proxy_buffer_size 4k, for all headers of a response) answers with a 502
	// above 3870 bytes, and sooner if there are more headers than ours and
	// Go's. Cookies that were written before are read all the same. One of them
	// that is too large now is not refreshed, and so ends in its time.
	MaxSize int

	// MaxCookies allows a session that is too large for one cookie to take
	// several when it is written: NAME, NAME_2 and so on, whose names belong to
	// the session then. 0: 1; at most 8. Look for a way to store less first:
	// two full cookies already exceed the 8 KiB that nginx, Apache and others
	// allow for all cookies of a request by default. By default nginx also
	// answers with a 502 for more than one cookie, until its proxy_buffer_size
	// is 16k.
	MaxCookies int

	// PadTo pads the sealed record to a multiple of so many bytes, 16 to 1024.
	// The length of a cookie then tells less of its content: see
	// [CodecOptions.PadTo]. 0: none. Deploy first and switch it on later, since
	// an older release does not open padded cookies.
	PadTo int

	// Check is the application's own test of a session that opened: a
	// generation number of the user's, a look-up in a deny list. It runs at the
	// first Get of a request, with the request that Handler or Load received
	// (so Get cannot be called in it). nil accepts. An error that wraps
	// [ErrRevoked] refuses the session for good. Any other error says that
	// Check cannot answer now: there is no session in this request, and saving
	// one fails, so that an outage does not overwrite valid sessions.
	Check func(*http.Request, *Session[T]) error

	// OnEvent is called with each event, synchronously, and with the request
	// that Handler or Load received (nil if there is none). nil: events that an
	// operator has to know of go to slog.Default. Changes that are lost
	// ([EventSaveFailed], [EventLate], [EventTimedOut] with a Reason) are
	// logged ten times a minute at most, each with the number of those that
	// were not. [EventKeysCreated], [EventInsecureTLS] and [EventPlainHTTP] are
	// logged once; [EventKeysRefused], [EventKeysPending], [EventKeysWarning],
	// [EventNearLimit] and [EventHijacked] at most once an hour. [EventRefused]
	// for unknown keys is logged at most once an hour, too, and only if there
	// are at least ten and more than 1 % of the cookies that were opened.
	OnEvent func(*http.Request, Event)
}

// New returns a Manager that seals under keys. T is a struct, map, slice, array
// or scalar type; not a pointer, because Data is addressable as it is. Its
// error joins all mistakes in T and opts, so that none shows only at the first
// request.
func New[T any](keys *Keyring, opts *Options[T]) (*Manager[T], error) {
	if opts == nil {
		opts = &Options[T]{}
	}
	m := &manager{dataType: reflect.TypeFor[T](), plain: isPlain(reflect.TypeFor[T]()), labelFunc: opts.LabelFunc, onEvent: opts.OnEvent}
	var errs [5]error
	m.codec, errs[0] = newCodec(keys, opts.codecOptions())
	m.cookie, errs[1] = newAttributes(opts.Name, opts.Path, opts.Domain, opts.SameSite, opts.Partitioned, opts.BrowserSession, opts.Insecure)
	if opts.Label != "" && opts.LabelFunc != nil {
		errs[2] = errors.New("options Label and LabelFunc are both set: LabelFunc alone can return a constant")
	}
	m.plan, errs[3] = planOf(m.dataType)
	if size := opts.MaxSize; size != 0 && (size < minSize || size > wire.MaxCookie) {
		errs[4] = fmt.Errorf("option MaxSize is %d: it has to be from %d to %d", size, minSize, wire.MaxCookie)
	}
	err := errors.Join(errs[:]...)
	if err == nil {
		err = m.encodeZero()
	}
	if err != nil {
		return nil, fmt.Errorf("cookiesession: New[%s]: %w", m.dataType, err)
	}
	warnLeftOut(m.plan)
	m.names = wire.PartNames(m.cookie.name)
	if m.onEvent == nil {
		m.onEvent = newEventLog().log
	}
	m.newer.Lines, m.newer.Per = 1, time.Hour
	m.insecure.Store(opts.Insecure)
	m.secure.Store(!opts.Insecure)
	return &Manager[T]{m, opts.Check}, nil
}

// codecOptions returns the options that a Codec has under the same names.
func (o *Options[T]) codecOptions() *CodecOptions {
	return &CodecOptions{
		Label: o.Label, Lifetime: o.Lifetime, MaxLifetime: o.MaxLifetime, IdleTimeout: o.IdleTimeout,
		NotBefore: o.NotBefore, MaxSize: o.MaxSize, MaxCookies: o.MaxCookies, PadTo: o.PadTo,
	}
}
