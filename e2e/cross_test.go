package e2e

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/cookiesession"
)

// testSameSite: a form of another site brings no cookie that is Lax or Strict,
// a link brings one that is Lax. Without http.CrossOriginProtection the handler
// runs all the same, and a logout ends a session whose cookie did not come with
// it; with it, a form of another site gets 403.
func testSameSite(t *testing.T, c *chrome) {
	for _, tt := range []struct {
		name       string
		sameSite   http.SameSite
		protected  bool
		link, form string // what the site says to them, from another site
		left       int    // cookies after a logout that another site sends
	}{
		{"Lax", http.SameSiteLaxMode, false, "visits 1", "visits 0", 0},
		{"Strict", http.SameSiteStrictMode, false, "visits 0", "visits 0", 0},
		{"None", http.SameSiteNoneMode, false, "visits 1", "visits 1", 0},
		{"Lax, protected", http.SameSiteLaxMode, true, "visits 1", "forbidden", 1},
		{"Strict, protected", http.SameSiteStrictMode, true, "visits 0", "forbidden", 1},
		{"None, protected", http.SameSiteNoneMode, true, "visits 1", "forbidden", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sessions := newSessions(t, &cookiesession.Options[int]{SameSite: tt.sameSite})
			mux := http.NewServeMux()
			mux.HandleFunc(siteHost+"/begin", func(w http.ResponseWriter, r *http.Request) {
				sessions.Get(r).Data = 1
				fmt.Fprint(w, `<!doctype html><form method=post action=/look><button>post</button></form>`)
			})
			mux.HandleFunc(siteHost+"/look", func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "<p>visits %d", sessions.Get(r).Data)
			})
			mux.HandleFunc(siteHost+"/logout", func(w http.ResponseWriter, r *http.Request) {
				sessions.Get(r).Destroy()
				fmt.Fprint(w, "<p>logged out")
			})
			mux.HandleFunc(otherHost+"/", func(w http.ResponseWriter, r *http.Request) {
				to := "https://" + siteHost + ":" + r.FormValue("port") + "/"
				fmt.Fprintf(w, `<a href="%[1]slook">link</a>
					<form id=look method=post action="%[1]slook"><button>post</button></form>
					<form id=logout method=post action="%[1]slogout"><button>post</button></form>`, to)
			})
			h := sessions.Handler(mux)
			if tt.protected {
				protection := http.NewCrossOriginProtection()
				protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusForbidden)
					fmt.Fprint(w, "<p>forbidden")
				}))
				h = protection.Handler(h)
			}
			port := c.serveTLS(t, h)
			site, other := "https://"+siteHost+":"+port, "https://"+otherHost+":"+port+"/?port="+port
			const said = `document.querySelector('p').textContent`
			b, _ := c.visitor(t)
			b.open(site + "/begin")
			b.run(`document.querySelector('button').click()`)
			wantEval(t, b, "the site's own form", said, "visits 1")
			b.open(other)
			b.run(`document.querySelector('a').click()`)
			wantEval(t, b, "the link", said, tt.link)
			b.open(other)
			b.run(`document.querySelector('#look button').click()`)
			wantEval(t, b, "the form", said, tt.form)
			b.open(other)
			b.run(`document.querySelector('#logout button').click()`)
			if kept := b.cookies(); len(kept) != tt.left {
				t.Errorf("%d cookies after another site's logout, expected %d", len(kept), tt.left)
			}
		})
	}
}

// testSignIn: the pattern of ExampleNew_crossSiteSignIn. The provider's form
// brings the cookie of the sign-in and not the session's, and the visitor comes
// back to their page signed in. The control is a callback that writes into the
// main session: it does not know the one that was there.
func testSignIn(t *testing.T, c *chrome) {
	type signIn struct{ State, User string }
	type user struct{ Name, Theme string }
	sessions := newSessions[user](t, nil)
	signIns := newSessions(t, &cookiesession.Options[signIn]{
		Name: "__Host-signin", SameSite: http.SameSiteNoneMode, Lifetime: 10 * time.Minute,
	})
	mux := http.NewServeMux()
	mux.HandleFunc(siteHost+"/theme", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Theme = "dark"
	})
	mux.HandleFunc("GET "+siteHost+"/login", func(w http.ResponseWriter, r *http.Request) {
		s := signIns.Get(r)
		s.Destroy()
		s.Data.State = "state of this attempt"
		http.Redirect(w, r, "https://"+otherHost+r.Host[strings.Index(r.Host, ":"):]+
			"/authorize?"+url.Values{"state": {s.Data.State}, "back": {"https://" + r.Host + r.FormValue("callback")}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc(otherHost+"/authorize", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><form method=post action="%s"><input name=state value="%s"><input name=token value=ana><button>go on</button></form>`,
			html.EscapeString(r.FormValue("back")), html.EscapeString(r.FormValue("state")))
	})
	var brought []string // by the provider's form
	mux.HandleFunc("POST "+siteHost+"/callback", func(w http.ResponseWriter, r *http.Request) {
		for _, c := range r.Cookies() {
			brought = append(brought, c.Name)
		}
		s := signIns.Get(r)
		if s.Data.State == "" || r.PostFormValue("state") != s.Data.State {
			http.Error(w, "not begun here", http.StatusForbidden)
			return
		}
		s.Destroy()
		s.Data.User = r.PostFormValue("token")
		http.Redirect(w, r, "/welcome", http.StatusSeeOther)
	})
	mux.HandleFunc("GET "+siteHost+"/welcome", func(w http.ResponseWriter, r *http.Request) {
		s := signIns.Get(r)
		if s.Data.User == "" {
			http.Redirect(w, r, "/page", http.StatusSeeOther)
			return
		}
		sessions.Get(r).Data.Name = s.Data.User
		s.Destroy()
		http.Redirect(w, r, "/page", http.StatusSeeOther)
	})
	mux.HandleFunc("POST "+siteHost+"/direct", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Name = r.PostFormValue("token")
		http.Redirect(w, r, "/page", http.StatusSeeOther)
	})
	mux.HandleFunc("GET "+siteHost+"/page", func(w http.ResponseWriter, r *http.Request) {
		u := sessions.Get(r).Data
		fmt.Fprintf(w, "<p>user %q, theme %q", u.Name, u.Theme)
	})
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("POST /callback")
	protection.AddInsecureBypassPattern("POST /direct")
	site := "https://" + siteHost + ":" + c.serveTLS(t, protection.Handler(signIns.Handler(sessions.Handler(mux))))

	for _, tt := range []struct{ callback, path, said string }{
		{"/callback", "/page", `user "ana", theme "dark"`},
		{"/direct", "/page", `user "ana", theme ""`}, // the form's own session has replaced it
	} {
		b, _ := c.visitor(t)
		b.open(site + "/theme")
		b.open(site + "/login?callback=" + tt.callback)
		b.run(`document.querySelector('button').click()`)
		wantEval(t, b, tt.callback+": the page", `location.pathname`, tt.path)
		b.open(site + "/page")
		wantEval(t, b, tt.callback, `document.querySelector('p').textContent`, tt.said)
	}
	if got := strings.Join(brought, " "); got != "__Host-signin" {
		t.Errorf("the provider's form brings %q, expected the cookie of the sign-in", got)
	}

	// A form that was not asked for finds no state.
	b, _ := c.visitor(t)
	_, port, _ := strings.Cut(site, siteHost+":")
	b.open("https://" + otherHost + ":" + port + "/authorize?state=guessed&back=" + url.QueryEscape(site+"/callback"))
	b.run(`document.querySelector('button').click()`)
	wantEval(t, b, "a form that was not asked for", `document.body.textContent.trim()`, "not begun here")
}

// testPartitioned: a browser that blocks the cookies of third parties, as a
// private window does, keeps a partitioned one in a frame of another site, as
// another one than that of the site's own pages. Without Partitioned, the
// control, it keeps none there.
func testPartitioned(t *testing.T, c *chrome) {
	for _, partitioned := range []bool{true, false} {
		t.Run(fmt.Sprint(partitioned), func(t *testing.T) {
			sessions := newSessions(t, &cookiesession.Options[int]{SameSite: http.SameSiteNoneMode, Partitioned: partitioned})
			var mu sync.Mutex
			framed := 0 // visits that the session in the frame has known at last
			mux := http.NewServeMux()
			mux.HandleFunc(siteHost+"/{$}", func(w http.ResponseWriter, r *http.Request) {
				s := sessions.Get(r)
				s.Data++
				if r.Header.Get("Sec-Fetch-Dest") == "iframe" {
					mu.Lock()
					framed = s.Data
					mu.Unlock()
				}
				fmt.Fprintf(w, "<p>%d", s.Data)
			})
			mux.HandleFunc(otherHost+"/", func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `<iframe src="https://%s%s/"></iframe>`, siteHost, r.Host[strings.Index(r.Host, ":"):])
			})
			port := c.serveTLS(t, sessions.Handler(mux))
			b, _ := c.visitor(t)
			for range 3 {
				b.open("https://" + siteHost + ":" + port + "/")
			}
			wantEval(t, b, "the site as a page", `document.querySelector('p').textContent`, "3")
			want := 1
			for range 3 {
				b.open("https://" + otherHost + ":" + port + "/")
				mu.Lock()
				if framed != want {
					t.Errorf("in a frame of another site the session has seen %d visits, expected %d", framed, want)
				}
				mu.Unlock()
				if partitioned {
					want++
				}
			}
			b.open("https://" + siteHost + ":" + port + "/")
			wantEval(t, b, "the site as a page again", `document.querySelector('p').textContent`, "4")
		})
	}
}
