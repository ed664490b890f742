package gorilla_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// A refreshCase is a response that reads its session and saves nothing.
type refreshCase struct {
	what   string
	opts   *cookiesession.CodecOptions
	write  func(*sessions.Session)
	keys   []cookiesession.Key // of the store that refreshes; nil: the same
	after  time.Duration
	dest   string // "": a document
	flight time.Duration
	status int // 0: 200
	wanted bool
}

func TestRefresh(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of a bubble
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	dated := []cookiesession.Key{newer.ActivatesAt(start.Add(day)), older.ActivatesAt(start.Add(-day)).RetiresAt(start.Add(11 * day))}
	idle := &cookiesession.CodecOptions{IdleTimeout: time.Hour}
	own := func(s *sessions.Session) { setUser(s); s.Options.MaxAge = 60 * 60 }
	rotated := []cookiesession.Key{newer, older}
	for _, test := range []refreshCase{
		{what: "fresh", opts: idle, after: 15*time.Minute - time.Second},
		{what: "a quarter of the idle timeout", opts: idle, after: 15 * time.Minute, wanted: true},
		{what: "a frame", opts: idle, after: 15 * time.Minute, dest: "iframe", wanted: true},
		{what: "an image", opts: idle, after: 50 * time.Minute, dest: "image"},
		{what: "a fetch", opts: idle, after: 50 * time.Minute, dest: "empty"},
		{what: "a slow page", opts: idle, after: 30*time.Minute - 4*time.Second, flight: 3 * time.Second},
		{what: "a slow page, later", opts: idle, after: 30 * time.Minute, flight: 3 * time.Second, wanted: true},
		{what: "past the idle timeout", opts: idle, after: time.Hour},
		{what: "past the idle timeout when it is answered", opts: idle, after: 59 * time.Minute, flight: time.Minute},
		{what: "no idle timeout", after: 10 * day},
		{what: "404", opts: idle, after: 15 * time.Minute, status: 404, wanted: true},
		{what: "303", opts: idle, after: 15 * time.Minute, status: 303, wanted: true},
		{what: "304", opts: idle, after: 15 * time.Minute, status: 304},
		{what: "408", opts: idle, after: 15 * time.Minute, status: 408},
		{what: "499", opts: idle, after: 15 * time.Minute, status: 499},
		{what: "500", opts: idle, after: 15 * time.Minute, status: 500},

		{what: "superseded key", keys: rotated, wanted: true},
		{what: "superseded key, slow", keys: rotated, flight: 3 * time.Second},
		{what: "superseded key, 500", keys: rotated, status: 500},
		{what: "superseded key, an image", keys: rotated, dest: "image"},
		{what: "superseded key, a frame", keys: rotated, after: day, dest: "iframe"},
		{what: "superseded key, a frame, later", keys: rotated, after: day + time.Second, dest: "iframe", wanted: true},
		{what: "key that retires, a frame", keys: dated, after: 6*day - time.Second, dest: "iframe"},
		{what: "key that retires, a frame, later", keys: dated, after: 6 * day, dest: "iframe", wanted: true},
		{what: "key that retires, a document", keys: dated, after: day, wanted: true},
		{what: "unknown key", keys: []cookiesession.Key{newer}},
		{what: "Options of its own", keys: rotated, write: own},
		{what: "Options of its own, idle", opts: idle, write: own, after: 50 * time.Minute},
	} {
		t.Run(test.what, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b, keys, write := newBrowser(t), test.keys, test.write
				if keys == nil {
					keys = []cookiesession.Key{older}
				}
				if write == nil {
					write = setUser
				}
				b.save(newStore(t, keysOf(t, older), test.opts), write)
				time.Sleep(test.after)
				store := newStore(t, keysOf(t, keys...), test.opts)
				checkRefresh(t, b, store, &test)
			})
		})
	}
}

// checkRefresh has a request come that reads its session, whose handler then
// changes what it does not save.
func checkRefresh(t *testing.T, b *browser, store *gorilla.Store, test *refreshCase) {
	t.Helper()
	h := store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if session, _ := store.Get(r, sessionName); session != nil {
			session.Values["user"] = "not saved"
		}
		r.Header.Del("Cookie")
		time.Sleep(test.flight)
		if test.status != 0 {
			w.WriteHeader(test.status)
		}
	}), "other", sessionName)
	send := func() *http.Response {
		return b.do(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Sec-Fetch-Dest", "document")
			if test.dest != "" {
				r.Header.Set("Sec-Fetch-Dest", test.dest)
			}
			h.ServeHTTP(w, r)
		})
	}
	response := send()
	if got := len(response.Header["Set-Cookie"]); got != map[bool]int{true: 1}[test.wanted] {
		t.Fatalf("%d Set-Cookie, want one: %v", got, test.wanted)
	}
	if !test.wanted {
		return
	}
	if got := b.values(store)["user"]; got != "user-1" {
		t.Errorf("user %v; want what was saved before", got)
	}
	if again := send(); again.Header["Set-Cookie"] != nil {
		t.Error("the next request is refreshed again")
	}
}

// TestResealProlongsNothing: a session that moves to another key keeps its time
// of issue, and the browser is told what is left. If a renewal is due as well,
// it is renewed.
func TestResealProlongsNothing(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	for _, test := range []struct {
		what    string
		opts    cookiesession.CodecOptions
		maxAge  int // seconds
		size    int // of a value
		after   time.Duration
		told    int // Max-Age
		renewed bool
	}{
		{what: "the Lifetime", maxAge: 14 * 86400, after: 10 * day, told: 4 * 86400},
		{what: "MaxAge", maxAge: 1000, after: 600 * time.Second, told: 400},
		{what: "a browser session", maxAge: 0, after: day},
		{what: "an idle timeout", opts: cookiesession.CodecOptions{IdleTimeout: time.Hour}, maxAge: 86400, after: 14 * time.Minute, told: 46 * 60},
		{what: "an idle timeout, due", opts: cookiesession.CodecOptions{IdleTimeout: time.Hour}, maxAge: 86400, after: 15 * time.Minute, told: 60 * 60, renewed: true},
		{what: "several cookies", opts: cookiesession.CodecOptions{MaxCookies: 3}, maxAge: 86400, size: 7000, after: time.Hour, told: 23 * 3600},
	} {
		t.Run(test.what, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				keys, b := keysOf(t, older), newBrowser(t)
				store := newStore(t, keys, &test.opts)
				store.MaxAge(test.maxAge)
				saved := b.save(store, func(s *sessions.Session) { setUser(s); s.Values["big"] = noise(test.size) })
				codec := newCodec(t, keys, &test.opts)
				open := func() cookiesession.Meta {
					meta, err := codec.OpenRequest(b.request(), sessionName, &map[any]any{})
					if err != nil {
						t.Fatal(err)
					}
					return meta
				}
				want := open()
				time.Sleep(test.after)
				if err := keys.Replace(keysOf(t, newer, older)); err != nil {
					t.Fatal(err)
				}
				response := b.page(store.Refresh(http.NotFoundHandler(), sessionName))
				if lines := response.Header["Set-Cookie"]; len(lines) != len(saved.Cookies()) {
					t.Fatalf("Set-Cookie %q", lines)
				}
				for _, c := range response.Cookies() {
					if c.MaxAge != test.told {
						t.Errorf("%s: the browser is told Max-Age %d, want %d", c.Name, c.MaxAge, test.told)
					}
				}
				want.KeyID = newer.ID()
				if test.renewed {
					want.Issued = time.Now().UTC().Truncate(time.Second)
				}
				if diff := cmp.Diff(want, open()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got := b.values(store)["user"]; got != "user-1" {
					t.Errorf("user %v", got)
				}
			})
		})
	}
}

// TestRefreshBeforeHeaders has pages answer in each way that there is. All of
// them are refreshed, once, and with what caches have to know.
func TestRefreshBeforeHeaders(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":     func(http.ResponseWriter, *http.Request) {},
		"Write":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") },
		"WriteHeader": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) },
		"103 first": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			if w.Header()["Set-Cookie"] != nil {
				t.Error("a 103 is taken for the response")
			}
			fmt.Fprint(w, "page")
		},
		"Flush":      func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
		"controller": func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"ReadFrom": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("page"))
		},
		"WriteString": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") },
	} {
		t.Run(name, func(t *testing.T) {
			older := cookiesession.NewKey()
			b, store := newBrowser(t), newStore(t, keysOf(t, cookiesession.NewKey(), older), nil)
			b.save(newStore(t, keysOf(t, older), nil), setUser)
			server := httptest.NewServer(store.Refresh(answer, sessionName))
			defer server.Close()
			r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = http.Header{"Accept": {"text/html"}, "Cookie": b.request().Header["Cookie"]}
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			h := response.Header
			if len(h["Set-Cookie"]) != 1 || h.Get("Vary") != "Cookie" || h.Get("Cache-Control") != "private" {
				t.Errorf("header %v", h)
			}
		})
	}
}

// TestRefreshWriter: what frameworks assert of a writer is there, and a handler
// that takes the connection over sends no refresh.
func TestRefreshWriter(t *testing.T) {
	store := newStore(t, newKeys(t), nil)
	server := httptest.NewServer(store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		//lint:ignore SA1019 gin's Context.Stream uses it
		closed := w.(http.CloseNotifier).CloseNotify()
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		session, _ := store.Get(r, sessionName)
		if err := session.Save(r, w); err == nil {
			t.Error("Save after Hijack says nothing")
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_ = conn.Close()
		select {
		case <-closed:
			t.Error("the request had ended before")
		default:
		}
	}), sessionName))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

// TestRefreshKeepsTheEnd: refreshing does not extend the Lifetime.
func TestRefreshKeepsTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		store, b := newStore(t, newKeys(t), &cookiesession.CodecOptions{Lifetime: 3 * time.Hour, IdleTimeout: time.Hour}), newBrowser(t)
		b.save(store, setUser)
		for range 5 {
			time.Sleep(31 * time.Minute)
			if got := len(b.page(store.Refresh(http.NotFoundHandler(), sessionName)).Header["Set-Cookie"]); got != 1 {
				t.Fatalf("%d Set-Cookie", got)
			}
		}
		value := b.cookie(sessionName)
		time.Sleep(25 * time.Minute) // three hours in all
		if session, err := store.Get(requestWith(value), sessionName); !errors.Is(err, cookiesession.ErrExpired) {
			t.Errorf("after the Lifetime: IsNew %v, %v", session.IsNew, err)
		}
	})
}

// TestRefreshMigrates: a cookie of the old store becomes one of ours for a
// visitor whose requests save nothing, and next's Save is left alone.
func TestRefreshMigrates(t *testing.T) {
	old, b := securecookie.New(authKey, nil), newBrowser(t)
	text, err := old.Encode(sessionName, oldValues())
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeys(t)
	store := newStore(t, keys, nil, gorilla.Legacy(old, time.Now().Add(time.Hour)))
	b.put(sessionName, text)
	b.page(store.Refresh(http.NotFoundHandler(), sessionName))
	if diff := cmp.Diff(oldValues(), b.values(newStore(t, keys, nil))); diff != "" {
		t.Errorf("without the old codec (-want +got):\n%s", diff)
	}

	b.put(sessionName, text)
	response := b.page(store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, sessionName)
		session.Options.MaxAge = -1
		if err := session.Save(r, w); err != nil {
			t.Error(err)
		}
	}), sessionName))
	if got := response.Cookies(); len(got) != 1 || got[0].MaxAge >= 0 {
		t.Errorf("cookies %v; want the deletion alone", got)
	}
}

// TestRefreshKeepsPagesPrivate: what a handler says about caches after Save
// does not let a shared one keep the session's cookie.
func TestRefreshKeepsPagesPrivate(t *testing.T) {
	store := newStore(t, newKeys(t), nil)
	response := newBrowser(t).page(store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, sessionName)
		if err := session.Save(r, w); err != nil {
			t.Error(err)
		}
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("CDN-Cache-Control", "max-age=60")
		w.Header().Del("Vary")
	}), sessionName))
	got := response.Header.Clone()
	if lines := got["Set-Cookie"]; len(lines) != 1 {
		t.Errorf("Set-Cookie %q", lines)
	}
	got.Del("Set-Cookie")
	if diff := cmp.Diff(http.Header{"Cache-Control": {"private, max-age=60"}, "Vary": {"Cookie"}}, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// TestRefreshUndoesNothing: a page that is slow to answer does not bring back a
// session that another request has ended meanwhile.
func TestRefreshUndoesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		older := cookiesession.NewKey()
		b, store := newBrowser(t), newStore(t, keysOf(t, cookiesession.NewKey(), older), nil)
		b.save(newStore(t, keysOf(t, older), nil), setUser)
		b.page(store.Refresh(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			b.save(store, func(s *sessions.Session) { s.Options.MaxAge = -1 })
			time.Sleep(3 * time.Second)
		}), sessionName))
		if got := b.names(); got != nil {
			t.Errorf("cookies %v after the logout", got)
		}
	})
}

// TestRevokedDuringTheRequest: a request that takes long does not carry a
// session that was forged with a key past the key's revocation. A logout is
// still answered.
func TestRevokedDuringTheRequest(t *testing.T) {
	stolen, next := cookiesession.NewKey(), cookiesession.NewKey()
	revoking, err := cookiesession.ParseKeyring(next.Secret() + "\nrevoked " + stolen.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what   string
		change func(*sessions.Session)
		want   error
		lines  int
	}{
		{"a change", setUser, cookiesession.ErrRevoked, 0},
		{"a login", gorilla.Renew, cookiesession.ErrRevoked, 0},
		{"a logout", func(s *sessions.Session) { s.Options.MaxAge = -1 }, nil, 1},
	} {
		for _, revoked := range []bool{true, false} {
			keys, b := keysOf(t, next, stolen), newBrowser(t)
			store := newStore(t, keys, nil)
			b.save(newStore(t, keysOf(t, stolen), nil), setUser)
			r, w := b.request(), httptest.NewRecorder()
			session, err := store.Get(r, sessionName)
			if err != nil {
				t.Fatal(err)
			}
			test.change(session)
			want, lines := error(nil), 1
			if revoked {
				want, lines = test.want, test.lines
				if err := keys.Replace(revoking); err != nil {
					t.Fatal(err)
				}
			}
			if err := session.Save(r, w); !errors.Is(err, want) || len(w.Header()["Set-Cookie"]) != lines {
				t.Errorf("%s, revoked %v: error %v, Set-Cookie %q", test.what, revoked, err, w.Header()["Set-Cookie"])
			}
		}
	}
	// And a refresh of one is silent.
	keys, b := keysOf(t, next, stolen), newBrowser(t)
	store := newStore(t, keys, nil)
	b.save(newStore(t, keysOf(t, stolen), nil), setUser)
	response := b.page(store.Refresh(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if err := keys.Replace(revoking); err != nil {
			t.Error(err)
		}
	}), sessionName))
	if got := response.Header["Set-Cookie"]; got != nil {
		t.Errorf("Set-Cookie %q", got)
	}
}
