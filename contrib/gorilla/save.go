package gorilla

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
	"github.com/gorilla/sessions"
)

// Save puts a session into the response's header: call it before the response
// is written. It replaces what earlier Saves put there. With Options.MaxAge
// below zero it deletes the session's cookies instead. r may be nil.
//
// Errors leave the header as it was. They are those of
// [cookiesession.Codec.Seal], [cookiesession.ErrTooLarge] among them,
// [cookiesession.ErrRevoked] if the session's key was revoked during the
// request, and errors of usage for names and Options that would make a browser
// drop the cookie in silence, and for a response that is known to have been
// written. [Store.OnSaveFailed] is told of all of them.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	v, ok := session.Store().(*visit)
	if !ok || v.Store != s || v.request == nil {
		v = &visit{Store: s, request: r}
	}
	lines, err := v.lines(session)
	if err == nil && sent(w) {
		err = usageError(errSent)
	}
	if err != nil {
		s.failed(cmp.Or(r, v.request), session.Name(), err)
		return err
	}
	s.put(w.Header(), session.Name(), lines)
	return nil
}

var errSent = errors.New("the response headers have been sent: call Save before the response is written")

// sent reports whether the response headers are out, as far as a writer can
// tell. Those of gin, of negroni and of Refresh can.
func sent(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case interface{ Written() bool }:
			return v.Written()
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}

// failed tells of a Save that failed.
func (s *Store) failed(r *http.Request, name string, err error) {
	if s.OnSaveFailed != nil {
		s.OnSaveFailed(r, name, err)
		return
	}
	ctx := context.Background()
	if r != nil {
		ctx = r.Context()
	}
	ok, skipped := s.logged.Allow(time.Now())
	if !ok {
		return
	}
	level, args := slog.LevelError, []any{"name", name, "error", err}
	if errors.Is(err, cookiesession.ErrTooLarge) {
		level = slog.LevelWarn
	}
	if skipped > 0 {
		args = append(args, "skipped", skipped)
	}
	slog.Log(ctx, level, "cookiesession/gorilla: session not saved", args...)
}

// lines returns the Set-Cookie lines that save a session or delete it.
func (v *visit) lines(session *sessions.Session) ([]string, error) {
	name, a := session.Name(), v.attributes(session.Options)
	if err := a.check(name); err != nil {
		return nil, err
	}
	if a.maxAge < 0 {
		return v.deletions(session, &a), nil
	}
	meta := v.meta(session)
	left := v.policy.apply(&meta, a.maxAge, a != v.attributes(nil), time.Now())
	if left <= 0 {
		return v.deletions(session, &a), nil
	}
	text, err := v.codec.Seal(name, session.Values, meta)
	if err != nil {
		return nil, err
	}
	maxAge := int(left / time.Second)
	if a.maxAge == 0 || meta.BrowserSession {
		maxAge = 0
	}
	return v.compose(name, text, maxAge, &a, session.Options), nil
}

// compose returns the lines that set the cookies of a sealed text for maxAge
// seconds, and delete those that they leave behind.
func (v *visit) compose(name, text string, maxAge int, a *attributes, o *sessions.Options) []string {
	cookies := v.codec.Cookies(name, text)
	lines := make([]string, 0, len(cookies))
	for _, c := range cookies {
		lines = append(lines, a.line(c.Name, c.Value, maxAge, o))
	}
	for _, surplus := range v.surplus(name, cookies) {
		lines = append(lines, a.line(surplus, "", -1, o))
	}
	return lines
}

// apply completes what is sealed with a session that is saved now, and returns
// how long the session has left. own says that its Options are not the store's.
func (p *policy) apply(meta *cookiesession.Meta, maxAge int, own bool, now time.Time) time.Duration {
	now = now.Truncate(time.Second) // what a cookie counts in
	if meta.Created.IsZero() || meta.Created.After(now) {
		meta.Created = now
	}
	age, ownEnd := now.Sub(meta.Created), min(meta.Lifetime, p.maxLifetime)
	lifetime := p.lifetime
	meta.Lifetime = 0
	if own {
		meta.BrowserSession = maxAge == 0
	}
	switch {
	case own && maxAge > 0:
		lifetime = min(age+seconds(maxAge), p.maxLifetime)
		meta.Lifetime = lifetime
	case own:
		meta.Lifetime = lifetime
	case ownEnd > lifetime: // it was given a longer life before
		lifetime = ownEnd
		meta.Lifetime = lifetime
	case maxAge > 0:
		lifetime = min(age+seconds(maxAge), lifetime) // the store checks MaxAge when it opens it
	}
	left := lifetime - age
	if p.idleTimeout > 0 {
		left = min(left, p.idleTimeout)
	}
	return left
}

// deletions returns the lines that delete all cookies of a session.
func (v *visit) deletions(session *sessions.Session, a *attributes) []string {
	name := session.Name()
	lines := []string{a.line(name, "", -1, session.Options)}
	for _, part := range v.surplus(name, nil) {
		if part != name {
			lines = append(lines, a.line(part, "", -1, session.Options))
		}
	}
	if old := v.legacyName(name); old != name && v.mayBringLegacy(old) {
		lines = append(lines, a.line(old, "", -1, session.Options))
	}
	return lines
}

// mayBringLegacy reports whether a request has a cookie of the old store, or is
// not known. A logout that left it would be undone by the next request.
func (v *visit) mayBringLegacy(old string) bool {
	return len(v.legacy) > 0 && checkName(old) == nil && (v.request == nil || len(v.request.CookiesNamed(old)) > 0)
}

// surplus returns the names of a session's cookies that the request carried and
// that these cookies leave behind.
func (v *visit) surplus(name string, cookies []*http.Cookie) []string {
	if v.request == nil {
		return nil
	}
	return v.codec.StaleParts(v.request, name, cookies)
}

// put puts a session's lines into a response's header, in place of those that
// are there, further parts included.
func (s *Store) put(h http.Header, name string, lines []string) {
	if s.split {
		webrule.RemoveCookies(h, wire.PartNames(name)[1:])
	}
	webrule.SetCookies(h, lines, nil)
}
