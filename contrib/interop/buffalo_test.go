package interop

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/logger"
)

// TestBuffalo: a handler of buffalo counts in its session, and puts a flash
// message there; buffalo saves both at the end of the request. An old cookie is
// no session: buffalo ignores the error of Get.
func TestBuffalo(t *testing.T) {
	app := buffalo.New(buffalo.Options{
		Env: "test", SessionName: "app", SessionStore: newStore(t), Logger: logger.New(logger.FatalLevel),
	})
	app.GET("/flash", func(c buffalo.Context) error {
		c.Flash().Add("info", "hello")
		return c.Redirect(http.StatusFound, "/")
	})
	app.GET("/", func(c buffalo.Context) error {
		visits, _ := c.Session().Get("visits").(int)
		c.Session().Set("visits", visits+1)
		return c.Render(http.StatusOK, render.Func("text/plain", func(w io.Writer, data render.Data) error {
			_, err := fmt.Fprint(w, visits, data["flash"])
			return err
		}))
	})
	cookie := "app=MTcwMDAwMDAwMHxhYmNkZWZnaGlqa2xtbm9w"
	for _, page := range [][2]string{{"/", "0 map[]"}, {"/", "1 map[]"}, {"/flash", ""}, {"/", "2 map[info:[hello]]"}, {"/", "3 map[]"}} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, page[0], nil)
		r.Header.Set("Cookie", cookie)
		app.ServeHTTP(w, r)
		if body := w.Body.String(); page[1] != "" && body != page[1] {
			t.Errorf("%d %q, want %q", w.Code, body, page[1])
		}
		if line := w.Header().Get("Set-Cookie"); line != "" {
			cookie, _, _ = strings.Cut(line, ";")
		}
	}
}
