package gorilla_test

import (
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// TestNewCookieStore: a program with a *sessions.CookieStore keeps the type,
// and its visitors their sessions, and can go on to NewStore.
func TestNewCookieStore(t *testing.T) {
	keys, b := newKeys(t), newBrowser(t)
	b.save(sessions.NewCookieStore(authKey), setUser)
	legacy := gorilla.Legacy(securecookie.New(authKey, nil), time.Now().Add(time.Hour))
	store, err := gorilla.NewCookieStore(keys, &cookiesession.CodecOptions{Lifetime: time.Minute}, legacy)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.values(store)["user"]; got != "user-1" {
		t.Errorf("taken over: %v", got)
	}
	line := b.save(store, setUser).Header.Get("Set-Cookie")
	if got := attributesOf(line); got != "Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("attributes: %s", got)
	}
	var plain map[any]any
	if securecookie.New(authKey, nil).Decode(sessionName, b.cookie(sessionName), &plain) == nil {
		t.Error("a legacy codec has written")
	}
	if got := b.values(newStore(t, keys, nil))["user"]; got != "user-1" {
		t.Errorf("in NewStore: %v", got)
	}
	b.save(store, func(s *sessions.Session) { s.Options.MaxAge = -1 })
	if got := b.names(); len(got) != 0 {
		t.Errorf("after the deletion: %v", got)
	}
}

// TestNewCookieStoreRefuses has what gorilla's store could not do.
func TestNewCookieStoreRefuses(t *testing.T) {
	keys := newKeys(t)
	for want, opts := range map[string]*cookiesession.CodecOptions{
		"":           nil,
		"MaxSize":    {MaxSize: -1},
		"MaxCookies": {MaxCookies: 2},
		"Lifetime":   {Lifetime: -1},
	} {
		store, err := gorilla.NewCookieStore(keys, opts)
		if (err == nil) != (want == "") || (store != nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
	if _, err := gorilla.NewCookieStore(nil, nil); err == nil || !strings.Contains(err.Error(), "keyring") {
		t.Errorf("no keyring: %v", err)
	}
}

// TestOldCookieIsNamed: the first thing that visitors bring after the change of
// the line is a cookie of the old store, and the error says what to do.
func TestOldCookieIsNamed(t *testing.T) {
	b := newBrowser(t)
	b.save(sessions.NewCookieStore(authKey), setUser)
	if _, err := b.load(newStore(t, newKeys(t), nil)); err == nil || !strings.Contains(err.Error(), "see Legacy in contrib/gorilla") {
		t.Errorf("Get: %v", err)
	}
}
