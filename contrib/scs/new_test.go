package scscookie_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
)

// TestNewRefuses checks that New finds what would fail later, or be dropped by
// a browser in silence, and then leaves the manager as it was.
func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		manager func(*scs.SessionManager)
		options scscookie.Options
		want    string
	}{
		{"no ErrorFunc", func(m *scs.SessionManager) { m.ErrorFunc = nil }, optionsT{}, "scs.New"},
		{"HashTokenInStore", func(m *scs.SessionManager) { m.HashTokenInStore = true }, optionsT{}, "HashTokenInStore"},
		{"no name", func(m *scs.SessionManager) { m.Cookie.Name = "" }, optionsT{}, "Name"},
		{"bad name", func(m *scs.SessionManager) { m.Cookie.Name = "a b" }, optionsT{}, "Name"},
		{"no path", func(m *scs.SessionManager) { m.Cookie.Path = "" }, optionsT{}, "Path"},
		{"bad domain", func(m *scs.SessionManager) { m.Cookie.Domain = "localhost" }, optionsT{}, "Domain"},
		{"host prefix with a path", func(m *scs.SessionManager) { m.Cookie.Name, m.Cookie.Path = "__Host-id", "/a" }, optionsT{}, "__Host-"},
		{"secure prefix without Secure", func(m *scs.SessionManager) { m.Cookie.Name = "__Secure-id" }, optionsT{Insecure: true}, "__Secure-id"},
		{"None without Secure", func(m *scs.SessionManager) { m.Cookie.SameSite = http.SameSiteNoneMode }, optionsT{Insecure: true}, "SameSite"},
		{"no lifetime", func(m *scs.SessionManager) { m.Lifetime = 0 }, optionsT{}, "Lifetime"},
		{"endless lifetime", func(m *scs.SessionManager) { m.Lifetime = 500 * 24 * time.Hour }, optionsT{}, "Lifetime"},
		{"idle for longer than alive", func(m *scs.SessionManager) { m.IdleTimeout = 48 * time.Hour }, optionsT{}, "IdleTimeout"},
		{"MaxLifetime below Lifetime", nil, optionsT{MaxLifetime: time.Hour}, "MaxLifetime"},
		{"LegacyName without a date", nil, optionsT{LegacyName: "old"}, "LegacyName"},
		{"bad LegacyName", nil, optionsT{LegacyName: "a b", LegacyUntil: time.Now()}, "LegacyName"},
		{"too many cookies", nil, optionsT{MaxCookies: 9}, "MaxCookies"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := buildSite(t, config{manager: test.manager, options: test.options})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "scscookie: New: ") {
				t.Errorf("error: %v", err)
			}
			if _, plain := s.Codec.(scs.GobCodec); !plain {
				t.Errorf("the manager's codec is %T", s.Codec)
			}
		})
	}
	if _, err := scscookie.New(nil, newKeyring(t, cookiesession.NewKey()), nil); err == nil {
		t.Error("New took a nil manager")
	}
	if _, err := scscookie.New(scs.New(), nil, nil); err == nil {
		t.Error("New took a nil keyring")
	}
	s := newSite(t, config{})
	if _, err := scscookie.New(s.SessionManager, newKeyring(t, cookiesession.NewKey()), nil); err == nil {
		t.Error("New took a manager twice")
	}
}

// TestInsecure checks the one way to a cookie without Secure: both the
// manager's Cookie and the Options say so.
func TestInsecure(t *testing.T) {
	for _, test := range []struct{ insecure, secure, want bool }{
		{false, false, true}, {false, true, true}, {true, true, true}, {true, false, false},
	} {
		s := newSite(t, config{
			manager: func(m *scs.SessionManager) {
				m.Cookie.Secure, m.Cookie.HttpOnly, m.Cookie.SameSite = test.secure, false, 0
			},
			options: optionsT{Insecure: test.insecure},
		})
		got := s.visit(t, s.put("foo", "bar")).do("/").Cookies()
		if len(got) != 1 || got[0].Secure != test.want || !got[0].HttpOnly || got[0].SameSite != http.SameSiteLaxMode {
			t.Errorf("Insecure %v, Cookie.Secure %v: %v", test.insecure, test.secure, got)
		}
	}
}

// TestChangedManager checks that a change of the manager after New, which New
// could not check, does not go unnoticed.
func TestChangedManager(t *testing.T) {
	for name, change := range map[string]func(*scs.SessionManager){
		"Store":            func(m *scs.SessionManager) { m.Store = scs.New().Store },
		"Codec":            func(m *scs.SessionManager) { m.Codec = scs.GobCodec{} },
		"HashTokenInStore": func(m *scs.SessionManager) { m.HashTokenInStore = true },
		"Cookie":           func(m *scs.SessionManager) { m.Cookie.Domain = "shop.example" },
		"Lifetime":         func(m *scs.SessionManager) { m.Lifetime = time.Minute },
		"IdleTimeout":      func(m *scs.SessionManager) { m.IdleTimeout = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, config{})
			change(s.SessionManager)
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, "after New") {
					t.Errorf("panic: %q", got)
				}
			}()
			s.visit(t, s.read("foo")).do("/")
		})
	}
}

// TestOwnLoadAndSave checks that an application that forgot the one line is
// told, and does not set cookies that nobody can open.
func TestOwnLoadAndSave(t *testing.T) {
	var failed error
	s := newSite(t, config{manager: func(m *scs.SessionManager) {
		m.ErrorFunc = func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }
	}})
	w := httptest.NewRecorder()
	s.SessionManager.LoadAndSave(s.put("foo", "bar")).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if failed == nil || !strings.Contains(failed.Error(), "LoadAndSave") || w.Header()["Set-Cookie"] != nil {
		t.Errorf("error %v, cookies %q", failed, w.Header()["Set-Cookie"])
	}

	v := s.visit(t, nil)
	v.with(s, func(_ http.ResponseWriter, r *http.Request) {
		if _, _, err := s.Commit(r.Context()); err == nil {
			t.Error("Commit gave a token that carries nothing")
		}
	})
}

// TestIterate checks that a call that can't work says so at once.
func TestIterate(t *testing.T) {
	s := newSite(t, config{})
	defer func() {
		if got, _ := recover().(string); !strings.Contains(got, "Iterate") || !strings.Contains(got, "NotBefore") {
			t.Errorf("panic: %q", got)
		}
	}()
	_ = s.Iterate(t.Context(), func(context.Context) error { return nil })
}
