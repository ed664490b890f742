package cookiesession_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// Two Managers of one type around one handler, with cookies of their own.
type twoSites struct{ outer, inner *webSite[webUser] }

func (s twoSites) fetch(b *webBrowser, next func(w http.ResponseWriter, outer, inner *cookiesession.Session[webUser])) *http.Response {
	return b.fetch(s.outer.Handler(s.inner.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next(w, s.outer.Get(r), s.inner.Get(r))
	}))))
}

func TestTwoManagers(t *testing.T) {
	sites := newTwoSites(t)
	b := new(webBrowser)
	resp := sites.fetch(b, func(w http.ResponseWriter, outer, inner *cookiesession.Session[webUser]) {
		outer.Data.Visits, inner.Data.Visits = 1, 2
		w.Header().Set("Cache-Control", "public, max-age=60")
		io.WriteString(w, "page")
	})
	var names []string
	for _, c := range resp.Cookies() {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"inner", "outer"}, names); diff != "" {
		t.Errorf("cookies in order (-want +got):\n%s", diff)
	}
	got := http.Header{"Vary": resp.Header["Vary"], "Cache-Control": resp.Header["Cache-Control"]}
	if diff := cmp.Diff(http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private, max-age=60"}}, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}

	sites.fetch(b, func(_ http.ResponseWriter, outer, inner *cookiesession.Session[webUser]) {
		if outer.Data.Visits != 1 || inner.Data.Visits != 2 {
			t.Errorf("the sessions have %d and %d", outer.Data.Visits, inner.Data.Visits)
		}
	})
	// The cookie's name is sealed in: under the other's it does not open.
	b.jar["outer"] = b.jar["inner"]
	sites.fetch(b, func(_ http.ResponseWriter, outer, _ *cookiesession.Session[webUser]) {
		wantWrapped(t, outer.Err(), cookiesession.ErrInvalid)
	})
}

// A 500 of one Manager passes through the other, which saves its own session.
func TestTwoManagersOneFails(t *testing.T) {
	tests := []struct {
		name   string
		change func(outer, inner *cookiesession.Session[webUser])
		cookie string
	}{
		{"the inner one", func(outer, inner *cookiesession.Session[webUser]) { webSign(outer); webHuge(inner) }, "outer"},
		{"the outer one", func(outer, inner *cookiesession.Session[webUser]) { webHuge(outer); webSign(inner) }, "inner"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := newTwoSites(t).fetch(new(webBrowser), func(w http.ResponseWriter, outer, inner *cookiesession.Session[webUser]) {
				tt.change(outer, inner)
				_, err := io.WriteString(w, "page")
				wantTooLarge(t, err)
			})
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 500 || string(body) != "Internal Server Error\n" {
				t.Errorf("%d %q", resp.StatusCode, body)
			}
			if cookies := resp.Cookies(); len(cookies) != 1 || cookies[0].Name != tt.cookie {
				t.Errorf("cookies are %v, want %q", cookies, tt.cookie)
			}
			if got := resp.Header["Cache-Control"]; !cmp.Equal(got, []string{"no-store"}) {
				t.Errorf("Cache-Control is %q", got)
			}
		})
	}
}

// The outer Manager's cookie would replace the inner one's without a word.
func TestTwoManagersOneName(t *testing.T) {
	site, other := newUserSite(t), newWebSite(t, nil, cookiesession.Options[string]{})
	defer func() {
		text := fmt.Sprint(recover())
		for _, want := range []string{"__Host-session", "Manager[string]", "webUser"} {
			if !strings.Contains(text, want) {
				t.Errorf("panic %q does not name %s", text, want)
			}
		}
	}()
	site.Handler(other.Handler(http.NotFoundHandler())).ServeHTTP(httptest.NewRecorder(), webRequest())
}

// The same Manager twice is as good as once: what the outer part of an
// application changes and what the inner one does are one session.
func TestSameManagerTwice(t *testing.T) {
	site := newUserSite(t)
	page := site.visit(new(webBrowser), func(c *userCall) {
		c.S.Data.Visits = 1
		site.handle(func(inner *userCall) {
			if inner.S != c.S {
				t.Error("another session")
			}
			webSign(inner.S)
		}).ServeHTTP(c.W, c.R)
		c.S.Data.Visits++ // the inner Handler's return is not the end
	})
	value := wantDefaultCookie(t, page.Header)
	wantData(t, site, value, webUser{Name: webSecret, Visits: 2})
}

// A request within a request shares the session; only the outer response saves
// it.
func TestSubRequest(t *testing.T) {
	site := newUserSite(t)
	page := site.visit(new(webBrowser), func(c *userCall) {
		rec := httptest.NewRecorder()
		site.handle(func(inner *userCall) { webSign(inner.S); io.WriteString(inner.W, "part") }).ServeHTTP(rec, c.R)
		wantNoCookie(t, rec.Result().Header)
		c.W.Write(rec.Body.Bytes())
	})
	value := wantDefaultCookie(t, page.Header)
	wantData(t, site, value, webUser{Name: webSecret})
}
