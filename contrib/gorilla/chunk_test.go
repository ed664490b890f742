package gorilla_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cookiesession"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/sessions"
)

// noise returns n bytes, no text, that nothing makes smaller.
func noise(n int) string {
	source := rand.New(rand.NewPCG(1, uint64(n)))
	bytes := make([]byte, n)
	for i := range bytes {
		bytes[i] = byte(source.Uint32())
	}
	return string(bytes)
}

var splitting = &cookiesession.CodecOptions{MaxCookies: 4}

func big(n int) func(*sessions.Session) {
	return func(s *sessions.Session) { s.Values["big"] = noise(n) }
}

// TestSizes grows and shrinks a session. The browser never keeps a cookie that
// is not the session's.
func TestSizes(t *testing.T) {
	store, b := newStore(t, newKeys(t), splitting), newBrowser(t)
	for _, test := range []struct {
		size    int
		cookies int
	}{{10, 1}, {8000, 3}, {5000, 2}, {10, 1}, {8000, 3}, {10, 1}, {5000, 2}, {8000, 3}, {11000, 4}, {10, 1}} {
		response := b.save(store, big(test.size))
		for _, line := range response.Header["Set-Cookie"] {
			if pair, attributes, _ := strings.Cut(line, "; "); len(pair) > 4093+len("=") || len(attributes) > 1024 {
				t.Errorf("%d characters: a browser drops a cookie of %d", test.size, len(pair))
			}
		}
		var want []string
		for i := range test.cookies {
			want = append(want, []string{sessionName, sessionName + "_2", sessionName + "_3", sessionName + "_4"}[i])
		}
		if diff := cmp.Diff(want, b.names()); diff != "" {
			t.Errorf("%d characters: cookies (-want +got):\n%s", test.size, diff)
		}
		if got := b.values(store)["big"]; got != noise(test.size) {
			t.Errorf("%d characters do not come back", test.size)
		}
	}
}

func TestTooLarge(t *testing.T) {
	for _, opts := range []*cookiesession.CodecOptions{nil, splitting} {
		store, b := newStore(t, newKeys(t), opts), newBrowser(t)
		b.save(store, setUser)
		response := b.do(func(w http.ResponseWriter, r *http.Request) {
			session, _ := store.Get(r, sessionName)
			big(13000)(session)
			err := session.Save(r, w)
			var figures *cookiesession.TooLargeError
			if !errors.Is(err, cookiesession.ErrTooLarge) || !errors.As(err, &figures) || figures.Size <= figures.Limit {
				t.Errorf("Save: %v; want ErrTooLarge with figures", err)
			}
		})
		if len(response.Header) != 0 {
			t.Errorf("header %v after a failed Save", response.Header)
		}
		if got := b.values(store)["user"]; got != "user-1" {
			t.Errorf("the session that was there is lost: %v", got)
		}
	}
}

// TestPartsBreak: what is not one session as it was saved is none, and the next
// Save mends it.
func TestPartsBreak(t *testing.T) {
	part2, part3 := sessionName+"_2", sessionName+"_3"
	for _, test := range []struct {
		what  string
		spoil func(b, other *browser)
	}{
		{"the first is missing", func(b, _ *browser) { b.put(sessionName, "") }},
		{"one is missing", func(b, _ *browser) { b.put(part2, "") }},
		{"the last is missing", func(b, _ *browser) { b.put(part3, "") }},
		{"one is altered", func(b, _ *browser) { b.put(part2, alter(b.cookie(part2), 100)) }},
		{"one is cut", func(b, _ *browser) { b.put(part3, b.cookie(part3)[:20]) }},
		{"two are swapped", func(b, _ *browser) {
			two, three := b.cookie(part2), b.cookie(part3)
			b.put(part2, three)
			b.put(part3, two)
		}},
		{"one is another session's", func(b, other *browser) { b.put(part2, other.cookie(part2)) }},
		{"the first is another session's", func(b, other *browser) { b.put(sessionName, other.cookie(sessionName)) }},
		{"the count is one less", func(b, _ *browser) { b.put(sessionName, recount(b.cookie(sessionName), 2)) }},
		{"the count is one more", func(b, _ *browser) {
			b.put(sessionName, recount(b.cookie(sessionName), 4))
			b.put(sessionName+"_4", b.cookie(part3))
		}},
		{"the count is one", func(b, _ *browser) { b.put(sessionName, recount(b.cookie(sessionName), 1)) }},
	} {
		store := newStore(t, newKeys(t), splitting)
		b, other := newBrowser(t), newBrowser(t)
		b.save(store, big(8000))
		other.save(store, big(8001))
		test.spoil(b, other)
		session, err := b.load(store)
		if !session.IsNew || len(session.Values) != 0 {
			t.Errorf("%s: the session opens", test.what)
		}
		if b.cookie(sessionName) != "" && !errors.Is(err, cookiesession.ErrInvalid) {
			t.Errorf("%s: Get: %v, want ErrInvalid", test.what, err)
		}
		b.do(func(w http.ResponseWriter, r *http.Request) {
			session, _ := store.Get(r, sessionName)
			setUser(session)
			if err := session.Save(r, w); err != nil {
				t.Errorf("%s: %v", test.what, err)
			}
		})
		if diff := cmp.Diff([]string{sessionName}, b.names()); diff != "" {
			t.Errorf("%s: cookies after the next Save (-want +got):\n%s", test.what, diff)
		}
	}
}

// alter changes the i-th character.
func alter(text string, i int) string {
	other := "A"
	if text[i:i+1] == other {
		other = "B"
	}
	return text[:i] + other + text[i+1:]
}

// recount changes the number of parts, which stands in the first character.
func recount(text string, parts int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[(parts-1)<<2|strings.IndexByte(alphabet, text[0])&3]) + text[1:]
}

func TestDeletionOfParts(t *testing.T) {
	store, b := newStore(t, newKeys(t), splitting), newBrowser(t)
	b.save(store, big(8000))
	response := b.save(store, func(s *sessions.Session) { s.Options.MaxAge = -1 })
	want := []string{}
	for _, name := range []string{sessionName, sessionName + "_2", sessionName + "_3"} {
		want = append(want, name+"=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; SameSite=Lax; HttpOnly; Secure")
	}
	if diff := cmp.Diff(want, response.Header["Set-Cookie"]); diff != "" {
		t.Errorf("Set-Cookie (-want +got):\n%s", diff)
	}
	if got := b.names(); got != nil {
		t.Errorf("cookies %v are left", got)
	}
}

// TestFewerCookiesAllowed: a session that was split still opens once the store
// allows fewer cookies. It can't be saved as it is, and once it is smaller,
// none of the other parts stays.
func TestFewerCookiesAllowed(t *testing.T) {
	keys, b := newKeys(t), newBrowser(t)
	b.save(newStore(t, keys, splitting), big(8000))
	store := newStore(t, keys, &cookiesession.CodecOptions{MaxCookies: 2})
	session, err := b.load(store)
	if err != nil || session.IsNew {
		t.Fatalf("Get: IsNew %v, %v", session.IsNew, err)
	}
	if err := session.Save(b.request(), httptest.NewRecorder()); !errors.Is(err, cookiesession.ErrTooLarge) {
		t.Errorf("Save: %v, want ErrTooLarge", err)
	}
	b.save(store, func(s *sessions.Session) { delete(s.Values, "big"); setUser(s) })
	if diff := cmp.Diff([]string{sessionName}, b.names()); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

// TestTwoSessions: sessions of two names do not know of each other, even if one
// is called like a part that the other could have if it were split.
func TestTwoSessions(t *testing.T) {
	names := []string{sessionName, "second", sessionName + "_2"}
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	change := func(name string, change func(*sessions.Session)) {
		b.do(func(w http.ResponseWriter, r *http.Request) {
			session, err := store.Get(r, name)
			if err != nil {
				t.Error(err)
			}
			change(session)
			if err := session.Save(r, w); err != nil {
				t.Error(err)
			}
		})
	}
	for _, name := range names {
		change(name, func(s *sessions.Session) { s.Values["name"] = name })
	}
	change(sessionName, func(s *sessions.Session) { s.Options.MaxAge = -1 })
	got := map[string]string{}
	for _, name := range names {
		session, err := store.Get(b.request(), name)
		if err != nil {
			t.Error(err)
		}
		got[name] = fmt.Sprint(session.Values["name"])
	}
	want := map[string]string{sessionName: "<nil>", "second": "second", sessionName + "_2": sessionName + "_2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}
