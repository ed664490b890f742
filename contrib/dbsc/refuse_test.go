package dbsc_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/dbsc"
)

// login returns what a browser has after a login, before it registers: its
// cookies, the challenge.
func login(t *testing.T, b *browser) (challenge string) {
	t.Helper()
	answer := b.send(http.MethodPost, "/login", nil, b.carry())
	parts := registrationHeader.FindStringSubmatch(answer.Header.Get("Secure-Session-Registration"))
	if parts == nil {
		t.Fatalf("the login answers %q", answer.Header)
	}
	return parts[2]
}

// Each row breaks one thing of a registration.
func TestRegistrationIsRefused(t *testing.T) {
	type attempt struct {
		key       *ecdsa.PrivateKey
		challenge string
		proof     string // "": the key's over the challenge
	}
	for _, test := range []struct {
		name   string
		alter  func(t *testing.T, s *site, b *browser, a *attempt)
		status int
	}{
		{"nothing", func(*testing.T, *site, *browser, *attempt) {}, 200},
		{"without a session", func(_ *testing.T, _ *site, b *browser, _ *attempt) { delete(b.cookies, sessionName) }, 200},
		{"just before the challenge ends", func(*testing.T, *site, *browser, *attempt) { time.Sleep(5*time.Minute - time.Second) }, 200},
		{"after the challenge has ended", func(*testing.T, *site, *browser, *attempt) { time.Sleep(5 * time.Minute) }, 400},
		{"no proof", func(_ *testing.T, _ *site, _ *browser, a *attempt) { a.proof = " " }, 400},
		{"no key in the proof", func(t *testing.T, _ *site, _ *browser, a *attempt) { a.proof = sign(t, a.key, a.challenge, false) }, 400},
		{"signed by another key", func(t *testing.T, _ *site, _ *browser, a *attempt) {
			theirs, ours := strings.Split(sign(t, newKey(t), a.challenge, true), "."), strings.Split(sign(t, a.key, a.challenge, true), ".")
			a.proof = theirs[0] + "." + theirs[1] + "." + ours[2]
		}, 400},
		{"the challenge of another login", func(t *testing.T, s *site, _ *browser, a *attempt) { a.challenge = login(t, newBrowser(t, s)) }, 400},
		{"no challenge of ours", func(_ *testing.T, _ *site, _ *browser, a *attempt) { a.challenge = "guess" }, 400},
		{"a challenge for a refresh", func(t *testing.T, s *site, _ *browser, a *attempt) {
			other := newBrowser(t, s)
			other.post("/login")
			a.challenge = other.sessions[0].challenge
		}, 400},
		{"a refresh's, without a session", func(t *testing.T, s *site, b *browser, a *attempt) {
			other := newBrowser(t, s)
			other.post("/login")
			a.challenge = other.sessions[0].challenge
			delete(b.cookies, sessionName)
		}, 400},
		{"a session that is bound", func(t *testing.T, _ *site, b *browser, a *attempt) {
			want(t, "the first registration", b.register(registerPath, a.key, sign(t, a.key, a.challenge, true)), 200)
		}, 409},
		{"a session without a login", func(_ *testing.T, _ *site, b *browser, _ *attempt) { b.post("/assign") }, 200},
		{"a session that was not to be bound", func(t *testing.T, s *site, b *browser, _ *attempt) {
			cookies, err := s.device.Manager().Cookies(&cookiesession.Session[user]{Data: user{Name: "ana"}})
			if err != nil {
				t.Fatal(err)
			}
			b.cookies[sessionName] = kept{cookies[0].Value, time.Now().Add(time.Hour)}
		}, 409},
		{"a session that does not open", func(_ *testing.T, _ *site, b *browser, _ *attempt) {
			b.cookies[sessionName] = kept{b.cookies[sessionName].value[1:], time.Now().Add(time.Hour)}
		}, 409},
		{"a session of another replica's key", func(t *testing.T, _ *site, b *browser, _ *attempt) {
			other := newBrowser(t, newSite(t, newKeys(t), cookiesession.Options[user]{}, dbsc.Options{}))
			login(t, other)
			b.cookies[sessionName] = other.cookies[sessionName]
		}, 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, newKeys(t), cookiesession.Options[user]{}, dbsc.Options{})
				b := newBrowser(t, s)
				b.without = true
				a := attempt{key: newKey(t), challenge: login(t, b)}
				test.alter(t, s, b, &a)
				if a.proof == "" {
					a.proof = sign(t, a.key, a.challenge, true)
				}
				s.events = nil
				before := len(b.cookies)
				want(t, "the status", b.register(registerPath, a.key, a.proof), test.status)
				event := map[int]string{200: "registered", 400: "registration-refused", 409: "registration-refused", 503: "unavailable"}[test.status]
				want(t, "events", s.kinds(), event)
				if test.status != 200 {
					want(t, "cookies", len(b.cookies), before)
				}
			})
		})
	}
}

// Each row breaks one thing of a refresh.
func TestRefreshIsRefused(t *testing.T) {
	const over = "over"
	type attempt struct{ id, proof string }
	for _, test := range []struct {
		name  string
		alter func(t *testing.T, s *site, b *browser, a *attempt)
		want  string
	}{
		{"nothing", func(*testing.T, *site, *browser, *attempt) {}, "200"},
		{"without the session's cookie", func(_ *testing.T, _ *site, b *browser, _ *attempt) { delete(b.cookies, sessionName) }, "200"},
		{"just before the challenge ends", func(*testing.T, *site, *browser, *attempt) { time.Sleep(15*time.Minute - time.Second) }, "200"},
		{"after the challenge has ended", func(*testing.T, *site, *browser, *attempt) { time.Sleep(15 * time.Minute) }, "403"},
		{"no proof", func(_ *testing.T, _ *site, _ *browser, a *attempt) { a.proof = "" }, "403"},
		{"no identifier", func(_ *testing.T, _ *site, _ *browser, a *attempt) { a.id = "" }, "400"},
		{"an identifier that is half quoted", func(_ *testing.T, _ *site, _ *browser, a *attempt) { a.id = `"` + a.id }, "400"},
		{"an identifier that is altered", func(_ *testing.T, _ *site, _ *browser, a *attempt) { a.id = a.id[:50] + "AAAA" + a.id[54:] }, over},
		{"a challenge as identifier", func(_ *testing.T, _ *site, b *browser, a *attempt) { a.id = b.sessions[0].challenge }, over},
		{"a proof as identifier", func(_ *testing.T, _ *site, b *browser, a *attempt) { a.id = b.cookies[b.sessions[0].cookie].value }, over},
		{"the session as identifier", func(_ *testing.T, _ *site, b *browser, a *attempt) { a.id = b.cookies[sessionName].value }, over},
		{"another key", func(t *testing.T, _ *site, b *browser, a *attempt) {
			a.proof = sign(t, newKey(t), b.sessions[0].challenge, false)
		}, "403"},
		{"another key, which the proof brings", func(t *testing.T, _ *site, b *browser, a *attempt) {
			a.proof = sign(t, newKey(t), b.sessions[0].challenge, true)
		}, "403"},
		{"a challenge of another session", func(t *testing.T, s *site, b *browser, a *attempt) {
			other := newBrowser(t, s)
			other.post("/login")
			a.proof = sign(t, b.sessions[0].key, other.sessions[0].challenge, false)
		}, "403"},
		{"a challenge for a registration", func(t *testing.T, s *site, b *browser, a *attempt) {
			a.proof = sign(t, b.sessions[0].key, login(t, newBrowser(t, s)), false)
		}, "403"},
		{"an identifier of another session", func(t *testing.T, s *site, _ *browser, a *attempt) {
			other := newBrowser(t, s)
			other.post("/login")
			a.id = other.sessions[0].id
		}, over},
		{"another session's, without the cookie", func(t *testing.T, s *site, b *browser, a *attempt) {
			other := newBrowser(t, s)
			other.post("/login")
			a.id = other.sessions[0].id
			delete(b.cookies, sessionName)
		}, "403"},
		{"a session that was destroyed otherwise, and is another now", func(t *testing.T, s *site, b *browser, _ *attempt) {
			b.without = true
			b.post("/login")
		}, over},
	} {
		t.Run(test.name, func(t *testing.T) {
			start(t, func(t *testing.T, s *site, b *browser) {
				v := b.sessions[0]
				a := attempt{v.id, sign(t, v.key, v.challenge, false)}
				test.alter(t, s, b, &a)
				s.events = nil
				header := http.Header{"Sec-Secure-Session-Id": {a.id}, "Secure-Session-Response": {a.proof}}
				answer := b.send(http.MethodPost, refreshPath, header, b.carry())
				body := text(t, answer)
				got := strings.Fields(answer.Status)[0]
				if got == "200" && body != "" {
					var end struct {
						ID       string `json:"session_identifier"`
						Continue *bool
					}
					if err := json.Unmarshal([]byte(body), &end); err != nil || end.Continue == nil || *end.Continue || end.ID != a.id {
						t.Errorf("the answer is %q", body)
					}
					got = over
				}
				want(t, "the answer", got, test.want)
				event := map[string]string{"200": "refreshed", "403": "challenged", "400": "challenged", over: "ended"}[test.want]
				want(t, "events", s.kinds(), event)
				if cookies := len(answer.Cookies()); (cookies != 0) != (test.want == "200") {
					t.Errorf("%d cookies", cookies)
				}
				if hasNext := answer.Header.Get("Secure-Session-Challenge") != ""; hasNext != (test.want == "200" || test.want == "403") {
					t.Errorf("a challenge: %t", hasNext)
				}
			})
		})
	}
}

// A challenge of a refresh that the server answers with 403 is good at once.
func TestChallengeThatFollows(t *testing.T) {
	start(t, func(t *testing.T, s *site, b *browser) {
		b.sessions[0].challenge = ""
		b.refresh(b.sessions[0])
		want(t, "the refresh", b.last(2), "POST "+refreshPath+" 403, POST "+refreshPath+" 200")
	})
}

// A revoked key ends the browser's session.
func TestRevokedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k1, k2 := cookiesession.NewKey(), cookiesession.NewKey()
		keys := newKeys(t, k1, k2)
		s := newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{})
		b := newBrowser(t, s)
		b.post("/login")
		left, err := cookiesession.ParseKeyring(k2.Secret() + "\nrevoked " + k1.ID() + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Replace(left); err != nil {
			t.Fatal(err)
		}
		b.refresh(b.sessions[0])
		want(t, "the browser's sessions", len(b.sessions), 0)
	})
}

// New says what it does not take, all at once.
func TestNewRefuses(t *testing.T) {
	type sessions = cookiesession.Options[user]
	for _, test := range []struct {
		sessions sessions
		device   dbsc.Options
		want     string // "": it is taken
	}{
		{sessions{}, dbsc.Options{}, ""},
		{sessions{SameSite: http.SameSiteStrictMode, Name: "__Host-Http-s", MaxLifetime: 400 * 24 * time.Hour}, dbsc.Options{Path: "/a/b/", Lifetime: 24 * time.Hour}, ""},
		{sessions{Insecure: true, Path: "/app"}, dbsc.Options{Lifetime: 5 * time.Minute}, ""},
		{sessions{}, dbsc.Options{Lifetime: 5*time.Minute - time.Second}, "option Lifetime is 4m59s"},
		{sessions{}, dbsc.Options{Lifetime: -time.Minute}, "option Lifetime is -1m0s"},
		{sessions{}, dbsc.Options{Lifetime: 24*time.Hour + time.Second}, "option Lifetime is 24h0m1s"},
		{sessions{}, dbsc.Options{Lifetime: 5*time.Minute + time.Millisecond}, "option Lifetime is 5m0.001s"},
		{sessions{}, dbsc.Options{Path: "device/"}, `option Path "device/"`},
		{sessions{}, dbsc.Options{Path: "/device"}, `option Path "/device"`},
		{sessions{}, dbsc.Options{Path: "/a/../b/"}, `option Path "/a/../b/"`},
		{sessions{}, dbsc.Options{Path: `/a";challenge="x/`}, "option Path"},
		{sessions{Domain: "example.com"}, dbsc.Options{}, "option Domain is set"},
		{sessions{Partitioned: true, SameSite: http.SameSiteNoneMode}, dbsc.Options{}, "option Partitioned is set"},
		{sessions{LabelFunc: func(*http.Request) string { return "" }}, dbsc.Options{}, "option LabelFunc is set"},
		{sessions{Lifetime: time.Millisecond}, dbsc.Options{}, "option Lifetime is 1ms"},
	} {
		_, err := dbsc.New(newKeys(t), &test.sessions, &test.device)
		switch {
		case err == nil && test.want != "":
			t.Errorf("New(%+v, %+v) takes them", test.sessions, test.device)
		case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
			t.Errorf("New(%+v, %+v): %v, want %q", test.sessions, test.device, err, test.want)
		}
	}
	_, err := dbsc.New[*user](nil, nil, &dbsc.Options{Lifetime: time.Second, Path: "x"})
	for _, part := range []string{"keyring", "pointer", "Lifetime", "Path"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error of several mistakes is %v, want %q in it", err, part)
		}
	}
}

// Two Binders of one site work side by side.
func TestTwoBinders(t *testing.T) {
	keys := newKeys(t)
	first := newSite(t, keys, cookiesession.Options[user]{}, dbsc.Options{})
	admin, err := dbsc.New(keys, &cookiesession.Options[user]{Name: "__Host-admin"}, &dbsc.Options{Path: "/admin/device/"})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, admin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/admin" {
			s := admin.Manager().Get(r)
			s.Data.Name = "root"
			if err := admin.Bind(w, s); err != nil {
				t.Error(err)
			}
		}
		first.ServeHTTP(w, r)
	})))
	b.post("/admin")
	b.post("/login")
	want(t, "registrations", len(b.sessions), 2)
	want(t, "the first's session", b.get("/me"), "ana, bound")
	// A proof, an identifier and a challenge of one are nothing to the other.
	other := b.sessions[0]
	answer := b.send(http.MethodPost, refreshPath, http.Header{
		"Sec-Secure-Session-Id": {other.id}, "Secure-Session-Response": {sign(t, other.key, other.challenge, false)},
	}, "")
	want(t, "cookies for the other's identifier", len(answer.Cookies()), 0)
	b.refresh(other)
	want(t, "at its own endpoint", b.last(1), "POST /admin/device/refresh 200")
}
