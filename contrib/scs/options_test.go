package scscookie_test

import (
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
)

// TestOptionsReachTheCore checks that no field that the manager or Options
// share with the core's options, by name and type, is forgotten on the way.
func TestOptionsReachTheCore(t *testing.T) {
	m, opts := scs.New(), new(optionsT)
	fill(t, reflect.ValueOf(m).Elem())
	fill(t, reflect.ValueOf(&m.Cookie).Elem())
	fill(t, reflect.ValueOf(opts).Elem())
	m.Cookie.Secure = false // with it, Insecure means nothing
	core := scscookie.CoreOptions(m, opts, opts.MaxLifetime)
	shared := 0
	// Options come first: what both have, such as Insecure, is theirs.
	for _, from := range []any{*opts, *m, m.Cookie} {
		shared += checkCopied(t, from, core)
	}
	shared += checkCopied(t, core, *scscookie.CodecOptions(&core))
	if shared < 15 {
		t.Errorf("%d fields in all are shared; this test compares less than it did", shared)
	}
	if core.Check == nil {
		t.Error("Check is forgotten")
	}
	// These are decided otherwise: the manager's Persist is sealed in, and all
	// sessions of a manager have one label.
	core.BrowserSession, core.LabelFunc = true, func(*http.Request) string { return "" }
	for field, value := range reflect.ValueOf(core).Fields() {
		if value.IsZero() {
			t.Errorf("the core's option %s can't be set", field.Name)
		}
	}
}

// fill gives each field a value of its own that is not zero, as far as it can
// be compared afterwards.
func fill(t *testing.T, options reflect.Value) {
	t.Helper()
	for i := range options.NumField() {
		field := options.Field(i)
		if !field.CanSet() {
			continue
		}
		switch v := field.Addr().Interface().(type) {
		case *string:
			*v = options.Type().Field(i).Name
		case *bool:
			*v = true
		case *int:
			*v = 2 + i
		case *time.Duration:
			*v = time.Duration(2+i) * time.Hour
		case *time.Time:
			*v = time.Unix(int64(i), 0)
		case *http.SameSite:
			*v = http.SameSiteStrictMode
		case *func(*http.Request, cookiesession.Event):
			*v = func(*http.Request, cookiesession.Event) {}
		case *func(*http.Request, map[string]any) error:
			*v = func(*http.Request, map[string]any) error { return nil }
		}
	}
}

// checkCopied compares the fields that two structs share, and counts them.
func checkCopied(t *testing.T, from, to any) (shared int) {
	t.Helper()
	source, target := reflect.ValueOf(from), reflect.ValueOf(to)
	for i := range source.NumField() {
		field := source.Type().Field(i)
		got := target.FieldByName(field.Name)
		if !field.IsExported() || !got.IsValid() || got.Type() != field.Type {
			continue
		}
		shared++
		want := source.Field(i)
		if want.IsZero() {
			t.Errorf("%T.%s: this test gives it no value", from, field.Name)
		}
		if field.Type.Kind() == reflect.Func && got.Pointer() == want.Pointer() {
			continue
		}
		if field.Type.Kind() == reflect.Func || !got.Equal(want) {
			t.Errorf("%T.%s is %v, want %v: forgotten?", to, field.Name, got, want)
		}
	}
	return shared
}

// TestExpires: beside Max-Age stands the Expires that says the same, as scs
// writes it, also in what Cookies gives.
func TestExpires(t *testing.T) {
	for _, test := range []struct {
		name    string
		persist bool
		options optionsT
		size    int
	}{
		{"persistent", true, optionsT{}, 1},
		{"in several cookies", true, optionsT{MaxCookies: 4}, 9000},
		{"until the browser is closed", false, optionsT{}, 1},
	} {
		// Outside the bubble, since scs' store has a goroutine.
		s := newSite(t, config{manager: func(m *scs.SessionManager) { m.Cookie.Persist = test.persist }, options: test.options})
		synctest.Test(t, func(t *testing.T) {
			check := func(what string, cookies []*http.Cookie, want time.Time) {
				t.Helper()
				if len(cookies) == 0 {
					t.Errorf("%s, %s: no cookie", test.name, what)
				}
				for _, c := range cookies {
					if !c.Expires.Equal(want) || (c.MaxAge > 0) != want.After(time.Now()) {
						t.Errorf("%s, %s: Expires %v, want %v", test.name, what, c.Expires, want)
					}
				}
			}
			want := time.Time{}
			if test.persist {
				want = time.Now().Add(24 * time.Hour)
			}
			v := s.visit(t, nil)
			value := make([]byte, test.size)
			for i := range value {
				value[i] = byte(rand.Int())
			}
			res := v.with(s, func(_ http.ResponseWriter, r *http.Request) {
				s.Put(r.Context(), "v", value)
				cookies, err := s.sessions.Cookies(r.Context())
				if err != nil {
					t.Fatal(err)
				}
				check("Cookies", cookies, want)
			})
			check("answer", res.Cookies(), want)
			res = v.with(s, func(_ http.ResponseWriter, r *http.Request) {
				if err := s.Destroy(r.Context()); err != nil {
					t.Error(err)
				}
			})
			check("deletion", res.Cookies(), time.Unix(1, 0))
		})
	}
}

// TestFractions: a Lifetime and an IdleTimeout with fractions of a second, as
// tests of applications have them, are rounded up.
func TestFractions(t *testing.T) {
	for name, set := range map[string]func(*scs.SessionManager){
		"Lifetime":    func(m *scs.SessionManager) { m.Lifetime = 1200 * time.Millisecond },
		"IdleTimeout": func(m *scs.SessionManager) { m.IdleTimeout = 1200 * time.Millisecond },
	} {
		s := newSite(t, config{manager: set})
		synctest.Test(t, func(t *testing.T) {
			v := s.visit(t, s.put("foo", "bar"))
			v.do("/")
			value := v.cookie("session")
			has := func() bool {
				v.hold("session", value) // whatever the jar thinks of its end
				return v.has(s, "foo")
			}
			time.Sleep(2*time.Second - time.Millisecond)
			if name == "Lifetime" && !has() { // with an IdleTimeout, that would renew it
				t.Errorf("%s: the session ended early", name)
			}
			time.Sleep(time.Millisecond)
			if has() {
				t.Errorf("%s: the session is still there", name)
			}
		})
	}
}
