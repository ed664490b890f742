package interop

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	abclientstate "github.com/volatiletech/authboss-clientstate"
	"github.com/volatiletech/authboss/v3"
)

// TestAuthboss has authboss' storer read and write its state through our store.
// It takes an error that is the cookie's for no session, asks for a new one
// then, and saves without the request.
func TestAuthboss(t *testing.T) {
	put := authboss.ClientStateEvent{Kind: authboss.ClientStateEventPut, Key: "uid", Value: "user-1"}
	foreign := authbossWrite(t, newStore(t), "", put)
	for what, cookie := range map[string]string{"none": "", "garbage": "app=garbage", "empty": "app=", "of another key": foreign} {
		store := newStore(t)
		if got := authbossRead(t, store, cookie, "uid"); got != "" {
			t.Errorf("%s: uid is %q", what, got)
		}
		cookie = authbossWrite(t, store, cookie, put)
		if got := authbossRead(t, store, cookie, "uid"); got != "user-1" {
			t.Errorf("%s: after the write uid is %q", what, got)
		}
		cookie = authbossWrite(t, store, cookie, authboss.ClientStateEvent{Kind: authboss.ClientStateEventPut, Key: "kept", Value: "1"})
		cookie = authbossWrite(t, store, cookie, authboss.ClientStateEvent{Kind: authboss.ClientStateEventDelAll, Key: "kept"})
		if uid, kept := authbossRead(t, store, cookie, "uid"), authbossRead(t, store, cookie, "kept"); uid != "" || kept != "1" {
			t.Errorf("%s: after a logout uid is %q, kept is %q", what, uid, kept)
		}
		if cookie = authbossWrite(t, store, cookie, authboss.ClientStateEvent{Kind: authboss.ClientStateEventDelAll}); cookie != "app=" {
			t.Errorf("%s: the deletion is %q", what, cookie)
		}
	}
}

// TestAuthbossExpires is the test that the storer has of a store of its own: a
// session that is older than its MaxAge has no values.
func TestAuthbossExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := gorilla.NewStore(newKeys(t), &cookiesession.CodecOptions{Lifetime: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		cookie := authbossWrite(t, store, "", authboss.ClientStateEvent{Kind: authboss.ClientStateEventPut, Key: "uid", Value: "user-1"})
		for _, want := range []string{"user-1", ""} {
			if got := authbossRead(t, store, cookie, "uid"); got != want {
				t.Errorf("uid is %q, want %q", got, want)
			}
			time.Sleep(time.Hour)
		}
	})
}

func authbossRequest(cookie string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return r
}

// authbossRead returns a value of the state in a cookie.
func authbossRead(t *testing.T, store *gorilla.Store, cookie, key string) string {
	t.Helper()
	state, err := abclientstate.NewSessionStorerFromExisting("app", store).ReadState(authbossRequest(cookie))
	if err != nil {
		t.Fatal(err)
	}
	value, _ := state.Get(key)
	return value
}

// authbossWrite returns the cookie after an event.
func authbossWrite(t *testing.T, store *gorilla.Store, cookie string, event authboss.ClientStateEvent) string {
	t.Helper()
	storer := abclientstate.NewSessionStorerFromExisting("app", store)
	state, err := storer.ReadState(authbossRequest(cookie))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := storer.WriteState(w, state, []authboss.ClientStateEvent{event}); err != nil {
		t.Fatal(err)
	}
	lines := w.Header()["Set-Cookie"]
	if len(lines) != 1 {
		t.Fatalf("Set-Cookie is %q", lines)
	}
	pair, _, _ := strings.Cut(lines[0], ";")
	return pair
}
