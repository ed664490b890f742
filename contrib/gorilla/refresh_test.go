package gorilla_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

func TestRefresh(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	idle := &cookiesession.CodecOptions{IdleTimeout: time.Hour}
	own := func(s *sessions.Session) { setUser(s); s.Options.MaxAge = 60 * 60 }
	for _, test := range []struct {
		what   string
		opts   *cookiesession.CodecOptions
		write  func(*sessions.Session)
		keys   []cookiesession.Key // of the store that refreshes; nil: the same
		after  time.Duration
		dest   string
		wanted bool
	}{
		{what: "fresh", opts: idle, after: 29 * time.Minute},
		{what: "half of the idle timeout", opts: idle, after: 30 * time.Minute, wanted: true},
		{what: "a document", opts: idle, after: 30 * time.Minute, dest: "document", wanted: true},
		{what: "an image", opts: idle, after: 30 * time.Minute, dest: "image"},
		{what: "past the idle timeout", opts: idle, after: time.Hour},
		{what: "no idle timeout", after: 10 * day},
		{what: "superseded key", keys: []cookiesession.Key{newer, older}, wanted: true},
		{what: "superseded key, an image", keys: []cookiesession.Key{newer, older}, dest: "image"},
		{what: "unknown key", keys: []cookiesession.Key{newer}},
		{what: "Options of its own", keys: []cookiesession.Key{newer, older}, write: own},
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
				checkRefresh(t, b, store, test.dest, test.wanted)
			})
		})
	}
}

// checkRefresh has a request come that reads its session, whose handler then
// changes what it does not save.
func checkRefresh(t *testing.T, b *browser, store *gorilla.Store, dest string, wanted bool) {
	t.Helper()
	h := store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if session, _ := store.Get(r, sessionName); session != nil {
			session.Values["user"] = "not saved"
		}
	}), "other", sessionName)
	response := b.do(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Sec-Fetch-Dest", dest)
		h.ServeHTTP(w, r)
	})
	if got := len(response.Header["Set-Cookie"]); got != map[bool]int{true: 1}[wanted] {
		t.Fatalf("%d Set-Cookie, want one: %v", got, wanted)
	}
	if !wanted {
		return
	}
	if got := b.values(store)["user"]; got != "user-1" {
		t.Errorf("user %v; want what was saved before", got)
	}
	if again := b.do(h.ServeHTTP); again.Header["Set-Cookie"] != nil {
		t.Error("the next request is refreshed again")
	}
}

// TestRefreshKeepsTheEnd: refreshing does not extend the Lifetime.
func TestRefreshKeepsTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		store, b := newStore(t, newKeys(t), &cookiesession.CodecOptions{Lifetime: 3 * time.Hour, IdleTimeout: time.Hour}), newBrowser(t)
		h := store.Refresh(http.NotFoundHandler(), sessionName)
		b.save(store, setUser)
		for range 5 {
			time.Sleep(31 * time.Minute)
			if got := len(b.do(h.ServeHTTP).Header["Set-Cookie"]); got != 1 {
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
// visitor whose requests save nothing, and a Save replaces a refresh.
func TestRefreshMigrates(t *testing.T) {
	old, b := securecookie.New(authKey, nil), newBrowser(t)
	text, err := old.Encode(sessionName, oldValues())
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeys(t)
	store := newStore(t, keys, nil, gorilla.Legacy(old, time.Now().Add(time.Hour)))
	b.put(sessionName, text)
	b.do(store.Refresh(http.NotFoundHandler(), sessionName).ServeHTTP)
	if diff := cmp.Diff(oldValues(), b.values(newStore(t, keys, nil))); diff != "" {
		t.Errorf("without the old codec (-want +got):\n%s", diff)
	}

	r, w := requestWith(text), httptest.NewRecorder()
	store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, sessionName)
		session.Options.MaxAge = -1
		if err := session.Save(r, w); err != nil {
			t.Error(err)
		}
	}), sessionName).ServeHTTP(w, r)
	if got := w.Result().Cookies(); len(got) != 1 || got[0].MaxAge >= 0 {
		t.Errorf("cookies %v; want the deletion alone", got)
	}
}
