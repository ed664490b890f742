package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
)

// The functions here are what docs/FROM-EXPRESS.md quotes.

// A Shop is the session of its programs.
type Shop struct {
	User       string   `json:"user"`
	Generation int      `json:"generation"` // of the user's logins
	Views      int      `json:"views"`
	Cart       []string `json:"cart"`
}

func TestViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sessions := newShop(t)
		v := newVisitor(t, sessions.Handler(views(sessions)))
		v.expect("/", "views: 1, expires in 336h0m0s\n")
		time.Sleep(time.Hour)
		v.expect("/", "views: 2, expires in 335h0m0s\n")
	})
}

func views(sessions *cookiesession.Manager[Shop]) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Data.Views++ // before the first byte is written
		left := time.Until(session.ExpiresAt()).Round(time.Minute)
		fmt.Fprintf(w, "views: %d, expires in %v\n", session.Data.Views, left)
	})
	return mux
}

func TestRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := newKeys(t)
		sessions, err := cookiesession.New(keys, &cookiesession.Options[Shop]{
			Lifetime:    24 * time.Hour,
			MaxLifetime: 30 * 24 * time.Hour, // for those who tick the box
		})
		if err != nil {
			t.Fatal(err)
		}
		app := sessions.Handler(remember(sessions))
		short, long := newVisitor(t, app), newVisitor(t, app)
		short.send(short.form("/login"))
		long.send(long.form("/login", "remember", "on"))

		time.Sleep(24 * time.Hour)
		short.expect("/user", `""`)
		long.expect("/user", `"ana"`)
		long.send(long.form("/login")) // and changes her mind
		time.Sleep(24 * time.Hour)
		long.expect("/user", `""`)
	})
}

func remember(sessions *cookiesession.Manager[Shop]) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(_ http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Destroy() // and with it the lifetime of the session before
		if r.PostFormValue("remember") != "" {
			session.SetLifetime(30 * 24 * time.Hour)
		}
		session.Data.User = "ana"
	})
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q", sessions.Get(r).Data.User)
	})
	return mux
}

// A database says how often its users have logged out everywhere.
type database struct {
	generations map[string]int
	down        bool
}

var errDown = errors.New("the database is down")

func (d *database) generation(_ context.Context, user string) (int, error) {
	if d.down {
		return 0, errDown
	}
	return d.generations[user], nil
}

func TestCheck(t *testing.T) {
	users := &database{generations: map[string]int{"ana": 7}}
	sessions, err := cookiesession.New(newKeys(t), &cookiesession.Options[Shop]{
		Check: func(r *http.Request, session *cookiesession.Session[Shop]) error {
			if session.Data.User == "" {
				return nil
			}
			generation, err := users.generation(r.Context(), session.Data.User)
			if err != nil {
				return err // nobody is logged in as long as that can't be known
			}
			if session.Data.Generation != generation {
				return cookiesession.ErrRevoked
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q", sessions.Get(r).Data.User)
	})
	v := newVisitor(t, sessions.Handler(mux))
	cookies, err := sessions.Cookies(&cookiesession.Session[Shop]{Data: Shop{User: "ana", Generation: 7}})
	if err != nil {
		t.Fatal(err)
	}
	v.setCookies(cookies)

	v.expect("/user", `"ana"`)
	users.down = true
	v.expect("/user", `""`)
	users.down = false
	v.expect("/user", `"ana"`)
	users.generations["ana"]++ // she logs out everywhere
	v.expect("/user", `""`)
}

func TestTooLarge(t *testing.T) {
	sessions := newShop(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		for i := range 2000 {
			session.Data.Cart = append(session.Data.Cart, fmt.Sprintf("article %d", i))
		}
		if err := sessions.Save(w, session); errors.Is(err, cookiesession.ErrTooLarge) {
			session.Data.Cart = session.Data.Cart[:100]
			http.Error(w, "A cart takes 100 articles.", http.StatusUnprocessableEntity)
			return
		}
	})
	mux.HandleFunc("GET /cart", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(sessions.Get(r).Data.Cart))
	})
	v := newVisitor(t, sessions.Handler(mux))
	if got, _ := v.send(v.form("/cart")); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d, want 422", got.StatusCode)
	}
	v.expect("/cart", "100")
}

func TestCookieBudget(t *testing.T) {
	sessions := newShop(t)
	size, err := sessions.Measure(Shop{User: "ana", Cart: []string{"one article", "and another"}})
	if err != nil {
		t.Fatal(err)
	}
	if size.Cookie > 200 {
		t.Errorf("a session takes %d bytes of the cookie, want 200 at most", size.Cookie)
	}
}

// The rest of what the page says: a session that is nothing but zero has no
// cookie, Renew alone keeps the Data, Destroy and then Data begins anew.
func TestRegenerate(t *testing.T) {
	sessions := newShop(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ids", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		before := session.ID()
		switch r.PostFormValue("by") {
		case "renew":
			session.Renew()
		case "destroy":
			session.Destroy()
		}
		session.Data.User = "ana"
		fmt.Fprintf(w, "%t %d", session.ID() == before, session.Data.Views)
	})
	v := newVisitor(t, sessions.Handler(mux))
	cookies, err := sessions.Cookies(&cookiesession.Session[Shop]{Data: Shop{Views: 5}})
	if err != nil {
		t.Fatal(err)
	}
	v.setCookies(cookies)
	for _, test := range []struct{ by, want string }{{"", "true 5"}, {"renew", "false 5"}, {"destroy", "false 0"}} {
		if _, got := v.send(v.form("/ids", "by", test.by)); got != test.want {
			t.Errorf("%q: got %s, want %s", test.by, got, test.want)
		}
	}
}

// Reload: Load opens the request's cookie again, without what the handler has
// changed.
func TestReload(t *testing.T) {
	sessions := newShop(t)
	v := newVisitor(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Data.Views++
		session.Data = sessions.Load(r).Data
		fmt.Fprint(w, session.Data.Views)
	})))
	cookies, err := sessions.Cookies(&cookiesession.Session[Shop]{Data: Shop{Views: 5}})
	if err != nil {
		t.Fatal(err)
	}
	v.setCookies(cookies)
	got, views := v.send(v.request(http.MethodGet, "/", ""))
	if views != "5" || len(got.Cookies()) != 0 {
		t.Errorf("got %s views and cookies %v, want 5 and none", views, got.Cookies())
	}
}

func newKeys(t *testing.T) *cookiesession.Keyring {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newShop(t *testing.T) *cookiesession.Manager[Shop] {
	t.Helper()
	sessions, err := cookiesession.New[Shop](newKeys(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// expect checks what a page says.
func (v *visitor) expect(path, want string) {
	v.t.Helper()
	if _, got := v.send(v.request(http.MethodGet, path, "")); got != want {
		v.t.Errorf("GET %s: %q, want %q", path, got, want)
	}
}
