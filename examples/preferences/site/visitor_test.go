package site

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"example.com/cookiesession"
)

// A visitor is a browser with a cookie jar, which follows no redirects.
type visitor struct {
	t      *testing.T
	url    string
	client *http.Client
	header http.Header // sent with every request
}

// A response is what a visitor gets.
type response struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    string
}

// newSite returns a site with a new key.
func newSite(t *testing.T) http.Handler {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(keys, false, newNoDevice)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// newVisitor returns a visitor to a site of its own.
func newVisitor(t *testing.T) *visitor {
	t.Helper()
	server := httptest.NewServer(newSite(t))
	t.Cleanup(server.Close)
	return visitorTo(t, server.URL)
}

func visitorTo(t *testing.T, url string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{}, // its connections are not shared with another test's server
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return &visitor{t, url, client, http.Header{}}
}

func (v *visitor) do(method, path string, form url.Values) response {
	v.t.Helper()
	request, err := http.NewRequest(method, v.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header = v.header.Clone()
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	got, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return response{got.StatusCode, got.Header, got.Cookies(), html.UnescapeString(string(body))}
}

// get returns a page, which there has to be.
func (v *visitor) get(path string) response {
	v.t.Helper()
	got := v.do(http.MethodGet, path, nil)
	if got.status != http.StatusOK {
		v.t.Fatalf("GET %s: status %d, want 200: %s", path, got.status, got.body)
	}
	return got
}

// post sends a form, given as names and values, and returns the page that it
// leads to.
func (v *visitor) post(path string, fields ...string) response {
	v.t.Helper()
	got := v.do(http.MethodPost, path, formOf(fields...))
	if got.status != http.StatusSeeOther {
		v.t.Fatalf("POST %s %q: status %d, want 303: %s", path, fields, got.status, got.body)
	}
	return v.get(got.header.Get("Location"))
}

func formOf(fields ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form
}

// cookie returns the cookie that the visitor holds, "" for none.
func (v *visitor) cookie() string {
	v.t.Helper()
	site, err := url.Parse(v.url)
	if err != nil {
		v.t.Fatal(err)
	}
	cookies := v.client.Jar.Cookies(site)
	switch len(cookies) {
	case 0:
		return ""
	case 1:
		return cookies[0].Name + "=" + cookies[0].Value
	}
	v.t.Fatalf("the visitor holds %v, want one", cookies)
	return ""
}

// cookieBytes returns the bytes of its name and value.
func (v *visitor) cookieBytes() int {
	v.t.Helper()
	name, value, _ := strings.Cut(v.cookie(), "=")
	return len(name) + len(value)
}

var (
	figure = regexp.MustCompile(`<strong>(\d+)</strong> / 4093 `)
	bar    = regexp.MustCompile(`<rect width="(\d+)"`)
)

// checkCounter checks that a page that the visitor got shows the size of the
// cookie that the visitor has now.
func (v *visitor) checkCounter(page response) {
	v.t.Helper()
	for _, shown := range []*regexp.Regexp{figure, bar} {
		match := shown.FindStringSubmatch(page.body)
		if match == nil {
			v.t.Fatalf("the page does not show %v", shown)
		}
		if got, want := match[1], strconv.Itoa(v.cookieBytes()); got != want {
			v.t.Errorf("%v shows %s bytes, the browser holds %s", shown, got, want)
		}
	}
}

func (v *visitor) checkShows(page response, texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page.body, text) {
			v.t.Errorf("the page lacks %q", text)
		}
	}
}

func (v *visitor) checkHides(page response, texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if strings.Contains(page.body, text) {
			v.t.Errorf("the page shows %q", text)
		}
	}
}

func checkOneCookie(t *testing.T, r response) {
	t.Helper()
	if len(r.cookies) != 1 {
		t.Fatalf("got cookies %v, want one", r.cookies)
	}
	c := r.cookies[0]
	if c.Name != "__Host-session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
		t.Errorf("cookie %v lacks something", c)
	}
}

// A handlerTransport answers requests by calling a handler.
type handlerTransport struct{ handler http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	// What a server does not see of a request is taken out.
	seen := r.Clone(r.Context())
	seen.Host, seen.URL.Scheme, seen.URL.Host = r.URL.Host, "", ""
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, seen)
	return recorder.Result(), nil
}
