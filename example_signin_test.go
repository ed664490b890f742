package cookiesession_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"example.com/cookiesession"
)

// Sign-in by a provider that answers with a form: OpenID Connect with
// response_mode=form_post, SAML, Sign in with Apple. The browser posts that
// form from the provider's site, so it sends no cookie that is SameSite=Lax.
// Whatever the handler writes into the main session would replace the
// visitor's. So a second Manager, whose cookie goes with such a request and
// lives for ten minutes, keeps what belongs to the sign-in. The main session is
// touched by the next request, to which the browser sends all cookies.
func ExampleNew_crossSiteSignIn() {
	type User struct{ Name string }
	type SignIn struct {
		State string // what the provider has to bring back
		User  string // who has signed in
	}
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	sessions, err := cookiesession.New[User](keys, nil)
	if err != nil {
		panic(err)
	}
	signIns, err := cookiesession.New(keys, &cookiesession.Options[SignIn]{
		Name:     "__Host-signin",
		SameSite: http.SameSiteNoneMode,
		Lifetime: 10 * time.Minute,
	})
	if err != nil {
		panic(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		signIn := signIns.Get(r)
		signIn.Destroy() // whatever an earlier attempt has left
		signIn.Data.State = rand.Text()
		http.Redirect(w, r, "https://provider.example/?state="+signIn.Data.State, http.StatusSeeOther)
	})
	mux.HandleFunc("POST /callback", func(w http.ResponseWriter, r *http.Request) {
		signIn := signIns.Get(r)
		if signIn.Data.State == "" || r.PostFormValue("state") != signIn.Data.State {
			http.Error(w, "This sign-in did not begin here, or took too long.", http.StatusForbidden)
			return
		}
		user := r.PostFormValue("token") // after its signature was verified
		signIn.Destroy()
		signIn.Data.User = user
		http.Redirect(w, r, "/welcome", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /welcome", func(w http.ResponseWriter, r *http.Request) {
		signIn := signIns.Get(r)
		if signIn.Data.User == "" {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		session := sessions.Get(r)
		session.Destroy() // another account's session ends here
		session.Data.Name = signIn.Data.User
		signIn.Destroy()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %q", sessions.Get(r).Data.Name)
	})
	// The state is what protects the callback.
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("POST /callback")
	app := protection.Handler(signIns.Handler(sessions.Handler(mux)))

	browser := &sameSiteBrowser{app: app}
	browser.send("GET", "/login", false, nil)
	_, state, _ := strings.Cut(browser.location, "state=")
	browser.send("POST", "/callback", true, url.Values{"state": {"guessed"}, "token": {"mallory"}})
	browser.send("POST", "/callback", true, url.Values{"state": {state}, "token": {"ana"}})
	browser.send("GET", "/welcome", true, nil)
	browser.send("GET", "/", false, nil)
	browser.send("POST", "/callback", true, url.Values{"state": {state}, "token": {"ana"}})
	// Output:
	// GET /login: 303, sets __Host-signin
	// POST /callback: 403
	// POST /callback: 303, sets __Host-signin
	// GET /welcome: 303, sets __Host-session, deletes __Host-signin
	// GET /: 200 user "ana"
	// POST /callback: 403
}

// A sameSiteBrowser sends with a request from another site the cookies that a
// browser sends.
type sameSiteBrowser struct {
	app      http.Handler
	jar      []*http.Cookie
	location string
}

func (b *sameSiteBrowser) send(method, path string, crossSite bool, form url.Values) {
	r := httptest.NewRequest(method, "https://shop.example"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", map[bool]string{true: "cross-site", false: "same-origin"}[crossSite])
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	for _, c := range b.jar {
		if !crossSite || c.SameSite == http.SameSiteNoneMode || c.SameSite == http.SameSiteLaxMode && method == http.MethodGet {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	w := httptest.NewRecorder()
	b.app.ServeHTTP(w, r)
	fmt.Printf("%s %s: %d", method, path, w.Code)
	for _, c := range w.Result().Cookies() {
		kept := b.jar[:0]
		for _, old := range b.jar {
			if old.Name != c.Name {
				kept = append(kept, old)
			}
		}
		if b.jar = kept; c.MaxAge < 0 {
			fmt.Print(", deletes ", c.Name)
			continue
		}
		b.jar = append(b.jar, c)
		fmt.Print(", sets ", c.Name)
	}
	if w.Code == http.StatusOK {
		fmt.Print(" ", w.Body)
	}
	fmt.Println()
	b.location = w.Header().Get("Location")
}
