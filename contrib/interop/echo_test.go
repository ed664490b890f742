package interop

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo-contrib/v5/session"
	"github.com/labstack/echo/v5"
)

func newKeys(t testing.TB) *cookiesession.Keyring {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newStore(t testing.TB) *gorilla.Store {
	t.Helper()
	store, err := gorilla.NewStore(newKeys(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestEcho: a handler of echo-contrib sets an attribute and a value, and the
// next request has it.
func TestEcho(t *testing.T) {
	codec, err := cookiesession.NewCodec(newKeys(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for kind, store := range map[string]sessions.Store{
		"store": newStore(t),
		"codec": &sessions.CookieStore{Codecs: []securecookie.Codec{codec}, Options: &sessions.Options{Path: "/"}},
	} {
		e, skipped := echo.New(), false
		e.Use(session.MiddlewareWithConfig(session.Config{
			Store:   store,
			Skipper: func(c *echo.Context) bool { return c.Request().URL.Path == "/skipped" },
		}))
		e.GET("/skipped", func(c *echo.Context) error {
			_, err := session.Get("app", c)
			skipped = err != nil
			return c.NoContent(http.StatusOK)
		})
		e.GET("/", func(c *echo.Context) error {
			s, err := session.Get("app", c)
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			before, _ := s.Values["foo"].(string)
			s.Options.Domain = "app.example"
			s.Values["foo"] = before + "bar"
			if err := s.Save(c.Request(), c.Response()); err != nil {
				return err
			}
			return c.String(http.StatusOK, before)
		})
		get := func(path, cookie string) *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Cookie", cookie)
			e.ServeHTTP(w, r)
			return w
		}
		first := get("/", "")
		line := first.Header().Get("Set-Cookie")
		if first.Body.String() != "" || !strings.Contains(line+"; ", "; Domain=app.example; ") {
			t.Errorf("%s: body %q, Set-Cookie %q", kind, first.Body, line)
		}
		pair, _, _ := strings.Cut(line, ";")
		if got := get("/", pair).Body.String(); got != "bar" {
			t.Errorf("%s: the next request has %q", kind, got)
		}
		if get("/skipped", pair); !skipped {
			t.Errorf("%s: a skipped request has a store", kind)
		}
	}
}

// TestEchoBadName: echo-contrib hands on what the store returns, and handlers
// ignore the error.
func TestEchoBadName(t *testing.T) {
	e := echo.New()
	e.Use(session.Middleware(newStore(t)))
	e.GET("/", func(c *echo.Context) error {
		s, _ := session.Get("bad name", c)
		s.Values["foo"] = "bar"
		if s.Save(c.Request(), c.Response()) == nil {
			t.Error("Save said nothing")
		}
		return c.NoContent(http.StatusOK)
	})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusOK {
		t.Errorf("status %d", w.Code)
	}
}
