package scscookie_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"

	"example.com/cookiesession"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
)

var sessionManager = scs.New()

// The handlers are as they were with a store.
func putHandler(w http.ResponseWriter, r *http.Request) {
	sessionManager.Put(r.Context(), "message", "Hello from a cookie!")
}

func getHandler(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, sessionManager.PopString(r.Context(), "message"))
}

func Example() {
	sessionManager.Cookie.Name = "__Host-session"
	sessionManager.Cookie.Secure = true

	mux := http.NewServeMux()
	mux.HandleFunc("/put", putHandler)
	mux.HandleFunc("/get", getHandler)

	// In a program: keys, err := cookiesession.LoadOrCreateKeyring("keyring")
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	sessions, err := scscookie.New(sessionManager, keys, nil)
	if err != nil {
		panic(err)
	}
	// Before: handler := sessionManager.LoadAndSave(mux)
	handler := sessions.LoadAndSave(mux)

	server := httptest.NewTLSServer(handler)
	defer server.Close()
	client := server.Client()
	if client.Jar, err = cookiejar.New(nil); err != nil {
		panic(err)
	}
	for _, path := range []string{"/put", "/get", "/get"} {
		res, err := client.Get(server.URL + path)
		if err != nil {
			panic(err)
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		name, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), "=")
		fmt.Printf("%s: %q, sets %q\n", path, text, name)
	}
	// Output:
	// /put: "", sets "__Host-session"
	// /get: "Hello from a cookie!", sets "__Host-session"
	// /get: "", sets ""
}
