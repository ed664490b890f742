// Package dbsc binds sessions to the visitor's device, by Device Bound Session
// Credentials (DBSC, a W3C draft: https://w3c.github.io/webappsec-dbsc/). The
// browser holds a key that cannot be copied, and proves every few minutes that
// it has it. Without such a proof a session does not open. So a copy of the
// cookies is worth minutes, and not the session's life. Nothing is stored on
// the server. The package is experimental, as the draft is.
//
//	device, err := dbsc.New(keys, &cookiesession.Options[User]{}, nil)
//	...
//	sessions := device.Manager()
//	http.ListenAndServe(addr, device.Handler(mux))
//
// At login, after [cookiesession.Session.Destroy] and with the new Data, call
// [Binder.Bind]. At logout call [Binder.Logout]. All else is as with
// [cookiesession.New]. docs/DEVICE-BOUND.md says how to switch it on and off,
// and what to watch.
//
// # How it works
//
// Bind gives the session a random binding id of 16 bytes, which is pending, and
// asks the browser to register. A browser that knows DBSC makes a key pair and
// posts the public key with a signature over a challenge to the register
// endpoint. From then on the session is bound. The answer sets a second cookie,
// the proof: the sealed binding id, which lives for [Options.Lifetime]. It also
// gives the browser a session identifier: the public key and the binding id,
// sealed. When the proof is missing, the browser holds its requests back, posts
// the identifier and another signature to the refresh endpoint, and gets the
// next proof. A browser without DBSC ignores all that, and its session is as
// without this package.
//
// # Why a copy of all cookies is worth one proof
//
// A thief with a copy of every cookie has the session, bound, and a proof.
//
//   - The session opens only with a proof of its binding id. That is asked
//     before Options.Check, in every request, and the copied proof ends after
//     Lifetime and a minute. (Replicas whose clocks differ judge by their own:
//     at most five minutes more.)
//   - Only the two endpoints make proofs. The refresh endpoint wants the
//     identifier, which is not in a cookie and goes to that endpoint alone, and
//     a signature over a fresh challenge under the key that is sealed in the
//     identifier. A proof of their own is for another binding id.
//   - The register endpoint refuses a session that is bound. Without a session,
//     it wants a challenge that only the answer to a login has, for that login.
//   - The binding cannot be shed. It is in the record, and not in Data. So an
//     assignment to Data, another type, another release and
//     [cookiesession.Session.Renew] keep it. Bind changes nothing in a bound
//     session. Only Destroy ends a binding, and Data with it.
//   - A challenge, an identifier and a proof are sealed for different names, so
//     none of them stands in for another.
//
// Three things are not promised. A copy from before the registration is not
// bound, and neither is one of a browser without DBSC. Program code on the
// device can ask the browser's key for signatures as long as it runs there. And
// who copies not cookies but a whole refresh request gets one more proof from
// it, until its challenge ends, five minutes after the proof that came with it.
//
// # What to mind
//
//   - At login call Destroy, then Bind. Renew alone would keep the binding of a
//     session that somebody has planted. For a higher privilege of the same
//     visitor call Renew, never Destroy: whoever has a copy could else turn it
//     into an unbound session.
//   - Put Handler outside of whatever answers 3xx, 404 or 429 to an endpoint,
//     such as rate limits and redirects. Chromium ends its side then, and the
//     visitor is logged out at the proof's end. It keeps it at a 503.
//   - Every replica must have this package before one of them calls Bind. An
//     older release of the core does not open a session with a binding, and a
//     program without this package does not ask for proofs.
//   - A key has to stay in the ring for Options.MaxLifetime of the sessions. An
//     identifier cannot be sealed anew. When it ends, MaxLifetime after the
//     login, the session ends, even if Renew was called meanwhile.
package dbsc

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
)

// ErrUnproven says that a session is bound to a device, and that the request
// has no recent proof of it. [cookiesession.Session.Err] wraps it. It also
// wraps [cookiesession.ErrRevoked], unless the browser says that it cannot get
// a proof now (Secure-Session-Skipped). Then nothing is saved in the request,
// so that the session is there when the browser can.
var ErrUnproven = errors.New("dbsc: the session is bound to a device, and the request has no proof of it")

// errSkipped is ErrUnproven if the browser says that it cannot get a proof now.
var errSkipped = fmt.Errorf("%w: the browser says that it cannot get one now", ErrUnproven)

const (
	defaultLifetime = 10 * time.Minute
	minLifetime     = 5 * time.Minute // Chromium 156 signs 6 times in 9 minutes
	maxLifetime     = 24 * time.Hour

	// A proof opens for a little longer than the browser keeps it, since
	// requests take time.
	grace = time.Minute

	// A challenge comes with a proof, and is signed when that ends. It lives
	// for longer than the proof, so that a refresh usually takes one request.
	challengeGrace = 5 * time.Minute

	// A browser registers as soon as it has the answer to the login.
	registerWithin = 5 * time.Minute
)

// Options configures a [Binder]. The zero value, and nil, are good defaults.
// [New] copies it.
type Options struct {
	// Lifetime is how long a browser keeps a proof, and so how long a copy of
	// all cookies is good for; it opens for a minute longer. 0: 10 minutes. At
	// least 5 minutes, because browsers refuse to sign more often (Chromium 156
	// does so 6 times in 9 minutes), at most 24 hours; whole seconds.
	Lifetime time.Duration

	// Path is where the endpoints are: POST Path + "register" and Path +
	// "refresh". Empty: /session-device/. It begins and ends with a slash. Two
	// Binders of one site need different ones.
	Path string

	// Disabled switches the whole off: sessions open without a proof, and new
	// ones are not bound. The endpoints go on, and bindings stay in the
	// sessions. So it can be switched on again without logging anybody out.
	Disabled bool

	// OnEvent is called with each event, synchronously. nil: events are not
	// reported.
	OnEvent func(*http.Request, Event)
}

// A Binder binds sessions of type T to devices. It is safe for concurrent use.
type Binder[T any] struct {
	manager  *cookiesession.Manager[T]
	options  Options
	off      bool
	check    func(*http.Request, *cookiesession.Session[T]) error // of the application; nil: none
	proof    http.Cookie                                          // as it is set, without name and value
	register string                                               // paths
	refresh  string

	identifiers, challenges, proofs *cookiesession.Codec
}

// New makes a Manager whose sessions can be bound. Its own test of a session
// comes before opts.Check. Insecure switches it off, as Options.Disabled does:
// browsers bind nothing over plain HTTP. Domain, Partitioned and LabelFunc are
// errors: it does not work with them yet. Its error joins all mistakes in both
// options.
func New[T any](keys *cookiesession.Keyring, opts *cookiesession.Options[T], device *Options) (*Binder[T], error) {
	var o cookiesession.Options[T]
	if opts != nil {
		o = *opts
	}
	b := &Binder[T]{check: o.Check}
	if device != nil {
		b.options = *device
	}
	b.options.Lifetime = cmp.Or(b.options.Lifetime, defaultLifetime)
	b.options.Path = cmp.Or(b.options.Path, "/session-device/")
	b.off = b.options.Disabled || o.Insecure
	b.register, b.refresh = b.options.Path+"register", b.options.Path+"refresh"
	b.proof = http.Cookie{
		Path: cmp.Or(o.Path, "/"), Secure: true, HttpOnly: true, SameSite: cmp.Or(o.SameSite, http.SameSiteLaxMode),
	}
	err := b.options.check()
	for _, unsupported := range []struct {
		name string
		set  bool
	}{{"Domain", o.Domain != ""}, {"Partitioned", o.Partitioned}, {"LabelFunc", o.LabelFunc != nil}} {
		if unsupported.set {
			err = errors.Join(err, fmt.Errorf("option %s is set: sessions with it can't be bound yet", unsupported.name))
		}
	}
	o.Check = b.checkSession
	var errs [4]error
	b.manager, errs[0] = cookiesession.New(keys, &o)
	if err = errors.Join(err, errs[0]); err == nil {
		lifetime := b.options.Lifetime
		b.identifiers, errs[1] = cookiesession.NewCodec(keys, &cookiesession.CodecOptions{Label: o.Label, Lifetime: cmp.Or(o.MaxLifetime, o.Lifetime), MaxSize: -1})
		b.challenges, errs[2] = cookiesession.NewCodec(keys, &cookiesession.CodecOptions{Label: o.Label, Lifetime: lifetime + challengeGrace, MaxSize: -1})
		b.proofs, errs[3] = cookiesession.NewCodec(keys, &cookiesession.CodecOptions{Label: o.Label, Lifetime: lifetime + grace})
		err = errors.Join(errs[:]...)
	}
	if err != nil {
		return nil, fmt.Errorf("dbsc: New: %w", err)
	}
	return b, nil
}

func (o *Options) check() error {
	var errs []error
	if o.Lifetime < minLifetime || o.Lifetime > maxLifetime || o.Lifetime%time.Second != 0 {
		errs = append(errs, fmt.Errorf("option Lifetime is %v: it is 0, for 10 minutes, or from 5 minutes to 24 hours, in whole seconds; browsers do not sign more often", o.Lifetime))
	}
	if !webrule.IsPath(o.Path) || !strings.HasSuffix(o.Path, "/") || strings.ContainsAny(o.Path, `"\`) {
		errs = append(errs, fmt.Errorf("option Path %q: it has to begin and end with / and to be a path that a browser need not encode or resolve", o.Path))
	}
	return errors.Join(errs...)
}

// Manager returns the Manager of the sessions. Use [Binder.Handler] in place of
// its Handler.
func (b *Binder[T]) Manager() *cookiesession.Manager[T] { return b.manager }

// Bind ties a session to the browser's device, if the browser knows how. Call
// it at login, after Destroy, and before the response headers go out. Until the
// browser has registered, which it does as soon as it has the answer, the
// session is as without it. In a session that is bound already it does nothing:
// whoever has a copy must not be able to bind it to a key of their own. Its
// error says that no key can seal.
func (b *Binder[T]) Bind(w http.ResponseWriter, s *cookiesession.Session[T]) error {
	if id, pending := s.Binding(); b.off || id != none && !pending {
		return nil
	}
	// A new id, although one may be pending: somebody else may have registered
	// for that.
	var id bindingID
	_, _ = rand.Read(id[:]) // never fails: it ends the program instead
	challenge, err := b.challenges.Seal(b.name(registering), id[:], cookiesession.Meta{Lifetime: registerWithin})
	if err != nil {
		return err
	}
	s.SetBinding(id, true)
	w.Header().Add("Secure-Session-Registration", fmt.Sprintf(`(ES256);path="%s";challenge="%s"`, b.register, challenge))
	return nil
}

// Logout destroys a session, and leaves word for the browser's side: a cookie
// of a minute in place of the proof. At the next refresh the browser is told to
// end its session. As with Destroy, new Data can be put in afterwards.
func (b *Binder[T]) Logout(w http.ResponseWriter, s *cookiesession.Session[T]) {
	if id, _ := s.Binding(); id != none {
		b.setProof(w, id, loggedOut, time.Minute)
	}
	s.Destroy()
}

// loggedOut is the value of a proof cookie that proves nothing.
const loggedOut = "out"

type bindingID = [16]byte

var none bindingID

// Purposes of sealed texts. With a slash in it, a name is none of a cookie.
const (
	registering = "register"
	refreshing  = "refresh"
	identifying = "identifier"
)

// name returns the name that a text is sealed for.
func (b *Binder[T]) name(purpose string) string {
	return b.manager.CookieName() + "/dbsc/" + purpose
}

// proofName returns the name of the proof cookie of a binding. Each has its
// own. After another login the browser may have two sessions of its own for a
// while, and one's refresh must not overwrite the other's proof.
func (b *Binder[T]) proofName(id bindingID) string {
	return b.manager.CookieName() + "-" + hex.EncodeToString(id[:3])
}

func (b *Binder[T]) setProof(w http.ResponseWriter, id bindingID, value string, maxAge time.Duration) {
	c := b.proof
	c.Name, c.Value, c.MaxAge = b.proofName(id), value, int(maxAge/time.Second)
	http.SetCookie(w, &c)
}

// attributes returns the proof cookie's attributes as the browser is told them.
func (b *Binder[T]) attributes() string {
	c := b.proof
	c.Name, c.Value = "n", "v"
	return strings.TrimPrefix(c.String(), "n=v; ")
}

// atEndpoint marks requests whose sessions open without a proof, which they are
// about to get.
type atEndpoint struct{}

func (b *Binder[T]) load(r *http.Request) *cookiesession.Session[T] {
	return b.manager.Load(r.WithContext(context.WithValue(r.Context(), atEndpoint{}, true)))
}

// checkSession is the Manager's Check.
func (b *Binder[T]) checkSession(r *http.Request, s *cookiesession.Session[T]) error {
	if r.Context().Value(atEndpoint{}) == nil && !b.off {
		if err := b.checkProof(r, s); err != nil {
			return err
		}
	}
	if b.check == nil {
		return nil
	}
	return b.check(r, s)
}

func (b *Binder[T]) checkProof(r *http.Request, s *cookiesession.Session[T]) error {
	id, pending := s.Binding()
	switch {
	case id == none:
		return nil
	case b.isProven(r, id):
		if pending {
			// A request in flight during the registration has put the session
			// from before it back.
			s.SetBinding(id, false)
			b.event(r, Event{Kind: EventMended})
		}
		return nil
	case pending:
		return nil
	case r.Header.Get("Secure-Session-Skipped") != "":
		b.event(r, Event{Kind: EventSkipped, Err: errSkipped})
		return errSkipped
	}
	b.event(r, Event{Kind: EventUnproven, Err: ErrUnproven})
	return fmt.Errorf("%w: %w", cookiesession.ErrRevoked, ErrUnproven)
}

func (b *Binder[T]) isProven(r *http.Request, id bindingID) bool {
	var got []byte
	_, err := b.proofs.OpenRequest(r, b.proofName(id), &got)
	return err == nil && bytes.Equal(got, id[:])
}
