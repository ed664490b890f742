package scscookie_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
)

// routes is the application of the tests over TLS.
func routes(s *site) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/put", s.put("foo", "bar"))
	mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		foo, ok := s.Get(r.Context(), "foo").(string)
		if !ok {
			http.Error(w, "no foo", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, foo)
	})
	mux.HandleFunc("/destroy", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Destroy(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/renew", func(w http.ResponseWriter, r *http.Request) {
		if err := s.RenewToken(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/remember", func(_ http.ResponseWriter, r *http.Request) {
		s.RememberMe(r.Context(), r.FormValue("me") == "yes")
		s.Put(r.Context(), "foo", r.FormValue("me"))
	})
	return s.sessions.LoadAndSave(mux)
}

func TestSessionOverTLS(t *testing.T) {
	s := newSite(t, config{})
	ts := newServer(t, routes(s))

	first, _ := ts.get("/put")
	if got := setLines(first); len(got) != 1 {
		t.Fatalf("putting a value set the cookies %q", got)
	}
	got, text := ts.get("/get")
	if text != "bar" {
		t.Errorf("the session has %q", text)
	}
	if lines := setLines(got); lines != nil {
		t.Errorf("reading the session set the cookies %q", lines)
	}
	again, _ := ts.get("/put")
	if lines := setLines(again); lines != nil {
		t.Errorf("putting the same value set the cookies %q", lines)
	}
}

// TestDestroy also checks that the deletion has the attributes of the setting:
// to a browser it were another cookie without them.
func TestDestroy(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) {
		m.Cookie.Name, m.Cookie.Path, m.Cookie.Domain = "id", "/shop", "shop.example"
		m.Cookie.SameSite, m.Cookie.Partitioned, m.Cookie.Secure = http.SameSiteNoneMode, true, true
	}})
	v := s.visit(t, s.put("foo", "bar"))
	const attributes = "HttpOnly; Secure; SameSite=None; Partitioned"
	if diff := cmp.Diff([]string{"id=...; Path=/shop; Domain=shop.example; Max-Age=86400; " + attributes}, setLines(v.do("/shop"))); diff != "" {
		t.Errorf("setting (-want +got):\n%s", diff)
	}

	s = newSite(t, config{})
	ts := newServer(t, routes(s))
	ts.get("/put")
	res, _ := ts.get("/destroy")
	if diff := cmp.Diff([]string{"session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"}, setLines(res)); diff != "" {
		t.Errorf("deleting (-want +got):\n%s", diff)
	}
	if res, _ := ts.get("/get"); res.StatusCode != http.StatusNotFound {
		t.Error("the session outlived Destroy")
	}
	if res, _ := ts.get("/destroy"); setLines(res) != nil {
		t.Errorf("destroying nothing set the cookies %q", setLines(res))
	}
}

func TestRenewToken(t *testing.T) {
	s := newSite(t, config{})
	ts := newServer(t, routes(s))
	before, _ := ts.get("/put")
	after, _ := ts.get("/renew")
	if len(after.Cookies()) != 1 || after.Cookies()[0].Value == before.Cookies()[0].Value {
		t.Errorf("renewing set the cookies %q", setLines(after))
	}
	if _, text := ts.get("/get"); text != "bar" {
		t.Errorf("after renewing, the session has %q", text)
	}
}

func TestRememberMe(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.Cookie.Persist = false }})
	ts := newServer(t, routes(s))
	for _, test := range []struct {
		path    string
		persist bool
	}{
		{"/put", false},
		{"/remember?me=yes", true},
		{"/renew", true}, // it was asked before, and goes on
		{"/remember?me=no", false},
	} {
		res, _ := ts.get(test.path)
		lines := setLines(res)
		if len(lines) != 1 || strings.Contains(lines[0], "Max-Age=86400") != test.persist || strings.Contains(lines[0], "Max-Age") != test.persist {
			t.Errorf("%s set the cookies %q, persistent should be %v", test.path, lines, test.persist)
		}
	}
}

// TestNotRemembered checks that a session that ends with its browser stays so
// where nothing but its cookie is made anew, and that this alone makes no
// cookie.
func TestNotRemembered(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	ring := newKeyring(t, older)
	s := newSite(t, config{keys: ring, manager: func(m *scs.SessionManager) {
		m.Cookie.Persist, m.IdleTimeout = false, time.Hour
	}})
	page := func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "document") }
	synctest.Test(t, func(t *testing.T) {
		v := s.visit(t, nil)
		for _, step := range []struct {
			name string
			do   http.HandlerFunc
			set  int
		}{
			{"put", s.put("foo", "bar"), 1},
			{"the same again", s.put("foo", "bar"), 0},
			{"read", s.read("foo"), 0},
			{"a renewal", func(_ http.ResponseWriter, r *http.Request) { time.Sleep(15 * time.Minute); s.Get(r.Context(), "foo") }, 0},
			{"a renewal, now", s.read("foo"), 1},
			{"a re-seal", func(_ http.ResponseWriter, r *http.Request) {
				if err := ring.Replace(newKeyring(t, newer, older)); err != nil {
					t.Error(err)
				}
			}, 0},
			{"a re-seal, now", s.read("foo"), 1},
		} {
			res := v.with(s, step.do, page)
			if lines := setLines(res); len(lines) != step.set || step.set > 0 && strings.Contains(lines[0], "Max-Age") {
				t.Errorf("%s: Set-Cookie %q", step.name, lines)
			}
		}
	})
}

// item is a type of the application's.
type item struct {
	Name  string
	Count int
}

func init() { cookiesession.Register("scscookie_test.item", item{}) }

// TestTypes checks that each getter finds after a round trip what was put, and
// each pop takes it out.
func TestTypes(t *testing.T) {
	moment := time.Date(2026, 5, 4, 3, 2, 1, 987654321, time.FixedZone("", 7200))
	put := map[string]any{
		"string": "a\xff", "bool": true, "int": -7, "int64": int64(1) << 40, "int32": int32(-9), "float": 1.5,
		"bytes": []byte{0, 255}, "time": moment, "nil": nil,
		"strings": []string{"x", ""}, "map": map[string]int{"k": 1}, "item": item{"pen", 2}, "items": []any{item{"a", 1}, "b"},
		"duration": time.Minute, "pointer": &item{"ink", 1},
	}
	s := newSite(t, config{})
	v := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
		for key, value := range put {
			s.Put(r.Context(), key, value)
		}
	})
	v.do("/")

	want := map[string]any{}
	for key, value := range put {
		want[key] = value
	}
	want["time"], want["pointer"] = moment.UTC(), item{"ink", 1}
	got := map[string]any{}
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		for _, key := range s.Keys(ctx) {
			got[key] = s.Get(ctx, key)
		}
		typed := []any{s.GetString(ctx, "string"), s.GetBool(ctx, "bool"), s.GetInt(ctx, "int"), s.GetInt64(ctx, "int64"),
			s.GetInt32(ctx, "int32"), s.GetFloat(ctx, "float"), s.GetBytes(ctx, "bytes"), s.GetTime(ctx, "time")}
		if diff := cmp.Diff([]any{"a\xff", true, -7, int64(1) << 40, int32(-9), 1.5, []byte{0, 255}, moment.UTC()}, typed); diff != "" {
			t.Errorf("getters (-want +got):\n%s", diff)
		}
		other := []any{s.GetString(ctx, "int"), s.GetBool(ctx, "int"), s.GetInt(ctx, "int64"), s.GetInt64(ctx, "int"),
			s.GetInt32(ctx, "int"), s.GetFloat(ctx, "int"), s.GetBytes(ctx, "string"), s.GetTime(ctx, "none")}
		if diff := cmp.Diff([]any{"", false, 0, int64(0), int32(0), 0.0, []byte(nil), time.Time{}}, other); diff != "" {
			t.Errorf("getters of another type (-want +got):\n%s", diff)
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}

	popped := v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		typed := []any{s.PopString(ctx, "string"), s.PopBool(ctx, "bool"), s.PopInt(ctx, "int"), s.PopFloat(ctx, "float"),
			s.PopBytes(ctx, "bytes"), s.PopTime(ctx, "time"), s.Pop(ctx, "item"), s.Pop(ctx, "none")}
		if diff := cmp.Diff([]any{"a\xff", true, -7, 1.5, []byte{0, 255}, moment.UTC(), item{"pen", 2}, nil}, typed); diff != "" {
			t.Errorf("pops (-want +got):\n%s", diff)
		}
	})
	if len(popped.Cookies()) != 1 {
		t.Errorf("popping set the cookies %q", setLines(popped))
	}
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		want := []string{"duration", "int32", "int64", "items", "map", "nil", "pointer", "strings"}
		if diff := cmp.Diff(want, s.Keys(r.Context())); diff != "" {
			t.Errorf("keys after popping (-want +got):\n%s", diff)
		}
	})
}

// unregistered is a type of the application's that nobody has registered.
type unregistered struct{ A int }

// TestUnregisteredType checks that the error says what to write.
func TestUnregisteredType(t *testing.T) {
	var failed error
	s := newSite(t, config{manager: func(m *scs.SessionManager) {
		m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) { failed = err }
	}})
	res := s.visit(t, s.put("foo", unregistered{1})).do("/")
	if failed == nil || !strings.Contains(failed.Error(), "Register") || !strings.Contains(failed.Error(), "unregistered") {
		t.Errorf("error: %v", failed)
	}
	if res.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d, though ErrorFunc wrote none", res.StatusCode)
	}
}

// TestStatus checks what the application sees of its session's status, and
// which responses set a cookie: those that changed something.
func TestStatus(t *testing.T) {
	for _, test := range []struct {
		name   string
		do     func(s *site, r *http.Request)
		status scs.Status
		set    string // "": nothing, "set", "delete"
	}{
		{"read", func(s *site, r *http.Request) { s.Get(r.Context(), "foo") }, scs.Unmodified, ""},
		{"put", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", "other") }, scs.Modified, "set"},
		{"put the same", func(s *site, r *http.Request) { s.Put(r.Context(), "foo", "bar") }, scs.Modified, ""},
		{"remove", func(s *site, r *http.Request) { s.Remove(r.Context(), "foo") }, scs.Modified, "set"},
		{"remove nothing", func(s *site, r *http.Request) { s.Remove(r.Context(), "none") }, scs.Unmodified, ""},
		{"pop", func(s *site, r *http.Request) { s.Pop(r.Context(), "foo") }, scs.Modified, "set"},
		{"pop nothing", func(s *site, r *http.Request) { s.Pop(r.Context(), "none") }, scs.Unmodified, ""},
		{"clear", func(s *site, r *http.Request) { _ = s.Clear(r.Context()) }, scs.Modified, "delete"},
		{"renew", func(s *site, r *http.Request) { _ = s.RenewToken(r.Context()) }, scs.Modified, "set"},
		{"set deadline", func(s *site, r *http.Request) { s.SetDeadline(r.Context(), time.Now().Add(time.Hour)) }, scs.Modified, "set"},
		{"set past deadline", func(s *site, r *http.Request) { s.SetDeadline(r.Context(), time.Now().Add(-time.Hour)) }, scs.Modified, "delete"},
		{"destroy", func(s *site, r *http.Request) { _ = s.Destroy(r.Context()) }, scs.Destroyed, "delete"},
		{"destroy and put", func(s *site, r *http.Request) {
			_ = s.Destroy(r.Context())
			s.Put(r.Context(), "new", 1)
		}, scs.Modified, "set"},
		{"change inside a value", func(s *site, r *http.Request) { s.Get(r.Context(), "map").(map[string]int)["k"]++ }, scs.Unmodified, "set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{})
			v := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
				s.Put(r.Context(), "foo", "bar")
				s.Put(r.Context(), "map", map[string]int{"k": 1})
			})
			v.do("/")
			res := v.with(s, func(_ http.ResponseWriter, r *http.Request) {
				test.do(s, r)
				if got := s.Status(r.Context()); got != test.status {
					t.Errorf("status %d, want %d", got, test.status)
				}
			})
			got := ""
			if cookies := res.Cookies(); len(cookies) == 1 {
				got = "set"
				if cookies[0].MaxAge < 0 {
					got = "delete"
				}
			}
			if got != test.set {
				t.Errorf("Set-Cookie: %q, want %q", setLines(res), test.set)
			}
		})
	}
}

func TestNewSessionStatus(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout = time.Hour }})
	res := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if s.Status(ctx) != scs.Unmodified || s.Token(ctx) != "" || len(s.Keys(ctx)) != 0 || s.Exists(ctx, "foo") {
			t.Errorf("a new session: status %d, token %q, keys %q", s.Status(ctx), s.Token(ctx), s.Keys(ctx))
		}
		if err := s.Clear(ctx); err != nil || s.Status(ctx) != scs.Unmodified {
			t.Errorf("Clear of nothing: %v, status %d", err, s.Status(ctx))
		}
	}).do("/")
	if got := setLines(res); got != nil {
		t.Errorf("a session without values set the cookies %q", got)
	}
}

// TestToken checks that Token is the cookie's value, which MergeSession takes.
func TestToken(t *testing.T) {
	s := newSite(t, config{})
	other := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "cart", "full")
		s.Put(r.Context(), "foo", "theirs")
		s.SetDeadline(r.Context(), time.Now().Add(36*time.Hour))
	})
	other.do("/")
	token := other.cookie("session")
	other.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if got := s.Token(r.Context()); got != token {
			t.Errorf("Token is %q, the cookie's value %q", got, token)
		}
		if err := s.MergeSession(r.Context(), token); err != nil || s.Status(r.Context()) != scs.Unmodified {
			t.Errorf("merging a session with itself: %v, status %d", err, s.Status(r.Context()))
		}
	})

	v := s.visit(t, s.put("foo", "mine"))
	v.do("/")
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if err := s.MergeSession(r.Context(), "no token"); err != nil || s.Status(r.Context()) != scs.Unmodified {
			t.Errorf("merging a token that does not open: %v, status %d", err, s.Status(r.Context()))
		}
		if err := s.MergeSession(r.Context(), token); err != nil {
			t.Error(err)
		}
	})
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		got := []any{s.Get(r.Context(), "cart"), s.Get(r.Context(), "foo"), time.Until(s.Deadline(r.Context())) > 30*time.Hour}
		if diff := cmp.Diff([]any{"full", "theirs", true}, got); diff != "" {
			t.Errorf("merged session (-want +got):\n%s", diff)
		}
	})
}

// TestTokenOfParts checks that the token of a session in several cookies, which
// has no one value, can be merged into another session.
func TestTokenOfParts(t *testing.T) {
	s := newSite(t, config{options: optionsT{MaxCookies: 3}})
	other := s.visit(t, s.put("foo", large(5000)))
	other.do("/")
	token, deadline := "", time.Time{}
	other.with(s, func(_ http.ResponseWriter, r *http.Request) {
		token, deadline = s.Token(r.Context()), s.Deadline(r.Context())
	})
	if other.cookie("session_2") == "" || !deadline.After(time.Now()) {
		t.Fatalf("the session is in one cookie, or ends at %v", deadline)
	}
	v := s.visit(t, s.put("n", 1))
	v.do("/")
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if err := s.MergeSession(r.Context(), token); err != nil || len(s.GetBytes(r.Context(), "foo")) != 5000 || s.GetInt(r.Context(), "n") != 1 {
			t.Errorf("merged: %v, keys %q", err, s.Keys(r.Context()))
		}
	})
}

// TestCookies checks that Cookies is what the response is going to set, with
// which another server can answer in the handler's place.
func TestCookies(t *testing.T) {
	s := newSite(t, config{})
	var given []*http.Cookie
	v := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
		s.Put(r.Context(), "foo", "bar")
		err := s.RenewToken(r.Context())
		if err != nil {
			t.Error(err)
		}
		if given, err = s.sessions.Cookies(r.Context()); err != nil {
			t.Error(err)
		}
	})
	res := v.do("/")
	if len(given) != 1 || len(res.Cookies()) != 1 || given[0].Value != res.Cookies()[0].Value {
		t.Errorf("Cookies: %v, the response set %v", given, res.Cookies())
	}
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if given, err := s.sessions.Cookies(r.Context()); err != nil || len(given) != 0 {
			t.Errorf("nothing to set: %v, %v", given, err)
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("Cookies did not panic outside LoadAndSave")
		}
	}()
	_, _ = s.sessions.Cookies(t.Context())
}

// TestCookiesThenMore checks that what is done after Cookies still reaches the
// response, and that where nothing is done, it sets what Cookies gave.
func TestCookiesThenMore(t *testing.T) {
	none := func(*site, *http.Request) {}
	put := func(s *site, r *http.Request) { s.Put(r.Context(), "foo", "new") }
	renew := func(s *site, r *http.Request) { _ = s.RenewToken(r.Context()) }
	destroy := func(s *site, r *http.Request) { _ = s.Destroy(r.Context()) }
	remember := func(on bool) func(*site, *http.Request) {
		return func(s *site, r *http.Request) { s.RememberMe(r.Context(), on) }
	}
	const kept, forgotten = "session=...; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax", "session=...; Path=/; HttpOnly; Secure; SameSite=Lax"
	const older, deleted = "session=...; Path=/; Max-Age=82800; HttpOnly; Secure; SameSite=Lax", "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
	for _, test := range []struct {
		name        string
		first, then func(*site, *http.Request)
		want        string // an hour after the session began
		same        bool   // as Cookies gave
		events      []string
	}{
		{"put", put, none, forgotten, true, []string{"opened", "issued"}},
		{"RenewToken", renew, none, forgotten, true, []string{"opened", "issued"}},
		{"Destroy", destroy, none, deleted, true, []string{"opened", "deleted"}},
		{"RememberMe", remember(true), none, older, true, []string{"opened", "issued"}},
		{"RememberMe, then not", remember(true), remember(false), forgotten, false, []string{"opened", "issued"}},
		{"put, then RememberMe", put, remember(true), older, false, []string{"opened", "issued"}},
		{"RememberMe, then RenewToken", remember(true), renew, kept, false, []string{"opened", "issued"}},
		{"RenewToken, then RememberMe", renew, remember(true), kept, false, []string{"opened", "issued"}},
		{"put, then Destroy", put, destroy, deleted, false, []string{"opened", "deleted"}},
		{"Destroy, then put", destroy, put, forgotten, false, []string{"opened", "issued"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{manager: func(m *scs.SessionManager) { m.Cookie.Persist = false }})
			synctest.Test(t, func(t *testing.T) {
				v := s.visit(t, s.put("foo", "bar"))
				v.do("/")
				time.Sleep(time.Hour)
				s.kinds()
				var given []*http.Cookie
				res := v.with(s, func(_ http.ResponseWriter, r *http.Request) {
					test.first(s, r)
					var err error
					if given, err = s.sessions.Cookies(r.Context()); err != nil || len(given) != 1 {
						t.Fatalf("Cookies: %v, %v", given, err)
					}
					test.then(s, r)
				})
				if diff := cmp.Diff([]string{test.want}, setLines(res)); diff != "" {
					t.Fatalf("Set-Cookie (-want +got):\n%s", diff)
				}
				if same := given[0].Value == res.Cookies()[0].Value; same != test.same {
					t.Errorf("it is what Cookies gave: %v", same)
				}
				if diff := cmp.Diff(test.events, s.kinds()); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}
