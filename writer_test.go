package cookiesession_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// readerFromSpy stands for net/http's writer, whose ReadFrom is sendfile.
type readerFromSpy struct {
	http.ResponseWriter
	reached bool
}

func (s *readerFromSpy) ReadFrom(src io.Reader) (int64, error) {
	s.reached = true
	return io.Copy(s.ResponseWriter, src)
}

func TestHandlerReadFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.txt")
	mustDo(t, os.WriteFile(file, []byte("page"), 0o600))
	site := newUserSite(t)
	rec := httptest.NewRecorder()
	spy := &readerFromSpy{ResponseWriter: rec}
	h := site.handle(func(c *userCall) { webSign(c.S); copyFile(t, c.W, file) })
	h.ServeHTTP(spy, webRequest())
	if !spy.reached {
		t.Error("the ReadFrom below was not reached")
	}

	// Without a ReadFrom below.
	h.ServeHTTP(rec, webRequest())
	if rec.Body.String() != "pagepage" {
		t.Errorf("body is %q", rec.Body)
	}
}

// What the hijacker doesn't send isn't sent: gorilla/websocket writes a
// response of its own.
func TestHandlerHijack(t *testing.T) {
	const upgrade = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n"
	hijacked := []cookiesession.EventKind{cookiesession.EventIssued, cookiesession.EventHijacked}
	tests := []struct {
		name   string
		next   func(*webSite[webUser], *userCall)
		cookie bool
		events []cookiesession.EventKind
	}{
		{"nothing to save", func(_ *webSite[webUser], c *userCall) { hijack(t, c.W, upgrade+"\r\n") }, false, nil},
		{"headers not sent", func(_ *webSite[webUser], c *userCall) { webSign(c.S); hijack(t, c.W, upgrade+"\r\n") }, false, hijacked},
		{"headers sent", func(_ *webSite[webUser], c *userCall) {
			webSign(c.S)
			conn, rw, err := c.W.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			rw.WriteString(upgrade)
			c.W.Header().Write(rw)
			rw.WriteString("\r\n")
			rw.Flush()
		}, true, hijacked},
		{"Cookies in the hijacker's header", func(site *webSite[webUser], c *userCall) {
			webSign(c.S)
			cookies, err := site.Cookies(c.S)
			if err != nil || len(cookies) != 1 {
				t.Errorf("%v, error %v", cookies, err)
				return
			}
			hijack(t, c.W, upgrade+"Set-Cookie: "+cookies[0].String()+"\r\n\r\n")
		}, true, []cookiesession.EventKind{cookiesession.EventIssued}},
		{"changed on the connection", func(_ *webSite[webUser], c *userCall) {
			hijack(t, c.W, upgrade+"\r\n")
			webSign(c.S)
		}, false, lateEvent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			reply := mustFetch(t, site.handle(func(c *userCall) { tt.next(site, c) }), webRequest())
			if tt.cookie {
				wantDefaultCookie(t, reply.Header)
			} else {
				wantNoCookie(t, reply.Header)
			}
			site.wantEvents(tt.events...)
		})
	}
}

// A Flush or a Hijack that did nothing has not sent the headers: the session
// can still be changed.
func TestHandlerUnsupported(t *testing.T) {
	tests := []struct {
		name string
		try  func(http.ResponseWriter)
	}{
		{"FlushError", func(w http.ResponseWriter) {
			if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("error %v", err)
			}
		}},
		{"Flush", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }},
		{"Hijack", func(w http.ResponseWriter) {
			if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("error %v", err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			h := site.handle(func(c *userCall) {
				c.S.Data.Visits = 1
				tt.try(c.W)
				c.S.Data.Visits = 2
				io.WriteString(c.W, "page")
			})
			// Its writer can neither flush nor be hijacked.
			reply := mustFetch(t, http.TimeoutHandler(h, time.Hour, ""), webRequest())
			value := wantDefaultCookie(t, reply.Header)
			wantData(t, site, value, webUser{Visits: 2})
		})
	}
}

func TestHandlerHTTP2(t *testing.T) {
	site := newUserSite(t)
	server := httptest.NewUnstartedServer(nil)
	server.EnableHTTP2 = true
	b := site.newSession(func(c *userCall) { c.S.Data.Visits = 1 })
	reply, err := webFetchFrom(t, server, site.handle(func(c *userCall) {
		if _, _, err := http.NewResponseController(c.W).Hijack(); err == nil {
			t.Error("HTTP/2 has no Hijack")
		}
		c.S.Data.Visits++
		c.W.Header().Set("Trailer", "Declared")
		mustDo(t, http.NewResponseController(c.W).Flush())
		io.WriteString(c.W, "page")
		c.W.Header().Set("Declared", "yes")
		c.W.Header().Set(http.TrailerPrefix+"Late", "yes")
	}), webRequest("other=1", site.CookieName()+"="+b.jar[site.CookieName()]))
	if err != nil {
		t.Fatal(err)
	}
	if reply.ProtoMajor != 2 || reply.Body != "page" {
		t.Errorf("%s %q", reply.Proto, reply.Body)
	}
	if diff := cmp.Diff(http.Header{"Declared": {"yes"}, "Late": {"yes"}}, reply.Trailer); diff != "" {
		t.Errorf("trailers (-want +got):\n%s", diff)
	}
	value := wantDefaultCookie(t, reply.Header)
	wantData(t, site, value, webUser{Visits: 2})
}

// What frameworks assert on a writer: gin panics without the first three.
func TestHandlerWriterMethods(t *testing.T) {
	site := newUserSite(t)
	mustFetch(t, site.handle(func(c *userCall) {
		_, hijacker := c.W.(http.Hijacker)
		_, flusher := c.W.(http.Flusher)
		//lint:ignore SA1019 gin asserts it
		notifier, notifies := c.W.(http.CloseNotifier)
		_, stringWriter := c.W.(io.StringWriter)
		_, readerFrom := c.W.(io.ReaderFrom)
		_, pusher := c.W.(http.Pusher)
		got := []bool{hijacker, flusher, notifies, stringWriter, readerFrom, pusher}
		if diff := cmp.Diff([]bool{true, true, true, true, true, false}, got); diff != "" {
			t.Errorf("Hijacker, Flusher, CloseNotifier, StringWriter, ReaderFrom, Pusher (-want +got):\n%s", diff)
		}
		select {
		case <-notifier.CloseNotify():
			t.Error("CloseNotify tells of an end that has not come")
		default:
		}
	}), webRequest())
}

func (s *statusSpy) WriteHeader(status int) {
	s.statuses = append(s.statuses, status)
	s.ResponseWriter.WriteHeader(status)
	if s.called != nil {
		s.called()
	}
}

func (s *statusSpy) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func TestHandlerPassesCallsOn(t *testing.T) {
	site := newUserSite(t)
	rec := httptest.NewRecorder()
	spy := &statusSpy{ResponseWriter: rec}
	var kept http.ResponseWriter
	site.handle(func(c *userCall) {
		c.W.WriteHeader(404)
		c.W.WriteHeader(200) // superfluous: net/http says so in its log
		kept = c.W
	}).ServeHTTP(spy, webRequest())
	io.WriteString(kept, "late") // after the handler's return
	if diff := cmp.Diff([]int{404, 200}, spy.statuses); diff != "" || rec.Body.String() != "late" {
		t.Errorf("body %q, statuses (-want +got):\n%s", rec.Body, diff)
	}
}

// A framework may keep the writer, and write when Handler has returned: echo
// answers errors so. What was changed in between is lost, and reported.
func TestWriteAfterHandler(t *testing.T) {
	opened, issued := cookiesession.EventOpened, cookiesession.EventIssued
	for _, tt := range []struct {
		name           string
		within, after  func(*userCall)
		events         []cookiesession.EventKind
		wantStatusCode int
	}{
		{"changed", nil, func(c *userCall) { webSign(c.S); http.Error(c.W, "page", 400) }, []cookiesession.EventKind{opened, cookiesession.EventLate}, 400},
		{"changed once more", webSignCall, func(c *userCall) { c.S.Data.Visits++; fmt.Fprint(c.W, "page") }, []cookiesession.EventKind{opened, issued, cookiesession.EventLate}, 200},
		{"changed, written twice", nil, func(c *userCall) { c.S.Data.Visits++; c.W.WriteHeader(400); fmt.Fprint(c.W, "page") }, []cookiesession.EventKind{opened, cookiesession.EventLate}, 400},
		{"renewed", nil, func(c *userCall) { c.S.Renew(); fmt.Fprint(c.W, "page") }, []cookiesession.EventKind{opened, cookiesession.EventLate}, 200},
		{"changed, never written", nil, func(c *userCall) { c.S.Data.Visits++ }, []cookiesession.EventKind{opened}, 200}, // nobody can know
		{"read", nil, func(c *userCall) { fmt.Fprint(c.W, c.S.Data.Visits) }, []cookiesession.EventKind{opened}, 200},
		{"changed before", webSignCall, func(c *userCall) { fmt.Fprint(c.W, "page") }, []cookiesession.EventKind{opened, issued}, 200},
		{"not saved", func(c *userCall) { webHuge(c.S) }, func(c *userCall) { webSign(c.S); fmt.Fprint(c.W, "page") }, []cookiesession.EventKind{opened, cookiesession.EventSaveFailed}, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			b := site.newSession(func(c *userCall) { c.S.Data.Visits = 7 })
			var call *userCall
			inner := site.handle(func(c *userCall) {
				if call = c; tt.within != nil {
					tt.within(c)
				}
			})
			site.take()
			resp := b.fetch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inner.ServeHTTP(w, r)
				tt.after(call)
			}))
			if resp.StatusCode != tt.wantStatusCode {
				t.Errorf("status %d", resp.StatusCode)
			}
			site.wantEvents(tt.events...)
		})
	}
}

func webSignCall(c *userCall) { webSign(c.S) }
