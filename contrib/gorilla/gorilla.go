// Package gorilla keeps the sessions of github.com/gorilla/sessions in
// encrypted, compact cookies under rotating keys. Handlers stay as they are:
//
//	// store := sessions.NewCookieStore(authKey)
//	keys, err := cookiesession.LoadOrCreateKeyring(path)
//	store, err := gorilla.NewStore(keys, nil)
//
// goth, echo-contrib/session and authboss take the same store. For
// gin-contrib/sessions there is contrib/gin beside this module.
//
// # What changes
//
//   - Values are encrypted, not just signed, and take a fraction of the space.
//   - Keys rotate without logging anyone out: any key of the keyring opens, and
//     each Save seals with the present one. [Store.Refresh] does that for
//     visitors who only read.
//   - With CodecOptions.MaxCookies a session can take several cookies. What is
//     left over when it shrinks is deleted.
//   - A response has one Set-Cookie for each name, that of the last Save, with
//     Vary: Cookie and Cache-Control: private. Save takes out what would let a
//     shared cache keep the response, such as public. What a handler sets after
//     Save stays, so set Cache-Control before.
//   - A Save that fails is logged, or told to [Store.OnSaveFailed]: a program
//     that ignores its error would sign nobody out, and nobody would know. The
//     first that fails is often one with a type that lacks its line: see below.
//   - A deletion (Options.MaxAge below zero) sends no content, and reaches all
//     of the session's cookies.
//   - Get and New never return a nil session, also not for a name that no
//     cookie can have. Save says what a browser would drop in silence.
//
// # Types
//
// Values come back with their types, as with gob. A type of your own inside a
// session needs one line, and beside it its gob.Register for as long as there
// is a [Legacy]:
//
//	func init() { cookiesession.Register("shop.Item", Item{}) }
//
// Without it Save fails, and its error has that line. There is no fallback to
// gob.
//
// As with gob, what comes back is what was registered: after
// Register("shop.Item", &Item{}) it is *Item, whether an Item was put in or a
// pointer to one. Register as you did with gob, and val.(*Item) goes on
// working. A []*Item inside a session needs a line of its own. A time.Time
// keeps its offset from UTC, and not the name of its Location.
//
// Unlike gob, a struct field with the tag json:"-" is not stored, and
// cookiesession.Register logs a warning that names it. If it was stored so far,
// say cbor:"name" beside the json tag; cbor:"-" agrees, and silences the
// warning.
//
// # Options
//
// Cookies are HttpOnly always, Secure unless [Store.Insecure] is set, and
// SameSite=Lax unless Options.SameSite says Strict or None; gorilla's own
// default is None. Sign-in by a cross-site POST, such as Apple's, needs None. A
// field of a session's Options that is zero means the store's, so
// Options{MaxAge: -1} deletes the right cookie; MaxAge alone means what it
// says. If the store has no Path either, it is /.
//
// A session ends at the first of these, and its cookie's Max-Age says when:
//
//   - Options.MaxAge seconds after its last Save, as before, but checked here
//     and not only by the browser. 0 gives a cookie without Max-Age, which the
//     browser forgets when it is closed. If only this session's Options say 0,
//     that is sealed in: later Saves with the store's Options keep it so, until
//     one whose Options have another MaxAge again.
//   - CodecOptions.Lifetime after its first Save, however often it is saved: 14
//     days by default. This is new: gorilla's sessions live on as long as they
//     are saved.
//   - CodecOptions.IdleTimeout after its last Save or refresh, if there is one.
//
// [NewStore] sets Options.MaxAge to the Lifetime. For gorilla's 30 days from
// the last Save, say Lifetime: 400 * 24 * time.Hour and store.MaxAge(30 *
// 86400).
//
// A session that was saved with the store's Options follows the store's MaxAge:
// a shorter one ends the sessions that exist. One that was saved with Options
// of its own has its own end sealed in, at most MaxLifetime after its first
// Save. It stays when the session is saved with the store's Options later, if
// that is the later end.
//
// # Cookies of the old store
//
// [Legacy] reads the cookies of gorilla's codecs until a date and never writes
// them, so that signed-in visitors stay so:
//
//	old := securecookie.New(authKey, encryptionKey)
//	until := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
//	store, err := gorilla.NewStore(keys, nil, gorilla.Legacy(old, until))
//
// The first Save turns such a cookie into one of ours, if the session has the
// same Path and Domain as before; else browsers keep both. After the date it is
// refused: whoever has the old keys can forge one for as long as it is read.
//
//   - An old cookie tells when it was last saved. Its session ends the store's
//     MaxAge after that, as it would have, and at most MaxLifetime after it:
//     see [NewStore] for how to set both. One that is older is an
//     [ErrLegacyExpired].
//   - It does not tell when its session was created. So once
//     CodecOptions.NotBefore is in force, all of them are refused.
//   - It never stands in for a cookie of ours that was revoked or altered, and
//     for one that has expired only if it was saved later.
//   - gob keeps its own list of types. What the old cookies hold still needs
//     gob.Register until the date, beside cookiesession.Register. If it is
//     missing, the old codec's error says so, which is in the one that Get
//     returns or OnRefused is told, as a [*LegacyError].
//   - To replicas of the old program, which run on while the new one is rolled
//     out, a cookie of ours is no session. A visitor who meets one is signed
//     out there, and what it saves for them replaces our cookie, which has the
//     same name. [Store.LegacyName] gives the two different names. A logout on
//     an old replica does not reach a cookie of ours, so keep that time short.
//
// As with gorilla's store, Get returns a new session and an error for a cookie
// that does not open. If your handlers answer that with an error page, visitors
// with such a cookie get nothing else; set [Store.OnRefused], and they get the
// new session alone.
//
// # Gorilla's own store
//
// A program that names *sessions.CookieStore, in a field or an assertion, gets
// one around a [cookiesession.Codec] from [NewCookieStore], whose documentation
// says what it cannot do. NewStore opens what it wrote. FilesystemStore takes a
// codec of CodecOptions{MaxSize: -1}. What holds a *securecookie.SecureCookie
// cannot be served from outside: its code has to take a securecookie.Codec.
//
// Among several codecs of gorilla's, those after the first write, when it
// cannot: put none there but in a [Legacy].
//
// # What it cannot do
//
// A session in a cookie has limits, which the package documentation of
// cookiesession describes: a copied cookie is good until it expires, and a
// visitor can bring an old one back.
//
// With MaxCookies above 1, the cookies of a session called name are name,
// name_2 and up to name_8: give no other session such a name. Going back to 1
// leaves such cookies with the visitors who have them, until they expire.
package gorilla

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
	"github.com/gorilla/sessions"
)

// A Store is a sessions.Store that keeps sessions in cookies. Make one with
// [NewStore]. Its fields are to be set before it is used; then it is safe for
// concurrent use. A session belongs to its request.
type Store struct {
	// Options is what sessions start with: each gets a copy.
	Options *sessions.Options

	// Insecure allows plain HTTP in development: cookies are Secure only if
	// their Options say so. Chrome, Firefox and Go's cookie jar keep Secure
	// cookies on http://localhost, so it is for Safari and for other hosts.
	// Behind a proxy that ends TLS leave it off: Secure does not look at the
	// request.
	Insecure bool

	// OnRefused is told of cookies that do not open, with the session's name
	// and the reason, which [errors.Is] finds among the errors of
	// cookiesession. Get and New then return the new session without an error.
	// Nil: they return the error.
	OnRefused func(r *http.Request, name string, err error)

	// LegacyName returns the name under which the old store keeps the session
	// called name. Nil: the same. While a release with this store is rolled
	// out, replicas of the old program can't open its cookies, and a visitor
	// who meets both would be signed out by each. Two names keep them apart; a
	// session that is deleted here loses both cookies. The names must be those
	// of no other session.
	LegacyName func(name string) string

	// OnSaveFailed is told of each Save that failed, with the session's name
	// and the error that Save returns. r may be nil. It is there because many
	// programs ignore that error, and then a logout that could not be saved
	// leaves the visitor signed in. Nil: failures go to slog.Default at level
	// Error, or Warn for a session that is too large, at most ten a minute.
	OnSaveFailed func(r *http.Request, name string, err error)

	keys   *cookiesession.Keyring
	codec  *cookiesession.Codec
	legacy []*LegacyCodec
	policy policy
	split  bool // a session may have several cookies
	logged webrule.LogLimit
}

// A policy is what the store has to know of the codec's options.
type policy struct {
	lifetime    time.Duration
	maxLifetime time.Duration
	idleTimeout time.Duration // 0: none
	notBefore   time.Time
}

// NewStore returns a Store that seals under keys. Nil opts are secure defaults.
// Cookies that none of the keys opens are shown to the legacy codecs, in order.
// Its error joins everything that is wrong with opts.
//
// With legacy codecs, let the Lifetime be at least the MaxAge that the old
// store had, 30 days by default, until the date of the codecs, or visitors
// whose old cookie is older are signed out. Where sessions of ours are to have
// a shorter Lifetime, set MaxLifetime to the old MaxAge, and call store.MaxAge
// with it: then what is left of it is sealed in with the sessions that come
// from the old store.
func NewStore(keys *cookiesession.Keyring, opts *cookiesession.CodecOptions, legacy ...*LegacyCodec) (*Store, error) {
	if opts == nil {
		opts = &cookiesession.CodecOptions{}
	}
	codec, err := cookiesession.NewCodec(keys, opts)
	if opts.MaxSize < 0 {
		err = errors.Join(err, fmt.Errorf("cookiesession/gorilla: NewStore: option MaxSize is %d: a cookie has a limit", opts.MaxSize))
	}
	if err != nil {
		return nil, err
	}
	s := &Store{keys: keys, codec: codec, legacy: legacy, policy: newPolicy(opts), split: opts.MaxCookies > 1}
	s.Options = &sessions.Options{
		Path:     "/",
		MaxAge:   int(s.policy.lifetime / time.Second),
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	return s, nil
}

// newPolicy applies the codec's defaults.
func newPolicy(opts *cookiesession.CodecOptions) policy {
	p := policy{lifetime: opts.Lifetime, maxLifetime: opts.MaxLifetime, idleTimeout: opts.IdleTimeout, notBefore: opts.NotBefore}
	if p.lifetime == 0 {
		p.lifetime = wire.DefaultLifetime
	}
	if p.maxLifetime == 0 {
		p.maxLifetime = p.lifetime
	}
	return p
}

// MaxAge sets Options.MaxAge, in seconds. It holds for the sessions that exist
// as well, save those that had Options of their own.
func (s *Store) MaxAge(age int) {
	if s.Options == nil {
		s.Options = &sessions.Options{}
	}
	s.Options.MaxAge = age
}

// Get returns the request's session of that name: the same one each time. It is
// never nil. It is new, with an error, if no cookie can have the name, or if a
// cookie does not open and [Store.OnRefused] is nil; it is new without an error
// if there is no cookie.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	if r == nil || checkName(name) != nil {
		return s.New(r, name) // the registry would return nil
	}
	// The registry binds the session to the store that it is asked with. This
	// one knows the request, which Save may not be given.
	v := &visit{Store: s, request: r}
	session, err := sessions.GetRegistry(r).Get(v, name)
	v.bound = true
	return session, err
}

// New returns a session of that name as the request brought it, a new copy each
// time. Else it is like [Store.Get].
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	return (&visit{Store: s}).New(r, name)
}

// Renew starts a session's life anew at its next Save: its Lifetime is counted
// from then, and CodecOptions.NotBefore compares with then. Call it at login.
// It sets session.IsNew.
func Renew(session *sessions.Session) { session.IsNew = true }
