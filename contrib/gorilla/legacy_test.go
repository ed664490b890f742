package gorilla_test

import (
	"encoding/gob"
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

func init() {
	gob.Register(flashMessage{})
	gob.Register(time.Time{})
}

var (
	authKey       = []byte("an authentication key, 32 bytes.")
	encryptionKey = []byte("0123456789abcdef")
)

// oldValues are what the old store's gob keeps.
func oldValues() map[any]any {
	return map[any]any{
		"user":   "user-1",
		42:       "an int as key",
		"count":  7,
		"bytes":  []byte{0, 255},
		"since":  time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		"raw":    "\x1f\x8b\xff",
		"_flash": []any{"one", flashMessage{Type: 1, Message: "two"}},
	}
}

// TestMigration reads what the real gorilla/securecookie wrote, once. It comes
// back as ours, with nothing lost, and nothing of the old store's is accepted
// after the date.
func TestMigration(t *testing.T) {
	for _, test := range []struct {
		what  string
		codec *securecookie.SecureCookie
		value any
		want  map[any]any
	}{
		{"gob, authenticated", securecookie.New(authKey, nil), oldValues(), oldValues()},
		{"gob, encrypted", securecookie.New(authKey, encryptionKey), oldValues(), oldValues()},
		{"JSON, authenticated", securecookie.New(authKey, nil).SetSerializer(securecookie.JSONEncoder{}),
			map[string]any{"user": "user-1", "list": []string{"a"}}, map[any]any{"user": "user-1", "list": []any{"a"}}},
		{"JSON, encrypted", securecookie.New(authKey, encryptionKey).SetSerializer(securecookie.JSONEncoder{}),
			map[string]any{"count": 7}, map[any]any{"count": 7.0}},
	} {
		t.Run(test.what, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				text, err := test.codec.Encode(sessionName, test.value)
				if err != nil {
					t.Fatal(err)
				}
				store := newStore(t, newKeys(t), nil, gorilla.Legacy(test.codec, time.Now().Add(7*day)))
				migrate(t, store, text, test.want)
			})
		})
	}
}

// migrate has a browser with an old cookie come a few times.
func migrate(t *testing.T, store *gorilla.Store, text string, want map[any]any) {
	read, saved := newBrowser(t), newBrowser(t)
	read.put(sessionName, text)
	saved.put(sessionName, text)
	if diff := cmp.Diff(want, read.values(store)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	saved.save(store, func(*sessions.Session) {})
	if got := saved.cookie(sessionName); len(got) >= len(text) {
		t.Errorf("our cookie has %d bytes, the old one %d", len(got), len(text))
	}
	time.Sleep(7*day - time.Second)
	read.values(store)
	time.Sleep(time.Second)
	if session, err := read.load(store); !session.IsNew || !errors.Is(err, cookiesession.ErrInvalid) {
		t.Errorf("after the date: IsNew %v, %v; want ErrInvalid", session.IsNew, err)
	}
	if diff := cmp.Diff(want, saved.values(store)); diff != "" {
		t.Errorf("after the date, saved (-want +got):\n%s", diff)
	}
}

// TestMigrationOfTheOldStore has gorilla's own store write, and both stores
// read side by side, as during a deployment.
func TestMigrationOfTheOldStore(t *testing.T) {
	old := sessions.NewCookieStore(authKey, nil, []byte("another authentication key 32 b."), encryptionKey)
	var legacy []*gorilla.LegacyCodec
	for _, codec := range old.Codecs {
		legacy = append(legacy, gorilla.Legacy(codec, time.Now().Add(time.Hour)))
	}
	store, b := newStore(t, newKeys(t), nil, legacy...), newBrowser(t)
	b.save(old, func(s *sessions.Session) { s.Values = oldValues() })
	b.save(store, func(s *sessions.Session) {
		if s.IsNew {
			t.Error("IsNew, though the visitor had a session")
		}
	})
	if diff := cmp.Diff(oldValues(), b.values(store)); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{sessionName}, b.names()); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	if session, err := b.load(old); err == nil || !session.IsNew {
		t.Error("the old store opens the new cookie")
	}
}

// TestLegacyNeverWrites: among several codecs, gorilla writes with the next one
// where the first cannot, and says nothing.
func TestLegacyNeverWrites(t *testing.T) {
	// This codec is one that most values are too large for.
	codec := newCodec(t, newKeys(t), &cookiesession.CodecOptions{MaxSize: 100})
	old, values := securecookie.New(authKey, nil), map[any]any{"v": noise(500)}
	if _, err := securecookie.EncodeMulti(sessionName, values, codec, old); err != nil {
		t.Fatalf("gorilla has changed, it does not fall back: %v", err)
	}
	text, err := securecookie.EncodeMulti(sessionName, values, codec, gorilla.Legacy(old, time.Now().Add(time.Hour)))
	e, ok := err.(securecookie.Error)
	if text != "" || !ok || !e.IsUsage() || e.IsDecode() {
		t.Errorf("EncodeMulti: %d bytes, %v; want errors of usage", len(text), err)
	}
}

// TestLegacyAmongCodecs: it reads in gorilla's own store, too, and ends there
// as well.
func TestLegacyAmongCodecs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		old, b := sessions.NewCookieStore(authKey), newBrowser(t)
		b.save(old, setUser)
		plain := plainStore(newCodec(t, newKeys(t), nil), gorilla.Legacy(old.Codecs[0], time.Now().Add(time.Hour)))
		if got := b.values(plain)["user"]; got != "user-1" {
			t.Errorf("user %v", got)
		}
		time.Sleep(time.Hour)
		session, err := b.load(plain)
		if e, ok := err.(securecookie.Error); !session.IsNew || !ok || !e.IsDecode() {
			t.Errorf("after the date: IsNew %v, %v; want an error with IsDecode", session.IsNew, err)
		}
	})
}

// TestLegacyTriesFew: a header full of cookies of one name costs a few
// attempts, and one that opens is found among them.
func TestLegacyTriesFew(t *testing.T) {
	old := securecookie.New(authKey, nil)
	text, err := old.Encode(sessionName, oldValues())
	if err != nil {
		t.Fatal(err)
	}
	store := newStore(t, newKeys(t), nil, gorilla.Legacy(old, time.Now().Add(time.Hour)))
	for garbage, opens := range map[int]bool{0: true, 7: true, 8: false} {
		r := requestWith(text)
		r.Header.Set("Cookie", strings.Repeat(sessionName+"=garbage; ", garbage)+r.Header.Get("Cookie"))
		if session, _ := store.Get(r, sessionName); session.IsNew == opens {
			t.Errorf("after %d others: opens %v, want %v", garbage, !session.IsNew, opens)
		}
	}
}

// A brokenCodec is somebody's codec, whose errors say nothing.
type brokenCodec struct{}

var errBroken = errors.New("broken: content")

func (brokenCodec) Encode(string, any) (string, error) { return "", errBroken }
func (brokenCodec) Decode(string, string, any) error   { return errBroken }

func TestLegacyErrors(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	old := securecookie.New(authKey, nil)
	var text string
	for _, test := range []struct {
		what   string
		codec  *gorilla.LegacyCodec
		dst    any
		want   error // nil: any
		decode bool
	}{
		{"does not open", gorilla.Legacy(old, soon), &text, nil, true},
		{"an error of somebody's codec", gorilla.Legacy(brokenCodec{}, soon), &text, cookiesession.ErrInvalid, true},
		{"after the date", gorilla.Legacy(old, time.Now()), &text, cookiesession.ErrExpired, true},
		{"no date", gorilla.Legacy(old, time.Time{}), &text, cookiesession.ErrExpired, true},
		{"no pointer", gorilla.Legacy(old, soon), text, nil, false},
		{"a nil pointer", gorilla.Legacy(old, soon), (*string)(nil), nil, false},
		{"nil", gorilla.Legacy(old, soon), nil, nil, false},
	} {
		err := test.codec.Decode("name", "garbage", test.dst)
		if err != nil && strings.Contains(err.Error(), "content") {
			t.Errorf("%s: the error quotes the codec's: %v", test.what, err)
		}
		e, ok := err.(securecookie.Error)
		if !ok || e.IsDecode() != test.decode || e.IsUsage() == test.decode || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v; IsDecode should be %v", test.what, err, test.decode)
		}
	}
}
