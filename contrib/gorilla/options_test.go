package gorilla_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// inBubble runs a test whose time passes by itself.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

const day = 24 * time.Hour

func TestNewStoreRefuses(t *testing.T) {
	for _, test := range []struct {
		keys *cookiesession.Keyring
		opts *cookiesession.CodecOptions
		want string
	}{
		{nil, nil, "keyring"},
		{newKeys(t), &cookiesession.CodecOptions{Lifetime: -1}, "Lifetime"},
		{newKeys(t), &cookiesession.CodecOptions{MaxSize: -1}, "MaxSize"},
	} {
		store, err := gorilla.NewStore(test.keys, test.opts)
		if store != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewStore: %v, %v; want an error about the %s", store, err, test.want)
		}
	}
}

// TestAttributes: Options of zero value are safe, what they leave out is the
// store's, and what they say comes first.
func TestAttributes(t *testing.T) {
	for _, test := range []struct {
		what     string
		store    *sessions.Options
		mine     *sessions.Options // nil: the copy that the session starts with
		insecure bool
		want     string
	}{
		{what: "a zero store", store: &sessions.Options{}, want: "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{what: "no store's", want: "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{what: "zero", store: &sessions.Options{Path: "/in", MaxAge: 60}, mine: &sessions.Options{},
			want: "Path=/in; HttpOnly; Secure; SameSite=Lax"},
		{what: "all", store: &sessions.Options{Path: "/in", Domain: ".app.example", MaxAge: 60, SameSite: http.SameSiteNoneMode, Partitioned: true},
			want: "Path=/in; Domain=app.example; Max-Age=60; SameSite=None; HttpOnly; Secure; Partitioned"},
		{what: "all inherited", store: &sessions.Options{Path: "/in", Domain: ".app.example", SameSite: http.SameSiteStrictMode, Partitioned: true},
			mine: &sessions.Options{MaxAge: 60},
			want: "Max-Age=60; Path=/in; Domain=app.example; HttpOnly; Secure; SameSite=Strict; Partitioned"},
		{what: "default SameSite", store: &sessions.Options{SameSite: http.SameSiteDefaultMode},
			want: "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{what: "insecure", insecure: true, store: &sessions.Options{}, want: "Path=/; HttpOnly; SameSite=Lax"},
		{what: "insecure, but Secure", insecure: true, store: &sessions.Options{Secure: true}, want: "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{what: "longer than the Lifetime", store: &sessions.Options{MaxAge: 100 * 86400},
			want: "Max-Age=1209600; Path=/; HttpOnly; Secure; SameSite=Lax"},
	} {
		store := newStore(t, newKeys(t), nil)
		store.Options, store.Insecure = test.store, test.insecure
		response := newBrowser(t).save(store, func(s *sessions.Session) {
			if test.mine != nil {
				s.Options = test.mine
			}
		})
		if diff := cmp.Diff(test.want, attributesOf(response.Header.Get("Set-Cookie"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.what, diff)
		}
	}
}

// TestSaveRefusesWhatBrowsersDrop: they say nothing, and net/http does not
// either.
func TestSaveRefusesWhatBrowsersDrop(t *testing.T) {
	for _, test := range []struct {
		what     string
		name     string
		opts     sessions.Options
		insecure bool
	}{
		{"a name that is none", "bad:name", sessions.Options{}, false},
		{"a domain that is none", sessionName, sessions.Options{Domain: "a b"}, false},
		{"a path that ends early", sessionName, sessions.Options{Path: "/a;b"}, false},
		{"a domain with a trailing dot", sessionName, sessions.Options{Domain: "app.example."}, false},
		{"an address that is not spelled as one", sessionName, sessions.Options{Domain: "0x7f.1"}, false},
		{"a path with a query", sessionName, sessions.Options{Path: "/a?b"}, false},
		{"a path with a space", sessionName, sessions.Options{Path: "/a b"}, false},
		{"a relative path", sessionName, sessions.Options{Path: "a"}, false},
		{"None without Secure", sessionName, sessions.Options{SameSite: http.SameSiteNoneMode}, true},
		{"Partitioned without Secure", sessionName, sessions.Options{Partitioned: true}, true},
		{"__Host- with a path", "__Host-app", sessions.Options{Path: "/in"}, false},
		{"__Host- with a domain", "__host-app", sessions.Options{Domain: "app.example"}, false},
		{"__Host- without Secure", "__Host-app", sessions.Options{}, true},
		{"__Secure- without Secure", "__Secure-app", sessions.Options{}, true},
	} {
		store := newStore(t, newKeys(t), nil)
		store.Insecure, store.Options = test.insecure, &test.opts
		for _, maxAge := range []int{60, -1} {
			session, _ := store.New(nil, test.name)
			session.Options.MaxAge = maxAge
			w := httptest.NewRecorder()
			w.Header().Set("Set-Cookie", "before=1")
			err := session.Save(nil, w)
			var usage securecookie.Error
			if !errors.As(err, &usage) || !usage.IsUsage() || usage.IsDecode() || usage.IsInternal() || usage.Cause() == nil {
				t.Errorf("%s, MaxAge %d: Save: %v; want an error of usage", test.what, maxAge, err)
			}
			if diff := cmp.Diff(http.Header{"Set-Cookie": {"before=1"}}, w.Header()); diff != "" {
				t.Errorf("%s: header (-want +got):\n%s", test.what, diff)
			}
		}
	}
	// The controls.
	store := newStore(t, newKeys(t), nil)
	for name, opts := range map[string]sessions.Options{
		"__Host-app": {},
		"one":        {Domain: "127.0.0.1"},
		"two":        {Domain: "localhost", Path: "/a%20b"},
		"three":      {Domain: ".app.example", Path: "/in/"},
	} {
		session, _ := store.New(nil, name)
		session.Options = &opts
		if err := session.Save(nil, httptest.NewRecorder()); err != nil {
			t.Errorf("%s with %+v: %v", name, opts, err)
		}
	}
}

// TestSessionsCopyOptions: a session's Options are its own.
func TestSessionsCopyOptions(t *testing.T) {
	store := newStore(t, newKeys(t), nil)
	session, err := store.New(httptest.NewRequest(http.MethodGet, "/", nil), sessionName)
	if err != nil {
		t.Fatal(err)
	}
	store.Options.Path = "/foo"
	if session.Options.Path != "/" {
		t.Errorf("the store's change reached the session: Path %q", session.Options.Path)
	}
	session.Options.MaxAge = -1
	if store.Options.MaxAge < 0 {
		t.Error("the session's change reached the store")
	}
}

// TestNilOptions: a session's or the store's may be nil.
func TestNilOptions(t *testing.T) {
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	store.Options = nil
	response := b.save(store, func(s *sessions.Session) { s.Options = nil })
	if got := attributesOf(response.Header.Get("Set-Cookie")); got != "Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("attributes %q", got)
	}
	store.MaxAge(60)
	response = b.save(store, func(s *sessions.Session) { s.Options = nil })
	if got := attributesOf(response.Header.Get("Set-Cookie")); got != "Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("attributes with a MaxAge %q", got)
	}
}

// A lifeStep is a moment in a session's life.
type lifeStep struct {
	after   time.Duration // since the step before
	save    bool
	told    int               // the Max-Age of that save; 0: none
	options *sessions.Options // of the session that is saved; nil: the store's
	maxAge  int               // the store's, from here on; 0: as it was
	renew   bool
	gone    bool // the cookie that the browser had at the step before is refused
}

// TestEnds: the end that the browser is told is enforced here, too, whatever
// the browser does.
func TestEnds(t *testing.T) {
	for _, test := range []struct {
		what  string
		opts  cookiesession.CodecOptions
		store int // MaxAge; 0: none
		steps []lifeStep
	}{
		{"MaxAge counts from the last Save", cookiesession.CodecOptions{}, 60,
			[]lifeStep{{save: true, told: 60}, {after: 59 * time.Second, save: true, told: 60}, {after: 59 * time.Second}, {after: time.Second, gone: true}}},
		{"reading does not extend", cookiesession.CodecOptions{}, 60,
			[]lifeStep{{save: true, told: 60}, {after: 30 * time.Second}, {after: 30 * time.Second, gone: true}}},
		{"Lifetime counts from the first Save", cookiesession.CodecOptions{Lifetime: 100 * time.Second}, 60,
			[]lifeStep{{save: true, told: 60}, {after: 50 * time.Second, save: true, told: 50}, {after: 49 * time.Second, save: true, told: 1}, {after: time.Second, gone: true}}},
		{"whole seconds count", cookiesession.CodecOptions{Lifetime: 100 * time.Second}, 100,
			[]lifeStep{{after: 500 * time.Millisecond, save: true, told: 100}, {after: 400 * time.Millisecond, save: true, told: 100},
				{after: 99 * time.Second}, {after: 100 * time.Millisecond, gone: true}}},
		{"fourteen days by default", cookiesession.CodecOptions{}, 30 * 86400,
			[]lifeStep{{save: true, told: 14 * 86400}, {after: 13 * day, save: true, told: 86400}, {after: day, gone: true}}},
		{"thirty days from the last Save, as gorilla's", cookiesession.CodecOptions{Lifetime: 400 * day}, 30 * 86400,
			[]lifeStep{{save: true, told: 30 * 86400}, {after: 29 * day, save: true, told: 30 * 86400}, {after: 29 * day}, {after: day, gone: true}}},
		{"a browser session ends, too", cookiesession.CodecOptions{Lifetime: time.Hour}, 0,
			[]lifeStep{{save: true}, {after: 59 * time.Minute}, {after: time.Minute, gone: true}}},
		{"Renew starts anew", cookiesession.CodecOptions{Lifetime: time.Hour}, 3600,
			[]lifeStep{{save: true, told: 3600}, {after: 50 * time.Minute, save: true, renew: true, told: 3600}, {after: 50 * time.Minute}, {after: 10 * time.Minute, gone: true}}},
		{"a shorter MaxAge of the store ends what exists", cookiesession.CodecOptions{}, 1000,
			[]lifeStep{{save: true, told: 1000}, {after: 2 * time.Second}, {maxAge: 1, gone: true}}},
		{"a session's own MaxAge is shorter", cookiesession.CodecOptions{}, 3600,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 10}, told: 10}, {after: 9 * time.Second}, {after: time.Second, gone: true}}},
		{"a session's own MaxAge is longer", cookiesession.CodecOptions{}, 60,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 3600}, told: 3600}, {after: 3599 * time.Second}, {after: time.Second, gone: true}}},
		{"and ends with the Lifetime", cookiesession.CodecOptions{Lifetime: time.Hour}, 60,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 7200}, told: 3600}, {after: 3599 * time.Second}, {after: time.Second, gone: true}}},
		{"or with a MaxLifetime", cookiesession.CodecOptions{Lifetime: time.Hour, MaxLifetime: 2 * time.Hour}, 60,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 7000}, told: 7000}, {after: 6999 * time.Second, save: true, options: &sessions.Options{MaxAge: 7000}, told: 201},
				{after: 200 * time.Second}, {after: time.Second, gone: true}}},
		{"a shorter one later counts", cookiesession.CodecOptions{}, 3600,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 7200}, told: 7200}, {save: true, options: &sessions.Options{MaxAge: 5}, told: 5}, {after: 5 * time.Second, gone: true}}},
		{"its own end stays, if it is the later one", cookiesession.CodecOptions{Lifetime: time.Hour, MaxLifetime: 3 * time.Hour}, 60,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 7200}, told: 7200}, {after: 90 * time.Minute, save: true, told: 1800}, {after: 1799 * time.Second}, {after: time.Second, gone: true}}},
		{"until it is renewed", cookiesession.CodecOptions{Lifetime: time.Hour, MaxLifetime: 3 * time.Hour}, 60,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 7200}, told: 7200}, {after: 90 * time.Minute, save: true, renew: true, told: 60}, {after: time.Minute, gone: true}}},
		{"a browser session of its own lives on", cookiesession.CodecOptions{Lifetime: time.Hour}, 60,
			[]lifeStep{{save: true, options: &sessions.Options{MaxAge: 0}}, {after: 59 * time.Minute}, {after: time.Minute, gone: true}}},
		{"idle timeout", cookiesession.CodecOptions{IdleTimeout: time.Minute}, 3600,
			[]lifeStep{{save: true, told: 60}, {after: 59 * time.Second, save: true, told: 60}, {after: 59 * time.Second}, {after: time.Second, gone: true}}},
	} {
		t.Run(test.what, func(t *testing.T) {
			inBubble(t, func(t *testing.T) { live(t, test.opts, test.store, test.steps) })
		})
	}
}

// live takes a session through its life. The cookie is brought back by hand, so
// that it is not the browser that lets it end.
func live(t *testing.T, opts cookiesession.CodecOptions, maxAge int, steps []lifeStep) {
	store := newStore(t, newKeys(t), &opts)
	store.MaxAge(maxAge)
	value := ""
	for i, step := range steps {
		time.Sleep(step.after)
		if step.maxAge != 0 {
			store.MaxAge(step.maxAge)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if value != "" {
			r.Header.Set("Cookie", sessionName+"="+value)
		}
		session, err := store.Get(r, sessionName)
		if step.gone {
			if !session.IsNew || !errors.Is(err, cookiesession.ErrExpired) {
				t.Errorf("step %d: IsNew %v, %v; want ErrExpired", i, session.IsNew, err)
			}
			continue
		}
		if err != nil || session.IsNew != (value == "") {
			t.Fatalf("step %d: IsNew %v, %v", i, session.IsNew, err)
		}
		if !step.save {
			continue
		}
		if step.options != nil {
			session.Options = step.options
		}
		if step.renew {
			gorilla.Renew(session)
		}
		w := httptest.NewRecorder()
		if err := session.Save(r, w); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		value = w.Result().Cookies()[0].Value
		if told := w.Result().Cookies()[0].MaxAge; told != step.told {
			t.Errorf("step %d: the browser is told Max-Age %d, want %d", i, told, step.told)
		}
	}
}

// TestBrowserSession: "remember me" that was left unticked holds for the
// session and not for one Save alone: it stays through later Saves with the
// store's Options, a renewal of its identity, refreshes and re-seals.
func TestBrowserSession(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	opts := &cookiesession.CodecOptions{IdleTimeout: time.Hour}
	inBubble(t, func(t *testing.T) {
		keys, b := keysOf(t, older), newBrowser(t)
		store := newStore(t, keys, opts)
		page := func() *http.Response { return b.page(store.Refresh(http.NotFoundHandler(), sessionName)) }
		save := func(change func(*sessions.Session)) func() *http.Response {
			return func() *http.Response { return b.save(store, change) }
		}
		for _, step := range []struct {
			what       string
			do         func() *http.Response
			persistent bool
		}{
			{"a login, ticked", save(setUser), true},
			{"a login, not ticked", save(func(s *sessions.Session) { s.Options.MaxAge = 0 }), false},
			{"a later Save", save(func(s *sessions.Session) { s.AddFlash("saved") }), false},
			{"Renew", save(gorilla.Renew), false},
			{"a renewal", func() *http.Response { time.Sleep(15 * time.Minute); return page() }, false},
			{"a re-seal", func() *http.Response {
				if err := keys.Replace(keysOf(t, newer, older)); err != nil {
					t.Fatal(err)
				}
				return page()
			}, false},
			{"ticked again", save(func(s *sessions.Session) { s.Options.MaxAge = 7200 }), true},
			{"a later Save of that", save(func(s *sessions.Session) { s.AddFlash("saved") }), true},
		} {
			response := step.do()
			if lines := response.Header["Set-Cookie"]; len(lines) != 1 || strings.Contains(lines[0], "Max-Age=") != step.persistent {
				t.Errorf("%s: Set-Cookie %q", step.what, lines)
			}
		}
	})
	// A store whose own MaxAge is 0 needs no bit in its cookies.
	keys := newKeys(t)
	store, b := newStore(t, keys, nil), newBrowser(t)
	store.MaxAge(0)
	b.save(store, setUser)
	meta, err := newCodec(t, keys, nil).Open(sessionName, b.cookie(sessionName), &map[any]any{})
	if err != nil || meta.BrowserSession {
		t.Errorf("BrowserSession %v, %v", meta.BrowserSession, err)
	}
}

// TestEndDuringTheRequest: a session that ends before it is saved is deleted.
func TestEndDuringTheRequest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		store, b := newStore(t, newKeys(t), &cookiesession.CodecOptions{Lifetime: time.Minute}), newBrowser(t)
		b.save(store, setUser)
		response := b.save(store, func(*sessions.Session) { time.Sleep(time.Minute) })
		if got := response.Cookies(); len(got) != 1 || got[0].Value != "" || got[0].MaxAge >= 0 {
			t.Errorf("cookies %v, want a deletion", got)
		}
	})
}

func requestWith(value string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", sessionName+"="+value)
	return r
}

// TestExpires: beside Max-Age stands the Expires that says the same, as gorilla
// writes it.
func TestExpires(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for maxAge, want := range map[int]string{
			60: time.Now().Add(time.Minute).UTC().Format(http.TimeFormat),
			0:  "",
			-1: "Thu, 01 Jan 1970 00:00:01 GMT",
		} {
			for what, store := range map[string]sessions.Store{"here": newStore(t, newKeys(t), nil), "gorilla's": sessions.NewCookieStore(authKey)} {
				b := newBrowser(t)
				response := b.save(store, func(s *sessions.Session) { s.Options.MaxAge = maxAge })
				if got := response.Cookies(); len(got) != 1 || got[0].RawExpires != want {
					t.Errorf("MaxAge %d, %s: %q", maxAge, what, response.Header["Set-Cookie"])
				}
			}
		}
	})
}
