package cookiesession_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keytext"
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

func corpus(t testing.TB) (kinds []kind) {
	t.Helper()
	files, err := filepath.Glob("testdata/sessions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no sessions", err)
	}
	slices.Sort(files)
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), "-")
		if len(kinds) == 0 || kinds[len(kinds)-1].name != name {
			kinds = append(kinds, kind{name: name})
		}
		last := &kinds[len(kinds)-1]
		last.sessions = append(last.sessions, readSession(t, file))
	}
	return kinds
}

// prefs is the session of the benchmarks and of most tests of the codec.
type prefs struct {
	Theme    string `json:"theme"`
	Lang     string `json:"lang"`
	TZ       string `json:"tz"`
	FontSize int    `json:"fontSize"`
	Sidebar  bool   `json:"sidebar"`
	Currency string `json:"currency"`
	UserID   int64  `json:"userId"`
	Email    string `json:"email"`
}

var eightPrefs = prefs{
	Theme: "dark", Lang: "de-CH", TZ: "Europe/Zurich", FontSize: 18,
	Sidebar: true, Currency: "CHF", UserID: 4207311, Email: "ana.lima@example.com",
}

func newRing(t testing.TB, keys ...cookiesession.Key) *cookiesession.Keyring {
	t.Helper()
	if len(keys) == 0 {
		keys = []cookiesession.Key{cookiesession.NewKey()}
	}
	ring, err := cookiesession.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newCodec(t testing.TB, ring *cookiesession.Keyring, opts *cookiesession.CodecOptions) *cookiesession.Codec {
	t.Helper()
	codec, err := cookiesession.NewCodec(ring, opts)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func mustEncode(t testing.TB, codec *cookiesession.Codec, name string, value any) string {
	t.Helper()
	text, err := codec.Encode(name, value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// refused checks that a value is refused with the sentinel, wrapped, as a fault
// of the cookie, and that dst stays as it was.
func refused(t *testing.T, codec *cookiesession.Codec, name, value string, sentinel error) {
	t.Helper()
	got := prefs{Theme: "before"}
	err := codec.Decode(name, value, &got)
	if !errors.Is(err, sentinel) || err == sentinel {
		t.Errorf("error %v: want a wrapped %v", err, sentinel)
	}
	var e interface{ IsDecode() bool }
	if !errors.As(err, &e) || !e.IsDecode() {
		t.Errorf("error %v: want IsDecode", err)
	}
	if got != (prefs{Theme: "before"}) {
		t.Errorf("dst was written: %+v", got)
	}
}

// opens checks that a value opens: the control of those that are refused.
func opens(t *testing.T, codec *cookiesession.Codec, name, value string) {
	t.Helper()
	if err := codec.Decode(name, value, new(prefs)); err != nil {
		t.Fatalf("the control does not open: %v", err)
	}
}

func webParseRing(t *testing.T, text string) *cookiesession.Keyring {
	t.Helper()
	ring, err := cookiesession.ParseKeyring(text)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func answering(answer error) userOptions {
	first := true
	return userOptions{Check: func(*http.Request, *webSession) error {
		if first {
			first = false
			return answer
		}
		return nil
	}}
}

// newRingFile creates a keyring in a file, and returns its path as well.
func newRingFile(t *testing.T) (*cookiesession.Keyring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	ring, err := cookiesession.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring, path
}

// watchOnce has a keyring read its file, which is refused.
func watchOnce(t *testing.T, ring *cookiesession.Keyring) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ring.Watch(ctx, time.Hour, func(error) { cancel() })
}

// A hijackable recorder gives its connection away.
type hijackable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

// wantDefaultCookie checks that a response sets the cookie of zero Options, and
// returns the value.
func wantDefaultCookie(t *testing.T, h http.Header) string {
	t.Helper()
	return wantCookie(t, h, "__Host-session", defaultAttributes, 14*day)
}

// wantNoCookie checks that a response sets none.
func wantNoCookie(t *testing.T, h http.Header) {
	t.Helper()
	if lines := h["Set-Cookie"]; len(lines) != 0 {
		t.Errorf("Set-Cookie is %q, want none", lines)
	}
}

// wantData checks that a cookie of the site opens as this.
func wantData[T any](t *testing.T, site *webSite[T], value string, want T) {
	t.Helper()
	s := site.Load(webRequest(site.CookieName() + "=" + value))
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	if diff := gocmp.Diff(want, s.Data); diff != "" {
		t.Errorf("Data (-want +got):\n%s", diff)
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// unwrapper is the least that a middleware's writer can do.
type unwrapper struct{ http.ResponseWriter }

func copyFile(t *testing.T, w io.Writer, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	mustDo(t, err)
}

// hijack takes the connection over, writes to it and closes it.
func hijack(t *testing.T, w http.ResponseWriter, text string) {
	t.Helper()
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_, err = rw.WriteString(text)
	mustDo(t, errors.Join(err, rw.Flush()))
}

var lateEvent = []cookiesession.EventKind{cookiesession.EventLate}

// wantWrapped checks that an error is a sentinel, and never the bare one.
func wantWrapped(t *testing.T, err, sentinel error) {
	t.Helper()
	if !errors.Is(err, sentinel) || sentinel != nil && err == sentinel {
		t.Errorf("error %v, want a wrapped %v", err, sentinel)
	}
}

// flipLast alters the last byte of a token, which is part of its tag.
func flipLast(text string) string {
	token, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	token[len(token)-1] ^= 1
	return base64.RawURLEncoding.EncodeToString(token)
}

func joinCookies(name string, values []string) string {
	pairs := make([]string, len(values))
	for i, v := range values {
		pairs[i] = name + "=" + v
	}
	return strings.Join(pairs, "; ")
}

func newTwoSites(t *testing.T) twoSites {
	t.Helper()
	ring := newRing(t)
	return twoSites{
		outer: newWebSite(t, ring, cookiesession.Options[webUser]{Name: "outer"}),
		inner: newWebSite(t, ring, cookiesession.Options[webUser]{Name: "inner"}),
	}
}

// altered returns a token's text with the bytes of the token changed.
func altered(text string, change func(token []byte)) string {
	token, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	change(token)
	return base64.RawURLEncoding.EncodeToString(token)
}

// withVersion returns what looks like a token of another version under the same
// key.
func withVersion(text string, version byte) string {
	return altered(text, func(token []byte) { token[0] = token[0]&0xf0 | version })
}

// cookieHeader returns a request with these values of one name in this order.
func cookieHeader(name string, values ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", joinCookies(name, values))
	return r
}

// fill sets a field to a value other than its zero value.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case string:
		v.SetString("filled")
	case int, time.Duration:
		v.SetInt(7)
	case bool:
		v.SetBool(true)
	case [16]byte:
		v.Set(reflect.ValueOf([16]byte{7}))
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(7, 0).UTC()))
	default:
		t.Fatalf("no value for a field of type %v", v.Type())
	}
}

type userOptions = cookiesession.Options[webUser]

const day = 24 * time.Hour

// wantIssued checks for what reason a response sets the cookie, "" for none.
func wantIssued(t *testing.T, page *webPage[webUser], want cookiesession.Reason) {
	t.Helper()
	var reasons []cookiesession.Reason
	if want != "" {
		reasons = append(reasons, want)
	}
	if diff := gocmp.Diff(reasons, page.reasons(cookiesession.EventIssued)); diff != "" {
		t.Errorf("issued (-want +got):\n%s", diff)
	}
	wantCookieIs(t, page.cookies(), map[bool]string{true: stores, false: leaves}[want != ""])
}

// wantRefused checks why a page has no session, "" for having one.
func wantRefused(t *testing.T, page *webPage[webUser], sentinel error, want cookiesession.Reason) {
	t.Helper()
	wantWrapped(t, page.S.Err(), sentinel)
	var reasons []cookiesession.Reason
	if want != "" {
		reasons = append(reasons, want)
	}
	if diff := gocmp.Diff(reasons, page.reasons(cookiesession.EventRefused)); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if opened := page.S.Data.Name == webSecret; opened != (sentinel == nil) {
		t.Errorf("Data is %+v", page.S.Data)
	}
}

// onReplica runs f with a clock that is off.
func onReplica(off time.Duration, f func()) {
	clock.SetOffset(off)
	defer clock.SetOffset(0)
	f()
}

// webHuge fills a session with more than a cookie holds, however well it is
// packed.
func webHuge(s *webSession) {
	s.Data.Tags = map[string][]string{"random": {string(webRandom(4200))}}
}

// webRandom returns bytes that nothing makes smaller.
func webRandom(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// wantTooLarge checks an error of a session that does not fit its cookie.
func wantTooLarge(t *testing.T, err error) {
	t.Helper()
	wantWrapped(t, err, cookiesession.ErrTooLarge)
	wantFault(t, err, "usage")
	var size *cookiesession.TooLargeError
	if !errors.As(err, &size) || size.Size <= size.Limit || size.Limit != 4093 {
		t.Errorf("error %v holds %+v", err, size)
	}
	webQuotesNone(t, fmt.Sprint(err), webSecret)
}

// wantFault checks whose fault an error is, in the terms of
// gorilla/securecookie.
func wantFault(t *testing.T, err error, want string) {
	t.Helper()
	var e interface {
		IsUsage() bool
		IsDecode() bool
		IsInternal() bool
		Cause() error
	}
	if !errors.As(err, &e) {
		t.Errorf("error %v is not one of securecookie's kind", err)
		return
	}
	got := fmt.Sprint(e.IsUsage(), e.IsDecode(), e.IsInternal())
	if got != map[string]string{"usage": "true false false", "decode": "false true false", "internal": "false false true"}[want] {
		t.Errorf("error %v: IsUsage, IsDecode, IsInternal are %s; want %s", err, got, want)
	}
}

// opaque hides everything of a writer but its three methods, as middlewares
// without Unwrap do.
type opaque struct{ w http.ResponseWriter }

type webSession = cookiesession.Session[webUser]

// wantCookieIs checks what a response does to the session cookie.
func wantCookieIs(t *testing.T, lines []string, want string) {
	t.Helper()
	got := leaves
	switch {
	case len(lines) > 1:
		got = "sets several cookies"
	case len(lines) == 1 && strings.Contains(lines[0], "; Max-Age=0;"):
		got = deletes
	case len(lines) == 1:
		got = stores
	}
	if got != want {
		t.Errorf("%s, want: %s\nSet-Cookie: %q", got, want, lines)
	}
}

// noise returns bytes that don't pack, the same for the same n.
func noise(n int) []byte {
	b := make([]byte, n)
	random := mathrand.New(mathrand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// partBytes is about what one cookie called __Host-session holds.
const partBytes = (4093 - 14 - 10) / 4 * 3

// requestWith returns a request that brings cookies.
func requestWith(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func splitCodec(t testing.TB, ring *cookiesession.Keyring) *cookiesession.Codec {
	return newCodec(t, ring, &cookiesession.CodecOptions{MaxCookies: 8})
}

// splitSession is a session whose size a test chooses.
type splitSession struct{ Data []byte }

// newCountSite returns a site whose session is a map, and a browser with one.
func newCountSite(t *testing.T) (*webSite[map[string]int], *webBrowser) {
	t.Helper()
	site := newWebSite(t, nil, cookiesession.Options[map[string]int]{})
	b := site.newSession(func(c *webCall[map[string]int]) { c.S.Data["n"] = 1 })
	site.take()
	return site, b
}

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func readVectors(t testing.TB) []vector { return readVectorFile(t).Vectors }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func keyFromSecret(t testing.TB, secret []byte) cookiesession.Key {
	t.Helper()
	key, err := cookiesession.ParseKey(keytext.EncodeKey((*[32]byte)(secret)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// statusSpy is a writer below Handler's that takes down the statuses.
type statusSpy struct {
	http.ResponseWriter
	statuses []int
	called   func() // nil: nothing
}

// raceDetector reports whether the race detector is on, under which a pool
// drops a part of what it is given.
func raceDetector() bool {
	made := 0
	pool := sync.Pool{New: func() any { made++; return new(int) }}
	for range 1000 {
		pool.Put(pool.Get())
	}
	return made > 100
}
