package replica

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"example.com/cookiesession"
)

type server struct {
	keys     *cookiesession.Keyring
	opened   time.Time // when keys was
	sessions *cookiesession.Manager[Visit]
	events   tally
}

// handler returns the site, with the defaults that a real one would have: the
// visitors come to localhost, where a Secure cookie does without TLS.
func (s *server) handler() (http.Handler, error) {
	var err error
	s.sessions, err = cookiesession.New(s.keys, &cookiesession.Options[Visit]{
		OnEvent: func(_ *http.Request, e cookiesession.Event) { s.events.add(e) },
	})
	if err != nil {
		return nil, err
	}
	site := http.NewServeMux()
	site.HandleFunc("GET /{$}", s.show)
	site.HandleFunc("POST /login", s.login)
	site.HandleFunc("POST /count", s.count)
	site.HandleFunc("POST /logout", s.logout)

	all := http.NewServeMux()
	all.Handle("/", s.sessions.Handler(site))
	all.HandleFunc("GET "+StatePath, func(w http.ResponseWriter, _ *http.Request) { write(w, s.state()) })
	return all, nil
}

func (s *server) state() State {
	return State{
		Keys:   s.keys.Keys(),
		Polled: s.keys.Loaded().After(s.opened),
		Events: s.events.snapshot(),
	}
}

// show answers after as long as the request asks it to wait, with the session
// as it came.
func (s *server) show(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.Get(r)
	if wait, err := time.ParseDuration(r.FormValue("wait")); err == nil {
		time.Sleep(wait)
	}
	s.answer(w, session)
}

func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.Get(r)
	session.Destroy()
	s.answer(w, session)
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.Get(r)
	session.Renew()
	session.Data = Visit{User: r.FormValue("user")}
	s.answer(w, session)
}

// count adds one for visitors who are logged in, and nothing for others.
func (s *server) count(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.Get(r)
	if session.Data.User != "" {
		session.Data.Count++
	}
	s.answer(w, session)
}

func (s *server) answer(w http.ResponseWriter, session *cookiesession.Session[Visit]) {
	a := Answer{Visit: session.Data}
	if err := session.Err(); err != nil && !errors.Is(err, cookiesession.ErrNoSession) {
		a.Refused = err.Error()
	}
	write(w, a)
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the visitor has left, if it fails
}
