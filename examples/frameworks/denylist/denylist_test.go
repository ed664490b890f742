package denylist

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
	_ "modernc.org/sqlite"
)

func newList(t *testing.T) (*List, *sql.DB) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "denied.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	list, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return list, db
}

// ask sends a request with a cookie, and returns the answer's cookie, or the
// one that was sent.
func ask(site http.Handler, method, path, cookie string) (*httptest.ResponseRecorder, string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, strings.NewReader(url.Values{"user": {"ana"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	site.ServeHTTP(w, r)
	if line := w.Header().Get("Set-Cookie"); line != "" {
		cookie, _, _ = strings.Cut(line, ";")
	}
	return w, cookie
}

// TestCopyOfACookie: after a logout, a copy of the cookie is no session. That
// of another login is.
func TestCopyOfACookie(t *testing.T) {
	list, db := newList(t)
	site, err := New(cookiesession.Must(cookiesession.NewKeyring(cookiesession.NewKey())), list)
	if err != nil {
		t.Fatal(err)
	}
	_, phone := ask(site, "POST", "/login", "")
	_, laptop := ask(site, "POST", "/login", "")
	expect := func(cookie, want string) {
		t.Helper()
		if w, _ := ask(site, "GET", "/", cookie); w.Body.String() != want {
			t.Errorf("%d %q, want %q", w.Code, w.Body, want)
		}
	}
	expect(phone, "user: ana")
	if w, _ := ask(site, "POST", "/logout", phone); w.Code != http.StatusSeeOther {
		t.Errorf("logout: status %d", w.Code)
	}
	expect(phone, "user: ")
	expect(laptop, "user: ana")

	_ = db.Close() // an outage: nobody is let in, and no page deletes a cookie
	w, _ := ask(site, "GET", "/", laptop)
	if w.Body.String() != "user: " || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("an outage: %q, Set-Cookie %q", w.Body, w.Header().Get("Set-Cookie"))
	}
	if w, cookie := ask(site, "POST", "/logout", laptop); w.Code != http.StatusSeeOther || cookie == laptop {
		t.Errorf("a logout in an outage: status %d, the cookie stays", w.Code)
	}
}

// TestSweep forgets what has ended, and nothing else.
func TestSweep(t *testing.T) {
	list, db := newList(t)
	for id, end := range map[string]time.Time{"over": time.Now(), "denied": time.Now().Add(time.Hour)} {
		for range 2 { // twice is no error
			if err := list.Deny(t.Context(), id, end); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := list.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left string
	if err := db.QueryRowContext(t.Context(), `SELECT group_concat(id) FROM denied_sessions`).Scan(&left); err != nil || left != "denied" {
		t.Errorf("left: %q, %v", left, err)
	}
}
