package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/sessions"
)

// TestPageTellsTheTruth compares what the preferences example says of the
// visitor's data as JSON and in gorilla's cookie, which it computes, with JSON
// and gorilla's cookie.
func TestPageTellsTheTruth(t *testing.T) {
	program := filepath.Join(t.TempDir(), "preferences")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "..", "-o", program, "./examples/preferences").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	site := exec.CommandContext(t.Context(), program, "-addr", "localhost:0", "-keys", filepath.Join(t.TempDir(), "keyring"))
	out, err := site.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Wait() }) // the context ends it before
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "Listening on ")
	if !ok {
		t.Fatalf("the site says %q, %v", line, err)
	}

	for _, visit := range []map[string]string{ // the form's fields, as the session calls them
		{"theme": "dark"},
		{"lang": "ja"},
		{"theme": "light", "fontSize": "huge", "lang": "en"},
		{"theme": "dark", "note": "Two eggs, a little salt."},
		{"note": `"quoted" & <angled>, 日本語` + "\nin lines"},
		{"fontSize": "small", "user": "ana"},
		// Lengths at which gob and base64 take a byte more.
		{"note": strings.Repeat("n", 127)},
		{"note": strings.Repeat("n", 128)},
		{"note": strings.Repeat("n", 129)},
		{"note": strings.Repeat("n", 255)},
		{"note": strings.Repeat("n", 256)},
		{"theme": "dark", "note": strings.Repeat("字", 300), "user": strings.Repeat("u", 40)},
	} {
		page := pageOf(t, address, visit)
		text, err := json.Marshal(visit)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := pageFigure(t, page, "as-json"), len(cookieName)+len(text); got != want {
			t.Errorf("%v: the page says %d characters of JSON, there are %d", visit, got, want)
		}
		if got, want := pageFigure(t, page, "as-gorilla"), gorillaSize(t, visit); got != want {
			t.Errorf("%v: the page says %d characters of gorilla's cookie, there are %d", visit, got, want)
		}
	}
}

// pageOf returns the page of a new visitor who has chosen all this.
func pageOf(t *testing.T, address string, visit map[string]string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	fields := url.Values{"save": {"note"}}
	for name, field := range map[string]string{"theme": "theme", "fontSize": "size", "lang": "language", "note": "note"} {
		if value := visit[name]; value != "" {
			fields.Set(field, value)
		}
	}
	post := func(path string, form url.Values) string {
		response, err := client.PostForm(address+path, form) // follows the redirect
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		page, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d, %v", path, response.StatusCode, err)
		}
		return string(page)
	}
	page := post("/preferences", fields)
	if user := visit["user"]; user != "" {
		page = post("/login", url.Values{"name": {user}})
	}
	return page
}

func pageFigure(t *testing.T, page, id string) int {
	t.Helper()
	match := regexp.MustCompile(`id="` + id + `">(\d+)<`).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("the page has no %s", id)
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// gorillaSize returns the characters of the cookie's name and value that
// gorilla/sessions sets.
func gorillaSize(t *testing.T, values map[string]string) int {
	t.Helper()
	store := sessions.NewCookieStore(randomBytes(64), randomBytes(32))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	session, err := store.New(r, cookieName)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		session.Values[name] = value
	}
	w := httptest.NewRecorder()
	if err := store.Save(r, w, session); err != nil {
		t.Fatal(err)
	}
	cookie := w.Result().Cookies()[0]
	return len(cookie.Name) + len(cookie.Value)
}
