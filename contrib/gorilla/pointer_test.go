package gorilla_test

import (
	"encoding/gob"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// A person is registered as gorilla's documentation shows it.
type person struct{ First, Last string }

func init() {
	gob.Register(&person{})
	cookiesession.Register("gorilla_test.person", &person{})
}

// TestPointers has the pattern of gorilla's documentation, val.(*person): a
// session has the same Go types in gorilla's store, in this one, in a session
// that this one takes over from gorilla's, and after that was saved here.
func TestPointers(t *testing.T) {
	set := func(s *sessions.Session) {
		s.Values["pointer"] = &person{"A", "B"}
		s.Values["value"] = person{"C", "D"}
		s.AddFlash(&person{"E", "F"})
		s.AddFlash(&flashMessage{Type: 1, Message: "registered as a value"})
	}
	want := map[any]any{
		"pointer": &person{"A", "B"}, "value": &person{"C", "D"},
		"_flash": []any{&person{"E", "F"}, flashMessage{Type: 1, Message: "registered as a value"}},
	}
	old := sessions.NewCookieStore(authKey)
	store := newStore(t, newKeys(t), nil, gorilla.Legacy(securecookie.New(authKey, nil), time.Now().Add(time.Hour)))
	check := func(what string, got map[any]any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	b := newBrowser(t)
	b.save(store, set)
	check("this store", b.values(store))

	b = newBrowser(t)
	b.save(old, set)
	check("gorilla's store", b.values(old))
	check("taken over", b.values(store))
	b.save(store, func(s *sessions.Session) { s.Values["saved"] = true })
	want["saved"] = true
	check("taken over and saved", b.values(store))
}
