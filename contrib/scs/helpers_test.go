package scscookie_test

import (
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/cookiesession"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
)

// A config says how a site differs from the usual one.
type config struct {
	keys    *cookiesession.Keyring // nil: one of its own
	manager func(*scs.SessionManager)
	options scscookie.Options
}

type optionsT = scscookie.Options

func options(f func(*optionsT)) (o optionsT) {
	f(&o)
	return o
}

// A site is an application: a manager, its sessions in cookies, and what they
// have reported since somebody looked.
type site struct {
	*scs.SessionManager
	sessions *scscookie.Sessions

	mu     sync.Mutex
	events []cookiesession.Event
}

func newSite(t testing.TB, c config) *site {
	t.Helper()
	s, err := buildSite(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func buildSite(t testing.TB, c config) (*site, error) {
	t.Helper()
	if c.keys == nil {
		c.keys = newKeyring(t, cookiesession.NewKey())
	}
	s := &site{SessionManager: scs.New()}
	if c.manager != nil {
		c.manager(s.SessionManager)
	}
	c.options.OnEvent = func(_ *http.Request, e cookiesession.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	}
	var err error
	s.sessions, err = scscookie.New(s.SessionManager, c.keys, &c.options)
	return s, err
}

// kinds returns the kinds of the events since it was last called.
func (s *site) kinds() (kinds []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		kinds = append(kinds, e.Kind.String())
	}
	s.events = nil
	return kinds
}

func newKeyring(t testing.TB, keys ...cookiesession.Key) *cookiesession.Keyring {
	t.Helper()
	ring, err := cookiesession.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// A visitor is a browser without a network: a jar, and requests that go right
// into a handler, so that the clock of a bubble applies to both.
type visitor struct {
	t       testing.TB
	handler http.Handler
	jar     http.CookieJar
}

func newVisitor(t testing.TB, h http.Handler) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, handler: h, jar: jar}
}

var home = &url.URL{Scheme: "https", Host: "shop.example", Path: "/"}

// visit is a site's own visitor, with the handler that h is.
func (s *site) visit(t testing.TB, h http.HandlerFunc) *visitor {
	t.Helper()
	return newVisitor(t, s.sessions.LoadAndSave(h))
}

// do makes a request with the jar's cookies. change may alter it.
func (v *visitor) do(path string, change ...func(*http.Request)) *http.Response {
	v.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for _, c := range v.jar.Cookies(home) {
		r.AddCookie(c)
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	res := w.Result()
	v.jar.SetCookies(home, res.Cookies())
	return res
}

// with makes a request whose handler is f.
func (v *visitor) with(s *site, f http.HandlerFunc, change ...func(*http.Request)) *http.Response {
	v.t.Helper()
	v.handler = s.sessions.LoadAndSave(f)
	return v.do("/", change...)
}

// cookie returns the visitor's cookie of that name, or "".
func (v *visitor) cookie(name string) string {
	for _, c := range v.jar.Cookies(home) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// hold has the jar hold a cookie of that name.
func (v *visitor) hold(name, value string) {
	v.jar.SetCookies(home, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// setLines returns a response's Set-Cookie lines without the cookies' values,
// and without an Expires ahead, which TestExpires is about.
func setLines(res *http.Response) (lines []string) {
	for _, line := range res.Header["Set-Cookie"] {
		name, rest, _ := strings.Cut(line, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		if value != "" {
			value = "..."
		}
		if !strings.Contains(attributes, "Max-Age=0") {
			attributes = expires.ReplaceAllString(attributes, "")
		}
		lines = append(lines, name+"="+value+";"+attributes)
	}
	return lines
}

var expires = regexp.MustCompile(` Expires=[^;]*;`)

// put is a handler that puts a value and writes nothing.
func (s *site) put(key string, value any) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) { s.Put(r.Context(), key, value) }
}

// read is a handler that reads a value and writes nothing.
func (s *site) read(key string) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) { s.Get(r.Context(), key) }
}

// has reports whether the visitor's session has a value under key.
func (v *visitor) has(s *site, key string) (found bool) {
	v.t.Helper()
	v.with(s, func(_ http.ResponseWriter, r *http.Request) { found = s.Exists(r.Context(), key) })
	return found
}

// A server is a site behind TLS, with a client that keeps cookies and follows
// no redirect.
type server struct {
	*httptest.Server
	t testing.TB
}

// superfluous fails a test in which the status of a response was written twice.
type superfluous struct{ t testing.TB }

func (s superfluous) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "superfluous") {
		s.t.Errorf("the server says: %s", line)
	}
	return len(line), nil
}

func newServer(t testing.TB, h http.Handler) *server {
	t.Helper()
	ts := httptest.NewUnstartedServer(h)
	ts.Config.ErrorLog = log.New(superfluous{t}, "", 0)
	ts.StartTLS()
	t.Cleanup(ts.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ts.Client().Jar = jar
	ts.Client().Timeout = 30 * time.Second
	ts.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &server{ts, t}
}

// get returns the response to a request, and its body.
func (s *server) get(path string) (*http.Response, string) {
	s.t.Helper()
	res, err := s.Client().Get(s.URL + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, body(s.t, res)
}
