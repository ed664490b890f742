package site

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFirstVisit(t *testing.T) {
	v := newVisitor(t)
	for _, path := range []string{"/", "/login", "/user", "/style.css", "/favicon.svg"} {
		page := v.get(path)
		if got := page.header["Set-Cookie"]; got != nil {
			t.Errorf("GET %s: Set-Cookie %q, want none", path, got)
		}
		if got := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; style-src 'self'; ") {
			t.Errorf("GET %s: Content-Security-Policy %q", path, got)
		}
	}
	page := v.get("/")
	v.checkShows(page, english.NoCookie)
	v.checkCounter(page)
}

func TestStaticFilesAreShared(t *testing.T) {
	v := newVisitor(t)
	v.post("/preferences", "theme", "dark")
	for path, kind := range map[string]string{"/style.css": "text/css; charset=utf-8", "/favicon.svg": "image/svg+xml"} {
		file := v.get(path)
		if got := file.header.Get("Content-Type"); got != kind {
			t.Errorf("GET %s: Content-Type %q, want %q", path, got, kind)
		}
		if got := file.header.Get("Vary"); got != "" {
			t.Errorf("GET %s: Vary %q: the session was asked for", path, got)
		}
	}
}

func TestChange(t *testing.T) {
	tests := []struct {
		field, value string
		shows        string
	}{
		{"theme", "light", `data-theme="light"`},
		{"theme", "dark", `data-theme="dark"`},
		{"size", "small", `data-size="small"`},
		{"size", "large", `data-size="large"`},
		{"size", "huge", `data-size="huge"`},
		{"language", "en", `lang="en"`},
		{"language", "de", `lang="de"`},
		{"language", "fr", `lang="fr"`},
		{"language", "es", `lang="es"`},
		{"language", "ja", `lang="ja" dir="ltr"`},
		{"language", "ar", `lang="ar" dir="rtl"`},
	}
	for _, test := range tests {
		t.Run(test.field+"="+test.value, func(t *testing.T) {
			v := newVisitor(t)
			got := v.do(http.MethodPost, "/preferences", formOf(test.field, test.value))
			if want := "/#" + test.field; got.status != http.StatusSeeOther || got.header.Get("Location") != want {
				t.Fatalf("status %d to %q, want 303 to %q", got.status, got.header.Get("Location"), want)
			}
			checkOneCookie(t, got)
			page := v.get("/")
			v.checkShows(page, test.shows)
			// Taking the notice out changed the session, so this response has a
			// cookie too.
			checkOneCookie(t, page)
			v.checkCounter(page)

			again := v.get("/")
			v.checkShows(again, test.shows)
			if len(again.cookies) != 0 {
				t.Errorf("a page that changed nothing set %v", again.cookies)
			}
			v.checkCounter(again)
		})
	}
}

func TestSeveralChangesAtOnce(t *testing.T) {
	v := newVisitor(t)
	page := v.post("/preferences", "theme", "dark", "size", "huge", "language", "fr")
	v.checkShows(page, `<html lang="fr" dir="ltr" data-theme="dark" data-size="huge">`, french.notice(saved, "", 0, v.cookieBytes()))
}

func TestDefaultsNeedNoCookie(t *testing.T) {
	v := newVisitor(t)
	v.post("/preferences", "theme", "dark", "size", "huge", "language", "ja", "note", "n", "save", "note")
	page := v.post("/preferences", "theme", "system", "size", "medium", "language", "auto", "note", " ", "save", "note")
	if len(page.cookies) != 1 || page.cookies[0].MaxAge >= 0 {
		t.Errorf("got cookies %v, want one deletion", page.cookies)
	}
	v.checkShows(page, english.NoCookie)
	v.checkCounter(page)
}

func TestBadForms(t *testing.T) {
	tests := []struct {
		name string
		form url.Values
	}{
		{"unknown theme", formOf("theme", "pink")},
		{"empty theme", formOf("theme", "")},
		{"unknown language", formOf("language", "xx")},
		{"one good, one bad", formOf("theme", "light", "size", "vast")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := newVisitor(t)
			v.post("/preferences", "theme", "dark")
			got := v.do(http.MethodPost, "/preferences", test.form)
			if got.status != http.StatusBadRequest || len(got.cookies) != 0 {
				t.Errorf("status %d, cookies %v, want 400 and none", got.status, got.cookies)
			}
			v.checkShows(v.get("/"), `data-theme="dark" data-size="medium"`)
		})
	}
}

// Everything that a visitor can choose at its largest still fits into the
// cookie, so that no request of this site fails for want of room.
func TestLargestSessionFits(t *testing.T) {
	v := newVisitor(t)
	// Characters of four bytes each, no two neighbours equal.
	long := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteRune(rune(0x1F300 + i*37%0x300))
		}
		return b.String()
	}
	v.post("/preferences", "note", long(maxNote), "save", "note", "theme", "light", "size", "medium", "language", "ja")
	page := v.post("/login", "name", long(maxName), "remember", "yes")
	v.checkShows(page, long(maxNote), long(maxName))
	v.checkCounter(page)
	// On the way to the next page there is a draft of another note, too.
	draft := long(maxNote - 1)
	checkOneCookie(t, v.do(http.MethodPost, "/preferences", formOf("note", draft, "theme", "dark")))
	if got := v.cookieBytes(); got > maxCookie || got < maxCookie/2 {
		t.Errorf("the largest cookie has %d bytes, of %d", got, maxCookie)
	}
}

func TestNoticeIsShownOnce(t *testing.T) {
	v := newVisitor(t)
	page := v.post("/preferences", "theme", "dark")
	v.checkShows(page, `role="status">`+english.notice(saved, "", 0, v.cookieBytes()))
	v.checkHides(v.get("/"), `role="status"`)

	// The notice speaks the language of the page that shows it.
	before := v.cookieBytes()
	page = v.post("/preferences", "language", "de")
	v.checkShows(page, `role="status">`+german.notice(saved, "", before, v.cookieBytes()))
	v.checkHides(v.get("/"), `role="status"`)
}

func TestLogin(t *testing.T) {
	v := newVisitor(t)
	v.checkShows(v.get("/user"), "No user")
	v.post("/preferences", "theme", "dark", "note", "mine", "save", "note")

	page := v.post("/login", "name", "  Ana \t María ", "next", "/user")
	v.checkShows(page, `<h1 dir="auto">Ana María</h1>`, "Welcome, Ana María.", `data-theme="dark"`)
	v.checkCounter(page)
	v.checkShows(v.get("/"), ">\nmine</textarea>", `action="/logout"`)

	page = v.post("/logout")
	v.checkShows(page, english.LoggedOut, `data-theme="dark"`)
	v.checkHides(page, "Ana", "mine")
	v.checkCounter(page)
	v.checkShows(v.get("/user"), "No user")
}

func TestLogoutWithoutPreferencesDeletesTheCookie(t *testing.T) {
	v := newVisitor(t)
	v.post("/login", "name", "ana")
	page := v.post("/logout")
	v.checkShows(page, english.LoggedOut, english.NoCookie)
	v.checkCounter(page)
	if got := v.cookieBytes(); got != 0 {
		t.Errorf("%d bytes are left", got)
	}
}

// Who logs in begins a new session, with a lifetime of its own; who logs out
// does, too.
func TestLifetimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		v := visitorTo(t, "http://localhost")
		v.client.Transport = handlerTransport{newSite(t)} // a bubble has no network
		steps := []struct {
			after time.Duration
			path  string
			form  url.Values
			left  time.Duration // after this step
		}{
			{0, "/preferences", formOf("theme", "dark"), 365 * day},
			{10 * day, "/preferences", formOf("theme", "light"), 355 * day},
			{10 * day, "/login", formOf("name", "ana", "remember", "yes"), 365 * day},
			{10 * day, "/preferences", formOf("theme", "dark"), 355 * day},
			{10 * day, "/login", formOf("name", "ana"), 14 * day}, // the year is not inherited
			{10 * day, "/preferences", formOf("theme", "light"), 4 * day},
			{3 * day, "/logout", nil, 365 * day},
		}
		for _, step := range steps {
			time.Sleep(step.after)
			got := v.do(http.MethodPost, step.path, step.form)
			checkOneCookie(t, got)
			if age := time.Duration(got.cookies[0].MaxAge) * time.Second; age != step.left {
				t.Errorf("POST %s %v: the cookie lives for %v, want %v", step.path, step.form, age, step.left)
			}
			v.checkShows(v.get("/"), "until "+time.Now().Add(step.left).UTC().Format(time.DateOnly))
		}
		v.post("/login", "name", "ana")
		v.checkShows(v.get("/user"), "since "+time.Now().UTC().Format("2006-01-02 15:04 UTC"))
		time.Sleep(14 * day)
		v.checkShows(v.get("/user"), "No user", english.NoCookie)
	})
}

func TestLoginRefused(t *testing.T) {
	v := newVisitor(t)
	for _, name := range []string{"", " \t ", strings.Repeat("n", maxName+1)} {
		page := v.do(http.MethodPost, "/login", formOf("name", name, "next", "/user", "remember", "yes"))
		if page.status != http.StatusUnprocessableEntity || len(page.cookies) != 0 {
			t.Errorf("name %q: status %d, cookies %v, want 422 and none", name, page.status, page.cookies)
		}
		v.checkShows(page, "Please enter a name of at most 40 characters.", `value="/user"`, " checked>")
	}
}

func TestCrossSite(t *testing.T) {
	v := newVisitor(t)
	v.post("/login", "name", "ana")
	v.header.Set("Sec-Fetch-Site", "cross-site")
	for _, path := range []string{"/preferences", "/login", "/logout"} {
		got := v.do(http.MethodPost, path, formOf("theme", "dark", "name", "eve"))
		if got.status != http.StatusForbidden || len(got.cookies) != 0 {
			t.Errorf("POST %s: status %d, cookies %v, want 403 and none", path, got.status, got.cookies)
		}
	}
	v.checkShows(v.get("/user"), `<h1 dir="auto">ana</h1>`, `data-theme="system"`)
}

func TestEscaping(t *testing.T) {
	v := newVisitor(t)
	const evil = `"'></textarea><script>`
	v.post("/preferences", "note", evil, "save", "note")
	v.post("/login", "name", evil)
	for _, path := range []string{"/", "/user", "/login"} {
		response, err := v.client.Get(v.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "<script") {
			t.Errorf("GET %s: a script got in", path)
		}
	}
	v.checkShows(v.get("/"), evil)
}
