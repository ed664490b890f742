package e2e

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
)

// The hosts of the tests' sites. To a browser, these are two sites.
const (
	shopHost  = "www.shop-test.com"
	otherHost = "www.other-test.org"
)

// A rule is what the documents say of browsers. Its test has the browser to
// itself, without cookies and pages of others.
type rule struct {
	*tab

	t           *testing.T
	certificate tls.Certificate
}

// TestBrowserRules has a real browser, over TLS, do what the documents say that
// browsers do with the cookies of sessions.
func TestBrowserRules(t *testing.T) {
	path := findBrowser(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Minute, errors.New("it takes too long"))
	defer cancel()
	certificate, spki := newCertificate(t, shopHost, otherHost)
	flags := []string{
		"--host-resolver-rules=MAP *.shop-test.com 127.0.0.1,MAP *.other-test.org 127.0.0.1",
		"--ignore-certificate-errors-spki-list=" + spki,
	}
	b := openTab(t, ctx, path, flags...)
	t.Log(b.version())
	for _, tt := range []struct {
		name string
		test func(*rule)
	}{
		{"the prefix __Host-", (*rule).hostPrefix},
		{"the largest cookie", (*rule).largest},
		{"a session that grows and shrinks", (*rule).growsAndShrinks},
		{"a form on another site", (*rule).foreignForm},
		{"a link on another site", (*rule).foreignLink},
		{"scripts", (*rule).scripts},
		{"the longest life", (*rule).longestLife},
		{"back after the logout", (*rule).back},
		{"a logout while answers are under way", (*rule).underWay},
		{"a sign-in that ends with a form", (*rule).signIn},
		{"a frame on another site", (*rule).frame},
		{"a page that is fetched in advance", (*rule).prefetch},
		{"speculation rules", (*rule).speculation},
		{"a service worker", (*rule).serviceWorker},
		{"a WebSocket", (*rule).webSocket},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.t = t
			defer func() { b.t = nil }()
			b.open("about:blank")
			b.call("Network.clearBrowserCookies", nil, nil)
			b.call("Network.clearBrowserCache", nil, nil)
			tt.test(&rule{tab: b, t: t, certificate: certificate})
		})
	}
	t.Run("the end of the browser", func(t *testing.T) {
		profile := t.TempDir()
		s := &rule{t: t, certificate: certificate}
		sessions := newManager(t, nil, cookiesession.Options[string]{})
		address := s.serve(shopHost, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			session := sessions.Get(r)
			if kind := r.FormValue("set"); kind != "" {
				session.Data = kind
				session.SetPersistent(kind == "kept")
			}
			html(w, session.Data)
		})))
		for _, tt := range []struct {
			kind, after string
			flags       []string // of the next start
		}{
			{"kept", "kept", nil},
			{"forgotten", "", nil},
			{"forgotten", "forgotten", []string{"--restore-last-session"}}, // as it restores its tabs
		} {
			first := openTab(t, ctx, path, append(slices.Clone(flags), "--user-data-dir="+profile)...)
			first.open(address + "/?set=" + tt.kind)
			wantEval(t, first, "the page", `document.body.textContent`, tt.kind)
			first.open(address + "/")
			wantEval(t, first, "the next page", `document.body.textContent`, tt.kind)
			first.end()
			next := openTab(t, ctx, path, append(slices.Concat(flags, tt.flags), "--user-data-dir="+profile)...)
			next.open(address + "/")
			wantEval(t, next, "the page after the browser's end", `document.body.textContent`, tt.after)
			next.end()
		}
	})
}

// newManager returns a Manager of sessions that are a text.
func newManager(t *testing.T, ring *cookiesession.Keyring, opts cookiesession.Options[string]) *cookiesession.Manager[string] {
	t.Helper()
	var err error
	if ring == nil {
		ring, err = cookiesession.NewKeyring(cookiesession.NewKey())
		must(t, err)
	}
	sessions, err := cookiesession.New(ring, &opts)
	must(t, err)
	return sessions
}

// serve starts a site over TLS and returns its address at a host.
func (s *rule) serve(host string, handler http.Handler) (address string) {
	s.t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS13}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers break connections off
	server.StartTLS()
	s.t.Cleanup(server.CloseClientConnections)
	return at(server, "https", host)
}

// at returns a server's address at a host.
func at(server *httptest.Server, scheme, host string) string {
	return scheme + "://" + host + server.URL[strings.LastIndex(server.URL, ":"):]
}

// html writes a page that asks for no icon.
func html(w http.ResponseWriter, format string, args ...any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>page</title><link rel="icon" href="data:,"><body>`+format, args...)
}

// kept returns the cookies that the browser would send to an address.
func (s *rule) kept(address string) []keptCookie {
	s.t.Helper()
	var result struct{ Cookies []keptCookie }
	s.call("Network.getCookies", map[string]any{"urls": []string{address}}, &result)
	return result.Cookies
}

func (s *rule) wantKept(address string, want ...string) {
	s.t.Helper()
	var got []string
	for _, c := range s.kept(address) {
		got = append(got, c.Name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("for %s the browser keeps %q, want %q", address, got, want)
	}
}

func (s *rule) want(expression, want string) {
	s.t.Helper()
	wantEval(s.t, s.tab, "the page", expression, want)
}

const text = `document.body.textContent`

// A cookie __Host-session is kept over TLS, and not over plain HTTP; there the
// cookie of a Manager that is Insecure is.
func (s *rule) hostPrefix() {
	sessions := newManager(s.t, nil, cookiesession.Options[string]{})
	insecure := newManager(s.t, nil, cookiesession.Options[string]{Insecure: true})
	site := sessions.Handler(insecure.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data, insecure.Get(r).Data = "a", "b"
		html(w, "")
	})))
	address := s.serve(shopHost, site)
	s.open(address + "/")
	s.wantKept(address, "__Host-session", "dev-session")
	s.call("Network.clearBrowserCookies", nil, nil)
	plain := httptest.NewServer(site)
	defer plain.Close()
	address = at(plain, "http", shopHost)
	s.open(address + "/")
	s.wantKept(address, "dev-session")
}

// A cookie of 4093 bytes is kept, and one of 4097 is not.
func (s *rule) largest() {
	address := s.serve(shopHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, size := range []int{4093, 4096, 4097} {
			name := fmt.Sprint("c", size)
			http.SetCookie(w, &http.Cookie{Name: name, Value: strings.Repeat("v", size-len(name)), Secure: true, Path: "/"})
		}
		html(w, "")
	}))
	s.open(address + "/")
	s.wantKept(address, "c4093", "c4096")
}

// A session that needs three cookies, and then one, leaves nothing of the
// others, and a logout nothing at all.
func (s *rule) growsAndShrinks() {
	sessions := newManager(s.t, nil, cookiesession.Options[string]{MaxCookies: 3})
	address := s.serve(shopHost, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		switch r.URL.Path {
		case "/small":
			session.Data = "small"
		case "/large":
			var b strings.Builder
			for b.Len() < 12000 {
				b.WriteString(rand.Text())
			}
			session.Data = "large" + b.String()
		case "/end":
			session.Destroy()
		}
		html(w, "%.5s", session.Data)
	})))
	all := []string{"__Host-session", "__Host-session_2", "__Host-session_3"}
	for _, step := range []struct {
		path, text string
		kept       []string
	}{
		{"/small", "small", all[:1]}, {"/large", "large", all}, {"/", "large", all}, {"/small", "small", all[:1]}, {"/", "small", all[:1]},
		{"/large", "large", all}, {"/end", "", nil}, {"/", "", nil},
	} {
		s.open(address + step.path)
		s.want(text, step.text)
		s.wantKept(address, step.kept...)
	}
}

// foreignForm has another site post a form. Cookies that are Lax or Strict do
// not come with it. One that is None does, and then CrossOriginProtection
// refuses the form. The site's own form is taken in each case.
func (s *rule) foreignForm() {
	for _, tt := range []struct {
		sameSite  http.SameSite
		protected bool
		want      string // what the other site's form gets
	}{
		{http.SameSiteLaxMode, false, "nobody"},
		{http.SameSiteStrictMode, false, "nobody"},
		{http.SameSiteNoneMode, false, "ana"},
		{http.SameSiteLaxMode, true, "refused"},
		{http.SameSiteNoneMode, true, "refused"},
	} {
		s.call("Network.clearBrowserCookies", nil, nil)
		sessions := newManager(s.t, nil, cookiesession.Options[string]{SameSite: tt.sameSite})
		mux := http.NewServeMux()
		mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
			sessions.Get(r).Data = "ana"
			html(w, `<form method="post" action="/order"><button>Order</button></form>`)
		})
		mux.HandleFunc("POST /order", func(w http.ResponseWriter, r *http.Request) {
			if sessions.Get(r).Data == "" {
				html(w, "nobody")
				return
			}
			html(w, "%s", sessions.Get(r).Data)
		})
		app := sessions.Handler(mux)
		if tt.protected {
			protection := http.NewCrossOriginProtection()
			protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { html(w, "refused") }))
			app = protection.Handler(app)
		}
		shop := s.serve(shopHost, app)
		other := s.serve(otherHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			html(w, `<form method="post" action="%s/order"><button>A prize</button></form>`, shop)
		}))
		s.open(shop + "/login")
		s.run(`document.querySelector('button').click()`)
		s.want(text, "ana") // its own form
		s.open(other + "/")
		s.run(`document.querySelector('button').click()`)
		if got := s.eval(text); got != tt.want {
			s.t.Errorf("SameSite %d, protected %t: %q, want %q", tt.sameSite, tt.protected, got, tt.want)
		}
	}
}

// A link on another site brings a Lax cookie, and no Strict one.
func (s *rule) foreignLink() {
	for _, tt := range []struct {
		sameSite http.SameSite
		want     string
	}{{http.SameSiteLaxMode, "ana"}, {http.SameSiteStrictMode, "nobody"}} {
		s.call("Network.clearBrowserCookies", nil, nil)
		sessions := newManager(s.t, nil, cookiesession.Options[string]{SameSite: tt.sameSite})
		shop := s.serve(shopHost, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			session := sessions.Get(r)
			if r.URL.Path == "/login" {
				session.Data = "ana"
			}
			if session.Data == "" {
				html(w, "nobody")
				return
			}
			html(w, "%s", session.Data)
		})))
		other := s.serve(otherHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { html(w, `<a href="%s/">shop</a>`, shop) }))
		s.open(shop + "/login")
		s.open(shop + "/")
		s.want(text, "ana")
		s.open(other + "/")
		s.run(`document.querySelector('a').click()`)
		if got := s.eval(text); got != tt.want {
			s.t.Errorf("SameSite %d: %q, want %q", tt.sameSite, got, tt.want)
		}
	}
}

// Scripts do not see the session's cookie.
func (s *rule) scripts() {
	sessions := newManager(s.t, nil, cookiesession.Options[string]{})
	address := s.serve(shopHost, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data = "ana"
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		html(w, "")
	})))
	s.open(address + "/")
	s.wantKept(address+"/", "__Host-session", "seen")
	s.want(`document.cookie`, "seen=1")
}

// 400 days are what a browser keeps a cookie for; a longer Max-Age is cut to
// it.
func (s *rule) longestLife() {
	const longest = 400 * 24 * time.Hour
	sessions := newManager(s.t, nil, cookiesession.Options[string]{Lifetime: longest})
	address := s.serve(shopHost, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data = "ana"
		http.SetCookie(w, &http.Cookie{Name: "longer", Value: "1", MaxAge: int(2 * longest / time.Second)})
		http.SetCookie(w, &http.Cookie{Name: "shorter", Value: "1", MaxAge: int(longest / 2 / time.Second)})
		html(w, "")
	})))
	s.open(address + "/")
	s.wantKept(address+"/", "__Host-session", "longer", "shorter")
	for _, c := range s.kept(address + "/") {
		checkLife(s.t, c, map[string]time.Duration{"shorter": longest / 2, "longer": longest, "__Host-session": longest}[c.Name])
	}
}

// back looks at what the back button shows after a logout: the page as it was,
// out of memory. Clear-Site-Data with the logout's answer does not change that,
// since the page is still there when it comes. no-store does, but not for the
// page that the login's redirect led to. Clear-Site-Data with something that
// the next page loads does, and so does a script.
func (s *rule) back() {
	const reload = `<script>addEventListener('pageshow', e => { if (e.persisted) location.reload() })</script>`
	for _, tt := range []struct {
		name    string
		control string // Cache-Control of the page
		clear   string // Clear-Site-Data of the logout
		bye     string // the page after the logout
		script  string // of the page
		again   bool   // the page is opened once more after the login
		want    string
	}{
		{"an ordinary page", "", "", "", "", false, "ana"},
		{"no-store", "no-store", "", "", "", false, "ana"},
		{"an ordinary page, opened again", "", "", "", "", true, "ana"},
		{"no-store, opened again", "no-store", "", "", "", true, "nobody"},
		{"Clear-Site-Data with the logout, opened again", "", `"cache"`, "", "", true, "ana"},
		{"Clear-Site-Data with the logout", "", `"cache"`, "", "", false, "ana"},
		{"both", "no-store", `"cache"`, "", "", false, "ana"},
		{"Clear-Site-Data after the logout", "", "", `<img src="/clear">`, "", false, "nobody"},
		{"a script", "", "", "", reload, false, "nobody"},
	} {
		s.call("Network.clearBrowserCookies", nil, nil)
		sessions := newManager(s.t, nil, cookiesession.Options[string]{})
		mux := http.NewServeMux()
		mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
			sessions.Get(r).Data = "ana"
			http.Redirect(w, r, "/account", http.StatusSeeOther)
		})
		mux.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) {
			if tt.control != "" {
				w.Header().Set("Cache-Control", tt.control)
			}
			html(w, `<h1>%s</h1><form method="post" action="/logout"></form>%s`, cmp.Or(sessions.Get(r).Data, "nobody"), tt.script)
		})
		mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
			sessions.Get(r).Destroy()
			if tt.clear != "" {
				w.Header().Set("Clear-Site-Data", tt.clear)
			}
			http.Redirect(w, r, "/bye", http.StatusSeeOther)
		})
		mux.HandleFunc("GET /bye", func(w http.ResponseWriter, r *http.Request) { html(w, "<h1>bye</h1>%s", tt.bye) })
		mux.HandleFunc("GET /clear", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Clear-Site-Data", `"cache"`) })
		address := s.serve(shopHost, sessions.Handler(mux))
		const heading = `document.querySelector('h1').textContent`
		s.open(address + "/login")
		if tt.again {
			s.open(address + "/account")
		}
		s.want(heading, "ana")
		s.run(`document.forms[0].submit()`)
		s.want(heading, "bye")
		s.wantKept(address)
		if tt.script != "" {
			s.run(`history.back()`)
		} else { // a page out of memory has no load event
			s.eval(`history.back()`)
			for s.eval(`location.pathname + document.readyState`) != "/accountcomplete" {
				time.Sleep(10 * time.Millisecond)
				must(s.t, s.ctx.Err())
			}
		}
		got := s.eval(heading)
		if got != tt.want {
			s.t.Errorf("%s: back shows %q, want %q", tt.name, got, tt.want)
		}
	}
}

// underWay logs out while other answers are under way. One that changes the
// session brings it back. One that only reads does so if the cookie is to be
// renewed. With Check neither does.
func (s *rule) underWay() {
	defer clock.SetOffset(0)
	for _, tt := range []struct {
		path   string
		passed time.Duration // since the login
		check  bool
		want   string
	}{
		{"/changes", 0, false, "ana, changed"},
		{"/changes", 0, true, "nobody"},
		{"/reads", 0, false, "nobody"},
		{"/reads", idle * 4 / 5, false, "ana"},
		{"/reads", idle * 4 / 5, true, "nobody"},
	} {
		s.call("Network.clearBrowserCookies", nil, nil)
		clock.SetOffset(0)
		var loggedOut atomic.Bool
		opts := cookiesession.Options[string]{IdleTimeout: idle}
		if tt.check {
			opts.Check = func(*http.Request, *cookiesession.Session[string]) error {
				if loggedOut.Load() {
					return cookiesession.ErrRevoked
				}
				return nil
			}
		}
		sessions := newManager(s.t, nil, opts)
		began, over := make(chan bool), make(chan bool)
		slow := func(w http.ResponseWriter, r *http.Request) {
			session := sessions.Get(r)
			began <- true
			<-over
			if r.URL.Path == "/changes" {
				session.Data += ", changed"
			}
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { sessions.Get(r).Data = "ana"; html(w, "") })
		mux.HandleFunc("POST /changes", slow)
		mux.HandleFunc("POST /reads", slow)
		mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
			<-began
			sessions.Get(r).Destroy()
			loggedOut.Store(true)
		})
		mux.HandleFunc("POST /over", func(w http.ResponseWriter, r *http.Request) { close(over) })
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
			name := sessions.Get(r).Data
			if name == "" {
				name = "nobody"
			}
			html(w, "%s", name)
		})
		address := s.serve(shopHost, sessions.Handler(mux))
		s.open(address + "/login")
		clock.SetOffset(tt.passed)
		s.eval(fmt.Sprintf(`(async () => {
			const post = path => fetch(path, {method: 'POST'});
			const slow = post('%s');
			await post('/logout');
			await post('/over');
			await slow;
		})()`, tt.path))
		s.open(address + "/")
		if got := s.eval(text); got != tt.want {
			s.t.Errorf("%s after %v, Check %t: the page after the logout says %q, want %q", tt.path, tt.passed, tt.check, got, tt.want)
		}
	}
}

// signIn has another site end a sign-in with a form. With a second Manager, as
// the package's example has it, the visitor is signed in, and what the main
// session held before is there. Written into the main session at once, it is
// gone.
func (s *rule) signIn() {
	for _, tt := range []struct{ at, want string }{{"/callback", "dark, ana"}, {"/at-once", ", ana"}} {
		s.call("Network.clearBrowserCookies", nil, nil)
		ring, err := cookiesession.NewKeyring(cookiesession.NewKey())
		must(s.t, err)
		type user struct{ Theme, Name string }
		sessions, err := cookiesession.New[user](ring, nil)
		must(s.t, err)
		signIns := newManager(s.t, ring, cookiesession.Options[string]{Name: "__Host-signin", SameSite: http.SameSiteNoneMode, Lifetime: 10 * time.Minute})
		var shop string
		other := s.serve(otherHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			html(w, `<form method="post" action="%s%s"><input name="token" value="ana"><input name="state" value="%s"></form>`, shop, tt.at, r.FormValue("state"))
		}))
		mux := http.NewServeMux()
		mux.HandleFunc("GET /theme", func(w http.ResponseWriter, r *http.Request) { sessions.Get(r).Data.Theme = "dark"; html(w, "") })
		mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
			signIn := signIns.Get(r)
			signIn.Destroy()
			signIn.Data = rand.Text()
			http.Redirect(w, r, other+"/?state="+signIn.Data, http.StatusSeeOther)
		})
		mux.HandleFunc("POST /callback", func(w http.ResponseWriter, r *http.Request) {
			signIn := signIns.Get(r)
			if signIn.Data == "" || signIn.Data != r.FormValue("state") {
				html(w, "refused")
				return
			}
			signIn.Destroy()
			signIn.Data = r.FormValue("token")
			http.Redirect(w, r, "/welcome", http.StatusSeeOther)
		})
		mux.HandleFunc("GET /welcome", func(w http.ResponseWriter, r *http.Request) {
			session, signIn := sessions.Get(r), signIns.Get(r)
			session.Renew()
			session.Data.Name = signIn.Data
			signIn.Destroy()
			http.Redirect(w, r, "/", http.StatusSeeOther)
		})
		mux.HandleFunc("POST /at-once", func(w http.ResponseWriter, r *http.Request) {
			session := sessions.Get(r)
			session.Renew()
			session.Data.Name = r.FormValue("token")
			http.Redirect(w, r, "/", http.StatusSeeOther)
		})
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
			html(w, "%s, %s", sessions.Get(r).Data.Theme, sessions.Get(r).Data.Name)
		})
		shop = s.serve(shopHost, sessions.Handler(signIns.Handler(mux)))
		s.open(shop + "/theme")
		s.open(shop + "/login")
		s.run(`document.forms[0].submit()`)
		if got := s.eval(text); got != tt.want {
			s.t.Errorf("%s: %q, want %q", tt.at, got, tt.want)
		}
	}
}

// A Partitioned cookie that a frame on another site sets is there in the frame,
// and not on a page of its own. One that is not partitioned is kept for
// neither.
func (s *rule) frame() {
	for _, tt := range []struct {
		partitioned bool
		again       string // in the frame's next page
	}{{true, "ana"}, {false, "nobody"}} {
		s.call("Network.clearBrowserCookies", nil, nil)
		sessions := newManager(s.t, nil, cookiesession.Options[string]{SameSite: http.SameSiteNoneMode, Partitioned: tt.partitioned})
		widget := s.serve(shopHost, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			session := sessions.Get(r)
			if r.URL.Path == "/set" {
				session.Data = "ana"
			}
			name := session.Data
			if name == "" {
				name = "nobody"
			}
			html(w, `%s<script>parent.postMessage(%q, '*')</script>`, name, name)
		})))
		other := s.serve(otherHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			html(w, `<script>addEventListener('message', e => document.body.dataset.said = e.data)</script><iframe src="%s%s"></iframe>`, widget, r.URL.Path)
		}))
		for _, page := range []struct{ path, want string }{{"/set", "ana"}, {"/again", tt.again}} {
			s.open(other + page.path)
			s.want(`new Promise(done => { const look = () => document.body.dataset.said ? done(document.body.dataset.said) : setTimeout(look, 10); look() })`, page.want)
		}
		s.open(widget + "/")
		if got := s.eval(`document.body.firstChild.data`); got != "nobody" {
			s.t.Errorf("partitioned %t: on a page of its own %q, want nobody", tt.partitioned, got)
		}
	}
}

// A keySite notes its requests, and which of them have moved a session to a new
// key, or have renewed it.
type keySite struct {
	address string
	ring    *cookiesession.Keyring
	keys    []cookiesession.Key

	mu    sync.Mutex
	notes []string
}

func newKeySite(s *rule) *keySite {
	s.t.Helper()
	k := &keySite{keys: []cookiesession.Key{cookiesession.NewKey()}}
	var err error
	k.ring, err = cookiesession.NewKeyring(k.keys...)
	must(s.t, err)
	sessions := newManager(s.t, k.ring, cookiesession.Options[string]{IdleTimeout: idle, OnEvent: func(r *http.Request, e cookiesession.Event) {
		switch e.Reason {
		case cookiesession.ReasonResealed, cookiesession.ReasonRenewed:
			k.note(string(e.Reason) + " at " + r.URL.Path)
		}
	}})
	s.t.Cleanup(func() { clock.SetOffset(0) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { sessions.Get(r).Data = "ana"; html(w, "") })
	mux.HandleFunc("GET /worker.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `addEventListener('install', () => skipWaiting());
			addEventListener('activate', e => e.waitUntil(clients.claim()));
			addEventListener('fetch', e => e.respondWith(fetch(e.request)))`)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		html(w, "%s", sessions.Get(r).Data)
		k.note(strings.TrimPrefix(r.Header.Get("Sec-Purpose")+" "+r.URL.Path, " "))
	})
	k.address = s.serve(shopHost, sessions.Handler(mux))
	return k
}

func (k *keySite) note(text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.notes = append(k.notes, text)
}

func (k *keySite) isQuiet() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.notes) == 0
}

// take returns the notes since the last call.
func (k *keySite) take() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := strings.Join(k.notes, ", ")
	k.notes = nil
	return all
}

// idle is the idle timeout of the sites here. After paged without a visit a
// page renews a session, and what only comes with pages does not yet.
const (
	idle  = time.Hour
	paged = idle * 3 / 8
)

// newKey gives the site a new key, beside those that it has.
func (k *keySite) newKey(t *testing.T) {
	t.Helper()
	k.keys = append([]cookiesession.Key{cookiesession.NewKey()}, k.keys...)
	ring, err := cookiesession.NewKeyring(k.keys...)
	must(t, err)
	must(t, k.ring.Replace(ring))
}

// refreshes has the browser do something quiet and then something that
// refreshes the session: once after a new key, once after some time without a
// visit. The visit is to the page of that path.
func (s *rule) refreshes(k *keySite, quiet func(), noted string, visit func(), path string) {
	s.t.Helper()
	for _, tt := range []struct {
		due    func()
		reason cookiesession.Reason
	}{
		{func() { k.newKey(s.t) }, cookiesession.ReasonResealed},
		{func() { clock.SetOffset(paged) }, cookiesession.ReasonRenewed},
	} {
		tt.due()
		k.take()
		quiet()
		if got := k.take(); got != noted {
			s.t.Errorf("%s: %q, want %q", tt.reason, got, noted)
		}
		visit()
		if got, want := k.take(), fmt.Sprintf("%s at %s, %[2]s", tt.reason, path); got != want {
			s.t.Errorf("%s: %q, want %q", tt.reason, got, want)
		}
	}
}

// A page that is fetched in advance reads the session and leaves its cookie as
// it is, although there is a new key, or some time has passed. The visit to a
// page refreshes it.
func (s *rule) prefetch() {
	k := newKeySite(s)
	s.open(k.address + "/login")
	n := 0
	s.refreshes(k, func() {
		n++
		s.eval(fmt.Sprintf(`new Promise(done => {
			const link = document.createElement('link');
			link.rel = 'prefetch';
			link.href = '/next?%d'; // each is fetched once
			link.onload = link.onerror = done;
			document.head.append(link);
		})`, n))
	}, "prefetch /next", func() { s.open(k.address + "/other") }, "/other")
}

// The same holds for a page that speculation rules have fetched, or rendered,
// in advance.
func (s *rule) speculation() {
	for _, action := range []struct{ name, purpose string }{{"prefetch", "prefetch"}, {"prerender", "prefetch;prerender"}} {
		s.call("Network.clearBrowserCookies", nil, nil)
		clock.SetOffset(0)
		k := newKeySite(s)
		s.open(k.address + "/login")
		n := 0
		s.refreshes(k, func() {
			n++
			s.eval(fmt.Sprintf(`(() => {
				const rules = document.createElement('script');
				rules.type = 'speculationrules';
				rules.textContent = '{"%s": [{"urls": ["/next?%d"], "eagerness": "immediate"}]}';
				document.head.append(rules);
			})()`, action.name, n))
			for k.isQuiet() {
				time.Sleep(10 * time.Millisecond)
				must(s.t, s.ctx.Err())
			}
		}, action.purpose+" /next", func() { s.open(k.address + "/other") }, "/other")
	}
}

// A navigation that goes through a service worker refreshes the session as any
// other does, and a script's fetch does not.
func (s *rule) serviceWorker() {
	k := newKeySite(s)
	s.open(k.address + "/login")
	s.want(`navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready).then(() =>
		navigator.serviceWorker.controller ? 'on' : new Promise(done => navigator.serviceWorker.oncontrollerchange = () => done('on')))`, "on")
	s.refreshes(k, func() { s.eval(`fetch('/script')`) }, "/script", func() {
		s.open(k.address + "/visit")
		s.want(`navigator.serviceWorker.controller ? 'on' : 'off'`, "on")
	}, "/visit")
}

// A handler that answers 101 and takes the connection over talks with the
// browser's WebSocket. What it has done to the session before is saved. Told to
// do it after that, it is not.
func (s *rule) webSocket() {
	for _, tt := range []struct{ path, want string }{{"/before", "ana"}, {"/after", ""}} {
		s.call("Network.clearBrowserCookies", nil, nil)
		sessions := newManager(s.t, nil, cookiesession.Options[string]{})
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { html(w, "%s", sessions.Get(r).Data) })
		mux.HandleFunc("GET "+tt.path, func(w http.ResponseWriter, r *http.Request) {
			session := sessions.Get(r)
			if tt.path == "/before" {
				session.Data = "ana"
			}
			const id = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455, Section 1.3
			sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + id))
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				s.t.Error(err)
				return
			}
			defer conn.Close()
			if tt.path == "/after" {
				session.Data = "ana"
			}
			// One short message in a mask, and the same without.
			head := make([]byte, 6)
			_, err = io.ReadFull(rw, head)
			text := make([]byte, head[1]&0x7f)
			if err == nil {
				_, err = io.ReadFull(rw, text)
			}
			for i := range text {
				text[i] ^= head[2+i%4]
			}
			fmt.Fprintf(rw, "\x81%c%s", len(text), text)
			if err := errors.Join(err, rw.Flush()); err != nil {
				s.t.Error(err)
			}
		})
		address := s.serve(shopHost, sessions.Handler(mux))
		s.open(address + "/")
		s.want(fmt.Sprintf(`new Promise((done, failed) => {
			const socket = new WebSocket('%s');
			socket.onopen = () => socket.send('one');
			socket.onmessage = e => done(e.data);
			socket.onerror = failed;
		})`, tt.path), "one")
		s.open(address + "/")
		if got := s.eval(text); got != tt.want {
			s.t.Errorf("%s: the session is %q, want %q", tt.path, got, tt.want)
		}
	}
}
