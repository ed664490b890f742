package gorilla_test

import (
	"errors"
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

var (
	_ sessions.Store     = (*gorilla.Store)(nil)
	_ securecookie.Codec = (*cookiesession.Codec)(nil)
	_ securecookie.Codec = (*gorilla.LegacyCodec)(nil)
)

func TestValuesKeepTheirTypes(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	want := map[any]any{
		"string":   "text",
		42:         "an int as key",
		int64(43):  int64(43),
		"int":      7,
		"uint8":    uint8(8),
		"float32":  float32(1.5),
		"float64":  2.5,
		"bool":     true,
		"bytes":    []byte{0, 255},
		"raw":      "\x1f\x8b\x08 not UTF-8 \xff",
		"time":     time.Date(2026, 5, 4, 3, 2, 1, 7, time.UTC),
		"duration": time.Minute,
		"strings":  []string{"a", "b"},
		"any":      []any{1, "two", 3.0},
		"map":      map[any]any{1: "one"},
		"object":   map[string]any{"a": 1},
		"nil":      nil,
		"struct":   flashMessage{Type: 1, Message: "m"},
	}
	b.save(store, func(s *sessions.Session) {
		for k, v := range want {
			s.Values[k] = v
		}
	})
	if diff := cmp.Diff(want, b.values(store)); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// TestTypeWithoutRegisterNamesTheLine: there is no fallback to gob, so the
// error has to say what to write.
func TestTypeWithoutRegisterNamesTheLine(t *testing.T) {
	type unregistered struct{ A int }
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	response := b.do(func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, sessionName)
		session.Values["v"] = unregistered{A: 1234567}
		err := session.Save(r, w)
		var usage securecookie.Error
		if !errors.As(err, &usage) || !usage.IsUsage() {
			t.Errorf("Save: %v; want an error of usage", err)
		}
		if !strings.Contains(err.Error(), `cookiesession.Register("example.com/cookiesession/contrib/gorilla_test.unregistered"`) || strings.Contains(err.Error(), "1234567") {
			t.Errorf("Save: %v; want the line that registers the type, and no content", err)
		}
	})
	if got := response.Header["Set-Cookie"]; got != nil {
		t.Errorf("Set-Cookie %q after a failed Save", got)
	}
}

func TestGetReturnsOneSessionAndNewAnother(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	b.save(store, setUser)
	r := b.request()
	first, _ := store.Get(r, sessionName)
	first.Values["user"] = "changed"
	r = r.WithContext(r.Context()) // as middlewares do
	if again, _ := store.Get(r, sessionName); again != first {
		t.Error("the second Get returned another session")
	}
	if other, _ := store.New(r, sessionName); other == first || other.Values["user"] != "user-1" {
		t.Error("New did not return what the request brought")
	}
}

// TestNeverANilSession: gorilla's registry returns nil for a name that is none,
// and handlers that ignore the error panic.
func TestNeverANilSession(t *testing.T) {
	store := newStore(t, newKeys(t), nil)
	plain := httptest.NewRequest(http.MethodGet, "/", nil)
	garbage := httptest.NewRequest(http.MethodGet, "/", nil)
	garbage.Header.Set("Cookie", sessionName+"=garbage")
	for _, test := range []struct {
		what    string
		r       *http.Request
		name    string
		wantErr bool
	}{
		{"no cookie", plain, sessionName, false},
		{"cookie that does not open", garbage, sessionName, true},
		{"name with a colon", plain, "bad:name", true},
		{"name with a space", plain, "bad name", true},
		{"no name", plain, "", true},
		{"no request", nil, sessionName, false},
		{"no request and a bad name", nil, "bad:name", true},
	} {
		for call, get := range map[string]func(*http.Request, string) (*sessions.Session, error){"Get": store.Get, "New": store.New} {
			session, err := get(test.r, test.name)
			if session == nil || session.Values == nil || session.Options == nil || !session.IsNew || session.Name() != test.name {
				t.Fatalf("%s, %s: session %+v; want a new one that can be used", call, test.what, session)
			}
			if (err != nil) != test.wantErr {
				t.Errorf("%s, %s: error %v, want one: %v", call, test.what, err, test.wantErr)
			}
			var e securecookie.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%s, %s: %T is not a securecookie.Error", call, test.what, err)
			}
		}
	}
}

func TestOnRefusedTakesTheErrorAway(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	b.save(newStore(t, newKeys(t), nil), setUser)
	if _, err := b.load(store); !errors.Is(err, cookiesession.ErrUnknownKey) {
		t.Fatalf("Get: %v, want ErrUnknownKey", err)
	}
	var told []error
	store.OnRefused = func(r *http.Request, name string, err error) {
		if r == nil || name != sessionName {
			t.Errorf("OnRefused(%v, %q)", r, name)
		}
		told = append(told, err)
	}
	if session, err := b.load(store); err != nil || !session.IsNew {
		t.Errorf("Get: IsNew %v, %v; want a new session and no error", session.IsNew, err)
	}
	if len(told) != 1 || !errors.Is(told[0], cookiesession.ErrUnknownKey) {
		t.Errorf("OnRefused was told %v, want ErrUnknownKey once", told)
	}
}

// TestSaveWithoutARequest: authboss saves sessions with a nil request. What the
// request brought counts all the same: creation, and cookies to delete.
func TestSaveWithoutARequest(t *testing.T) {
	keys := newKeys(t)
	store, b := newStore(t, keys, &cookiesession.CodecOptions{MaxCookies: 4}), newBrowser(t)
	saveWithout := func(change func(*sessions.Session)) {
		b.do(func(w http.ResponseWriter, r *http.Request) {
			first, err := store.Get(r, sessionName)
			if err != nil {
				t.Error(err)
			}
			change(first)
			session, _ := store.Get(r, sessionName) // the same, from the registry
			if _, err := session.Store().New(httptest.NewRequest(http.MethodGet, "/", nil), "other"); err != nil {
				t.Error(err)
			}
			if err := store.Save(nil, w, session); err != nil {
				t.Errorf("Save: %v", err)
			}
		})
	}
	saveWithout(func(s *sessions.Session) { s.Values["big"] = noise(11000) })
	if got := b.names(); len(got) != 4 {
		t.Fatalf("cookies %v, want four", got)
	}
	saveWithout(func(s *sessions.Session) { delete(s.Values, "big"); setUser(s) })
	if diff := cmp.Diff([]string{sessionName}, b.names()); diff != "" {
		t.Errorf("cookies after shrinking (-want +got):\n%s", diff)
	}
	if got := b.values(store)["user"]; got != "user-1" {
		t.Errorf("user %v", got)
	}
	saveWithout(func(s *sessions.Session) { s.Options.MaxAge = -1 })
	if got := b.names(); got != nil {
		t.Errorf("cookies after deletion: %v", got)
	}

	w := httptest.NewRecorder()
	unread := sessions.NewSession(store, sessionName) // as no request brought it
	if err := store.Save(nil, w, unread); err != nil || len(w.Result().Cookies()) != 1 {
		t.Errorf("Save: %v, cookies %v; want one", err, w.Result().Cookies())
	}
}

// TestSaveWithARequestOnly: a session that no request brought is saved with
// one, whose cookies count.
func TestSaveWithARequestOnly(t *testing.T) {
	store, b := newStore(t, newKeys(t), splitting), newBrowser(t)
	b.save(store, big(8000))
	b.do(func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.New(nil, sessionName)
		if err := session.Save(r, w); err != nil {
			t.Error(err)
		}
	})
	if diff := cmp.Diff([]string{sessionName}, b.names()); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

// TestMetaIsCarriedOn: what a cookie carries beside its values stays through a
// Save. A cookie is never older than the one that it replaces, even if another
// replica's clock is ahead.
func TestMetaIsCarriedOn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		keys, id := newKeys(t), "00112233445566778899aabbccddeeff"
		codec, store := newCodec(t, keys, nil), newStore(t, keys, nil)
		now := time.Now().Truncate(time.Second)
		want := cookiesession.Meta{ID: id, Created: now.Add(-time.Hour).UTC(), Issued: now.Add(2 * time.Minute).UTC()}
		text, err := codec.Seal(sessionName, map[any]any{}, want)
		if err != nil {
			t.Fatal(err)
		}
		for _, renew := range []bool{false, true} {
			r, w := requestWith(text), httptest.NewRecorder()
			session, err := store.Get(r, sessionName)
			if err != nil || session.ID != id {
				t.Fatalf("Get: ID %q, %v", session.ID, err)
			}
			if renew {
				gorilla.Renew(session)
				want.ID, want.Created = "", now.UTC()
			}
			if err := session.Save(r, w); err != nil {
				t.Fatal(err)
			}
			got, err := codec.Open(sessionName, w.Result().Cookies()[0].Value, &session.Values)
			if err != nil {
				t.Fatal(err)
			}
			got.KeyID = ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("renewed %v (-want +got):\n%s", renew, diff)
			}
		}
	})
}

// TestOneSetCookie: however often a session is saved, a response has one
// Set-Cookie for it, and those of others stay.
func TestOneSetCookie(t *testing.T) {
	store, b := newStore(t, newKeys(t), &cookiesession.CodecOptions{MaxCookies: 3}), newBrowser(t)
	response := b.do(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "other", Value: "1"})
		for _, size := range []int{10, 9000, 20} {
			session, _ := store.New(r, sessionName) // a new one each time, as goth makes them
			session.Values["v"] = noise(size)
			if err := session.Save(r, w); err != nil {
				t.Fatal(err)
			}
		}
		http.SetCookie(w, &http.Cookie{Name: sessionName + "2", Value: "1"})
	})
	var names []string
	for _, c := range response.Cookies() {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"other", sessionName, sessionName + "2"}, names); diff != "" {
		t.Errorf("Set-Cookie (-want +got):\n%s", diff)
	}
	if got := b.values(store)["v"]; len(got.(string)) != 20 {
		t.Error("not the last Save's value")
	}
}

// TestDeletion: a deletion carries no content, and has the attributes that the
// cookie was set with, whatever the handler's Options lack.
func TestDeletion(t *testing.T) {
	for _, test := range []struct {
		what  string
		store sessions.Options
		mine  *sessions.Options // nil: the session's own, with MaxAge -1
		want  string
	}{
		{"the store's", sessions.Options{Path: "/", MaxAge: 60}, nil,
			"Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{"replaced, as gin does", sessions.Options{Path: "/in", Domain: "app.example", SameSite: http.SameSiteNoneMode, Partitioned: true},
			&sessions.Options{MaxAge: -1},
			"Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; Path=/in; Domain=app.example; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"of its own", sessions.Options{Path: "/"}, &sessions.Options{Path: "/x", MaxAge: -1, SameSite: http.SameSiteStrictMode},
			"Path=/x; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; SameSite=Strict; HttpOnly; Secure"},
	} {
		store, b := newStore(t, newKeys(t), nil), newBrowser(t)
		store.Options = &test.store
		response := b.save(store, func(s *sessions.Session) {
			s.Values["secret"] = "content"
			if test.mine != nil {
				s.Options = test.mine
			}
			s.Options.MaxAge = -1
		})
		if diff := cmp.Diff([]string{sessionName + "=; " + test.want}, response.Header["Set-Cookie"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.what, diff)
		}
	}
}

// TestLaterDeletionWins: goth stores in a session and deletes it in the same
// response.
func TestLaterDeletionWins(t *testing.T) {
	store, b := newStore(t, newKeys(t), &cookiesession.CodecOptions{MaxCookies: 3}), newBrowser(t)
	b.save(store, setUser)
	response := b.do(func(w http.ResponseWriter, r *http.Request) {
		if _, err := store.Get(r, sessionName); err != nil {
			t.Error(err)
		}
		stored, _ := store.New(r, sessionName)
		stored.Values["more"] = noise(5000)
		if err := stored.Save(r, w); err != nil {
			t.Error(err)
		}
		deleted, _ := store.Get(r, sessionName)
		deleted.Options.MaxAge = -1
		deleted.Values = make(map[any]any)
		if err := deleted.Save(r, w); err != nil {
			t.Error(err)
		}
	})
	if got := response.Header["Set-Cookie"]; len(got) != 1 || !strings.HasPrefix(got[0], sessionName+"=; ") {
		t.Errorf("Set-Cookie %q; want the deletion alone", got)
	}
	if got := b.names(); got != nil {
		t.Errorf("cookies %v are left", got)
	}
}

// TestTwoCookiesOfOneName: paths and domains give a request two of them. The
// one issued last counts, wherever it stands.
func TestTwoCookiesOfOneName(t *testing.T) {
	store := newStore(t, newKeys(t), nil)
	older, newer := newBrowser(t), newBrowser(t)
	inBubble(t, func(t *testing.T) {
		older.save(store, func(s *sessions.Session) { s.Values["which"] = "older" })
		time.Sleep(2 * time.Second)
		newer.save(store, func(s *sessions.Session) { s.Values["which"] = "newer" })
		for _, values := range [][]string{
			{older.cookie(sessionName), newer.cookie(sessionName)},
			{newer.cookie(sessionName), older.cookie(sessionName)},
			{"garbage", newer.cookie(sessionName)},
		} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Cookie", sessionName+"="+values[0]+"; "+sessionName+"="+values[1])
			session, err := store.Get(r, sessionName)
			if err != nil || session.Values["which"] != "newer" {
				t.Errorf("Get: %v, %v", session.Values["which"], err)
			}
		}
	})
}

// TestResponseIsPrivate: a cache that keeps a Set-Cookie hands one visitor's
// session to the next.
func TestResponseIsPrivate(t *testing.T) {
	for _, test := range []struct {
		before http.Header
		want   http.Header
	}{
		{http.Header{}, http.Header{"Cache-Control": {"private"}, "Vary": {"Cookie"}}},
		{http.Header{"Cache-Control": {"no-store"}, "Vary": {"Accept, cookie"}}, http.Header{"Cache-Control": {"no-store"}, "Vary": {"Accept, cookie"}}},
		{http.Header{"Vary": {"Accept"}}, http.Header{"Cache-Control": {"private"}, "Vary": {"Accept", "Cookie"}}},
		{http.Header{"Vary": {"*"}}, http.Header{"Cache-Control": {"private"}, "Vary": {"*"}}},
		{http.Header{"Cache-Control": {"public, max-age=60"}}, http.Header{"Cache-Control": {"private, max-age=60"}, "Vary": {"Cookie"}}},
		{http.Header{"Surrogate-Control": {"max-age=60"}}, http.Header{"Cache-Control": {"private"}, "Vary": {"Cookie"}}},
	} {
		store := newStore(t, newKeys(t), nil)
		w := httptest.NewRecorder()
		for k, v := range test.before {
			w.Header()[k] = v
		}
		session, _ := store.New(nil, sessionName)
		for range 2 {
			if err := session.Save(nil, w); err != nil {
				t.Fatal(err)
			}
		}
		got := w.Header().Clone()
		got.Del("Set-Cookie")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
	}
}
