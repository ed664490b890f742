package cookiesession

import (
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/wire"
)

// A Session is one visitor's session during one request. Read and change Data
// in place; the [Manager] stores it when it has changed.
//
// A Session belongs to its request and to the handler's goroutine, as the
// request itself does. Give a goroutine that outlives the request a copy of the
// data that it needs (a copy of a struct still shares its maps and slices).
// Data is read when the response headers go out, so nothing that it points to
// may be changed by another goroutine: no pointer into a cache.
//
// The zero Session with Data set is a new session, which serves for tests: see
// [Manager.Cookies].
type Session[T any] struct {
	// Data is the session's content. For a new session it is the zero value (an
	// empty map, if T is a map). A session whose Data is zero is not stored.
	Data T

	was    T // what keep has found in Data
	wasSum uint64
	state
}

// A session is a [Session] of any type.
type session interface {
	value() reflect.Value // Data, to be read and written

	// keep remembers a plain Data (see isPlain) together with its sum. kept
	// returns that sum as long as Data is the same.
	keep(sum uint64)
	kept() (sum uint64, ok bool)
}

func (s *Session[T]) value() reflect.Value { return reflect.ValueOf(&s.Data).Elem() }
func (s *Session[T]) keep(sum uint64)      { s.was, s.wasSum = s.Data, sum }
func (s *Session[T]) kept() (sum uint64, ok bool) {
	return s.wasSum, s.wasSum != 0 && any(s.Data) == any(s.was)
}

// IsNew reports whether no cookie opened: a first visit, or see [Session.Err].
func (s *state) IsNew() bool { return !s.opened() }

// Err returns nil if a cookie opened, [ErrNoSession] if the request carried
// none, or else the reason: [ErrInvalid], [ErrUnknownKey], [ErrExpired],
// [ErrRevoked], or the error of Options.Check. A refused cookie is left alone
// until a new session is stored over it, so look at Err before you write to a
// session that matters. With [ErrNewer], a change alone does not do that, and
// fails: only Renew, at a login, and Destroy write over the cookie.
func (s *state) Err() error {
	if s.err == nil && !s.opened() {
		return &codecError{class: classDecode, sentinel: ErrNoSession} // the zero Session
	}
	return s.err
}

// ID returns the session's id: 32 hexadecimal digits, for logs, deny lists and
// the like. It is drawn at the first call and then stored with the session,
// which costs 22 characters of cookie. Until ID is called there is none.
//
// An id alone does not make an empty session be stored. So a visitor whose Data
// is zero has another id at each request; [EventIDLost] reports that. Where
// that matters, put something into Data that is not zero, such as the time of
// the first visit.
func (s *state) ID() string {
	if !s.record.hasID {
		s.drewID = true
		s.record.drawID()
		s.touch()
	}
	return s.record.idText()
}

// CreatedAt returns when the session began, in whole seconds: the request's
// time for a new one. Only [Session.Renew] moves it.
func (s *state) CreatedAt() time.Time { return time.Unix(s.created(), 0).UTC() }

func (s *state) created() int64 {
	if s.record.created == 0 { // the zero Session
		s.record = s.record.begun(clock.Now())
	}
	return s.record.created
}

// IssuedAt returns when the request's cookie was issued, in whole seconds, or
// the zero time for a new session.
func (s *state) IssuedAt() time.Time {
	if !s.opened() {
		return time.Time{}
	}
	return time.Unix(s.record.issued, 0).UTC()
}

// ExpiresAt returns the session's absolute end, or its idle end if that is
// earlier. The idle timeout counts from IssuedAt (for a new session: from now).
// For the zero Session, which has no policy yet, it is the zero time.
func (s *state) ExpiresAt() time.Time {
	if s.manager == nil {
		return time.Time{}
	}
	return time.Unix(s.manager.codec.policy.expires(&s.record), 0).UTC()
}

// Renew gives the session a new identity with the same Data: CreatedAt is now,
// and ID, if it had one, is drawn anew. Call it at any change of privilege of
// the same visitor, and at a login that a guest's Data is to survive, together
// with replacing every token that the session held, such as a CSRF token: a
// token that an attacker planted before must not survive. At any other login,
// and where the account changes, call Destroy and put in what is new, or one
// account's Data goes into the next one's session. Renew is not needed to keep
// a session alive.
func (s *state) Renew() {
	s.renewed = true
	s.record.renew(clock.Now())
	s.touch()
}

// SetLifetime gives this session a lifetime of its own, counted from CreatedAt,
// instead of Options.Lifetime: the "remember me" of a login form. Fractions of
// a second are rounded up. It is cut to Options.MaxLifetime, now and again
// whenever the session is opened. As long as that option is not set, it equals
// Lifetime, and no session can live longer. 0 goes back to Options.Lifetime.
// SetLifetime panics if d is negative or above 400 days.
func (s *state) SetLifetime(d time.Duration) {
	if d < 0 || d > wire.MaxLifetime {
		panic(fmt.Sprintf("cookiesession: SetLifetime(%v): not within 0 to 400 days", d))
	}
	s.record.lifetime = wholeSeconds(d)
	if s.manager != nil {
		s.record.lifetime = s.manager.codec.policy.cut(s.record.lifetime)
	}
	s.touch()
}

// SetPersistent says whether the browser keeps this session when it is closed.
// false leaves Max-Age out of its cookies, with any Options: the "remember me"
// that was left unticked on a shared computer. It is sealed in, so renewals and
// new keys keep it; [Session.Destroy] ends it. true, as in a new session,
// leaves it to Options.BrowserSession. The lifetime is enforced all the same:
// browsers that restore their tabs restore such cookies, too. An older release
// does not open a session with false, so deploy first and use it later.
func (s *state) SetPersistent(on bool) {
	s.record.browserSession = !on
	s.touch()
}

// Binding returns the id of something outside that the session is tied to, such
// as a key of the device, and whether the other side has yet to prove itself. A
// zero id means that there is no binding. It is for packages that check the
// binding at each request. Renew and changes of Data leave it, Destroy ends it.
func (s *state) Binding() (id [16]byte, pending bool) { return s.record.binding, s.record.pending }

// SetBinding ties the session to something outside, for packages that call
// [Session.Binding]. A zero id ends that. An older release does not open a
// session with a binding, so deploy first and use it later.
func (s *state) SetBinding(id [16]byte, pending bool) {
	s.record.binding = id
	s.record.pending = pending && s.record.isBound()
	s.touch()
}

// Destroy ends the session: Data is zero, the identity is gone, and any cookie
// of the name that the request carried is deleted, a refused one included. If
// it carried none, NAME is deleted all the same, unless the method is GET,
// HEAD, OPTIONS or TRACE: browsers keep SameSite cookies back from a form of
// another site, and an identity provider may log out by such a form. Destroy
// does so even if Check cannot answer or the request is given up. So a logout
// must be behind [http.CrossOriginProtection] or a token, or other sites can
// log visitors out.
//
// If the handler puts new Data in afterwards, a new session is stored instead.
// A copy of the cookie still opens until it expires: see the section on what a
// session in a cookie cannot do. A cookie that was set under another
// Options.Path or Domain is another cookie. Destroy does not delete it: it is
// left after the logout, and the visitor is logged in again. Where one of these
// changes, change the name as well.
func (s *Session[T]) Destroy() {
	clearData(s.value())
	s.state.destroy()
}

// Format prints the session's id and times for any verb, and never Data, keys
// or the cookie.
func (s state) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "cookiesession.Session{id: %q, created: %s, expires: %s}", s.record.idText(), rfc3339(s.CreatedAt()), rfc3339(s.ExpiresAt()))
}

func rfc3339(t time.Time) string { return t.Format(time.RFC3339) }

// LogValue gives the session's id and times, and never Data, keys or the
// cookie.
func (s state) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", s.record.idText()),
		slog.Time("created", s.CreatedAt()),
		slog.Time("expires", s.ExpiresAt()),
	)
}
