package cookiesession_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// endings are the ways in which a context of a request can end while its
// handler runs. Each returns when it has.
var endings = []struct {
	name string
	end  func(site *webSite[webUser], c *userCall, disconnect func())
	over bool
}{
	{"none", func(*webSite[webUser], *userCall, func()) {}, false},
	{"the request's", func(_ *webSite[webUser], _ *userCall, disconnect func()) { disconnect() }, true},
	{"a deadline that is not over", func(site *webSite[webUser], c *userCall, _ func()) {
		ctx, cancel := context.WithTimeout(c.R.Context(), time.Hour)
		context.AfterFunc(c.R.Context(), cancel)
		site.Get(c.R.WithContext(ctx))
	}, false},
	{"a deferred cancel", func(site *webSite[webUser], c *userCall, _ func()) {
		ctx, cancel := context.WithTimeout(c.R.Context(), time.Hour)
		defer cancel()
		site.Get(c.R.WithContext(ctx))
	}, false},
	{"a deadline", func(site *webSite[webUser], c *userCall, _ func()) {
		ctx, cancel := context.WithTimeout(c.R.Context(), time.Second)
		defer cancel()
		site.FromContext(ctx)
		<-ctx.Done()
	}, true},
	{"the deadline of an earlier Get", func(site *webSite[webUser], c *userCall, _ func()) {
		ctx, cancel := context.WithTimeout(c.R.Context(), time.Second)
		defer cancel()
		site.FromContext(ctx)
		<-ctx.Done()
		site.Get(c.R)
	}, false},
}

// A request was given up if a context is over and the status says so, and not
// by one of the two alone. All others are saved: a logout that is answered with
// 200 has happened.
func TestGivenUp(t *testing.T) {
	statuses := map[int]bool{
		0: false, 200: false, 204: false, 303: false, 304: false, 401: false, 404: false, 422: false, 498: false,
		408: true, 499: true, 500: true, 503: true, 504: true, 599: true,
	}
	for _, tt := range endings {
		for status, givesUp := range statuses {
			t.Run(fmt.Sprint(tt.name, " ", status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					site := newUserSite(t)
					ctx, disconnect := context.WithCancel(t.Context())
					defer disconnect()
					rec := httptest.NewRecorder()
					site.handle(func(c *userCall) {
						webSign(c.S)
						if tt.end(site, c, disconnect); status != 0 {
							c.W.WriteHeader(status)
						}
					}).ServeHTTP(rec, webRequest().WithContext(ctx))
					if tt.over && givesUp {
						wantNoCookie(t, rec.Header())
						site.wantEvents(cookiesession.EventTimedOut)
						return
					}
					wantDefaultCookie(t, rec.Header())
					site.wantEvents(cookiesession.EventIssued)
				})
			})
		}
	}
}

// What a request that was given up leaves behind. Destroy fails closed. All
// else is lost, and the event tells where that is known.
func TestGivenUpChanges(t *testing.T) {
	timedOut := []cookiesession.EventKind{cookiesession.EventOpened, cookiesession.EventTimedOut}
	deleted := append(timedOut, cookiesession.EventDeleted)
	tests := []struct {
		name   string
		do     func(*webSite[webUser], *userCall)
		reason cookiesession.Reason
		events []cookiesession.EventKind
	}{
		{"read", func(*webSite[webUser], *userCall) {}, "", timedOut},
		{"Data", func(_ *webSite[webUser], c *userCall) { c.S.Data.Visits++ }, "", timedOut},
		{"Renew", func(_ *webSite[webUser], c *userCall) { c.S.Renew() }, cookiesession.ReasonRequested, timedOut},
		{"SetLifetime", func(_ *webSite[webUser], c *userCall) { c.S.SetLifetime(time.Hour) }, cookiesession.ReasonRequested, timedOut},
		{"ID", func(_ *webSite[webUser], c *userCall) { c.S.ID() }, cookiesession.ReasonRequested, timedOut},
		{"Destroy", func(_ *webSite[webUser], c *userCall) { c.S.Destroy() }, cookiesession.ReasonRequested, deleted},
		{"Destroy, then Data", func(_ *webSite[webUser], c *userCall) { c.S.Destroy(); webSign(c.S) }, cookiesession.ReasonRequested, deleted},
		{"Destroy, then Renew", func(_ *webSite[webUser], c *userCall) { c.S.Destroy(); webSign(c.S); c.S.Renew() }, cookiesession.ReasonRequested, deleted},
		{"Save", func(site *webSite[webUser], c *userCall) {
			c.S.Data.Visits++
			mustDo(t, site.Save(c.W, c.S))
			if lines := c.W.Header()["Set-Cookie"]; len(lines) != 2 {
				t.Errorf("Save set %q, so this test shows nothing", lines)
			}
		}, "", timedOut},
		{"Save, then Destroy", func(site *webSite[webUser], c *userCall) {
			c.S.Data.Visits++
			mustDo(t, site.Save(c.W, c.S))
			c.S.Destroy()
		}, cookiesession.ReasonRequested, deleted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			b := signedIn(site)
			b.jar[site.CookieName()+"_3"] = "x"
			ctx, disconnect := context.WithCancel(t.Context())
			h := site.handle(func(c *userCall) {
				tt.do(site, c)
				disconnect()
				c.W.Header().Add("Set-Cookie", "other=1")
				c.W.WriteHeader(503)
			})
			site.take()
			resp := b.fetch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.WithContext(ctx)) }))
			var kinds []cookiesession.EventKind
			for _, e := range site.take() {
				kinds = append(kinds, e.Kind)
				if e.Kind == cookiesession.EventTimedOut && e.Reason != tt.reason {
					t.Errorf("reason %q", e.Reason)
				}
			}
			if diff := cmp.Diff(tt.events, kinds); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			names := []string{"other"}
			if len(tt.events) == len(deleted) {
				names = append(names, site.CookieName(), site.CookieName()+"_3")
				if len(b.jar) != 1 || resp.Header.Get("Vary") != "Cookie" || resp.Header.Get("Cache-Control") != "private" {
					t.Errorf("left %v, headers %v", b.jar, resp.Header)
				}
			}
			if diff := cmp.Diff(names, cookieNames(resp)); diff != "" {
				t.Errorf("cookies (-want +got):\n%s", diff)
			}
		})
	}
}

func cookieNames(resp *http.Response) (names []string) {
	for _, c := range resp.Cookies() {
		names = append(names, c.Name)
	}
	return names
}

// A Save of a handler that was given up is refused, and is no change that came
// late.
func TestSaveAfterGivenUp(t *testing.T) {
	site := newUserSite(t)
	ctx, disconnect := context.WithCancel(t.Context())
	site.handle(func(c *userCall) {
		disconnect()
		c.W.WriteHeader(503)
		webSign(c.S)
		wantFault(t, site.Save(c.W, c.S), "usage")
	}).ServeHTTP(httptest.NewRecorder(), webRequest().WithContext(ctx))
	site.wantEvents(cookiesession.EventTimedOut)
}

// Middlewares that answer while the handler runs on: its Data must not be read,
// or a map is written and iterated at a time, which ends the process. -race
// sees it without luck.
func TestGivenUpDataIsNotRead(t *testing.T) {
	tests := []struct {
		name   string
		answer func(http.ResponseWriter)
		before func(http.ResponseWriter) // by the handler, before the deadline
		events []cookiesession.EventKind
	}{
		{"499", func(w http.ResponseWriter) { w.WriteHeader(499) }, nil,
			[]cookiesession.EventKind{cookiesession.EventOpened, cookiesession.EventTimedOut}},
		{"504", func(w http.ResponseWriter) { w.WriteHeader(504) }, nil,
			[]cookiesession.EventKind{cookiesession.EventOpened, cookiesession.EventTimedOut}},
		{"a page that was flushed before", func(http.ResponseWriter) {}, func(w http.ResponseWriter) { http.NewResponseController(w).Flush() },
			[]cookiesession.EventKind{cookiesession.EventOpened}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site, b := newCountSite(t)
				begun, answered := make(chan struct{}), make(chan struct{})
				slow := func(w http.ResponseWriter, r *http.Request) {
					s := site.Get(r)
					if tt.before != nil {
						tt.before(w)
					}
					close(begun)
					<-r.Context().Done()
					for i := range 1000 {
						s.Data["n"] = i
						s.Data[fmt.Sprint(i)] = i
					}
					<-answered
				}
				h := site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ctx, cancel := context.WithTimeout(r.Context(), time.Second)
					defer cancel()
					go slow(w, r.WithContext(ctx))
					<-begun
					<-ctx.Done()
					tt.answer(w)
				}))
				resp := b.fetch(h)
				close(answered)
				synctest.Wait()
				wantNoCookie(t, resp.Header)
				site.wantEvents(tt.events...)
			})
		})
	}
}

// signingSite is a site whose pages take their time. Each request of it tells
// started, and goes on after a value from proceed.
func signingSite(t *testing.T) (site *webSite[webUser], h http.Handler, started, proceed chan struct{}) {
	t.Helper()
	site = newWebSite(t, nil, userOptions{Insecure: true, Name: "sid"})
	started, proceed = make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	slowly := func(pattern string, do func(*webSession)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			do(site.Get(r))
			started <- struct{}{}
			<-proceed
			if r.Context().Err() == nil {
				t.Error("the context is not over, so this test shows nothing")
			}
			io.WriteString(w, "done")
		})
	}
	slowly("POST /login", func(s *webSession) { s.Renew(); webSign(s) })
	slowly("POST /logout", (*webSession).Destroy)
	return site, site.Handler(mux), started, proceed
}

// A client that has sent its request and closed its side waits for the answer.
// net/http ends the context when it sees that.
func TestHalfClosedClient(t *testing.T) {
	for _, path := range []string{"/login", "/logout"} {
		t.Run(path, func(t *testing.T) {
			site, h, started, proceed := signingSite(t)
			over := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				context.AfterFunc(r.Context(), func() { close(over) })
				h.ServeHTTP(w, r)
			}))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			mustDo(t, err)
			defer conn.Close()
			_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: shop.example\r\nCookie: sid=%s\r\nContent-Length: 0\r\n\r\n", path, signedIn(site).jar["sid"])
			mustDo(t, err)
			<-started
			mustDo(t, conn.(*net.TCPConn).CloseWrite())
			<-over
			proceed <- struct{}{}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			mustDo(t, err)
			wantAnswered(t, resp)
		})
	}
}

// A server that shuts down lets the requests that it has run to their end,
// while their contexts are over.
func TestGracefulShutdown(t *testing.T) {
	for _, path := range []string{"/login", "/logout"} {
		t.Run(path, func(t *testing.T) {
			site, h, started, proceed := signingSite(t)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			server := httptest.NewUnstartedServer(h)
			server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
			server.Start()
			defer server.Close()
			down := make(chan error, 1)
			go func() {
				<-started
				stop()
				go func() { down <- server.Config.Shutdown(context.Background()) }()
				proceed <- struct{}{}
			}()
			r, err := http.NewRequest("POST", server.URL+path, nil)
			mustDo(t, err)
			r.Header.Set("Cookie", "sid="+signedIn(site).jar["sid"])
			resp, err := server.Client().Do(r)
			mustDo(t, err)
			wantAnswered(t, resp)
			mustDo(t, <-down)
		})
	}
}

// wantAnswered checks a whole page that sets the session's cookie.
func wantAnswered(t *testing.T, resp *http.Response) {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	mustDo(t, err)
	if lines := resp.Header["Set-Cookie"]; resp.StatusCode != 200 || string(body) != "done" || len(lines) != 1 || !strings.HasPrefix(lines[0], "sid=") {
		t.Errorf("%d %q, Set-Cookie %q", resp.StatusCode, body, lines)
	}
}
