package interop

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo-contrib/session"
	"github.com/labstack/echo/v4"
)

// TestEchoV4: the module before echo v5 takes the same store.
func TestEchoV4(t *testing.T) {
	e := echo.New()
	e.Use(session.Middleware(newStore(t)))
	e.GET("/", func(c echo.Context) error {
		s, err := session.Get("app", c)
		if err != nil {
			t.Errorf("Get: %v", err)
		}
		before, _ := s.Values["foo"].(string)
		s.Values["foo"] = before + "bar"
		if err := s.Save(c.Request(), c.Response()); err != nil {
			return err
		}
		return c.String(http.StatusOK, before)
	})
	cookie := ""
	for _, want := range []string{"", "bar", "barbar"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", cookie)
		e.ServeHTTP(w, r)
		if w.Body.String() != want {
			t.Errorf("body %q, want %q", w.Body, want)
		}
		cookie, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
	}
}
