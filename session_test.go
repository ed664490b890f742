package cookiesession_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

const (
	leaves  = "leaves the cookie alone"
	stores  = "sets a cookie"
	deletes = "deletes the cookie"
)

// Zero means absent, and Destroy ends whatever there was.
func TestSessionLifecycle(t *testing.T) {
	const (
		first   = "no cookie"
		known   = "a session"
		refused = "a refused cookie"
	)
	tests := []struct {
		brings string
		name   string
		do     func(*webSession)
		want   string
	}{
		{first, "read", func(*webSession) {}, leaves},
		{first, "changed", webSign, stores},
		{first, "nested pointer set", func(s *webSession) { s.Data.Profile = new(webProfile) }, stores},
		{first, "set and emptied", func(s *webSession) { webSign(s); s.Data = webUser{} }, leaves},
		{first, "empty", func(s *webSession) { s.Data = webUser{} }, leaves},
		{first, "ID", func(s *webSession) { s.ID() }, leaves},
		{first, "SetLifetime", func(s *webSession) { s.SetLifetime(time.Hour) }, leaves},
		{first, "Renew", func(s *webSession) { s.Renew() }, leaves},
		{first, "Destroy", func(s *webSession) { s.Destroy() }, leaves},
		{first, "Destroy, then Data", func(s *webSession) { s.Destroy(); webSign(s) }, stores},
		{first, "Data, then Destroy", func(s *webSession) { webSign(s); s.Destroy() }, leaves},

		{known, "read", func(*webSession) {}, leaves},
		{known, "times, Err and print", func(s *webSession) { _ = fmt.Sprint(s, s.CreatedAt(), s.IssuedAt(), s.ExpiresAt(), s.Err()) }, leaves},
		{known, "changed", func(s *webSession) { s.Data.Visits++ }, stores},
		{known, "changed deep inside", func(s *webSession) { s.Data.Profile.Theme = "light" }, stores},
		{known, "changed in a slice in a map", func(s *webSession) { s.Data.Tags["a"][1] = "z" }, stores},
		{known, "changed back", func(s *webSession) { s.Data.Tags["a"][1] = "z"; s.Data.Tags["a"][1] = "y" }, leaves},
		{known, "replaced by an equal value", func(s *webSession) { s.Data = storedUser() }, leaves},
		{known, "emptied", func(s *webSession) { s.Data = webUser{} }, deletes},
		{known, "ID", func(s *webSession) { s.ID() }, stores},
		{known, "SetLifetime", func(s *webSession) { s.SetLifetime(time.Hour) }, stores},
		{known, "Renew", func(s *webSession) { s.Renew() }, stores},
		{known, "emptied, with an ID", func(s *webSession) { s.ID(); s.Renew(); s.Data = webUser{} }, deletes},
		{known, "Destroy", func(s *webSession) { s.Destroy() }, deletes},
		{known, "Destroy twice", func(s *webSession) { s.Destroy(); s.Destroy() }, deletes},
		{known, "Destroy, then Renew", func(s *webSession) { s.Destroy(); s.Renew() }, deletes},
		{known, "Destroy, then Data", func(s *webSession) { s.Destroy(); webSign(s) }, stores},
		{known, "Destroy, then the same Data", func(s *webSession) { d := s.Data; s.Destroy(); s.Data = d }, stores},

		{refused, "read", func(*webSession) {}, leaves},
		{refused, "empty", func(s *webSession) { s.Data = webUser{} }, leaves},
		{refused, "ID", func(s *webSession) { s.ID() }, leaves},
		{refused, "changed", webSign, stores},
		{refused, "Destroy", func(s *webSession) { s.Destroy() }, deletes},
	}
	for _, tt := range tests {
		t.Run(tt.brings+"/"+tt.name, func(t *testing.T) {
			site := newUserSite(t)
			b := new(webBrowser)
			switch tt.brings {
			case known:
				b = site.newSession(func(c *userCall) { c.S.Data = storedUser() })
			case refused:
				b = withCookie(site.CookieName(), "not-a-token")
			}
			page := site.visit(b, func(c *userCall) { tt.do(c.S) })
			if wantCookieIs(t, page.cookies(), tt.want); page.StatusCode != 200 {
				t.Errorf("status %d", page.StatusCode)
			}
		})
	}
}

func storedUser() webUser {
	return webUser{Name: webSecret, Profile: &webProfile{"dark"}, Tags: map[string][]string{"a": {"x", "y"}}}
}

// What a Session says about itself.
func TestSessionState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newUserSite(t)
		check := func(name string, b *webBrowser, isNew bool, err error) *webPage[webUser] {
			page := site.visit(b, nil)
			if page.S.IsNew() != isNew {
				t.Errorf("%s: IsNew is %v", name, page.S.IsNew())
			}
			wantWrapped(t, page.S.Err(), err)
			if err != nil {
				wantFault(t, page.S.Err(), "decode")
			}
			return page
		}
		page := check("first visit", new(webBrowser), true, cookiesession.ErrNoSession)
		if s := page.S; !s.CreatedAt().Equal(time.Now()) || !s.IssuedAt().IsZero() || !s.ExpiresAt().Equal(time.Now().Add(14*24*time.Hour)) {
			t.Errorf("first visit: created %v, issued %v, expires %v", s.CreatedAt(), s.IssuedAt(), s.ExpiresAt())
		}

		b, created := signedIn(site), time.Now()
		time.Sleep(time.Hour)
		site.visit(b, func(c *userCall) { c.S.Data.Visits++ })
		issued := time.Now()
		time.Sleep(time.Hour)
		page = check("third visit", b, false, nil)
		if s := page.S; !s.CreatedAt().Equal(created) || !s.IssuedAt().Equal(issued) || !s.ExpiresAt().Equal(created.Add(14*24*time.Hour)) {
			t.Errorf("third visit: created %v, issued %v, expires %v", s.CreatedAt(), s.IssuedAt(), s.ExpiresAt())
		}
		if s := page.S; s.CreatedAt().Location() != time.UTC || s.IssuedAt().Location() != time.UTC || s.ExpiresAt().Location() != time.UTC {
			t.Error("times are not in UTC")
		}
		check("garbage", withCookie(site.CookieName(), "x"), true, cookiesession.ErrInvalid)

		zero := new(webSession)
		wantWrapped(t, zero.Err(), cookiesession.ErrNoSession)
		if !zero.IsNew() || !zero.CreatedAt().Equal(time.Now()) || !zero.IssuedAt().IsZero() || !zero.ExpiresAt().IsZero() || zero.ID() == "" {
			t.Errorf("the zero Session: %v", zero)
		}
	})
}

// ExpiresAt is the earlier of the idle and the absolute end.
func TestSessionExpiresAt(t *testing.T) {
	const hour = time.Hour
	tests := []struct {
		name string
		opts cookiesession.Options[webUser]
		age  time.Duration // of the session; 0: a new one
		do   func(*webSession)
		want time.Duration // from its creation
	}{
		{"new", cookiesession.Options[webUser]{Lifetime: 8 * hour}, 0, nil, 8 * hour},
		{"new, idle timeout", cookiesession.Options[webUser]{Lifetime: 8 * hour, IdleTimeout: hour}, 0, nil, hour},
		{"idle timeout", cookiesession.Options[webUser]{Lifetime: 8 * hour, IdleTimeout: 2 * hour}, hour / 2, nil, 2 * hour},
		{"lifetime", cookiesession.Options[webUser]{Lifetime: 2 * hour, IdleTimeout: 2 * hour}, hour / 2, nil, 2 * hour},
		{"own lifetime", cookiesession.Options[webUser]{Lifetime: 8 * hour}, hour, func(s *webSession) { s.SetLifetime(3 * hour) }, 3 * hour},
		{"own lifetime, too long", cookiesession.Options[webUser]{Lifetime: 8 * hour}, hour, func(s *webSession) { s.SetLifetime(9 * hour) }, 8 * hour},
		{"own lifetime and idle timeout", cookiesession.Options[webUser]{Lifetime: 8 * hour, IdleTimeout: 4 * hour}, hour, func(s *webSession) { s.SetLifetime(3 * hour) }, 3 * hour},
		{"renewed", cookiesession.Options[webUser]{Lifetime: 8 * hour}, hour, (*webSession).Renew, 9 * hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, tt.opts)
				b, created := new(webBrowser), time.Now()
				if tt.age > 0 {
					b = signedIn(site)
					time.Sleep(tt.age)
				}
				site.visit(b, func(c *userCall) {
					if tt.do != nil {
						tt.do(c.S)
					}
					if got := c.S.ExpiresAt().Sub(created); got != tt.want {
						t.Errorf("expires after %v, want %v", got, tt.want)
					}
				})
			})
		})
	}
}

// An id is drawn when it is asked for, and stays until the identity changes.
func TestSessionID(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	plain := len(b.jar[site.CookieName()])
	ask := func(do func(*webSession)) (id string) {
		site.visit(b, func(c *userCall) {
			do(c.S)
			if id = c.S.ID(); id != c.S.ID() || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
				t.Errorf("ID %q, then %q", id, c.S.ID())
			}
		})
		return id
	}
	id := ask(func(*webSession) {})
	// 16 bytes; the age may take a byte of its own.
	if grown := len(b.jar[site.CookieName()]) - plain; grown < 20 || grown > 24 {
		t.Errorf("an id takes %d characters of cookie", grown)
	}
	if again := ask(func(s *webSession) { s.Data.Visits++ }); again != id {
		t.Errorf("ID changed from %s to %s", id, again)
	}
	if page := site.visit(b, func(c *userCall) { c.S.ID() }); len(page.cookies()) != 0 {
		t.Error("asking for an id that is there sets a cookie")
	}
	renewed := ask((*webSession).Renew)
	if renewed == id {
		t.Error("Renew keeps the id")
	}
	if ask(func(*webSession) {}) != renewed {
		t.Error("the renewed id was not stored")
	}
	if ask(func(s *webSession) { s.Destroy(); webSign(s) }) == renewed {
		t.Error("Destroy keeps the id")
	}
}

// Renew gives no id to a session that nobody has asked for one.
func TestRenewDrawsNoFirstID(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	site.visit(b, func(c *userCall) { c.S.Renew() })
	if page := site.visit(b, nil); !strings.Contains(fmt.Sprint(page.S), `id: ""`) {
		t.Errorf("the session is %v", page.S)
	}
}

func TestSetLifetimePanics(t *testing.T) {
	const most = 400 * 24 * time.Hour
	tests := []struct {
		d      time.Duration
		panics bool
	}{
		{-1, true}, {-time.Hour, true}, {most + 1, true}, {most + time.Hour, true},
		{0, false}, {1, false}, {time.Second, false}, {most, false},
	}
	for _, tt := range tests {
		t.Run(tt.d.String(), func(t *testing.T) {
			defer func() {
				if text := recover(); (text != nil) != tt.panics {
					t.Errorf("panic: %v", text)
				}
			}()
			new(webSession).SetLifetime(tt.d)
		})
	}
}

// No way of printing or logging a Session shows Data or the cookie.
func TestSessionPrints(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	var id string
	site.visit(b, func(c *userCall) { id = c.S.ID() })
	value := b.jar[site.CookieName()]
	page := site.visit(b, nil)
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"slog JSON": func(w *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	}
	for what, v := range map[string]any{"pointer": page.S, "value": *page.S, "in a struct": struct{ S *webSession }{page.S}, "in a slice": []*webSession{page.S}} {
		t.Run(what, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				text := fmt.Sprintf(verb, v)
				webQuotesNone(t, text, webSecret, value, fmt.Sprintf("%x", webSecret))
				if strings.HasPrefix(what, "in") { // fmt prints pointers within as addresses, or calls Format
					continue
				}
				if !strings.Contains(text, id) || !strings.Contains(text, page.S.ExpiresAt().Format(time.RFC3339)) {
					t.Errorf("%s gives %s", verb, text)
				}
			}
			if strings.HasPrefix(what, "in") {
				return
			}
			for name, handler := range handlers {
				var out bytes.Buffer
				slog.New(handler(&out)).Info("login", "session", v)
				webQuotesNone(t, out.String(), webSecret, value)
				if !strings.Contains(out.String(), id) {
					t.Errorf("%s gives %s", name, out.String())
				}
			}
		})
	}
	if text := fmt.Sprint((*webSession)(nil)); text != "<nil>" {
		t.Errorf("a nil Session prints as %s", text)
	}
}

// A map is never nil, whichever way the Session came.
func TestMapsAreNeverNil(t *testing.T) {
	type bag map[string]int
	ring := newRing(t)
	site := newWebSite(t, ring, cookiesession.Options[bag]{})
	empty := mustEncode(t, newCodec(t, ring, nil), site.CookieName(), bag(nil))
	tests := []struct {
		name    string
		browser *webBrowser
	}{
		{"no cookie", new(webBrowser)},
		{"a refused cookie", withCookie(site.CookieName(), "x")},
		{"a session", site.newSession(func(c *webCall[bag]) { c.S.Data["a"] = 1 })},
		{"an empty map", withCookie(site.CookieName(), empty)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page := site.visit(tt.browser, func(c *webCall[bag]) {
				c.S.Data["b"] = 2
				c.S.Destroy()
				c.S.Data["c"] = 3
			})
			wantData(t, site, wantDefaultCookie(t, page.Header), bag{"c": 3})
		})
	}
	if data := site.Load(webRequest()).Data; data == nil {
		t.Error("Load returned a nil map")
	}
}

// The types that a session can be of, apart from a struct: each is absent when
// it is zero, and comes back as it was.
func TestSessionTypes(t *testing.T) {
	t.Run("map", func(t *testing.T) {
		testType(t, map[string]any{"n": 1, "list": []any{"a", 2.5}}, nil, map[string]any{})
	})
	t.Run("slice", func(t *testing.T) { testType(t, []string{"a", ""}, nil, []string{}) })
	t.Run("array", func(t *testing.T) { testType(t, [2]int{0, 1}, [2]int{}) })
	t.Run("string", func(t *testing.T) { testType(t, webSecret, "") })
	t.Run("int", func(t *testing.T) { testType(t, 7, 0) })
	t.Run("bool", func(t *testing.T) { testType(t, true, false) })
	t.Run("time", func(t *testing.T) { testType(t, time.Date(2026, 5, 1, 12, 0, 0, 1, time.UTC), time.Time{}) })
	t.Run("slice of empty ones", func(t *testing.T) { testType(t, []string{""}, nil) })
}

func testType[T any](t *testing.T, data T, zeros ...T) {
	site := newWebSite(t, nil, cookiesession.Options[T]{})
	b := site.newSession(func(c *webCall[T]) { c.S.Data = data })
	page := site.visit(b, nil)
	if diff := cmp.Diff(data, page.S.Data); diff != "" || len(page.cookies()) != 0 {
		t.Errorf("Set-Cookie %q, Data (-want +got):\n%s", page.cookies(), diff)
	}
	for _, zero := range zeros {
		set := func(c *webCall[T]) { c.S.Data = zero }
		wantCookieIs(t, site.visit(new(webBrowser), set).cookies(), leaves)
		wantCookieIs(t, site.visit(b.copy(), set).cookies(), deletes)
	}
}

// Two releases of a program: the newer one has a field more, and one of another
// type.
type (
	olderUser struct {
		Name  string
		Count int
	}
	newerUser struct {
		Name  string
		Count float64
		Added string
	}
)

// A release that merely reads the session of a newer one does not write it, so
// the newer one's fields stay, also when the cookie is refreshed.
func TestStructEvolution(t *testing.T) {
	stored := newerUser{Name: webSecret, Count: 7, Added: "new"}
	tests := []struct {
		name string
		age  time.Duration
		do   func(*cookiesession.Session[olderUser])
		want string
		left newerUser
	}{
		{"read", 0, func(*cookiesession.Session[olderUser]) {}, leaves, stored},
		{"renewed", time.Hour, func(*cookiesession.Session[olderUser]) {}, stores, stored},
		{"requested", 0, (*cookiesession.Session[olderUser]).Renew, stores, stored},
		{"changed", 0, func(s *cookiesession.Session[olderUser]) { s.Data.Count++ }, stores, newerUser{Name: webSecret, Count: 8}},
		{"changed and changed back", 0, func(s *cookiesession.Session[olderUser]) { s.Data.Count++; s.Data.Count-- }, leaves, stored},
		{"begun again", 0, func(s *cookiesession.Session[olderUser]) { d := s.Data; s.Destroy(); s.Data = d }, stores, newerUser{Name: webSecret, Count: 7}},
		{"emptied", 0, func(s *cookiesession.Session[olderUser]) { s.Data = olderUser{} }, deletes, newerUser{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ring := newRing(t)
				newer := newWebSite(t, ring, cookiesession.Options[newerUser]{IdleTimeout: 2 * time.Hour})
				older := newWebSite(t, ring, cookiesession.Options[olderUser]{IdleTimeout: 2 * time.Hour})
				b := newer.newSession(func(c *webCall[newerUser]) { c.S.Data = stored })
				time.Sleep(tt.age)
				page := older.visit(b, func(c *webCall[olderUser]) {
					if diff := cmp.Diff(olderUser{Name: webSecret, Count: 7}, c.S.Data); diff != "" {
						t.Errorf("the older release reads (-want +got):\n%s", diff)
					}
					tt.do(c.S)
				})
				wantCookieIs(t, page.cookies(), tt.want)
				page2 := newer.visit(b, nil)
				if diff := cmp.Diff(tt.left, page2.S.Data); diff != "" {
					t.Errorf("the newer release reads (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Data of a request shares nothing with that of another.
func TestRequestsShareNothing(t *testing.T) {
	site := newUserSite(t)
	b := site.newSession(func(c *userCall) { c.S.Data = storedUser() })
	first := site.visit(b.copy(), nil)
	second := site.visit(b.copy(), func(c *userCall) {
		c.S.Data.Tags["a"][0] = "changed"
		c.S.Data.Profile.Theme = "changed"
	})
	if diff := cmp.Diff(storedUser(), first.S.Data); diff != "" || second.S.Data.Tags["a"][0] != "changed" {
		t.Errorf("the first request's Data (-want +got):\n%s", diff)
	}
}

// Destroy deletes what the request carried. If it carried nothing, SameSite may
// have kept the cookie back from a form of another site; a link of another site
// must not delete it.
func TestDestroyWithoutACookie(t *testing.T) {
	type row struct{ method, want string }
	rows := []row{
		{"GET", leaves}, {"HEAD", leaves}, {"OPTIONS", leaves}, {"TRACE", leaves},
		{"POST", deletes}, {"PUT", deletes}, {"PATCH", deletes}, {"DELETE", deletes}, {"PURGE", deletes},
	}
	down := userOptions{Check: func(*http.Request, *webSession) error { return errStoreDown }}
	for _, tt := range rows {
		for name, opts := range map[string]userOptions{"": {}, ", Check is down": down} {
			t.Run(tt.method+name, func(t *testing.T) {
				site := newWebSite(t, nil, opts)
				page := site.visit(&webBrowser{Method: tt.method}, func(c *userCall) { c.S.Destroy() })
				wantCookieIs(t, page.cookies(), tt.want)

				page = site.visit(&webBrowser{Method: tt.method}, func(c *userCall) { webSign(c.S); c.S.Data = webUser{} })
				wantCookieIs(t, page.cookies(), leaves) // a session that merely is zero

				b := withCookie(site.CookieName(), "x")
				b.Method = tt.method
				page = site.visit(b, func(c *userCall) { c.S.Destroy() })
				wantCookieIs(t, page.cookies(), deletes)

				rec := httptest.NewRecorder()
				r := webRequest()
				r.Method = tt.method
				s := site.Load(r)
				s.Destroy()
				mustDo(t, site.Save(rec, s))
				wantCookieIs(t, rec.Header()["Set-Cookie"], tt.want)
			})
		}
	}
	s := new(webSession)
	s.Destroy()
	if cookies, err := newUserSite(t).Cookies(s); err != nil || len(cookies) > 0 {
		t.Errorf("a session without a request: %v, error %v", cookies, err)
	}
}

// An id that is not stored is told of.
func TestIDLost(t *testing.T) {
	lost := []cookiesession.Reason{""}
	tests := []struct {
		name   string
		signed bool
		do     func(*webSession)
		want   []cookiesession.Reason
	}{
		{"empty", false, func(s *webSession) { s.ID() }, lost},
		{"empty, no id", false, func(*webSession) {}, nil},
		{"changed", false, func(s *webSession) { s.ID(); webSign(s) }, nil},
		{"signed in", true, func(s *webSession) { s.ID() }, nil},
		{"emptied", true, func(s *webSession) { s.ID(); s.Data = webUser{} }, lost},
		{"destroyed", true, func(s *webSession) { s.ID(); s.Destroy() }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, b := newUserSite(t), new(webBrowser)
			if tt.signed {
				b = signedIn(site)
			}
			page := site.visit(b, func(c *userCall) { tt.do(c.S) })
			if diff := cmp.Diff(tt.want, page.reasons(cookiesession.EventIDLost)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// SetPersistent(false) lives on with its session, whatever is written, and ends
// with it. Options that make all cookies end with the browser count as well.
func TestSetPersistent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey := cookiesession.NewKey()
		ring := newRing(t, oldKey)
		site := newWebSite(t, ring, userOptions{IdleTimeout: time.Hour})
		b := site.newSession(func(c *userCall) { webSign(c.S) })
		step := func(name string, persistent bool, do func(*userCall)) {
			t.Helper()
			page := site.visit(b, do)
			if lines := page.cookies(); len(lines) != 1 || strings.Contains(lines[0], "Max-Age") != persistent {
				t.Errorf("%s: %q", name, lines)
			}
			if page.StatusCode != 200 || page.S.Err() != nil {
				t.Errorf("%s: status %d, error %v", name, page.StatusCode, page.S.Err())
			}
		}
		step("set", false, func(c *userCall) { c.S.SetPersistent(false) })
		step("changed", false, func(c *userCall) { c.S.Data.Visits++ })
		step("Renew", false, func(c *userCall) { c.S.Renew() })
		time.Sleep(15 * time.Minute)
		step("renewed", false, nil)
		mustDo(t, ring.Replace(newRing(t, cookiesession.NewKey(), oldKey)))
		step("re-sealed", false, nil)
		step("destroyed and begun anew", true, func(c *userCall) { c.S.Destroy(); webSign(c.S) })
		step("set with it", false, func(c *userCall) { c.S.Data.Visits++; c.S.SetPersistent(false) })
		step("set again", true, func(c *userCall) { c.S.SetPersistent(true) })
		step("changed again", true, func(c *userCall) { c.S.Data.Visits++ })
	})
	site := newWebSite(t, nil, userOptions{BrowserSession: true})
	page := site.visit(new(webBrowser), func(c *userCall) { webSign(c.S); c.S.SetPersistent(true) })
	if lines := page.cookies(); len(lines) != 1 || strings.Contains(lines[0], "Max-Age") {
		t.Errorf("Options.BrowserSession: %q", lines)
	}
}

// A binding is stored with its session, apart from Data.
func TestBinding(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	id := [16]byte{1, 2, 3}
	step := func(name string, want [16]byte, pending bool, do func(*userCall)) {
		t.Helper()
		site.visit(b, do)
		page := site.visit(b, nil)
		if got, isPending := page.S.Binding(); got != want || isPending != pending || page.S.Err() != nil {
			t.Errorf("%s: %x, pending %v, error %v", name, got, isPending, page.S.Err())
		}
	}
	none := [16]byte{}
	step("none", none, false, nil)
	step("pending", id, true, func(c *userCall) { c.S.SetBinding(id, true) })
	step("another value", id, true, func(c *userCall) { c.S.Data = webUser{Name: webSecret, Visits: 1} })
	step("proven", id, false, func(c *userCall) { c.S.SetBinding(id, false) })
	step("Renew", id, false, func(c *userCall) { c.S.Renew() })
	step("ended", none, false, func(c *userCall) { c.S.SetBinding(none, true) })
	step("again", id, false, func(c *userCall) { c.S.SetBinding(id, false) })
	step("Destroy", none, false, func(c *userCall) { c.S.Destroy(); webSign(c.S) })
}

// Each method that sets something has the session saved, though Data is the
// same.
func TestSettersSave(t *testing.T) {
	setters := 0
	for method := range reflect.TypeFor[*webSession]().Methods() {
		if !strings.HasPrefix(method.Name, "Set") {
			continue
		}
		setters++
		site := newUserSite(t)
		page := site.visit(signedIn(site), func(c *userCall) {
			args := []reflect.Value{reflect.ValueOf(c.S)}
			for i := 1; i < method.Type.NumIn(); i++ {
				arg := reflect.New(method.Type.In(i)).Elem()
				fill(t, arg)
				args = append(args, arg)
			}
			method.Func.Call(args)
		})
		if len(page.cookies()) != 1 {
			t.Errorf("%s: Set-Cookie is %q", method.Name, page.cookies())
		}
	}
	if setters < 3 {
		t.Errorf("there are %d setters", setters)
	}
}

// A session is judged by the time when its request came in, however long the
// handler takes to ask for it. A change after the session's end is not stored.
func TestSessionOpensAsOfArrival(t *testing.T) {
	for _, tt := range []struct {
		name   string
		wait   time.Duration
		change bool
		want   string
	}{
		{"read at once", 0, false, leaves},
		{"changed at once", 0, true, stores},
		{"read after the end", 2 * time.Hour, false, leaves},
		{"changed after the end", 2 * time.Hour, true, deletes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, userOptions{Lifetime: time.Hour})
				b := signedIn(site)
				response := b.copy().fetch(site.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					time.Sleep(tt.wait)
					s := site.Get(r)
					if s.Err() != nil || s.Data.Name != webSecret {
						t.Errorf("error %v", s.Err())
					}
					if tt.change {
						s.Data.Visits++
					}
				})))
				wantCookieIs(t, response.Header["Set-Cookie"], tt.want)
				if page := site.visit(b, nil); (page.S.Err() != nil) != (tt.wait > 0) {
					t.Errorf("the next request: error %v", page.S.Err())
				}
			})
		})
	}
}
