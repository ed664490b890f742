package cookiesession

import (
	"fmt"
	"log/slog"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/wire"
)

// A Session is one visitor's session during one request. Read and change Data
// in place; the [Manager] stores it when it has changed.
//
// A Session belongs to its request and to the handler's goroutine, as the
// request itself does: hand a goroutine that outlives the request a copy of
// what it needs (a copy of a struct still shares its maps and slices). Data is
// read when the response headers go out, so nothing that it points to may be
// changed by another goroutine: no pointer into a cache.
//
// The zero Session with Data set is a new session, which serves for tests: see
// [Manager.Cookies].
type Session[T any] struct {
	// Data is what the session holds. For a new session it is the zero value
	// (an empty map, if T is a map). A session whose Data is zero is not
	// stored.
	Data T

	state sessionState
}

// IsNew reports whether no cookie opened: a first visit, or see [Session.Err].
func (s *Session[T]) IsNew() bool { return !s.state.opened }

// Err returns nil if a cookie opened, [ErrNoSession] if the request carried
// none, or else the reason: [ErrInvalid], [ErrUnknownKey], [ErrExpired],
// [ErrRevoked], or the error of Options.Check. A refused cookie is left alone
// until a new session is stored over it, so look at Err before you write to a
// session that matters.
func (s *Session[T]) Err() error {
	if s.state.err == nil && !s.state.opened {
		return &codecError{class: classDecode, sentinel: ErrNoSession} // the zero Session
	}
	return s.state.err
}

// ID returns the session's id: 32 hexadecimal digits, for logs, deny lists and
// what else needs a name for a session. It is drawn at the first call and then
// stored with the session, which costs 22 characters of cookie; a session that
// nobody asks has none. A zero session is not stored for its id.
func (s *Session[T]) ID() string {
	if !s.state.record.hasID {
		s.state.record.drawID()
		s.state.ask()
	}
	return s.state.record.idText()
}

// CreatedAt returns when the session began, in whole seconds: the request's
// time for a new one. Only [Session.Renew] moves it.
func (s *Session[T]) CreatedAt() time.Time { return time.Unix(s.created(), 0).UTC() }

func (s *Session[T]) created() int64 {
	if s.state.record.created == 0 { // the zero Session
		s.state.record = s.state.record.begun(clock.Now())
	}
	return s.state.record.created
}

// IssuedAt returns when the request's cookie was issued, in whole seconds, or
// the zero time for a new session.
func (s *Session[T]) IssuedAt() time.Time {
	if !s.state.opened {
		return time.Time{}
	}
	return time.Unix(s.state.floor, 0).UTC()
}

// ExpiresAt returns the earlier of the session's absolute end and of the end
// that an idle timeout counted from IssuedAt (for a new session: from now)
// gives it. For the zero Session, which has no policy yet, it is the zero time.
func (s *Session[T]) ExpiresAt() time.Time {
	if s.state.policy == nil {
		return time.Time{}
	}
	return time.Unix(s.state.policy.expires(&s.state.record), 0).UTC()
}

// Renew gives the session a new identity with the same Data: CreatedAt is now,
// and ID, if it had one, is drawn anew. Call it at login and at any change of
// privilege, together with replacing every token that the session held, such as
// a CSRF token: what an attacker planted before must not survive. It is not
// needed to keep a session alive.
func (s *Session[T]) Renew() {
	s.state.renew()
	s.state.ask()
}

// SetLifetime gives this session a lifetime of its own, counted from CreatedAt,
// in place of Options.Lifetime: the "remember me" of a login form. Fractions of
// a second are rounded up. It is cut to Options.MaxLifetime, now and again
// whenever the session is opened; as long as that option is not set, it is
// Lifetime, so nothing longer can be had. 0 goes back to Options.Lifetime.
// SetLifetime panics if d is negative or above 400 days.
func (s *Session[T]) SetLifetime(d time.Duration) {
	if d < 0 || d > wire.MaxLifetime {
		panic(fmt.Sprintf("cookiesession: SetLifetime(%v): not within 0 to 400 days", d))
	}
	s.state.record.lifetime = wholeSeconds(d)
	if s.state.policy != nil {
		s.state.record.lifetime = s.state.policy.cut(s.state.record.lifetime)
	}
	s.state.ask()
}

// Destroy ends the session: Data is zero, the identity is gone, and whatever
// cookie of the name the request carried is deleted, a refused one included. If
// the handler puts new Data in afterwards, a new session is stored instead. A
// copy that somebody took of the cookie still opens until it expires: see the
// package's words on revocation.
func (s *Session[T]) Destroy() {
	s.Data = zeroData[T]()
	s.state.destroyed = true
	s.state.record.lifetime = 0
	s.state.renew()
	s.state.ask()
}

// Format prints the session's id and times for any verb, and never Data, keys
// or the cookie.
func (s Session[T]) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "cookiesession.Session{id: %q, created: %s, expires: %s}", s.state.record.idText(), rfc3339(s.CreatedAt()), rfc3339(s.ExpiresAt()))
}

func rfc3339(t time.Time) string { return t.Format(time.RFC3339) }

// LogValue gives the session's id and times, and never Data, keys or the
// cookie.
func (s Session[T]) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", s.state.record.idText()),
		slog.Time("created", s.CreatedAt()),
		slog.Time("expires", s.ExpiresAt()),
	)
}
