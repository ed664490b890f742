package fibersession_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/fiber/fibersession"
	"github.com/gofiber/fiber/v3"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"
)

// secret stands in the Data of the tests' sessions. No event and no page of an
// error may quote it.
const secret = "hush-b7f1"

// user is the session of most tests.
type user struct {
	Name   string
	Visits int
	Raw    []byte
}

type (
	session = cookiesession.Session[user]
	options = cookiesession.Options[user]
)

// sign makes the change that most tests make.
func sign(s *session) { s.Data.Name = secret }

// A call is one request as a handler of the tests sees it.
type call struct {
	fiber.Ctx
	S *session
}

// A site is a Manager in an application, and what it has reported since
// somebody looked.
type site struct {
	*fibersession.Manager[user]

	t       testing.TB
	app     *fiber.App
	handler func(fiber.Ctx) error // of the next request
	mu      sync.Mutex
	events  []cookiesession.Event
}

// newSite makes a site. Without a ring it has one of its own. The middlewares
// are inside the Manager's Handler.
func newSite(t testing.TB, ring *cookiesession.Keyring, opts options, inside ...fiber.Handler) *site {
	t.Helper()
	if ring == nil {
		ring = newRing(t)
	}
	s := &site{t: t}
	opts.OnEvent = s.record
	var err error
	if s.Manager, err = fibersession.New(ring, &opts); err != nil {
		t.Fatal(err)
	}
	s.mount(fiber.Config{}, append([]fiber.Handler{s.Handler()}, inside...)...)
	return s
}

// mount puts the site into an application of its own with these middlewares.
func (s *site) mount(config fiber.Config, middlewares ...fiber.Handler) {
	s.app = fiber.New(config)
	for _, m := range middlewares {
		s.app.Use(m)
	}
	s.app.All("/*", func(c fiber.Ctx) error { return s.handler(c) })
}

func newRing(t testing.TB, keys ...cookiesession.Key) *cookiesession.Keyring {
	t.Helper()
	if keys == nil {
		keys = []cookiesession.Key{cookiesession.NewKey()}
	}
	ring, err := cookiesession.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// record takes an event and looks for what must not stand in one.
func (s *site) record(_ *http.Request, e cookiesession.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	if text := fmt.Sprintf("%+v", e); e.Cookie != s.CookieName() || strings.Contains(text, secret) {
		s.t.Errorf("event %s", text)
	}
}

// take returns the events since the last take.
func (s *site) take() []cookiesession.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return events
}

// A page is a response, with the session of its handler and the events that
// were reported about it.
type page struct {
	*http.Response
	Body    string
	S       *session
	Events  []cookiesession.Event
	cookies []string // lines
}

// wantEvents compares the kinds of the events.
func (p *page) wantEvents(t *testing.T, want ...cookiesession.EventKind) {
	t.Helper()
	var got []cookiesession.EventKind
	for _, e := range p.Events {
		got = append(got, e.Kind)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// wantIssued checks for what reason a response sets the cookie, "" for none.
func (p *page) wantIssued(t *testing.T, want cookiesession.Reason) {
	t.Helper()
	var got cookiesession.Reason
	for _, e := range p.Events {
		if e.Kind == cookiesession.EventIssued {
			got = e.Reason
		}
	}
	if got != want || len(p.cookies) != map[bool]int{true: 1}[want != ""] {
		t.Errorf("issued for %q, want %q\nSet-Cookie: %q", got, want, p.cookies)
	}
}

// visit has a browser ask for a page of the site, whose handler is next; nil
// reads the session. It needs no network, so it works in a bubble of synctest.
func (s *site) visit(b *browser, next func(call) error) *page {
	s.t.Helper()
	p := new(page)
	s.take()
	s.handler = func(c fiber.Ctx) error {
		p.S = s.Get(c)
		if next == nil {
			return nil
		}
		return next(call{c, p.S})
	}
	b.fetch(s.app, p)
	p.Events = s.take()
	return p
}

// A browser keeps the cookies that it is given, until they are deleted.
type browser struct {
	Header http.Header // of each request; nil: that of a page
	Method string      // "": GET
	jar    map[string]string
}

var (
	asPage  = http.Header{"Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Mode": {"navigate"}}
	asFetch = http.Header{"Sec-Fetch-Dest": {"empty"}, "Sec-Fetch-Mode": {"cors"}}
)

// fetch sends a request with the browser's cookies, and keeps those that come
// back.
func (b *browser) fetch(app *fiber.App, p *page) {
	var r fasthttp.Request
	r.Header.SetMethod(cmp.Or(b.Method, "GET"))
	r.SetRequestURI("http://shop.example/page?n=1")
	header := b.Header
	if header == nil {
		header = asPage
	}
	for key, values := range header {
		for _, value := range values {
			r.Header.Add(key, value)
		}
	}
	for name, value := range b.jar {
		r.Header.Add("Cookie", name+"="+value)
	}
	ctx := new(fasthttp.RequestCtx)
	ctx.Init(&r, nil, nil)
	app.Handler()(ctx)
	out := &ctx.Response
	if copied := ctx.LastTimeoutErrorResponse(); copied != nil {
		out = copied
	}
	p.Response = &http.Response{StatusCode: out.StatusCode(), Header: http.Header{}}
	for key, value := range out.Header.All() {
		p.Header.Add(string(key), string(value))
	}
	p.Body, p.cookies = string(out.Body()), p.Header["Set-Cookie"]
	for _, c := range p.Cookies() {
		b.keep(c)
	}
}

func (b *browser) keep(c *http.Cookie) {
	if b.jar == nil {
		b.jar = make(map[string]string)
	}
	if c.MaxAge < 0 {
		delete(b.jar, c.Name)
		return
	}
	b.jar[c.Name] = c.Value
}

// signedIn returns a browser that was signed in by sign.
func (s *site) signedIn() *browser {
	s.t.Helper()
	b := new(browser)
	p := s.visit(b, func(c call) error { sign(c.S); return nil })
	if len(p.cookies) != 1 {
		s.t.Fatalf("Set-Cookie is %q", p.cookies)
	}
	return b
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// noise returns bytes that don't pack, the same for the same n.
func noise(n int) []byte {
	b := make([]byte, n)
	random := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}
