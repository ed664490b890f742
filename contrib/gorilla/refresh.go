package gorilla

import (
	"net/http"
	"time"

	"example.com/cookiesession/internal/webrule"
	"github.com/gorilla/sessions"
)

// Refresh returns a handler that keeps sessions of these names fresh for
// visitors whose requests save nothing. Before next runs, it saves a session
// anew that
//
//   - a key has sealed that another has superseded since,
//   - has used up half of CodecOptions.IdleTimeout, or
//   - is the old store's: see [Legacy].
//
// Nothing else of the session changes, and a Save in next replaces it. Put it
// around the whole application. Requests for images, scripts and the like are
// left alone.
//
// It leaves sessions alone that were saved with Options of their own, because
// it does not know them: their handlers save them. Of the old store's sessions
// nobody knows, so if those had Options of their own, leave their names out.
func (s *Store) Refresh(next http.Handler, names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if webrule.MayRefresh(r, http.StatusOK) {
			for _, name := range names {
				s.refresh(w, r, name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Store) refresh(w http.ResponseWriter, r *http.Request, name string) {
	v := &visit{Store: s, request: r}
	c, _ := v.look(name)
	if c.values == nil || !s.due(&c) {
		return
	}
	session := sessions.NewSession(v, name)
	session.Values, session.Options = c.values, s.Options
	// Nobody asked for it, and the old cookie is as good as it was.
	_ = s.Save(r, w, session)
}

// due reports whether a cookie is to be replaced by a fresh one.
func (s *Store) due(c *cookie) bool {
	switch {
	case c.legacy:
		return true
	case c.meta.Lifetime != 0:
		return false // it has Options of its own
	}
	idle := s.policy.idleTimeout
	return c.meta.Stale || idle > 0 && 2*time.Since(c.meta.Issued) >= idle
}
