package dbsc_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/dbsc"
)

type user struct {
	Name  string
	Count int
}

// A site is an application that knows nothing of DBSC but Bind and Logout.
type site struct {
	http.Handler
	device *dbsc.Binder[user]
	events []dbsc.Event
	refuse error // of Options.Check
	asked  int   // how often Check was
}

func newKeys(t *testing.T, keys ...cookiesession.Key) *cookiesession.Keyring {
	t.Helper()
	if len(keys) == 0 {
		keys = []cookiesession.Key{cookiesession.NewKey()}
	}
	ring, err := cookiesession.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newSite(t *testing.T, keys *cookiesession.Keyring, opts cookiesession.Options[user], device dbsc.Options) *site {
	t.Helper()
	s := new(site)
	device.OnEvent = func(_ *http.Request, e dbsc.Event) { s.events = append(s.events, e) }
	opts.Check = func(*http.Request, *cookiesession.Session[user]) error { s.asked++; return s.refuse }
	opts.OnEvent = func(*http.Request, cookiesession.Event) {}
	var err error
	if s.device, err = dbsc.New(keys, &opts, &device); err != nil {
		t.Fatal(err)
	}
	sessions := s.device.Manager()
	login := func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Destroy()
		session.Data.Name = cmp.Or(r.URL.Query().Get("name"), "ana")
		if err := s.device.Bind(w, session); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("GET /callback", login)
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) { s.device.Logout(w, sessions.Get(r)) })
	mux.HandleFunc("POST /renew", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Renew()
		if err := s.device.Bind(w, session); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST /assign", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Data = user{Name: session.Data.Name, Count: 100}
	})
	mux.HandleFunc("POST /count", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		if session.Data.Name == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		session.Data.Count++
		fmt.Fprint(w, session.Data.Count)
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		id, pending := session.Binding()
		switch {
		case session.Data.Name == "":
			fmt.Fprint(w, "nobody")
		case id == [16]byte{}:
			fmt.Fprint(w, session.Data.Name)
		case pending:
			fmt.Fprint(w, session.Data.Name+", pending")
		default:
			fmt.Fprint(w, session.Data.Name+", bound")
		}
	})
	s.Handler = s.device.Handler(http.NewCrossOriginProtection().Handler(mux))
	return s
}

// kinds returns the events since the last call.
func (s *site) kinds() string {
	var all []string
	for _, e := range s.events {
		all = append(all, string(e.Kind))
	}
	s.events = nil
	return strings.Join(all, " ")
}

const (
	registerPath = "/session-device/register"
	refreshPath  = "/session-device/refresh"
	sessionName  = "__Host-session"
)

// start runs a test with a site and a browser that is logged in and bound.
func start(t *testing.T, f func(t *testing.T, s *site, b *browser)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, newKeys(t), cookiesession.Options[user]{}, dbsc.Options{})
		b := newBrowser(t, s)
		b.post("/login")
		want(t, "after the login", b.get("/me"), "ana, bound")
		s.events = nil
		f(t, s, b)
	})
}

// A copy of all cookies is worth the rest of a proof, and leads to no other.
func TestThief(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		thief := b.thief()
		want(t, "the copy at once", thief.get("/me"), "ana, bound")
		time.Sleep(10*time.Minute + 59*time.Second)
		want(t, "the copy writes", thief.post("/count"), "1")
		time.Sleep(time.Second)
		want(t, "the copy after 11 minutes", thief.get("/me"), "nobody")
		want(t, "it writes", thief.post("/count"), "401")
		want(t, "events", s.kinds(), "unproven unproven")

		want(t, "the visitor", b.get("/me"), "ana, bound")
		want(t, "one request more", b.last(2), "POST "+refreshPath+" 200, GET /me 200")
		time.Sleep(3 * time.Hour)
		want(t, "the visitor after hours", b.get("/me"), "ana, bound")
		want(t, "two requests more", b.last(3), "POST "+refreshPath+" 403, POST "+refreshPath+" 200, GET /me 200")
		want(t, "events", s.kinds(), "refreshed challenged refreshed")

		// They have no key. What they might have besides cookies does not help.
		own, victim := newKey(t), b.sessions[0]
		stolen := &boundSession{id: victim.id, refresh: victim.refresh, key: own}
		answer := thief.send(http.MethodPost, refreshPath, http.Header{"Sec-Secure-Session-Id": {stolen.id}}, thief.carry())
		want(t, "the copy's refresh", answer.StatusCode, http.StatusForbidden)
		thief.sessions = []*boundSession{stolen}
		thief.takeChallenges(answer)
		answer = thief.send(http.MethodPost, refreshPath, http.Header{
			"Sec-Secure-Session-Id": {stolen.id}, "Secure-Session-Response": {sign(t, own, stolen.challenge, true)},
		}, thief.carry())
		want(t, "with a key of their own", answer.StatusCode, http.StatusForbidden)
		want(t, "cookies of that", len(answer.Cookies()), 0)
		want(t, "the copy registers", thief.register(registerPath, own, sign(t, own, stolen.challenge, true)), http.StatusConflict)
		delete(thief.cookies, sessionName)
		want(t, "without the session", thief.register(registerPath, own, sign(t, own, stolen.challenge, true)), http.StatusBadRequest)

		// Nor does a binding of their own.
		other := newBrowser(t, s)
		other.post("/login?name=eve")
		want(t, "the other account", other.get("/me"), "eve, bound")
		thief = b.thief()
		delete(thief.cookies, victim.cookie)
		proof := other.cookies[other.sessions[0].cookie]
		thief.cookies[victim.cookie] = proof
		thief.cookies[other.sessions[0].cookie] = proof
		want(t, "the copy with a proof of theirs", thief.get("/me"), "nobody")
		want(t, "their own session with it", other.get("/me"), "eve, bound")
		want(t, "the visitor", b.get("/me"), "ana, bound")
	})
}

// Nothing that a handler or another release does with a session takes the
// binding off it. The thief has ten minutes to try.
func TestBindingStays(t *testing.T) {
	type other struct{ Name, Email string }
	for name, write := range map[string]func(t *testing.T, keys *cookiesession.Keyring, s *site, thief *browser){
		"nothing": func(*testing.T, *cookiesession.Keyring, *site, *browser) {},
		"a new Data": func(t *testing.T, _ *cookiesession.Keyring, _ *site, thief *browser) {
			thief.post("/assign")
		},
		"Renew and Bind": func(t *testing.T, _ *cookiesession.Keyring, _ *site, thief *browser) {
			thief.without = false
			thief.post("/renew")
			want(t, "registrations", len(thief.sessions), 0)
		},
		"another type": func(t *testing.T, keys *cookiesession.Keyring, s *site, thief *browser) {
			m, err := cookiesession.New(keys, &cookiesession.Options[other]{})
			if err != nil {
				t.Fatal(err)
			}
			thief.site = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				m.Get(r).Data = other{Name: m.Get(r).Data.Name, Email: "a@example.com"}
			}))
			thief.post("/")
			thief.site = s
		},
		"a program without this package": func(t *testing.T, keys *cookiesession.Keyring, s *site, thief *browser) {
			m, err := cookiesession.New[user](keys, nil)
			if err != nil {
				t.Fatal(err)
			}
			thief.site = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { m.Get(r).Data.Count++ }))
			thief.post("/")
			thief.site = s
		},
		"a codec": func(t *testing.T, keys *cookiesession.Keyring, _ *site, thief *browser) {
			c, err := cookiesession.NewCodec(keys, nil)
			if err != nil {
				t.Fatal(err)
			}
			var u user
			meta, err := c.Open(sessionName, thief.cookies[sessionName].value, &u)
			if err != nil {
				t.Fatal(err)
			}
			u.Count++
			value, err := c.Seal(sessionName, u, meta.Next())
			if err != nil {
				t.Fatal(err)
			}
			thief.cookies[sessionName] = kept{value, time.Now().AddDate(1, 0, 0)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keys := newKeys(t)
				s := newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{})
				b := newBrowser(t, s)
				b.post("/login")
				thief := b.thief()
				before := thief.cookies[sessionName].value
				write(t, keys, s, thief)
				if name != "nothing" && thief.cookies[sessionName].value == before {
					t.Error("nothing was written")
				}
				want(t, "the copy meanwhile", thief.get("/me"), "ana, bound")
				time.Sleep(24 * time.Hour)
				want(t, "the copy a day later", thief.get("/me"), "nobody")
				want(t, "the visitor", b.get("/me"), "ana, bound")
			})
		})
	}
}

// A session that somebody has planted, bound to their key, does not survive the
// login.
func TestPlanted(t *testing.T) {
	start(t, func(t *testing.T, s *site, planter *browser) {
		b := newBrowser(t, s)
		for name, c := range planter.cookies {
			b.cookies[name] = c
		}
		b.post("/login?name=bo")
		want(t, "the visitor", b.get("/me"), "bo, bound")
		stolen := b.thief()
		delete(stolen.cookies, b.sessions[0].cookie)
		stolen.cookies[planter.sessions[0].cookie] = planter.cookies[planter.sessions[0].cookie]
		want(t, "the visitor's session with the planter's proof", stolen.get("/me"), "nobody")
	})
}

// Nor does the binding of a planted session that waits for its registration,
// even if the login calls Renew in place of Destroy.
func TestPlantedPending(t *testing.T) {
	start(t, func(t *testing.T, s *site, _ *browser) {
		planter := newBrowser(t, s)
		answer := planter.send(http.MethodPost, "/login", nil, "")
		b := newBrowser(t, s)
		b.cookies[sessionName] = planter.cookies[sessionName]
		planter.follow(answer)
		want(t, "the planter", planter.get("/me"), "ana, bound")
		b.post("/renew")
		want(t, "the visitor", b.get("/me"), "ana, bound")
		stolen := b.thief()
		delete(stolen.cookies, b.sessions[0].cookie)
		stolen.cookies[planter.sessions[0].cookie] = planter.cookies[planter.sessions[0].cookie]
		want(t, "the visitor's session with the planter's proof", stolen.get("/me"), "nobody")
	})
}

// A link on another site has the browser refresh and register without cookies
// that are SameSite=Lax.
func TestOtherSite(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		b.elsewhere = true
		time.Sleep(time.Hour)
		want(t, "behind a link", b.get("/me"), "ana, bound")
		want(t, "events", s.kinds(), "challenged refreshed")

		b.get("/callback")
		want(t, "after a sign-in elsewhere", b.get("/me"), "ana, bound")
		want(t, "events", s.kinds(), "registered mended")
		b.elsewhere = false
		thief := b.thief()
		want(t, "a copy", thief.get("/me"), "ana, bound")
		time.Sleep(11 * time.Minute)
		want(t, "a copy of it later", thief.get("/me"), "nobody")
		want(t, "the visitor", b.get("/me"), "ana, bound")
		want(t, "sessions of the browser", len(b.sessions), 1)
	})
}

// A request in flight at the registration puts the session from before it back.
func TestParallelWrite(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		answer := b.send(http.MethodPost, "/login", nil, b.carry())
		before := b.carry()
		b.follow(answer)
		s.events = nil
		b.send(http.MethodPost, "/count", nil, before)
		bound := b.cookies[sessionName]
		want(t, "the first request after it", b.get("/me"), "ana, bound")
		if b.cookies[sessionName] == bound {
			t.Error("the session was not written")
		}
		want(t, "events", s.kinds(), "mended")
		want(t, "the write", b.post("/count"), "2")
		thief := b.thief()
		time.Sleep(11 * time.Minute)
		want(t, "the copy", thief.get("/me"), "nobody")
		want(t, "the visitor", b.get("/me"), "ana, bound")
	})
}

func TestLogout(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		thief := b.thief()
		b.post("/logout")
		want(t, "after it", b.get("/me"), "nobody")
		c := b.cookies[b.sessions[0].cookie]
		want(t, "the proof", c.value, "out")
		want(t, "its time", time.Until(c.until), time.Minute)
		// A browser refreshes shortly before the proof's end, too.
		b.refresh(b.sessions[0])
		want(t, "the browser's sessions", len(b.sessions), 0)
		want(t, "events", s.kinds(), "ended")
		time.Sleep(11 * time.Minute)
		want(t, "the copy after the logout", thief.get("/me"), "nobody")

		// A browser that was not asked within a minute learns it after the next
		// login, and its old session does not touch the new one's proof.
		b.post("/login")
		b.post("/logout")
		time.Sleep(2 * time.Minute)
		b.post("/login?name=bo")
		want(t, "the next login", b.get("/me"), "bo, bound")
		time.Sleep(11 * time.Minute)
		want(t, "later", b.get("/me"), "bo, bound")
		want(t, "the browser's sessions", len(b.sessions), 1)
	})
}

// After another login without a logout the browser has two sessions. The old
// one's refresh does not harm the new one, not even where the session's cookie
// is missing.
func TestLoginAgain(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		b.post("/login?name=bo")
		want(t, "the browser's sessions", len(b.sessions), 2)
		time.Sleep(11 * time.Minute)
		b.elsewhere = true
		want(t, "behind a link", b.get("/me"), "bo, bound")
		want(t, "events", s.kinds(), "registered refreshed refreshed")
		b.elsewhere = false
		time.Sleep(11 * time.Minute)
		want(t, "at the site", b.get("/me"), "bo, bound")
		want(t, "events", s.kinds(), "ended refreshed")
		want(t, "the browser's sessions", len(b.sessions), 1)
	})
}

// A browser that says that it cannot refresh now finds its session later.
func TestSkipped(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		time.Sleep(11 * time.Minute)
		b.skipping = true
		before := b.cookies[sessionName]
		want(t, "meanwhile", b.get("/me"), "nobody")
		want(t, "a login meanwhile", b.post("/login"), "500")
		want(t, "events", s.kinds(), "skipped skipped registration-refused")
		want(t, "the cookie is the old one", b.cookies[sessionName] == before, true)
		b.skipping = false
		want(t, "later", b.get("/me"), "ana, bound")

		// It has lost its session: a login is needed, and possible.
		time.Sleep(11 * time.Minute)
		b.sessions = nil
		want(t, "without a key", b.get("/me"), "nobody")
		b.post("/login")
		want(t, "after the login", b.get("/me"), "ana, bound")
	})
}

// The errors say which of the two cases it is.
func TestErrUnproven(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		r := func(header ...string) *http.Request {
			r, err := http.NewRequest(http.MethodGet, "https://app.example/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Cookie", sessionName+"="+b.cookies[sessionName].value)
			for _, name := range header {
				r.Header.Set(name, "quota_exceeded")
			}
			return r
		}
		for _, test := range []struct {
			name    string
			request *http.Request
			revoked bool
			reason  cookiesession.Reason
		}{
			{"a copy", r(), true, cookiesession.ReasonCheck},
			{"skipped", r("Secure-Session-Skipped"), false, cookiesession.ReasonCheckFailed},
		} {
			session := s.device.Manager().Load(test.request)
			err := session.Err()
			want(t, test.name, errors.Is(err, dbsc.ErrUnproven), true)
			want(t, test.name+": revoked", errors.Is(err, cookiesession.ErrRevoked), test.revoked)
			want(t, test.name, cookiesession.ReasonOf(err), test.reason)
			want(t, test.name, session.Data, user{})
		}
	})
}

// The application's Check is asked after the binding, and at a refresh.
func TestCheck(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		thief := b.thief()
		time.Sleep(11 * time.Minute)
		s.asked = 0
		thief.get("/me")
		want(t, "asked about a copy", s.asked, 0)
		b.get("/me")
		want(t, "asked at the refresh and at the page", s.asked, 2)

		s.refuse = errors.New("down")
		time.Sleep(11 * time.Minute)
		want(t, "while Check is down", b.get("/me"), "nobody")
		want(t, "the refresh", b.last(2), "POST "+refreshPath+" 503, GET /me 200")
		s.refuse = nil
		want(t, "later", b.get("/me"), "ana, bound")

		s.refuse = cookiesession.ErrRevoked
		time.Sleep(11 * time.Minute)
		want(t, "revoked", b.get("/me"), "nobody")
		want(t, "the browser's sessions", len(b.sessions), 0)
	})
}

// Replicas that do not have the same keys, or whose clocks differ, don't end
// the browser's session. A key that is gone for good does.
func TestReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k1, k2 := cookiesession.NewKey(), cookiesession.NewKey()
		none := cookiesession.Options[user]{Lifetime: 400 * 24 * time.Hour}
		older, newer := newSite(t, newKeys(t, k1), none, dbsc.Options{}), newSite(t, newKeys(t, k2, k1), none, dbsc.Options{})
		b := newBrowser(t, newer)
		b.post("/login")
		time.Sleep(11 * time.Minute)
		b.site = older
		want(t, "a replica without the key", b.get("/me"), "nobody")
		want(t, "the refresh", b.last(2), "POST "+refreshPath+" 503, GET /me 200")
		want(t, "events", older.kinds(), "unavailable")
		b.site = newer
		want(t, "one with it", b.get("/me"), "ana, bound")
		older.events = nil

		// The session moves to the new key, and the identifier cannot.
		b = newBrowser(t, older)
		b.post("/login")
		time.Sleep(25 * time.Hour)
		b.site = newer
		want(t, "after a rotation", b.get("/me"), "ana, bound")
		b.post("/count")
		time.Sleep(11 * time.Minute)
		b.site = older
		b.get("/me")
		want(t, "a replica that lags", b.last(2), "POST "+refreshPath+" 503, GET /me 200")
		b.site = newSite(t, newKeys(t, k2), none, dbsc.Options{})
		want(t, "the old key is gone", b.get("/me"), "nobody")
		want(t, "the refresh", b.last(2), "POST "+refreshPath+" 200, GET /me 200")
		want(t, "the browser's sessions", len(b.sessions), 0)
		b.post("/login")
		want(t, "after a login", b.get("/me"), "ana, bound")
	})
}

// With another clock a replica answers 503, too.
func TestClocks(t *testing.T) {
	keys := newKeys(t)
	var ahead *browser
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6 * time.Minute)
		b := newBrowser(t, newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{}))
		b.post("/login")
		ahead = b
	})
	synctest.Test(t, func(t *testing.T) { // six minutes earlier
		s := newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{})
		ahead.t, ahead.site = t, s
		ahead.refresh(ahead.sessions[0])
		want(t, "behind", ahead.last(1), "POST "+refreshPath+" 503")
		want(t, "events", s.kinds(), "unavailable")
		time.Sleep(2 * time.Minute)
		ahead.refresh(ahead.sessions[0])
		want(t, "four minutes behind", ahead.last(1), "POST "+refreshPath+" 200")
	})
}

// A browser that does not know DBSC is served as without this package.
func TestWithout(t *testing.T) {
	start(t, func(t *testing.T, s *site, _ *browser) {
		b := newBrowser(t, s)
		b.without = true
		b.post("/login")
		time.Sleep(13 * 24 * time.Hour)
		want(t, "13 days later", b.get("/me"), "ana, pending")
		want(t, "it writes", b.post("/count"), "1")
		want(t, "events", s.kinds(), "")
	})
}

// Disabled ignores bindings and keeps them.
func TestDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := newKeys(t)
		on := newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{})
		off := newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{Disabled: true})
		b := newBrowser(t, on)
		b.post("/login")
		thief := b.thief()
		time.Sleep(11 * time.Minute)
		want(t, "the copy", thief.get("/me"), "nobody")
		thief.site, b.site = off, off
		want(t, "the copy while it is off", thief.get("/me"), "ana, bound")
		want(t, "it writes", thief.post("/count"), "1")
		want(t, "the visitor", b.get("/me"), "ana, bound")
		want(t, "their proof", b.last(2), "POST "+refreshPath+" 200, GET /me 200")
		thief.site, b.site = on, on
		want(t, "the copy when it is on again", thief.get("/me"), "nobody")
		want(t, "the visitor", b.get("/me"), "ana, bound")

		b = newBrowser(t, off)
		b.post("/login")
		want(t, "a login while it is off", b.get("/me"), "ana")
		want(t, "requests", b.last(2), "POST /login 200, GET /me 200")
	})
}

// Insecure switches it off, without an error.
func TestInsecure(t *testing.T) {
	s := newSite(t, newKeys(t), cookiesession.Options[user]{Insecure: true}, dbsc.Options{})
	b := newBrowser(t, s)
	b.post("/login")
	want(t, "a login", b.get("/me"), "ana")
	want(t, "requests", b.last(2), "POST /login 200, GET /me 200")
}

// Chromium sends its headers bare, the draft quotes them.
func TestQuotedHeaders(t *testing.T) {
	start(t, func(t *testing.T, s *site, _ *browser) {
		b := newBrowser(t, s)
		b.quoted = true
		b.post("/login")
		want(t, "registered", b.get("/me"), "ana, bound")
		time.Sleep(11 * time.Minute)
		want(t, "refreshed", b.get("/me"), "ana, bound")
		want(t, "events", s.kinds(), "registered refreshed")
	})
}

// A browser signs 6 times in 9 minutes at most, and needs fewer signatures with
// the shortest proof: also if each takes two.
func TestSignatures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, newKeys(t), cookiesession.Options[user]{}, dbsc.Options{Lifetime: 5 * time.Minute})
		b := newBrowser(t, s)
		var signed []time.Time
		b.post("/login")
		for range 60 {
			before := len(s.events)
			want(t, "a page", b.get("/me"), "ana, bound")
			for range s.events[before:] {
				signed = append(signed, time.Now(), time.Now())
			}
			time.Sleep(time.Minute)
		}
		want(t, "refreshes in an hour", len(signed)/2 >= 11, true)
		for i := range len(signed) - 6 {
			if d := signed[i+6].Sub(signed[i]); d < 9*time.Minute {
				t.Errorf("7 signatures in %v", d)
			}
		}
	})
}

// Whoever has copied a whole refresh request uses it until its challenge ends.
func TestReplayedRefresh(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		v := b.sessions[0]
		request := http.Header{"Sec-Secure-Session-Id": {v.id}, "Secure-Session-Response": {sign(t, v.key, v.challenge, false)}}
		thief := b.thief()
		began, last := time.Now(), time.Duration(0)
		for range 60 {
			answer := thief.send(http.MethodPost, refreshPath, request, thief.carry())
			if answer.StatusCode == http.StatusOK {
				thief.cookies[v.cookie] = kept{thief.cookies[v.cookie].value, time.Now().AddDate(1, 0, 0)}
			}
			if thief.get("/me") == "ana, bound" {
				last = time.Since(began)
			}
			time.Sleep(time.Minute)
		}
		want(t, "the last minute that it opened", last, 24*time.Minute)
	})
}

// An identifier ends with the longest session, whatever Renew does, so that no
// browser asks for ever for proofs of nothing.
func TestIdentifierEnds(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		time.Sleep(13 * 24 * time.Hour)
		b.post("/renew")
		time.Sleep(23 * time.Hour)
		want(t, "before 14 days", b.get("/me"), "ana, bound")
		time.Sleep(2 * time.Hour)
		want(t, "after them", b.get("/me"), "nobody")
		want(t, "the browser's sessions", len(b.sessions), 0)
		b.post("/login")
		want(t, "after a login", b.get("/me"), "ana, bound")
	})
}

// The endpoints are the Binder's, whatever is inside of Handler.
func TestEndpoints(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		closed := s.device.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		b.site = closed
		want(t, "a page", b.get("/me"), "429")
		b.refresh(b.sessions[0])
		want(t, "a refresh", b.last(1), "POST "+refreshPath+" 200")
		for _, path := range []string{registerPath, refreshPath} {
			answer := b.send(http.MethodGet, path, nil, b.carry())
			want(t, "GET "+path, answer.StatusCode, http.StatusMethodNotAllowed)
			want(t, "Allow", answer.Header.Get("Allow"), "POST")
			want(t, "Cache-Control", answer.Header.Get("Cache-Control"), "no-store")
		}
	})
}
