package cookiesession_test

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// webSecret stands in the Data of the tests' sessions. No event, no error and
// no log may quote it.
const webSecret = "hush-b7f1"

// webUser is the session of most tests.
type webUser struct {
	Name    string
	Visits  int
	Profile *webProfile
	Tags    map[string][]string
}

type webProfile struct{ Theme string }

// webSign makes the change that most tests make.
func webSign(s *cookiesession.Session[webUser]) { s.Data.Name = webSecret }

// A webCall is one request as a handler of the tests sees it.
type webCall[T any] struct {
	W http.ResponseWriter
	R *http.Request
	S *cookiesession.Session[T]
}

type userCall = webCall[webUser]

// A webSite is a Manager, and what it has reported since somebody looked.
type webSite[T any] struct {
	*cookiesession.Manager[T]

	t      testing.TB
	mu     sync.Mutex
	events []cookiesession.Event
}

// newWebSite makes a site. Without a ring it has one of its own.
func newWebSite[T any](t testing.TB, ring *cookiesession.Keyring, opts cookiesession.Options[T]) *webSite[T] {
	t.Helper()
	if ring == nil {
		ring = newRing(t)
	}
	site := &webSite[T]{t: t}
	opts.OnEvent = site.record
	var err error
	if site.Manager, err = cookiesession.New(ring, &opts); err != nil {
		t.Fatal(err)
	}
	return site
}

func newUserSite(t testing.TB) *webSite[webUser] {
	t.Helper()
	return newWebSite(t, nil, cookiesession.Options[webUser]{})
}

// record takes an event and looks for what must not stand in one.
func (site *webSite[T]) record(r *http.Request, e cookiesession.Event) {
	site.mu.Lock()
	defer site.mu.Unlock()
	site.events = append(site.events, e)
	if e.Cookie != site.CookieName() {
		site.t.Errorf("an event names the cookie %q, not %q", e.Cookie, site.CookieName())
	}
	secrets := []string{webSecret}
	if r != nil {
		for _, c := range r.Cookies() {
			secrets = append(secrets, c.Value)
		}
	}
	webQuotesNone(site.t, fmt.Sprintf("%+v %v", e, e.Err), secrets...)
}

// webQuotesNone checks that a text for logs has no secret of at least four
// bytes in it.
func webQuotesNone(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if len(secret) >= 4 && strings.Contains(text, secret) {
			t.Errorf("%q is quoted in %q", secret, text)
		}
	}
}

// take returns the events since the last take.
func (site *webSite[T]) take() []cookiesession.Event {
	site.mu.Lock()
	defer site.mu.Unlock()
	events := site.events
	site.events = nil
	return events
}

// wantEvents compares the kinds of the events since the last take.
func (site *webSite[T]) wantEvents(want ...cookiesession.EventKind) {
	site.t.Helper()
	var got []cookiesession.EventKind
	for _, e := range site.take() {
		got = append(got, e.Kind)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		site.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// handle puts a handler that asks for the session behind the site's Handler.
// nil is a page that reads.
func (site *webSite[T]) handle(next func(*webCall[T])) http.Handler {
	return site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &webCall[T]{w, r, site.Get(r)}
		if next != nil {
			next(c)
		}
	}))
}

// A webPage is a response, together with the session of its handler and what
// the site reported about it.
type webPage[T any] struct {
	*http.Response
	S      *cookiesession.Session[T]
	Events []cookiesession.Event
}

// cookies returns the Set-Cookie lines.
func (p *webPage[T]) cookies() []string { return p.Header["Set-Cookie"] }

// reasons returns the reasons of the events of one kind.
func (p *webPage[T]) reasons(kind cookiesession.EventKind) (reasons []cookiesession.Reason) {
	for _, e := range p.Events {
		if e.Kind == kind {
			reasons = append(reasons, e.Reason)
		}
	}
	return reasons
}

// visit has a browser ask for a page of the site, whose handler is next. It
// needs no network, so it works in a bubble of synctest.
func (site *webSite[T]) visit(b *webBrowser, next func(*webCall[T])) *webPage[T] {
	site.t.Helper()
	page := new(webPage[T])
	site.take()
	page.Response = b.fetch(site.handle(func(c *webCall[T]) {
		page.S = c.S
		if next != nil {
			next(c)
		}
	}))
	page.Events = site.take()
	return page
}

// A webBrowser keeps the cookies that it is given, until they are deleted. It
// does not look at Max-Age: servers have to cope with clients that don't.
type webBrowser struct {
	Header http.Header // of each request; nil: that of a page
	Method string      // "": GET
	jar    map[string]string
}

// newSession returns a browser with a session that next has made.
func (site *webSite[T]) newSession(next func(*webCall[T])) *webBrowser {
	site.t.Helper()
	b := new(webBrowser)
	if page := site.visit(b, next); len(page.cookies()) != 1 {
		site.t.Fatalf("Set-Cookie is %q", page.cookies())
	}
	return b
}

// signedIn returns a browser that was signed in by webSign.
func signedIn(site *webSite[webUser]) *webBrowser {
	site.t.Helper()
	return site.newSession(func(c *userCall) { webSign(c.S) })
}

var (
	asPage  = http.Header{"Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Mode": {"navigate"}}
	asFetch = http.Header{"Sec-Fetch-Dest": {"empty"}, "Sec-Fetch-Mode": {"cors"}}
)

// fetch sends a request with the browser's cookies, and keeps those that come
// back.
func (b *webBrowser) fetch(h http.Handler) *http.Response {
	r := httptest.NewRequest(cmp.Or(b.Method, "GET"), "/", nil)
	r.Header = asPage.Clone()
	if b.Header != nil {
		r.Header = b.Header.Clone()
	}
	for name, value := range b.jar {
		r.Header.Add("Cookie", name+"="+value)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	resp := rec.Result()
	for _, c := range resp.Cookies() {
		b.keep(c)
	}
	return resp
}

func (b *webBrowser) keep(c *http.Cookie) {
	if b.jar == nil {
		b.jar = make(map[string]string)
	}
	if c.MaxAge < 0 {
		delete(b.jar, c.Name)
		return
	}
	b.jar[c.Name] = c.Value
}

// copy returns a browser with the same cookies, as a thief has.
func (b *webBrowser) copy() *webBrowser {
	c := new(webBrowser)
	for name, value := range b.jar {
		c.keep(&http.Cookie{Name: name, Value: value})
	}
	return c
}

// withCookie returns a browser with one cookie.
func withCookie(name, value string) *webBrowser {
	return &webBrowser{jar: map[string]string{name: value}}
}

// webRequest returns a request with lines of a Cookie header.
func webRequest(cookies ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if len(cookies) > 0 {
		r.Header["Cookie"] = cookies
	}
	return r
}

// A webReply is a response with its body, from a real server.
type webReply struct {
	*http.Response
	Body string
}

// webFetch runs a real server for one request and returns when the handler has
// returned, too. The error is the client's.
func webFetch(t testing.TB, h http.Handler, r *http.Request) (*webReply, error) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // panics and superfluous calls are the subject of tests
	return webFetchFrom(t, server, h, r)
}

func webFetchFrom(t testing.TB, server *httptest.Server, h http.Handler, r *http.Request) (*webReply, error) {
	t.Helper()
	done := make(chan struct{})
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	})
	if server.EnableHTTP2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	out := r.Clone(r.Context())
	out.RequestURI = ""
	var err error
	if out.URL, err = out.URL.Parse(server.URL + r.URL.RequestURI()); err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(out)
	<-done
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &webReply{resp, string(body)}, nil
}

// mustFetch is webFetch for requests that are answered.
func mustFetch(t testing.TB, h http.Handler, r *http.Request) *webReply {
	t.Helper()
	reply, err := webFetch(t, h, r)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}
