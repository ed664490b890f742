package webrule_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"example.com/cookiesession/internal/webrule"
	"github.com/google/go-cmp/cmp"
)

func TestCutPrefix(t *testing.T) {
	for name, want := range map[string][2]string{
		"":                  {"", ""},
		"session":           {"", "session"},
		"__Host-session":    {"__Host-", "session"},
		"__host-session":    {"__Host-", "session"},
		"__Host-":           {"__Host-", ""},
		"__Host":            {"", "__Host"},
		"__Secure-s":        {"__Secure-", "s"},
		"__Http-s":          {"__Http-", "s"},
		"__Host-Http-s":     {"__Host-Http-", "s"},
		"__HOST-HTTP-s":     {"__Host-Http-", "s"},
		"__Host-Https":      {"__Host-", "Https"},
		"x__Host-s":         {"", "x__Host-s"},
		"__Host-__Secure-s": {"__Host-", "__Secure-s"},
	} {
		if prefix, rest := webrule.CutPrefix(name); prefix != want[0] || rest != want[1] {
			t.Errorf("CutPrefix(%q) = %q, %q; want %q", name, prefix, rest, want)
		}
	}
}

// What the handler's own headers become.
func TestMarkRead(t *testing.T) {
	for _, tt := range []struct {
		name         string
		before, want http.Header
	}{
		{"nothing set", http.Header{}, http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private"}}},
		{"Vary", http.Header{"Vary": {"Accept"}}, http.Header{"Vary": {"Accept", "Cookie"}, "Cache-Control": {"private"}}},
		{"Vary: Cookie", http.Header{"Vary": {"Accept, cookie"}}, http.Header{"Vary": {"Accept, cookie"}, "Cache-Control": {"private"}}},
		{"Vary: Cookie in a second line", http.Header{"Vary": {"Accept", " Cookie "}}, http.Header{"Vary": {"Accept", " Cookie "}, "Cache-Control": {"private"}}},
		{"Vary: *", http.Header{"Vary": {"*"}}, http.Header{"Vary": {"*"}, "Cache-Control": {"private"}}},
		{"Vary: Cookie-Consent", http.Header{"Vary": {"Cookie-Consent"}}, http.Header{"Vary": {"Cookie-Consent", "Cookie"}, "Cache-Control": {"private"}}},
		{"public", http.Header{"Cache-Control": {"public"}}, http.Header{"Vary": {"Cookie"}, "Cache-Control": {"public"}}},
		{"suppressed", http.Header{"Cache-Control": nil}, http.Header{"Vary": {"Cookie"}, "Cache-Control": nil}},
		{"for a CDN", http.Header{"Cdn-Cache-Control": {"max-age=60"}}, http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private"}, "Cdn-Cache-Control": {"max-age=60"}}},
	} {
		h := tt.before.Clone()
		webrule.MarkRead(h, new([2]string))
		webrule.MarkRead(h, new([2]string)) // changes nothing
		if diff := cmp.Diff(tt.want, h); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A middleware may write into the values of a header, and append to them. That
// changes no other header, no other response, and no line that may be set
// again.
func TestHeadersAreKeptApart(t *testing.T) {
	h, other := http.Header{}, http.Header{}
	var room [2]string
	webrule.MarkRead(h, &room)
	webrule.MarkRead(other, &room)
	h["Vary"][0] = "Accept"
	h["Vary"] = append(h["Vary"], "Origin")
	h["Cache-Control"] = append(h["Cache-Control"], "no-transform")
	want := http.Header{"Vary": {"Accept", "Origin"}, "Cache-Control": {"private", "no-transform"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(http.Header{"Vary": {"Cookie"}, "Cache-Control": {"private"}}, other); diff != "" {
		t.Error("another response: " + diff)
	}

	h = http.Header{}
	lines := [3]string{"s=1", "s_2=2", "another's"}
	webrule.SetCookies(h, lines[:2], nil)
	h["Vary"] = append(h["Vary"], "Origin")
	h["Cache-Control"] = append(h["Cache-Control"], "no-transform")
	h["Set-Cookie"] = append(h["Set-Cookie"], "theme=dark")
	want = http.Header{"Vary": {"Cookie", "Origin"}, "Cache-Control": {"private", "no-transform"}, "Set-Cookie": {"s=1", "s_2=2", "theme=dark"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error("cookies set: " + diff)
	}
	if lines[2] != "another's" {
		t.Errorf("there is %q behind the lines", lines[2])
	}
}

// What Cache-Control and its like become in a response that sets a cookie.
func TestSetCookiesPrivate(t *testing.T) {
	control := func(lines ...string) http.Header { return http.Header{"Cache-Control": lines} }
	for _, tt := range []struct {
		name         string
		before, want http.Header
	}{
		{"nothing set", nil, control("private")},
		{"suppressed", control(), control("private")},
		{"empty", control(""), control("private")},
		{"no-store", control("no-store"), control("no-store")},
		{"private", control("private, max-age=60"), control("private, max-age=60")},
		{"Private", control("Private"), control("Private")},
		{"max-age", control("max-age=60"), control("private, max-age=60")},
		{"public", control("public, max-age=60, immutable"), control("private, max-age=60, immutable")},
		{"Public", control("Public,max-age=60"), control("private, max-age=60")},
		{"s-maxage", control("s-maxage=600, max-age=60"), control("private, max-age=60")},
		{"private with fields", control(`private="Set-Cookie, X-Name", max-age=60`), control("private, max-age=60")},
		{"no-cache with fields", control(`no-cache="Set-Cookie", max-age=60`), control("private, max-age=60")},
		{"no-cache", control("no-cache"), control("private, no-cache")},
		{"two lines", control("public", "max-age=60"), control("private, max-age=60")},
		{"a comma in quotes", control(`ext="a, public, b", max-age=60`), control(`private, ext="a, public, b", max-age=60`)},
		{"an escaped quote", control(`ext="a\", public, b", max-age=60`), control(`private, ext="a\", public, b", max-age=60`)},
		{"private, beside what allows sharing", control("public, private, max-age=60, s-maxage=600"), control("private, max-age=60")},
		{"no-store, beside what allows sharing", control("no-store", "S-Maxage=600, Public"), control("no-store")},
		{"private in two lines", control("private", "max-age=60"), control("private", "max-age=60")},
		{"private and fields of no-cache", control(`private, no-cache="X-Name"`), control(`private, no-cache="X-Name"`)},
		{"for shared caches", http.Header{
			"Cdn-Cache-Control": {"max-age=60"}, "Cloudflare-Cdn-Cache-Control": {"max-age=60"}, "Vercel-Cdn-Cache-Control": {"max-age=60"},
			"X-Cache-Control": {"max-age=60"}, "akamai-cache-control": {"max-age=60"},
			"Surrogate-Control": {"max-age=60"}, "Edge-Control": {"max-age=60"}, "X-Accel-Expires": {"60"}, "x-accel-expires": {"60"},
		}, control("private")},
		{"nearly for shared caches", http.Header{"Xcache-Control": {"1"}, "Cache-Control-X": {"1"}, "X-Accel-Buffering": {"no"}},
			http.Header{"Cache-Control": {"private"}, "Xcache-Control": {"1"}, "Cache-Control-X": {"1"}, "X-Accel-Buffering": {"no"}}},
		{"others", http.Header{"Etag": {`"1"`}}, http.Header{"Cache-Control": {"private"}, "Etag": {`"1"`}}},
	} {
		h := tt.before.Clone()
		if h == nil {
			h = http.Header{}
		}
		for range 2 { // the second time changes nothing
			webrule.SetCookies(h, []string{"s=1"}, nil)
		}
		want := tt.want.Clone()
		want["Vary"], want["Set-Cookie"] = []string{"Cookie"}, []string{"s=1"}
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A response has one Set-Cookie for each name.
func TestSetAndRemoveCookies(t *testing.T) {
	ours := []string{"s=1; Path=/", "s_2=2; Path=/"}
	for _, tt := range []struct {
		name              string
		before            []string
		wantSet, wantGone []string
	}{
		{"none", nil, ours, nil},
		{"others", []string{"a=1", "b=s=1"}, append([]string{"a=1", "b=s=1"}, ours...), []string{"a=1", "b=s=1"}},
		{"ours", []string{"s=0", "a=1", "s_2=0; Path=/x", "s=9"}, append([]string{"a=1"}, ours...), []string{"a=1"}},
		{"a space before the equals sign", []string{" s =0"}, ours, nil},
		{"longer, shorter and other case", []string{"s_3=1", "S=1", "=1"}, append([]string{"s_3=1", "S=1", "=1"}, ours...), []string{"s_3=1", "S=1", "=1"}},
	} {
		h := http.Header{"Set-Cookie": tt.before}
		webrule.SetCookies(h, ours, nil)
		if diff := cmp.Diff(tt.wantSet, h["Set-Cookie"]); diff != "" {
			t.Errorf("%s, set (-want +got):\n%s", tt.name, diff)
		}
		for _, names := range [][]string{ours, {"s", "s_2"}} {
			h = http.Header{"Set-Cookie": tt.before}
			webrule.RemoveCookies(h, names)
			if diff := cmp.Diff(tt.wantGone, h["Set-Cookie"]); diff != "" {
				t.Errorf("%s, removed (-want +got):\n%s", tt.name, diff)
			}
			if _, there := h["Set-Cookie"]; there != (tt.wantGone != nil) {
				t.Errorf("%s: a key without lines is left", tt.name)
			}
		}
	}
}

func TestHasCookie(t *testing.T) {
	h := http.Header{"Set-Cookie": {"a=1", "s=2; Path=/", "gone=; Max-Age=0"}}
	for name, want := range map[string]bool{"a": true, "s": true, "gone": true, "": false, "S": false, "s_2": false, "1": false} {
		if got := webrule.HasCookie(h, name); got != want {
			t.Errorf("HasCookie(%q) = %v", name, got)
		}
	}
	if webrule.HasCookie(http.Header{}, "a") {
		t.Error("a response without Set-Cookie has a cookie")
	}
}

func TestDropPage(t *testing.T) {
	h := http.Header{
		"Content-Type": {"x"}, "Content-Encoding": {"gzip"}, "Content-Disposition": {"attachment"}, "Content-Length": {"1"},
		"Accept-Ranges": {"bytes"}, "Cache-Control": {"public"}, "Cdn-Cache-Control": {"max-age=60"}, "Etag": {`"1"`}, "Expires": {"0"},
		"Last-Modified": {"x"}, "Location": {"/to"}, "Surrogate-Control": {"max-age=60"}, "Trailer": {"X"},
		"X-Accel-Expires": {"60"}, "Edge-Control": {"max-age=60"}, "Netlify-Cdn-Cache-Control": {"max-age=60"}, "content-md5": {"x"},
		"Vary": {"Cookie"}, "Set-Cookie": {"a=1"}, "X-Request-Id": {"7"}, "Strict-Transport-Security": {"max-age=60"},
	}
	webrule.DropPage(h)
	want := http.Header{
		"Cache-Control": {"no-store"},
		"Vary":          {"Cookie"}, "Set-Cookie": {"a=1"}, "X-Request-Id": {"7"}, "Strict-Transport-Security": {"max-age=60"},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestEndsInNumber(t *testing.T) {
	for host, want := range map[string]bool{
		"192.0.2.1": true, "127.1": true, "0x7f.1": true, "0x7f.0X1": true, "1.2.3.0xfF": true, "0177.0.0.01": true, "1": true,
		"0x": true, "a.0x": true, "shop.example.1": true, "192.0.2.1.": true, "192.0.2.999": true, "0x7f.1.": true,
		"": false, ".": false, "shop.example": false, "shop.example.": false, "192.0.2.example": false, "0x7f.example": false,
		"a.0xg": false, "a.1x": false, "a.x1": false, "a.f0": false,
	} {
		if got := webrule.EndsInNumber(host); got != want {
			t.Errorf("EndsInNumber(%q) = %v", host, got)
		}
	}
}

func TestIsPath(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/app": true, "/app/": true, "//": true, "/a%20b": true, "/a.b/..c/...": true, "/~a!$&'()*+,-=:@|[]_": true,
		"": false, "app": false, "/a?b": false, "/a#b": false, "/a b": false, "/a\tb": false, "/a;b": false, "/a\"b": false,
		"/a<b": false, "/a>b": false, "/a`b": false, "/a{b": false, "/a}b": false, "/a^b": false, "/a\\b": false,
		"/\u00fc": false, "/a\x7f": false, "/a\x00": false, "/a\r\nX: y": false,
		"/.": false, "/..": false, "/a/./b": false, "/a/../b": false,
	} {
		if got := webrule.IsPath(path); got != want {
			t.Errorf("IsPath(%q) = %v", path, got)
		}
	}
}

func TestIsPlainPage(t *testing.T) {
	type header = http.Header
	for _, tt := range []struct {
		name   string
		host   string
		method string
		header header
		tls    bool
		want   bool
	}{
		{"a page", "shop.example", "GET", nil, false, true},
		{"a form", "shop.example:8080", "POST", header{"Origin": {"http://shop.example:8080"}, "Referer": {"http://shop.example:8080/form"}}, false, true},
		{"an address", "192.0.2.1:8080", "GET", nil, false, true},
		{"an IPv6 address", "[2001:db8::1]", "GET", nil, false, true},
		{"a proxy of plain HTTP", "shop.example", "GET", header{"X-Forwarded-Proto": {"http"}, "Forwarded": {"proto=http"}, "X-Forwarded-Ssl": {"off"}, "Front-End-Https": {"off"}}, false, true},
		{"a host like loopback", "localhost.example", "GET", nil, false, true},

		{"TLS", "shop.example", "GET", nil, true, false},
		{"HEAD", "shop.example", "HEAD", nil, false, false},
		{"no page", "shop.example", "GET", header{"Accept": {"*/*"}}, false, false},
		{"prefetch", "shop.example", "GET", header{"Purpose": {"prefetch"}}, false, false},
		{"Sec-Fetch-Dest", "shop.example", "GET", header{"Sec-Fetch-Dest": {"document"}}, false, false},
		{"Sec-Fetch-Site", "shop.example", "GET", header{"Sec-Fetch-Site": {"none"}}, false, false},
		{"Origin", "shop.example", "POST", header{"Origin": {"https://shop.example"}}, false, false},
		{"Referer", "shop.example", "GET", header{"Referer": {"https://shop.example/"}}, false, false},
		{"X-Forwarded-Proto", "shop.example", "GET", header{"X-Forwarded-Proto": {"HTTPS"}}, false, false},
		{"X-Forwarded-Proto of two proxies", "shop.example", "GET", header{"X-Forwarded-Proto": {"http", "https,http"}}, false, false},
		{"X-Forwarded-Scheme", "shop.example", "GET", header{"X-Forwarded-Scheme": {"https"}}, false, false},
		{"X-Forwarded-Ssl", "shop.example", "GET", header{"X-Forwarded-Ssl": {"on"}}, false, false},
		{"Forwarded", "shop.example", "GET", header{"Forwarded": {"for=192.0.2.1;proto=https"}}, false, false},
		{"CF-Visitor", "shop.example", "GET", header{"Cf-Visitor": {`{"scheme":"https"}`}}, false, false},
		{"Front-End-Https", "shop.example", "GET", header{"Front-End-Https": {"On"}}, false, false},
		{"localhost", "localhost", "GET", nil, false, false},
		{"localhost with a port", "LocalHost:8080", "GET", nil, false, false},
		{"a name under localhost", "shop.localhost:8080", "GET", nil, false, false},
		{"127.0.0.1", "127.0.0.1:8080", "GET", nil, false, false},
		{"another loopback address", "127.9.9.9", "GET", nil, false, false},
		{"::1", "[::1]:8080", "GET", nil, false, false},
		{"::1 without a port", "[::1]", "GET", nil, false, false},
		{"no host", "", "GET", nil, false, false},
	} {
		r := &http.Request{Method: tt.method, Host: tt.host, Header: http.Header{"Accept": {"text/html"}}}
		for key, lines := range tt.header {
			r.Header[key] = lines
		}
		if tt.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if got := webrule.IsPlainPage(r); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
