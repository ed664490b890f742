package scscookie_test

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
)

func init() { gob.Register(item{}) }

// An oldStore is the store of an application that is to move: it outlives the
// program that filled it, takes a context, counts what is asked of it, and can
// be down.
type oldStore struct {
	entries map[string][]byte
	finds   int
	down    error
}

func (o *oldStore) Find(string) ([]byte, bool, error)      { panic("not with a context") }
func (o *oldStore) Delete(string) error                    { panic("not with a context") }
func (o *oldStore) Commit(string, []byte, time.Time) error { panic("not with a context") }
func (o *oldStore) DeleteCtx(_ context.Context, token string) error {
	delete(o.entries, token)
	return o.down
}

func (o *oldStore) FindCtx(_ context.Context, token string) ([]byte, bool, error) {
	o.finds++
	b, found := o.entries[token]
	return b, found, o.down
}

func (o *oldStore) CommitCtx(_ context.Context, token string, b []byte, _ time.Time) error {
	o.entries[token] = b
	return nil
}

// A move is an application before and after it changed its one line, and a
// visitor who has been there before.
type move struct {
	store *oldStore
	token string
	*site
	*visitor
}

// bubbleStart is when the clock of a synctest bubble starts.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// moving prepares a move outside a bubble, since a manager that scs.New makes
// has a goroutine that never ends. The old application's session is put in by
// arrive.
func moving(t *testing.T, hash bool, change func(*optionsT)) (m *move, old *scs.SessionManager) {
	t.Helper()
	m = &move{store: &oldStore{entries: map[string][]byte{}}}
	setUp := func(sm *scs.SessionManager) {
		sm.Store, sm.HashTokenInStore, sm.IdleTimeout = m.store, hash, 12*time.Hour
	}
	old = scs.New()
	setUp(old)
	m.site = newSite(t, config{manager: setUp, options: options(func(o *optionsT) {
		o.LegacyUntil = bubbleStart.Add(100 * time.Hour)
		if change != nil {
			change(o)
		}
	})})
	return m, old
}

// arrive has the visitor bring a session of the old application.
func (m *move) arrive(t *testing.T, old *scs.SessionManager, values map[string]any) {
	t.Helper()
	m.visitor = newVisitor(t, old.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for key, value := range values {
			old.Put(r.Context(), key, value)
		}
	})))
	m.do("/")
	if m.token = m.cookie("session"); len(m.token) != 43 || len(m.store.entries) != 1 {
		t.Fatalf("the old application gave the token %q and stored %d sessions", m.token, len(m.store.entries))
	}
}

// TestLegacy checks that a session of the old store is read once, goes on as
// ours with the same end, and is not read after the date.
func TestLegacy(t *testing.T) {
	for _, hash := range []bool{false, true} {
		m, old := moving(t, hash, nil)
		synctest.Test(t, func(t *testing.T) {
			m.arrive(t, old, map[string]any{"foo": "bar", "n": 7, "item": item{"pen", 1}})
			time.Sleep(10 * time.Hour)
			res := m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
				got := []any{m.Get(r.Context(), "foo"), m.Get(r.Context(), "n"), m.Get(r.Context(), "item"), m.Token(r.Context()), m.Status(r.Context())}
				if diff := cmp.Diff([]any{"bar", 7, item{"pen", 1}, m.token, scs.Unmodified}, got); diff != "" {
					t.Errorf("hash %v: session (-want +got):\n%s", hash, diff)
				}
			})
			if len(res.Cookies()) != 1 || m.cookie("session") == m.token {
				t.Errorf("hash %v: cookies %q", hash, setLines(res))
			}
			if diff := cmp.Diff([]string{"refused", "issued", "replaced"}, m.kinds()); diff != "" {
				t.Errorf("hash %v: events (-want +got):\n%s", hash, diff)
			}
			m.store.down = errors.New("switched off")
			m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
				if got := m.GetString(r.Context(), "foo"); got != "bar" || !m.Deadline(r.Context()).Equal(bubbleStart.Add(24*time.Hour)) {
					t.Errorf("hash %v: value %q, deadline %v", hash, got, m.Deadline(r.Context()))
				}
			})
			if m.store.finds != 1 {
				t.Errorf("hash %v: the old store was asked %d times", hash, m.store.finds)
			}
		})
	}
}

// TestLegacyEnds checks when a token of the old store is refused: after its
// deadline, which scs leaves to stores, after the date, and if there is no
// date.
func TestLegacyEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		until  time.Duration
		after  time.Duration
		found  bool
		lookUp int
	}{
		{"in time", 100 * time.Hour, time.Hour, true, 1},
		{"past its deadline", 100 * time.Hour, 24 * time.Hour, false, 1},
		{"past the date", 2 * time.Hour, 2 * time.Hour, false, 0},
		{"just before the date", 2 * time.Hour, 2*time.Hour - time.Second, true, 1},
		{"no date", 0, time.Hour, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, old := moving(t, false, func(o *optionsT) {
				o.LegacyUntil = time.Time{}
				if test.until != 0 {
					o.LegacyUntil = bubbleStart.Add(test.until)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				m.arrive(t, old, map[string]any{"foo": "bar"})
				m.hold("session", m.token) // without a Max-Age
				time.Sleep(test.after)
				if got := m.has(m.site, "foo"); got != test.found {
					t.Errorf("found %v", got)
				}
				if m.store.finds != test.lookUp {
					t.Errorf("the old store was asked %d times", m.store.finds)
				}
			})
		})
	}
}

// TestLegacyLookUps checks what the old store is asked for: only what may be a
// token of its own, and one after the other.
func TestLegacyLookUps(t *testing.T) {
	m, old := moving(t, false, nil)
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": "bar"})
		unknown := strings.Repeat("A", 43)
		for _, test := range []struct {
			cookies []string
			lookUps int
			foo     any
		}{
			{nil, 0, nil},
			{[]string{"", "junk", m.token + "A"}, 0, nil},
			{[]string{unknown}, 1, nil},
			{[]string{"junk", unknown, m.token}, 2, "bar"},
			{slices.Repeat([]string{unknown}, 100), 8, nil},
		} {
			m.store.finds = 0
			r := httptest.NewRequest("GET", "/", nil)
			for _, value := range test.cookies {
				r.AddCookie(&http.Cookie{Name: "session", Value: value})
			}
			m.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if got := m.Get(r.Context(), "foo"); got != test.foo || m.store.finds != test.lookUps {
					t.Errorf("%d cookies: value %v after %d look-ups", len(test.cookies), got, m.store.finds)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}

// TestLegacyLogout checks that Destroy and RenewToken end what the old store
// has, so that a copy of the old cookie is worth nothing.
func TestLegacyLogout(t *testing.T) {
	for name, end := range map[string]func(*scs.SessionManager, context.Context) error{
		"Destroy": (*scs.SessionManager).Destroy, "RenewToken": (*scs.SessionManager).RenewToken,
	} {
		for _, hash := range []bool{false, true} {
			m, old := moving(t, hash, nil)
			synctest.Test(t, func(t *testing.T) {
				m.arrive(t, old, map[string]any{"foo": "bar"})
				res := m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
					if err := end(m.SessionManager, r.Context()); err != nil {
						t.Error(err)
					}
				})
				if len(m.store.entries) != 0 || len(res.Cookies()) != 1 {
					t.Errorf("%s: the old store has %d entries; cookies %q", name, len(m.store.entries), setLines(res))
				}
			})
		}
	}
}

// TestLegacyStoreDown checks that an outage of the old store costs no session.
func TestLegacyStoreDown(t *testing.T) {
	m, old := moving(t, false, nil)
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": "bar"})
		m.store.down = errors.New("down")
		var failed error
		m.ErrorFunc = func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }
		if res := m.with(m.site, m.read("foo")); res.StatusCode != 200 || setLines(res) != nil {
			t.Errorf("reading: status %d, cookies %q", res.StatusCode, setLines(res))
		}
		if res := m.with(m.site, m.put("foo", "over")); !errors.Is(failed, m.store.down) || res.StatusCode != 500 || setLines(res) != nil {
			t.Errorf("writing: error %v, status %d, cookies %q", failed, res.StatusCode, setLines(res))
		}
		m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
			if _, err := m.sessions.Cookies(r.Context()); !errors.Is(err, m.store.down) {
				t.Errorf("Cookies: %v", err)
			}
		})
		m.store.down = nil
		if !m.has(m.site, "foo") {
			t.Error("the outage cost the visitor the session")
		}
	})
}

// TestLegacyUnsaved checks that a session that can be read and can't be saved
// as ours costs nobody a page that did not change it.
func TestLegacyUnsaved(t *testing.T) {
	m, old := moving(t, false, nil)
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": string(large(9000))})
		res := m.with(m.site, m.read("foo"))
		if res.StatusCode != 200 || setLines(res) != nil || m.cookie("session") != m.token {
			t.Errorf("status %d, cookies %q", res.StatusCode, setLines(res))
		}
		if diff := cmp.Diff([]string{"refused", "save-failed"}, m.kinds()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if res := m.with(m.site, func(w http.ResponseWriter, r *http.Request) { m.Get(r.Context(), "foo") }, func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch") }); setLines(res) != nil || len(m.kinds()) != 1 {
			t.Error("a prefetch tried to save it")
		}
	})
}

// TestLegacyBroken checks that an entry of the old store that can't be decoded
// does not keep its visitor out.
func TestLegacyBroken(t *testing.T) {
	m, old := moving(t, false, nil)
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": "bar"})
		m.store.entries[m.token] = []byte("broken")
		if m.has(m.site, "foo") {
			t.Error("a broken entry has a value")
		}
		m.with(m.site, m.put("foo", "new"))
		if !m.has(m.site, "foo") {
			t.Error("nothing could be stored over a broken entry")
		}
	})
}

// TestLegacyRules checks when a session of the old store is not taken, and that
// operators are told why. The store is down where it must not even be asked.
func TestLegacyRules(t *testing.T) {
	sealing, revoked := cookiesession.NewKey(), cookiesession.NewKey()
	keys, err := cookiesession.ParseKeyring(sealing.Secret() + "\nrevoked " + revoked.ID())
	if err != nil {
		t.Fatal(err)
	}
	seal := func(t *testing.T, keys *cookiesession.Keyring) string {
		t.Helper()
		codec, err := cookiesession.NewCodec(keys, &cookiesession.CodecOptions{Lifetime: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		text, err := codec.Encode("session", map[string]any{"foo": "ours"})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	isBar := func(_ *http.Request, values map[string]any) error {
		if values["foo"] != "bar" || len(values) != 1 {
			t.Errorf("Check got %v", values)
		}
		return nil
	}
	for _, test := range []struct {
		name     string
		options  func(*optionsT)
		ours     func(t *testing.T) string // a cookie beside the old one; nil: none
		after    time.Duration             // the old one's deadline is in a day
		found    bool
		notAsked bool
		reasons  []cookiesession.Reason
	}{
		{name: "no other", found: true, reasons: []cookiesession.Reason{"malformed"}},
		{name: "Check accepts", options: func(o *optionsT) { o.Check = isBar }, found: true, reasons: []cookiesession.Reason{"malformed"}},
		{name: "Check revokes", options: func(o *optionsT) {
			o.Check = func(*http.Request, map[string]any) error { return cookiesession.ErrRevoked }
		}, reasons: []cookiesession.Reason{"malformed", "check"}},
		{name: "Check is down", options: func(o *optionsT) {
			o.Check = func(*http.Request, map[string]any) error { return errors.New("down") }
		}, reasons: []cookiesession.Reason{"malformed", "check-failed"}},
		{name: "NotBefore ahead", options: func(o *optionsT) { o.NotBefore = bubbleStart.Add(time.Second) }, found: true, reasons: []cookiesession.Reason{"malformed"}},
		{name: "NotBefore in force", options: func(o *optionsT) { o.NotBefore = bubbleStart }, reasons: []cookiesession.Reason{"malformed", "not-before"}},
		{name: "past its deadline", after: 24 * time.Hour, reasons: []cookiesession.Reason{"malformed", "lifetime"}},

		{name: "beside junk", ours: func(*testing.T) string { return "junk" }, found: true, reasons: []cookiesession.Reason{"malformed"}},
		{name: "beside one of an unknown key", ours: func(t *testing.T) string { return seal(t, newKeyring(t, cookiesession.NewKey())) }, found: true, reasons: []cookiesession.Reason{"malformed"}},
		{name: "beside one of a revoked key", ours: func(t *testing.T) string { return seal(t, newKeyring(t, revoked)) }, notAsked: true, reasons: []cookiesession.Reason{"malformed"}},
		{name: "beside one that has expired", ours: func(t *testing.T) string {
			text := seal(t, newKeyring(t, sealing))
			time.Sleep(24 * time.Hour)
			return text
		}, notAsked: true, reasons: []cookiesession.Reason{"lifetime"}},
		{name: "beside one that is altered", ours: func(t *testing.T) string {
			text := []byte(seal(t, newKeyring(t, sealing)))
			text[len(text)/2] = "AB"[text[len(text)/2]&1]
			return string(text)
		}, notAsked: true, reasons: []cookiesession.Reason{"malformed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told []cookiesession.Event
			m := &move{store: &oldStore{entries: map[string][]byte{}}}
			old := scs.New()
			old.Store = m.store
			o := optionsT{LegacyUntil: bubbleStart.Add(100 * time.Hour)}
			if test.options != nil {
				test.options(&o)
			}
			m.site = newSite(t, config{keys: keys, manager: func(sm *scs.SessionManager) { sm.Store = m.store }, options: o})
			synctest.Test(t, func(t *testing.T) {
				ours := ""
				if test.ours != nil {
					ours = test.ours(t)
				}
				m.arrive(t, old, map[string]any{"foo": "bar"})
				time.Sleep(test.after)
				m.store.finds = 0
				r := httptest.NewRequest("GET", "/", nil)
				r.AddCookie(&http.Cookie{Name: "session", Value: m.token})
				if ours != "" {
					r.AddCookie(&http.Cookie{Name: "session", Value: ours})
				}
				m.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if got := m.Exists(r.Context(), "foo"); got != test.found {
						t.Errorf("found %v", got)
					}
				})).ServeHTTP(httptest.NewRecorder(), r)
				if asked := m.store.finds > 0; asked == test.notAsked {
					t.Errorf("the old store was asked: %v", asked)
				}
			})
			m.mu.Lock()
			told = m.events
			m.mu.Unlock()
			var reasons []cookiesession.Reason
			for _, e := range told {
				if e.Kind == cookiesession.EventRefused {
					reasons = append(reasons, e.Reason)
				}
			}
			if diff := cmp.Diff(test.reasons, reasons); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLegacySplit checks that a session in several cookies is answered for as
// one in a single cookie is, whichever length the first of them has.
func TestLegacySplit(t *testing.T) {
	keys := newKeyring(t, cookiesession.NewKey())
	refuse := func(_ *http.Request, values map[string]any) error {
		if values["foo"] != "bar" {
			return cookiesession.ErrRevoked
		}
		return nil
	}
	for _, test := range []struct {
		name  string
		check func(*http.Request, map[string]any) error
		after time.Duration
		alone bool // without the other parts, so that it is junk
	}{
		{"Check revokes", refuse, 0, false},
		{"past its deadline", nil, 24 * time.Hour, false},
		{"its parts are lost", nil, 0, true},
	} {
		for _, shorter := range []int{0, 1, 3} { // a first part whose length says that it is none alone
			t.Run(fmt.Sprintf("%s, %d", test.name, shorter), func(t *testing.T) {
				m := &move{store: &oldStore{entries: map[string][]byte{}}}
				old := scs.New()
				old.Store = m.store
				m.site = newSite(t, config{keys: keys, manager: func(sm *scs.SessionManager) { sm.Store = m.store },
					options: optionsT{LegacyUntil: bubbleStart.Add(100 * time.Hour), Check: test.check, MaxCookies: 3}})
				codec, err := cookiesession.NewCodec(keys, &cookiesession.CodecOptions{Lifetime: 24 * time.Hour, MaxCookies: 3, MaxSize: 4093 - shorter})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Test(t, func(t *testing.T) {
					value, err := codec.Encode("session", map[string]any{"foo": "ours", "large": large(5000)})
					if err != nil {
						t.Fatal(err)
					}
					ours := codec.Cookies("session", value)
					if len(ours) != 2 {
						t.Fatalf("%d cookies", len(ours))
					}
					if test.alone {
						ours = ours[:1]
					}
					time.Sleep(test.after)
					m.arrive(t, old, map[string]any{"foo": "bar"})
					m.store.finds = 0
					r := httptest.NewRequest("GET", "/", nil)
					r.AddCookie(&http.Cookie{Name: "session", Value: m.token})
					for _, c := range ours {
						r.AddCookie(c)
					}
					m.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						if got := m.GetString(r.Context(), "foo"); (got == "bar") != test.alone || (m.store.finds > 0) != test.alone {
							t.Errorf("session of %q, the old store was asked %d times", got, m.store.finds)
						}
					})).ServeHTTP(httptest.NewRecorder(), r)
				})
			})
		}
	}
}

// TestLegacyCheckDown checks that an outage of what Check asks overwrites no
// session of the old store, and keeps nobody from logging out.
func TestLegacyCheckDown(t *testing.T) {
	down := errors.New("down")
	var answer error
	m, old := moving(t, false, func(o *optionsT) {
		o.Check = func(*http.Request, map[string]any) error { return answer }
	})
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": "bar"})
		answer = down
		var failed error
		m.ErrorFunc = func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }
		if res := m.with(m.site, m.put("foo", "over")); !errors.Is(failed, down) || res.StatusCode != 500 || setLines(res) != nil {
			t.Errorf("writing: error %v, status %d, cookies %q", failed, res.StatusCode, setLines(res))
		}
		res := m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
			if err := m.Destroy(r.Context()); err != nil {
				t.Error(err)
			}
		})
		if res.StatusCode != 200 || len(setLines(res)) != 1 || m.cookie("session") != "" || len(m.store.entries) != 0 {
			t.Errorf("logout: status %d, cookies %q, %d entries in the old store", res.StatusCode, setLines(res), len(m.store.entries))
		}
	})
}

// TestLegacyLogoutLater checks that a logout also ends what the old store has
// if the session has a cookie of ours since, and that the application sees
// nothing of how.
func TestLegacyLogoutLater(t *testing.T) {
	for name, end := range map[string]func(*scs.SessionManager, context.Context) error{
		"Destroy": (*scs.SessionManager).Destroy, "RenewToken": (*scs.SessionManager).RenewToken,
	} {
		for _, hash := range []bool{false, true} {
			checked := 0
			m, old := moving(t, hash, func(o *optionsT) {
				o.Check = func(_ *http.Request, values map[string]any) error {
					if checked++; len(values) != 1 {
						t.Errorf("Check got %v", values)
					}
					return nil
				}
			})
			synctest.Test(t, func(t *testing.T) {
				m.arrive(t, old, map[string]any{"foo": "bar"})
				var given []*http.Cookie
				res := m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
					var err error
					if given, err = m.sessions.Cookies(r.Context()); err != nil {
						t.Error(err)
					}
				})
				if len(given) != 1 || len(res.Cookies()) != 1 || given[0].Value != res.Cookies()[0].Value {
					t.Errorf("Cookies: %v, the response set %q", given, setLines(res))
				}
				m.kinds()
				m.with(m.site, func(w http.ResponseWriter, r *http.Request) {
					m.Put(r.Context(), "foo", "changed")
					fmt.Fprint(w, "page")
				})
				if diff := cmp.Diff([]string{"opened", "issued"}, m.kinds()); diff != "" {
					t.Errorf("events of a change (-want +got):\n%s", diff)
				}
				m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
					if got := m.Keys(r.Context()); len(got) != 1 {
						t.Errorf("keys %q", got)
					}
					if err := end(m.SessionManager, r.Context()); err != nil {
						t.Error(err)
					}
				})
				if len(m.store.entries) != 0 || checked != 3 {
					t.Errorf("%s, hash %v: the old store has %d entries; Check was called %d times", name, hash, len(m.store.entries), checked)
				}
				// What is not there any more is not asked for again.
				m.store.down = errors.New("switched off")
				m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
					if err := m.Destroy(r.Context()); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// TestLegacyMerge checks that the token in the old store is not merged into
// another session, and does not keep a session that is empty.
func TestLegacyMerge(t *testing.T) {
	m, old := moving(t, false, nil)
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": "bar"})
		m.with(m.site, m.read("foo"))
		value := m.cookie("session")
		other := newVisitor(t, nil)
		other.with(m.site, m.put("more", 1))
		other.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
			if err := m.MergeSession(r.Context(), value); err != nil {
				t.Error(err)
			}
			if got := m.Keys(r.Context()); len(got) != 2 {
				t.Errorf("keys %q", got)
			}
		})
		if len(m.store.entries) != 0 { // scs has merged sessions deleted
			t.Errorf("the old store has %d entries", len(m.store.entries))
		}
		m.with(m.site, func(_ http.ResponseWriter, r *http.Request) { _ = m.Clear(r.Context()) })
		if got := m.cookie("session"); got != "" {
			t.Errorf("an empty session is stored: %q", got)
		}
	})
}

// TestLegacyNotRemembered checks that a session that ends with its browser
// still does after it has moved.
func TestLegacyNotRemembered(t *testing.T) {
	m, old := moving(t, false, nil)
	old.Cookie.Persist = false
	forgetful := scs.New()
	forgetful.Store, forgetful.Cookie.Persist = m.store, false
	sessions, err := scscookie.New(forgetful, newKeyring(t, cookiesession.NewKey()), &optionsT{LegacyUntil: bubbleStart.Add(100 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m.arrive(t, old, map[string]any{"foo": "bar"})
		m.handler = sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { forgetful.Get(r.Context(), "foo") }))
		want := []string{"session=...; Path=/; HttpOnly; Secure; SameSite=Lax"}
		if diff := cmp.Diff(want, setLines(m.do("/"))); diff != "" {
			t.Errorf("Set-Cookie (-want +got):\n%s", diff)
		}
	})
}

// TestLegacyNameAlone checks what a logout deletes of the old store's where the
// request carried no cookie, and what else deletes nothing of it.
func TestLegacyNameAlone(t *testing.T) {
	store := &oldStore{entries: map[string][]byte{}}
	s := newSite(t, config{
		manager: func(sm *scs.SessionManager) { sm.Store, sm.Cookie.Name = store, "id" },
		options: options(func(o *optionsT) { o.LegacyName, o.LegacyUntil = "session", bubbleStart.Add(100*time.Hour) }),
	})
	old := scs.New()
	old.Store, old.Cookie.Secure = store, true
	synctest.Test(t, func(t *testing.T) {
		for method, want := range map[string]bool{"GET": false, "HEAD": false, "POST": true} {
			res := newVisitor(t, nil).with(s, func(_ http.ResponseWriter, r *http.Request) {
				s.Put(r.Context(), "foo", "bar")
				if err := s.Destroy(r.Context()); err != nil {
					t.Error(err)
				}
			}, func(r *http.Request) { r.Method = method })
			if got := slices.ContainsFunc(setLines(res), func(line string) bool { return strings.HasPrefix(line, "session=;") }); got != want {
				t.Errorf("%s: Set-Cookie %q", method, setLines(res))
			}
		}

		// Merging has scs delete the other session, and nothing of this one.
		other := newVisitor(t, nil)
		other.with(s, s.put("more", 1))
		v := newVisitor(t, old.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { old.Put(r.Context(), "foo", "bar") })))
		v.do("/")
		v.with(s, s.put("foo", "ours"))
		v.with(s, func(_ http.ResponseWriter, r *http.Request) {
			if err := s.MergeSession(r.Context(), other.cookie("id")); err != nil {
				t.Error(err)
			}
		})
		if len(store.entries) != 1 {
			t.Errorf("the old store has %d entries", len(store.entries))
		}
	})
}

// TestLegacyName checks two names of cookies, as during a rollout: our cookie
// counts where both are there, the old one where only it is, and a logout
// deletes both.
func TestLegacyName(t *testing.T) {
	for _, converted := range []bool{false, true} {
		m := &move{store: &oldStore{entries: map[string][]byte{}}}
		old := scs.New()
		old.Store, old.Cookie.Secure = m.store, true
		m.site = newSite(t, config{
			manager: func(sm *scs.SessionManager) { sm.Store, sm.Cookie.Name, sm.Cookie.Secure = m.store, "__Host-id", true },
			options: options(func(o *optionsT) { o.LegacyName, o.LegacyUntil = "session", bubbleStart.Add(100*time.Hour) }),
		})
		synctest.Test(t, func(t *testing.T) {
			m.arrive(t, old, map[string]any{"foo": "bar"})
			if converted {
				m.with(m.site, m.put("foo", "ours"))
				if m.cookie("session") != m.token || m.cookie("__Host-id") == "" {
					t.Error("after the conversion, a cookie is missing")
				}
				m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
					if got := m.Get(r.Context(), "foo"); got != "ours" {
						t.Errorf("with both cookies: %v", got)
					}
				})
			}
			res := m.with(m.site, func(_ http.ResponseWriter, r *http.Request) {
				if !m.Exists(r.Context(), "foo") {
					t.Error("no session")
				}
				if err := m.Destroy(r.Context()); err != nil {
					t.Error(err)
				}
			})
			if got := setLines(res); m.cookie("session") != "" || m.cookie("__Host-id") != "" || len(m.store.entries) != 0 {
				t.Errorf("converted %v: after the logout, Set-Cookie %q, %d entries", converted, got, len(m.store.entries))
			}
			if want := "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"; !slices.Contains(setLines(res), want) {
				t.Errorf("Set-Cookie %q lacks %q", setLines(res), want)
			}
		})
	}
}
