package gorilla_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// An application of gorilla/sessions changes the line that makes its store.
func Example() {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey()) // in production: OpenKeyring, or LoadOrCreateKeyring
	if err != nil {
		log.Fatal(err)
	}
	// Before: store := sessions.NewCookieStore(authKey)
	store, err := gorilla.NewStore(keys, nil)
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "app")
		gorilla.Renew(session)
		session.Values["user"] = "user-1"
		session.AddFlash("Welcome!")
		if err := session.Save(r, w); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "app")
		flashes := session.Flashes()
		if err := sessions.Save(r, w); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		fmt.Println(session.Values["user"], flashes)
	})

	// Save is for handlers. This keeps visitors who only read on the present
	// key.
	server := httptest.NewTLSServer(store.Refresh(mux, "app"))
	defer server.Close()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	for _, path := range []string{"/", "/login", "/", "/"} {
		response, err := client.Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
	// Output:
	// <nil> []
	// user-1 [Welcome!]
	// user-1 []
}

// Visitors who are signed in when the store changes stay so.
func ExampleLegacy() {
	authKey := []byte("the key that NewCookieStore had.")
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		log.Fatal(err)
	}
	until := time.Now().AddDate(0, 0, 30) // in production: a date
	store, err := gorilla.NewStore(keys, nil, gorilla.Legacy(securecookie.New(authKey, nil), until))
	if err != nil {
		log.Fatal(err)
	}

	// A visitor comes with a cookie of the old store.
	w := httptest.NewRecorder()
	old := sessions.NewCookieStore(authKey)
	session, _ := old.Get(httptest.NewRequest(http.MethodGet, "/", nil), "app")
	session.Values[42] = "signed in"
	if err := session.Save(nil, w); err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(w.Result().Cookies()[0])

	session, err = store.Get(r, "app")
	fmt.Println(session.Values[42], session.IsNew, err)
	// Output: signed in false <nil>
}

// A Codec can also be one of the codecs of gorilla's own store.
func Example_codec() {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		log.Fatal(err)
	}
	codec, err := cookiesession.NewCodec(keys, nil)
	if err != nil {
		log.Fatal(err)
	}
	store := &sessions.CookieStore{
		Codecs:  []securecookie.Codec{codec},
		Options: &sessions.Options{Path: "/", MaxAge: 14 * 86400, Secure: true, HttpOnly: true},
	}

	w := httptest.NewRecorder()
	session, _ := store.Get(httptest.NewRequest(http.MethodGet, "/", nil), "app")
	session.Values[42] = 43
	if err := session.Save(nil, w); err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	session, err = store.Get(r, "app")
	fmt.Println(session.Values[42], err)
	// Output: 43 <nil>
}
