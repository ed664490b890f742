package interop

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cookiesession"
	"github.com/kataras/iris/v12"
	"github.com/kataras/iris/v12/sessions"
)

// TestIris: a Codec is the Encoding of iris' sessions, whose cookie holds an
// id, and of its cookies. A cookie that does not open is no cookie.
func TestIris(t *testing.T) {
	codec, err := cookiesession.NewCodec(newKeys(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	app := iris.New()
	app.Logger().SetLevel("disable")
	app.Use(sessions.New(sessions.Config{Cookie: "id", Encoding: codec}).Handler())
	app.Get("/", func(c iris.Context) {
		s := sessions.Get(c)
		found := s.GetString("word") + c.GetCookie("theme", iris.CookieEncoding(codec))
		s.Set("word", "tea")
		c.SetCookieKV("theme", "dark", iris.CookieEncoding(codec, "theme"))
		_, _ = c.WriteString(found)
	})
	if err := app.Build(); err != nil {
		t.Fatal(err)
	}
	jar := map[string]string{}
	get := func(id, theme string) string {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "id", Value: id})
		r.AddCookie(&http.Cookie{Name: "theme", Value: theme})
		app.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			jar[c.Name] = c.Value
		}
		return w.Body.String()
	}
	if body := get("junk", "dark"); body != "" {
		t.Errorf("cookies that do not open: %q", body)
	}
	id, theme := jar["id"], jar["theme"]
	if len(id) < 58 || len(theme) < 58 || strings.Contains(theme, "dark") {
		t.Fatalf("cookies %q", jar)
	}
	if body := get(id, theme); body != "teadark" {
		t.Errorf("the next request has %q", body)
	}
	if body := get(theme, id); body != "" {
		t.Errorf("cookies under each other's names open: %q", body)
	}
}
