package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
	"github.com/gorilla/sessions"
)

// A site is a small web application that keeps the eight preferences in a
// session.
type site struct {
	name   string
	wrap   func(http.Handler) http.Handler // the middleware; nil: none
	put    func(http.ResponseWriter, *http.Request) error
	read   func(http.ResponseWriter, *http.Request) (theme string, err error)
	change func(http.ResponseWriter, *http.Request) error
}

// Uses of a session in a request.
const (
	put       = "put"
	untouched = "untouched"
	read      = "read"
	changed   = "changed"
)

var accesses = []string{untouched, read, changed}

var okBody = []byte("ok")

// bare answers without a session.
var bare = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(okBody) })

// handler returns the site's handler for requests of one kind.
func (s *site) handler(access string) http.Handler {
	var touch func(http.ResponseWriter, *http.Request) error
	switch access {
	case put:
		touch = s.put
	case read:
		touch = func(w http.ResponseWriter, r *http.Request) error {
			theme, err := s.read(w, r)
			if err == nil && theme != eight.Theme {
				err = fmt.Errorf("the theme is %q", theme)
			}
			return err
		}
	case changed:
		touch = s.change
	}
	var handler http.Handler = bare
	if touch != nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := touch(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = w.Write(okBody)
		})
	}
	if s.wrap != nil {
		handler = s.wrap(handler)
	}
	return handler
}

// cookie starts a session and returns the Cookie header of its next request.
func (s *site) cookie() (string, error) {
	w := httptest.NewRecorder()
	s.handler(put).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	var pairs []string
	for _, cookie := range w.Result().Cookies() {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	if w.Code != http.StatusOK || len(pairs) == 0 {
		return "", fmt.Errorf("%s: no session: status %d: %s", s.name, w.Code, w.Body)
	}
	return strings.Join(pairs, "; "), nil
}

func sites() ([]*site, error) {
	keys, err := newKeyring()
	if err != nil {
		return nil, err
	}
	manager, err := cookiesession.New[preferences](keys, nil)
	if err != nil {
		return nil, err
	}
	store, err := gorilla.NewStore(keys, nil)
	if err != nil {
		return nil, err
	}
	theirs := sessions.NewCookieStore(randomBytes(64), randomBytes(32))
	stateless := newSCS()
	cookies, err := scscookie.New(stateless, keys, nil)
	if err != nil {
		return nil, err
	}
	withMemory := newSCS()
	return []*site{
		{
			name: oursName,
			wrap: manager.Handler,
			put: func(_ http.ResponseWriter, r *http.Request) error {
				manager.Get(r).Data = eight
				return nil
			},
			read: func(_ http.ResponseWriter, r *http.Request) (string, error) { return manager.Get(r).Data.Theme, nil },
			change: func(_ http.ResponseWriter, r *http.Request) error {
				manager.Get(r).Data.FontSize++
				return nil
			},
		},
		gorillaSite("contrib/gorilla", store),
		gorillaSite("gorilla/sessions, CookieStore", theirs),
		scsSite("contrib/scs", stateless, cookies.LoadAndSave),
		scsSite("alexedwards/scs, memory store", withMemory, withMemory.LoadAndSave),
	}, nil
}

func newSCS() *scs.SessionManager {
	manager := scs.New()
	manager.Cookie.Name = cookieName
	manager.Cookie.Secure = true
	return manager
}

func gorillaSite(name string, store sessions.Store) *site {
	return &site{
		name: name,
		put: func(w http.ResponseWriter, r *http.Request) error {
			session, err := store.Get(r, cookieName)
			if err != nil {
				return err
			}
			session.Values = asValues(&eight).(map[any]any)
			return session.Save(r, w)
		},
		read: func(_ http.ResponseWriter, r *http.Request) (string, error) {
			session, err := store.Get(r, cookieName)
			if err != nil {
				return "", err
			}
			theme, _ := session.Values["theme"].(string)
			return theme, nil
		},
		change: func(w http.ResponseWriter, r *http.Request) error {
			session, err := store.Get(r, cookieName)
			if err != nil {
				return err
			}
			size, _ := session.Values["fontSize"].(int)
			session.Values["fontSize"] = size + 1
			return session.Save(r, w)
		},
	}
}

func scsSite(name string, manager *scs.SessionManager, wrap func(http.Handler) http.Handler) *site {
	return &site{
		name: name,
		wrap: wrap,
		put: func(_ http.ResponseWriter, r *http.Request) error {
			for k, v := range asMap(&eight) {
				manager.Put(r.Context(), k, v)
			}
			return nil
		},
		read: func(_ http.ResponseWriter, r *http.Request) (string, error) {
			return manager.GetString(r.Context(), "theme"), nil
		},
		change: func(_ http.ResponseWriter, r *http.Request) error {
			manager.Put(r.Context(), "fontSize", manager.GetInt(r.Context(), "fontSize")+1)
			return nil
		},
	}
}
