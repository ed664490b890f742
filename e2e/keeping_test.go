package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"example.com/cookiesession"
)

// testLongestLife: the browser keeps a cookie for 400 days, which is the most
// that a Manager takes, and cuts what is longer down to it.
func testLongestLife(t *testing.T, c *chrome) {
	const longest = 400 * 24 * time.Hour
	sessions := newSessions(t, &cookiesession.Options[int]{Lifetime: longest})
	address := "https://" + siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/session":
			sessions.Get(r).Data = 1
		case "/longer", "/shorter":
			days := map[string]int{"/longer": 500, "/shorter": 300}[r.URL.Path]
			http.SetCookie(w, &http.Cookie{Name: "raw", Value: "1", MaxAge: days * 24 * 3600, Path: "/", Secure: true})
		}
		fmt.Fprint(w, "<p>")
	})))
	for path, want := range map[string]time.Duration{"/session": longest, "/longer": longest, "/shorter": longest * 3 / 4} {
		b, _ := c.visitor(t)
		b.open(address + path)
		kept := b.cookies()
		if len(kept) != 1 {
			t.Fatalf("%s: %d cookies, expected one", path, len(kept))
		}
		checkLife(t, kept[0], want)
	}
}

// TestPersistent ends a browser and starts it again with the same profile: a
// session with SetPersistent(false) has ended with it, unless the browser
// restores its tabs; another one has not.
func TestPersistent(t *testing.T) {
	certificate, spki := newCertificate(t, siteHost, otherHost)
	sessions := newSessions[int](t, nil)
	h := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on := r.FormValue("persistent"); on != "" {
			s := sessions.Get(r)
			s.Data = 1
			s.SetPersistent(on == "true")
		}
		fmt.Fprintf(w, "<p>%d", sessions.Get(r).Data)
	}))
	for _, tt := range []struct {
		persistent bool
		flags      []string // of the second start
		want       string
	}{
		{false, nil, "0"},
		{false, []string{"--restore-last-session"}, "1"},
		{true, nil, "1"},
	} {
		t.Run(fmt.Sprint(tt.persistent, tt.flags), func(t *testing.T) {
			profile := t.TempDir()
			c := startChrome(t, certificate, spki, profile)
			address := "https://" + siteHost + ":" + c.serveTLS(t, h)
			b := c.tab(t, "")
			b.open(fmt.Sprintf("%s/?persistent=%t", address, tt.persistent))
			b.open(address)
			wantEval(t, b, "before the end", `document.querySelector('p').textContent`, "1")
			if kept := b.cookies(); len(kept) != 1 || kept[0].Session == tt.persistent {
				t.Errorf("the browser keeps %+v", kept)
			}
			// In an orderly way, so that it writes its cookies down.
			(&tab{browser: c.browser, t: t}).call("Browser.close", nil, nil)
			select {
			case <-c.ended:
			case <-c.ctx.Done():
				t.Fatal("the browser does not end")
			}

			b = startChrome(t, certificate, spki, profile, tt.flags...).tab(t, "")
			b.open(address)
			wantEval(t, b, "after a new start", `document.querySelector('p').textContent`, tt.want)
		})
	}
}
