package cookiesession_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// What a handler's own headers become. "Read" has the session read, "set" and
// "delete" change the cookie.
func TestResponseHeaders(t *testing.T) {
	const (
		none = "a response without a cookie"
		read = "read"
		set  = "set"
		del  = "delete"
	)
	private := http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private"}}
	cached := func(control ...string) http.Header {
		return http.Header{"Vary": {"Cookie"}, "Cache-Control": control}
	}
	tests := []struct {
		name   string
		does   string
		before http.Header
		want   http.Header
	}{
		{"never asked", none, http.Header{"Cache-Control": {"public"}}, http.Header{"Cache-Control": {"public"}}},
		{"read", read, nil, private},
		{"set", set, nil, private},
		{"deleted", del, nil, private},

		{"read, with Vary", read, http.Header{"Vary": {"Accept"}}, http.Header{"Vary": {"Accept", "Cookie"}, "Cache-Control": {"private"}}},
		{"read, with Vary: Cookie", read, http.Header{"Vary": {"Accept, cookie"}}, http.Header{"Vary": {"Accept, cookie"}, "Cache-Control": {"private"}}},
		{"read, with Vary: Cookie in a second line", read, http.Header{"Vary": {"Accept", "Cookie"}}, http.Header{"Vary": {"Accept", "Cookie"}, "Cache-Control": {"private"}}},
		{"read, with Vary: *", read, http.Header{"Vary": {"*"}}, http.Header{"Vary": {"*"}, "Cache-Control": {"private"}}},
		{"read, with Vary: Cookie-Consent", read, http.Header{"Vary": {"Cookie-Consent"}}, http.Header{"Vary": {"Cookie-Consent", "Cookie"}, "Cache-Control": {"private"}}},

		{"read, public", read, cached("public, max-age=60"), cached("public, max-age=60")},
		{"read, suppressed", read, http.Header{"Cache-Control": nil}, http.Header{"Vary": {"Cookie"}}},
		{"set, no-store", set, cached("no-store"), cached("no-store")},
		{"set, private", set, cached("private, max-age=60"), cached("private, max-age=60")},
		{"set, Private", set, cached("Private"), cached("Private")},
		{"set, max-age", set, cached("max-age=60"), cached("private, max-age=60")},
		{"set, public", set, cached("public, max-age=60, immutable"), cached("private, max-age=60, immutable")},
		{"set, Public", set, cached("Public,max-age=60"), cached("private, max-age=60")},
		{"deleted, public", del, cached("public, max-age=60"), cached("private, max-age=60")},
		{"set, s-maxage", set, cached("s-maxage=600, max-age=60"), cached("private, max-age=60")},
		{"set, private with fields", set, cached(`private="Set-Cookie, X-Name", max-age=60`), cached("private, max-age=60")},
		{"set, no-cache with fields", set, cached(`no-cache="Set-Cookie", max-age=60`), cached("private, max-age=60")},
		{"set, no-cache", set, cached("no-cache"), cached("private, no-cache")},
		{"set, two lines", set, cached("public", "max-age=60"), cached("private, max-age=60")},
		{"set, a comma in quotes", set, cached(`ext="a, public, b", max-age=60`), cached(`private, ext="a, public, b", max-age=60`)},
		{"set, an escaped quote in quotes", set, cached(`ext="a\", public, b", max-age=60`), cached(`private, ext="a\", public, b", max-age=60`)},
		{"set, empty", set, cached(""), cached("private")},

		{"set, CDN headers", set, http.Header{"Cdn-Cache-Control": {"max-age=60"}, "Surrogate-Control": {"max-age=60"}}, private},
		{"read, CDN headers", read, http.Header{"Cdn-Cache-Control": {"max-age=60"}}, http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private"}, "Cdn-Cache-Control": {"max-age=60"}}},
		{"set, all headers for shared caches", set, http.Header{"Akamai-Cache-Control": {"max-age=60"}, "Edge-Control": {"max-age=60"}, "X-Accel-Expires": {"60"}}, private},
		{"set, public and private", set, cached("public, private, s-maxage=60"), cached("private")},
		{"set, others", set, http.Header{"Etag": {`"1"`}}, http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private"}, "Etag": {`"1"`}}},
	}
	site := newUserSite(t)
	b := signedIn(site)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := b.copy().fetch(site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for key, lines := range tt.before {
					w.Header()[key] = lines
				}
				switch tt.does {
				case read:
					site.Get(r)
				case set:
					site.Get(r).Data.Visits++
				case del:
					site.Get(r).Destroy()
				}
				w.WriteHeader(204)
			}))).Header
			if _, sets := got["Set-Cookie"]; sets != (tt.does == set || tt.does == del) {
				t.Errorf("Set-Cookie is %q", got["Set-Cookie"])
			}
			got.Del("Set-Cookie")
			if diff := cmp.Diff(tt.want, dropNil(got)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// dropNil drops keys without lines, which are not sent.
func dropNil(h http.Header) http.Header {
	for key, lines := range h {
		if len(lines) == 0 {
			delete(h, key)
		}
	}
	return h
}

// Caches merge the headers of a 304 into what they have stored.
func TestResponseHeadersOf304(t *testing.T) {
	site := newUserSite(t)
	page := site.visit(new(webBrowser), func(c *userCall) {
		c.W.Header().Set("Cache-Control", "public, max-age=60")
		webSign(c.S)
		c.W.WriteHeader(304)
	})
	if got := page.Header.Get("Cache-Control"); page.StatusCode != 304 || got != "private, max-age=60" {
		t.Errorf("%d, Cache-Control %q", page.StatusCode, got)
	}
}

func TestSetCookieOfOthers(t *testing.T) {
	const name = "__Host-session"
	tests := []struct {
		name   string
		change bool
		before []string
		want   []string // ours is "*"
	}{
		{"another name", true, []string{"a=1; Path=/", "b=2"}, []string{"a=1; Path=/", "b=2", "*"}},
		{"our name, when ours is set", true, []string{"a=1", name + "=mine", "b=2", name + "=; Path=/x"}, []string{"a=1", "b=2", "*"}},
		{"our name, when ours is not set", false, []string{name + "=mine", "a=1"}, []string{name + "=mine", "a=1"}},
		{"our name in other case", true, []string{"__host-session=mine"}, []string{"__host-session=mine", "*"}},
		{"our name and more", true, []string{name + "_2=mine", name + "=mine"}, []string{name + "_2=mine", "*"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			got := site.visit(new(webBrowser), func(c *userCall) {
				c.W.Header()["Set-Cookie"] = tt.before
				if tt.change {
					webSign(c.S)
				}
			}).cookies()
			for i, line := range got {
				if strings.HasPrefix(line, name+"=A") { // a version 1 token of one part
					got[i] = "*"
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
		})
	}
}

// A cookie has one spelling, and net/http's limits are not ours.
func TestCookieScanning(t *testing.T) {
	site := newUserSite(t)
	value := signedIn(site).jar[site.CookieName()]
	pair := site.CookieName() + "=" + value
	tests := []struct {
		name  string
		lines []string
		want  error
	}{
		{"alone", []string{pair}, nil},
		{"last of several", []string{"a=1; b=2; " + pair}, nil},
		{"no spaces", []string{"a=1;" + pair + ";b=2"}, nil},
		{"spaces and tabs around", []string{"a=1; \t" + pair + " \t; b=2"}, nil},
		{"empty pairs", []string{";;; " + pair + ";;"}, nil},
		{"second line", []string{"a=1", pair}, nil},
		{"after 5000 others", []string{strings.Repeat("a=1; ", 5000) + pair}, nil},
		{"after 5000 bare semicolons", []string{strings.Repeat(";", 5000) + pair}, nil},

		{"no line", nil, cookiesession.ErrNoSession},
		{"empty line", []string{""}, cookiesession.ErrNoSession},
		{"other case", []string{strings.ToLower(site.CookieName()) + "=" + value}, cookiesession.ErrNoSession},
		{"a longer name", []string{"x" + pair}, cookiesession.ErrNoSession},
		{"a shorter name", []string{pair[1:]}, cookiesession.ErrNoSession},
		{"a space after the name", []string{site.CookieName() + " =" + value}, cookiesession.ErrNoSession},
		{"no equals sign", []string{site.CookieName()}, cookiesession.ErrNoSession},
		{"in another's value", []string{"a=" + pair}, cookiesession.ErrNoSession},

		{"empty value", []string{site.CookieName() + "="}, cookiesession.ErrInvalid},
		{"in quotes", []string{site.CookieName() + `="` + value + `"`}, cookiesession.ErrInvalid},
		{"a space before the value", []string{site.CookieName() + "= " + value}, cookiesession.ErrInvalid},
		{"padded", []string{pair + "="}, cookiesession.ErrInvalid},
		{"a comma after it", []string{pair + ","}, cookiesession.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := site.Load(webRequest(tt.lines...))
			wantWrapped(t, s.Err(), tt.want)
			if opened := s.Data.Name == webSecret; opened != (tt.want == nil) || opened == s.IsNew() {
				t.Errorf("Data %+v, IsNew %v", s.Data, s.IsNew())
			}
		})
	}
}

// The Cookie header counts as Handler got it: a middleware within may strip it
// before the session is asked for.
func TestCookieStrippedWithin(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	b.fetch(site.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		if s := site.Get(r); s.Err() != nil {
			t.Error(s.Err())
		}
	})))
}

// Two paths or domains can have a cookie of one name each.
func TestSeveralCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t)
		site := newWebSite(t, ring, cookiesession.Options[webUser]{})
		codec := newCodec(t, ring, nil)
		name := site.CookieName()
		seal := func(who string) string { return mustEncode(t, codec, name, webUser{Name: who}) }
		old := seal("old")
		time.Sleep(time.Second)
		first, second := seal("first"), seal("second")
		altered := flipLast(first)
		unknown := mustEncode(t, newCodec(t, newRing(t), nil), name, webUser{Name: "unknown"})
		older := make([]string, 8)
		for i := range older {
			older[i] = old
		}

		tests := []struct {
			name   string
			values []string
			want   string // "": none opened
			events []cookiesession.EventKind
		}{
			{"newest last", []string{old, first}, "first", []cookiesession.EventKind{cookiesession.EventDuplicate, cookiesession.EventOpened}},
			{"newest first", []string{first, old}, "first", []cookiesession.EventKind{cookiesession.EventDuplicate, cookiesession.EventOpened}},
			{"a tie", []string{first, second}, "first", []cookiesession.EventKind{cookiesession.EventDuplicate, cookiesession.EventOpened}},
			{"a tie, the other way", []string{second, first}, "second", []cookiesession.EventKind{cookiesession.EventDuplicate, cookiesession.EventOpened}},
			{"the same twice", []string{first, first}, "first", []cookiesession.EventKind{cookiesession.EventOpened}},
			{"an altered one before", []string{altered, first}, "first", []cookiesession.EventKind{cookiesession.EventOpened}},
			{"an altered one after", []string{first, altered}, "first", []cookiesession.EventKind{cookiesession.EventOpened}},
			{"garbage before", append(make([]string, 30), first), "first", []cookiesession.EventKind{cookiesession.EventOpened}},
			{"unknown keys before", []string{unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, first}, "first", []cookiesession.EventKind{cookiesession.EventOpened}},
			{"nothing but bad ones", []string{altered, "x", unknown}, "", []cookiesession.EventKind{cookiesession.EventRefused}},
			{"the eighth", append(older[:7:7], first), "first", []cookiesession.EventKind{cookiesession.EventDuplicate, cookiesession.EventOpened}},
			{"the ninth is not tried", append(older[:8:8], first), "old", []cookiesession.EventKind{cookiesession.EventOpened}},
		}
		for _, tt := range tests {
			site.take()
			s := site.Load(webRequest(joinCookies(name, tt.values)))
			if s.Data.Name != tt.want {
				t.Errorf("%s: opened %q, want %q", tt.name, s.Data.Name, tt.want)
			}
			site.wantEvents(tt.events...)
			if t.Failed() {
				t.Fatalf("in row %q", tt.name)
			}
		}
	})
}

// Eight altered cookies of a known key are all that is tried.
func TestTriesAreBounded(t *testing.T) {
	site := newUserSite(t)
	value := signedIn(site).jar[site.CookieName()]
	for _, tt := range []struct {
		altered int
		want    error
	}{{7, nil}, {8, cookiesession.ErrInvalid}} {
		t.Run(fmt.Sprint(tt.altered), func(t *testing.T) {
			var values []string
			for range tt.altered {
				values = append(values, flipLast(value))
			}
			s := site.Load(webRequest(joinCookies(site.CookieName(), append(values, value))))
			wantWrapped(t, s.Err(), tt.want)
		})
	}
}

// A cookie that does not open is an absent session, and is left alone: another
// replica may hold its key.
func TestBadCookie(t *testing.T) {
	site := newUserSite(t)
	b := withCookie(site.CookieName(), "not-a-token")
	page := site.visit(b, func(c *userCall) {
		if !c.S.IsNew() || c.S.Data.Name != "" {
			t.Errorf("IsNew %v, Data %+v", c.S.IsNew(), c.S.Data)
		}
		fmt.Fprint(c.W, "page")
	})
	wantWrapped(t, page.S.Err(), cookiesession.ErrInvalid)
	if wantNoCookie(t, page.Header); page.StatusCode != 200 {
		t.Errorf("status %d", page.StatusCode)
	}

	page = site.visit(b, func(c *userCall) { webSign(c.S) })
	value := wantDefaultCookie(t, page.Header)
	wantData(t, site, value, webUser{Name: webSecret})
	if diff := cmp.Diff([]cookiesession.Reason{cookiesession.ReasonMalformed}, page.reasons(cookiesession.EventReplaced)); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
}

// From the outside every refusal looks the same: what the client gets does not
// depend on what is wrong with its cookie.
func TestRefusalsLookTheSame(t *testing.T) {
	site := newUserSite(t)
	value := signedIn(site).jar[site.CookieName()]
	page := func(value string) *http.Response {
		rec := httptest.NewRecorder()
		site.handle(nil).ServeHTTP(rec, webRequest(site.CookieName()+"="+value))
		return rec.Result()
	}
	want := page("x").Header
	for _, bad := range []string{"", flipLast(value), value[:40], strings.Repeat("A", 5000)} {
		if diff := cmp.Diff(want, page(bad).Header); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	}
}
