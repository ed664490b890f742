package gorilla_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/sessions"
)

// logout is a handler as many are: it ignores Save's error, and adds a value
// whose type lacks its line.
func logout(store sessions.Store) http.HandlerFunc {
	type notice struct{ Text string }
	return func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, sessionName)
		delete(session.Values, "user")
		session.AddFlash(notice{"secret-7"})
		_ = session.Save(r, w)
	}
}

// captureLog has what is logged by default written to a buffer.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &out
}

// TestFailedLogoutIsLogged: nobody looks at Save's error, so it is said where
// operators look, with the cure, and without content.
func TestFailedLogoutIsLogged(t *testing.T) {
	out := captureLog(t)
	store, b := newStore(t, newKeys(t), nil), newBrowser(t)
	store.OnSaveFailed = nil
	b.save(store, setUser)
	if out.Len() != 0 {
		t.Errorf("a Save that did not fail logged %s", out)
	}
	b.do(logout(store))
	for _, want := range []string{"level=ERROR", "not saved", "name=" + sessionName, `cookiesession.Register(\"example.com/cookiesession/contrib/gorilla_test.notice\"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the line lacks %q: %s", want, out)
		}
	}
	if strings.Contains(out.String(), "secret-7") {
		t.Errorf("the line has content: %s", out)
	}
	out.Reset()
	b.do(func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, sessionName)
		session.Values["big"] = noise(5000)
		_ = session.Save(r, w)
	})
	if !strings.Contains(out.String(), "level=WARN") {
		t.Errorf("a session that is too large is logged as %s", out)
	}
	// What failed at each request does not fill the disk.
	inBubble(t, func(t *testing.T) {
		store := newStore(t, newKeys(t), nil)
		store.OnSaveFailed = nil
		out.Reset()
		for range 30 {
			b.do(logout(store))
		}
		time.Sleep(time.Minute)
		b.do(logout(store))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 11 || !strings.Contains(lines[10], "skipped=20") {
			t.Errorf("%d lines, the last one %q", len(lines), lines[len(lines)-1])
		}
	})
}

// TestOnSaveFailed: the hook gets what Save returns, in place of the log, also
// for a refresh, whose error nobody else sees.
func TestOnSaveFailed(t *testing.T) {
	out := captureLog(t)
	older := cookiesession.NewKey()
	store, b := newStore(t, keysOf(t, cookiesession.NewKey(), older), nil), newBrowser(t)
	type failure struct {
		HasRequest bool
		Name       string
		TooLarge   bool
	}
	var told []failure
	store.OnSaveFailed = func(r *http.Request, name string, err error) {
		told = append(told, failure{r != nil, name, errors.Is(err, cookiesession.ErrTooLarge)})
	}
	save := func(r *http.Request, given *http.Request) {
		session, _ := store.New(r, sessionName)
		session.Values["big"] = noise(5000)
		if err := store.Save(given, httptest.NewRecorder(), session); err == nil {
			t.Error("Save did not fail")
		}
	}
	plain := httptest.NewRequest(http.MethodGet, "/", nil)
	save(plain, plain)
	save(plain, nil) // as authboss does
	save(nil, nil)

	b.save(newStore(t, keysOf(t, older), nil), setUser)
	store.Options = &sessions.Options{Path: "bad"}
	if response := b.page(store.Refresh(http.NotFoundHandler(), sessionName)); response.StatusCode != 404 || response.Header["Set-Cookie"] != nil {
		t.Errorf("the page: %d, Set-Cookie %q", response.StatusCode, response.Header["Set-Cookie"])
	}
	want := []failure{{true, sessionName, true}, {true, sessionName, true}, {false, sessionName, true}, {true, sessionName, false}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if out.Len() != 0 {
		t.Errorf("logged %s", out)
	}
}

// TestSaveAfterTheResponse: where the writer can tell that the headers are out,
// a Save that comes too late is an error.
func TestSaveAfterTheResponse(t *testing.T) {
	store := newStore(t, newKeys(t), nil)
	told := 0
	store.OnSaveFailed = func(*http.Request, string, error) { told++ }
	for _, written := range []bool{false, true} {
		told = 0
		newBrowser(t).page(store.Refresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			session, _ := store.Get(r, sessionName)
			if written {
				w.WriteHeader(200)
			}
			err := session.Save(r, unwrapper{w})
			if (err != nil) != written || (told == 1) != written {
				t.Errorf("written %v: error %v, told %d times", written, err, told)
			}
		}), sessionName))
	}
	if err := store.Save(nil, unwrapper{httptest.NewRecorder()}, sessions.NewSession(store, sessionName)); err != nil {
		t.Errorf("a writer that can't tell: %v", err)
	}
}

// An unwrapper is what middlewares put around a writer.
type unwrapper struct{ http.ResponseWriter }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }
