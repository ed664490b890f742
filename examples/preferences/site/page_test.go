package site

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What is typed into the note's field stays there whatever else is clicked, and
// is in the session until the page with the field has shown it.
func TestDraft(t *testing.T) {
	const field, unsaved = ">\nflour</textarea>", "Not saved yet."
	tests := []struct {
		name   string
		path   string
		fields []string
		pages  []string // on the way to the front page
	}{
		{"theme", "/preferences", []string{"theme", "dark"}, []string{"/"}},
		{"size", "/preferences", []string{"size", "huge"}, []string{"/"}},
		{"language", "/preferences", []string{"language", "en"}, []string{"/"}},
		{"flip", "/flip", nil, []string{"/"}},
		{"to the login and back", "/preferences", []string{"go", "/login"}, []string{"/login", "/nowhere", "/"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := newVisitor(t)
			v.post("/preferences", "note", "salt", "save", "note")
			got := v.do(http.MethodPost, test.path, formOf(append(test.fields, "note", "flour")...))
			if got.status != http.StatusSeeOther {
				t.Fatalf("status %d, want 303", got.status)
			}
			var page response
			for _, path := range test.pages {
				page = v.do(http.MethodGet, path, nil)
			}
			v.checkShows(page, field, unsaved)
			v.checkCounter(page)
			page = v.get("/") // the session has the saved note alone
			v.checkShows(page, ">\nsalt</textarea>")
			v.checkHides(page, unsaved)
		})
	}

	t.Run("saved", func(t *testing.T) {
		v := newVisitor(t)
		page := v.post("/preferences", "note", "flour", "save", "note")
		v.checkShows(page, field)
		v.checkHides(page, unsaved)
		v.checkHides(v.post("/preferences", "note", "flour", "theme", "dark"), unsaved)
	})
	t.Run("emptied", func(t *testing.T) {
		v := newVisitor(t)
		v.post("/preferences", "note", "flour", "save", "note")
		page := v.post("/preferences", "note", "", "theme", "dark")
		v.checkShows(page, ">\n</textarea>", unsaved)
	})
	t.Run("discarded", func(t *testing.T) {
		v := newVisitor(t)
		v.post("/preferences", "note", "salt", "save", "note")
		page := v.post("/preferences", "note", "flour", "discard", "note")
		v.checkShows(page, ">\nsalt</textarea>")
		v.checkHides(page, unsaved, "Saved.")
	})
	t.Run("too long", func(t *testing.T) {
		v := newVisitor(t)
		v.post("/preferences", "note", "salt", "save", "note")
		long := strings.Repeat("é", maxNote+1)
		for _, button := range []string{"save", "theme"} {
			page := v.do(http.MethodPost, "/preferences", formOf("note", long, button, "dark"))
			if page.status != http.StatusUnprocessableEntity || len(page.cookies) != 0 {
				t.Errorf("status %d, cookies %v, want 422 and none", page.status, page.cookies)
			}
			v.checkShows(page, ">\n"+long+"</textarea>", "A note has at most 300 characters.", `data-theme="system"`)
		}
		v.checkShows(v.get("/"), ">\nsalt</textarea>")
		v.checkShows(v.post("/preferences", "note", long[:2*maxNote], "save", "note"), ">\n"+long[:2*maxNote]+"</textarea>")
	})
}

// Whatever character is changed, the cookie does not open, and the session
// stays as it is. The log says nothing of it.
func TestFlip(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	v := newVisitor(t)
	got := v.do(http.MethodPost, "/flip", nil)
	if got.status != http.StatusSeeOther || len(got.cookies) != 0 {
		t.Fatalf("without a cookie: status %d, cookies %v, want 303 and none", got.status, got.cookies)
	}
	v.checkHides(v.get(got.header.Get("Location")), `class="flip"`)

	v.post("/preferences", "theme", "dark")
	got = v.do(http.MethodPost, "/flip", nil)
	target := regexp.MustCompile(`^/\?flip=\d+#sealed$`)
	if location := got.header.Get("Location"); got.status != http.StatusSeeOther || len(got.cookies) != 0 || !target.MatchString(location) {
		t.Fatalf("status %d to %q, cookies %v, want 303 to a position and none", got.status, location, got.cookies)
	}
	value := v.cookieBytes() - len("__Host-session")
	refusals := map[string]int{}
	for at := range value {
		page := v.get("/?flip=" + strconv.Itoa(at))
		v.checkShows(page, "Character "+strconv.Itoa(at+1)+": ", `<dd><b class="good">opens</b></dd>`)
		refused := regexp.MustCompile(`<b class="bad">refused: (\w+)</b>`).FindStringSubmatch(page.body)
		if refused == nil || strings.Count(page.body, ">opens<") != 1 {
			t.Fatalf("with character %d changed the cookie opens", at+1)
		}
		refusals[refused[1]]++
		if len(page.cookies) != 0 {
			t.Errorf("character %d: the session has changed", at+1)
		}
	}
	for range 20 {
		v.get("/?flip=2") // of the key's id
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
	// The first character is the version's, the next ones are the key id's.
	want := map[string]int{"ErrNewer": 1, "ErrUnknownKey": 4, "ErrInvalid": value - 5}
	if !maps.Equal(refusals, want) {
		t.Errorf("refusals %v, want %v", refusals, want)
	}
	for _, at := range []string{"-1", "x", "", "99999999999999999999"} {
		v.checkHides(v.get("/?flip="+at), `class="flip"`)
	}
	v.checkShows(v.get("/"), `data-theme="dark"`)
}

// The page shows the cookie that the browser has, and what its characters are
// for adds up to it.
func TestInside(t *testing.T) {
	v := newVisitor(t)
	v.checkHides(v.get("/"), `id="sealed"`)
	for _, fields := range [][]string{
		{"theme", "dark"}, {"size", "huge"}, {"language", "en"},
		{"note", "Two eggs, a little salt.", "save", "note"},
		{"note", "a draft", "theme", "light"},
	} {
		page := v.post("/preferences", fields...)
		for range 2 {
			v.checkInside(page)
			page = v.get("/")
		}
	}
	v.checkInside(v.post("/login", "name", "ana"))
	v.checkInside(v.get("/?flip=3"))
}

func (v *visitor) checkInside(page response) {
	v.t.Helper()
	v.checkCounter(page)
	shown := strings.NewReplacer("<mark>", "", "</mark>", "").Replace(page.body)
	v.checkShows(response{body: shown}, "<code>"+v.cookie()+"</code>")
	_, table, _ := strings.Cut(page.body, english.Inside)
	table, rest, _ := strings.Cut(table, "<tfoot>")
	sum := 0
	for _, row := range regexp.MustCompile(`<td>(\d+)</td>`).FindAllStringSubmatch(table, -1) {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			v.t.Fatal(err)
		}
		sum += n
	}
	if sum != v.cookieBytes() {
		v.t.Errorf("the parts are %d characters, the cookie %d", sum, v.cookieBytes())
	}
	v.checkShows(response{body: rest}, "<td>"+strconv.Itoa(sum)+"</td>")
}

// A choice's button has the characters that it adds to the cookie, and they are
// those that it does add.
func TestCosts(t *testing.T) {
	for _, setting := range settings {
		for _, value := range setting.values {
			v := newVisitor(t)
			base := v.post("/preferences", "note", "a note", "save", "note")
			before := v.cookieBytes()
			v.post("/preferences", "note", "a note", setting.name, value)
			button := regexp.MustCompile(`name="` + setting.name + `" value="` + value + `"[^\n]*?>\+(\d+)</small></button>`)
			shown := 0
			if match := button.FindStringSubmatch(base.body); match != nil {
				shown, _ = strconv.Atoi(match[1]) // digits
			}
			if added := v.cookieBytes() - before; added != shown || (added == 0) != (value == setting.fallback) {
				t.Errorf("%s %s adds %d characters, its button says %d", setting.name, value, added, shown)
			}
		}
	}
}

// Who goes wrong sees a page of the site, in their language and theme.
func TestErrorPages(t *testing.T) {
	tests := []struct {
		name         string
		method, path string
		fields       []string
		site         string // Sec-Fetch-Site
		status       int
		shows        string
		allow        string
	}{
		{"no such page", http.MethodGet, "/nowhere", nil, "same-origin", 404, german.NotFoundHint, ""},
		{"no such page to post to", http.MethodPost, "/nowhere", nil, "same-origin", 404, german.NotFoundHint, ""},
		{"no page to look at", http.MethodGet, "/preferences", nil, "same-origin", 405, german.BadMethod, "POST"},
		{"no form", http.MethodPost, "/user", nil, "same-origin", 405, german.BadMethod, "GET, HEAD"},
		{"too large", http.MethodPost, "/preferences", []string{"note", strings.Repeat("n", 1<<16)}, "same-origin", 413, german.TooMuch, ""},
		{"too large a name", http.MethodPost, "/login", []string{"name", strings.Repeat("n", 1<<16)}, "same-origin", 413, german.TooMuch, ""},
		{"no such theme", http.MethodPost, "/preferences", []string{"theme", "pink"}, "same-origin", 400, german.BadForm, ""},
		{"from another site", http.MethodPost, "/preferences", []string{"theme", "light"}, "cross-site", 403, german.OtherSite, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := newVisitor(t)
			v.header.Set("Sec-Fetch-Site", "same-origin")
			v.post("/preferences", "theme", "dark", "language", "de")
			v.header.Set("Sec-Fetch-Site", test.site)
			page := v.do(test.method, test.path, formOf(test.fields...))
			if page.status != test.status || len(page.cookies) != 0 {
				t.Errorf("status %d, cookies %v, want %d and none", page.status, page.cookies, test.status)
			}
			v.checkShows(page, `<html lang="de" dir="ltr" data-theme="dark"`, test.shows, `<a class="primary" href="/">`)
			if got := page.header.Get("Allow"); got != test.allow {
				t.Errorf("Allow: %q, want %q", got, test.allow)
			}
			if got := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
				t.Errorf("Content-Security-Policy: %q", got)
			}
		})
	}
}

// A value that somebody has planted beside the cookie is not taken for it.
func TestPlantedCookie(t *testing.T) {
	for _, planted := range []string{"%", "", "QUJD"} {
		v := newVisitor(t)
		v.post("/preferences", "theme", "dark")
		v.header.Set("Cookie", "__Host-session="+planted)
		for at := range 3 {
			v.checkInside(v.get("/?flip=" + strconv.Itoa(at)))
		}
	}
}
