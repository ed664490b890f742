package gorilla_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"errors"
	"fmt"
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
	if session, err := read.load(store); !session.IsNew || !errors.Is(err, cookiesession.ErrInvalid) || errors.Is(err, cookiesession.ErrExpired) {
		t.Errorf("after the date: IsNew %v, %v; want ErrInvalid alone", session.IsNew, err)
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

// A past is an old store's cookie, and a store that reads it.
type past struct {
	*gorilla.Store
	codec *securecookie.SecureCookie
	text  string
}

// newPast has an old store write a cookie now, for a session called app, and
// returns a store with these options. It reads such cookies for a year.
func newPast(t *testing.T, keys *cookiesession.Keyring, opts *cookiesession.CodecOptions) *past {
	t.Helper()
	codec := securecookie.New(authKey, nil).MaxAge(0)
	text, err := codec.Encode(sessionName, map[any]any{"user": "old"})
	if err != nil {
		t.Fatal(err)
	}
	return &past{newStore(t, keys, opts, gorilla.Legacy(codec, time.Now().Add(365*day))), codec, text}
}

// TestLegacyRules checks when a cookie of the old store may stand for a
// session: not if it was revoked, and not in the place of one of ours that was.
func TestLegacyRules(t *testing.T) {
	sealing, revoked := cookiesession.NewKey(), cookiesession.NewKey()
	keys, err := cookiesession.ParseKeyring(sealing.Secret() + "\nrevoked " + revoked.ID())
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of a bubble
	seal := func(t *testing.T, keys *cookiesession.Keyring) string {
		return newSealed(t, newStore(t, keys, nil), "ours")
	}
	for _, test := range []struct {
		what  string
		opts  cookiesession.CodecOptions
		age   int                       // the store's MaxAge; 0: its MaxLifetime, below: 0
		ours  func(t *testing.T) string // before the old cookie was saved; nil: none
		later func(t *testing.T) string // after it was
		after time.Duration             // both
		want  error                     // nil: the old cookie's session
	}{
		{what: "no other"},
		{what: "junk", ours: func(*testing.T) string { return "junk" }},
		{what: "an unknown key", ours: func(t *testing.T) string { return seal(t, newKeys(t)) }},
		{what: "a revoked key", ours: func(t *testing.T) string { return seal(t, keysOf(t, revoked)) }, want: cookiesession.ErrRevoked},
		{what: "altered", ours: func(t *testing.T) string { text := seal(t, keys); return alter(text, len(text)/2) }, want: cookiesession.ErrInvalid},
		{what: "a newer release", ours: func(t *testing.T) string {
			token, err := base64.RawURLEncoding.DecodeString(seal(t, keysOf(t, sealing)))
			if err != nil {
				t.Fatal(err)
			}
			token[0] = 2 // the version
			return base64.RawURLEncoding.EncodeToString(token)
		}, want: cookiesession.ErrNewer},
		{what: "expired before it", ours: func(t *testing.T) string { return newSealed(t, newStore(t, keys, nil), "ours") }, after: 14*day - time.Hour},
		{what: "expired after it", later: func(t *testing.T) string { return seal(t, keysOf(t, sealing)) }, after: 14*day + time.Hour,
			opts: cookiesession.CodecOptions{MaxLifetime: 30 * day}, want: cookiesession.ErrExpired},

		{what: "NotBefore ahead", opts: cookiesession.CodecOptions{NotBefore: start.Add(10 * day)}},
		{what: "NotBefore in force", opts: cookiesession.CodecOptions{NotBefore: start}, want: cookiesession.ErrRevoked},

		{what: "within the Lifetime", after: 14*day - time.Second},
		{what: "at its end", after: 14 * day, want: gorilla.ErrLegacyExpired},
		{what: "within the MaxLifetime", opts: cookiesession.CodecOptions{MaxLifetime: 30 * day}, after: 30*day - time.Second},
		{what: "no MaxAge, within the MaxLifetime", age: -1, opts: cookiesession.CodecOptions{MaxLifetime: 30 * day}, after: 30*day - time.Second},
		{what: "no MaxAge, at the end of that", age: -1, opts: cookiesession.CodecOptions{MaxLifetime: 30 * day}, after: 30 * day, want: gorilla.ErrLegacyExpired},
		{what: "at the end of that", opts: cookiesession.CodecOptions{MaxLifetime: 30 * day}, after: 30 * day, want: gorilla.ErrLegacyExpired},
	} {
		t.Run(test.what, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var others []string
				if test.ours != nil {
					others = append(others, test.ours(t))
					time.Sleep(2 * time.Hour)
				}
				old := newPast(t, keys, &test.opts)
				switch {
				case test.age != 0:
					old.MaxAge(max(0, test.age))
				case test.opts.MaxLifetime != 0:
					old.MaxAge(int(test.opts.MaxLifetime / time.Second))
				}
				if test.later != nil {
					time.Sleep(time.Minute)
					others = append(others, test.later(t))
				}
				time.Sleep(test.after)
				for _, order := range [][]string{append([]string{old.text}, others...), append(others, old.text)} {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					for _, value := range order {
						r.AddCookie(&http.Cookie{Name: sessionName, Value: value})
					}
					session, err := old.Get(r, sessionName)
					if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || session.IsNew == (test.want == nil) {
						t.Errorf("%d cookies: IsNew %v, values %v, %v; want %v", len(order), session.IsNew, session.Values, err, test.want)
					}
				}
			})
		})
	}
}

// TestLegacySplit: a session in several cookies that has expired is answered
// for as one in a single cookie is. Whichever length the first part has, an
// older cookie of the old store does not stand in for it, and a younger does.
func TestLegacySplit(t *testing.T) {
	for _, test := range []struct {
		what string
		size int
		ours int // cookies
		wait time.Duration
		want error
	}{
		{"one cookie, older", 10, 1, -time.Minute, nil},
		{"one cookie, younger", 10, 1, time.Minute, cookiesession.ErrExpired},
		{"two cookies, older", 5000, 2, -time.Minute, nil},
		{"two cookies, younger", 5000, 2, time.Minute, cookiesession.ErrExpired},
	} {
		for limit := range 4 { // the length of a first part, modulo 4
			t.Run(fmt.Sprintf("%s, %d", test.what, limit), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					keys := newKeys(t)
					b := newBrowser(t)
					ours := map[string]string{}
					save := func() {
						b.save(newStore(t, keys, &cookiesession.CodecOptions{MaxCookies: 4, MaxSize: 4093 - limit}), big(test.size))
						for _, name := range b.names() {
							ours[name] = b.cookie(name)
						}
						if len(ours) != test.ours {
							t.Fatalf("%d cookies, want %d", len(ours), test.ours)
						}
					}
					if test.wait < 0 {
						save()
						time.Sleep(-test.wait)
					}
					old := newPast(t, keys, &cookiesession.CodecOptions{MaxLifetime: 30 * day, MaxCookies: 4})
					old.MaxAge(30 * 86400)
					if test.wait > 0 {
						time.Sleep(test.wait)
						save()
					}
					time.Sleep(14*day + time.Hour)
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					r.AddCookie(&http.Cookie{Name: sessionName, Value: old.text})
					for name, value := range ours {
						r.AddCookie(&http.Cookie{Name: name, Value: value})
					}
					session, err := old.Get(r, sessionName)
					if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || session.IsNew == (test.want == nil) {
						t.Errorf("IsNew %v, values %v, %v; want %v", session.IsNew, session.Values, err, test.want)
					}
				})
			})
		}
	}
}

// newSealed returns the cookie of a session that a store saves now.
func newSealed(t *testing.T, store *gorilla.Store, user string) string {
	t.Helper()
	b := newBrowser(t)
	b.save(store, func(s *sessions.Session) { s.Values["user"] = user })
	return b.cookie(sessionName)
}

// TestLegacyEnd: the session that an old cookie becomes ends when the old one
// would have, however often it is saved, and also if the Lifetime is shorter.
func TestLegacyEnd(t *testing.T) {
	for _, test := range []struct {
		what        string
		opts        cookiesession.CodecOptions
		maxAge      int // seconds; 0: the store's default
		convertedAt time.Duration
		end         time.Duration // after the old cookie was saved
	}{
		{"the Lifetime", cookiesession.CodecOptions{}, 0, 10 * day, 14 * day},
		{"a longer one", cookiesession.CodecOptions{Lifetime: 30 * day}, 0, 20 * day, 30 * day},
		{"the old MaxAge within MaxLifetime", cookiesession.CodecOptions{MaxLifetime: 60 * day}, 30 * 86400, 20 * day, 30 * day},
	} {
		t.Run(test.what, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				old, b := newPast(t, newKeys(t), &test.opts), newBrowser(t)
				if test.maxAge != 0 {
					old.MaxAge(test.maxAge)
				}
				saved := time.Now()
				time.Sleep(test.convertedAt)
				b.put(sessionName, old.text)
				for range 2 { // the second time it is ours
					response := b.save(old.Store, func(s *sessions.Session) { s.Values["more"] = true })
					if got, want := response.Cookies()[0].MaxAge, int(time.Until(saved.Add(test.end))/time.Second); got != want {
						t.Errorf("the browser is told Max-Age %d, want %d", got, want)
					}
					time.Sleep(time.Hour)
				}
				value := b.cookie(sessionName)
				time.Sleep(time.Until(saved.Add(test.end - time.Second)))
				if session, err := old.Get(requestWith(value), sessionName); err != nil || session.Values["user"] != "old" {
					t.Errorf("before the end: %v, %v", session.Values, err)
				}
				time.Sleep(time.Second)
				if session, err := old.Get(requestWith(value), sessionName); !session.IsNew || !errors.Is(err, cookiesession.ErrExpired) {
					t.Errorf("at the end: IsNew %v, %v", session.IsNew, err)
				}
			})
		})
	}
}

// TestLegacyOfAnotherCodec: a codec that is none of gorilla's does not tell
// when a cookie was saved. Its session begins when it is converted.
func TestLegacyOfAnotherCodec(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		text, err := securecookie.New(authKey, nil).MaxAge(0).Encode(sessionName, map[any]any{"user": "old"})
		if err != nil {
			t.Fatal(err)
		}
		wrapped := struct{ securecookie.Codec }{securecookie.New(authKey, nil).MaxAge(0)}
		store := newStore(t, newKeys(t), nil, gorilla.Legacy(wrapped, time.Now().Add(365*day)))
		b := newBrowser(t)
		time.Sleep(20 * day)
		b.put(sessionName, text)
		response := b.save(store, func(*sessions.Session) {})
		if got := response.Cookies()[0].MaxAge; got != 14*86400 {
			t.Errorf("Max-Age %d", got)
		}
		// It can't be known to be later than ours, by whichever end that is
		// over.
		for _, maxAge := range []int{3600, 0} {
			store.MaxAge(maxAge)
			ours := newSealed(t, store, "ours")
			time.Sleep(time.Hour)
			if maxAge == 0 {
				time.Sleep(14 * day)
			}
			r := requestWith(text)
			r.AddCookie(&http.Cookie{Name: sessionName, Value: ours})
			if session, err := store.Get(r, sessionName); !session.IsNew || !errors.Is(err, cookiesession.ErrExpired) {
				t.Errorf("MaxAge %d, beside one of ours that has expired: IsNew %v, %v", maxAge, session.IsNew, err)
			}
		}
	})
}

// TestLegacyName: while both programs run, the two stores have cookies of two
// names. A logout deletes both, and only what the request may have brought.
func TestLegacyName(t *testing.T) {
	codec := securecookie.New(authKey, nil)
	store := newStore(t, newKeys(t), nil, gorilla.Legacy(codec, time.Now().Add(time.Hour)))
	store.LegacyName = func(name string) string { return "old-" + name }
	oldText, err := codec.Encode("old-"+sessionName, map[any]any{"user": "old"})
	if err != nil {
		t.Fatal(err)
	}
	otherText, err := codec.Encode(sessionName, map[any]any{"user": "other"})
	if err != nil {
		t.Fatal(err)
	}

	b := newBrowser(t)
	b.put(sessionName, otherText)
	if session, err := b.load(store); !session.IsNew || !errors.Is(err, cookiesession.ErrInvalid) {
		t.Errorf("an old cookie under the new name: IsNew %v, %v", session.IsNew, err)
	}
	b.put(sessionName, "")
	if session, err := b.load(store); !session.IsNew || err != nil {
		t.Errorf("no cookie: IsNew %v, %v", session.IsNew, err)
	}
	foreign, err := securecookie.New(encryptionKey, nil).Encode("old-"+sessionName, oldValues())
	if err != nil {
		t.Fatal(err)
	}
	b.put("old-"+sessionName, foreign)
	if session, err := b.load(store); !session.IsNew || !errors.Is(err, cookiesession.ErrInvalid) || !errors.Is(err, securecookie.ErrMacInvalid) {
		t.Errorf("an old cookie that does not open: IsNew %v, %v", session.IsNew, err)
	}
	b.put("old-"+sessionName, oldText)
	b.save(store, func(s *sessions.Session) {
		if s.Values["user"] != "old" {
			t.Errorf("values %v", s.Values)
		}
		s.Values["user"] = "new"
	})
	if diff := cmp.Diff([]string{"old-" + sessionName, sessionName}, b.names()); diff != "" {
		t.Errorf("cookies of a converted session (-want +got):\n%s", diff)
	}
	if got := b.values(store)["user"]; got != "new" {
		t.Errorf("with both cookies, user is %v", got)
	}
	b.save(store, func(s *sessions.Session) { s.Options.MaxAge = -1 })
	if got := b.names(); got != nil {
		t.Errorf("after the logout: %v", got)
	}

	// The old cookie is deleted where it may be.
	without := newStore(t, newKeys(t), nil)
	without.LegacyName = store.LegacyName
	for _, test := range []struct {
		store *gorilla.Store
		r     *http.Request
		want  int
	}{{store, nil, 2}, {store, httptest.NewRequest(http.MethodPost, "/", nil), 1}, {without, nil, 1}} {
		session, _ := test.store.New(nil, sessionName)
		session.Options.MaxAge = -1
		w := httptest.NewRecorder()
		if err := test.store.Save(test.r, w, session); err != nil || len(w.Header()["Set-Cookie"]) != test.want {
			t.Errorf("request %v: %v, Set-Cookie %q", test.r != nil, err, w.Header()["Set-Cookie"])
		}
	}
}

// A gone type was registered with gob by the old program alone.
type gone struct{ A int }

// A goneSerializer writes gob as a program does that knows another type.
type goneSerializer struct{ securecookie.GobEncoder }

func (s goneSerializer) Serialize(src any) ([]byte, error) {
	b, err := s.GobEncoder.Serialize(src)
	return bytes.ReplaceAll(b, []byte("gorilla_test.gone"), []byte("gorilla_test.lost")), err
}

// TestLegacyErrorIsFound: what the old codec says about a cookie reaches those
// who look for it, by Get and by OnRefused, and no log by itself.
func TestLegacyErrorIsFound(t *testing.T) {
	gob.RegisterName("gorilla_test.gone", gone{})
	old := securecookie.New(authKey, nil)
	text, err := securecookie.New(authKey, nil).SetSerializer(goneSerializer{}).Encode(sessionName, map[any]any{"user": gone{7}})
	if err != nil {
		t.Fatal(err)
	}
	store := newStore(t, newKeys(t), nil, gorilla.Legacy(old, time.Now().Add(time.Hour)))
	const missing = "name not registered"
	check := func(err error) {
		t.Helper()
		var said *gorilla.LegacyError
		if !errors.As(err, &said) || !strings.Contains(said.Err.Error(), missing) {
			t.Fatalf("%v; the old codec's: %v", err, said)
		}
		e, ok := err.(securecookie.Error)
		if !errors.Is(err, cookiesession.ErrInvalid) || strings.Contains(err.Error(), missing) || !ok || !e.IsDecode() {
			t.Errorf("error %v", err)
		}
		if got := cookiesession.ReasonOf(err); got != cookiesession.ReasonMalformed {
			t.Errorf("the reason is %q", got)
		}
	}
	_, err = store.Get(requestWith(text), sessionName)
	check(err)
	told := 0
	store.OnRefused = func(_ *http.Request, _ string, err error) { told++; check(err) }
	if _, err = store.Get(requestWith(text), sessionName); err != nil || told != 1 {
		t.Errorf("Get: %v, told %d times", err, told)
	}
}

// TestLegacyFollowsAPointer: a method that is given a *T may decode into &t.
func TestLegacyFollowsAPointer(t *testing.T) {
	old := securecookie.New([]byte(strings.Repeat("k", 32)), nil)
	text, err := old.Encode("n", map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{"stale": 2}
	dst := &got
	if err := gorilla.Legacy(old, time.Now().Add(time.Hour)).Decode("n", text, &dst); err != nil || dst != &got || len(got) != 1 || got["a"] != 1 {
		t.Errorf("%v, error %v", got, err)
	}
}
