package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
)

// expressModules is the variable of the environment with the directory whose
// node_modules has what testdata/express/programs.js requires.
const expressModules = "EXPRESS_MODULES"

// A step is a request, or a pause before the next one. express is what the
// program of Express answers, where it is something else, which the page has to
// explain.
type step struct {
	request string // method, path, and a form
	header  string // name: value
	want    string // status, and the body or where it leads to
	express string

	pause time.Duration
	keep  bool // keep a copy of the cookies
	back  bool // go back to that copy
}

// What docs/FROM-EXPRESS.md promises, as programs of which each is there twice.
var programs = []struct {
	name  string
	app   func(*testing.T) http.Handler
	steps []step
}{
	{"views", viewsProgram, []step{
		{request: "GET /", want: "200 views 1"},
		{request: "GET /", want: "200 views 2"},
	}},
	{"regenerate", regenerateProgram, []step{
		{request: "GET /", want: "200 nobody, light"},
		{request: "POST /theme", want: "200 ok"},
		{request: "GET /", want: "200 nobody, dark", keep: true},
		{request: "POST /login user=ana", want: "302 /"},
		{request: "GET /", want: "200 ana, light"},
		{request: "GET /reload", want: "200 ana"},
		{request: "GET /", want: "200 ana, light"},
		// A copy from before login is what it was. There, regenerate has taken
		// it out of the store.
		{back: true, request: "GET /", want: "200 nobody, dark", express: "200 nobody, light"},
		{request: "POST /login user=ana", want: "302 /"},
		{request: "GET /", want: "200 ana, light", keep: true},
		{request: "POST /logout", want: "302 /"},
		{request: "GET /", want: "200 nobody, light"},
		// "a copied cookie after logout": works until the session expires.
		{back: true, request: "GET /", want: "200 ana, light", express: "200 nobody, light"},
	}},
	{"passport", passportProgram, []step{
		{request: "POST /cart", want: "200 cart 1"},
		{request: "POST /cart", want: "200 cart 2"},
		{request: "GET /private", want: "302 /login"},
		{request: "POST /login username=ana&password=no", want: "302 /login"},
		{request: "GET /login", want: `200 ["wrong"]`},
		{request: "GET /login", want: "200 []"},
		{request: "POST /login username=ana&password=open", want: "302 /private"},
		{request: "GET /private", want: "200 ana, cart 0"}, // of the guest's session nothing is left
		{request: "POST /logout", want: "302 /"},
		{request: "GET /", want: "200 nobody, cart 0"},
	}},
	{"flash", flashProgram, []step{
		{request: "GET /", want: "200 []"},
		{request: "POST /", want: "302 /"},
		{request: "GET /", want: `200 ["one","two"]`},
		{request: "GET /", want: "200 []"},
		{request: "GET /same", want: `200 ["now"]`},
		{request: "GET /", want: "200 []"},
		{request: "GET /throw", want: "500 an error page"},
		{request: "GET /", want: `200 ["thrown"]`},
	}},
	{"csrf", csrfProgram, []step{
		{request: "GET /", want: "200 TOKEN"},
		{request: "POST / _csrf=TOKEN", header: "Sec-Fetch-Site: same-origin", want: "200 ok"},
		{request: "POST /", header: "Sec-Fetch-Site: cross-site", want: "403 forbidden"},
		{request: "POST /", header: "Origin: https://elsewhere.example", want: "403 forbidden"},
		// What the browser says takes the place of a token.
		{request: "POST /", header: "Sec-Fetch-Site: same-origin", want: "200 ok", express: "403 forbidden"},
	}},
	{"cart", cartProgram, []step{
		{request: "GET /", want: "200 0 articles"},
		{request: "POST /add item=a", want: "302 /"},
		{request: "POST /add item=a", want: "302 /"},
		{request: "POST /add item=b", want: "302 /"},
		{request: "GET /", want: "200 2 articles"},
		{request: "POST /remove item=a", want: "302 /"},
		{request: "GET /", want: "200 2 articles"},
		{request: "POST /remove item=a", want: "302 /"},
		{request: "GET /", want: "200 1 articles"},
		// A store has room. Here it is an error, and what was there stays.
		{request: "POST /many n=900", want: "500 Internal Server Error\n", express: "302 /"},
		{request: "GET /", want: "200 1 articles", express: "200 901 articles"},
	}},
	{"rolling", rollingProgram, []step{
		{request: "POST /login", want: "200 ok"},
		{pause: 2500 * time.Millisecond, request: "GET /", want: "200 ana"},
		{pause: 2500 * time.Millisecond, request: "GET /", want: "200 ana"},
		{pause: 2500 * time.Millisecond, request: "GET /", want: "200 ana"},
		{pause: 5500 * time.Millisecond, request: "GET /", want: "200 nobody"},
	}},
	{"remember", rememberProgram, []step{
		{request: "POST /login", want: "200 ok"},
		{request: "GET /", want: "200 ana, 1 days"},
		{request: "POST /login remember=on", want: "200 ok"},
		{request: "GET /", want: "200 ana, 30 days"},
		{request: "POST /login", want: "200 ok"},
		{request: "GET /", want: "200 ana, 1 days"},
	}},
	{"cookie", cookieProgram, []step{
		{request: "GET /state", want: "200 new true, populated false"},
		{request: "GET /views", want: "200 views 1, new true, populated true"},
		{request: "GET /views", want: "200 views 2, new false, populated true"},
		{request: "GET /state", want: "200 new false, populated true"},
		{request: "GET /zero", want: "200 ok"},
		{request: "GET /user", want: "200 nobody, views 0"},
		{request: "GET /views", want: "200 views 1, new false, populated true"},
		{request: "GET /replace", want: "200 new false", express: "200 new true"}, // IsNew stays what it was
		{request: "GET /user", want: "200 ana, views 0", keep: true},
		{request: "GET /clear", want: "200 ok"},
		{request: "GET /state", want: "200 new true, populated false", express: "200 new false, populated false"}, // a zero session has no cookie
		{back: true, request: "POST /logout", want: "302 /state"},
		{request: "GET /state", want: "200 new true, populated false"},
	}},
	{"two", twoProgram, []step{
		{request: "GET /", want: "200 shop 1"},
		{request: "GET /", want: "200 shop 2"},
		{request: "GET /admin", want: "200 admin 1"},
		{request: "GET /admin", want: "200 admin 2"},
		{request: "POST /logout", want: "200 ok"},
		{request: "GET /admin", want: "200 admin 3"},
		{request: "GET /", want: "200 shop 1"},
		{request: "POST /admin/logout", want: "200 ok"},
		{request: "GET /admin", want: "200 admin 1"},
		{request: "GET /", want: "200 shop 2"},
	}},
}

// TestPrograms runs the programs in Go.
func TestPrograms(t *testing.T) {
	for _, program := range programs {
		t.Run(program.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				newVisitor(t, program.app(t)).take(program.steps, false)
			})
		})
	}
}

// TestProgramsOfExpress runs those of Express, so that what the page says of
// them is true. It needs Node and the packages, which .ci/run installs.
func TestProgramsOfExpress(t *testing.T) {
	modules := os.Getenv(expressModules)
	if modules == "" {
		t.Skipf("%s names no directory with the packages of npm: see the step express of .ci/run", expressModules)
	}
	for _, program := range programs {
		t.Run(program.name, func(t *testing.T) {
			t.Parallel() // one waits for ten seconds
			node := exec.CommandContext(t.Context(), "node", "testdata/express/programs.js", program.name)
			node.Env = append(os.Environ(), "NODE_PATH="+modules+"/node_modules", "NO_DEPRECATION=express-session,csurf")
			node.Stderr = os.Stderr
			stdin, err := node.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := node.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := node.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				stdin.Close()
				_ = node.Wait()
			}()
			port, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			v := newVisitor(t, nil)
			v.client.Transport = nodeTransport(strings.TrimSpace(port))
			v.take(program.steps, true)
		})
	}
}

// A nodeTransport sends the requests for the site to a port.
type nodeTransport string

func (port nodeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host = "http", "127.0.0.1:"+string(port)
	return http.DefaultTransport.RoundTrip(out)
}

// take takes the steps of a program.
func (v *visitor) take(steps []step, express bool) {
	v.t.Helper()
	token := "TOKEN"
	var kept http.CookieJar
	for _, s := range steps {
		if s.back {
			v.client.Jar = kept
		}
		time.Sleep(s.pause)
		method, rest, _ := strings.Cut(s.request, " ")
		path, form, _ := strings.Cut(rest, " ")
		r := v.request(method, path, strings.ReplaceAll(form, "TOKEN", url.QueryEscape(token)))
		r.Header.Set("Accept", "text/html")
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if name, value, ok := strings.Cut(s.header, ": "); ok {
			r.Header.Set(name, value)
		}
		response, body := v.send(r)
		want := s.want
		if express {
			want = cmp.Or(s.express, want)
		}
		got := fmt.Sprintf("%d %s", response.StatusCode, cmp.Or(response.Header.Get("Location"), body))
		if strings.HasSuffix(want, " TOKEN") {
			token, got = body, want
		}
		if got != want {
			v.t.Errorf("%s: %q, want %q", s.request, got, want)
		}
		if s.keep {
			kept = v.client.Jar
			cookies := v.cookies()
			v.client.Jar = newVisitor(v.t, nil).client.Jar
			v.setCookies(cookies)
		}
	}
}

func newManager[T any](t *testing.T, opts cookiesession.Options[T]) *cookiesession.Manager[T] {
	t.Helper()
	sessions, err := cookiesession.New(newKeys(t), &opts)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// A handle adds a handler that is given the request's session to a mux.
type handle[T any] func(pattern string, h func(http.ResponseWriter, *http.Request, *cookiesession.Session[T]))

// program is a mux behind the Handler of its sessions.
func program[T any](sessions *cookiesession.Manager[T], add func(handle[T])) http.Handler {
	mux := http.NewServeMux()
	add(func(pattern string, h func(http.ResponseWriter, *http.Request, *cookiesession.Session[T])) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h(w, r, sessions.Get(r)) })
	})
	return sessions.Handler(mux)
}

func viewsProgram(t *testing.T) http.Handler {
	type data struct{ Views int }
	return program(newManager(t, cookiesession.Options[data]{}), func(on handle[data]) {
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.Views++
			fmt.Fprintf(w, "views %d", session.Data.Views)
		})
	})
}

func regenerateProgram(t *testing.T) http.Handler {
	type data struct{ User, Theme string }
	sessions := newManager(t, cookiesession.Options[data]{})
	return program(sessions, func(on handle[data]) {
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			fmt.Fprintf(w, "%s, %s", cmp.Or(session.Data.User, "nobody"), cmp.Or(session.Data.Theme, "light"))
		})
		on("POST /theme", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.Theme = "dark"
			fmt.Fprint(w, "ok")
		})
		on("POST /login", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Destroy()
			session.Data.User = r.PostFormValue("user")
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("POST /logout", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Destroy()
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("GET /reload", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.User = "mallory"
			session.Data = sessions.Load(r).Data
			fmt.Fprint(w, session.Data.User)
		})
	})
}

func passportProgram(t *testing.T) http.Handler {
	type data struct {
		User, ReturnTo string
		Cart, Errors   []string
	}
	return program(newManager(t, cookiesession.Options[data]{}), func(on handle[data]) {
		on("POST /cart", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.Cart = append(session.Data.Cart, "a")
			fmt.Fprintf(w, "cart %d", len(session.Data.Cart))
		})
		on("GET /private", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			if session.Data.User == "" {
				session.Data.ReturnTo = r.URL.RequestURI()
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			fmt.Fprintf(w, "%s, cart %d", session.Data.User, len(session.Data.Cart))
		})
		on("GET /login", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			writeFlashes(w, &session.Data.Errors)
		})
		on("POST /login", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			if r.PostFormValue("password") != "open" {
				session.Data.Errors = append(session.Data.Errors, "wrong")
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			to := cmp.Or(session.Data.ReturnTo, "/")
			session.Destroy()
			session.Data.User = r.PostFormValue("username")
			http.Redirect(w, r, to, http.StatusFound)
		})
		on("POST /logout", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Destroy()
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			fmt.Fprintf(w, "%s, cart %d", cmp.Or(session.Data.User, "nobody"), len(session.Data.Cart))
		})
	})
}

// writeFlashes takes the messages out of the session and writes them.
func writeFlashes(w http.ResponseWriter, messages *[]string) {
	text, err := json.Marshal(append([]string{}, *messages...))
	if err != nil {
		panic(err)
	}
	*messages = nil
	_, _ = w.Write(text)
}

func flashProgram(t *testing.T) http.Handler {
	type data struct{ Info []string }
	sessions := newManager(t, cookiesession.Options[data]{})
	app := program(sessions, func(on handle[data]) {
		on("POST /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.Info = append(session.Data.Info, "one", "two")
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			writeFlashes(w, &session.Data.Info)
		})
		on("GET /same", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.Info = append(session.Data.Info, "now")
			writeFlashes(w, &session.Data.Info)
		})
		on("GET /throw", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.Info = append(session.Data.Info, "thrown")
			panic("thrown")
		})
	})
	// What recovers stands inside Handler, so that the session is saved. A
	// Handler in a Handler of the same Manager is as good as one.
	return sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
				fmt.Fprint(w, "an error page")
			}
		}()
		app.ServeHTTP(w, r)
	}))
}

func csrfProgram(t *testing.T) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "none") })
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "forbidden")
	}))
	return protection.Handler(newShop(t).Handler(mux))
}

func cartProgram(t *testing.T) http.Handler {
	type item struct {
		Count int
		At    time.Time
	}
	type data struct{ Items map[string]*item }
	return program(newManager(t, cookiesession.Options[data]{Lifetime: 24 * time.Hour}), func(on handle[data]) {
		on("POST /add", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			if session.Data.Items == nil {
				session.Data.Items = map[string]*item{}
			}
			name := r.PostFormValue("item")
			if session.Data.Items[name] == nil {
				session.Data.Items[name] = &item{At: time.Now()}
			}
			session.Data.Items[name].Count++
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("POST /remove", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			name := r.PostFormValue("item")
			if found := session.Data.Items[name]; found != nil {
				if found.Count--; found.Count == 0 {
					delete(session.Data.Items, name)
				}
			}
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("POST /many", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			n, _ := strconv.Atoi(r.PostFormValue("n"))
			for i := range n {
				session.Data.Items[fmt.Sprintf("%d-%d", i, int64(i)*2654435761%4294967296)] = &item{i, time.Now()}
			}
			http.Redirect(w, r, "/", http.StatusFound)
		})
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			fmt.Fprintf(w, "%d articles", len(session.Data.Items))
		})
	})
}

func rollingProgram(t *testing.T) http.Handler {
	type data struct{ User string }
	return program(newManager(t, cookiesession.Options[data]{IdleTimeout: 4 * time.Second}), func(on handle[data]) {
		on("POST /login", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.User = "ana"
			fmt.Fprint(w, "ok")
		})
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			fmt.Fprint(w, cmp.Or(session.Data.User, "nobody"))
		})
	})
}

func rememberProgram(t *testing.T) http.Handler {
	const day = 24 * time.Hour
	type data struct{ User string }
	return program(newManager(t, cookiesession.Options[data]{Lifetime: day, MaxLifetime: 30 * day}), func(on handle[data]) {
		on("POST /login", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Destroy()
			if r.PostFormValue("remember") != "" {
				session.SetLifetime(30 * day)
			}
			session.Data.User = "ana"
			fmt.Fprint(w, "ok")
		})
		on("GET /{$}", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			left := time.Until(session.ExpiresAt()).Round(day)
			fmt.Fprintf(w, "%s, %d days", cmp.Or(session.Data.User, "nobody"), left/day)
		})
	})
}

func cookieProgram(t *testing.T) http.Handler {
	type data = map[string]any
	views := func(session *cookiesession.Session[data]) int {
		n, _ := session.Data["views"].(int)
		return n
	}
	return program(newManager(t, cookiesession.Options[data]{Lifetime: 24 * time.Hour}), func(on handle[data]) {
		on("GET /state", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			fmt.Fprintf(w, "new %t, populated %t", session.IsNew(), len(session.Data) > 0)
		})
		on("GET /views", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data["views"] = views(session) + 1
			fmt.Fprintf(w, "views %d, new %t, populated %t", views(session), session.IsNew(), len(session.Data) > 0)
		})
		on("GET /zero", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data["views"] = 0
			fmt.Fprint(w, "ok")
		})
		on("GET /replace", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data = data{"user": "ana"}
			fmt.Fprintf(w, "new %t", session.IsNew())
		})
		on("GET /user", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			user, _ := session.Data["user"].(string)
			fmt.Fprintf(w, "%s, views %d", cmp.Or(user, "nobody"), views(session))
		})
		on("GET /clear", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			clear(session.Data)
			fmt.Fprint(w, "ok")
		})
		on("POST /logout", func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Destroy()
			http.Redirect(w, r, "/state", http.StatusFound)
		})
	})
}

func twoProgram(t *testing.T) http.Handler {
	type data struct{ N int }
	count := func(name string) func(http.ResponseWriter, *http.Request, *cookiesession.Session[data]) {
		return func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
			session.Data.N++
			fmt.Fprintf(w, "%s %d", name, session.Data.N)
		}
	}
	logout := func(w http.ResponseWriter, r *http.Request, session *cookiesession.Session[data]) {
		session.Destroy()
		fmt.Fprint(w, "ok")
	}
	shop := program(newManager(t, cookiesession.Options[data]{Name: "shop", BrowserSession: true}), func(on handle[data]) {
		on("GET /{$}", count("shop"))
		on("POST /logout", logout)
	})
	admin := program(newManager(t, cookiesession.Options[data]{Name: "admin", Path: "/admin", Lifetime: 10 * time.Minute}), func(on handle[data]) {
		on("GET /admin", count("admin"))
		on("POST /admin/logout", logout)
	})
	mux := http.NewServeMux()
	mux.Handle("/", shop)
	mux.Handle("/admin", admin)
	mux.Handle("/admin/", admin)
	return mux
}
