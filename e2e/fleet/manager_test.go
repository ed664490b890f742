package fleet

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"example.com/cookiesession"
)

// A manager is a real one, which answers the requests that the model answers.
type manager struct {
	sessions *cookiesession.Manager[session]
	handler  http.Handler
	do       func(*cookiesession.Session[session]) // in the next request
	refusal  cookiesession.Reason                  // of the last one
	done     act
}

type session struct {
	Name  string
	Count int
}

func newManager(t *testing.T, keys *cookiesession.Keyring, life time.Duration) *manager {
	t.Helper()
	m := new(manager)
	var err error
	m.sessions, err = cookiesession.New(keys, &cookiesession.Options[session]{Lifetime: life, OnEvent: m.event})
	if err != nil {
		t.Fatal(err)
	}
	m.handler = m.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { m.do(m.sessions.Get(r)) }))
	return m
}

func (m *manager) event(_ *http.Request, e cookiesession.Event) {
	switch e.Kind {
	case cookiesession.EventRefused:
		m.refusal = e.Reason
	case cookiesession.EventIssued:
		m.done = act(e.Reason)
	}
}

// ask makes a request with the visitor's real cookie, and leaves them with the
// cookie that the answer sets. It returns what that says to everybody.
func (m *manager) ask(s *simulation, v *visitor, do func(*cookiesession.Session[session])) (set cookie) {
	m.do, m.refusal, m.done = do, "", left
	r := httptest.NewRequest("GET", "https://shop.example/", nil)
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	if v.value != "" {
		r.Header.Set("Cookie", m.sessions.CookieName()+"="+v.value)
	}
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		head, err := base64.RawURLEncoding.DecodeString(c.Value[:12])
		if err != nil {
			s.t.Fatal(err)
		}
		v.value = c.Value
		set = cookie{
			key: hex.EncodeToString(head[1:4]), end: s.now.Unix() + int64(c.MaxAge),
			issued: int64(head[4])<<24 | int64(head[5])<<16 | int64(head[6])<<8 | int64(head[7]),
		}
	}
	return set
}

// login is a real login beside that of the model.
func (m *manager) login(s *simulation, who int, v *visitor) {
	set := m.ask(s, v, func(s *cookiesession.Session[session]) {
		s.Renew()
		s.Data = session{Name: "somebody", Count: who}
	})
	want := v.cookie
	want.created = 0
	if set != want {
		s.t.Fatalf("at %v visitor %d logs in: the Manager sets %+v, the model %+v", s.now, who, set, want)
	}
}

// request is a real request, before the model answers: an early reload is the
// Manager's.
func (m *manager) request(s *simulation, who, i int, change bool) (act, cookiesession.Reason) {
	v := &s.visits[who]
	set := m.ask(s, v, func(s *cookiesession.Session[session]) {
		if change && s.Data.Name != "" {
			s.Data.Count++
		}
	})
	s.look(i)
	done, refusal := s.nodes[i].view.request(&v.cookie, change, s.life, s.on(i), s.now.Unix())
	s.compared++
	if m.done != done || m.refusal != refusal {
		s.t.Fatalf("at %v visitor %d: the Manager says %q, %q, the model %q, %q", s.now, who, m.done, m.refusal, done, refusal)
	}
	if want := (cookie{key: v.key, issued: v.issued, end: v.end}); done != left && set != want {
		s.t.Fatalf("at %v visitor %d: the Manager sets %+v, the model %+v", s.now, who, set, want)
	}
	return done, refusal
}
