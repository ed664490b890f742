package cookiesession_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.com/cookiesession"
)

// exampleKeys is a ring for an example: a program that restarts has a file.
func exampleKeys() *cookiesession.Keyring {
	return cookiesession.Must(cookiesession.NewKeyring(cookiesession.NewKey()))
}

// Log a user out everywhere: a number in their row goes into each session at
// login, and Check compares the two. Raise it when they change their password,
// lose a role, or press the button. The look-up is what a store would cost, so
// cache it for as long as a logout may take.
func Example_logOutEverywhere() {
	type Session struct {
		User       string
		Generation int
	}
	generations := map[string]int{"ana": 1} // a column of the users' table
	sessions := cookiesession.Must(cookiesession.New(exampleKeys(), &cookiesession.Options[Session]{
		Check: func(r *http.Request, s *cookiesession.Session[Session]) error {
			if s.Data.User == "" {
				return nil
			}
			// A look-up that fails returns its own error: then there is no
			// session in this request, and none is written over.
			if s.Data.Generation != generations[s.Data.User] {
				return cookiesession.ErrRevoked
			}
			return nil
		},
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		s.Destroy()
		user := r.FormValue("user")
		s.Data = Session{User: user, Generation: generations[user]}
	})
	mux.HandleFunc("POST /logout-everywhere", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		generations[s.Data.User]++
		s.Destroy()
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user: %q\n", sessions.Get(r).Data.User)
	})
	server := httptest.NewServer(http.NewCrossOriginProtection().Handler(sessions.Handler(mux)))
	defer server.Close()

	phone, laptop := newBrowser(server), newBrowser(server)
	phone.post("/login", url.Values{"user": {"ana"}})
	laptop.post("/login", url.Values{"user": {"ana"}})
	phone.get("/")
	laptop.post("/logout-everywhere", nil)
	phone.get("/")
	// Output:
	// user: "ana"
	// user: ""
}

// "Remember me": where it is left unticked, the browser forgets the cookie when
// it is closed. The lifetime is enforced all the same.
func Example_rememberMe() {
	type Session struct{ User string }
	sessions := cookiesession.Must(cookiesession.New(exampleKeys(), &cookiesession.Options[Session]{
		Lifetime: 90 * 24 * time.Hour,
	}))
	handler := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		s.Destroy()
		s.SetPersistent(r.FormValue("remember") == "on")
		s.Data.User = r.FormValue("user")
	}))
	for _, form := range []string{"user=ana&remember=on", "user=ana"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("POST", "/login?"+form, nil))
		fmt.Println("Max-Age:", w.Result().Cookies()[0].MaxAge)
	}
	// Output:
	// Max-Age: 7776000
	// Max-Age: 0
}

// A CSRF token for forms of pages that must also work where browsers send no
// Sec-Fetch-Site: everywhere else http.CrossOriginProtection does it without a
// token. It is made once for a session, and replaced at login.
func Example_csrfToken() {
	type Session struct{ Token string }
	sessions := cookiesession.Must(cookiesession.New[Session](exampleKeys(), nil))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		if s.Data.Token == "" {
			s.Data.Token = rand.Text()
		}
		fmt.Fprint(w, s.Data.Token) // in a hidden field of the form
	})
	mux.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		token := sessions.Get(r).Data.Token
		if token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(r.FormValue("token"))) == 0 {
			http.Error(w, "Load the form again.", http.StatusForbidden)
			return
		}
		fmt.Fprintln(w, "Saved.")
	})
	handler := sessions.Handler(mux)

	page := httptest.NewRecorder()
	handler.ServeHTTP(page, httptest.NewRequest("GET", "/form", nil))
	for _, token := range []string{page.Body.String(), "guessed"} {
		r := httptest.NewRequest("POST", "/form?token="+token, nil)
		r.AddCookie(page.Result().Cookies()[0])
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 Saved.
	// 403 Load the form again.
}

// A deny list ends one session at once: its id is kept until the session could
// no longer open, which is at most Lifetime later (with IdleTimeout ExpiresAt
// is sooner, and a copy may have been renewed: take CreatedAt and Lifetime
// then). The list is a table or a set with expiry that all replicas share; a
// map stands for it here.
func Example_denyList() {
	type Session struct{ User string }
	var denied sync.Map // of id, with its expiry
	sessions := cookiesession.Must(cookiesession.New(exampleKeys(), &cookiesession.Options[Session]{
		Check: func(r *http.Request, s *cookiesession.Session[Session]) error {
			if _, ok := denied.Load(s.ID()); ok {
				return cookiesession.ErrRevoked
			}
			return nil
		},
	}))
	login := &cookiesession.Session[Session]{Data: Session{User: "ana"}}
	login.ID()
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(cookiesession.Must(sessions.Cookies(login))[0])

	s := sessions.Load(r)
	fmt.Printf("%q\n", s.Data.User)
	denied.Store(s.ID(), s.ExpiresAt())
	s = sessions.Load(r)
	fmt.Printf("%q %v\n", s.Data.User, errors.Is(s.Err(), cookiesession.ErrRevoked))
	// Output:
	// "ana"
	// "" true
}

// A reverse proxy in the application passes the sealed cookie on to its
// upstream, unless Rewrite strips it.
func ExampleManager_Strip() {
	type Session struct{ User string }
	sessions := cookiesession.Must(cookiesession.New[Session](exampleKeys(), nil))
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %s, cookies %q", r.Header.Get("X-User"), r.Header.Get("Cookie"))
	}))
	defer upstream.Close()
	target := cookiesession.Must(url.Parse(upstream.URL))
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Set("X-User", sessions.Get(r.In).Data.User)
		sessions.Strip(r.Out.Header)
	}}

	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "seen", Value: "1"})
	r.AddCookie(cookiesession.Must(sessions.Cookies(&cookiesession.Session[Session]{Data: Session{User: "ana"}}))[0])
	w := httptest.NewRecorder()
	sessions.Handler(proxy).ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: user ana, cookies "seen=1"
}

// Replicas follow a keyring file. What is wrong with it goes into the log, and
// the age of the last good reading into a health check.
func ExampleKeyring_Watch() {
	dir := cookiesession.Must(os.MkdirTemp("", ""))
	defer os.RemoveAll(dir)
	keys, err := cookiesession.LoadOrCreateKeyring(filepath.Join(dir, "keyring")) // OpenKeyring in a fleet
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		keys.Watch(ctx, time.Minute, func(err error) { slog.Error("keyring", "err", err) })
	})
	fmt.Println("fresh:", time.Since(keys.Loaded()) < 5*time.Minute)
	cancel()
	watching.Wait()
	// Output: fresh: true
}

// Counters for an operator: what was refused and why, and which key opens. The
// labels come from closed sets, so a client cannot make new series.
func ExampleOptions_onEvent() {
	type Session struct{ User string }
	counts := make(map[string]int) // counters of a metrics library
	var mu sync.Mutex
	sessions := cookiesession.Must(cookiesession.New(exampleKeys(), &cookiesession.Options[Session]{
		OnEvent: func(_ *http.Request, e cookiesession.Event) {
			mu.Lock()
			defer mu.Unlock()
			counts[e.Kind.String()+"/"+cmp.Or(string(e.Reason), "-")]++
			// OnEvent replaces the log: what an operator must know is theirs to
			// write.
			if e.Err != nil && e.Kind == cookiesession.EventSaveFailed {
				slog.Error("session", "event", e.Kind, "err", e.Err)
			}
		},
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: sessions.CookieName(), Value: "not-a-session"})
	sessions.Load(r)
	fmt.Println(counts)
	// Output: map[refused/malformed:1]
}
