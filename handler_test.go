package cookiesession_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// defaultAttributes is what follows the value in the Set-Cookie line of zero
// Options, as a pattern. The number is Max-Age.
const defaultAttributes = `; Path=/; Max-Age=(\d+); HttpOnly; Secure; SameSite=Lax`

// wantCookie checks that a response sets the session cookie, once, with these
// attributes and no others, and returns the value.
func wantCookie(t *testing.T, h http.Header, name, attributes string, lifetime time.Duration) string {
	t.Helper()
	lines := h["Set-Cookie"]
	if len(lines) != 1 {
		t.Fatalf("Set-Cookie is %q, want one line", lines)
	}
	m := regexp.MustCompile(`^` + name + `=([A-Za-z0-9_-]+)` + attributes + `$`).FindStringSubmatch(lines[0])
	if m == nil {
		t.Fatalf("Set-Cookie is %q, want attributes %s", lines[0], attributes)
	}
	if len(m) == 3 {
		// The wall clock of a real server may pass a second or two.
		age, err := strconv.Atoi(m[2])
		if passed := lifetime - time.Duration(age)*time.Second; err != nil || passed < 0 || passed > time.Minute {
			t.Errorf("Max-Age is %s, want %v", m[2], lifetime)
		}
	}
	return m[1]
}

// Every way in which a handler can answer. The session is changed at the last
// moment at which that still counts.
func TestHandlerSaves(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(file, []byte("page"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		next   func(c *userCall)
		status int
		body   string
	}{
		{"no write", func(c *userCall) { webSign(c.S) }, 200, ""},
		{"Write", func(c *userCall) { webSign(c.S); c.W.Write([]byte("page")) }, 200, "page"},
		{"io.WriteString", func(c *userCall) { webSign(c.S); io.WriteString(c.W, "page") }, 200, "page"},
		{"empty Write", func(c *userCall) { webSign(c.S); c.W.Write(nil) }, 200, ""},
		{"Fprint", func(c *userCall) { webSign(c.S); fmt.Fprint(c.W, "page") }, 200, "page"},
		{"WriteHeader 204", func(c *userCall) { webSign(c.S); c.W.WriteHeader(204) }, 204, ""},
		{"WriteHeader 304", func(c *userCall) { webSign(c.S); c.W.WriteHeader(304) }, 304, ""},
		{"WriteHeader 404", func(c *userCall) { webSign(c.S); c.W.WriteHeader(404) }, 404, ""},
		{"WriteHeader 500", func(c *userCall) { webSign(c.S); c.W.WriteHeader(500) }, 500, ""},
		{"103 then 200", func(c *userCall) { c.W.WriteHeader(103); webSign(c.S); c.W.WriteHeader(200) }, 200, ""},
		{"103 then Write", func(c *userCall) { c.W.WriteHeader(103); webSign(c.S); io.WriteString(c.W, "page") }, 200, "page"},
		{"102, 103, no write", func(c *userCall) { c.W.WriteHeader(102); c.W.WriteHeader(103); webSign(c.S) }, 200, ""},
		{"http.Flusher", func(c *userCall) { webSign(c.S); c.W.(http.Flusher).Flush(); io.WriteString(c.W, "page") }, 200, "page"},
		{"controller Flush", func(c *userCall) {
			webSign(c.S)
			mustDo(t, http.NewResponseController(c.W).Flush())
			io.WriteString(c.W, "page")
		}, 200, "page"},
		{"controller Flush through a wrapper", func(c *userCall) {
			webSign(c.S)
			mustDo(t, http.NewResponseController(unwrapper{c.W}).Flush())
		}, 200, ""},
		{"deadlines and full duplex do not commit", func(c *userCall) {
			rc := http.NewResponseController(c.W)
			mustDo(t, errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{}), rc.EnableFullDuplex()))
			webSign(c.S)
		}, 200, ""},
		{"io.Copy from a file", func(c *userCall) { webSign(c.S); copyFile(t, c.W, file) }, 200, "page"},
		{"http.ServeFile", func(c *userCall) { webSign(c.S); http.ServeFile(c.W, c.R, file) }, 200, "page"},
		{"http.Error", func(c *userCall) { webSign(c.S); http.Error(c.W, "page", http.StatusTeapot) }, 418, "page\n"},
		{"http.Redirect", func(c *userCall) { webSign(c.S); http.Redirect(c.W, c.R, "/next", http.StatusSeeOther) }, 303, "<a href=\"/next\">See Other</a>.\n\n"},
		{"101 then Hijack", func(c *userCall) {
			c.W.Header().Set("Connection", "Upgrade")
			c.W.Header().Set("Upgrade", "chat")
			webSign(c.S)
			c.W.WriteHeader(101)
			hijack(t, c.W, "page")
		}, 101, "page"},
		{"buffered within", func(c *userCall) {
			buffer := bufio.NewWriter(c.W)
			io.WriteString(buffer, "page")
			webSign(c.S)
			buffer.Flush()
		}, 200, "page"},
		{"MaxBytesReader", func(c *userCall) {
			io.ReadAll(http.MaxBytesReader(c.W, c.R.Body, 1))
			webSign(c.S)
		}, 200, ""},
		{"panic recovered within", func(c *userCall) {
			defer func() { recover(); http.Error(c.W, "page", 500) }()
			webSign(c.S)
			panic("of the handler")
		}, 500, "page\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			r := httptest.NewRequest("GET", "/", strings.NewReader("form"))
			reply := mustFetch(t, site.handle(tt.next), r)
			if reply.StatusCode != tt.status || reply.Body != tt.body {
				t.Errorf("%d %q, want %d %q", reply.StatusCode, reply.Body, tt.status, tt.body)
			}
			value := wantDefaultCookie(t, reply.Header)
			site.wantEvents(cookiesession.EventIssued)
			wantData(t, site, value, webUser{Name: webSecret})
		})
	}
}

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// Every way in which nothing is set. The client brings a session.
func TestHandlerSavesNothing(t *testing.T) {
	tests := []struct {
		name   string
		next   func(c *userCall)
		body   string // "": no response
		events []cookiesession.EventKind
	}{
		{"read", func(c *userCall) { fmt.Fprint(c.W, c.S.Data.Visits) }, "7", nil},
		{"changed and changed back", func(c *userCall) { c.S.Data.Visits++; c.S.Data.Visits--; io.WriteString(c.W, "page") }, "page", nil},
		{"panic", func(c *userCall) { webSign(c.S); panic("of the handler") }, "", nil},
		{"ErrAbortHandler", func(c *userCall) { webSign(c.S); panic(http.ErrAbortHandler) }, "", nil},
		{"Goexit", func(c *userCall) { webSign(c.S); runtime.Goexit() }, "", nil},
		{"changed after Write", func(c *userCall) { io.WriteString(c.W, "page"); webSign(c.S) }, "page", lateEvent},
		{"changed after Flush", func(c *userCall) { c.W.(http.Flusher).Flush(); webSign(c.S); io.WriteString(c.W, "page") }, "page", lateEvent},
		{"Renew after Write", func(c *userCall) { io.WriteString(c.W, "page"); c.S.Renew() }, "page", lateEvent},
		{"SetLifetime after Write", func(c *userCall) { io.WriteString(c.W, "page"); c.S.SetLifetime(time.Hour) }, "page", lateEvent},
		{"ID after Write", func(c *userCall) { io.WriteString(c.W, "page"); c.S.ID() }, "page", lateEvent},
		{"Destroy after Write", func(c *userCall) { io.WriteString(c.W, "page"); c.S.Destroy() }, "page", lateEvent},
		{"several late changes", func(c *userCall) { io.WriteString(c.W, "page"); c.S.Renew(); webSign(c.S); c.S.Destroy() }, "page", lateEvent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			b := site.newSession(func(c *userCall) { c.S.Data.Visits = 7 })
			site.take()
			reply, err := webFetch(t, site.handle(tt.next), webRequest(site.CookieName()+"="+b.jar[site.CookieName()]))
			site.wantEvents(append([]cookiesession.EventKind{cookiesession.EventOpened}, tt.events...)...)
			if tt.body == "" {
				if err == nil {
					t.Errorf("answered with %d %q", reply.StatusCode, reply.Body)
				}
				return
			}
			if err != nil || reply.StatusCode != 200 || reply.Body != tt.body {
				t.Fatalf("%+v, error %v; want 200 %q", reply, err, tt.body)
			}
			wantNoCookie(t, reply.Header)
		})
	}
}

// A request whose handler does not ask costs no header, no opening, nothing.
func TestHandlerIsLazy(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	site.take()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") })
	reply := mustFetch(t, site.Handler(page), webRequest(site.CookieName()+"="+b.jar[site.CookieName()]))
	reply.Header.Del("Date")
	want := http.Header{"Content-Length": {"4"}, "Content-Type": {"text/plain; charset=utf-8"}}
	if diff := cmp.Diff(want, reply.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	site.wantEvents()
}

// Who asks only when the headers are out can still read.
func TestHandlerGetAfterCommit(t *testing.T) {
	site := newUserSite(t)
	opened, late := cookiesession.EventOpened, cookiesession.EventLate
	tests := []struct {
		name    string
		browser *webBrowser
		change  bool
		events  []cookiesession.EventKind
	}{
		{"first visit", new(webBrowser), false, nil},
		{"first visit, changed", new(webBrowser), true, []cookiesession.EventKind{late}},
		{"session", signedIn(site), false, []cookiesession.EventKind{opened}},
		{"session, changed", signedIn(site), true, []cookiesession.EventKind{opened, late}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site.take()
			resp := tt.browser.fetch(site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "page")
				s, _ := site.FromContext(r.Context())
				if opened := s.Data.Name == webSecret; opened == s.IsNew() {
					t.Errorf("Data %+v, error %v", s.Data, s.Err())
				}
				if tt.change {
					s.Data.Visits++
				}
			})))
			if wantNoCookie(t, resp.Header); resp.Header.Get("Vary") != "" {
				t.Errorf("Vary is %q", resp.Header.Get("Vary"))
			}
			site.wantEvents(tt.events...)
		})
	}
}

func TestHandlerPanicRecoveredOutside(t *testing.T) {
	site := newUserSite(t)
	inner := site.handle(func(c *userCall) { webSign(c.S); panic("of the handler") })
	reply := mustFetch(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { recover(); http.Error(w, "page", 500) }()
		inner.ServeHTTP(w, r)
	}), webRequest())
	if wantNoCookie(t, reply.Header); reply.StatusCode != 500 {
		t.Errorf("status %d", reply.StatusCode)
	}
	site.wantEvents()
}

func TestHandlerHEAD(t *testing.T) {
	site := newUserSite(t)
	r := webRequest()
	r.Method = "HEAD"
	reply := mustFetch(t, site.handle(func(c *userCall) { webSign(c.S); io.WriteString(c.W, "page") }), r)
	wantDefaultCookie(t, reply.Header)
}

// A 103 goes out with the headers that are set by then. The final response has
// the cookie in any case: ReverseProxy clears the headers after a 103.
func TestHandlerInformational(t *testing.T) {
	tests := []struct {
		name   string
		before func(*webSite[webUser], *userCall)
		early  int // Set-Cookie lines of the 103
	}{
		{"changed before", func(_ *webSite[webUser], c *userCall) { webSign(c.S) }, 0},
		{"saved before", func(site *webSite[webUser], c *userCall) { webSign(c.S); mustDo(t, site.Save(c.W, c.S)) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			early := -1
			trace := &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
				early = len(h["Set-Cookie"])
				return nil
			}}
			r := webRequest()
			reply := mustFetch(t, site.handle(func(c *userCall) {
				tt.before(site, c)
				c.W.WriteHeader(103)
				clear(c.W.Header())
			}), r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
			if early != tt.early {
				t.Errorf("the 103 has %d Set-Cookie, want %d", early, tt.early)
			}
			wantDefaultCookie(t, reply.Header)
			if vary := reply.Header["Vary"]; !cmp.Equal(vary, []string{"Cookie"}) {
				t.Errorf("Vary is %q", vary)
			}
			site.wantEvents(cookiesession.EventIssued)
		})
	}
}

// The deletion has the attributes of the set, or it would not delete.
func TestHandlerAttributes(t *testing.T) {
	type options = cookiesession.Options[webUser]
	tests := []struct {
		name       string
		opts       options
		cookie     string
		attributes string // of the set; in a deletion, Max-Age is 0
	}{
		{"zero", options{}, "__Host-session", defaultAttributes},
		{"name", options{Name: "sid"}, "sid", defaultAttributes},
		{"path", options{Path: "/app"}, "__Secure-session", `; Path=/app; Max-Age=(\d+); HttpOnly; Secure; SameSite=Lax`},
		{"domain", options{Domain: "shop.example"}, "__Secure-session", `; Path=/; Domain=shop.example; Max-Age=(\d+); HttpOnly; Secure; SameSite=Lax`},
		{"name, path and domain", options{Name: "sid", Path: "/app", Domain: "shop.example"}, "sid", `; Path=/app; Domain=shop.example; Max-Age=(\d+); HttpOnly; Secure; SameSite=Lax`},
		{"strict", options{SameSite: http.SameSiteStrictMode}, "__Host-session", `; Path=/; Max-Age=(\d+); HttpOnly; Secure; SameSite=Strict`},
		{"none", options{SameSite: http.SameSiteNoneMode, Partitioned: true}, "__Host-session", `; Path=/; Max-Age=(\d+); HttpOnly; Secure; SameSite=None; Partitioned`},
		{"browser session", options{BrowserSession: true}, "__Host-session", `; Path=/; HttpOnly; Secure; SameSite=Lax`},
		{"insecure", options{Insecure: true}, "dev-session", `; Path=/; Max-Age=(\d+); HttpOnly; SameSite=Lax`},
		{"insecure, named", options{Insecure: true, Name: "__Host-Http-sid"}, "sid", `; Path=/; Max-Age=(\d+); HttpOnly; SameSite=Lax`},
	}
	maxAge := regexp.MustCompile(`Max-Age=\(\\d\+\)`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newWebSite(t, nil, tt.opts)
			if got := site.CookieName(); got != tt.cookie {
				t.Errorf("CookieName is %q", got)
			}
			reply := mustFetch(t, site.handle(func(c *userCall) { webSign(c.S) }), webRequest())
			value := wantCookie(t, reply.Header, tt.cookie, tt.attributes, 14*24*time.Hour)

			reply = mustFetch(t, site.handle(func(c *userCall) { c.S.Destroy() }), webRequest(tt.cookie+"="+value))
			want := tt.cookie + "=" + maxAge.ReplaceAllString(tt.attributes, "Max-Age=0")
			if tt.opts.BrowserSession { // sets without Max-Age; deleting takes one
				want = strings.Replace(want, "; HttpOnly", "; Max-Age=0; HttpOnly", 1)
			}
			if diff := cmp.Diff([]string{want}, reply.Header["Set-Cookie"]); diff != "" {
				t.Errorf("deletion (-want +got):\n%s", diff)
			}
		})
	}
}
