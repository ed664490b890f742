package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNginxCache puts nginx with a cache between two visitors and a site. With
// its defaults neither gets the cookie or the page of the other, and what no
// session was asked for comes from the cache. If it is told to ignore the
// headers that keep it from caching, they do.
func TestNginxCache(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	sessions := newSessions[string](t, nil)
	replica := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			sessions.Get(r).Data = r.Header.Get("X-Visitor")
		case "/read":
			fmt.Fprint(w, sessions.Get(r).Data, " ")
		}
		fmt.Fprint(w, "for ", r.Header.Get("X-Visitor"))
	})))
	defer replica.Close()
	for _, tt := range []struct {
		name, directives string
		leaks            bool
	}{
		{"defaults", "", false},
		{"headers ignored", "proxy_ignore_headers Cache-Control Set-Cookie Vary;", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := startNginx(t, ctx, "proxy_cache cache; proxy_cache_valid 200 1h; "+tt.directives, strings.TrimPrefix(replica.URL, "http://"))
			cookie := make(map[string]string)
			ask := func(visitor, path string) (page, setCookie string) {
				r, err := http.NewRequestWithContext(ctx, "GET", "http://"+n.addr+path, nil)
				must(t, err)
				r.Header.Set("X-Visitor", visitor)
				r.Header.Set("Cookie", cookie[visitor])
				response, err := http.DefaultClient.Do(r)
				must(t, err)
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				must(t, err)
				setCookie, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
				return string(body), setCookie
			}
			page, first := ask("ana", "/login")
			if page != "for ana" || first == "" {
				t.Fatalf("ana gets %q and the cookie %q", page, first)
			}
			cookie["ana"] = first
			_, second := ask("ben", "/login")
			if second == "" || (second == first) != tt.leaks {
				t.Errorf("ben gets ana's cookie: %t, want %t", second == first, tt.leaks)
			}
			cookie["ben"] = second
			if page, _ := ask("ana", "/read"); page != "ana for ana" {
				t.Errorf("ana reads %q", page)
			}
			want := "ben for ben"
			if tt.leaks {
				want = "ana for ana"
			}
			if page, _ := ask("ben", "/read"); page != want {
				t.Errorf("ben reads %q, want %q", page, want)
			}
			// The control: it does cache.
			ask("ana", "/else")
			if page, _ := ask("ben", "/else"); page != "for ana" {
				t.Errorf("without a session ben gets %q, so that nothing is cached", page)
			}
		})
	}
}

// TestHAProxyHalfClose: a client sends its request and closes its side, and
// HAProxy passes that on with mode tcp, which ends the request's context. What
// is answered with 200 is saved all the same; with 503 it counts as given up.
func TestHAProxyHalfClose(t *testing.T) {
	path, err := exec.LookPath("haproxy")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	sessions := newSessions[string](t, nil)
	replica := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		switch r.URL.Path {
		case "/ready":
			return
		case "/write":
			s.Data = "ana"
		case "/unavailable":
			s.Data = "ana"
			defer w.WriteHeader(http.StatusServiceUnavailable)
		}
		select {
		case <-r.Context().Done():
		case <-ctx.Done():
			t.Error("the request's context does not end")
		}
	})))
	defer replica.Close()

	addr, conf := freeAddr(t), filepath.Join(t.TempDir(), "haproxy.cfg")
	must(t, os.WriteFile(conf, fmt.Appendf(nil, `defaults
	mode tcp
	timeout connect 10s
	timeout client 60s
	timeout server 60s
listen site
	bind %s
	server one %s
`, addr, strings.TrimPrefix(replica.URL, "http://")), 0o600))
	p := start(t, "guard", path, "-db", "-f", conf)
	await(t, ctx, "HAProxy answers", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("HAProxy has not started: %s", p.stderr.Bytes())
		default:
		}
		response, err := http.Get("http://" + addr + "/ready")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
	for _, tt := range []struct {
		path   string
		status int
		saved  bool
	}{{"/write", 200, true}, {"/unavailable", 503, false}} {
		conn, err := net.Dial("tcp", addr)
		must(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: site.test\r\n\r\n", tt.path)
		must(t, err)
		must(t, conn.(*net.TCPConn).CloseWrite())
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		response.Body.Close()
		if response.StatusCode != tt.status || (len(response.Cookies()) == 1) != tt.saved {
			t.Errorf("%s: status %d and %d cookies, want %d and saved: %t", tt.path, response.StatusCode, len(response.Cookies()), tt.status, tt.saved)
		}
	}
}
