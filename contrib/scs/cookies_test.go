package scscookie_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
)

// TestRefusedCookies checks that a cookie that does not open is an absent
// session, no error page, and is left alone until something is stored.
func TestRefusedCookies(t *testing.T) {
	ring := newKeyring(t, cookiesession.NewKey())
	good := newSite(t, config{keys: ring}).mint(t)
	for name, value := range map[string]string{
		"junk":          "junk",
		"altered":       good[:len(good)-2] + "AA",
		"a token":       strings.Repeat("A", 43),
		"a 2-part head": "EQ" + good[2:],
		"another label": newSite(t, config{keys: ring, options: options(func(o *optionsT) { o.Label = "other" })}).mint(t),
		"another name":  newSite(t, config{keys: ring, manager: func(m *scs.SessionManager) { m.Cookie.Name = "other" }}).mint(t),
		"another key":   newSite(t, config{}).mint(t),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, config{keys: ring})
			v := s.visit(t, s.read("foo"))
			v.hold("session", value)
			res := v.do("/")
			if res.StatusCode != 200 || setLines(res) != nil {
				t.Errorf("status %d, cookies %q", res.StatusCode, setLines(res))
			}
			if diff := cmp.Diff([]string{"refused"}, s.kinds()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if v.has(s, "foo") {
				t.Error("the session has something")
			}
			v.with(s, s.put("foo", "new"))
			if !v.has(s, "foo") {
				t.Error("nothing was stored over it")
			}
		})
	}
}

// TestStrippedCookies checks that a session is found although a middleware
// further in takes the cookies away first, as one in front of a proxy may.
func TestStrippedCookies(t *testing.T) {
	s := newSite(t, config{})
	v := s.visit(t, s.put("foo", "bar"))
	v.do("/")
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		if got := s.GetString(r.Context(), "foo"); got != "bar" {
			t.Errorf("the session has %q", got)
		}
		if r.Header["Cookie"] != nil {
			t.Error("the cookies are back in the handler's request")
		}
	})
}

// mint returns a cookie's value.
func (s *site) mint(t testing.TB) string {
	t.Helper()
	v := s.visit(t, s.put("foo", "bar"))
	v.do("/")
	return slices.Max(slices.Collect(func(yield func(string) bool) {
		for _, c := range v.jar.Cookies(home) {
			yield(c.Value)
		}
	}))
}

// TestNewestWins checks that of two cookies of one name, which come from two
// paths or domains, the one issued last counts, wherever it stands, and what
// the application is told of its token and deadline is right.
func TestNewestWins(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Hour} {
		testNewestWins(t, newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout = idle }}))
	}
}

func testNewestWins(t *testing.T, s *site) {
	synctest.Test(t, func(t *testing.T) {
		older := s.mint(t)
		time.Sleep(time.Minute)
		v := s.visit(t, s.put("foo", "newer"))
		v.do("/")
		newer := v.cookie("session")
		for _, order := range [][]string{{older, newer}, {newer, older}, {"junk", older, newer}} {
			r := httptest.NewRequest("GET", "/", nil)
			for _, value := range order {
				r.AddCookie(&http.Cookie{Name: "session", Value: value})
			}
			s.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if got := s.GetString(r.Context(), "foo"); got != "newer" || s.Token(r.Context()) != newer {
					t.Errorf("value %q, token %q", got, s.Token(r.Context()))
				}
				if got := time.Until(s.Deadline(r.Context())); got != 24*time.Hour {
					t.Errorf("deadline in %v", got)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}

// TestCheck checks the application's own test: it can refuse a session, and an
// outage of what it asks does not overwrite any.
func TestCheck(t *testing.T) {
	var answer error
	s := newSite(t, config{options: options(func(o *optionsT) {
		o.Check = func(r *http.Request, values map[string]any) error {
			if values["foo"] != "bar" {
				return errors.New("values are missing")
			}
			return answer
		}
	})})
	v := s.visit(t, s.put("foo", "bar"))
	v.do("/")
	if !v.has(s, "foo") {
		t.Error("an accepted session is absent")
	}
	answer = cookiesession.ErrRevoked
	if v.has(s, "foo") {
		t.Error("a revoked session is there")
	}
	answer = errors.New("the database is down")
	s.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		if !errors.Is(err, answer) {
			t.Errorf("ErrorFunc got %v", err)
		}
		http.Error(w, "later", http.StatusServiceUnavailable)
	}
	if v.has(s, "foo") {
		t.Error("a session that could not be checked is there")
	}
	if res := v.with(s, s.put("foo", "over")); res.StatusCode != http.StatusServiceUnavailable || setLines(res) != nil {
		t.Errorf("status %d, cookies %q", res.StatusCode, setLines(res))
	}
	answer = nil
	if !v.has(s, "foo") {
		t.Error("the outage cost the visitor the session")
	}
}

// TestLogout checks which cookies a logout deletes: those that the request
// carried, and where SameSite may have kept ours back, that one. An outage of
// what Check asks keeps nobody from logging out.
func TestLogout(t *testing.T) {
	for _, test := range []struct {
		name    string
		method  string
		carried bool
		down    bool
		set     int
	}{
		{"a form", "POST", true, false, 1},
		{"a link", "GET", true, false, 1},
		{"a form of another site", "POST", false, false, 1},
		{"a fetch that deletes", "DELETE", false, false, 1},
		{"a link of another site", "GET", false, false, 0},
		{"a HEAD", "HEAD", false, false, 0},
		{"Check is down", "POST", true, true, 1},
		{"Check is down, another site", "POST", false, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var answer error
			s := newSite(t, config{options: options(func(o *optionsT) {
				o.Check = func(*http.Request, map[string]any) error { return answer }
			})})
			v := s.visit(t, s.put("foo", "bar"))
			v.do("/")
			if test.down {
				answer = errors.New("the database is down")
			}
			if !test.carried {
				v = newVisitor(t, nil)
			}
			res := v.with(s, func(w http.ResponseWriter, r *http.Request) {
				if err := s.Destroy(r.Context()); err != nil {
					t.Error(err)
				}
				fmt.Fprint(w, "logged out")
			}, func(r *http.Request) { r.Method = test.method })
			got := setLines(res)
			if len(got) != test.set || len(got) > 0 && got[0] != "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax" || res.StatusCode != 200 {
				t.Errorf("status %d, Set-Cookie %q", res.StatusCode, got)
			}
		})
	}
}

// TestSplitting checks a session that grows over several cookies and shrinks
// again: what it leaves behind is deleted.
func TestSplitting(t *testing.T) {
	s := newSite(t, config{options: options(func(o *optionsT) { o.MaxCookies = 3 })})
	v := s.visit(t, nil)
	names := func(res *http.Response) (set, deleted []string) {
		for _, c := range res.Cookies() {
			if c.MaxAge < 0 {
				deleted = append(deleted, c.Name)
				continue
			}
			set = append(set, c.Name)
		}
		return set, deleted
	}
	for _, test := range []struct {
		bytes        int
		set, deleted []string
	}{
		{10, []string{"session"}, nil},
		{7000, []string{"session", "session_2", "session_3"}, nil},
		{5000, []string{"session", "session_2"}, []string{"session_3"}},
		{20, []string{"session"}, []string{"session_2"}},
		{5000, []string{"session", "session_2"}, nil},
		{0, nil, []string{"session", "session_2"}},
	} {
		res := v.with(s, func(_ http.ResponseWriter, r *http.Request) {
			if test.bytes == 0 {
				_ = s.Destroy(r.Context())
				return
			}
			s.Put(r.Context(), "foo", large(test.bytes))
		})
		set, deleted := names(res)
		if diff := cmp.Diff([][]string{test.set, test.deleted}, [][]string{set, deleted}); diff != "" {
			t.Errorf("%d bytes (-want +got):\n%s", test.bytes, diff)
		}
		v.with(s, func(_ http.ResponseWriter, r *http.Request) {
			if got := s.GetBytes(r.Context(), "foo"); len(got) != test.bytes {
				t.Errorf("of %d bytes, %d came back", test.bytes, len(got))
			}
		})
	}
}

// TestSeveralManagers checks that two managers around one handler keep two
// sessions, and that one of them twice is one.
func TestSeveralManagers(t *testing.T) {
	a := newSite(t, config{})
	b := newSite(t, config{manager: func(m *scs.SessionManager) { m.Cookie.Name = "admin" }})
	v := newVisitor(t, a.sessions.LoadAndSave(b.sessions.LoadAndSave(a.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Put(r.Context(), "foo", "a")
		b.Put(r.Context(), "foo", "b")
	})))))
	if res := v.do("/"); len(res.Cookies()) != 2 || len(res.Header["Vary"]) != 1 {
		t.Errorf("cookies %q, Vary %q", setLines(res), res.Header["Vary"])
	}
	v.handler = b.sessions.LoadAndSave(a.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := []string{a.GetString(r.Context(), "foo"), b.GetString(r.Context(), "foo")}; got[0] != "a" || got[1] != "b" {
			t.Errorf("values %q", got)
		}
	})))
	v.do("/")
}

func TestOneCookieForTwoManagers(t *testing.T) {
	a, b := newSite(t, config{}), newSite(t, config{})
	defer func() {
		if got, _ := recover().(string); !strings.Contains(got, `"session"`) {
			t.Errorf("panic: %q", got)
		}
	}()
	newVisitor(t, a.sessions.LoadAndSave(b.sessions.LoadAndSave(http.NotFoundHandler()))).do("/")
}

// TestTimeoutInside checks that http.TimeoutHandler inside LoadAndSave, where
// it does not belong, does no harm: its answer is saved while the handler still
// uses the session.
func TestTimeoutInside(t *testing.T) {
	s := newSite(t, config{})
	var handlers sync.WaitGroup
	slow := func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		s.Put(r.Context(), "first", 0)
		ended := r.Context().Done()
		for i, more := 0, 2000; more > 0; i++ {
			select {
			case <-ended:
				more--
			default:
			}
			s.Put(r.Context(), fmt.Sprint("k", i%50), i)
		}
	}
	h := s.sessions.LoadAndSave(http.TimeoutHandler(http.HandlerFunc(slow), time.Millisecond, "too slow"))
	for range 20 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", w.Code)
		}
	}
	handlers.Wait()
}

// TestConcurrentHandlers checks that a handler may use its session from several
// goroutines, as with scs alone.
func TestConcurrentHandlers(t *testing.T) {
	s := newSite(t, config{})
	v := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() { s.Put(r.Context(), fmt.Sprint("k", i), i) })
		}
		all.Wait()
	})
	v.do("/")
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if got := s.Keys(r.Context()); len(got) != 8 {
			t.Errorf("keys %q", got)
		}
	})
}

// TestNewerRelease checks a cookie of a release that came after this one, and
// was rolled back: it is no session, nothing but a login or a logout writes
// over it, and no session of the old store stands in for it.
func TestNewerRelease(t *testing.T) {
	ring := newKeyring(t, cookiesession.NewKey())
	token, err := base64.RawURLEncoding.DecodeString(newSite(t, config{keys: ring}).mint(t))
	if err != nil {
		t.Fatal(err)
	}
	token[0] = 2 // the version
	newer := base64.RawURLEncoding.EncodeToString(token)
	store := &oldStore{entries: map[string][]byte{}}
	s := newSite(t, config{
		keys:    ring,
		manager: func(m *scs.SessionManager) { m.Store = store },
		options: options(func(o *optionsT) { o.LegacyUntil = time.Now().Add(time.Hour) }),
	})
	for _, test := range []struct {
		name   string
		does   func(*http.Request) error
		status int
		set    int
		asked  int
	}{
		{"read", func(r *http.Request) error { s.Get(r.Context(), "foo"); return nil }, 200, 0, 0},
		{"put", func(r *http.Request) error { s.Put(r.Context(), "foo", 1); return nil }, 500, 0, 0},
		{"login", func(r *http.Request) error { s.Put(r.Context(), "foo", 1); return s.RenewToken(r.Context()) }, 200, 1, 0},
		{"logout", func(r *http.Request) error { return s.Destroy(r.Context()) }, 200, 1, 1}, // to delete
	} {
		s.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
			if !errors.Is(err, cookiesession.ErrNewer) {
				t.Errorf("%s: ErrorFunc got %v", test.name, err)
			}
			w.WriteHeader(500)
		}
		store.finds = 0
		v := newVisitor(t, nil)
		v.hold("session", newer)
		res := v.with(s, func(_ http.ResponseWriter, r *http.Request) {
			if err := test.does(r); err != nil {
				t.Error(err)
			}
		}, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "session", Value: strings.Repeat("A", 43)}) })
		if res.StatusCode != test.status || len(res.Cookies()) != test.set || store.finds != test.asked {
			t.Errorf("%s: status %d, Set-Cookie %q; the old store was asked %d times", test.name, res.StatusCode, setLines(res), store.finds)
		}
	}
}
