package fibersession_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	fibercookie "example.com/cookiesession/contrib/fiber"
	"example.com/cookiesession/contrib/fiber/fibersession"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/cache"
	"github.com/gofiber/fiber/v3/middleware/encryptcookie"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/google/go-cmp/cmp"
)

// What the methods of a session do to its cookie, with a session and without.
func TestMethods(t *testing.T) {
	for _, tt := range []struct {
		name   string
		method string
		signed bool
		do     func(*session)
		kinds  []cookiesession.EventKind
		reason cookiesession.Reason
		opens  bool // at the next request
		lines  int
	}{
		{"Renew", "GET", true, (*session).Renew, []cookiesession.EventKind{opened, issued}, cookiesession.ReasonRequested, true, 1},
		{"SetLifetime", "GET", true, func(s *session) { s.SetLifetime(time.Hour) }, []cookiesession.EventKind{opened, issued}, cookiesession.ReasonRequested, true, 1},
		{"SetPersistent", "GET", true, func(s *session) { s.SetPersistent(false) }, []cookiesession.EventKind{opened, issued}, cookiesession.ReasonRequested, true, 1},
		{"ID", "GET", true, func(s *session) { s.ID() }, []cookiesession.EventKind{opened, issued}, cookiesession.ReasonRequested, true, 1},
		{"ID of nothing", "GET", false, func(s *session) { s.ID() }, []cookiesession.EventKind{cookiesession.EventIDLost}, "", false, 0},
		{"Destroy", "GET", true, (*session).Destroy, []cookiesession.EventKind{opened, cookiesession.EventDeleted}, "", false, 1},
		{"emptied", "GET", true, func(s *session) { s.Data = user{} }, []cookiesession.EventKind{opened, cookiesession.EventDeleted}, "", false, 1},
		{"Destroy, then Data", "GET", true, func(s *session) { s.Destroy(); sign(s) }, []cookiesession.EventKind{opened, issued}, cookiesession.ReasonChanged, true, 1},
		{"Destroy of nothing by a link", "GET", false, (*session).Destroy, nil, "", false, 0},
		{"Destroy of nothing by a form", "POST", false, (*session).Destroy, []cookiesession.EventKind{cookiesession.EventDeleted}, "", false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, nil, options{MaxLifetime: 15 * 24 * time.Hour})
			b := new(browser)
			if tt.signed {
				b = s.signedIn()
			}
			b.Method = tt.method
			p := s.visit(b, func(c call) error { tt.do(c.S); return nil })
			p.wantEvents(t, tt.kinds...)
			if tt.reason != "" {
				p.wantIssued(t, tt.reason)
			}
			if len(p.cookies) != tt.lines {
				t.Errorf("Set-Cookie is %q", p.cookies)
			}
			if p = s.visit(b, nil); (p.S.Data.Name == secret) != tt.opens || p.S.IsNew() == tt.opens {
				t.Errorf("Data %+v, error %v", p.S.Data, p.S.Err())
			}
		})
	}
}

// A refresh depends on the request, the time that the handlers took, and the
// status that the response has in the end. A change always counts.
func TestRefreshes(t *testing.T) {
	status := func(code int) func(call) error { return func(c call) error { return c.SendStatus(code) } }
	taking := func(d time.Duration) func(call) error {
		return func(call) error { time.Sleep(d); return nil }
	}
	failing := func(err error) func(call) error { return func(call) error { return err } }
	const fast, slow = 2 * time.Second, 2*time.Second + 1
	for _, tt := range []struct {
		name          string
		header        http.Header
		send          func(call) error
		renews, moves bool // an hour after the issue, of the two hours of the idle timeout
	}{
		{"page", asPage, status(200), true, true},
		{"page, 303", asPage, func(c call) error { return c.Redirect().To("/") }, true, true},
		{"page, 404", asPage, failing(fiber.ErrNotFound), true, true},
		{"page, 304", asPage, status(304), false, false},
		{"page, 408", asPage, failing(fiber.ErrRequestTimeout), false, false},
		{"page, 500", asPage, failing(errHandler), false, false},
		{"page, barely fast", asPage, taking(fast), true, true},
		{"page, slow", asPage, taking(slow), true, false},
		{"page over plain HTTP", http.Header{"Accept": {"text/html"}}, status(200), true, true},
		{"prefetch", http.Header{"Sec-Fetch-Dest": {"document"}, "Sec-Purpose": {"prefetch"}}, status(200), true, false},
		{"fetch", asFetch, status(200), true, false},
		{"fetch, slow", asFetch, taking(slow), false, false},
		{"no browser", http.Header{}, status(200), true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for refresh, due := range map[cookiesession.Reason]bool{
				cookiesession.ReasonRenewed: tt.renews, cookiesession.ReasonResealed: tt.moves,
			} {
				for _, change := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						s, b := staleSession(t, refresh)
						b.Header = tt.header
						p := s.visit(b, func(c call) error {
							if change {
								c.S.Data.Visits++
							}
							return tt.send(c)
						})
						switch {
						case change:
							p.wantIssued(t, cookiesession.ReasonChanged)
						case due:
							p.wantIssued(t, refresh)
						default:
							p.wantIssued(t, "")
						}
					})
				}
			}
		})
	}
}

// staleSession returns a browser whose session was issued an hour ago, and may
// be due for that refresh.
func staleSession(t *testing.T, refresh cookiesession.Reason) (*site, *browser) {
	t.Helper()
	oldKey := cookiesession.NewKey()
	ring := newRing(t, oldKey)
	opts := options{}
	if refresh == cookiesession.ReasonRenewed {
		opts.IdleTimeout = 2 * time.Hour
	}
	s := newSite(t, ring, opts)
	b := s.signedIn()
	time.Sleep(time.Hour)
	if refresh == cookiesession.ReasonResealed {
		mustDo(t, ring.Replace(newRing(t, cookiesession.NewKey(), oldKey)))
	}
	return s, b
}

// What Save has prepared is decided anew at the end: a Save that only wanted to
// learn of an error does not bring a refresh into an error page.
func TestRefreshIsDecidedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := staleSession(t, cookiesession.ReasonRenewed)
		p := s.visit(b, func(c call) error {
			mustDo(t, s.Save(c))
			if setCookies(c) != 1 {
				t.Error("Save set no cookie, so this test shows nothing")
			}
			return errHandler
		})
		p.wantIssued(t, "")
	})
}

// Sessions end when Options say so, and each refusal has its error.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		opts   options
		want   error
		reason cookiesession.Reason
	}{
		{"control", options{}, nil, ""},
		{"lifetime", options{Lifetime: time.Hour}, cookiesession.ErrExpired, cookiesession.ReasonLifetime},
		{"idle", options{IdleTimeout: time.Hour}, cookiesession.ErrExpired, cookiesession.ReasonIdle},
		{"NotBefore", options{NotBefore: time.Date(2000, 1, 1, 0, 30, 0, 0, time.UTC)}, cookiesession.ErrRevoked, cookiesession.ReasonNotBefore},
		{"Check", options{Check: func(_ *http.Request, s *session) error { return cookiesession.ErrRevoked }}, cookiesession.ErrRevoked, cookiesession.ReasonCheck},
		{"Label", options{Label: "another"}, cookiesession.ErrInvalid, cookiesession.ReasonAltered},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins at the midnight of 2000-01-01
				ring := newRing(t)
				b := newSite(t, ring, options{}).signedIn()
				time.Sleep(time.Hour)
				s := newSite(t, ring, tt.opts)
				p := s.visit(b, nil)
				if !errors.Is(p.S.Err(), tt.want) || (p.S.Data.Name == secret) != (tt.want == nil) {
					t.Errorf("Data %+v, error %v", p.S.Data, p.S.Err())
				}
				if tt.want != nil {
					p.wantEvents(t, cookiesession.EventRefused)
					if p.Events[0].Reason != tt.reason {
						t.Errorf("reason %q", p.Events[0].Reason)
					}
				}
				p.wantIssued(t, "")
			})
		})
	}
}

// A Check that can't answer saves nothing; a logout happens all the same.
func TestCheckFails(t *testing.T) {
	ring := newRing(t)
	b := newSite(t, ring, options{}).signedIn()
	s := newSite(t, ring, options{Check: func(*http.Request, *session) error { return errors.New("no database") }})
	p := s.visit(b, func(c call) error { sign(c.S); return nil })
	if p.StatusCode != 500 || len(p.cookies) != 0 {
		t.Errorf("%d, Set-Cookie %q", p.StatusCode, p.cookies)
	}
	p = s.visit(b, func(c call) error { c.S.Destroy(); return nil })
	if p.StatusCode != 200 || len(p.cookies) != 1 || len(b.jar) != 0 {
		t.Errorf("%d, Set-Cookie %q", p.StatusCode, p.cookies)
	}
}

// A key that is revoked while a handler runs seals nothing for the session that
// it opened.
func TestKeyRevokedInFlight(t *testing.T) {
	oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
	ring := newRing(t, oldKey, newKey)
	s := newSite(t, ring, options{})
	b := s.signedIn()
	revoked, err := cookiesession.ParseKeyring(newKey.Secret() + "\nrevoked " + oldKey.ID())
	if err != nil {
		t.Fatal(err)
	}
	p := s.visit(b, func(c call) error {
		mustDo(t, ring.Replace(revoked))
		c.S.Data.Visits++
		return nil
	})
	if p.StatusCode != 500 || len(p.cookies) != 0 || !errors.Is(p.Events[1].Err, cookiesession.ErrRevoked) {
		t.Errorf("%d, Set-Cookie %q, events %v", p.StatusCode, p.cookies, p.Events)
	}
}

// A large session takes several cookies, and gives them back.
func TestSplit(t *testing.T) {
	s := newSite(t, nil, options{MaxCookies: 3})
	b := new(browser)
	p := s.visit(b, func(c call) error { c.S.Data.Raw = noise(7000); return nil })
	if len(p.cookies) != 3 || len(b.jar) != 3 {
		t.Fatalf("%d cookies", len(p.cookies))
	}
	p = s.visit(b, func(c call) error {
		if !cmp.Equal(c.S.Data.Raw, noise(7000)) {
			t.Errorf("%d bytes, error %v", len(c.S.Data.Raw), c.S.Err())
		}
		c.S.Data.Raw = noise(10)
		return nil
	})
	if len(p.cookies) != 3 || len(b.jar) != 1 {
		t.Errorf("Set-Cookie %q", p.cookies)
	}
	p = s.visit(b, func(c call) error { c.S.Destroy(); return nil })
	if len(p.cookies) != 1 || len(b.jar) != 0 {
		t.Errorf("Set-Cookie %q", p.cookies)
	}
}

// A Manager for net/http with the same keys opens these cookies, and the other
// way round.
func TestSameAsNetHTTP(t *testing.T) {
	ring := newRing(t)
	s := newSite(t, ring, options{})
	web, err := cookiesession.New[user](ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	for name, value := range s.signedIn().jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if got := web.Load(r); got.Data.Name != secret {
		t.Errorf("net/http: Data %+v, error %v", got.Data, got.Err())
	}
	for name, cookies := range map[string]func(*session) ([]*http.Cookie, error){"net/http": web.Cookies, "fiber": s.Cookies} {
		made, err := cookies(&session{Data: user{Name: secret}})
		if err != nil {
			t.Fatal(err)
		}
		b := new(browser)
		b.keep(made[0])
		if p := s.visit(b, nil); p.S.Data.Name != secret {
			t.Errorf("%s: Data %+v, error %v", name, p.S.Data, p.S.Err())
		}
	}
}

// encryptcookie inside Handler leaves the session's cookie alone, although it
// takes cookies that it can't open out of the request. Outside, it has to be
// told.
func TestEncryptcookie(t *testing.T) {
	ring := newRing(t)
	s := newSite(t, ring, options{})
	config, err := fibercookie.Config(ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	except := config
	except.Except = []string{s.CookieName()}
	plain := encryptcookie.Config{Key: encryptcookie.GenerateKey(32), Except: []string{s.CookieName()}}
	for name, middlewares := range map[string][]fiber.Handler{
		"fibercookie inside":    {s.Handler(), fibercookie.New(config)},
		"fibercookie outside":   {fibercookie.New(except), s.Handler()},
		"encryptcookie inside":  {s.Handler(), encryptcookie.New(encryptcookie.Config{Key: plain.Key})},
		"encryptcookie outside": {encryptcookie.New(plain), s.Handler()},
	} {
		t.Run(name, func(t *testing.T) {
			s.mount(fiber.Config{}, middlewares...)
			b := new(browser)
			p := s.visit(b, func(c call) error {
				c.Cookie(&fiber.Cookie{Name: "other", Value: "tea"})
				sign(c.S)
				return nil
			})
			if len(p.cookies) != 2 || b.jar["other"] == "tea" {
				t.Errorf("Set-Cookie is %q", p.cookies)
			}
			p = s.visit(b, func(c call) error { return c.SendString(c.Cookies("other")) })
			if p.S.Data.Name != secret || p.Body != "tea" {
				t.Errorf("Data %+v, error %v, the other cookie is %q", p.S.Data, p.S.Err(), p.Body)
			}
		})
	}
}

// The line of the Cookie header counts as it came, whatever a middleware inside
// does to it.
func TestCookieStrippedWithin(t *testing.T) {
	s := newSite(t, nil, options{}, func(c fiber.Ctx) error {
		c.Request().Header.DelAllCookies()
		return c.Next()
	})
	if p := s.visit(s.signedIn(), nil); p.S.Data.Name != secret {
		t.Errorf("Data %+v, error %v", p.S.Data, p.S.Err())
	}
}

// fiber's cache outside Handler keeps no page that read a session.
func TestCache(t *testing.T) {
	s := newSite(t, nil, options{})
	s.mount(fiber.Config{}, cache.New(), s.Handler())
	for name, tt := range map[string]struct {
		asks bool
		runs int
	}{"asks": {true, 2}, "control": {false, 1}} {
		runs := 0
		s.handler = func(c fiber.Ctx) error {
			if runs++; tt.asks {
				sign(s.Get(c))
			}
			return c.SendString("page")
		}
		for range 2 {
			r := httptest.NewRequest("GET", "/"+name, nil)
			resp, err := s.app.Test(r)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(resp.Cookies()); (n == 1) != tt.asks {
				t.Errorf("%s: %d cookies", name, n)
			}
		}
		if runs != tt.runs {
			t.Errorf("%s: the handler ran %d times, want %d", name, runs, tt.runs)
		}
	}
}

// Two Managers have two cookies, the same one twice is as good as once, and two
// of one name are a mistake.
func TestTwoManagers(t *testing.T) {
	ring := newRing(t)
	a, b := newSite(t, ring, options{Name: "a"}), newSite(t, ring, options{Name: "b"})
	a.mount(fiber.Config{}, a.Handler(), b.Handler(), a.Handler())
	visitor := new(browser)
	p := a.visit(visitor, func(c call) error {
		sign(c.S)
		b.Get(c).Data.Visits = 7
		return nil
	})
	if len(p.cookies) != 2 {
		t.Errorf("Set-Cookie is %q", p.cookies)
	}
	p = a.visit(visitor, func(c call) error {
		return c.SendString(fmt.Sprint(c.S.Data.Name, b.Get(c).Data.Visits))
	})
	if p.Body != secret+"7" || len(p.cookies) != 0 {
		t.Errorf("%q, Set-Cookie %q", p.Body, p.cookies)
	}

	twin := newSite(t, ring, options{Name: "a"})
	a.mount(fiber.Config{}, recover.New(), a.Handler(), twin.Handler())
	if p = a.visit(visitor, nil); p.StatusCode != 500 || !strings.Contains(p.Body, `share the cookie name "a"`) {
		t.Errorf("%d %q", p.StatusCode, p.Body)
	}
}

// A middleware outside that runs the handlers again gets a new session each
// time.
func TestHandlersRunAgain(t *testing.T) {
	s := newSite(t, nil, options{})
	runs := 0
	s.mount(fiber.Config{}, func(c fiber.Ctx) error {
		if runs++; runs == 1 {
			mustDo(t, c.Next())
			return c.RestartRouting()
		}
		return c.Next()
	}, s.Handler())
	p := s.visit(new(browser), func(c call) error { c.S.Data.Visits++; return nil })
	if len(p.cookies) != 1 || p.S.Data.Visits != 1 || runs != 2 {
		t.Errorf("Set-Cookie %q, Data %+v, %d runs", p.cookies, p.S.Data, runs)
	}
	p.wantEvents(t, issued, issued)
}

// Requests at the same time share nothing, although fiber uses a Ctx again.
func TestParallel(t *testing.T) {
	sessions, err := fibersession.New[user](newRing(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New()
	app.Use(sessions.Handler())
	app.Get("/:name", func(c fiber.Ctx) error {
		s := sessions.Get(c)
		if s.Data.Name == "" {
			s.Data.Name = strings.Clone(c.Params("name"))
		}
		return c.SendString(s.Data.Name)
	})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := fmt.Sprint("visitor", i)
			jar := []*http.Cookie{}
			for range 20 {
				r := httptest.NewRequest("GET", "/"+name, nil)
				for _, c := range jar {
					r.AddCookie(c)
				}
				resp, err := app.Test(r)
				if err != nil {
					t.Error(err)
					return
				}
				if cookies := resp.Cookies(); len(cookies) > 0 {
					jar = cookies
				}
				if body, _ := io.ReadAll(resp.Body); string(body) != name {
					t.Errorf("%s is greeted as %q", name, body)
				}
			}
		})
	}
	all.Wait()
}

// New's errors are cookiesession's.
func TestNew(t *testing.T) {
	if _, err := fibersession.New[user](nil, &options{MaxSize: 1}); err == nil || !strings.Contains(err.Error(), "keyring is nil") || !strings.Contains(err.Error(), "MaxSize") {
		t.Errorf("error %v", err)
	}
	if _, err := fibersession.New[user](newRing(t), nil); err != nil {
		t.Error(err)
	}
}
