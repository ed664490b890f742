package cookiesession_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// If saving fails, the client gets a 500 and nothing of the page: the headers
// that belong to it go, the others stay.
func TestSaveFailure(t *testing.T) {
	pageHeaders := http.Header{
		"Accept-Ranges": {"bytes"}, "Cache-Control": {"public, immutable"}, "Cdn-Cache-Control": {"max-age=60"},
		"Content-Disposition": {"attachment"}, "Content-Encoding": {"gzip"}, "Content-Length": {"4"},
		"Content-Type": {"image/png"}, "Etag": {`"1"`}, "Expires": {"Thu, 01 Dec 2033 16:00:00 GMT"},
		"Last-Modified": {"Thu, 01 Dec 2022 16:00:00 GMT"}, "Location": {"/next"}, "Surrogate-Control": {"max-age=60"},
		"Trailer": {"Sum"},
		"Vary":    {"Accept"}, "Set-Cookie": {"other=1"}, "X-Frame-Options": {"DENY"},
	}
	want := http.Header{
		"Cache-Control": {"no-store"}, "Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
		"Vary": {"Accept"}, "Set-Cookie": {"other=1"}, "X-Frame-Options": {"DENY"},
	}
	tests := []struct {
		name string
		send func(t *testing.T, w http.ResponseWriter)
	}{
		{"no write", func(*testing.T, http.ResponseWriter) {}},
		{"Write", func(t *testing.T, w http.ResponseWriter) { _, err := w.Write([]byte("page")); wantTooLarge(t, err) }},
		{"WriteString", func(t *testing.T, w http.ResponseWriter) { _, err := io.WriteString(w, "page"); wantTooLarge(t, err) }},
		{"ReadFrom", func(t *testing.T, w http.ResponseWriter) {
			_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("page"))
			wantTooLarge(t, err)
		}},
		{"Flush", func(t *testing.T, w http.ResponseWriter) { wantTooLarge(t, http.NewResponseController(w).Flush()) }},
		{"Hijack", func(t *testing.T, w http.ResponseWriter) {
			_, _, err := http.NewResponseController(w).Hijack()
			wantTooLarge(t, err)
		}},
		{"WriteHeader and all after it", func(t *testing.T, w http.ResponseWriter) {
			w.WriteHeader(204)
			w.WriteHeader(302)
			_, err := w.Write([]byte("page"))
			wantTooLarge(t, err)
			_, err = io.WriteString(w, "page")
			wantTooLarge(t, err)
			_, _, err = http.NewResponseController(w).Hijack()
			wantTooLarge(t, err)
		}},
		{"after a 103", func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(200) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			h := site.handle(func(c *userCall) {
				for key, lines := range pageHeaders {
					c.W.Header()[key] = lines
				}
				webHuge(c.S)
				tt.send(t, c.W)
			})
			var spy statusSpy
			reply := mustFetch(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				spy.ResponseWriter = w
				h.ServeHTTP(&spy, r)
			}), webRequest())
			if reply.StatusCode != 500 || reply.Body != "Internal Server Error\n" || len(reply.Trailer) > 0 {
				t.Errorf("%d %q, trailers %v", reply.StatusCode, reply.Body, reply.Trailer)
			}
			if last := len(spy.statuses) - 1; spy.statuses[last] != 500 || slices.Index(spy.statuses, 500) != last {
				t.Errorf("statuses %v", spy.statuses)
			}
			reply.Header.Del("Date")
			reply.Header.Del("Content-Length")
			if diff := cmp.Diff(want, reply.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			site.wantEvents(cookiesession.EventSaveFailed)
		})
	}
}

// What fails to save, and how the error is classed.
func TestSaveErrors(t *testing.T) {
	type bag = map[string]any
	opts := cookiesession.Options[bag]{}
	tests := []struct {
		name string
		opts cookiesession.Options[bag]
		data bag
		want error // nil: no sentinel
		kind string
	}{
		{"too large", opts, bag{"a": webRandom(4200)}, cookiesession.ErrTooLarge, "usage"},
		{"a type that cannot be stored", opts, bag{"a": func() {}}, nil, "usage"},
		{"a type that is not registered", opts, bag{"a": webProfile{webSecret}}, nil, "usage"},
		{"a cycle", opts, cycle(), nil, "usage"},
		{"no label without a request", cookiesession.Options[bag]{LabelFunc: func(*http.Request) string { return "tenant" }}, bag{"a": 1}, nil, "usage"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newWebSite(t, nil, tt.opts)
			s := &cookiesession.Session[bag]{Data: tt.data}
			cookies, err := site.Cookies(s)
			if err == nil || cookies != nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, error %v; want %v", cookies, err, tt.want)
			}
			wantFault(t, err, tt.kind)
			webQuotesNone(t, fmt.Sprint(err), webSecret)
			rec := httptest.NewRecorder()
			if err := site.Save(rec, s); err == nil {
				t.Error("Save has no error")
			}
			wantNoCookie(t, rec.Header())
		})
	}
}

// cycle returns a value that is nested without end.
func cycle() map[string]any {
	m := make(map[string]any)
	m["again"] = m
	return m
}

// No key can seal once all have retired: the error is the environment's.
func TestSaveWithoutASealingKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, newRing(t, cookiesession.NewKey().RetiresAt(time.Now().Add(time.Hour))), cookiesession.Options[webUser]{})
		b := signedIn(site)
		time.Sleep(time.Hour)
		page := site.visit(b, func(c *userCall) { webSign(c.S); wantFault(t, site.Save(c.W, c.S), "internal") })
		if wantNoCookie(t, page.Header); page.StatusCode != 500 {
			t.Errorf("status %d", page.StatusCode)
		}
		wantWrapped(t, page.S.Err(), cookiesession.ErrUnknownKey)
	})
}

// The largest cookie that is sent has 4093 bytes of name and value, and comes
// back whole.
func TestSaveLimit(t *testing.T) {
	site := newWebSite(t, nil, cookiesession.Options[[]byte]{})
	raw := webRandom(4200)
	b := new(webBrowser)
	for n := 2950; ; n++ {
		page := site.visit(b, func(c *webCall[[]byte]) { c.S.Data = raw[:n] })
		last := page.Events[len(page.Events)-1]
		if last.Limit != 4093 {
			t.Fatalf("the limit is %d", last.Limit)
		}
		if last.Kind == cookiesession.EventSaveFailed {
			if last.Size != 4094 && last.Size != 4095 {
				t.Errorf("%d bytes are refused", last.Size)
			}
			break
		}
		if size := len(site.CookieName()) + len(b.jar[site.CookieName()]); last.Size != size || size > 4093 {
			t.Fatalf("%d bytes are sent, the event says %d", size, last.Size)
		}
		wantData(t, site, b.jar[site.CookieName()], raw[:n])
	}
}

// A handler that gets ErrTooLarge in time can do something about it.
func TestSaveThenShrink(t *testing.T) {
	site := newUserSite(t)
	page := site.visit(new(webBrowser), func(c *userCall) {
		webHuge(c.S)
		wantTooLarge(t, site.Save(c.W, c.S))
		wantNoCookie(t, c.W.Header())
		c.S.Data.Tags = nil
		webSign(c.S)
		fmt.Fprint(c.W, "page")
	})
	value := wantDefaultCookie(t, page.Header)
	wantData(t, site, value, webUser{Name: webSecret})
	if page.StatusCode != 200 {
		t.Errorf("status %d", page.StatusCode)
	}
}

// Save sets the headers now; the commit replaces them only if the session has
// changed since.
func TestSaveThenCommit(t *testing.T) {
	tests := []struct {
		name   string
		after  func(*cookiesession.Session[webUser])
		want   *webUser // nil: no cookie
		same   bool     // the cookie of Save
		status int
	}{
		{"nothing", func(*cookiesession.Session[webUser]) {}, &webUser{Visits: 2}, true, 200},
		{"a change", func(s *cookiesession.Session[webUser]) { s.Data.Visits++ }, &webUser{Visits: 3}, false, 200},
		{"Renew", func(s *cookiesession.Session[webUser]) { s.Renew() }, &webUser{Visits: 2}, false, 200},
		{"changed back", func(s *cookiesession.Session[webUser]) { s.Data.Visits = 1 }, nil, false, 200},
		{"too large", webHuge, nil, false, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			b := site.newSession(func(c *userCall) { c.S.Data.Visits = 1 })
			var saved []string
			page := site.visit(b, func(c *userCall) {
				c.S.Data.Visits++
				mustDo(t, site.Save(c.W, c.S))
				saved = append(saved, c.W.Header()["Set-Cookie"]...)
				tt.after(c.S)
			})
			if page.StatusCode != tt.status || len(saved) != 1 {
				t.Errorf("status %d, Save set %q", page.StatusCode, saved)
			}
			if tt.want == nil {
				wantNoCookie(t, page.Header)
				return
			}
			value := wantDefaultCookie(t, page.Header)
			wantData(t, site, value, *tt.want)
			if same := cmp.Equal(saved, page.cookies()); same != tt.same {
				t.Errorf("the cookie of Save was sent: %v, want %v", same, tt.same)
			}
		})
	}
}

func (o opaque) Header() http.Header         { return o.w.Header() }
func (o opaque) Write(p []byte) (int, error) { return o.w.Write(p) }
func (o opaque) WriteHeader(status int)      { o.w.WriteHeader(status) }

// Once the headers are out, Save and Cookies say so, whatever writer is given.
func TestSaveTooLate(t *testing.T) {
	outer := httptest.NewRecorder()
	saving := func(w func(http.ResponseWriter) http.ResponseWriter) func(*webSite[webUser], *userCall) error {
		return func(site *webSite[webUser], c *userCall) error { return site.Save(w(c.W), c.S) }
	}
	for name, save := range map[string]func(*webSite[webUser], *userCall) error{
		"the handler's writer": saving(func(w http.ResponseWriter) http.ResponseWriter { return w }),
		"one that wraps it":    saving(func(w http.ResponseWriter) http.ResponseWriter { return unwrapper{w} }),
		"one that hides it":    saving(func(w http.ResponseWriter) http.ResponseWriter { return opaque{w} }),
		"the outer one":        saving(func(http.ResponseWriter) http.ResponseWriter { return outer }),
		"Cookies": func(site *webSite[webUser], c *userCall) error {
			cookies, err := site.Cookies(c.S)
			if (err == nil) != (len(cookies) == 1) {
				t.Errorf("cookies %v, error %v", cookies, err)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			site := newUserSite(t)
			page := site.visit(new(webBrowser), func(c *userCall) {
				webSign(c.S)
				mustDo(t, save(site, c)) // in time
				c.S.Data = webUser{}
				c.W.Header().Del("Set-Cookie")
				fmt.Fprint(c.W, "page")
				webSign(c.S)
				for range 2 {
					wantFault(t, save(site, c), "usage")
				}
			})
			if name != "the outer one" {
				wantNoCookie(t, page.Header)
			}
			var kinds []cookiesession.EventKind
			for _, e := range page.Events {
				kinds = append(kinds, e.Kind)
			}
			if diff := cmp.Diff([]cookiesession.EventKind{cookiesession.EventLate}, kinds); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// A session that Load has opened inside a Handler has no response of its own.
// There the writer tells.
func TestSaveOfALoadedSessionTooLate(t *testing.T) {
	site := newUserSite(t)
	site.visit(new(webBrowser), func(c *userCall) {
		s := site.Load(c.R)
		webSign(s)
		fmt.Fprint(c.W, "page")
		wantFault(t, site.Save(unwrapper{c.W}, s), "usage")
	})
}

// What the application writes over a line that Save has set stays, whatever is
// saved later.
func TestSaveThenOtherHeader(t *testing.T) {
	site := newUserSite(t)
	page := site.visit(new(webBrowser), func(c *userCall) {
		c.S.Data.Visits++
		mustDo(t, site.Save(c.W, c.S))
		c.W.Header()["Set-Cookie"][0] = "theme=dark"
		c.S.Data.Visits++
		mustDo(t, site.Save(c.W, c.S))
		c.S.Data.Visits++
	})
	lines := page.cookies()
	if len(lines) != 2 || lines[0] != "theme=dark" {
		t.Fatalf("Set-Cookie is %q", lines)
	}
	value := wantDefaultCookie(t, http.Header{"Set-Cookie": lines[1:]})
	wantData(t, site, value, webUser{Visits: 3})
}

// Without Handler each Save reports, but the same output only once.
func TestSaveTwiceReportsOnce(t *testing.T) {
	site := newUserSite(t)
	s := site.Load(webRequest())
	s.ID()
	rec := httptest.NewRecorder()
	for range 2 {
		mustDo(t, site.Save(rec, s))
	}
	wantNoCookie(t, rec.Header())
	site.wantEvents(cookiesession.EventIDLost)

	webSign(s)
	for range 2 {
		mustDo(t, site.Save(rec, s))
	}
	site.wantEvents(cookiesession.EventIssued)
}

// Load and Save do without Handler what Handler does.
func TestLoadAndSave(t *testing.T) {
	site := newUserSite(t)
	tests := []struct {
		name   string
		change func(*cookiesession.Session[webUser])
		sets   int
	}{
		{"read", func(*cookiesession.Session[webUser]) {}, 0},
		{"changed", func(s *cookiesession.Session[webUser]) { s.Data.Visits++ }, 1},
		{"destroyed", func(s *cookiesession.Session[webUser]) { s.Destroy() }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := signedIn(site)
			s := site.Load(webRequest(site.CookieName() + "=" + b.jar[site.CookieName()]))
			tt.change(s)
			rec := httptest.NewRecorder()
			mustDo(t, site.Save(rec, s))
			mustDo(t, site.Save(rec, s)) // once more replaces
			if got := rec.Header()["Set-Cookie"]; len(got) != tt.sets {
				t.Errorf("Set-Cookie is %q", got)
			}
			if rec.Header().Get("Vary") != "Cookie" || rec.Header().Get("Cache-Control") != "private" {
				t.Errorf("headers are %v", rec.Header())
			}
		})
	}
}

// Load does not look at a context: it opens the cookie again.
func TestLoadIsApart(t *testing.T) {
	site := newUserSite(t)
	site.visit(signedIn(site), func(c *userCall) {
		c.S.Data.Visits = 9
		if s := site.Load(c.R); s == c.S || s.Data.Visits != 0 || s.Err() != nil {
			t.Errorf("%+v, error %v", s.Data, s.Err())
		}
		c.S.Data.Visits = 0
	})
}

// The test that a user writes of a handler of theirs.
func TestCookiesForTests(t *testing.T) {
	site := newUserSite(t)
	cookies, err := site.Cookies(&cookiesession.Session[webUser]{Data: webUser{Name: webSecret}})
	if err != nil || len(cookies) != 1 {
		t.Fatalf("%v, error %v", cookies, err)
	}
	wantDefaultCookie(t, http.Header{"Set-Cookie": {cookies[0].String()}})
	r := webRequest()
	r.AddCookie(cookies[0])
	if s := site.Load(r); s.Data.Name != webSecret {
		t.Errorf("%+v, error %v", s.Data, s.Err())
	}
	if cookies, err := site.Cookies(new(cookiesession.Session[webUser])); err != nil || len(cookies) != 0 {
		t.Errorf("a zero session has %v, error %v", cookies, err)
	}
}

// What Cookies returns is what the response gets: one token, not two.
func TestCookiesAgree(t *testing.T) {
	site := newUserSite(t)
	var cookies []*http.Cookie
	page := site.visit(new(webBrowser), func(c *userCall) {
		webSign(c.S)
		var err error
		cookies, err = site.Cookies(c.S)
		mustDo(t, err)
	})
	if got := page.Cookies(); len(got) != 1 || len(cookies) != 1 || got[0].Value != cookies[0].Value {
		t.Errorf("the response has %v, Cookies returned %v", got, cookies)
	}
}

// Without Handler there is nothing to get, and the text names the mistake.
func TestGetPanics(t *testing.T) {
	site, other := newUserSite(t), newUserSite(t)
	tests := []struct {
		name string
		ctx  func(*http.Request) context.Context
	}{
		{"a context of its own", func(*http.Request) context.Context { return context.Background() }},
		{"another Manager's", (*http.Request).Context},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other.visit(new(webBrowser), func(c *userCall) {
				ctx := tt.ctx(c.R)
				if s, ok := site.FromContext(ctx); ok || s != nil {
					t.Errorf("FromContext returned %v, %v", s, ok)
				}
				defer func() {
					if text := fmt.Sprint(recover()); !strings.Contains(text, "Handler") || !strings.Contains(text, site.CookieName()) {
						t.Errorf("panic %q", text)
					}
				}()
				site.Get(c.R.WithContext(ctx))
			})
		})
	}
}

// Requests that were derived from Handler's have its session.
func TestGetOfDerivedRequests(t *testing.T) {
	site := newUserSite(t)
	site.visit(signedIn(site), func(c *userCall) {
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(c.R.Context(), key{}, 1))
		defer cancel()
		mux := http.NewServeMux()
		mux.Handle("/a/", http.StripPrefix("/a", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if site.Get(r) != c.S || site.Get(r.Clone(ctx)) != c.S || site.Get(r.WithContext(ctx)) != c.S {
				t.Error("another session")
			}
			if s, ok := site.FromContext(ctx); !ok || s != c.S {
				t.Errorf("FromContext returned %v, %v", s, ok)
			}
		})))
		r := c.R.Clone(c.R.Context())
		r.URL.Path = "/a/b"
		mux.ServeHTTP(c.W, r)
	})
}

// A Session belongs to one Manager: the cookie that it came in, or that was
// made of it, is that Manager's.
func TestSessionOfAnotherManager(t *testing.T) {
	ring := newRing(t)
	here, there := newWebSite(t, ring, userOptions{Name: "a", Insecure: true}), newWebSite(t, ring, userOptions{Name: "b", Insecure: true})
	tests := []struct {
		name    string
		session func() *webSession
		refused bool
	}{
		{"nobody's", func() *webSession { return &webSession{Data: webUser{Name: webSecret}} }, false},
		{"loaded by this one", func() *webSession { s := here.Load(webRequest()); webSign(s); return s }, false},
		{"loaded by the other one", func() *webSession { s := there.Load(webRequest()); webSign(s); return s }, true},
		{"saved by the other one", func() *webSession {
			s := &webSession{Data: webUser{Name: webSecret}}
			mustDo(t, there.Save(httptest.NewRecorder(), s))
			return s
		}, true},
		{"a request's of the other one", func() (s *webSession) {
			there.visit(new(webBrowser), func(c *userCall) { s = c.S; webSign(s) })
			return s
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			cookies, err := here.Cookies(tt.session())
			saveErr := here.Save(rec, tt.session())
			if !tt.refused {
				mustDo(t, errors.Join(err, saveErr))
				if len(cookies) != 1 || cookies[0].Name != "a" {
					t.Errorf("cookies %v", cookies)
				}
				wantData(t, here, cookies[0].Value, webUser{Name: webSecret})
				return
			}
			if cookies != nil || len(rec.Header()) != 0 {
				t.Errorf("cookies %v, headers %v", cookies, rec.Header())
			}
			for _, err := range []error{err, saveErr} {
				if wantFault(t, err, "usage"); !strings.Contains(fmt.Sprint(err), `"b"`) {
					t.Errorf("error %v does not say whose it is", err)
				}
			}
		})
	}
}

// MaxSize bounds what is written. What was written under another one opens, and
// if it is too large to be refreshed, it stays as it is.
func TestManagerMaxSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t)
		const most = 3600
		before := newWebSite(t, ring, cookiesession.Options[[]byte]{IdleTimeout: time.Hour})
		site := newWebSite(t, ring, cookiesession.Options[[]byte]{IdleTimeout: time.Hour, MaxSize: most})
		raw := webRandom(2950)
		b := before.newSession(func(c *webCall[[]byte]) { c.S.Data = raw })
		page := site.visit(b, nil)
		if page.S.Err() != nil || len(page.S.Data) != len(raw) {
			t.Errorf("an older cookie: %v", page.S.Err())
		}
		time.Sleep(30 * time.Minute)
		page = site.visit(b, nil)
		if wantNoCookie(t, page.Header); page.StatusCode != 200 {
			t.Errorf("refreshed: status %d", page.StatusCode)
		}
		if page = site.visit(b, func(c *webCall[[]byte]) { c.S.Data[0]++ }); page.StatusCode != 500 {
			t.Errorf("changed: status %d", page.StatusCode)
		}
		largest := 0
		for n := 2400; n < 2950; n++ {
			page = site.visit(new(webBrowser), func(c *webCall[[]byte]) { c.S.Data = raw[:n] })
			if page.StatusCode != 200 {
				break
			}
			largest = len(site.CookieName()) + len(page.Cookies()[0].Value)
		}
		if largest != most && largest != most-1 {
			t.Errorf("the largest that is written has %d bytes", largest)
		}
		for _, e := range page.Events {
			if e.Limit != most {
				t.Errorf("event %+v", e)
			}
		}
		twice := newWebSite(t, ring, cookiesession.Options[[]byte]{MaxSize: most, MaxCookies: 2})
		page = twice.visit(new(webBrowser), func(c *webCall[[]byte]) { c.S.Data = raw })
		for _, c := range page.Cookies() {
			if size := len(c.Name) + len(c.Value); size > most {
				t.Errorf("%s has %d bytes", c.Name, size)
			}
		}
		if len(page.Cookies()) != 2 {
			t.Errorf("%d cookies", len(page.Cookies()))
		}
	})
}
