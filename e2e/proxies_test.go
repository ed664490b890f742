package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/cookiesession"
)

// newVisits returns a Manager for tests that count a visitor's pages.
func newVisits(t *testing.T) *cookiesession.Manager[int] {
	t.Helper()
	ring, err := cookiesession.NewKeyring(cookiesession.NewKey())
	must(t, err)
	sessions, err := cookiesession.New(ring, &cookiesession.Options[int]{Insecure: true})
	must(t, err)
	return sessions
}

// newClient returns a client with a jar of its own.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar}
}

func page(t *testing.T, c *http.Client, url string) (response *http.Response, body string) {
	t.Helper()
	response, err := c.Get(url)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response, string(text)
}

// TestNginxCache has nginx cache all that it may. A page with a session is
// never given to another visitor, neither when it sets a cookie nor when it
// only reads one. Told to ignore the headers that say so, nginx does give it
// away.
func TestNginxCache(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	sessions := newVisits(t)
	var plain atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("GET /visit", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		s.Data++
		fmt.Fprintf(w, "visit %d of %s", s.Data, s.ID())
	})
	mux.HandleFunc("GET /read", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		fmt.Fprintf(w, "%d visits of %s", s.Data, s.ID())
	})
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "asked %d times", plain.Add(1))
	})
	replica := httptest.NewServer(sessions.Handler(mux))
	defer replica.Close()
	const cached = "proxy_cache pages; proxy_cache_valid 200 1h;"
	for _, tt := range []struct {
		name, directives string
		leaks            string // the paths of pages that are given away
	}{
		{"as it is", cached, ""},
		{"told to ignore all but Set-Cookie", cached + " proxy_ignore_headers Cache-Control Vary;", "/read"},
		{"told to ignore all headers", cached + " proxy_ignore_headers Set-Cookie Cache-Control Vary;", "/visit /read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := startNginx(t, ctx, tt.directives, strings.TrimPrefix(replica.URL, "http://"))
			address := "http://" + n.addr
			plain.Store(0)
			a, b := newClient(t), newClient(t)
			for _, c := range []*http.Client{a, b} {
				if _, body := page(t, c, address+"/plain"); body != "asked 1 times" { // the cache works
					t.Errorf("a page without a session: %q", body)
				}
			}
			for _, path := range []string{"/visit", "/read"} {
				_, of := page(t, a, address+path)
				response, body := page(t, b, address+path)
				leaks := strings.Contains(tt.leaks, path)
				if got := body == of; got != leaks {
					t.Errorf("%s: the second visitor got the first one's page: %t, want %t", path, got, leaks)
				}
				if c := response.Header["Set-Cookie"]; leaks && path == "/visit" && len(c) == 0 {
					t.Errorf("%s: without its cookie", path)
				}
			}
		})
	}
}

// TestHalfClose has HAProxy, in mode tcp, pass on that a client has closed its
// side after the request. Go then ends the request's context. The answer comes
// all the same, and a session is saved with it, unless its status says that the
// request was given up.
func TestHalfClose(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	sessions := newVisits(t)
	replica := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		s := sessions.Get(r)
		s.Data++
		select {
		case <-r.Context().Done():
		case <-ctx.Done():
			t.Error("the server does not notice that the client has closed its side")
		}
		if r.URL.Path == "/gives-up" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, r.URL.Path)
	})))
	defer replica.Close()
	addr := startHAProxy(t, ctx, strings.TrimPrefix(replica.URL, "http://"))
	for path, want := range map[string]struct {
		status  int
		cookies int
	}{
		"/answers":  {http.StatusOK, 1},
		"/gives-up": {http.StatusServiceUnavailable, 0},
	} {
		c, err := net.Dial("tcp", addr)
		must(t, err)
		defer c.Close()
		_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, addr)
		must(t, err)
		must(t, c.(*net.TCPConn).CloseWrite())
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		must(t, err)
		body, err := io.ReadAll(response.Body)
		must(t, err)
		if got := len(response.Cookies()); response.StatusCode != want.status || string(body) != path || got != want.cookies {
			t.Errorf("%s: status %d, body %q, %d cookies, want %+v", path, response.StatusCode, body, got, want)
		}
	}
}

// startHAProxy puts HAProxy, in mode tcp, in front of an address.
func startHAProxy(t *testing.T, ctx context.Context, replica string) (addr string) {
	t.Helper()
	var path string
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		const missing = "HAProxy is not installed: apt-get install haproxy"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	for range 5 { // the port may be gone
		addr = freeAddr(t)
		file := filepath.Join(t.TempDir(), "haproxy.cfg")
		must(t, os.WriteFile(file, fmt.Appendf(nil, `
defaults
	mode tcp
	timeout connect 5s
	timeout client 60s
	timeout server 60s
listen fleet
	bind %s
	server replica %s
`, addr, replica), 0o600))
		p := start(t, "guard", path, "-db", "-f", file)
		for ctx.Err() == nil {
			if response, err := http.Get("http://" + addr + "/"); err == nil {
				response.Body.Close()
				return addr
			}
			select {
			case <-p.ended:
			case <-time.After(20 * time.Millisecond):
				continue
			}
			break
		}
		t.Logf("HAProxy has not started: %s", p.stderr.Bytes())
	}
	t.Fatal("HAProxy does not start")
	return ""
}

// A countingListener counts the bytes that connections are told to copy from a
// file, which the kernel does by itself (sendfile).
type countingListener struct {
	net.Listener
	copied atomic.Int64
}

type countingConn struct {
	*net.TCPConn
	copied *atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{c.(*net.TCPConn), &l.copied}, nil
}

func (c countingConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	c.copied.Add(n)
	return n, err
}

// TestSendfile has a file of 100 MB go out behind Handler, after a change of
// the session. All but what tells its type is copied by the connection's
// ReadFrom. Behind a middleware that hides it, nothing is.
func TestSendfile(t *testing.T) {
	const size = 100 << 20
	file := filepath.Join(t.TempDir(), "large.bin")
	f, err := os.Create(file)
	must(t, err)
	must(t, f.Truncate(size))
	must(t, f.Close())
	sessions := newVisits(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data++
		http.ServeFile(w, r, file)
	})
	mux.HandleFunc("GET /hidden", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data++
		http.ServeFile(struct{ http.ResponseWriter }{w}, r, file)
	})
	for path, least := range map[string]int64{"/file": size - 1024, "/hidden": 0} {
		server := httptest.NewUnstartedServer(sessions.Handler(mux))
		counting := &countingListener{Listener: server.Listener}
		server.Listener = counting
		server.Start()
		defer server.Close()
		response, err := http.Get(server.URL + path)
		must(t, err)
		n, err := io.Copy(io.Discard, response.Body)
		must(t, err)
		response.Body.Close()
		server.Close() // waits until the last is counted
		if got := counting.copied.Load(); n != size || len(response.Cookies()) != 1 || got < least || least == 0 && got > 0 {
			t.Errorf("%s: %d bytes, %d of them copied by the connection, %d cookies", path, n, got, len(response.Cookies()))
		}
	}
}

// TestServerSentEvents has events come one by one, also through nginx if that
// does not buffer, with the session's cookie in front.
func TestServerSentEvents(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	sessions := newVisits(t)
	read := make(chan int)
	replica := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events" {
			return
		}
		sessions.Get(r).Data++
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			select {
			case <-read: // the client has it, before there is another
			case <-ctx.Done():
				return
			}
		}
	})))
	defer replica.Close()
	n := startNginx(t, ctx, "", strings.TrimPrefix(replica.URL, "http://"))
	for _, address := range []string{replica.URL, "http://" + n.addr} {
		r, err := http.NewRequestWithContext(ctx, "GET", address+"/events", nil)
		must(t, err)
		response, err := http.DefaultClient.Do(r)
		must(t, err)
		if len(response.Cookies()) != 1 {
			t.Errorf("%d cookies", len(response.Cookies()))
		}
		lines := bufio.NewScanner(response.Body)
		for i := range 3 {
			if !lines.Scan() || lines.Text() != fmt.Sprint("data: ", i) || !lines.Scan() {
				t.Fatalf("event %d: %q, error %v", i, lines.Text(), lines.Err())
			}
			read <- i
		}
		response.Body.Close()
	}
}
