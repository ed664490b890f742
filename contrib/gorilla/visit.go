package gorilla

import (
	"errors"
	"net/http"
	"time"

	"example.com/cookiesession"
	"github.com/gorilla/sessions"
)

// A visit is the store of one session of one request. It hands what the request
// brought on to Save, which may be called without the request.
type visit struct {
	*Store
	bound   bool          // to its session
	request *http.Request // nil: none
	name    string        // whose cookie was looked for; "": none yet
	cookie  cookie
	err     error
}

// A cookie is what was found in a request for one session.
type cookie struct {
	values map[any]any // nil: nothing that opens
	meta   cookiesession.Meta
	legacy bool // it is the old store's, and of meta only Created is known, if at all
}

// New implements sessions.Store, for the registry too.
func (v *visit) New(r *http.Request, name string) (*sessions.Session, error) {
	if v.bound {
		return v.Store.New(r, name)
	}
	v.bound = true
	session := sessions.NewSession(v, name)
	if v.Options != nil {
		*session.Options = *v.Options
	}
	session.IsNew = true
	if err := checkName(name); err != nil {
		return session, err
	}
	v.request = r
	c, err := v.look(name)
	switch {
	case c.values != nil:
		session.Values, session.ID, session.IsNew = c.values, c.meta.ID, false
	case err != nil && v.OnRefused != nil:
		v.OnRefused(r, name, err)
		err = nil
	}
	return session, err
}

// look returns the request's cookie for a session. Without one its error is
// nil, too.
func (v *visit) look(name string) (cookie, error) {
	if v.name != name {
		v.name = name
		v.cookie, v.err = v.find(v.request, name)
	}
	return v.cookie, v.err
}

// meta returns what a session takes over from the cookie that it came in. One
// that was renewed has another identity and another life.
func (v *visit) meta(session *sessions.Session) cookiesession.Meta {
	c, _ := v.look(session.Name())
	meta := c.meta.Next()
	switch {
	case session.IsNew:
		meta.ID, meta.Created, meta.Lifetime = "", time.Time{}, 0
	case c.legacy && !meta.Created.IsZero():
		meta.Lifetime = v.legacyLife()
	}
	return meta
}

// find opens the request's cookie of that name; if it is none of ours, the old
// store's.
func (s *Store) find(r *http.Request, name string) (cookie, error) {
	if r == nil {
		return cookie{}, nil
	}
	c, err := s.open(r, name)
	if err != nil && len(s.legacy) > 0 {
		c, err = s.findLegacy(r, name, err)
	}
	if errors.Is(err, cookiesession.ErrNoSession) {
		return cookie{}, nil
	}
	return c, err
}

func (s *Store) open(r *http.Request, name string) (cookie, error) {
	values := map[any]any{}
	meta, err := s.codec.OpenRequest(r, name, &values)
	if err != nil {
		return cookie{}, err
	}
	// A session with Options of its own has its end sealed in.
	if maxAge := s.attributes(nil).maxAge; maxAge > 0 && meta.Lifetime == 0 &&
		!time.Now().Before(meta.Issued.Add(seconds(maxAge))) {
		return cookie{}, decodeError(cookiesession.ErrExpired, errMaxAge)
	}
	return cookie{values: values, meta: meta}, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
