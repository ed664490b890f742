package e2e

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrowser walks through the preferences example with a real browser: it
// sets a theme, logs in, looks at the user's page and logs out, and after each
// step looks at the cookie as the browser keeps it. The site is on
// http://localhost, where browsers take a Secure cookie, and even one with the
// prefix __Host-, without TLS.
func TestBrowser(t *testing.T) {
	path := findBrowser(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	dir := t.TempDir()
	site := start(t, "guard", build(t, "./examples/preferences"), "-addr", "localhost:0", "-keys", filepath.Join(dir, "keyring"))
	line, err := site.line()
	must(t, err)
	address, ok := strings.CutPrefix(line, "Listening on ")
	if !ok {
		t.Fatalf("the site says %q", line)
	}
	b := openTab(t, ctx, path)

	b.open(address + "/")
	if kept := b.cookies(); len(kept) != 0 {
		t.Errorf("%d cookies from looking at a page, expected none", len(kept))
	}

	b.run(`document.querySelector('[name=theme][value=dark]').click()`)
	chosen := theCookie(t, b)
	wantEval(t, b, "the theme", `document.documentElement.dataset.theme`, "dark")

	const name = "Ada"
	b.open(address + "/login?next=/user")
	b.run(`document.querySelector('#name').value = '%s'; document.querySelector('form.login button').click()`, name)
	wantEval(t, b, "the page after the login", `location.pathname`, "/user")
	wantEval(t, b, "the user's page", `document.querySelector('h1').textContent`, name)
	known := theCookie(t, b)
	if known.Value == chosen.Value {
		t.Error("the login has left the cookie as it was")
	}
	checkLife(t, known, 14*24*time.Hour)

	b.open(address + "/user") // the notice of the login is over
	read := theCookie(t, b)
	b.open(address + "/user")
	wantEval(t, b, "the user's page again", `document.querySelector('h1').textContent`, name)
	if theCookie(t, b).Value != read.Value {
		t.Error("reading a page has set the cookie")
	}

	b.run(`document.querySelector('form[action="/logout"] button').click()`)
	b.open(address + "/user")
	if title := b.eval(`document.querySelector('h1').textContent`); strings.Contains(title, name) {
		t.Errorf("the user's page after the logout says %q", title)
	}
	wantEval(t, b, "the theme after the logout", `document.documentElement.dataset.theme`, "dark")
	theCookie(t, b)
	t.Logf("%s: the cookie of a known visitor has %d bytes", b.version(), len(known.Name)+len(known.Value))
}

// findBrowser returns the path of a browser, or skips the test. It does so also
// with CI=true: a browser is larger than all else that the tests need.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no browser is installed: apt-get install chromium")
	return ""
}

// theCookie returns the only cookie, after a look at its attributes.
func theCookie(t *testing.T, b *tab) keptCookie {
	t.Helper()
	kept := b.cookies()
	if len(kept) != 1 {
		t.Fatalf("%d cookies, expected one", len(kept))
	}
	got := kept[0]
	want := keptCookie{
		Name: cookieName, Domain: "localhost", Path: "/", SameSite: "Lax", HTTPOnly: true, Secure: true,
		Value: got.Value, Expires: got.Expires,
	}
	if got != want {
		t.Errorf("the browser keeps %+v, expected %+v", got, want)
	}
	wantEval(t, b, "what a script sees", `document.cookie`, "")
	return got
}

// checkLife compares how long the browser will keep a cookie.
func checkLife(t *testing.T, c keptCookie, want time.Duration) {
	t.Helper()
	life := time.Until(time.Unix(int64(c.Expires), 0))
	if life > want+time.Minute || life < want-time.Minute {
		t.Errorf("the browser keeps the cookie for %v, expected %v", life, want)
	}
}

func wantEval(t *testing.T, b *tab, what, expression, want string) {
	t.Helper()
	if got := b.eval(expression); got != want {
		t.Errorf("%s: %q, expected %q", what, got, want)
	}
}

// version returns the browser's name and version.
func (b *tab) version() string {
	b.t.Helper()
	var result struct{ Product string }
	b.call("Browser.getVersion", nil, &result)
	return result.Product
}
