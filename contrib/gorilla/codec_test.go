package gorilla_test

import (
	"encoding/base64"
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

func newCodec(t testing.TB, keys *cookiesession.Keyring, opts *cookiesession.CodecOptions) *cookiesession.Codec {
	t.Helper()
	codec, err := cookiesession.NewCodec(keys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// plainStore is gorilla's own store around codecs.
func plainStore(codecs ...securecookie.Codec) *sessions.CookieStore {
	return &sessions.CookieStore{Codecs: codecs, Options: &sessions.Options{Path: "/", MaxAge: 86400, Secure: true, HttpOnly: true}}
}

// TestCodecInCookieStore is the smallest change there is. Moving on to this
// package's store, and back, keeps the sessions.
func TestCodecInCookieStore(t *testing.T) {
	keys, b := newKeys(t), newBrowser(t)
	plain, store := plainStore(newCodec(t, keys, nil)), newStore(t, keys, nil)
	b.save(plain, func(s *sessions.Session) {
		setUser(s)
		s.Values[42] = []byte{1, 2}
		s.AddFlash(&flashMessage{Type: 1, Message: "hi"})
	})
	want := map[any]any{"user": "user-1", 42: []byte{1, 2}, "_flash": []any{flashMessage{Type: 1, Message: "hi"}}}
	if diff := cmp.Diff(want, b.values(plain)); diff != "" {
		t.Errorf("gorilla's store (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, b.values(store)); diff != "" {
		t.Errorf("this store (-want +got):\n%s", diff)
	}
	b.save(store, setUser)
	if diff := cmp.Diff(want, b.values(plain)); diff != "" {
		t.Errorf("back in gorilla's store (-want +got):\n%s", diff)
	}
}

// TestCodecBindsTheName: a value cannot be moved to another cookie.
func TestCodecBindsTheName(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	b.save(store, setUser)
	b.put("other", b.cookie(sessionName))
	if _, err := store.Get(b.request(), "other"); !errors.Is(err, cookiesession.ErrInvalid) {
		t.Errorf("Get: %v, want ErrInvalid", err)
	}
}

// TestDecodeInvalid: junk, encoded in several ways, is refused as a bad cookie,
// not as a broken program.
func TestDecodeInvalid(t *testing.T) {
	codec := newCodec(t, newKeys(t), nil)
	sealed, err := newCodec(t, newKeys(t), nil).Encode("name", "value")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{sealed, sealed[1:], sealed + "A", strings.Repeat("A", 1<<16)}
	for _, junk := range []string{"", " ", "\n", "||", "|||", "1|2|3", "cookie", strings.Repeat("\x01", 60)} {
		texts = append(texts, junk)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			texts = append(texts, encoding.EncodeToString([]byte(junk)))
		}
	}
	for _, text := range texts {
		dst := "untouched"
		err := codec.Decode("name", text, &dst)
		e, ok := err.(securecookie.Error)
		if !ok || !e.IsDecode() || e.IsUsage() || e.IsInternal() {
			t.Errorf("%.20q: error %v; want one with IsDecode alone", text, err)
		}
		if dst != "untouched" {
			t.Errorf("%.20q: dst is %q after an error", text, dst)
		}
		multi := securecookie.DecodeMulti("name", text, &dst, codec, codec)
		if e, ok := multi.(securecookie.MultiError); !ok || !e.IsDecode() || e.IsUsage() {
			t.Errorf("%.20q: DecodeMulti: %v; want IsDecode, which callers take for no session", text, multi)
		}
	}
}

// TestMultiErrorOfUsage: errors that are the program's stay so among several
// codecs.
func TestMultiErrorOfUsage(t *testing.T) {
	one, two := newCodec(t, newKeys(t), nil), newCodec(t, newKeys(t), nil)
	for what, value := range map[string]any{"a type that can't be encoded": make(chan int), "too large": noise(5000)} {
		_, err := securecookie.EncodeMulti("name", value, one, two)
		multi, ok := err.(securecookie.MultiError)
		if !ok || len(multi) != 2 || !multi.IsUsage() || multi.IsDecode() || multi.IsInternal() {
			t.Errorf("%s: %v; want two errors of usage", what, err)
		}
	}
}

// TestDecodeReplaces: gob merges into a map that is not empty. This codec
// replaces it, as does a legacy one.
func TestDecodeReplaces(t *testing.T) {
	old := securecookie.New([]byte("0123456789abcdef0123456789abcdef"), nil)
	for what, codec := range map[string][2]securecookie.Codec{
		"ours":   {newCodec(t, newKeys(t), nil), nil},
		"legacy": {old, gorilla.Legacy(old, time.Now().Add(time.Hour))},
	} {
		writer, reader := codec[0], codec[1]
		if reader == nil {
			reader = writer
		}
		text, err := writer.Encode("name", map[any]any{"new": 1})
		if err != nil {
			t.Fatal(err)
		}
		dst := map[any]any{"old": 1}
		if err := reader.Decode("name", text, &dst); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[any]any{"new": 1}, dst); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		dst = map[any]any{"old": 1}
		if err := reader.Decode("other", text, &dst); err == nil || len(dst) != 1 || dst["old"] != 1 {
			t.Errorf("%s: %v, and dst is %v; want it untouched", what, err, dst)
		}
	}
}

// TestMaxAgeDoesNotReachAForeignCodec: gorilla's store passes MaxAge on to its
// own codec only. A Codec has a Lifetime; this package's store checks both.
func TestMaxAgeDoesNotReachAForeignCodec(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		keys := newKeys(t)
		codec := newCodec(t, keys, &cookiesession.CodecOptions{Lifetime: 10 * time.Second})
		plain, store := plainStore(codec), newStore(t, keys, nil)
		plain.MaxAge(1)
		store.MaxAge(1)
		b := newBrowser(t)
		b.save(plain, setUser)
		value := b.cookie(sessionName)
		expired := func(store sessions.Store) bool {
			session, err := store.Get(requestWith(value), sessionName)
			return session.IsNew && err != nil
		}
		time.Sleep(2 * time.Second)
		if expired(plain) || !expired(store) {
			t.Errorf("after 2 s: gorilla's store refuses: %v, this one: %v", expired(plain), expired(store))
		}
		time.Sleep(8 * time.Second)
		if !expired(plain) {
			t.Error("the Lifetime of the Codec is not enforced")
		}
	})
}

// TestRotation: a value opens under every key of the ring, and the next Save
// moves it to the sealing one.
func TestRotation(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	b := newBrowser(t)
	b.save(newStore(t, keysOf(t, older), nil), setUser)
	both := newStore(t, keysOf(t, newer, older), nil)
	b.values(both)
	if _, err := b.load(newStore(t, keysOf(t, newer), nil)); !errors.Is(err, cookiesession.ErrUnknownKey) {
		t.Fatalf("reading alone resealed it: %v", err)
	}
	b.save(both, func(*sessions.Session) {})
	if got := b.values(newStore(t, keysOf(t, newer), nil))["user"]; got != "user-1" {
		t.Errorf("after the Save: %v", got)
	}
}

// TestFilesystemStore: the codec seals its file, which is no cookie, too.
func TestFilesystemStore(t *testing.T) {
	store, b := sessions.NewFilesystemStore(t.TempDir()), newBrowser(t)
	store.Codecs = []securecookie.Codec{newCodec(t, newKeys(t), &cookiesession.CodecOptions{MaxSize: -1})}
	store.Options.Secure = true
	b.save(store, big(20000))
	if b.values(store)["big"] != noise(20000) {
		t.Error("the session does not come back")
	}
	if got := len(b.cookie(sessionName)); got > 200 {
		t.Errorf("its cookie has %d bytes", got)
	}
}
