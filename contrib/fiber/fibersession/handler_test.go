package fibersession_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/fiber/fibersession"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"
)

const (
	issued = cookiesession.EventIssued
	opened = cookiesession.EventOpened
)

var errHandler = errors.New("of the handler")

// Every way in which a handler can answer. The session is changed at the last
// moment at which that still counts: before the handler returns.
func TestHandlerSaves(t *testing.T) {
	for _, tt := range []struct {
		name   string
		next   func(c call) error
		status int
		body   string
	}{
		{"no write", func(c call) error { return nil }, 200, ""},
		{"SendString", func(c call) error { return c.SendString("page") }, 200, "page"},
		{"Write", func(c call) error { _, err := c.Write([]byte("page")); return err }, 200, "page"},
		{"JSON", func(c call) error { return c.JSON("page") }, 200, `"page"`},
		{"SendStatus 204", func(c call) error { return c.SendStatus(204) }, 204, ""},
		{"SendStatus 304", func(c call) error { return c.SendStatus(304) }, 304, ""},
		{"Status 404", func(c call) error { return c.Status(404).SendString("page") }, 404, "page"},
		{"Status 500", func(c call) error { return c.Status(500).SendString("page") }, 500, "page"},
		{"Redirect", func(c call) error { return c.Redirect().To("/next") }, 303, ""},
		{"an error", func(c call) error { return errHandler }, 500, "of the handler"},
		{"a fiber.Error", func(c call) error { return fiber.NewError(418, "page") }, 418, "page"},
		{"a panic recovered within", func(c call) error { panic("of the handler") }, 500, "of the handler"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, nil, options{}, recover.New())
			b := new(browser)
			p := s.visit(b, func(c call) (err error) {
				defer sign(c.S) // after the write
				return tt.next(c)
			})
			if p.StatusCode != tt.status || p.Body != tt.body {
				t.Errorf("%d %q, want %d %q", p.StatusCode, p.Body, tt.status, tt.body)
			}
			p.wantEvents(t, issued)
			p.wantIssued(t, cookiesession.ReasonChanged)
			if p = s.visit(b, nil); p.S.Data.Name != secret || p.S.Err() != nil {
				t.Errorf("Data %+v, error %v", p.S.Data, p.S.Err())
			}
		})
	}
}

// Every way in which nothing is set. The client brings a session.
func TestHandlerSavesNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		next func(c call) error
	}{
		{"read", func(c call) error { return c.SendString(c.S.Data.Name) }},
		{"changed and changed back", func(c call) error { c.S.Data.Visits++; c.S.Data.Visits--; return nil }},
		{"read, then an error", func(c call) error { return errHandler }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, nil, options{})
			p := s.visit(s.signedIn(), tt.next)
			p.wantEvents(t, opened)
			p.wantIssued(t, "")
			if p.Header.Get("Vary") != "Cookie" || p.Header.Get("Cache-Control") != "private" {
				t.Errorf("headers %v", p.Header)
			}
		})
	}
}

// A request whose handler does not ask costs no header, no opening, nothing.
func TestHandlerIsLazy(t *testing.T) {
	s := newSite(t, nil, options{})
	b := s.signedIn()
	p := new(page)
	s.take()
	s.handler = func(c fiber.Ctx) error { return c.SendString("page") }
	b.fetch(s.app, p)
	if diff := cmp.Diff(http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, p.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if events := s.take(); events != nil || p.Body != "page" {
		t.Errorf("events %v, body %q", events, p.Body)
	}
}

// A change that the ErrorHandler makes is saved, as any other is.
func TestErrorHandler(t *testing.T) {
	s := newSite(t, nil, options{})
	calls := 0
	s.mount(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
		calls++
		if !errors.Is(err, errHandler) {
			t.Errorf("error %v", err)
		}
		sign(s.Get(c))
		return c.Status(418).SendString("failed")
	}}, s.Handler())
	b := new(browser)
	p := s.visit(b, func(c call) error { c.S.Data.Visits = 7; return errHandler })
	if p.StatusCode != 418 || p.Body != "failed" || calls != 1 {
		t.Errorf("%d %q after %d calls", p.StatusCode, p.Body, calls)
	}
	p.wantEvents(t, issued)
	if p = s.visit(b, nil); p.S.Data.Name != secret || p.S.Data.Visits != 7 {
		t.Errorf("Data %+v", p.S.Data)
	}
}

// An ErrorHandler that fails is answered for as fiber does it.
func TestErrorHandlerFails(t *testing.T) {
	s := newSite(t, nil, options{})
	s.mount(fiber.Config{ErrorHandler: func(_ fiber.Ctx, err error) error { return err }}, s.Handler())
	p := s.visit(new(browser), func(c call) error { sign(c.S); return errHandler })
	if p.StatusCode != 500 || p.Body != "Internal Server Error" {
		t.Errorf("%d %q", p.StatusCode, p.Body)
	}
	p.wantIssued(t, cookiesession.ReasonChanged)
}

// Outside Handler, a panic is none of its business, and saves nothing.
func TestPanicRecoveredOutside(t *testing.T) {
	s := newSite(t, nil, options{})
	s.mount(fiber.Config{}, recover.New(), s.Handler())
	p := s.visit(new(browser), func(c call) error { sign(c.S); panic("of the handler") })
	if p.StatusCode != 500 || len(p.cookies) != 0 {
		t.Errorf("%d, Set-Cookie %q", p.StatusCode, p.cookies)
	}
	p.wantEvents(t)
}

// If the session can't be saved, nothing of the page is sent but other cookies,
// and the ErrorHandler answers. It can still read the session.
func TestSaveFails(t *testing.T) {
	huge := func(c call) error {
		c.S.Data.Raw = noise(4200)
		c.Cookie(&fiber.Cookie{Name: "other", Value: "1"})
		c.Set("ETag", `"1"`)
		c.Set("Cache-Control", "public")
		c.Set("X-Frame-Options", "DENY")
		c.Set("Content-Encoding", "br")
		c.Set("Content-Type", "image/png")
		return c.Status(201).SendString(secret)
	}
	stream := func(c call) error {
		err := huge(c)
		c.Response().SetBodyStream(strings.NewReader(secret), -1)
		return err
	}
	check := func(t *testing.T, p *page, status int, body string) {
		t.Helper()
		if p.StatusCode != status || p.Body != body {
			t.Errorf("%d %q, want %d %q", p.StatusCode, p.Body, status, body)
		}
		for key, want := range map[string]string{
			"Etag": "", "Content-Encoding": "", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
			"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff",
		} {
			if got := p.Header.Get(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		if len(p.cookies) != 1 || !strings.HasPrefix(p.cookies[0], "other=1") {
			t.Errorf("Set-Cookie is %q", p.cookies)
		}
		p.wantEvents(t, cookiesession.EventSaveFailed)
		if err := p.Events[0].Err; !errors.Is(err, cookiesession.ErrTooLarge) {
			t.Errorf("error %v", err)
		}
	}
	for name, next := range map[string]func(call) error{"page": huge, "stream": stream} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil, options{})
			check(t, s.visit(new(browser), next), 500, "the session could not be saved")

			s.mount(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
				var status *fiber.Error
				if !errors.Is(err, fibersession.ErrNotSaved) || err == fibersession.ErrNotSaved || !errors.Is(err, cookiesession.ErrTooLarge) ||
					!errors.As(err, &status) || status.Code != 500 {
					t.Errorf("error %v", err)
				}
				if len(s.Get(c).Data.Raw) != 4200 {
					t.Error("the session is gone")
				}
				return c.Status(507).SendString("sorry")
			}}, s.Handler())
			check(t, s.visit(new(browser), next), 507, "sorry")
		})
	}
}

// setCookies counts the cookies that a response sets so far.
func setCookies(c fiber.Ctx) (n int) {
	for range c.Response().Header.Cookies() {
		n++
	}
	return n
}

// Save tells of an error while another answer is possible, and its cookie is
// replaced if the session changes afterwards.
func TestSave(t *testing.T) {
	s := newSite(t, nil, options{})
	b := new(browser)
	p := s.visit(b, func(c call) error {
		c.S.Data.Raw = noise(4200)
		if err := s.Save(c); !errors.Is(err, cookiesession.ErrTooLarge) {
			t.Errorf("error %v", err)
		}
		c.S.Data.Raw = nil
		mustDo(t, s.Save(c))
		if n := setCookies(c); n != 0 {
			t.Errorf("an empty session has %d cookies", n)
		}
		c.S.Data.Visits = 1
		mustDo(t, s.Save(c))
		if n := setCookies(c); n != 1 {
			t.Errorf("a session has %d cookies", n)
		}
		sign(c.S)
		return c.SendString("page")
	})
	p.wantEvents(t, issued)
	if p = s.visit(b, nil); p.S.Data.Name != secret || p.S.Data.Visits != 1 || p.StatusCode != 200 {
		t.Errorf("Data %+v", p.S.Data)
	}
}

// Whatever happens to the session after Handler has returned is too late, and
// reported where it can be known.
func TestLate(t *testing.T) {
	for name, change := range map[string]func(*site, fiber.Ctx, *session){
		"Renew":       func(_ *site, _ fiber.Ctx, s *session) { s.Renew() },
		"Destroy":     func(_ *site, _ fiber.Ctx, s *session) { s.Destroy() },
		"SetLifetime": func(_ *site, _ fiber.Ctx, s *session) { s.SetLifetime(time.Hour) },
		"ID":          func(_ *site, _ fiber.Ctx, s *session) { s.ID() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil, options{})
			var kept *session
			s.mount(fiber.Config{}, func(c fiber.Ctx) error {
				err := c.Next()
				change(s, c, kept)
				return err
			}, s.Handler())
			b := new(browser)
			p := s.visit(b, func(c call) error { sign(c.S); kept = c.S; return nil })
			p.wantEvents(t, issued, cookiesession.EventLate)
			p.wantIssued(t, cookiesession.ReasonChanged)
		})
	}
}

// Save says that it is too late: the ErrorHandler of a session that could not
// be saved is the one place where the request still has it.
func TestSaveTooLate(t *testing.T) {
	s := newSite(t, nil, options{})
	var err error
	s.mount(fiber.Config{ErrorHandler: func(c fiber.Ctx, _ error) error {
		s.Get(c).Data.Raw = nil
		err = s.Save(c)
		return nil
	}}, s.Handler())
	p := s.visit(new(browser), func(c call) error { c.S.Data.Raw = noise(4200); return nil })
	if err == nil || !strings.Contains(err.Error(), "have been sent") || len(p.cookies) != 0 {
		t.Errorf("error %v, Set-Cookie %q", err, p.cookies)
	}
	p.wantEvents(t, cookiesession.EventSaveFailed, cookiesession.EventLate)
}

// A stream begins when the session has been saved; its function has a copy of
// the data. What it does to the session is reported.
func TestStream(t *testing.T) {
	s := newSite(t, nil, options{})
	late := make(chan *session, 1)
	done := make(chan bool)
	s.handler = func(c fiber.Ctx) error {
		session := s.Get(c)
		sign(session)
		name := session.Data.Name
		return c.SendStreamWriter(func(w *bufio.Writer) {
			defer close(done)
			_, _ = w.WriteString("the name is " + name)
			_ = w.Flush()
			(<-late).Destroy()
		})
	}
	var kept *session
	s.mount(fiber.Config{}, func(c fiber.Ctx) error {
		err := c.Next()
		late <- kept // the headers are decided
		return err
	}, s.Handler(), func(c fiber.Ctx) error {
		kept = s.Get(c)
		return c.Next()
	})
	b, p := new(browser), new(page)
	b.fetch(s.app, p)
	<-done
	p.Events = s.take()
	p.wantEvents(t, issued, cookiesession.EventLate)
	if p.Body != "the name is "+secret || len(p.cookies) != 1 {
		t.Errorf("body %q, Set-Cookie %q", p.Body, p.cookies)
	}
	if p = s.visit(b, nil); p.S.Data.Name != secret {
		t.Errorf("Data %+v", p.S.Data)
	}
}

// Ctx.End sends the response from within the handler; the cookie goes with it
// if it was saved before. An upgraded connection is handed over after the
// response.
func TestEndAndHijack(t *testing.T) {
	s := newSite(t, nil, options{})
	app := s.app
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	defer func() { _ = app.Shutdown() }()
	for name, next := range map[string]func(call) error{
		"End": func(c call) error {
			mustDo(t, s.Save(c))
			return c.End()
		},
		"Hijack": func(c call) error {
			c.Set("Connection", "Upgrade")
			c.Set("Upgrade", "chat")
			c.Status(101)
			c.RequestCtx().Hijack(func(conn net.Conn) { _, _ = io.WriteString(conn, "hello") })
			return nil
		},
	} {
		s.handler = func(c fiber.Ctx) error {
			session := s.Get(c)
			sign(session)
			return next(call{c, session})
		}
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
		mustDo(t, err)
		text, _ := io.ReadAll(conn)
		if n := strings.Count(string(text), "Set-Cookie: __Host-session="); n != 1 {
			t.Errorf("%s: %d cookies in %q", name, n, text)
		}
		if name == "Hijack" && !strings.HasSuffix(string(text), "hello") {
			t.Errorf("%q", text)
		}
	}
}

// fiber's timeout middleware answers for a handler that goes on. Its session is
// left alone, and a logout happens all the same.
func TestTimeout(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before func(*session)
		events []cookiesession.EventKind
		lines  int
	}{
		{"read", func(*session) {}, []cookiesession.EventKind{opened, cookiesession.EventTimedOut}, 0},
		{"changed", func(s *session) { s.Data.Visits++ }, []cookiesession.EventKind{opened, cookiesession.EventTimedOut}, 0},
		{"destroyed", (*session).Destroy, []cookiesession.EventKind{opened, cookiesession.EventTimedOut, cookiesession.EventDeleted}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, nil, options{})
				b := s.signedIn()
				release := make(chan bool)
				s.mount(fiber.Config{}, s.Handler(), timeout.New(func(c fiber.Ctx) error {
					return c.Next()
				}, timeout.Config{Timeout: time.Second}))
				p := s.visit(b, func(c call) error {
					tt.before(c.S)
					for range 10 { // the response is out, and the handler does not know
						time.Sleep(time.Second)
						c.S.Data.Visits++
					}
					<-release
					return nil
				})
				if p.StatusCode != 408 || len(p.cookies) != tt.lines {
					t.Errorf("%d, Set-Cookie %q", p.StatusCode, p.cookies)
				}
				p.wantEvents(t, tt.events...)
				close(release)
				time.Sleep(time.Minute)
			})
		})
	}
	t.Run("in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, nil, options{})
			s.mount(fiber.Config{}, s.Handler(), timeout.New(func(c fiber.Ctx) error { return c.Next() }, timeout.Config{Timeout: time.Minute}))
			p := s.visit(new(browser), func(c call) error { time.Sleep(time.Second); sign(c.S); return errHandler })
			p.wantIssued(t, cookiesession.ReasonChanged)
		})
	})
}

// An OnTimeout with a status of its own: the session's change is saved into
// what fasthttp will send.
func TestTimeoutAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, options{})
		signed := make(chan bool)
		s.mount(fiber.Config{}, s.Handler(), timeout.New(func(c fiber.Ctx) error { return c.Next() }, timeout.Config{
			Timeout:   time.Second,
			OnTimeout: func(c fiber.Ctx) error { <-signed; return c.Status(202).SendString("later") },
		}))
		p := s.visit(new(browser), func(c call) error { sign(c.S); close(signed); time.Sleep(time.Minute); return nil })
		if p.StatusCode != 202 || p.Body != "later" {
			t.Errorf("%d %q", p.StatusCode, p.Body)
		}
		p.wantIssued(t, cookiesession.ReasonChanged)
		time.Sleep(time.Hour)
	})
}

// If the change of such a session can't be saved, what fasthttp will send is
// the error.
func TestTimeoutSaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, options{})
		changed := make(chan bool)
		s.mount(fiber.Config{}, s.Handler(), timeout.New(func(c fiber.Ctx) error { return c.Next() }, timeout.Config{
			Timeout:   time.Second,
			OnTimeout: func(c fiber.Ctx) error { <-changed; return c.Status(202).SendString("later") },
		}))
		p := s.visit(new(browser), func(c call) error {
			c.S.Data.Raw = noise(4200)
			close(changed)
			time.Sleep(time.Minute)
			return nil
		})
		if p.StatusCode != 500 || p.Body != "Internal Server Error" {
			t.Errorf("%d %q", p.StatusCode, p.Body)
		}
		p.wantEvents(t, cookiesession.EventSaveFailed)
		time.Sleep(time.Hour)
	})
}

// The error of a handler that was given up goes to who is outside.
func TestTimeoutError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, options{})
		var outside error
		s.mount(fiber.Config{}, func(c fiber.Ctx) error { outside = c.Next(); return nil }, s.Handler(), timeout.New(func(c fiber.Ctx) error {
			return c.Next()
		}, timeout.Config{Timeout: time.Second}))
		s.visit(new(browser), func(c call) error { time.Sleep(time.Minute); return nil })
		if !errors.Is(outside, fiber.ErrRequestTimeout) {
			t.Errorf("error %v", outside)
		}
		time.Sleep(time.Hour)
	})
}

// What is looked at in each request is seen although no handler asks for the
// session.
func TestInsecureTLS(t *testing.T) {
	for _, tt := range []struct {
		proto string
		opts  options
		want  []cookiesession.EventKind
	}{
		{"https", options{Insecure: true}, []cookiesession.EventKind{cookiesession.EventInsecureTLS}},
		{"http", options{Insecure: true}, nil},
		{"https", options{}, nil},
	} {
		s := newSite(t, nil, tt.opts)
		s.handler = func(fiber.Ctx) error { return nil }
		p := new(page)
		(&browser{Header: http.Header{"X-Forwarded-Proto": {tt.proto}}}).fetch(s.app, p)
		p.Events = s.take()
		p.wantEvents(t, tt.want...)
	}
}

// The deletion has the attributes of the set, or it would not delete.
func TestAttributes(t *testing.T) {
	for _, tt := range []struct {
		name       string
		opts       options
		cookie     string
		attributes string
	}{
		{"zero", options{}, "__Host-session", `; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax`},
		{"path and domain", options{Path: "/app", Domain: "shop.example"}, "__Secure-session", `; Path=/app; Domain=shop.example; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax`},
		{"none", options{SameSite: http.SameSiteNoneMode, Partitioned: true}, "__Host-session", `; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=None; Partitioned`},
		{"insecure", options{Insecure: true}, "dev-session", `; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, nil, tt.opts)
				b := new(browser)
				p := s.visit(b, func(c call) error { sign(c.S); return nil })
				want := regexp.MustCompile(`^` + tt.cookie + `=[A-Za-z0-9_-]+` + tt.attributes + `$`)
				if len(p.cookies) != 1 || !want.MatchString(p.cookies[0]) || s.CookieName() != tt.cookie {
					t.Fatalf("Set-Cookie is %q", p.cookies)
				}
				p = s.visit(b, func(c call) error { c.S.Destroy(); return nil })
				deletion := tt.cookie + "=" + strings.Replace(tt.attributes, "1209600", "0", 1)
				if diff := cmp.Diff([]string{deletion}, p.cookies); diff != "" {
					t.Errorf("deletion (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A response has one Set-Cookie for the name, other cookies stay, and no shared
// cache keeps it.
func TestResponseHeaders(t *testing.T) {
	s := newSite(t, nil, options{})
	p := s.visit(new(browser), func(c call) error {
		c.Cookie(&fiber.Cookie{Name: "before", Value: "1"})
		c.Cookie(&fiber.Cookie{Name: s.CookieName(), Value: "planted"})
		c.Vary("Accept")
		c.Set("Cache-Control", "public, max-age=60")
		c.Set("CDN-Cache-Control", "max-age=60")
		sign(c.S)
		return nil
	})
	if len(p.cookies) != 2 || !strings.HasPrefix(p.cookies[0], "before=1") || strings.Contains(p.cookies[1], "planted") {
		t.Errorf("Set-Cookie is %q", p.cookies)
	}
	for key, want := range map[string][]string{"Vary": {"Accept", "Cookie"}, "Cache-Control": {"private, max-age=60"}, "Cdn-Cache-Control": nil} {
		if diff := cmp.Diff(want, p.Header[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

// Without Handler there is nothing to get, and the text names the mistake.
func TestGetPanics(t *testing.T) {
	s, other := newSite(t, nil, options{}), newSite(t, nil, options{})
	s.visit(new(browser), func(c call) error {
		if session, ok := other.FromContext(c.Context()); ok || session != nil {
			t.Errorf("FromContext returned %v, %v", session, ok)
		}
		if session, ok := s.FromContext(c.Context()); !ok || session != c.S {
			t.Errorf("FromContext returned %v, %v", session, ok)
		}
		if session, ok := s.FromContext(context.WithoutCancel(c.Context())); !ok || session != c.S {
			t.Errorf("FromContext of a derived context returned %v, %v", session, ok)
		}
		return nil
	})
	app := fiber.New()
	app.Use(recover.New())
	app.Get("/", func(c fiber.Ctx) error { s.Get(c); return nil })
	resp, err := app.Test(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 500 || !strings.Contains(string(body), "Handler") || !strings.Contains(string(body), s.CookieName()) {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

// What Check, LabelFunc and OnEvent see of a request: all of it, and copies,
// because fasthttp uses its memory again.
func TestRequest(t *testing.T) {
	type key struct{}
	var seen []*http.Request
	note := func(r *http.Request) { seen = append(seen, r) }
	sessions, err := fibersession.New(newRing(t), &options{
		LabelFunc: func(r *http.Request) string { note(r); return r.Host },
		Check:     func(r *http.Request, _ *session) error { note(r); return nil },
		OnEvent:   func(r *http.Request, _ cookiesession.Event) { note(r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		c.SetContext(context.WithValue(c.Context(), key{}, "value"))
		return c.Next()
	}, sessions.Handler())
	app.Post("/a/b", func(c fiber.Ctx) error { sessions.Get(c).Data.Visits++; return nil })
	var jar []*http.Cookie
	for range 2 {
		r := httptest.NewRequest("POST", "/a/b?c=d", strings.NewReader("body"))
		r.Host = "shop.example"
		r.Header.Set("X-Real-Ip", "192.0.2.1")
		r.Header.Add("Accept", "text/html")
		r.Header.Add("Accept", "text/plain")
		for _, c := range jar {
			r.AddCookie(c)
		}
		r.AddCookie(&http.Cookie{Name: "other", Value: "1"})
		resp, err := app.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		jar = resp.Cookies()
	}
	if len(seen) != 7 { // label and issued twice, plain HTTP, check and opened once
		t.Errorf("%d calls", len(seen))
	}
	for _, r := range seen {
		if r.Method != "POST" || r.URL.String() != "/a/b?c=d" || r.Host != "shop.example" || r.RemoteAddr == "" || r.TLS != nil ||
			r.Header.Get("X-Real-Ip") != "192.0.2.1" || !strings.HasSuffix(r.Header.Get("Cookie"), "other=1") || r.Context().Value(key{}) != "value" {
			t.Errorf("%+v", r)
		}
		if diff := cmp.Diff([]string{"text/html", "text/plain"}, r.Header["Accept"]); diff != "" {
			t.Errorf("Accept (-want +got):\n%s", diff)
		}
		if body, err := io.ReadAll(r.Body); len(body) != 0 || err != nil {
			t.Errorf("body %q, error %v", body, err)
		}
	}
}

// A header that the core is given twice would count twice.
func TestRequestHasHeadersOnce(t *testing.T) {
	s := newSite(t, nil, options{})
	for _, tt := range []struct {
		size int
		want []cookiesession.EventKind
	}{
		{5000, []cookiesession.EventKind{opened}},
		{9000, []cookiesession.EventKind{cookiesession.EventLongHeader, opened}},
	} {
		b := s.signedIn()
		b.jar["other"] = strings.Repeat("x", tt.size)
		s.visit(b, nil).wantEvents(t, tt.want...)
	}
}

// A target that is no URL is a path.
func TestRequestTarget(t *testing.T) {
	var path string
	sessions, err := fibersession.New(newRing(t), &options{LabelFunc: func(r *http.Request) string { path = r.URL.Path; return "" }})
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New()
	app.Use(sessions.Handler(), func(c fiber.Ctx) error { sessions.Get(c); return nil })
	for target, want := range map[string]string{"/a%2": "/a%2", "/a%20b": "/a b"} {
		ctx := new(fasthttp.RequestCtx)
		var r fasthttp.Request
		r.Header.SetRequestURI(target)
		ctx.Init(&r, nil, nil)
		if app.Handler()(ctx); path != want {
			t.Errorf("path %q for %q, want %q", path, target, want)
		}
	}
}

// A context that outlives its request tells nothing of the request that fiber
// serves next with the same Ctx.
func TestContextOutlivesItsRequest(t *testing.T) {
	s := newSite(t, nil, options{})
	var ctx context.Context
	var p page
	s.handler = func(c fiber.Ctx) error { ctx = c.Context(); return nil }
	new(browser).fetch(s.app, &p)
	s.visit(s.signedIn(), func(c call) error {
		if old, ok := s.FromContext(ctx); !ok || old == c.S || !old.IsNew() {
			t.Errorf("%v, %v", old, ok)
		}
		return nil
	})
}
