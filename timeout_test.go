package cookiesession_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
)

// A handler that http.TimeoutHandler has given up on runs on. Encoding its
// session for the 503 would be a concurrent map iteration and map write, which
// ends the process; -race sees it without luck.
func TestTimeoutHandlerInside(t *testing.T) {
	tests := []struct {
		name   string
		before func(map[string]int) // of the deadline
	}{
		{"unchanged before", func(map[string]int) {}},
		{"changed before", func(m map[string]int) { m["before"] = 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site, b := newCountSite(t)
				answered := make(chan struct{})
				slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s := site.Get(r)
					tt.before(s.Data)
					<-r.Context().Done()
					for i := range 1000 {
						s.Data["n"] = i
						delete(s.Data, "before")
					}
					s.Renew()
					s.ID()
					<-answered
					s.Destroy()
				})
				resp := b.fetch(site.Handler(http.TimeoutHandler(slow, time.Second, "slow")))
				close(answered)
				synctest.Wait()
				if wantNoCookie(t, resp.Header); resp.StatusCode != 503 {
					t.Errorf("status %d", resp.StatusCode)
				}
				site.wantEvents(cookiesession.EventOpened, cookiesession.EventTimedOut)
			})
		})
	}
}

// A handler that has been given up may ask for the session while the 503 is on
// its way. What becomes of it is nobody's business.
func TestTimeoutHandlerGetAfterwards(t *testing.T) {
	first := []cookiesession.EventKind{cookiesession.EventOpened}
	tests := []struct {
		name   string
		before bool // asked before, too
		after  func(context.Context) context.Context
		events []cookiesession.EventKind
	}{
		{"for the first time", false, func(ctx context.Context) context.Context { return ctx }, first},
		{"again", true, func(ctx context.Context) context.Context { return ctx }, append(first, cookiesession.EventTimedOut)},
		{"again, without the deadline", true, context.WithoutCancel, append(first, cookiesession.EventTimedOut)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site, b := newCountSite(t)
				committed, asked := make(chan struct{}), make(chan struct{})
				slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if tt.before {
						site.Get(r)
					}
					<-committed
					s, _ := site.FromContext(tt.after(r.Context()))
					close(asked)
					for i := range 1000 {
						s.Data["n"] = i
					}
				})
				h := site.Handler(http.TimeoutHandler(slow, time.Second, "slow"))
				resp := b.fetch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h.ServeHTTP(&statusSpy{ResponseWriter: w, called: func() { close(committed); <-asked }}, r)
				}))
				synctest.Wait()
				wantNoCookie(t, resp.Header)
				site.wantEvents(tt.events...)
			})
		})
	}
}

// A handler that ends in time is saved.
func TestTimeoutHandlerInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newUserSite(t)
		quick := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second - 1)
			webSign(site.Get(r))
			w.WriteHeader(201)
		})
		resp := new(webBrowser).fetch(site.Handler(http.TimeoutHandler(quick, time.Second, "slow")))
		if resp.StatusCode != 201 {
			t.Errorf("status %d", resp.StatusCode)
		}
		wantDefaultCookie(t, resp.Header)
		site.wantEvents(cookiesession.EventIssued)
	})
}

// TimeoutHandler outside of Handler sends nothing of a response that comes too
// late, its cookie included.
func TestTimeoutHandlerOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newUserSite(t)
		slow := site.handle(func(c *userCall) { webSign(c.S); <-c.R.Context().Done() })
		resp := new(webBrowser).fetch(http.TimeoutHandler(slow, time.Second, "slow"))
		synctest.Wait()
		if wantNoCookie(t, resp.Header); resp.StatusCode != 503 {
			t.Errorf("status %d", resp.StatusCode)
		}
		site.wantEvents(cookiesession.EventIssued) // Handler cannot know
	})
}

// CloseNotify tells of the end of the request.
func TestCloseNotify(t *testing.T) {
	ctx, disconnect := context.WithCancel(t.Context())
	site := newUserSite(t)
	site.handle(func(c *userCall) {
		//lint:ignore SA1019 gin's Context.Stream uses it
		closed := c.W.(http.CloseNotifier).CloseNotify()
		disconnect()
		if !<-closed {
			t.Error("the channel was closed")
		}
	}).ServeHTTP(httptest.NewRecorder(), webRequest().WithContext(ctx))
}

// net/http removes the temporary files of uploads, but only those that it finds
// in the request that it made.
func TestMultipartFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "upload.txt")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(make([]byte, 64<<10))
	form.Close()

	sites := newTwoSites(t)
	stored := 0
	h := sites.outer.Handler(sites.inner.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mustDo(t, r.ParseMultipartForm(1<<10))
		stored = countFiles(t, dir)
	})))
	r := httptest.NewRequest("POST", "/", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	mustFetch(t, h, r)
	if stored == 0 {
		t.Fatal("the upload was not stored in a file, so this test shows nothing")
	}
	if left := countFiles(t, dir); left != 0 {
		t.Errorf("%d files are left", left)
	}
}

func countFiles(t *testing.T, dir string) int {
	t.Helper()
	files, err := os.ReadDir(dir)
	mustDo(t, err)
	return len(files)
}

// Loggers outside read the pattern that a mux within has found.
func TestPatternOutside(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user/{id}", func(http.ResponseWriter, *http.Request) {})
	sites := newTwoSites(t)
	h := sites.outer.Handler(sites.inner.Handler(mux))
	r := httptest.NewRequest("GET", "/user/7", nil)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "GET /user/{id}" {
		t.Errorf("pattern %q", r.Pattern)
	}
}

// Several goroutines of one request get one session, which is opened once.
func TestConcurrentGet(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	site.take()
	b.fetch(site.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sessions := make([]*cookiesession.Session[webUser], 8)
		var all sync.WaitGroup
		for i := range sessions {
			all.Go(func() { sessions[i] = site.Get(r) })
		}
		all.Wait()
		for _, s := range sessions {
			if s == nil || s != sessions[0] || s.Data.Name != webSecret {
				t.Error("not one session")
			}
		}
	})))
	site.wantEvents(cookiesession.EventOpened)
}
