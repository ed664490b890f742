// Package visitor tests the examples as a browser uses them: over TLS, with a
// cookie jar, following redirects.
package visitor

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.com/cookiesession"
)

// A Visitor is a browser that visits one site.
type Visitor struct {
	URL    string
	Client *http.Client

	t testing.TB
}

// New serves a site for the time of the test, and returns its visitor.
func New(t testing.TB, site http.Handler) *Visitor {
	t.Helper()
	server := httptest.NewTLSServer(site)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	return &Visitor{URL: server.URL, Client: client, t: t}
}

// Get returns the page at path.
func (v *Visitor) Get(path string) string {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.URL+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	_, page := v.Do(request)
	return page
}

// Post sends a form with one field, and returns the page that it leads to.
func (v *Visitor) Post(path, name, value string) string {
	v.t.Helper()
	_, page := v.Do(v.Form(path, name, value))
	return page
}

// Form returns the request that sends a form with one field.
func (v *Visitor) Form(path, name, value string) *http.Request {
	v.t.Helper()
	form := url.Values{name: {value}}.Encode()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.URL+path, strings.NewReader(form))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}

// Do sends a request, and returns the last response and its body.
func (v *Visitor) Do(request *http.Request) (*http.Response, string) {
	v.t.Helper()
	response, err := v.Client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return response, string(body)
}

// Cookies returns how many cookies the visitor has of the site.
func (v *Visitor) Cookies() int {
	v.t.Helper()
	site, err := url.Parse(v.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	return len(v.Client.Jar.Cookies(site))
}

// Expect reports a page that is not as it should be.
func (v *Visitor) Expect(page, want string) {
	v.t.Helper()
	if page != want {
		v.t.Errorf("the page is %q, want %q", page, want)
	}
}

// Events are what a Manager reports.
type Events struct {
	mu    sync.Mutex
	kinds []cookiesession.EventKind
}

// Has reports whether there was an event of a kind.
func (e *Events) Has(kind cookiesession.EventKind) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.kinds, kind)
}

// Sessions returns a Manager with a new key, and what it reports.
func Sessions[T any](t testing.TB) (*cookiesession.Manager[T], *Events) {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	events := &Events{}
	sessions, err := cookiesession.New(keys, &cookiesession.Options[T]{
		OnEvent: func(_ *http.Request, e cookiesession.Event) {
			events.mu.Lock()
			defer events.mu.Unlock()
			events.kinds = append(events.kinds, e.Kind)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sessions, events
}

// TestTheme visits the pages that the examples have in common.
func TestTheme(t *testing.T, site http.Handler) {
	t.Helper()
	v := New(t, site)
	v.Expect(v.Get("/"), "The theme is system. \n")
	if n := v.Cookies(); n != 0 {
		t.Errorf("a first visit leaves %d cookies", n)
	}
	v.Expect(v.Post("/theme", "theme", "dark"), "The theme is dark. Saved.\n")
	v.Expect(v.Get("/"), "The theme is dark. \n")

	forged := v.Form("/theme", "theme", "light")
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	if response, _ := v.Do(forged); response.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: status %d, want 403", response.StatusCode)
	}
	v.Expect(v.Get("/"), "The theme is dark. \n")
	if n := v.Cookies(); n != 1 {
		t.Errorf("the visitor has %d cookies, want one", n)
	}
}
