package scscookie_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"example.com/cookiesession"
	"github.com/google/go-cmp/cmp"
)

// unread is a value that no given-up request may look at.
type unread struct{ looked *bool }

func (u unread) MarshalText() ([]byte, error) { *u.looked = true; return []byte("x"), nil }
func (u *unread) UnmarshalText([]byte) error  { u.looked = new(bool); return nil }

func init() { cookiesession.Register("scscookie_test.unread", unread{}) }

// TestGivenUp checks which requests save nothing: those whose context is over
// and whose answer is one that a server gives in a handler's stead.
func TestGivenUp(t *testing.T) {
	const private = "private"
	deletion := []string{"session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"}
	set := []string{"session=...; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"}
	put := func(s *site, r *http.Request, value any) { s.Put(r.Context(), "foo", value) }
	read := func(s *site, r *http.Request, _ any) { s.Get(r.Context(), "foo") }
	destroy := func(s *site, r *http.Request, _ any) { _ = s.Destroy(r.Context()) }
	destroyAndPut := func(s *site, r *http.Request, value any) {
		_ = s.Destroy(r.Context())
		s.Put(r.Context(), "foo", value)
	}
	for _, test := range []struct {
		name   string
		ended  bool
		status int
		does   func(*site, *http.Request, any)
		lines  []string
		events []string
		read   bool // the value
	}{
		{"200", false, 200, put, set, []string{"opened", "issued"}, true},
		{"503", false, 503, put, set, []string{"opened", "issued"}, true},
		{"ended, 200", true, 200, put, set, []string{"opened", "issued"}, true},
		{"ended, 303", true, 303, put, set, []string{"opened", "issued"}, true},
		{"ended, 404", true, 404, put, set, []string{"opened", "issued"}, true},
		{"ended, 408", true, 408, put, nil, []string{"opened", "timed-out"}, false},
		{"ended, 499", true, 499, put, nil, []string{"opened", "timed-out"}, false},
		{"ended, 500", true, 500, put, nil, []string{"opened", "timed-out"}, false},
		{"ended, 503", true, 503, put, nil, []string{"opened", "timed-out"}, false},
		{"ended, 503, read", true, 503, read, nil, []string{"opened", "timed-out"}, false},
		{"Destroy", false, 503, destroy, deletion, []string{"opened", "deleted"}, false},
		{"ended, 200, Destroy", true, 200, destroy, deletion, []string{"opened", "deleted"}, false},
		{"ended, 408, Destroy", true, 408, destroy, deletion, []string{"opened", "timed-out", "deleted"}, false},
		{"ended, 503, Destroy", true, 503, destroy, deletion, []string{"opened", "timed-out", "deleted"}, false},
		{"ended, 200, Destroy and Put", true, 200, destroyAndPut, set, []string{"opened", "issued"}, true},
		{"ended, 503, Destroy and Put", true, 503, destroyAndPut, deletion, []string{"opened", "timed-out", "deleted"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{})
			v := s.visit(t, s.put("foo", "bar"))
			v.do("/")
			s.kinds()
			ctx, end := context.WithCancel(t.Context())
			defer end()
			looked := false
			v.handler = s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				test.does(s, r, unread{&looked})
				if test.ended {
					end()
				}
				w.WriteHeader(test.status)
			}))
			res := v.do("/", func(r *http.Request) { *r = *r.WithContext(ctx) })
			if diff := cmp.Diff(test.lines, setLines(res)); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
			if got := res.Header.Get("Cache-Control"); res.StatusCode != test.status || test.lines != nil && (got != private || res.Header.Get("Vary") != "Cookie") {
				t.Errorf("status %d, header %v", res.StatusCode, res.Header)
			}
			if looked != test.read {
				t.Errorf("the value was read: %v", looked)
			}
			if diff := cmp.Diff(test.events, s.kinds()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEndedContextOfServer has a real server end the context of a request while
// its handler works: by shutting down, and because the client has closed its
// side of the connection. The client still gets the whole answer, and with it
// the session.
func TestEndedContextOfServer(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(t *testing.T, shutdown func(), client *net.TCPConn)
	}{
		{"shutdown", func(_ *testing.T, shutdown func(), _ *net.TCPConn) { shutdown() }},
		{"half-closed", func(t *testing.T, _ func(), client *net.TCPConn) {
			if err := client.CloseWrite(); err != nil {
				t.Error(err)
			}
		}},
	} {
		for path, set := range map[string]string{"/login": "session=...", "/logout": "session="} {
			t.Run(test.name+path, func(t *testing.T) {
				s := newSite(t, config{})
				v := s.visit(t, s.put("foo", "bar"))
				v.do("/")
				started := make(chan struct{})
				ts := httptest.NewUnstartedServer(s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/login" {
						s.Put(r.Context(), "foo", "ana")
					} else if err := s.Destroy(r.Context()); err != nil {
						t.Error(err)
					}
					close(started)
					<-r.Context().Done()
					fmt.Fprint(w, "page")
				})))
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				ts.Config.BaseContext = func(net.Listener) context.Context { return ctx }
				ts.Start()
				defer ts.Close()

				conn, err := net.Dial("tcp", ts.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: shop.example\r\nCookie: session=%s\r\nContent-Length: 0\r\n\r\n", path, v.cookie("session"))
				<-started
				test.end(t, func() {
					stop() // what signal.NotifyContext does
					go func() { _ = ts.Config.Shutdown(context.Background()) }()
				}, conn.(*net.TCPConn))
				_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if text := body(t, res); res.StatusCode != 200 || text != "page" {
					t.Errorf("status %d, body %q", res.StatusCode, text)
				}
				if got := setLines(res); len(got) != 1 || got[0][:len(set)] != set {
					t.Errorf("Set-Cookie: %q", got)
				}
			})
		}
	}
}
