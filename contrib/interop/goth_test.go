package interop

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"example.com/cookiesession"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/markbates/goth"
	"github.com/markbates/goth/gothic"
	"github.com/markbates/goth/providers/faux"
)

// TestGoth signs in through goth: it keeps gzip bytes in a string, and at the
// end stores its session once more and deletes it, in one response.
func TestGoth(t *testing.T) {
	goth.UseProviders(&faux.Provider{})
	before := gothic.Store
	defer func() { gothic.Store = before; goth.ClearProviders() }()
	codec, err := cookiesession.NewCodec(newKeys(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what       string
		store      sessions.Store
		setCookies int // at the end
	}{
		{"store", newStore(t), 1},
		{"codec", &sessions.CookieStore{Codecs: []securecookie.Codec{codec}, Options: &sessions.Options{Path: "/", Secure: true}}, 2},
	} {
		t.Run(test.what, func(t *testing.T) {
			gothic.Store = test.store
			signIn(t, test.setCookies)
		})
	}
}

func signIn(t *testing.T, setCookies int) {
	mux := http.NewServeMux()
	mux.HandleFunc("/begin", gothic.BeginAuthHandler)
	mux.HandleFunc("/complete", func(w http.ResponseWriter, r *http.Request) {
		user, err := gothic.CompleteUserAuth(w, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		fmt.Fprint(w, user.UserID, " ", user.AccessToken)
	})
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var err error
	if client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}

	begin := get(t, client, server.URL+"/begin?provider=faux")
	location, err := url.Parse(begin.Header.Get("Location"))
	if err != nil || begin.StatusCode != http.StatusTemporaryRedirect {
		t.Fatalf("begin: status %d, %v", begin.StatusCode, err)
	}
	if line := begin.Header.Get("Set-Cookie"); strings.Contains(line, "SameSite=Strict") {
		t.Errorf("the provider's redirect comes from another site, and would not bring the cookie: %s", line)
	}
	callback := server.URL + "/complete?provider=faux&state=" + url.QueryEscape(location.Query().Get("state"))
	if forged := get(t, client, server.URL+"/complete?provider=faux&state=forged"); forged.StatusCode != http.StatusForbidden {
		t.Errorf("another state: status %d", forged.StatusCode)
	}
	// goth has deleted its session by then.
	if late := get(t, client, callback); late.StatusCode != http.StatusForbidden {
		t.Errorf("the session was there after its deletion: status %d", late.StatusCode)
	}

	get(t, client, server.URL+"/begin?provider=faux&state=known")
	complete := get(t, client, server.URL+"/complete?provider=faux&state=known")
	body, err := io.ReadAll(complete.Body)
	if err != nil || complete.StatusCode != http.StatusOK || string(body) != "id access" {
		t.Errorf("complete: status %d, %q, %v", complete.StatusCode, body, err)
	}
	if got := len(complete.Header["Set-Cookie"]); got != setCookies {
		t.Errorf("complete: %d Set-Cookie, want %d", got, setCookies)
	}
	site, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if left := client.Jar.Cookies(site); len(left) != 0 {
		t.Errorf("cookies %v are left", left)
	}
}

// get returns a response whose body is read and can be read again.
func get(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	response.Body = io.NopCloser(strings.NewReader(string(body)))
	return response
}
