package main

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRoutes(t *testing.T) {
	v := newVisitor(t, newTestApp(t, keysFile(t)))
	v.expectUser("No user")
	if n := len(v.cookies()); n != 0 {
		t.Errorf("a first visit leaves %d cookies", n)
	}

	got, _ := v.send(v.form("/login", "name", " ana "))
	set := got.Cookies()
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/user" || len(set) != 1 {
		t.Fatalf("login: status %d, location %q, cookies %v", got.StatusCode, got.Header.Get("Location"), set)
	}
	if c := set[0]; c.Name != "__Host-session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 24*60*60 {
		t.Errorf("cookie %v lacks something", c)
	}
	v.expectUser("ana")

	if got, _ := v.send(v.form("/logout")); got.StatusCode != http.StatusSeeOther {
		t.Errorf("logout: status %d, want 303", got.StatusCode)
	}
	v.expectUser("No user")
	if n := len(v.cookies()); n != 0 {
		t.Errorf("a logout leaves %d cookies", n)
	}
}

func TestNames(t *testing.T) {
	longest := strings.Repeat("ü", maxName)
	tests := []struct {
		name string
		want string // empty: refused
	}{
		{"ana", "ana"},
		{longest, longest},
		{"<b>ana</b>", "<b>ana</b>"},
		{"ana\xff", "ana\uFFFD"},

		{"", ""},
		{" \t", ""},
		{longest + "x", ""},
	}
	for _, test := range tests {
		v := newVisitor(t, newTestApp(t, keysFile(t)))
		got, page := v.send(v.form("/login", "name", test.name))
		if test.want != "" {
			v.expectUser(test.want)
			continue
		}
		if got.StatusCode != http.StatusUnprocessableEntity || len(got.Cookies()) != 0 || !strings.Contains(page, `role="alert"`) {
			t.Errorf("login as %q: status %d, cookies %v, page %s", test.name, got.StatusCode, got.Cookies(), page)
		}
		v.expectUser("No user")
	}
}

// Neither another site's form nor anybody's link logs a visitor in or out.
func TestForgeries(t *testing.T) {
	v := newVisitor(t, newTestApp(t, keysFile(t)))
	v.send(v.form("/login", "name", "ana"))
	for _, path := range []string{"/login", "/logout"} {
		form := v.form(path, "name", "eve")
		form.Header.Set("Sec-Fetch-Site", "cross-site")
		if got, _ := v.send(form); got.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s from elsewhere: status %d, want 403", path, got.StatusCode)
		}
		if got, _ := v.send(v.request(http.MethodGet, path+"?name=eve", "")); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: status %d, want 405", path, got.StatusCode)
		}
	}
	v.expectUser("ana")
}

// A restart is another process with the same file.
func TestRestart(t *testing.T) {
	keys := keysFile(t)
	v := newVisitor(t, newTestApp(t, keys))
	v.send(v.form("/login", "name", "ana"))

	v.app = newTestApp(t, keys)
	v.expectUser("ana")

	v.app = newTestApp(t, keysFile(t)) // the file was lost: a first visit, not an error
	v.expectUser("No user")
}

// A second replica has the same file, and serves the same visitors.
func TestSecondReplica(t *testing.T) {
	keys := keysFile(t)
	first, second := newTestApp(t, keys), newTestApp(t, keys)
	v := newVisitor(t, first)
	v.send(v.form("/login", "name", "ana"))

	v.app = newTestApp(t, keysFile(t)) // a replica with keys of its own
	v.expectUser("No user")

	v.app = second // it did not do away with what others can open
	v.expectUser("ana")
	v.send(v.form("/logout"))

	v.app = first
	v.expectUser("No user")
}

// What the package documentation says of a thief: a copy outlives the logout,
// and ends with the session's lifetime. It can't be changed.
func TestThief(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newTestApp(t, keysFile(t))
		victim := newVisitor(t, app)
		victim.send(victim.form("/login", "name", "ana"))
		stolen := victim.cookies()
		time.Sleep(time.Hour)
		victim.send(victim.form("/logout"))
		victim.expectUser("No user")

		thief := newVisitor(t, app)
		thief.setCookies(stolen)
		thief.expectUser("ana")
		time.Sleep(23*time.Hour - time.Second)
		thief.expectUser("ana")
		time.Sleep(time.Second)
		thief.expectUser("No user")
	})
}

// A login begins a session of its own, also for those who were logged in.
func TestLoginAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(t, newTestApp(t, keysFile(t)))
		v.send(v.form("/login", "name", "ana"))
		time.Sleep(23 * time.Hour)
		v.send(v.form("/login", "name", "bo"))
		time.Sleep(23 * time.Hour)
		v.expectUser("bo")
	})
}

func TestAlteredCookie(t *testing.T) {
	v := newVisitor(t, newTestApp(t, keysFile(t)))
	v.send(v.form("/login", "name", "ana"))
	cookies := v.cookies()
	value := []byte(cookies[0].Value)
	value[len(value)/2] ^= 1 // another character of the alphabet, or none; either way not this cookie
	cookies[0].Value = string(value)
	v.setCookies(cookies)
	v.expectUser("No user")
}

func keysFile(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "keyring")
}

func newTestApp(t *testing.T, keys string) http.Handler {
	t.Helper()
	app, err := newApp(keys, false)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// A visitor is a browser with a cookie jar, which follows no redirects.
type visitor struct {
	t      *testing.T
	app    http.Handler // which its requests reach
	client *http.Client
}

func newVisitor(t *testing.T, app http.Handler) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, app: app}
	v.client = &http.Client{
		Jar:           jar,
		Transport:     v,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return v
}

// RoundTrip lets the application answer a request.
func (v *visitor) RoundTrip(r *http.Request) (*http.Response, error) {
	// What a server does not see of a request is taken out.
	seen := r.Clone(r.Context())
	seen.Host, seen.URL.Scheme, seen.URL.Host = r.URL.Host, "", ""
	if seen.Body == nil {
		seen.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	v.app.ServeHTTP(recorder, seen)
	return recorder.Result(), nil
}

const site = "https://tutorial.example"

func (v *visitor) request(method, path, body string) *http.Request {
	v.t.Helper()
	r, err := http.NewRequest(method, site+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

// form returns the request that sends a form, given as names and values.
func (v *visitor) form(path string, fields ...string) *http.Request {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	r := v.request(http.MethodPost, path, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (v *visitor) send(r *http.Request) (*http.Response, string) {
	v.t.Helper()
	got, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return got, string(body)
}

func (v *visitor) cookies() []*http.Cookie {
	return v.client.Jar.Cookies(&url.URL{Scheme: "https", Host: "tutorial.example", Path: "/"})
}

func (v *visitor) setCookies(cookies []*http.Cookie) {
	for _, c := range cookies {
		c.Secure, c.Path = true, "/" // a jar gives cookies without attributes
	}
	v.client.Jar.SetCookies(&url.URL{Scheme: "https", Host: "tutorial.example", Path: "/"}, cookies)
}

// expectUser checks whose name /user shows.
func (v *visitor) expectUser(want string) {
	v.t.Helper()
	got, page := v.send(v.request(http.MethodGet, "/user", ""))
	_, page, _ = strings.Cut(page, "<h1>")
	shown, _, ok := strings.Cut(page, "</h1>")
	if got.StatusCode != http.StatusOK || !ok || shown != html.EscapeString(want) {
		v.t.Errorf("GET /user: status %d, user %q, want %q", got.StatusCode, shown, want)
	}
}
