package ginstore_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"example.com/cookiesession"
	ginstore "example.com/cookiesession/contrib/gin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/tester"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/securecookie"
	gorillasessions "github.com/gorilla/sessions"
)

func init() {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
}

func newKeys(t testing.TB) *cookiesession.Keyring {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newStore(t *testing.T) *ginstore.Store {
	t.Helper()
	store, err := ginstore.NewStore(newKeys(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// A codecStore is gorilla's own store around a Codec, as gin-contrib wants it.
type codecStore struct{ *gorillasessions.CookieStore }

func (s codecStore) Options(o sessions.Options) { s.CookieStore.Options = o.ToGorillaOptions() }

// TestSuite runs gin-contrib's own tests of stores, as far as the oldest
// version has them: contrib/interop runs those of today.
func TestSuite(t *testing.T) {
	suites := map[string]func(*testing.T, func(*testing.T) sessions.Store){
		"GetSet":    func(t *testing.T, f func(*testing.T) sessions.Store) { tester.GetSet(t, f) },
		"DeleteKey": func(t *testing.T, f func(*testing.T) sessions.Store) { tester.DeleteKey(t, f) },
		"Flashes":   func(t *testing.T, f func(*testing.T) sessions.Store) { tester.Flashes(t, f) },
		"Clear":     func(t *testing.T, f func(*testing.T) sessions.Store) { tester.Clear(t, f) },
		"Options":   func(t *testing.T, f func(*testing.T) sessions.Store) { tester.Options(t, f) },
		"Many":      func(t *testing.T, f func(*testing.T) sessions.Store) { tester.Many(t, f) },
	}
	stores := map[string]func(*testing.T) sessions.Store{
		"store": func(t *testing.T) sessions.Store { return newStore(t) },
		"codec": func(t *testing.T) sessions.Store {
			codec, err := cookiesession.NewCodec(newKeys(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			return codecStore{&gorillasessions.CookieStore{
				Codecs:  []securecookie.Codec{codec},
				Options: &gorillasessions.Options{Path: "/", MaxAge: 86400},
			}}
		},
	}
	for kind, store := range stores {
		for name, suite := range suites {
			t.Run(kind+"/"+name, func(t *testing.T) { suite(t, store) })
		}
	}
}

// serve has a router answer one request, whose handler is h.
func serve(t *testing.T, store *ginstore.Store, cookie string, h func(*gin.Context, sessions.Session)) http.Header {
	t.Helper()
	router := gin.New()
	router.Use(sessions.Sessions("app", store))
	called := false
	router.GET("/", func(c *gin.Context) { called = true; h(c, sessions.Default(c)) })
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	router.ServeHTTP(w, r)
	if !called {
		t.Fatal("the handler was not called")
	}
	return w.Header()
}

func save(t *testing.T, s sessions.Session) {
	t.Helper()
	if err := s.Save(); err != nil {
		t.Errorf("Save: %v", err)
	}
}

// TestOptionsReplaceEverything: what gin-contrib's Options leave out is the
// store's, so a deletion reaches the cookie that was set, and nothing becomes
// unsafe.
func TestOptionsReplaceEverything(t *testing.T) {
	store := newStore(t)
	store.Store.Options.Partitioned = true
	store.Options(sessions.Options{Path: "/in", Domain: "app.example", MaxAge: 60, SameSite: http.SameSiteStrictMode})
	for _, test := range []struct {
		options *sessions.Options
		want    string
	}{
		{nil, "Path=/in; Domain=app.example; Expires=...; Max-Age=60; SameSite=Strict; HttpOnly; Secure; Partitioned"},
		{&sessions.Options{}, "Path=/in; Domain=app.example; HttpOnly; Secure; SameSite=Strict; Partitioned"},
		{&sessions.Options{MaxAge: -1}, "Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; Path=/in; Domain=app.example; HttpOnly; Secure; SameSite=Strict; Partitioned"},
	} {
		header := serve(t, store, "", func(_ *gin.Context, s sessions.Session) {
			s.Set("key", "value")
			if test.options != nil {
				s.Options(*test.options)
			}
			save(t, s)
		})
		_, got, _ := strings.Cut(header.Get("Set-Cookie"), "; ")
		if test.options == nil {
			got = regexp.MustCompile(`Expires=[^;]*`).ReplaceAllString(got, "Expires=...")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.options, diff)
		}
	}
	store.Options(sessions.Options{})
	header := serve(t, store, "", func(_ *gin.Context, s sessions.Session) { s.Set("key", 1); save(t, s) })
	if _, got, _ := strings.Cut(header.Get("Set-Cookie"), "; "); got != "Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned" {
		t.Errorf("zero Options: %s", got)
	}
}

// TestNoNilSession: gin-contrib uses the session whatever the error was.
func TestNoNilSession(t *testing.T) {
	store := newStore(t)
	refused := 0
	store.OnRefused = func(_ *http.Request, _ string, err error) {
		if refused++; !errors.Is(err, cookiesession.ErrInvalid) {
			t.Errorf("refused: %v", err)
		}
	}
	serve(t, store, "app=garbage", func(_ *gin.Context, s sessions.Session) {
		if s.Get("key") != nil || s.ID() != "" {
			t.Error("garbage has a session")
		}
	})
	if refused != 1 {
		t.Errorf("OnRefused was called %d times", refused)
	}
	router := gin.New()
	router.Use(gin.Recovery(), sessions.Sessions("bad:name", store))
	router.GET("/", func(c *gin.Context) {
		s := sessions.Default(c)
		s.Set("key", "value")
		if s.Save() == nil {
			t.Error("Save of a session with a bad name said nothing")
		}
	})
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusOK || w.Header()["Set-Cookie"] != nil {
		t.Errorf("status %d, Set-Cookie %q", w.Code, w.Header()["Set-Cookie"])
	}
}

// TestSaveFails: a Save that fails is told to the store's hook, because
// handlers ignore its error. One after the response is such a Save.
func TestSaveFails(t *testing.T) {
	type unregistered struct{ N int }
	store := newStore(t)
	var told []string
	store.OnSaveFailed = func(r *http.Request, name string, err error) {
		told = append(told, fmt.Sprint(r != nil, name, err))
	}
	for _, test := range []struct {
		name   string
		change func(*gin.Context, sessions.Session)
		want   string // in what is told; "": nothing
	}{
		{"a value", func(_ *gin.Context, s sessions.Session) { s.Set("v", 1) }, ""},
		{"a type without its line", func(_ *gin.Context, s sessions.Session) { s.Set("v", unregistered{1}) }, "cookiesession.Register("},
		{"after a response", func(c *gin.Context, s sessions.Session) { s.Set("v", 1); c.String(200, "page") }, "sent"},
		{"after a redirect", func(c *gin.Context, s sessions.Session) { s.Set("v", 1); c.Redirect(303, "/to") }, "sent"},
		{"after a status", func(c *gin.Context, s sessions.Session) { s.Set("v", 1); c.Status(204) }, ""},
	} {
		told = nil
		header := serve(t, store, "", func(c *gin.Context, s sessions.Session) {
			test.change(c, s)
			_ = s.Save()
		})
		switch failed := len(told) == 1; {
		case failed != (test.want != ""), failed && !strings.HasPrefix(told[0], "trueapp"), failed && !strings.Contains(told[0], test.want):
			t.Errorf("%s: told %q", test.name, told)
		case failed == (header["Set-Cookie"] != nil):
			t.Errorf("%s: Set-Cookie %q", test.name, header["Set-Cookie"])
		}
	}
}

func TestNewStoreRefuses(t *testing.T) {
	if store, err := ginstore.NewStore(nil, nil); err == nil || store != nil {
		t.Errorf("NewStore(nil, nil) = %v, %v", store, err)
	}
}

// TestRollout has a visitor meet replicas of the old program and of the new one
// in turn. Under one name, what the old one saves replaces the new one's
// cookie, although it only wanted to count. Under two names each has its own.
func TestRollout(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string // what the visitor is told at each request, from the third on
	}{
		{"app", []string{"old: 1", "new: 1"}},
		{"app2", []string{"old: 1", "new: 3"}},
	} {
		oldStore := cookie.NewStore([]byte(strings.Repeat("k", 32)))
		replicas := map[string]http.Handler{"old": counter("old", "app", oldStore), "new": counter("new", tt.name, newStore(t))}
		jar := map[string]string{}
		var told []string
		for _, replica := range []string{"new", "new", "old", "new"} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for name, value := range jar {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			w := httptest.NewRecorder()
			replicas[replica].ServeHTTP(w, r)
			for _, c := range w.Result().Cookies() {
				jar[c.Name] = c.Value
			}
			told = append(told, w.Body.String())
		}
		if diff := cmp.Diff(append([]string{"new: 1", "new: 2"}, tt.want...), told); diff != "" {
			t.Errorf("the new name is %s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// counter is a program that counts in its session.
func counter(replica, name string, store sessions.Store) http.Handler {
	router := gin.New()
	router.Use(sessions.Sessions(name, store))
	router.GET("/", func(c *gin.Context) {
		session := sessions.Default(c)
		n, _ := session.Get("n").(int)
		session.Set("n", n+1)
		_ = session.Save()
		c.String(http.StatusOK, "%s: %d", replica, n+1)
	})
	return router
}
