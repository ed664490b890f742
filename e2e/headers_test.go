package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// TestNginxDefaults looks for the largest cookie that passes nginx, with its
// defaults and with the directives of docs/DEPLOY.md, in an answer that has no
// headers but those of Go and of the session, and in one that has four more.
func TestNginxDefaults(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "DEPLOY.md"))
	must(t, err)
	directives := regexp.MustCompile("`(proxy_buffer_size 16k;[^`]*)`").FindSubmatch(text)
	if directives == nil {
		t.Fatal("docs/DEPLOY.md has no directives for nginx")
	}
	ring, err := cookiesession.NewKeyring(cookiesession.NewKey())
	must(t, err)
	sessions, err := cookiesession.New[string](ring, nil)
	must(t, err)
	cookies, err := sessions.Cookies(&cookiesession.Session[string]{Data: "x"})
	must(t, err)
	replica := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r) // for its other headers
		size, _ := strconv.Atoi(r.FormValue("size"))
		more, _ := strconv.Atoi(r.FormValue("more"))
		for i := range more {
			w.Header().Set(fmt.Sprint("X-H", i), strings.Repeat("h", 32))
		}
		c := *cookies[0]
		c.Value += strings.Repeat("A", max(size-len(c.Name)-len(c.Value), 0))
		http.SetCookie(w, &c)
		fmt.Fprint(w, "a page") // so it has a Content-Type
	})))
	defer replica.Close()

	const largest = 4093 // of a cookie of ours
	for _, tt := range []struct {
		name, directives string
		more             int
		all              bool
	}{
		{"defaults", "", 0, false},
		{"defaults, four more headers of 32 bytes", "", 4, false},
		{"as documented", string(directives[1]), 4, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := startNginx(t, ctx, tt.directives, strings.TrimPrefix(replica.URL, "http://"))
			status := func(size int) int {
				response, err := http.Get(fmt.Sprintf("http://%s/?size=%d&more=%d", n.addr, size, tt.more))
				must(t, err)
				response.Body.Close()
				return response.StatusCode
			}
			passes, fails := 100, largest+1
			if got := status(passes); got != http.StatusOK {
				t.Fatalf("status %d for a small cookie", got)
			}
			for fails-passes > 1 {
				middle := (passes + fails) / 2
				switch got := status(middle); got {
				case http.StatusOK:
					passes = middle
				case http.StatusBadGateway:
					fails = middle
				default:
					t.Fatalf("status %d", got)
				}
			}
			t.Logf("cookies of up to %d bytes pass", passes)
			if (passes == largest) != tt.all {
				t.Errorf("cookies of up to %d bytes pass, want all: %t", passes, tt.all)
			}
		})
	}
}
