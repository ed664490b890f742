package gorilla

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
	"github.com/gorilla/sessions"
)

// Refresh returns a handler that keeps sessions of these names fresh for
// visitors whose requests save nothing. Just before the headers of a page go
// out, it
//
//   - issues a session anew that has used up a quarter of
//     CodecOptions.IdleTimeout, or half of it if the page took more than 2
//     seconds,
//   - moves a session to the key that seals now if an older key has sealed it,
//     which prolongs nothing, and
//   - turns a cookie of the old store into one of ours: see [Legacy].
//
// Nothing else of the session changes. If next has saved the session, Refresh
// only sees to it that no shared cache keeps the page. Put it around the whole
// application.
//
// A page is what a browser says it is: images, scripts and what scripts fetch
// are left alone, and so are prefetched pages. Responses that say 304, 408, 499
// or an error of the server refresh nothing. The second and the third case wait
// for a page that takes at most 2 seconds. The longer a response takes, the
// more likely it would bring a session back that another request has ended
// meanwhile.
//
// It leaves sessions alone that were saved with Options of their own, because
// it does not know them: their handlers save them. Of the old store's sessions
// nobody knows, so if those had Options of their own, leave their names out.
func (s *Store) Refresh(next http.Handler, names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := webrule.KindOf(r)
		if !kind.IsPage() {
			next.ServeHTTP(w, r)
			return
		}
		// The handler may change its request, and be given up while it does.
		page := &page{ResponseWriter: w, store: s, names: names, kind: kind, start: time.Now(), ended: r.Context(),
			request: (&http.Request{Header: http.Header{"Cookie": r.Header["Cookie"]}}).WithContext(r.Context())}
		next.ServeHTTP(page, r)
		page.commit(http.StatusOK)
	})
}

// A page refreshes sessions just before the headers of its response go out.
// What it has no method for, http.ResponseController finds by Unwrap.
type page struct {
	http.ResponseWriter
	store     *Store
	names     []string
	kind      webrule.Kind
	start     time.Time
	ended     context.Context
	request   *http.Request // of the page, as far as its cookies go
	committed bool
}

func (p *page) commit(status int) {
	if p.committed {
		return
	}
	p.committed = true
	now := time.Now()
	how := webrule.Refresh{Kind: p.kind, Flight: now.Sub(p.start), Status: status}
	for _, name := range p.names {
		if webrule.HasCookie(p.Header(), name) { // next has saved it
			webrule.SetCookies(p.Header(), nil, nil) // and may have allowed caches to keep it since
			continue
		}
		p.store.refresh(p.Header(), p.request, name, how, now)
	}
}

// refresh puts the cookies of a session into a response's header, if a refresh
// is due.
func (s *Store) refresh(h http.Header, r *http.Request, name string, how webrule.Refresh, now time.Time) {
	v := &visit{Store: s, request: r}
	c, _ := v.look(name)
	if c.values == nil {
		return
	}
	var lines []string
	var err error
	switch {
	case s.renewalDue(&c, how, now):
		session := sessions.NewSession(v, name)
		session.Values, session.Options = c.values, s.Options
		lines, err = v.lines(session)
	case s.resealDue(&c, how, now):
		lines, err = v.reseal(name, c.meta, now)
	default:
		return
	}
	if err != nil {
		s.failed(r, name, err) // the old cookie is as good as it was
		return
	}
	s.put(h, name, lines)
}

// renewalDue reports whether a cookie is to be replaced by one that is issued
// now. It leaves alone what has Options of its own.
func (s *Store) renewalDue(c *cookie, how webrule.Refresh, now time.Time) bool {
	if c.legacy { // like one under a key that was superseded long ago
		return how.ResealDue(webrule.Superseded{}, now)
	}
	return c.meta.Lifetime == 0 && how.RenewalDue(now.Sub(c.meta.Issued), s.policy.idleTimeout)
}

// resealDue reports whether a cookie is to be replaced by the same under the
// key that seals now.
func (s *Store) resealDue(c *cookie, how webrule.Refresh, now time.Time) bool {
	return c.meta.Lifetime == 0 && c.meta.Stale && how.ResealDue(s.superseded(c.meta), now)
}

// reseal returns the lines that move a session to the key that seals now and
// prolong nothing.
func (v *visit) reseal(name string, meta cookiesession.Meta, now time.Time) ([]string, error) {
	a := v.attributes(nil)
	if err := a.check(name); err != nil {
		return nil, err
	}
	text, err := v.codec.Reseal(v.request, name)
	if err != nil {
		return nil, err
	}
	maxAge := 0
	if a.maxAge > 0 && !meta.BrowserSession {
		maxAge = int(v.policy.left(meta, a.maxAge, now) / time.Second)
	}
	return v.compose(name, text, maxAge, &a, nil), nil
}

// left returns how long a session that was saved with the store's MaxAge has
// left if it is not saved again. It opens, so that is at least a second.
func (p *policy) left(meta cookiesession.Meta, maxAge int, now time.Time) time.Duration {
	end := meta.Created.Add(p.lifetime)
	if of := meta.Issued.Add(seconds(maxAge)); of.Before(end) {
		end = of
	}
	if of := meta.Issued.Add(p.idleTimeout); p.idleTimeout > 0 && of.Before(end) {
		end = of
	}
	return end.Sub(now.Truncate(time.Second))
}

// superseded returns what is known about the key of a cookie that is stale.
func (s *Store) superseded(meta cookiesession.Meta) webrule.Superseded {
	of := webrule.Superseded{Issued: meta.Issued}
	later := time.Time{}
	for _, key := range s.keys.Keys() { // the latest activation first
		if key.ID == meta.KeyID {
			of.Next, of.Retires = later, key.Retires
			break
		}
		later = key.Activates
	}
	return of
}

// Written tells Save whether the headers are out.
func (p *page) Written() bool { return p.committed }

// WriteHeader refreshes first if the status is final. Informational responses
// come before the final one; 101 replaces it.
func (p *page) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		p.commit(status)
	}
	p.ResponseWriter.WriteHeader(status)
}

// Write refreshes first.
func (p *page) Write(b []byte) (int, error) {
	p.commit(http.StatusOK)
	return p.ResponseWriter.Write(b)
}

// ReadFrom refreshes first. It keeps sendfile within reach of io.Copy.
func (p *page) ReadFrom(src io.Reader) (int64, error) {
	p.commit(http.StatusOK)
	return io.Copy(p.ResponseWriter, src)
}

// Flush is FlushError for code that asserts http.Flusher.
func (p *page) Flush() { _ = p.FlushError() }

// FlushError refreshes first, because flushing sends the headers.
func (p *page) FlushError() error {
	p.commit(http.StatusOK)
	return http.NewResponseController(p.ResponseWriter).Flush()
}

// Hijack is there because gin and gorilla/websocket assert it. Whoever takes
// the connection sends headers of their own, so nothing is refreshed.
func (p *page) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(p.ResponseWriter).Hijack()
	p.committed = p.committed || err == nil
	return conn, rw, err
}

// CloseNotify is there because gin asserts it and panics where it is missing.
// It tells what the request's context tells.
func (p *page) CloseNotify() <-chan bool {
	closed := make(chan bool, 1)
	context.AfterFunc(p.ended, func() { closed <- true })
	return closed
}

// Unwrap gives http.ResponseController everything else.
func (p *page) Unwrap() http.ResponseWriter { return p.ResponseWriter }
