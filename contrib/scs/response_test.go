package scscookie_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
)

// TestSavedBeforeHeaders has handlers put a value and then answer in each way
// that there is. The response sets the session's cookie, once and with all
// attributes, and its body is whole.
func TestSavedBeforeHeaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(file, []byte("page"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		body   string
	}{
		{"handler that writes nothing", func(http.ResponseWriter, *http.Request) {}, 200, ""},
		{"Write", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }, 200, "page"},
		{"WriteString", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") }, 200, "page"},
		{"WriteHeader", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, ""},
		{"103 first", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			fmt.Fprint(w, "page")
		}, 200, "page"},
		{"Flush before Write", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "page")
		}, 200, "page"},
		{"Flush of a ResponseController", func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			fmt.Fprint(w, "page")
		}, 200, "page"},
		{"deadline of a ResponseController", func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			fmt.Fprint(w, "page")
		}, 200, "page"},
		{"io.Copy from a file", func(w http.ResponseWriter, _ *http.Request) {
			f, err := os.Open(file)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			_, _ = io.Copy(w, f)
		}, 200, "page"},
		{"ReadFrom", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("page"))
		}, 200, "page"},
		{"ServeFile", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }, 200, "page"},
		{"Error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "page", http.StatusServiceUnavailable) }, 503, "page\n"},
		{"Redirect", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "x")
			http.Redirect(w, r, "/to", http.StatusSeeOther)
		}, 303, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{})
			ts := newServer(t, s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.Put(r.Context(), "foo", "bar")
				test.answer(w, r)
			})))
			res, text := ts.get("/")
			if res.StatusCode != test.status || text != test.body {
				t.Errorf("status %d, body %q", res.StatusCode, text)
			}
			if diff := cmp.Diff([]string{"session=...; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"}, setLines(res)); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
			if got := res.Header["Vary"]; len(got) != 1 || got[0] != "Cookie" {
				t.Errorf("Vary: %q", got)
			}
			if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "private") {
				t.Errorf("Cache-Control: %q", got)
			}
			if diff := cmp.Diff([]string{"issued"}, s.kinds()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChangeAfterEarlyHints checks that a 103 is not taken for the response: a
// change after it is saved, and the 103 itself sets nothing.
func TestChangeAfterEarlyHints(t *testing.T) {
	s := newSite(t, config{})
	ts := newServer(t, s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		s.Put(r.Context(), "foo", "bar")
		fmt.Fprint(w, "page")
	})))
	hints := 0
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints++
		if len(h["Set-Cookie"]) != 0 {
			t.Errorf("a %d sets a cookie", code)
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", ts.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, res); hints != 1 || text != "page" || len(res.Cookies()) != 1 {
		t.Errorf("%d early hints, body %q, cookies %q", hints, text, setLines(res))
	}
}

// upgrade is a handler that puts a value and takes the connection over.
func (s *site) upgrade(t *testing.T, before func(w http.ResponseWriter, r *http.Request) http.Header) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "foo", "bar")
		own := before(w, r)
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if own != nil {
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n")
			_ = own.Write(rw)
			_, _ = rw.WriteString("\r\n")
		}
		_ = rw.Flush()
	}
}

// TestHijack covers the two ways of an upgrade: the handler sends a 101 and
// takes the connection, or takes it and writes the response itself.
func TestHijack(t *testing.T) {
	for _, test := range []struct {
		name   string
		before func(s *site, w http.ResponseWriter, r *http.Request) http.Header
		set    int
		events []string
	}{
		{"101 first", func(_ *site, w http.ResponseWriter, _ *http.Request) http.Header {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "chat")
			w.WriteHeader(http.StatusSwitchingProtocols)
			return nil
		}, 1, []string{"issued"}},
		{"own response with Cookies", func(s *site, _ http.ResponseWriter, r *http.Request) http.Header {
			cookies, err := s.sessions.Cookies(r.Context())
			if err != nil {
				t.Error(err)
			}
			h := http.Header{}
			for _, c := range cookies {
				h.Add("Set-Cookie", c.String())
			}
			return h
		}, 1, []string{"issued"}},
		{"own response, nothing to save", func(s *site, _ http.ResponseWriter, r *http.Request) http.Header {
			s.Remove(r.Context(), "foo")
			return http.Header{}
		}, 0, nil},
		{"own response without", func(*site, http.ResponseWriter, *http.Request) http.Header { return http.Header{} }, 0, []string{"issued", "hijacked"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{})
			done := make(chan struct{})
			h := s.sessions.LoadAndSave(s.upgrade(t, func(w http.ResponseWriter, r *http.Request) http.Header { return test.before(s, w, r) }))
			ts := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				h.ServeHTTP(w, r)
			}))
			r, err := http.NewRequestWithContext(t.Context(), "GET", ts.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "chat")
			res, err := ts.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			<-done
			if res.StatusCode != http.StatusSwitchingProtocols || len(res.Cookies()) != test.set {
				t.Errorf("status %d, cookies %q", res.StatusCode, setLines(res))
			}
			if diff := cmp.Diff(test.events, s.kinds()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// plain is a ResponseWriter that can neither flush nor be hijacked.
type plain struct{ http.ResponseWriter }

// TestUnsupportedFlushAndHijack checks that what did not send the headers does
// not end the time for changes, and that the cookie is still set once.
func TestUnsupportedFlushAndHijack(t *testing.T) {
	s := newSite(t, config{})
	h := s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "foo", "early")
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Flush: %v", err)
		}
		s.Put(r.Context(), "foo", "late")
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack: %v", err)
		}
		s.Put(r.Context(), "foo", "latest")
	}))
	v := newVisitor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(plain{w}, r) }))
	if res := v.do("/"); len(res.Cookies()) != 1 {
		t.Errorf("Set-Cookie: %q", setLines(res))
	}
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if got := s.GetString(r.Context(), "foo"); got != "latest" {
			t.Errorf("saved was %q", got)
		}
	})
}

// large is more than fits into one cookie, and does not pack well.
func large(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// TestFailedSave checks that the client of a session that can't be saved gets
// ErrorFunc's page and nothing of the handler's, in each way of answering.
func TestFailedSave(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"Write":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "secret page") },
		"WriteHeader": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); fmt.Fprint(w, "secret page") },
		"ReadFrom": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, bufio.NewReader(strings.NewReader("secret page")))
		},
		"Flush": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); fmt.Fprint(w, "secret page") },
		"Hijack": func(w http.ResponseWriter, _ *http.Request) {
			if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, cookiesession.ErrTooLarge) {
				t.Errorf("Hijack: %v", err)
			}
		},
		"nothing": func(http.ResponseWriter, *http.Request) {},
	}
	for name, answer := range handlers {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, config{manager: func(m *scs.SessionManager) {
				m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
					if !errors.Is(err, cookiesession.ErrTooLarge) {
						t.Errorf("ErrorFunc got %v", err)
					}
					w.WriteHeader(http.StatusInsufficientStorage)
					fmt.Fprint(w, "too much")
				}
			}})
			ts := newServer(t, s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for key, value := range map[string]string{"Content-Encoding": "gzip", "Content-Length": "11", "Etag": `"x"`, "Cache-Control": "public"} {
					w.Header().Set(key, value)
				}
				http.SetCookie(w, &http.Cookie{Name: "other", Value: "v"})
				s.Put(r.Context(), "foo", large(5000))
				answer(w, r)
			})))
			res, text := ts.get("/")
			if res.StatusCode != http.StatusInsufficientStorage || text != "too much" {
				t.Errorf("status %d, body %q", res.StatusCode, text)
			}
			want := http.Header{"Cache-Control": {"no-store"}, "Set-Cookie": {"other=v"}, "Etag": nil, "Content-Encoding": nil}
			got := http.Header{}
			for key := range want {
				got[key] = res.Header[key]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"save-failed"}, s.kinds()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLateChange checks that a change after the headers is reported. It can't
// be saved.
func TestLateChange(t *testing.T) {
	for _, test := range []struct {
		name   string
		before func(s *site, r *http.Request)
		after  func(s *site, r *http.Request)
		events []string
	}{
		{"put", nil, func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, []string{"late"}},
		{"put after put", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 2) }, []string{"issued", "late"}},
		{"put of another map", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", map[string]int{}) }, func(s *site, r *http.Request) { s.Put(r.Context(), "foo", map[string]int{}) }, []string{"issued", "late"}},
		{"remove", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, func(s *site, r *http.Request) { s.Remove(r.Context(), "foo") }, []string{"issued", "late"}},
		{"renew", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, func(s *site, r *http.Request) { _ = s.RenewToken(r.Context()) }, []string{"issued", "late"}},
		{"move deadline", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, func(s *site, r *http.Request) { s.SetDeadline(r.Context(), time.Now()) }, []string{"issued", "late"}},
		{"destroy", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, func(s *site, r *http.Request) { _ = s.Destroy(r.Context()) }, []string{"issued", "late"}},
		{"read", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", 1) }, func(s *site, r *http.Request) { s.Get(r.Context(), "foo") }, []string{"issued"}},
		{"nothing", nil, func(*site, *http.Request) {}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{})
			synctest.Test(t, func(t *testing.T) { // where time does not tell one moment from another
				s.visit(t, func(w http.ResponseWriter, r *http.Request) {
					if test.before != nil {
						test.before(s, r)
					}
					fmt.Fprint(w, "page")
					test.after(s, r)
				}).do("/")
			})
			if diff := cmp.Diff(test.events, s.kinds()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUntouched checks that a request whose handler never asks for the session
// is left alone, also if it brings one.
func TestUntouched(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout = time.Hour }})
	v := s.visit(t, s.put("foo", "bar"))
	v.do("/")
	s.kinds()
	res := v.with(s, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page") })
	if len(res.Header) != 1 || res.Header.Get("Content-Type") == "" {
		t.Errorf("headers %v", res.Header)
	}
	if got := s.kinds(); got != nil {
		t.Errorf("events %q", got)
	}
}

// TestPanic checks that a handler that panics saves nothing.
func TestPanic(t *testing.T) {
	s := newSite(t, config{})
	h := s.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "foo", "bar")
		panic("broken")
	}))
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	}()
	if len(w.Header()) != 0 {
		t.Errorf("headers %v", w.Header())
	}
}

// TestHeadersOfOthers checks what becomes of headers that the handler sets:
// other cookies stay, the session's own name is ours, caches that are shared
// must not store.
func TestHeadersOfOthers(t *testing.T) {
	s := newSite(t, config{})
	res := s.visit(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "other", Value: "v"})
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "planted"})
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Vary", "Accept, Cookie")
		s.Put(r.Context(), "foo", "bar")
	}).do("/")
	if diff := cmp.Diff([]string{"other=...;", "session=...; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"}, setLines(res)); diff != "" {
		t.Errorf("Set-Cookie (-want +got):\n%s", diff)
	}
	if got := res.Header.Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("Cache-Control: %q", got)
	}
	if got := res.Header["Vary"]; len(got) != 1 {
		t.Errorf("Vary: %q", got)
	}
}

// TestRequestIsTheSame checks that what the handler's copy of the request
// learned reaches the one that the server and outer loggers have.
func TestRequestIsTheSame(t *testing.T) {
	s := newSite(t, config{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upload", func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
	})
	const form = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nlarger than the one byte kept in memory\r\n--b--\r\n"
	r := httptest.NewRequest("POST", "/upload", strings.NewReader(form))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	s.sessions.LoadAndSave(mux).ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "POST /upload" || r.MultipartForm == nil {
		t.Errorf("pattern %q, form %v", r.Pattern, r.MultipartForm)
	}
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll()
	}
}
