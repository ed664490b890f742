package e2e

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"example.com/cookiesession"
)

// The two sites that the browser finds on loopback.
const siteHost, otherHost = "site.test", "other.test"

// A chrome is a browser that knows both sites and takes their certificate. The
// flag that ignores all errors of certificates would switch features off.
type chrome struct {
	*browser
	certificate tls.Certificate
}

func startChrome(t *testing.T, certificate tls.Certificate, spki, profile string, flags ...string) *chrome {
	t.Helper()
	path := findBrowser(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 6*time.Minute, errors.New("it takes too long"))
	t.Cleanup(cancel)
	flags = append(flags, "--host-resolver-rules=MAP *.test 127.0.0.1", "--ignore-certificate-errors-spki-list="+spki)
	return &chrome{startBrowser(t, ctx, path, profile, flags...), certificate}
}

// visitor opens a tab of a visitor who has no cookies yet, and returns their
// browser context, too.
func (c *chrome) visitor(t *testing.T) (b *tab, browserContext string) {
	t.Helper()
	root := &tab{browser: c.browser, t: t}
	var created struct{ BrowserContextID string }
	root.call("Target.createBrowserContext", nil, &created)
	t.Cleanup(func() {
		// The test's context is over by now, but not that of the browser.
		_ = root.try("Target.disposeBrowserContext", map[string]any{"browserContextId": created.BrowserContextID}, nil)
	})
	return c.tab(t, created.BrowserContextID), created.BrowserContextID
}

// awaitEval waits until an expression has a value, also across a change of
// pages.
func (b *tab) awaitEval(expression, want string) {
	b.t.Helper()
	var got any
	await(b.t, b.ctx, fmt.Sprintf("%s is %q", expression, want), func() bool {
		var result struct{ Result struct{ Value any } }
		err := b.try("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &result)
		got = result.Result.Value
		return err == nil && fmt.Sprint(got) == want
	})
}

// serveTLS serves both sites over TLS and returns the port. The icons that the
// browser asks for by itself are no requests of a visitor's.
func (c *chrome) serveTLS(t *testing.T, h http.Handler) (port string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/favicon.ico", http.NotFoundHandler())
	mux.Handle("/", h)
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{c.certificate}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers break connections off
	server.StartTLS()
	t.Cleanup(server.Close)
	return portOf(t, server.URL)
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	must(t, err)
	return parsed.Port()
}

// newSessions returns a Manager with a keyring of its own.
func newSessions[T any](t *testing.T, opts *cookiesession.Options[T]) *cookiesession.Manager[T] {
	t.Helper()
	ring, err := cookiesession.NewKeyring(cookiesession.NewKey())
	must(t, err)
	sessions, err := cookiesession.New(ring, opts)
	must(t, err)
	return sessions
}

// TestBrowserRules has a real browser, over TLS, do what the documents say of
// browsers. Each test has a visitor of its own.
func TestBrowserRules(t *testing.T) {
	certificate, spki := newCertificate(t, siteHost, otherHost)
	c := startChrome(t, certificate, spki, t.TempDir())
	for _, tt := range []struct {
		name string
		test func(*testing.T, *chrome)
	}{
		{"host prefix", testHostPrefix},
		{"largest cookie", testLargestCookie},
		{"several cookies", testSeveralCookies},
		{"longest life", testLongestLife},
		{"same site", testSameSite},
		{"sign-in", testSignIn},
		{"partitioned", testPartitioned},
		{"back", testBack},
		{"two tabs", testTwoTabs},
		{"prefetch", testPrefetch},
		{"service worker", testServiceWorker},
		{"events", testEvents},
		{"web socket", testWebSocket},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, c) })
	}
}

// testHostPrefix: a cookie with the prefix __Host- is kept over TLS and refused
// over plain HTTP, where one of Options.Insecure is kept.
func testHostPrefix(t *testing.T, c *chrome) {
	for _, tt := range []struct {
		name                   string
		insecure, secure, kept bool
	}{
		{"TLS", false, true, true},
		{"plain HTTP", false, false, false},
		{"plain HTTP, insecure", true, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := &cookiesession.Options[int]{Insecure: tt.insecure}
			if !tt.insecure {
				opts.Name = "__Host-session"
			}
			sessions := newSessions(t, opts)
			h := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := sessions.Get(r)
				s.Data++
				fmt.Fprintf(w, "<p>%d", s.Data)
			}))
			var address string
			if tt.secure {
				address = "https://" + siteHost + ":" + c.serveTLS(t, h)
			} else {
				server := httptest.NewServer(h)
				t.Cleanup(server.Close)
				address = "http://" + siteHost + ":" + portOf(t, server.URL)
			}
			b, _ := c.visitor(t)
			b.open(address + "/")
			b.open(address + "/")
			want, kept := "1", b.cookies()
			if tt.kept {
				want = "2"
			}
			wantEval(t, b, "visits that the session knows", `document.querySelector('p').textContent`, want)
			if (len(kept) == 1) != tt.kept {
				t.Fatalf("the browser keeps %+v, want one: %t", kept, tt.kept)
			}
			if tt.kept {
				if !kept[0].HTTPOnly || kept[0].Secure == tt.insecure {
					t.Errorf("the browser keeps %+v", kept[0])
				}
				// The control: a cookie without HttpOnly is what a script sees.
				b.eval(`document.cookie = 'plain=1'`)
				wantEval(t, b, "what a script sees", `document.cookie`, "plain=1")
			}
		})
	}
}

// testLargestCookie: the browser keeps the largest cookie that a Manager
// writes, and up to 4096 bytes of name and value, but no more.
func testLargestCookie(t *testing.T, c *chrome) {
	sessions := newSessions[[]byte](t, nil)
	data := make([]byte, 4093)
	_, _ = rand.Read(data)
	var largest *http.Cookie
	for n := len(data); largest == nil && n > 0; n-- {
		if cookies, err := sessions.Cookies(&cookiesession.Session[[]byte]{Data: data[:n]}); err == nil {
			largest, data = cookies[0], data[:n]
		}
	}
	size := len(largest.Name) + len(largest.Value)
	if size < 4090 || size > 4093 {
		t.Fatalf("the largest cookie has %d bytes", size)
	}
	port := c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/set":
			sessions.Get(r).Data = data
		case "/raw":
			var n int
			_, _ = fmt.Sscan(r.FormValue("size"), &n)
			value := make([]byte, n-len("raw"))
			for i := range value {
				value[i] = 'A'
			}
			http.SetCookie(w, &http.Cookie{Name: "raw", Value: string(value), Path: "/", Secure: true})
		}
		fmt.Fprintf(w, "<p>%t", string(sessions.Get(r).Data) == string(data))
	})))
	address := "https://" + siteHost + ":" + port
	b, browserContext := c.visitor(t)
	b.open(address + "/set")
	b.open(address + "/")
	wantEval(t, b, "the session is there", `document.querySelector('p').textContent`, "true")
	if kept := b.cookies(); len(kept) != 1 || len(kept[0].Name)+len(kept[0].Value) != size {
		t.Errorf("%d cookies, expected one of %d bytes", len(kept), size)
	}
	for _, size := range []int{4093, 4096, 4097} {
		b := c.tab(t, browserContext)
		b.call("Network.clearBrowserCookies", nil, nil)
		b.open(fmt.Sprintf("%s/raw?size=%d", address, size))
		if kept := b.cookies(); (len(kept) == 1) != (size <= 4096) {
			t.Errorf("%d bytes: %d cookies are kept", size, len(kept))
		}
	}
}

// testSeveralCookies: a session that grows to three cookies and shrinks leaves
// none over, and neither does its end.
func testSeveralCookies(t *testing.T, c *chrome) {
	sessions := newSessions(t, &cookiesession.Options[[]byte]{MaxCookies: 3})
	port := c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		switch r.URL.Path {
		case "/grow":
			s.Data = make([]byte, 7000)
			_, _ = rand.Read(s.Data)
		case "/shrink":
			s.Data = []byte("small")
		case "/end":
			s.Destroy()
		}
		fmt.Fprintf(w, "<p>%d", len(s.Data))
	})))
	address := "https://" + siteHost + ":" + port
	b, _ := c.visitor(t)
	for _, step := range []struct {
		path, length string
		cookies      int
	}{
		{"/shrink", "5", 1}, {"/grow", "7000", 3}, {"/", "7000", 3}, {"/grow", "7000", 3},
		{"/shrink", "5", 1}, {"/", "5", 1}, {"/grow", "7000", 3}, {"/end", "0", 0}, {"/", "0", 0},
	} {
		b.open(address + step.path)
		wantEval(t, b, step.path, `document.querySelector('p').textContent`, step.length)
		if kept := b.cookies(); len(kept) != step.cookies {
			t.Errorf("%s: %d cookies, expected %d", step.path, len(kept), step.cookies)
		}
	}
}
