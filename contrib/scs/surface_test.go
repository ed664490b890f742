package scscookie_test

import (
	"context"
	"encoding/gob"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A step is what one request does with a method of the manager. It returns what
// it has seen, as text.
type step func(m *scs.SessionManager, w http.ResponseWriter, r *http.Request, other string) string

// surface has a row for each method of *scs.SessionManager. Each is called in
// the second request of a visitor, whose session then has values of all types.
// other is the token of another visitor.
var surface = map[string]step{
	"Put": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		m.Put(r.Context(), "new", []int64{1, 2})
		return fmt.Sprint(m.Get(r.Context(), "new"))
	},
	"Get":       getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.Get(c, k) }),
	"GetString": getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetString(c, k) }),
	"GetBool":   getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetBool(c, k) }),
	"GetInt":    getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetInt(c, k) }),
	"GetInt32":  getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetInt32(c, k) }),
	"GetInt64":  getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetInt64(c, k) }),
	"GetFloat":  getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetFloat(c, k) }),
	"GetBytes":  getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetBytes(c, k) }),
	"GetTime":   getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.GetTime(c, k) }),
	"Pop":       getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.Pop(c, k) }),
	"PopString": getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.PopString(c, k) }),
	"PopBool":   getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.PopBool(c, k) }),
	"PopInt":    getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.PopInt(c, k) }),
	"PopFloat":  getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.PopFloat(c, k) }),
	"PopBytes":  getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.PopBytes(c, k) }),
	"PopTime":   getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.PopTime(c, k) }),
	"Exists":    getting(func(m *scs.SessionManager, c context.Context, k string) any { return m.Exists(c, k) }),
	"Remove": getting(func(m *scs.SessionManager, c context.Context, k string) any {
		m.Remove(c, k)
		return nil
	}),
	"Keys": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		return fmt.Sprint(m.Keys(r.Context()))
	},
	"Clear": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		err := m.Clear(r.Context())
		m.Put(r.Context(), "after", 1)
		return fmt.Sprint(err, m.Keys(r.Context()))
	},
	"Destroy": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		return fmt.Sprint(m.Destroy(r.Context()), m.Keys(r.Context()), m.Status(r.Context()))
	},
	"Status": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		before := m.Status(r.Context())
		m.Put(r.Context(), "new", 1)
		return fmt.Sprint(before, m.Status(r.Context()))
	},
	"RenewToken": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		return fmt.Sprint(m.RenewToken(r.Context()), m.Status(r.Context()))
	},
	"RememberMe": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		m.RememberMe(r.Context(), true)
		return fmt.Sprint(m.Keys(r.Context()))
	},
	"Deadline": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		return time.Until(m.Deadline(r.Context())).Round(time.Minute).String()
	},
	"SetDeadline": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		m.SetDeadline(r.Context(), time.Now().Add(time.Hour))
		return time.Until(m.Deadline(r.Context())).Round(time.Minute).String()
	},
	"MergeSession": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, other string) string {
		return fmt.Sprint(m.MergeSession(r.Context(), other), m.Keys(r.Context()))
	},
	"Token": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		token := m.Token(r.Context())
		return fmt.Sprint(strings.HasPrefix(r.Header.Get("Cookie"), m.Cookie.Name+"="+token) && token != "")
	},
	"Load": func(m *scs.SessionManager, _ http.ResponseWriter, _ *http.Request, other string) string {
		ctx, err := m.Load(context.Background(), other)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(m.Keys(ctx))
	},
	"Iterate": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		n := 0
		err := m.Iterate(r.Context(), func(context.Context) error { n++; return nil })
		return fmt.Sprint(n, err)
	},
	"Commit": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		token, _, err := m.Commit(r.Context())
		return fmt.Sprint(token != "", err)
	},
	"WriteSessionCookie": func(m *scs.SessionManager, w http.ResponseWriter, r *http.Request, _ string) string {
		m.WriteSessionCookie(r.Context(), w, "", time.Time{})
		return fmt.Sprint(len(w.Header()["Set-Cookie"]))
	},
	"LoadAndSave": func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		w := httptest.NewRecorder()
		m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			m.Put(r.Context(), "new", 1)
		})).ServeHTTP(w, r.Clone(context.Background()))
		return http.StatusText(w.Code)
	},
}

// getting makes a step of a method that takes a key. It is called for the key
// of each type, and for one that is not there.
func getting(call func(*scs.SessionManager, context.Context, string) any) step {
	return func(m *scs.SessionManager, _ http.ResponseWriter, r *http.Request, _ string) string {
		var seen []string
		for _, key := range append(surfaceKeys(), "missing") {
			seen = append(seen, fmt.Sprintf("%s %#v", key, call(m, r.Context(), key)))
		}
		return strings.Join(seen, "; ")
	}
}

// surfaceValues has a value for each of the methods that ask for a type.
var surfaceValues = map[string]any{
	"string": "tea", "bool": true, "int": 7, "int32": int32(8), "int64": int64(9), "float": 1.5,
	"bytes": []byte("abc"), "time": time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), "any": map[string]any{"a": []any{1, "b"}},
}

func init() {
	gob.Register(map[string]any{})
	gob.Register([]any{})
	gob.Register(time.Time{})
	gob.Register([]int64{})
}

func surfaceKeys() []string { return slices.Sorted(maps.Keys(surfaceValues)) }

// walk has a visitor make three requests: one that puts values, one that takes
// the step, and one that looks what is left. It returns what the last two saw,
// and whether the second one set the cookie.
func walk(t *testing.T, m *scs.SessionManager, around func(http.Handler) http.Handler, do step) string {
	t.Helper()
	var other string
	put := func(_ http.ResponseWriter, r *http.Request) {
		for key, value := range surfaceValues {
			m.Put(r.Context(), key, value)
		}
	}
	v := newVisitor(t, around(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { m.Put(r.Context(), "other", 1) })))
	v.do("/")
	other = v.cookie(m.Cookie.Name)

	v = newVisitor(t, around(http.HandlerFunc(put)))
	v.do("/")
	seen := ""
	v.handler = around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				seen = fmt.Sprint("panic: ", p)
			}
		}()
		seen = do(m, w, r, other)
	}))
	cookies := v.do("/").Cookies()
	left := ""
	v.handler = around(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, key := range m.Keys(r.Context()) {
			left += fmt.Sprintf("%s %#v; ", key, m.Get(r.Context(), key))
		}
		left += time.Until(m.Deadline(r.Context())).Round(time.Minute).String()
	}))
	v.do("/")
	return fmt.Sprintf("saw: %s\nset the cookie: %v\nleft: %s", seen, len(cookies) > 0, left)
}

// TestSurface compares each method of scs.SessionManager with itself: in an
// application with scs' own store, and in one with ours. What differs is in the
// table of docs/DROP-IN.md, and nothing else is.
func TestSurface(t *testing.T) {
	text, err := os.ReadFile("../../docs/DROP-IN.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := string(text)
	differs := differsInDocs(t, docs)
	methods := reflect.TypeFor[*scs.SessionManager]()
	same := 0
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		do, ok := surface[name]
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		theirs := scs.New()
		want := walk(t, theirs, theirs.LoadAndSave, do)
		ours := newSite(t, config{})
		got := walk(t, ours.SessionManager, ours.sessions.LoadAndSave, do)
		if (got == want) == differs[name] {
			t.Errorf("%s: in the table of docs/DROP-IN.md: %v\nscs:\n%s\nours:\n%s", name, differs[name], want, got)
		}
		delete(differs, name)
		verdict := "the same"
		if got != want {
			verdict = "differs, as docs/DROP-IN.md says"
		} else {
			same++
		}
		t.Logf("%s: %s", name, verdict)
	}
	for name := range differs {
		t.Errorf("docs/DROP-IN.md has a row of %s, which is no method", name)
	}
	t.Logf("%d of %d methods do the same", same, methods.NumMethod())
	for _, want := range []string{fmt.Sprintf("the %d methods", methods.NumMethod()), fmt.Sprintf("%d do the same", same)} {
		if !strings.Contains(docs, want) {
			t.Errorf("docs/DROP-IN.md does not say %q", want)
		}
	}
}

// differsInDocs returns the rows of the table in docs/DROP-IN.md.
func differsInDocs(t *testing.T, docs string) map[string]bool {
	t.Helper()
	_, table, ok := strings.Cut(docs, "<!-- begin scs -->")
	table, _, end := strings.Cut(table, "<!-- end scs -->")
	if !ok || !end {
		t.Fatal("docs/DROP-IN.md has no table of scs")
	}
	names := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table, -1) {
		names[match[1]] = true
	}
	return names
}
