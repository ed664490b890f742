package scscookie

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
)

// LoadAndSave returns a handler that gives next's requests a session, instead
// of scs.SessionManager.LoadAndSave. A request whose handler never asks for the
// session costs nothing. The session is saved just before the response headers
// go out, unless the client has left.
//
// LoadAndSave of another Sessions may be around it if the cookies have
// different names; it panics at the first request if they don't. The same
// Sessions twice is as good as once.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Value(s).(*visit); ok {
			next.ServeHTTP(w, r)
			return
		}
		s.serve(next, w, r)
	})
}

func (s *Sessions) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	s.check()
	outer, _ := r.Context().Value(chainKey{}).(*visit)
	for v := outer; v != nil; v = v.outer {
		if v.name() == s.settings.Cookie.Name {
			panic(fmt.Sprintf("scscookie: LoadAndSave: two SessionManagers share the cookie name %q", v.name()))
		}
	}
	v := &visit{Context: r.Context(), Sessions: s, outer: outer, request: r, lines: r.Header["Cookie"], start: time.Now()}
	inner := r.WithContext(v)
	v.inner = inner
	rw := &writer{ResponseWriter: w, visit: v}
	next.ServeHTTP(rw, inner)
	// net/http removes the temporary files of the request that it knows, and
	// outer loggers read the pattern of theirs.
	r.Pattern, r.MultipartForm = inner.Pattern, inner.MultipartForm
	if did := rw.commit(http.StatusOK); !did && rw.err == nil {
		v.finish()
	}
}

// Cookies returns the cookies that the response is going to set for the session
// in ctx, or none: for a response that somebody else writes, such as that of a
// WebSocket upgrade. It panics if ctx has not passed through LoadAndSave.
func (s *Sessions) Cookies(ctx context.Context) ([]*http.Cookie, error) {
	v, ok := ctx.Value(s).(*visit)
	if !ok {
		panic("scscookie: Cookies: the context did not pass through LoadAndSave")
	}
	v.load()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.blocked != nil {
		return nil, v.blocked
	}
	v.handed = true
	v.fill(v.look())
	cookies, err := v.core.Cookies(v.session)
	for _, c := range cookies {
		c.Expires = expires(c.MaxAge)
	}
	return cookies, err
}

// chainKey finds the innermost visit in a context.
type chainKey struct{}

// A visit is one request with its session. It is the context of the request
// that the handler gets, and opens the session when scs looks for it there.
type visit struct {
	context.Context // of request
	*Sessions
	outer          *visit
	request, inner *http.Request // as LoadAndSave got it, and as the handler did
	lines          []string      // of request's Cookie header, at that time
	start          time.Time     // of the request

	once     sync.Once
	loaded   atomic.Bool // the fields below are set
	ctx      context.Context
	data     any // the value that scs keeps in a context
	session  *session
	kind     webrule.Kind // of the request, before the handler could change it
	brought  look         // the session as the request brought it
	legacy   bool         // it comes from the old store
	oldToken string       // in the old store, of a session of ours that came from there
	blocked  error        // if not nil: a session of the old store could not be judged, so nothing may be written

	mu     sync.Mutex // protects session's content and the fields below: a timeout commits on another goroutine than the handler's
	filled *look      // the content that the session was last brought to; nil: brought
	sent   *look      // the content at the last commit; nil: no commit, or the session was not open
	handed bool       // the application was given the cookies
}

// Value finds the visit by its Sessions, and for scs the session.
func (v *visit) Value(key any) any {
	switch key {
	case v.key:
		v.load()
		return v.data
	case v.Sessions:
		return v
	case chainKey{}:
		return v
	}
	return v.Context.Value(key)
}

func (v *visit) name() string { return v.settings.Cookie.Name }

// load opens the session, once.
func (v *visit) load() { v.once.Do(v.open) }

func (v *visit) open() {
	m := v.settings
	m.IdleTimeout = 0 // or Load would mark the values that it reads as modified
	v.restoreCookies()
	v.kind = webrule.KindOf(v.request)
	v.session = v.core.Load(v.request)
	token := ""
	if v.session.Err() == nil {
		v.oldToken, _ = v.session.Data[legacyKey].(string)
		from := &opened{values: visible(v.session.Data)}
		token, from.deadline = v.origin()
		m.Store, m.Codec = from, from
	}
	var err error
	if token == "" && v.mayAskLegacy() {
		v.ctx, v.legacy, err = v.openLegacy()
		v.blocked = err
	}
	if !v.legacy {
		if v.ctx, err = m.Load(v.Context, token); err != nil {
			panic("scscookie: " + err.Error()) // unreachable: Find and Decode don't fail
		}
	}
	v.data = v.ctx.Value(v.key)
	v.brought = v.look()
	v.loaded.Store(true)
}

// restoreCookies gives the request the cookies that it came with, if a
// middleware further in has taken them away before the session was asked for.
func (v *visit) restoreCookies() {
	if slices.Equal(v.request.Header["Cookie"], v.lines) {
		return
	}
	r := *v.request
	r.Header = r.Header.Clone()
	r.Header["Cookie"] = v.lines
	v.request = &r
}

// origin returns the cookie value that the session was opened from, and the
// session's absolute end. The session itself knows the earlier of that and of
// its idle end.
func (v *visit) origin() (token string, end time.Time) {
	cookies := v.cookies(v.name())
	split := len(v.cookies(v.name()+"_2")) > 0
	if len(cookies) == 1 && !split && v.settings.IdleTimeout == 0 {
		return cookies[0].Value, v.session.ExpiresAt()
	}
	var data values
	for _, cookie := range cookies {
		meta, err := v.codec.Open(v.name(), cookie.Value, &data)
		if err == nil && meta.Issued.Equal(v.session.IssuedAt()) {
			return cookie.Value, v.end(meta)
		}
	}
	// A session in several cookies has no one value. MergeSession can do with
	// another one that holds the same.
	meta, err := v.codec.OpenRequest(v.request, v.name(), &data)
	if err == nil {
		token, err = v.codec.Seal(v.name(), data, meta)
	}
	if err != nil { // it expires just now
		return "expired", v.session.ExpiresAt()
	}
	return token, v.end(meta)
}

// cookies returns the cookies of a name that the request came with, as many as
// the core tries.
func (v *visit) cookies(name string) []*http.Cookie {
	cookies := (&http.Request{Header: http.Header{"Cookie": v.lines}}).CookiesNamed(name)
	return cookies[:min(len(cookies), wire.MaxTries)]
}

// mayAskLegacy reports whether a cookie of the old store may stand for the
// session. It may not replace one of ours that was revoked, has expired or was
// altered.
func (v *visit) mayAskLegacy() bool {
	if !time.Now().Before(v.legacyUntil) {
		return false
	}
	for _, alone := range webrule.Alone(v.lines, v.name()) {
		var data values
		_, err := v.codec.OpenRequest(alone, v.name(), &data)
		// That it opens means that Check has refused it.
		if !webrule.MayBeLegacy(string(cookiesession.ReasonOf(err))) {
			return false
		}
	}
	return true
}

// legacyCookies returns the request's cookies that may be the old store's.
func (v *visit) legacyCookies() []*http.Cookie {
	return slices.DeleteFunc(v.cookies(v.legacyName), func(c *http.Cookie) bool { return !v.isLegacy(c.Value) })
}

// openLegacy looks for a cookie of the old store.
func (v *visit) openLegacy() (context.Context, bool, error) {
	for _, cookie := range v.legacyCookies() {
		ctx, found, err := v.loadLegacy(v.Context, cookie.Value)
		if err != nil {
			return nil, false, err
		}
		if !found {
			continue
		}
		reason, err, blocked := v.checkLegacy(ctx)
		if err == nil {
			return ctx, true, nil
		}
		v.event(cookiesession.Event{Kind: cookiesession.EventRefused, Reason: reason, Err: err})
		if blocked {
			return nil, false, err
		}
	}
	return nil, false, nil
}

// forgetLegacy adds, to a response that ends the session, the deletion of the
// old store's cookie, if that has a name of its own. Else the next request
// would find that session again.
func (v *visit) forgetLegacy(h http.Header) {
	if v.legacyName == v.name() || !time.Now().Before(v.legacyUntil) ||
		webrule.IsSafe(v.request.Method) && len(v.cookies(v.legacyName)) == 0 {
		return
	}
	c := v.settings.Cookie
	webrule.SetCookies(h, []string{(&http.Cookie{
		Name: v.legacyName, Path: c.Path, Domain: c.Domain, MaxAge: -1, Expires: expires(-1), HttpOnly: true,
		Secure: c.Secure, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}).String()}, nil)
}

// A look is a session's content in scs at one moment.
type look struct {
	status   scs.Status
	token    string
	deadline time.Time
	values   values
}

// look asks scs for each value, because the handler may be using the session on
// another goroutine.
func (v *visit) look() look {
	m := &v.settings
	l := look{status: m.Status(v.ctx), token: m.Token(v.ctx), deadline: m.Deadline(v.ctx), values: values{}}
	for _, key := range m.Keys(v.ctx) {
		l.values[key] = m.Get(v.ctx, key)
	}
	return l
}

// destroyed reports whether scs was told to destroy the session that was
// brought, even if values have been put since. Destroy alone takes the token
// away.
func (l *look) destroyed(brought *look) bool {
	return l.status == scs.Destroyed || l.token == "" && brought.token != ""
}

// differs reports whether scs was told of a change from one look to the next.
// It does not look into values, which the handler may be changing.
func (l *look) differs(next *look) bool {
	return l.token != next.token || !l.deadline.Equal(next.deadline) ||
		!maps.EqualFunc(l.values, next.values, same)
}

func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	switch {
	case !x.IsValid() || !y.IsValid() || x.Type() != y.Type():
		return x.IsValid() == y.IsValid()
	case x.Comparable():
		return a == b
	case x.Kind() == reflect.Map || x.Kind() == reflect.Slice:
		return x.Pointer() == y.Pointer() && x.Len() == y.Len()
	}
	return true // a struct that holds maps or slices: not known
}

// fill brings the session to the content in scs.
func (v *visit) fill(l look) {
	before := &v.brought
	if v.filled != nil {
		before = v.filled
	}
	if v.filled == nil || before.status != l.status || before.differs(&l) {
		v.filled = &l
		v.apply(l, before)
	}
	if v.ends(l) {
		return
	}
	v.session.Data = v.remember(l) // also if something behind a pointer has changed
}

// apply gives the session the changes other than values. Each call makes it be
// stored.
func (v *visit) apply(l look, before *look) {
	s := v.session
	switch {
	case v.ends(l):
		s.Destroy()
		return
	case l.destroyed(&v.brought):
		s.Destroy()
		v.setEnd(l.deadline)
	case l.token != before.token:
		s.Renew()
		v.setEnd(l.deadline)
	case v.legacy || !l.deadline.Equal(before.deadline):
		v.setEnd(l.deadline)
	}
	if v.legacy || l.differs(before) {
		remember, _ := l.values["__rememberMe"].(bool)
		s.SetPersistent(remember || v.settings.Cookie.Persist)
	}
}

// ends reports whether nothing is left of the session: it was destroyed, or
// SetDeadline was given a time that has passed.
func (v *visit) ends(l look) bool {
	return l.status == scs.Destroyed || !l.deadline.After(time.Now())
}

// save saves the session as it was filled.
func (v *visit) save(w http.ResponseWriter) error {
	err := v.core.Save(w, v.session)
	if err == nil {
		writeExpires(w.Header(), v.core.CookieName())
	}
	return err
}

var maxAge = regexp.MustCompile(`; Max-Age=([0-9]+)`)

// writeExpires puts Expires before the Max-Age of the lines of the session's
// cookies, as scs does.
func writeExpires(h http.Header, name string) {
	names := wire.PartNames(name)
	for i, line := range h["Set-Cookie"] {
		of, _, _ := strings.Cut(line, "=")
		age := maxAge.FindStringSubmatch(line)
		if age == nil || !slices.Contains(names, of) {
			continue
		}
		seconds, _ := strconv.Atoi(age[1])
		if seconds == 0 {
			seconds = -1
		}
		end := "; Expires=" + expires(seconds).Format(http.TimeFormat) + age[0]
		h["Set-Cookie"][i] = strings.Replace(line, age[0], end, 1)
	}
}

// expires returns the Expires for a MaxAge.
func expires(maxAge int) time.Time {
	switch {
	case maxAge > 0:
		return time.Now().Add(time.Duration(maxAge) * time.Second).UTC()
	case maxAge < 0:
		return time.Unix(1, 0).UTC()
	}
	return time.Time{}
}

// remember returns a session's values with its token in the old store, as long
// as that store may have it.
func (v *visit) remember(l look) values {
	token := v.oldToken
	if v.legacy {
		token = v.brought.token
	}
	// RenewToken and Destroy have deleted the old entry. An empty session is
	// not stored.
	if token == "" || !v.isLegacy(token) || l.token != v.brought.token || len(l.values) == 0 {
		return l.values
	}
	all := maps.Clone(l.values)
	all[legacyKey] = token
	return all
}

// setEnd gives the session a lifetime of its own, unless it is the usual one.
func (v *visit) setEnd(deadline time.Time) {
	lifetime := deadline.Sub(v.session.CreatedAt())
	if (lifetime - v.settings.Lifetime).Abs() < time.Second {
		lifetime = 0
	}
	v.session.SetLifetime(min(max(lifetime, 0), wire.MaxLifetime))
}

// commit saves the session into the headers of w's response, which has this
// status.
func (v *visit) commit(w http.ResponseWriter, status int) error {
	if !v.loaded.Load() {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.Context.Err() != nil && webrule.GivesUp(status) {
		return v.giveUp(w)
	}
	l := v.look()
	v.sent = &l
	unmodified := l.status == scs.Unmodified
	switch {
	case v.blocked != nil && l.status == scs.Modified:
		return v.blocked
	case unmodified && !v.mayRefresh(status):
		// An empty session changes nothing but Vary and Cache-Control.
		return v.core.Save(w, new(session))
	}
	v.fill(l)
	err := v.save(w)
	if err == nil && l.destroyed(&v.brought) {
		v.forgetLegacy(w.Header())
	}
	if err != nil && unmodified {
		// Nobody asked for it: the visitor keeps the cookie of the old store.
		v.event(cookiesession.Event{Kind: cookiesession.EventSaveFailed, Err: err})
		return nil
	}
	if err != nil && !v.log { // else it is ErrorFunc that logs
		v.event(failure(err))
	}
	return err
}

// giveUp does the remaining work for a request that was given up. It must not
// read values, because the handler may still be changing them. A logout needs
// none.
func (v *visit) giveUp(w http.ResponseWriter) error {
	now := look{status: v.settings.Status(v.ctx), token: v.settings.Token(v.ctx)}
	e := cookiesession.Event{Kind: cookiesession.EventTimedOut}
	if now.status != scs.Unmodified {
		e.Reason = cookiesession.ReasonRequested // scs was told of a change
	}
	v.event(e)
	if !now.destroyed(&v.brought) {
		return nil
	}
	v.session.Destroy()
	err := v.save(w)
	if err == nil {
		v.forgetLegacy(w.Header())
	}
	return err
}

// mayRefresh reports whether a response with this status may carry a cookie of
// a session that was not changed. The Manager decides whether one is due, but
// it knows neither the status nor when the request came in. A key's times are
// not known here. So a fast response asks the Manager, and a slow one does so
// only if a renewal is due. A session of the old store is like one whose key
// superseded another long ago.
func (v *visit) mayRefresh(status int) bool {
	now := time.Now()
	r := webrule.Refresh{Kind: v.kind, Flight: now.Sub(v.start), Status: status}
	return r.ResealDue(webrule.Superseded{}, now) ||
		!v.legacy && r.RenewalDue(now.Sub(v.session.IssuedAt()), v.settings.IdleTimeout)
}

func failure(err error) cookiesession.Event {
	e := cookiesession.Event{Kind: cookiesession.EventSaveFailed, Err: err}
	if size, ok := errors.AsType[*cookiesession.TooLargeError](err); ok {
		e.Size, e.Limit = size.Size, size.Limit
	}
	return e
}

// hijacked reports a session that had to be saved when the handler took the
// connection over and was not given the cookies.
func (v *visit) hijacked() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sent == nil || v.handed {
		return
	}
	v.fill(*v.sent)
	if cookies, err := v.core.Cookies(v.session); err == nil && len(cookies) > 0 {
		v.event(cookiesession.Event{Kind: cookiesession.EventHijacked})
	}
}

// finish looks, after the handler has returned, for a change that came too late
// to be saved.
func (v *visit) finish() {
	if !v.loaded.Load() || v.Context.Err() != nil || v.settings.Status(v.ctx) == scs.Unmodified {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	sent := v.sent
	if sent == nil { // the session was first asked for when the headers were out
		sent = &v.brought
	}
	if now := v.look(); sent.differs(&now) {
		v.event(cookiesession.Event{Kind: cookiesession.EventLate})
	}
}

// event reports an event about the session cookie.
func (v *visit) event(e cookiesession.Event) {
	e.Cookie = v.name()
	v.onEvent(v.request, e)
}

// An eventLog stands in for Options.OnEvent: no change may be lost silently.
// The core logs its own events.
type eventLog struct{ late, timedOut, saveFailed webrule.LogLimit }

func (l *eventLog) log(r *http.Request, e cookiesession.Event) {
	var limit *webrule.LogLimit
	text := ""
	switch {
	case e.Kind == cookiesession.EventLate:
		limit, text = &l.late, "session changed after the response headers were sent; the change is lost: change it before the first write"
	case e.Kind == cookiesession.EventTimedOut && e.Reason != "":
		limit, text = &l.timedOut, "session changed in a request that was given up; the change is lost, unless it was a Destroy"
	case e.Kind == cookiesession.EventSaveFailed:
		limit, text = &l.saveFailed, "session not saved"
	default:
		return
	}
	ok, skipped := limit.Allow(time.Now())
	if !ok {
		return
	}
	level, args := slog.LevelError, []any{"cookie", e.Cookie}
	if errors.Is(e.Err, cookiesession.ErrTooLarge) {
		level = slog.LevelWarn
	}
	if e.Err != nil {
		args = append(args, "error", e.Err)
	}
	if skipped > 0 {
		args = append(args, "skipped", skipped)
	}
	slog.Log(r.Context(), level, "scscookie: "+text, args...)
}
