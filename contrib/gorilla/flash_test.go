package gorilla_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"example.com/cookiesession"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/sessions"
)

// flashMessage is a type that the application registers, as it did with gob.
type flashMessage struct {
	Type    int
	Message string
}

func init() { cookiesession.Register("gorilla_test.flashMessage", flashMessage{}) }

// TestFlashes shows flash messages once: strings, under a key of their own, and
// as pointers to structs, which come back as values.
func TestFlashes(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	b.do(func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, sessionName)
		if err != nil {
			t.Fatal(err)
		}
		if got := session.Flashes(); len(got) != 0 {
			t.Errorf("a new session has flashes %v", got)
		}
		session.AddFlash("one")
		session.AddFlash(&flashMessage{Type: 42, Message: "two"})
		session.AddFlash("three", "custom")
		if err := sessions.Save(r, w); err != nil { // all of the request's sessions
			t.Fatal(err)
		}
		if got := w.Header()["Set-Cookie"]; len(got) != 1 {
			t.Errorf("%d Set-Cookie, want 1", len(got))
		}
	})
	b.save(store, func(s *sessions.Session) {
		if diff := cmp.Diff([]any{"one", flashMessage{Type: 42, Message: "two"}}, s.Flashes()); diff != "" {
			t.Errorf("flashes (-want +got):\n%s", diff)
		}
		if got := s.Flashes(); len(got) != 0 {
			t.Errorf("flashes are there twice: %v", got)
		}
	})
	b.save(store, func(s *sessions.Session) {
		if got := s.Flashes(); len(got) != 0 {
			t.Errorf("flashes came back: %v", got)
		}
		if diff := cmp.Diff([]any{"three"}, s.Flashes("custom")); diff != "" {
			t.Errorf("flashes under a key (-want +got):\n%s", diff)
		}
	})
	b.save(store, func(s *sessions.Session) {
		if got := s.Flashes("custom"); len(got) != 0 {
			t.Errorf("flashes under a key came back: %v", got)
		}
	})
}

// TestSessionMadeByHand saves a session that no request brought.
func TestSessionMadeByHand(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	b.do(func(w http.ResponseWriter, r *http.Request) {
		session := sessions.NewSession(store, sessionName)
		session.Values["data"] = "hello"
		if err := session.Save(r, w); err != nil {
			t.Error(err)
		}
	})
	if diff := cmp.Diff(map[any]any{"data": "hello"}, b.values(store)); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// TestRegistryWithoutGet: libraries ask gorilla's registry for sessions, and
// the registry binds them to whichever store it was asked with last.
func TestRegistryWithoutGet(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	b.do(func(w http.ResponseWriter, r *http.Request) {
		session, err := sessions.GetRegistry(r).Get(store, sessionName)
		if err != nil {
			t.Fatal(err)
		}
		setUser(session)
		if err := sessions.GetRegistry(r).Save(w); err != nil {
			t.Error(err)
		}
	})
	r, w := b.request(), httptest.NewRecorder()
	first, err := store.Get(r, sessionName)
	if err != nil || first.Values["user"] != "user-1" {
		t.Fatalf("Get: %v, %v", first.Values, err)
	}
	other := newStore(t, newKeys(t), nil)
	if again, _ := other.Get(r, sessionName); again != first {
		t.Error("the registry knows two sessions of one name")
	}
	if err := first.Save(r, w); err != nil { // by the other store's keys
		t.Fatal(err)
	}
	if session, err := other.New(requestWith(w.Result().Cookies()[0].Value), sessionName); err != nil || session.IsNew {
		t.Errorf("the other store: IsNew %v, %v", session.IsNew, err)
	}
	w = httptest.NewRecorder()
	if err := store.Save(r, w, first); err != nil { // as authboss calls it, on a store of its own
		t.Fatal(err)
	}
	if session, err := store.New(requestWith(w.Result().Cookies()[0].Value), sessionName); err != nil || session.IsNew {
		t.Errorf("the store that was called: IsNew %v, %v", session.IsNew, err)
	}
}

// TestStoreOfASession: what Session.Store returns is a store like any other.
func TestStoreOfASession(t *testing.T) {
	inBubble(t, testStoreOfASession)
}

func testStoreOfASession(t *testing.T) {
	keys := newKeys(t)
	store, codec, long := newStore(t, keys, nil), newCodec(t, keys, nil), time.Now().Add(-time.Hour).UTC()
	text, err := codec.Seal(sessionName, map[any]any{"user": "user-1"}, cookiesession.Meta{Created: long})
	if err != nil {
		t.Fatal(err)
	}
	r := requestWith(text)
	session, err := store.Get(r, sessionName)
	if err != nil {
		t.Fatal(err)
	}
	for call, get := range map[string]func(*http.Request, string) (*sessions.Session, error){
		"Get": session.Store().Get, "New": session.Store().New,
	} {
		if other, err := get(r, "other"); err != nil || !other.IsNew || other.Name() != "other" {
			t.Errorf("%s of another: %v", call, err)
		}
		if same, err := get(r, sessionName); err != nil || same.Values["user"] != "user-1" {
			t.Errorf("%s of the same: %v", call, err)
		}
	}
	second := sessions.NewSession(session.Store(), "second")
	setUser(second)
	w := httptest.NewRecorder()
	if err := second.Save(r, w); err != nil {
		t.Fatal(err)
	}
	if err := session.Save(r, w); err != nil {
		t.Fatal(err)
	}
	created := map[string]time.Time{}
	for _, c := range w.Result().Cookies() {
		meta, err := codec.Open(c.Name, c.Value, new(any))
		if err != nil {
			t.Fatal(err)
		}
		created[c.Name] = meta.Created
	}
	if want := (map[string]time.Time{sessionName: long, "second": time.Unix(time.Now().Unix(), 0).UTC()}); !cmp.Equal(want, created) {
		t.Errorf("created: %v, want %v", created, want)
	}
}
