package cookiesession_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"example.com/cookiesession"
)

// A whole program: a page that remembers a visitor's theme.
func Example() {
	type Prefs struct {
		Theme string
	}
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey()) // LoadOrCreateKeyring in a program that restarts
	if err != nil {
		panic(err)
	}
	sessions, err := cookiesession.New[Prefs](keys, nil)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		theme := sessions.Get(r).Data.Theme
		if theme == "" {
			theme = "system"
		}
		fmt.Fprintln(w, "theme:", theme)
	})
	mux.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Theme = r.FormValue("theme")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	server := httptest.NewServer(sessions.Handler(mux))
	defer server.Close()

	browser := newBrowser(server)
	browser.get("/")
	browser.post("/theme", url.Values{"theme": {"dark"}})
	browser.get("/")
	// Output:
	// theme: system
	// theme: dark
	// theme: dark
}

// The session tutorial: a login that sets the user, a page that shows it, a
// logout that destroys it.
func Example_login() {
	type Session struct {
		User string
	}
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	sessions, err := cookiesession.New[Session](keys, nil)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		s.Renew() // whatever was there before is another session
		s.Data = Session{User: r.FormValue("user")}
		fmt.Fprintln(w, "Logged in")
	})
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, r *http.Request) {
		if user := sessions.Get(r).Data.User; user != "" {
			fmt.Fprintln(w, user)
			return
		}
		fmt.Fprintln(w, "No user")
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Destroy()
		fmt.Fprintln(w, "Logged out")
	})
	// SameSite=Lax does not keep another site from logging a visitor in.
	protected := http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
	server := httptest.NewServer(protected)
	defer server.Close()

	browser := newBrowser(server)
	browser.get("/user")
	browser.post("/login", url.Values{"user": {"ana"}})
	browser.get("/user")
	browser.post("/logout", nil)
	browser.get("/user")
	// Output:
	// No user
	// Logged in
	// ana
	// Logged out
	// No user
}

// A message that the next page shows once.
func ExampleManager_Get_flash() {
	type Session struct {
		Flash string
	}
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	sessions, err := cookiesession.New[Session](keys, nil)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /save", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Flash = "Saved."
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		flash := s.Data.Flash
		s.Data.Flash = "" // before the first byte is written: then it's too late
		fmt.Fprintf(w, "flash: %q\n", flash)
	})
	server := httptest.NewServer(sessions.Handler(mux))
	defer server.Close()

	browser := newBrowser(server)
	browser.post("/save", nil)
	browser.get("/")
	// Output:
	// flash: "Saved."
	// flash: ""
}

// Rotation by hand: the new key goes in front, the old one stays until its last
// session has expired. For a fleet of replicas a schedule does it without a
// moment in which one seals what another cannot open.
func ExampleKeyring() {
	type User struct{ Name string }
	old, key := cookiesession.NewKey(), cookiesession.NewKey()
	manager := func(keys ...cookiesession.Key) *cookiesession.Manager[User] {
		ring, err := cookiesession.NewKeyring(keys...)
		if err != nil {
			panic(err)
		}
		m, err := cookiesession.New[User](ring, nil)
		if err != nil {
			panic(err)
		}
		return m
	}
	cookies, err := manager(old).Cookies(&cookiesession.Session[User]{Data: User{Name: "ana"}})
	if err != nil {
		panic(err)
	}
	request := &http.Request{Header: http.Header{
		"Cookie":         {cookies[0].String()},
		"Sec-Fetch-Dest": {"document"}, // a page, as a browser asks for it
	}}

	rotated := manager(key, old)
	s := rotated.Load(request)
	fmt.Println("after the rotation:", s.Data.Name)

	response := httptest.NewRecorder()
	if err := rotated.Save(response, s); err != nil { // sealed anew at a page: no change is needed for that
		panic(err)
	}
	request.Header.Set("Cookie", response.Header().Get("Set-Cookie"))
	fmt.Println("without the old key:", manager(key).Load(request).Data.Name)
	// Output:
	// after the rotation: ana
	// without the old key: ana
}

// A test of a handler gets a session without knowing the format.
func ExampleManager_Cookies() {
	type User struct{ Name string }
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	sessions, err := cookiesession.New[User](keys, nil)
	if err != nil {
		panic(err)
	}
	handler := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello, ", sessions.Get(r).Data.Name)
	}))

	cookies, err := sessions.Cookies(&cookiesession.Session[User]{Data: User{Name: "ana"}})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(cookies[0])
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: Hello, ana
}

// Values outside of cookies: a link that is good for an hour.
func ExampleCodec() {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	codec, err := cookiesession.NewCodec(keys, &cookiesession.CodecOptions{Label: "download links", Lifetime: time.Hour})
	if err != nil {
		panic(err)
	}
	text, err := codec.Encode("file", "report.pdf")
	if err != nil {
		panic(err)
	}
	var file string
	if err := codec.Decode("file", text, &file); err != nil {
		panic(err)
	}
	fmt.Println(file)
	err = codec.Decode("image", text, &file)
	fmt.Println(errors.Is(err, cookiesession.ErrInvalid))
	// Output:
	// report.pdf
	// true
}

// A test keeps the cookie within a budget, and says what takes the room. For
// sessions that are JSON documents, in a script:
//
//	cookiesession size -budget 200 testdata/sessions/*.json
func ExampleManager_Measure() {
	type Session struct {
		User  string
		Roles []string
		Note  string
	}
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	sessions, err := cookiesession.New[Session](keys, nil)
	if err != nil {
		panic(err)
	}
	const budget = 200 // bytes of name and value
	for _, note := range []string{"", strings.Repeat("Lorem ipsum. ", 30)} {
		size, err := sessions.Measure(Session{User: "ana", Roles: []string{"admin", "editor"}, Note: note})
		if err != nil {
			panic(err)
		}
		if size.Cookie <= budget {
			fmt.Println("within the budget")
			continue
		}
		fmt.Println("too large, mostly", size.Paths[0].Path) // in a test: t.Errorf
	}
	// Output:
	// within the budget
	// too large, mostly Note
}

// A browser has a cookie jar, and prints what it is shown.
type browser struct {
	client *http.Client
	url    string
}

func newBrowser(server *httptest.Server) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err)
	}
	return &browser{client: &http.Client{Jar: jar}, url: server.URL}
}

func (b *browser) get(path string) { show(b.client.Get(b.url + path)) }

func (b *browser) post(path string, form url.Values) { show(b.client.PostForm(b.url+path, form)) }

func show(response *http.Response, err error) {
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Print(string(body))
}

// At package level this is var sessions = cookiesession.Must(...), in one line
// with its keyring.
func ExampleMust() {
	keys := cookiesession.Must(cookiesession.NewKeyring(cookiesession.NewKey())) // or LoadOrCreateKeyring(path)
	sessions := cookiesession.Must(cookiesession.New[map[string]string](keys, nil))
	fmt.Println(sessions.CookieName())
	// Output:
	// __Host-session
}

// An account has a field that cannot be stored, and belongs to another module,
// so that nobody here can tag it. A type around it with both methods can be
// stored.
type account struct{ url.Userinfo }

func (a account) MarshalBinary() ([]byte, error) { return []byte(a.String()), nil }

func (a *account) UnmarshalBinary(b []byte) error {
	u, err := url.Parse("//" + string(b) + "@")
	if err == nil && u.User != nil {
		a.Userinfo = *u.User
	}
	return err
}

// What New refuses because of a type of another module is stored by a type
// around it, with methods that say how.
func ExampleNew_wrapper() {
	type Session struct{ Login account }
	keys := cookiesession.Must(cookiesession.NewKeyring(cookiesession.NewKey()))
	_, err := cookiesession.New[struct{ Login url.Userinfo }](keys, nil)
	fmt.Println("as it is:", err != nil)

	sessions := cookiesession.Must(cookiesession.New[Session](keys, nil))
	cookies, err := sessions.Cookies(&cookiesession.Session[Session]{Data: Session{Login: account{*url.User("user-1")}}})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(cookies[0])
	fmt.Println("wrapped:", sessions.Load(r).Data.Login.Username())
	// Output:
	// as it is: true
	// wrapped: user-1
}
