package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
)

// theOnly returns the only cookie that the page would be sent with and that no
// script can see.
func (b *tab) theOnly() keptCookie {
	b.t.Helper()
	kept := slices.DeleteFunc(b.cookies(), func(c keptCookie) bool { return !c.HTTPOnly })
	if len(kept) != 1 {
		b.t.Fatalf("%d cookies, expected one", len(kept))
	}
	return kept[0]
}

// testBack goes back after a logout. The browser shows the pages from before as
// they were, unless they said no-store. Clear-Site-Data with the answer to the
// logout reaches the pages before the last one alone: the one with the form of
// the logout goes into the back/forward cache only after that answer has come.
func testBack(t *testing.T, c *chrome) {
	for _, tt := range []struct{ name, cacheControl, clear, last, before string }{
		{"neither", "", "", "user ana", "user ana"},
		{"no-store", "no-store", "", "user ", "user "},
		{"Clear-Site-Data", "", `"cache"`, "user ana", "user "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sessions := newSessions[string](t, nil)
			address := "https://" + siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := sessions.Get(r)
				switch r.URL.Path {
				case "/login":
					s.Data = "ana"
				case "/one", "/two":
					if tt.cacheControl != "" {
						w.Header().Set("Cache-Control", tt.cacheControl)
					}
				case "/logout":
					s.Destroy()
					if tt.clear != "" {
						w.Header().Set("Clear-Site-Data", tt.clear)
					}
					http.Redirect(w, r, "/bye", http.StatusSeeOther)
					return
				}
				fmt.Fprintf(w, `<!doctype html><p>user %s</p><form method=post action=/logout><button>log out</button></form>`, s.Data)
			})))
			b, _ := c.visitor(t)
			b.open(address + "/login")
			b.open(address + "/one")
			b.open(address + "/two")
			const said = `document.querySelector('p').textContent`
			wantEval(t, b, "before the logout", said, "user ana")
			b.run(`document.querySelector('button').click()`)
			wantEval(t, b, "after the logout", `location.pathname + ' ' + `+said, "/bye user ")
			for _, page := range []struct{ path, want string }{{"/two", tt.last}, {"/one", tt.before}} {
				b.eval(`setTimeout(() => history.back()); ''`)
				b.awaitEval(`location.pathname + ' ' + document.readyState`, page.path+" complete")
				wantEval(t, b, "back at "+page.path, said, page.want)
			}
			b.open(address + "/one")
			wantEval(t, b, "the page anew", said, "user ")
		})
	}
}

// testTwoTabs logs out in one tab while a fetch of another one is under way.
// Its answer brings the session back if it sets the cookie: if it changes the
// session, or if the cookie was to be renewed. With Check it is refused.
func testTwoTabs(t *testing.T, c *chrome) {
	const idle = time.Hour
	for _, tt := range []struct {
		name    string
		write   bool
		passed  time.Duration // since the login
		check   bool
		visitor string // after all
	}{
		{"a read", false, 0, false, ""},
		{"a read that renews", false, idle * 4 / 5, false, "ana"},
		{"a write", true, 0, false, "ana again"},
		{"a write, with Check", true, 0, true, ""},
		{"a read that renews, with Check", false, idle * 4 / 5, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer clock.SetOffset(0)
			var loggedOut atomic.Bool
			opts := &cookiesession.Options[string]{IdleTimeout: idle}
			if tt.check {
				opts.Check = func(*http.Request, *cookiesession.Session[string]) error {
					if loggedOut.Load() {
						return cookiesession.ErrRevoked
					}
					return nil
				}
			}
			sessions := newSessions(t, opts)
			asked, answer := make(chan struct{}, 1), make(chan struct{})
			address := "https://" + siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := sessions.Get(r)
				switch r.URL.Path {
				case "/login":
					s.Data = "ana"
				case "/slow":
					if tt.write {
						s.Data += " again"
					}
					asked <- struct{}{}
					select {
					case <-answer:
					case <-r.Context().Done():
					}
				case "/logout":
					s.Destroy()
					loggedOut.Store(true)
				}
				fmt.Fprintf(w, `<p>%s`, s.Data)
			})))
			one, browserContext := c.visitor(t)
			one.open(address + "/login")
			one.theOnly()
			clock.SetOffset(tt.passed)
			one.eval(`window.done = ''; fetch('/slow').then(r => r.text()).then(() => { window.done = 'done' }); ''`)
			select {
			case <-asked:
			case <-c.ctx.Done():
				t.Fatal("the fetch does not arrive")
			}
			other := c.tab(t, browserContext)
			other.open(address + "/logout")
			if kept := other.cookies(); len(kept) != 0 {
				t.Errorf("%d cookies after the logout", len(kept))
			}
			close(answer)
			one.awaitEval(`window.done`, "done")
			other.open(address + "/page")
			wantEval(t, other, "the visitor", `document.querySelector('p').textContent`, tt.visitor)
		})
	}
}

// testPrefetch: what is fetched in advance leaves the cookie alone where the
// same page, visited, renews it.
func testPrefetch(t *testing.T, c *chrome) {
	for _, tt := range []struct{ name, markup string }{
		{"link", `<link rel=prefetch href=/next>`},
		{"speculation rules", `<script type=speculationrules>{"prefetch": [{"urls": ["/next"], "eagerness": "immediate"}]}</script>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer clock.SetOffset(0)
			const idle = time.Hour
			sessions := newSessions(t, &cookiesession.Options[string]{IdleTimeout: idle})
			fetched := make(chan http.Header, 10)
			address := "https://" + siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := sessions.Get(r)
				switch r.URL.Path {
				case "/login":
					s.Data = "ana"
				case "/next":
					http.SetCookie(w, &http.Cookie{Name: "answered", Value: "1", Path: "/"})
					fetched <- r.Header
				}
				fmt.Fprintf(w, `<!doctype html><p>%s</p>`, s.Data)
			})))
			b, _ := c.visitor(t)
			b.open(address + "/login")
			first := b.theOnly()
			clock.SetOffset(idle * 3 / 10)
			add := "document.head.append(document.createRange().createContextualFragment(" + strconv.Quote(tt.markup) + ")); ''"
			b.eval(add)
			select {
			case h := <-fetched:
				t.Logf("Sec-Purpose %q, Sec-Fetch-Dest %q, Sec-Fetch-Mode %q", h.Get("Sec-Purpose"), h.Get("Sec-Fetch-Dest"), h.Get("Sec-Fetch-Mode"))
				if h.Get("Cookie") == "" || h.Get("Sec-Purpose") == "" {
					t.Errorf("cookies %t, Sec-Purpose %q", h.Get("Cookie") != "", h.Get("Sec-Purpose"))
				}
			case <-c.ctx.Done():
				t.Fatal("nothing is fetched in advance")
			}
			b.awaitEval(`document.cookie`, "answered=1")
			if b.theOnly().Value != first.Value {
				t.Error("what is fetched in advance has set the cookie")
			}
			b.open(address + "/page")
			if b.theOnly().Value == first.Value {
				t.Error("a page has not renewed the cookie")
			}
		})
	}
}

// testServiceWorker: a page that a service worker fetches for the browser
// renews the cookie, and a fetch of a page does not, at the same time.
func testServiceWorker(t *testing.T, c *chrome) {
	defer clock.SetOffset(0)
	const idle = time.Hour
	sessions := newSessions(t, &cookiesession.Options[string]{IdleTimeout: idle})
	var page atomic.Pointer[http.Header]
	address := "https://" + siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/worker.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `
				addEventListener('activate', e => e.waitUntil(clients.claim()))
				addEventListener('fetch', e => e.respondWith((async () => {
					const got = await fetch(e.request)
					const headers = new Headers(got.headers)
					headers.set('X-Worker', 'yes')
					return new Response((await got.text()) + '<i>by the worker</i>', {status: got.status, headers})
				})()))`)
			return
		case "/login":
			sessions.Get(r).Data = "ana"
		case "/page":
			page.Store(&r.Header)
		}
		fmt.Fprintf(w, `<!doctype html><p>%s</p>`, sessions.Get(r).Data)
	})))
	b, _ := c.visitor(t)
	b.open(address + "/login")
	first := b.theOnly()
	b.eval(`navigator.serviceWorker.register('/worker.js'); ''`)
	b.awaitEval(`navigator.serviceWorker.controller != null`, "true")
	clock.SetOffset(idle * 3 / 10)
	b.awaitEval(`fetch('/data').then(r => r.headers.get('X-Worker'))`, "yes")
	if b.theOnly().Value != first.Value {
		t.Error("a fetch has renewed the cookie")
	}
	b.open(address + "/page")
	wantEval(t, b, "the page", `document.querySelector('i').textContent`, "by the worker")
	h := *page.Load()
	t.Logf("Sec-Fetch-Dest %q, Sec-Fetch-Mode %q", h.Get("Sec-Fetch-Dest"), h.Get("Sec-Fetch-Mode"))
	if b.theOnly().Value == first.Value {
		t.Error("a page through a service worker has not renewed the cookie")
	}
}
