package gorilla_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/gorilla/sessions"
)

const sessionName = "app"

func newKeys(t testing.TB) *cookiesession.Keyring {
	t.Helper()
	return keysOf(t, cookiesession.NewKey())
}

// keysOf returns a ring whose first key seals.
func keysOf(t testing.TB, keys ...cookiesession.Key) *cookiesession.Keyring {
	t.Helper()
	ring, err := cookiesession.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newStore(t testing.TB, keys *cookiesession.Keyring, opts *cookiesession.CodecOptions, legacy ...*gorilla.LegacyCodec) *gorilla.Store {
	t.Helper()
	store, err := gorilla.NewStore(keys, opts, legacy...)
	if err != nil {
		t.Fatal(err)
	}
	store.OnSaveFailed = func(*http.Request, string, error) {} // else it logs
	return store
}

// A browser keeps cookies between requests to one site.
type browser struct {
	t   testing.TB
	jar *cookiejar.Jar
	url *url.URL
}

func newBrowser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, jar: jar, url: &url.URL{Scheme: "https", Host: "app.example", Path: "/"}}
}

// request returns a request with the browser's cookies.
func (b *browser) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, b.url.String(), nil)
	for _, c := range b.jar.Cookies(b.url) {
		r.AddCookie(c)
	}
	return r
}

// do has h answer a request, and keeps the cookies of its answer.
func (b *browser) do(h http.HandlerFunc) *http.Response {
	b.t.Helper()
	w := httptest.NewRecorder()
	h(w, b.request())
	response := w.Result()
	b.jar.SetCookies(b.url, response.Cookies())
	return response
}

// page has h answer a request for a page.
func (b *browser) page(h http.Handler) *http.Response {
	b.t.Helper()
	return b.do(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Sec-Fetch-Dest", "document")
		h.ServeHTTP(w, r)
	})
}

// save has a handler make a change to the session, and save it.
func (b *browser) save(store sessions.Store, change func(*sessions.Session)) *http.Response {
	b.t.Helper()
	return b.do(func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, sessionName)
		if err != nil {
			b.t.Errorf("Get: %v", err)
		}
		change(session)
		if err := session.Save(r, w); err != nil {
			b.t.Errorf("Save: %v", err)
		}
	})
}

// load returns the session as a handler of the next request gets it.
func (b *browser) load(store sessions.Store) (*sessions.Session, error) {
	b.t.Helper()
	session, err := store.Get(b.request(), sessionName)
	if session == nil {
		b.t.Fatal("Get returned a nil session")
	}
	return session, err
}

// values returns the session's values, or fails.
func (b *browser) values(store sessions.Store) map[any]any {
	b.t.Helper()
	session, err := b.load(store)
	if err != nil || session.IsNew {
		b.t.Fatalf("Get: IsNew %v, %v; want the session that was saved", session.IsNew, err)
	}
	return session.Values
}

// names returns the names of the cookies that the browser has.
func (b *browser) names() (names []string) {
	for _, c := range b.jar.Cookies(b.url) {
		names = append(names, c.Name)
	}
	return names
}

// put sets a cookie, or deletes it.
func (b *browser) put(name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true}
	if value == "" {
		c.MaxAge = -1
	}
	b.jar.SetCookies(b.url, []*http.Cookie{c})
}

// cookie returns a cookie's value, or "".
func (b *browser) cookie(name string) string {
	for _, c := range b.jar.Cookies(b.url) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// setUser is the change that most tests make.
func setUser(session *sessions.Session) { session.Values["user"] = "user-1" }

// attributesOf returns what follows the value in a Set-Cookie line, without an
// Expires, which TestExpires is about.
func attributesOf(line string) string {
	_, attributes, _ := strings.Cut(line, "; ")
	return expires.ReplaceAllString(attributes, "")
}

var expires = regexp.MustCompile(`Expires=[^;]*; `)
