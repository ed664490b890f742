package cookiesession_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// A quietSite is a Manager without OnEvent, and what it logs.
type quietSite struct {
	*cookiesession.Manager[webUser]
	t   *testing.T
	log bytes.Buffer
}

func newQuietSite(t *testing.T, ring *cookiesession.Keyring, opts userOptions) *quietSite {
	t.Helper()
	site := &quietSite{t: t}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&site.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	if ring == nil {
		ring = newRing(t)
	}
	var err error
	site.Manager, err = cookiesession.New(ring, &opts)
	mustDo(t, err)
	return site
}

// visit has a browser ask for a page.
func (site *quietSite) visit(b *webBrowser, next func(*userCall)) *http.Response {
	return b.fetch(site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &userCall{w, r, site.Get(r)}
		if next != nil {
			next(c)
		}
	})))
}

// lines returns what was logged since it was called last. No line may quote a
// secret.
func (site *quietSite) lines(b *webBrowser) (lines []string) {
	site.t.Helper()
	text := site.log.String()
	site.log.Reset()
	secrets := []string{webSecret}
	for _, value := range b.jar {
		secrets = append(secrets, value)
	}
	webQuotesNone(site.t, text, secrets...)
	for line := range strings.Lines(text) {
		lines = append(lines, line)
	}
	return lines
}

func (site *quietSite) signedIn() *webBrowser {
	b := new(webBrowser)
	site.visit(b, func(c *userCall) { webSign(c.S) })
	return b
}

func signing(c *userCall) { webSign(c.S) }

// giveUp answers for a handler whose request is over.
func (site *quietSite) giveUp(b *webBrowser, do func(*webSession)) {
	ctx, disconnect := context.WithCancel(site.t.Context())
	h := site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(site.Get(r))
		disconnect()
		w.WriteHeader(503)
	}))
	b.fetch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.WithContext(ctx)) }))
}

// What is logged where nobody listens, each kind of event at its level, and
// nothing else.
func TestLog(t *testing.T) {
	plain := http.Header{"Accept": {"text/html"}}
	tests := []struct {
		name    string
		opts    userOptions
		level   string // "": nothing is logged
		words   []string
		provoke func(*quietSite, *webBrowser)
	}{
		{"opened", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(b, nil) }},
		{"refused", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(withCookie(site.CookieName(), "x"), nil) }},
		{"replaced", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(withCookie(site.CookieName(), "x"), signing) }},
		{"issued", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(b, func(c *userCall) { c.S.Data.Visits++ }) }},
		{"deleted", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(b, func(c *userCall) { c.S.Destroy() }) }},
		{"an id that is lost", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(new(webBrowser), func(c *userCall) { c.S.ID() }) }},
		{"given up, Data changed", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.giveUp(b, webSign) }},

		{"given up, renewed", userOptions{}, "ERROR", []string{"given up"}, func(site *quietSite, b *webBrowser) { site.giveUp(b, (*webSession).Renew) }},
		{"given up, destroyed", userOptions{}, "ERROR", []string{"given up", "Destroy"}, func(site *quietSite, b *webBrowser) { site.giveUp(b, (*webSession).Destroy) }},
		{"late", userOptions{}, "ERROR", []string{"after the response headers", "before the first write"}, func(site *quietSite, b *webBrowser) {
			site.visit(b, func(c *userCall) { fmt.Fprint(c.W, "page"); c.S.Data.Visits++ })
		}},
		{"too large", userOptions{}, "WARN", []string{"not saved", "limit=4093"}, func(site *quietSite, b *webBrowser) {
			site.visit(b, func(c *userCall) { webHuge(c.S) })
		}},
		{"not saved", answering(errStoreDown), "ERROR", []string{"not saved", "store is down"}, func(site *quietSite, b *webBrowser) { site.visit(b, signing) }},
		{"near the limit", userOptions{}, "WARN", []string{"three quarters", "size=", "limit=4093"}, func(site *quietSite, b *webBrowser) {
			site.visit(b, nearLimit)
		}},
		{"hijacked", userOptions{}, "WARN", []string{"unsent", "Manager.Cookies"}, func(site *quietSite, b *webBrowser) { site.hijack(false) }},
		{"hijacked, with its cookies", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.hijack(true) }},
		{"Insecure over TLS", userOptions{Insecure: true}, "WARN", []string{"Insecure"}, func(site *quietSite, b *webBrowser) {
			b.Header = http.Header{"X-Forwarded-Proto": {"https"}}
			site.visit(b, nil)
			site.visit(b, nil)
		}},
		{"plain HTTP", userOptions{}, "INFO", []string{"TLS", "X-Forwarded-Proto", "development only"}, func(site *quietSite, b *webBrowser) {
			site.visit(&webBrowser{Header: plain}, signing)
			site.visit(&webBrowser{Header: plain}, signing)
		}},
		{"plain HTTP, nothing set", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(&webBrowser{Header: plain}, nil) }},
		{"plain HTTP, with our cookie", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) {
			b.Header = plain
			site.visit(b, func(c *userCall) { c.S.Data.Visits++ })
		}},
		{"plain HTTP, deleted", userOptions{}, "", nil, func(site *quietSite, b *webBrowser) {
			site.visit(&webBrowser{Header: plain, Method: "POST"}, func(c *userCall) { c.S.Destroy() })
		}},
		{"plain HTTP, Insecure", userOptions{Insecure: true}, "", nil, func(site *quietSite, b *webBrowser) { site.visit(&webBrowser{Header: plain}, signing) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newQuietSite(t, nil, tt.opts)
			b := site.signedIn()
			if lines := site.lines(b); lines != nil {
				t.Fatalf("signing in logged %q", lines)
			}
			tt.provoke(site, b)
			wantLine(t, site.lines(b), tt.level, append(tt.words, cmp.Or(tt.level, "-"))...)
		})
	}
}

// wantLine checks that one line was logged at a level, "" for none, and that
// words come in it in that order.
func wantLine(t *testing.T, lines []string, level string, words ...string) {
	t.Helper()
	if level == "" {
		if lines != nil {
			t.Errorf("logged %q", lines)
		}
		return
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "level="+level) || !strings.Contains(lines[0], "cookie=") {
		t.Errorf("logged %q, want one line at %s", lines, level)
		return
	}
	rest, found := lines[0], true
	for _, word := range slices.DeleteFunc(words, func(word string) bool { return word == level }) {
		if _, rest, found = strings.Cut(rest, word); !found {
			t.Errorf("logged %q, without %q in its place", lines[0], word)
		}
	}
	if strings.Contains(lines[0], "example.com") {
		t.Errorf("the host is logged: %q", lines[0])
	}
}

func nearLimit(c *userCall) {
	c.S.Data.Tags = map[string][]string{"random": {string(webRandom(2500))}}
}

func (site *quietSite) hijack(withCookies bool) {
	here, there := net.Pipe()
	defer there.Close()
	site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := site.Get(r)
		webSign(s)
		if withCookies {
			_, err := site.Cookies(s)
			mustDo(site.t, err)
		}
		hijack(site.t, w, "")
	})).ServeHTTP(&hijackable{httptest.NewRecorder(), here}, webRequest())
}

// Lines about the keyring.
func TestLogOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring, path := newRingFile(t)
		site := newQuietSite(t, ring, userOptions{})
		b := site.signedIn()
		site.visit(b, nil)
		wantLine(t, site.lines(b), "WARN", "new keyring", "volume")

		mustDo(t, os.Remove(path))
		poll := func() { watchOnce(t, ring); site.visit(b, nil) }
		poll()
		wantLine(t, site.lines(b), "ERROR", "keys not taken", "error=")
		poll()
		poll()
		wantLine(t, site.lines(b), "")
		time.Sleep(time.Hour)
		poll()
		wantLine(t, site.lines(b), "ERROR", "keys not taken", "skipped=2")
	})
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t, cookiesession.NewKey().ActivatesAt(time.Now().Add(time.Hour)))
		site := newQuietSite(t, ring, userOptions{})
		b := site.signedIn()
		wantLine(t, site.lines(b), "WARN", "no key is active yet")
	})
}

// What is lost at every request is logged ten times a minute, and what is only
// of use to operators once an hour. The next line tells how many are missing.
func TestLogLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*userCall)
		most int
		per  time.Duration
	}{
		{"late", func(c *userCall) { fmt.Fprint(c.W, "page"); c.S.Data.Visits++ }, 10, time.Minute},
		{"too large", func(c *userCall) { webHuge(c.S) }, 10, time.Minute},
		{"near the limit", nearLimit, 1, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newQuietSite(t, nil, userOptions{})
				b := site.signedIn()
				var counts []int
				for _, wait := range []time.Duration{0, tt.per - time.Second, time.Second} {
					time.Sleep(wait)
					for range tt.most + 1 {
						site.visit(b.copy(), tt.do)
					}
					lines := site.lines(b)
					counts = append(counts, len(lines))
					if wait == time.Second && !slices.Contains(strings.Fields(lines[0]), fmt.Sprint("skipped=", tt.most+2)) {
						t.Errorf("logged %q", lines[0])
					}
				}
				if diff := gocmp.Diff([]int{tt.most, 0, tt.most}, counts); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Cookies of unknown keys are worth a line where they are at least ten and more
// than one in a hundred, and at most once an hour.
func TestLogOfUnknownKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newQuietSite(t, nil, userOptions{})
		known := site.signedIn()
		unknown := withCookie(site.CookieName(), signedIn(newUserSite(t)).jar[site.CookieName()])
		repeat := func(n int, b *webBrowser) {
			for range n {
				site.visit(b, nil)
			}
		}
		step := func(name string, unknowns, knowns int, words ...string) {
			t.Helper()
			repeat(knowns, known)
			repeat(unknowns, unknown)
			level := ""
			if words != nil {
				level = "WARN"
			}
			t.Log(name)
			wantLine(t, site.lines(unknown), level, words...)
		}
		step("few", 9, 0)
		step("the tenth", 1, 0, "unknown keys", "unknown=10", "opened=0")
		step("within the hour", 50, 0)
		time.Sleep(time.Hour)
		step("after it", 1, 100, "unknown=51", "opened=100")
		time.Sleep(time.Hour)
		step("an hour without one", 1, 0)
		step("exactly one in a hundred", 19, 2000)
		step("more", 1, 0, "unknown=21", "opened=2000")
		time.Sleep(3 * time.Hour)
		step("ten, in two hours", 5, 0)
		time.Sleep(time.Hour)
		step("are forgotten", 9, 0)
		step("but not for long", 1, 0, "unknown=10")
	})
}
