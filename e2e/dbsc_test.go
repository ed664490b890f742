package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/dbsc"
	"example.com/cookiesession/internal/clock"
)

// openBoundSite starts an application with device-bound sessions, and a browser
// that logs in there. With quota false the browser signs as often as it needs.
func openBoundSite(t *testing.T, quota bool) (ctx context.Context, s *boundSite, b *tab) {
	t.Helper()
	path := findBrowser(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, errors.New("it takes too long"))
	t.Cleanup(cancel)
	s = newBoundSite(t)
	certificate, spki := newCertificate(t, "*.bound-test.com", "*.link-test.org")
	server := httptest.NewUnstartedServer(s)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers break connections off
	server.StartTLS()
	t.Cleanup(server.Close)
	server.Client().Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true // the thief's own
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "https://"), ":")
	s.server, s.app, s.other = server, "https://app.bound-test.com:"+port, "https://www.link-test.org:"+port

	// A flag that ignores all errors of certificates would switch DBSC off. A
	// key in software stands in for that of a TPM, which few test machines
	// have.
	features := "--enable-features=DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting"
	if quota {
		features = strings.Replace(features, ":RefreshQuota/false", "", 1)
	}
	b = openTab(t, ctx, path, features, "--ignore-certificate-errors-spki-list="+spki,
		"--host-resolver-rules=MAP *.bound-test.com 127.0.0.1,MAP *.link-test.org 127.0.0.1")
	product := b.version()
	if major := regexp.MustCompile(`\d+`).FindString(product); len(major) < 3 || major < "156" {
		t.Skipf("%s is older than the browser that this test was written for", product)
	}
	t.Log(product)

	// The login answers with a redirect, as most do.
	b.open(s.app + "/")
	b.run(`document.querySelector('#ana').click()`)
	s.wait(ctx, dbsc.EventRegistered)
	b.open(s.app + "/")
	wantEval(t, b, "the page after the login", `document.querySelector('h1').textContent`, "ana, bound")
	return ctx, s, b
}

// Chromium signs so often in nine minutes, for registrations too.
const signatures = 6

// TestDeviceBoundQuota has a browser sign until it does so no more. The session
// is there all the same.
func TestDeviceBoundQuota(t *testing.T) {
	_, s, b := openBoundSite(t, true)
	s.take()
	before := s.last("GET", "/").Header.Get("Cookie")
	signed := 1 // the registration
	for ; signed < 2*signatures; signed++ {
		b.loseProof(s)
		b.open(s.app + "/")
		if got := s.take(); got != "refreshed" {
			if got != "skipped" {
				t.Errorf("events after %d signatures: %q", signed, got)
			}
			break
		}
	}
	reason, _, _ := strings.Cut(s.last("GET", "/").Header.Get("Secure-Session-Skipped"), ";")
	t.Logf("%d signatures, then %q", signed, reason)
	if signed != signatures || reason != "quota_exceeded" {
		t.Errorf("the browser signs %d times and then says %q, documented are %d times and quota_exceeded", signed, reason, signatures)
	}
	// It did not get another session in place of its own.
	after := s.last("GET", "/").Header.Get("Cookie")
	if session, _, _ := strings.Cut(before, ";"); after != session {
		t.Error("the browser's session is another one now")
	}
}

// TestDeviceBound has a real browser bind its session to a key, and a thief
// copy all that it sends. The server's clock is put forward, and the browser's
// proof deleted, in place of waiting for its end.
func TestDeviceBound(t *testing.T) {
	ctx, s, b := openBoundSite(t, false)
	defer clock.SetOffset(0)
	stolen := s.last("GET", "/")
	t.Logf("%d bytes of cookies; at the registration: %s", len(stolen.Header.Get("Cookie")), shapes(s.last("POST", "/session-device/register")))

	thief := func(want, method, path string, header http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, s.server.URL+path, nil)
		must(t, err)
		r.Header = header
		answer, err := s.server.Client().Do(r)
		must(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		must(t, err)
		got := strconv.Itoa(answer.StatusCode)
		if answer.StatusCode == http.StatusOK {
			got = regexp.MustCompile(`<h1>(.*)</h1>`).FindStringSubmatch(string(body))[1]
		}
		if got != want {
			t.Errorf("the thief's %s %s: %q, expected %q", method, path, got, want)
		}
	}
	cookies := func() http.Header { return http.Header{"Cookie": stolen.Header["Cookie"]} }
	thief("ana, bound", "GET", "/", cookies())

	// After the proof's end.
	b.loseProof(s)
	clock.SetOffset(11*time.Minute + time.Second)
	thief("nobody", "GET", "/", cookies())
	b.open(s.app + "/")
	wantEval(t, b, "the page after the proof's end", `document.querySelector('h1').textContent`, "ana, bound")
	refresh := s.last("POST", "/session-device/refresh")
	t.Logf("at a refresh: %s", shapes(refresh))
	s.expect(t, "the thief, and one signature", "registered unproven refreshed")

	with := func(names ...string) http.Header {
		h := cookies()
		for _, name := range names {
			h[name] = refresh.Header[name]
		}
		return h
	}
	thief("403", "POST", "/session-device/refresh", with("Sec-Secure-Session-Id"))
	thief("409", "POST", "/session-device/register", with("Secure-Session-Response"))
	s.expect(t, "the thief's attempts", "challenged registration-refused")

	// After the challenge's end, too, the browser has to sign twice.
	b.loseProof(s)
	clock.SetOffset(time.Hour)
	thief("403", "POST", "/session-device/refresh", with("Sec-Secure-Session-Id", "Secure-Session-Response"))
	b.open(s.app + "/")
	wantEval(t, b, "the page an hour later", `document.querySelector('h1').textContent`, "ana, bound")
	s.expect(t, "a replay, and two signatures", "challenged challenged refreshed")

	// Behind a link on another site the refresh carries no cookies.
	b.loseProof(s)
	b.open(s.other + "/elsewhere")
	b.run(`document.querySelector('#page').click()`)
	wantEval(t, b, "the page behind a link", `document.querySelector('h1').textContent`, "ana, bound")
	if c := s.last("POST", "/session-device/refresh").Header.Get("Cookie"); c != "" {
		t.Error("the refresh has cookies now: what is said of links is out of date")
	}
	s.expect(t, "the refresh for a link", "refreshed")

	// So does the registration after a sign-in elsewhere.
	victim := s.last("GET", "/")
	b.open(s.other + "/elsewhere")
	b.run(`document.querySelector('#callback').click()`)
	s.wait(ctx, dbsc.EventRegistered)
	b.open(s.app + "/")
	wantEval(t, b, "the page after a sign-in elsewhere", `document.querySelector('h1').textContent`, "eve, bound")
	if c := s.last("POST", "/session-device/register").Header.Get("Cookie"); c != "" {
		t.Error("the registration has cookies now: what is said of sign-ins is out of date")
	}

	// The thief's own proof does not help with the copy.
	own := s.last("GET", "/").Header.Get("Cookie")
	thief("eve, bound", "GET", "/", http.Header{"Cookie": {own}})
	session := regexp.MustCompile(`__Host-session=[^;]*`).FindString(victim.Header.Get("Cookie"))
	name := regexp.MustCompile(`__Host-session-\w+`).FindString(stolen.Header.Get("Cookie"))
	tried := 0
	for _, proof := range regexp.MustCompile(`__Host-session-\w+=([^;]*)`).FindAllStringSubmatch(own, -1) {
		if strings.HasPrefix(proof[0], name) {
			thief("ana, bound", "GET", "/", http.Header{"Cookie": {session + "; " + proof[0]}}) // the victim's, which the browser still has
			continue
		}
		thief("nobody", "GET", "/", http.Header{"Cookie": {session + "; " + proof[0] + "; " + name + "=" + proof[1]}})
		tried++
	}
	if tried != 1 {
		t.Errorf("the thief has %d proofs of their own", tried)
	}

	// The first session of the browser has ended.
	s.take()
	b.loseProof(s)
	b.open(s.app + "/")
	wantEval(t, b, "the page", `document.querySelector('h1').textContent`, "eve, bound")
	if got := s.take(); !strings.Contains(got, string(dbsc.EventEnded)) || !strings.Contains(got, string(dbsc.EventRefreshed)) {
		t.Errorf("events after another login: %q", got)
	}

	// 503 leaves the browser its session, 429 does not.
	for _, test := range []struct {
		status int
		after  string
	}{{http.StatusServiceUnavailable, "eve, bound"}, {http.StatusTooManyRequests, "nobody"}} {
		b.loseProof(s)
		s.fault(test.status)
		b.open(s.app + "/")
		wantEval(t, b, fmt.Sprintf("the page during a %d", test.status), `document.querySelector('h1').textContent`, "nobody")
		s.fault(0)
		b.loseProof(s)
		b.open(s.app + "/")
		wantEval(t, b, fmt.Sprintf("the page after a %d", test.status), `document.querySelector('h1').textContent`, test.after)
	}
}

// TestDeviceBoundExample starts the example and a browser as the example says,
// and looks at what the page shows of a binding.
func TestDeviceBoundExample(t *testing.T) {
	path := findBrowser(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	program := buildIn(t, "../contrib/dbsc", "./preferences")
	site := start(t, "guard", program, "-device-bound", "-addr", "localhost:0", "-keys", filepath.Join(t.TempDir(), "keyring"))
	var flags []string
	for flags == nil {
		line, err := site.line()
		must(t, err)
		if rest, ok := strings.CutPrefix(line, "chromium "); ok {
			flags = strings.Fields(rest)
		}
	}
	address := flags[len(flags)-1]
	flags = slices.DeleteFunc(flags[:len(flags)-1], func(f string) bool {
		return !strings.HasPrefix(f, "--enable-features=") && !strings.HasPrefix(f, "--ignore-")
	})
	b := openTab(t, ctx, path, flags...)
	b.open(address + "/login?next=/user")
	b.run(`document.querySelector('#name').value = 'Ada'; document.querySelector('form.login button').click()`)
	const shown = `document.querySelector('#device').textContent`
	for !strings.HasPrefix(b.eval(shown), "This session is bound to this device") { // the browser registers behind the scenes
		time.Sleep(50 * time.Millisecond)
		b.open(address + "/user")
	}
	b.run(`document.querySelector('form[action="/logout"] button').click()`)
	wantEval(t, b, "what the page shows after the logout", `document.querySelectorAll('#device').length`, "0")
}

// loseProof deletes the proofs that the browser has.
func (b *tab) loseProof(s *boundSite) {
	b.t.Helper()
	var result struct{ Cookies []keptCookie }
	b.call("Network.getCookies", map[string]any{"urls": []string{s.app}}, &result)
	for _, c := range result.Cookies {
		if strings.HasPrefix(c.Name, "__Host-session-") {
			b.call("Network.deleteCookies", map[string]any{"name": c.Name, "url": s.app}, nil)
		}
	}
}

// shapes describes the headers of DBSC in a request without their content.
func shapes(r *http.Request) string {
	var all []string
	for _, name := range []string{"Sec-Secure-Session-Id", "Secure-Session-Response", "Sec-Fetch-Site", "Cookie"} {
		if v := r.Header.Get(name); v != "" {
			all = append(all, fmt.Sprintf("%s of %d bytes, quoted %t", name, len(v), v[0] == '"'))
		}
	}
	return strings.Join(all, "; ")
}

// A boundSite is an application with device-bound sessions, and a second site
// that links to it.
type boundSite struct {
	server     *httptest.Server
	app, other string // origins
	handler    http.Handler

	mu       sync.Mutex
	events   []string
	happened chan struct{} // closed and replaced at each event
	requests map[string]*http.Request
	status   int // of refreshes, instead of an answer; 0: none
}

func newBoundSite(t *testing.T) *boundSite {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	must(t, err)
	s := &boundSite{happened: make(chan struct{}), requests: make(map[string]*http.Request)}
	device, err := dbsc.New(keys, &cookiesession.Options[string]{}, &dbsc.Options{OnEvent: func(_ *http.Request, e dbsc.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, string(e.Kind))
		close(s.happened)
		s.happened = make(chan struct{})
	}})
	must(t, err)
	login := func(w http.ResponseWriter, r *http.Request) {
		session := device.Manager().Get(r)
		session.Destroy()
		session.Data = r.FormValue("name")
		if err := device.Bind(w, session); err != nil {
			t.Error(err)
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("GET /callback", login)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		session := device.Manager().Get(r)
		text := "nobody"
		if id, pending := session.Binding(); session.Data != "" {
			text = fmt.Sprintf("%s, %s", session.Data, map[bool]string{true: "bound", false: "not bound"}[id != [16]byte{} && !pending])
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprintf(w, `<!doctype html><title>bound</title><link rel="icon" href="data:,"><h1>%s</h1>
			<form method="post" action="/login"><button id="ana" name="name" value="ana">Log in</button></form>`, text)
	})
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>other</title><link rel="icon" href="data:,">
			<a id="page" href="%[1]s/">page</a> <a id="callback" href="%[1]s/callback?name=eve">sign in</a>`, s.app)
	})
	s.handler = device.Handler(http.NewCrossOriginProtection().Handler(mux))
	return s
}

func (s *boundSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	status := s.status
	if r.UserAgent() != "Go-http-client/1.1" && r.UserAgent() != "Go-http-client/2.0" {
		s.requests[r.Method+" "+r.URL.Path] = r
	}
	s.mu.Unlock()
	if status != 0 && strings.HasSuffix(r.URL.Path, "/refresh") {
		w.WriteHeader(status)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// last returns the browser's last request of that kind.
func (s *boundSite) last(method, path string) *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.requests[method+" "+path]; r != nil {
		return r
	}
	return new(http.Request)
}

func (s *boundSite) fault(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// wait waits for an event that has not been taken.
func (s *boundSite) wait(ctx context.Context, kind dbsc.EventKind) {
	for ctx.Err() == nil {
		s.mu.Lock()
		found, next := slices.Contains(s.events, string(kind)), s.happened
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
}

// take returns the events since the last call.
func (s *boundSite) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Join(s.events, " ")
	s.events = nil
	return all
}

func (s *boundSite) expect(t *testing.T, what, want string) {
	t.Helper()
	if got := s.take(); got != want {
		t.Errorf("events of %s: %q, expected %q", what, got, want)
	}
}

// newCertificate returns a certificate for these hosts, and the hash of its key
// that makes Chromium trust it.
func newCertificate(t *testing.T, hosts ...string) (certificate tls.Certificate, spki string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	sum := sha256.Sum256(public)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(sum[:])
}
