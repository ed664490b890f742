package e2e

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"example.com/cookiesession/e2e/replica"
)

// cookieName is the name that the library chooses.
const cookieName = "__Host-session"

const (
	// changeEvery says that one request in so many changes the session. The
	// others only read it, so a cookie that they are sent is there for its key
	// alone.
	changeEvery = 4
	// pageEvery says that one in so many is a page of several requests at once,
	// and logoutEvery that one in so many of these logs out.
	pageEvery   = 8
	logoutEvery = 10
)

// A visitor is a browser: a cookie jar, and someone who remembers what the site
// should.
type visitor struct {
	name   string
	site   string
	client *http.Client

	mu   sync.Mutex // the test looks on
	key  string     // that sealed the cookie in the jar
	held map[string]bool
	book ledger

	count int // that the site should know
}

func newVisitor(name, site string, transport http.RoundTripper) *visitor {
	jar, _ := cookiejar.New(nil) // never fails
	return &visitor{
		name: name, site: site,
		client: &http.Client{Transport: transport, Jar: jar, Timeout: 20 * time.Second},
		held:   make(map[string]bool),
	}
}

// login begins a session.
func (v *visitor) login(ctx context.Context) {
	v.count = 0
	v.note(func(*ledger) { v.key = "" })
	a, err := v.ask(ctx, "POST", "/login?user="+v.name)
	if err == nil && a.User != v.name {
		err = fmt.Errorf("logged in as %q", a.User)
	}
	v.note(func(l *ledger) {
		if err != nil {
			l.errors = append(l.errors, v.name+": "+err.Error())
		}
	})
}

// page loads a page whose scripts make four requests at once, with the cookie
// that the browser has at that moment. One of them changes the session, or ends
// it. The other three only read it, and answer a little later. The browser
// keeps the cookie that arrives last. Whether that was the right one is seen at
// the next visit.
func (v *visitor) page(ctx context.Context) {
	logout := rand.N(logoutEvery) == 0
	paths := []string{"POST /count", "GET /?wait=1ms", "GET /?wait=8ms", "GET /?wait=20ms"}
	if logout {
		paths[0] = "POST /logout"
	}
	type result struct {
		response *http.Response
		err      error
	}
	results := make(chan result, len(paths))
	before := v.client.Jar.Cookies(v.url())
	for _, path := range paths {
		method, path, _ := strings.Cut(path, " ")
		request, err := http.NewRequestWithContext(ctx, method, v.site+path, nil)
		if err != nil {
			v.note(func(l *ledger) { l.errors = append(l.errors, v.name+": "+err.Error()) })
			return
		}
		fetched(request)
		for _, c := range before {
			request.AddCookie(c)
		}
		go func() {
			response, err := (&http.Client{Transport: v.client.Transport, Timeout: v.client.Timeout}).Do(request)
			results <- result{response, err}
		}()
	}
	changed := true
	for range paths {
		r := <-results
		if r.err != nil || r.response.StatusCode != http.StatusOK {
			changed = false
			v.note(func(l *ledger) { l.errors = append(l.errors, fmt.Sprintf("%s: a page: %v", v.name, r.err)) })
			continue
		}
		_, _ = io.Copy(io.Discard, r.response.Body)
		r.response.Body.Close()
		v.client.Jar.SetCookies(v.url(), r.response.Cookies())
		v.note(func(l *ledger) {
			if method := r.response.Request.Method; method == "POST" && !logout {
				if err := v.record(l, r.response); err != nil {
					l.errors = append(l.errors, v.name+": "+err.Error())
				}
			} else if l.requests++; method == "GET" {
				l.extra += len(r.response.Cookies())
			}
		})
	}
	v.note(func(l *ledger) {
		l.pages++
		if logout {
			l.logouts++
		}
	})
	switch {
	case !changed: // nobody knows what the site has done
		v.login(ctx)
	case logout:
		a, err := v.ask(ctx, "GET", "/")
		if err == nil && a.User != "" {
			v.note(func(l *ledger) { l.lost = append(l.lost, v.name+": the logout is undone") })
		}
		v.login(ctx)
	default:
		v.count++
	}
}

// navigated marks a request as browsers do one for a page, fetched as one of a
// script's.
func navigated(r *http.Request) {
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
}

func fetched(r *http.Request) {
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
}

func (v *visitor) url() *url.URL {
	u, err := url.Parse(v.site + "/")
	if err != nil {
		panic(err)
	}
	return u
}

// visit makes a request and checks the answer.
func (v *visitor) visit(ctx context.Context) {
	method, path, count := "GET", "/", v.count
	if rand.N(changeEvery) == 0 {
		method, path, count = "POST", "/count", v.count+1
	}
	a, err := v.ask(ctx, method, path)
	switch {
	case err != nil:
		// The count stays: it is in the cookie that the answer would have set.
		v.note(func(l *ledger) { l.errors = append(l.errors, v.name+": "+err.Error()) })
	case a.User != v.name:
		v.note(func(l *ledger) {
			l.lost = append(l.lost, fmt.Sprintf("%s at count %d: %s", v.name, v.count, a.Refused))
		})
		v.login(ctx)
	case a.Count != count:
		v.note(func(l *ledger) {
			l.lost = append(l.lost, fmt.Sprintf("%s counted to %d, and the site says %d", v.name, count, a.Count))
		})
		v.count = a.Count
	default:
		v.count = count
	}
}

// ask makes a request.
func (v *visitor) ask(ctx context.Context, method, path string) (a replica.Answer, err error) {
	request, err := http.NewRequestWithContext(ctx, method, v.site+path, nil)
	if err != nil {
		return a, err
	}
	navigated(request)
	response, err := v.client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return a, err
	}
	if response.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	v.note(func(l *ledger) { err = v.record(l, response) })
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(body, &a)
}

// record notes what a response says besides its body.
func (v *visitor) record(l *ledger, response *http.Response) error {
	changed := response.Request.Method == "POST"
	l.requests++
	if changed {
		l.changes++
	}
	if passedOn(response) {
		l.passedOn++
	}
	switch cookies := response.Cookies(); {
	case len(cookies) == 0:
		return nil
	case len(cookies) > 1 || cookies[0].Name != cookieName || cookies[0].MaxAge <= 0:
		return fmt.Errorf("%d cookies, the first of which is %s for %d s", len(cookies), cookies[0].Name, cookies[0].MaxAge)
	default:
		key, err := sealedBy(cookies[0].Value)
		if err != nil {
			return err
		}
		l.moves = append(l.moves, move{changed, v.key, key})
		v.key, v.held[key] = key, true
		return nil
	}
}

func (v *visitor) note(entry func(*ledger)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	entry(&v.book)
}

// hasHeld reports whether a cookie of the visitor's was ever sealed by key.
func (v *visitor) hasHeld(key string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.held[key]
}

func (v *visitor) requests() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.book.requests
}

// sealedBy returns the id of the key that sealed a cookie: the value begins
// with a byte for the version and three for the key.
func sealedBy(value string) (string, error) {
	if len(value) < 8 {
		return "", fmt.Errorf("a cookie value of %d characters", len(value))
	}
	head, err := base64.RawURLEncoding.DecodeString(value[:8])
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(head[1:4]), nil
}
