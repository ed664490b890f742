package scscookie_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
)

// TestLifetime checks that a session ends when it should although its browser
// keeps the cookie: scs leaves deadlines to stores, and there is none.
func TestLifetime(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.Lifetime = time.Hour }})
	synctest.Test(t, func(t *testing.T) {
		v := s.visit(t, s.put("foo", "bar"))
		v.do("/")
		kept := v.cookie("session")
		time.Sleep(time.Hour - time.Second)
		if !v.has(s, "foo") {
			t.Error("the session ended early")
		}
		v.with(s, s.put("foo", "other")) // a write does not move the end
		kept2 := v.cookie("session")
		time.Sleep(time.Second)
		for _, value := range []string{kept, kept2} {
			v.hold("session", value)
			if v.has(s, "foo") {
				t.Error("the session outlived its end")
			}
		}
	})
}

// TestIdleTimeout checks that a session lives on by being used, and that this
// takes a Set-Cookie only once half of the timeout is over.
func TestIdleTimeout(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout, m.Lifetime = 10*time.Minute, time.Hour }})
	synctest.Test(t, func(t *testing.T) {
		v := s.visit(t, s.put("foo", "bar"))
		v.do("/")
		if got := v.with(s, s.read("foo")); setLines(got) != nil {
			t.Errorf("at once: %q", setLines(got))
		}
		time.Sleep(5*time.Minute - time.Second)
		if got := v.with(s, s.read("foo")); setLines(got) != nil {
			t.Errorf("before half of the timeout: %q", setLines(got))
		}
		time.Sleep(time.Second)
		if got := v.with(s, s.read("foo")); len(got.Cookies()) != 1 || got.Cookies()[0].MaxAge != 600 {
			t.Errorf("at half of the timeout: %q", setLines(got))
		}
		kept := v.cookie("session")
		time.Sleep(10*time.Minute - time.Second)
		if !v.has(s, "foo") { // issues the cookie anew
			t.Error("the session ended early")
		}
		v.hold("session", kept)
		time.Sleep(time.Second)
		if v.has(s, "foo") {
			t.Error("an idle session lives on")
		}
	})
}

// TestIdleTimeoutKeepsTheEnd checks that use does not move the absolute end,
// nor what the application is told of it.
func TestIdleTimeoutKeepsTheEnd(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout, m.Lifetime = 10*time.Minute, time.Hour }})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		v := s.visit(t, s.put("foo", "bar"))
		v.do("/")
		for range 11 {
			time.Sleep(5 * time.Minute)
			v.with(s, func(_ http.ResponseWriter, r *http.Request) {
				if got := s.Deadline(r.Context()).Sub(start); got != time.Hour {
					t.Errorf("after %v, the deadline is %v from the start", time.Since(start), got)
				}
			})
		}
		kept := v.cookie("session")
		time.Sleep(5 * time.Minute)
		v.hold("session", kept)
		if v.has(s, "foo") {
			t.Error("the session outlived its end by being used")
		}
	})
}

// TestSetDeadline checks that a session's own end is sealed in, with and
// without an idle timeout, and bounded.
func TestSetDeadline(t *testing.T) {
	for _, idle := range []time.Duration{0, 24 * time.Hour} {
		for _, test := range []struct{ asked, want time.Duration }{
			{time.Hour, time.Hour},
			{30 * 24 * time.Hour, 30 * 24 * time.Hour},
			{90 * 24 * time.Hour, 60 * 24 * time.Hour},
			{500 * 24 * time.Hour, 60 * 24 * time.Hour},
			{24 * time.Hour, 24 * time.Hour},
		} {
			t.Run(fmt.Sprintf("%v idle %v", test.asked, idle), func(t *testing.T) {
				s := newSite(t, config{
					manager: func(m *scs.SessionManager) { m.IdleTimeout = idle },
					options: options(func(o *optionsT) { o.MaxLifetime = 60 * 24 * time.Hour }),
				})
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					v := s.visit(t, func(_ http.ResponseWriter, r *http.Request) {
						s.Put(r.Context(), "foo", "bar")
						s.SetDeadline(r.Context(), start.Add(test.asked))
					})
					v.do("/")
					v.with(s, func(_ http.ResponseWriter, r *http.Request) {
						if got := s.Deadline(r.Context()).Sub(start); got != test.want {
							t.Errorf("the deadline is %v from the start", got)
						}
						s.Put(r.Context(), "foo", "other") // keeps the end
					})
					kept := v.cookie("session")
					if idle != 0 {
						return
					}
					time.Sleep(test.want - time.Second)
					if !v.has(s, "foo") {
						t.Error("the session ended early")
					}
					time.Sleep(time.Second)
					v.hold("session", kept)
					if v.has(s, "foo") {
						t.Error("the session outlived its end")
					}
				})
			})
		}
	}
}

// TestShorterMaxLifetime checks that it reaches the sessions that exist, and
// what the application is told.
func TestShorterMaxLifetime(t *testing.T) {
	ring := newKeyring(t, cookiesession.NewKey())
	before := newSite(t, config{keys: ring})
	for _, idle := range []time.Duration{0, 24 * time.Hour} {
		after := newSite(t, config{
			keys:    ring,
			manager: func(m *scs.SessionManager) { m.IdleTimeout = idle },
			options: optionsT{MaxLifetime: 48 * time.Hour},
		})
		synctest.Test(t, func(t *testing.T) {
			v := before.visit(t, func(_ http.ResponseWriter, r *http.Request) {
				before.Put(r.Context(), "foo", "bar")
				before.SetDeadline(r.Context(), time.Now().Add(96*time.Hour))
			})
			v.do("/")
			v.with(after, func(_ http.ResponseWriter, r *http.Request) {
				if got := time.Until(after.Deadline(r.Context())); got != 48*time.Hour {
					t.Errorf("idle timeout %v: the deadline is in %v", idle, got)
				}
			})
		})
	}
}

// TestRenewTokenStartsAnew checks that RenewToken, and only it, counts the
// lifetime anew, and NotBefore from then.
func TestRenewTokenStartsAnew(t *testing.T) {
	ring := newKeyring(t, cookiesession.NewKey())
	s := newSite(t, config{keys: ring, manager: func(m *scs.SessionManager) { m.Lifetime = time.Hour }})
	// A bubble's clock starts with the year 2000.
	renewal := time.Date(2000, 1, 1, 0, 40, 0, 0, time.UTC)
	after := newSite(t, config{keys: ring, options: options(func(o *optionsT) { o.NotBefore = renewal })})
	synctest.Test(t, func(t *testing.T) {
		v := s.visit(t, s.put("foo", "bar"))
		v.do("/")
		early := v.cookie("session")
		time.Sleep(time.Until(renewal))
		v.with(s, func(_ http.ResponseWriter, r *http.Request) {
			if err := s.RenewToken(r.Context()); err != nil {
				t.Error(err)
			}
		})
		late := v.cookie("session")

		v.hold("session", early)
		if v.has(after, "foo") {
			t.Error("NotBefore accepts what was created before")
		}
		v.hold("session", late)
		if !v.has(after, "foo") {
			t.Error("NotBefore refuses what was renewed since")
		}
		time.Sleep(time.Hour - time.Second)
		if !v.has(s, "foo") {
			t.Error("the renewed session ended early")
		}
		time.Sleep(time.Second)
		v.hold("session", late)
		if v.has(s, "foo") {
			t.Error("the renewed session outlived its end")
		}
	})
}

// TestRefreshes checks which responses carry a cookie that changes nothing: it
// might bring back a session that a parallel request has ended.
func TestRefreshes(t *testing.T) {
	for _, test := range []struct {
		name   string
		dest   string
		status int
		idle   time.Duration // of an idle timeout of an hour, before the request
		flight time.Duration
		put    bool
		set    int
	}{
		{"page", "document", 200, 45 * time.Minute, 0, false, 1},
		{"fetch", "empty", 200, 45 * time.Minute, 0, false, 1},
		{"fast page, early", "document", 200, 15*time.Minute - time.Second, 0, false, 0},
		{"fast page, at a quarter", "document", 200, 15 * time.Minute, 0, false, 1},
		{"slow page, at a quarter", "document", 200, 15 * time.Minute, 3 * time.Second, false, 0},
		{"fetch, at a quarter", "empty", 200, 15 * time.Minute, 0, false, 0},
		{"image", "image", 200, 45 * time.Minute, 0, false, 1},
		{"no browser", "", 200, 45 * time.Minute, 0, false, 1},
		{"slow page", "document", 200, 45 * time.Minute, 3 * time.Second, false, 1},
		{"endless page", "document", 200, 45 * time.Minute, time.Minute, false, 1},
		{"slow fetch, early", "empty", 200, 44 * time.Minute, 3 * time.Second, false, 0},
		{"slow fetch", "empty", 200, 45 * time.Minute, 3 * time.Second, false, 1},
		{"poll", "empty", 200, 45 * time.Minute, 31 * time.Second, false, 0},
		{"session over meanwhile", "document", 200, 59 * time.Minute, time.Minute, false, 0},
		{"422", "document", 422, 45 * time.Minute, 0, false, 1},
		{"404", "document", 404, 45 * time.Minute, 0, false, 1},
		{"304", "document", 304, 45 * time.Minute, 0, false, 0},
		{"408", "document", 408, 45 * time.Minute, 0, false, 0},
		{"499", "document", 499, 45 * time.Minute, 0, false, 0},
		{"500", "document", 500, 45 * time.Minute, 0, false, 0},
		{"changed, poll", "empty", 200, 45 * time.Minute, 31 * time.Second, true, 1},
		{"changed, 500", "document", 500, 45 * time.Minute, 0, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout = time.Hour }})
			synctest.Test(t, func(t *testing.T) {
				v := s.visit(t, s.put("foo", "bar"))
				v.do("/")
				time.Sleep(test.idle)
				res := v.with(s, func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(test.flight) // before the session is asked for
					if s.Get(r.Context(), "foo"); test.put {
						s.Put(r.Context(), "foo", "other")
					}
					w.WriteHeader(test.status)
				}, func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", test.dest) })
				if len(res.Cookies()) != test.set {
					t.Errorf("Set-Cookie: %q", setLines(res))
				}
				if res.Header.Get("Vary") != "Cookie" || res.Header.Get("Cache-Control") != "private" {
					t.Errorf("Vary: %q, Cache-Control: %q", res.Header["Vary"], res.Header["Cache-Control"])
				}
			})
		})
	}
}

// TestPollDoesNotUndoLogout has a poll that only reads be in flight during a
// logout.
func TestPollDoesNotUndoLogout(t *testing.T) {
	s := newSite(t, config{manager: func(m *scs.SessionManager) { m.IdleTimeout = time.Minute }})
	synctest.Test(t, func(t *testing.T) {
		v := s.visit(t, s.put("foo", "bar"))
		v.do("/")
		time.Sleep(20 * time.Second)
		opened, answered := make(chan struct{}), make(chan struct{})
		poll := newVisitor(t, s.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s.Get(r.Context(), "foo")
			close(opened)
			time.Sleep(20 * time.Second)
		})))
		poll.jar = v.jar
		go func() {
			poll.do("/")
			close(answered)
		}()
		<-opened
		v.with(s, func(_ http.ResponseWriter, r *http.Request) { _ = s.Destroy(r.Context()) })
		<-answered
		if v.has(s, "foo") {
			t.Error("the poll's answer brought the session back")
		}
	})
}

// TestRotation checks that a visitor's session moves to the new key when they
// are seen, and then does without the old one.
func TestRotation(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	s := newSite(t, config{keys: newKeyring(t, older)})
	v := s.visit(t, s.put("foo", "bar"))
	v.do("/")

	both := newSite(t, config{keys: newKeyring(t, newer, older)})
	if got := v.with(both, both.read("foo"), func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "document") }); len(got.Cookies()) != 1 {
		t.Errorf("under the new key, reading set the cookies %q", setLines(got))
	}
	if diff := cmp.Diff([]string{"opened", "issued"}, both.kinds()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	alone := newSite(t, config{keys: newKeyring(t, newer)})
	if !v.has(alone, "foo") {
		t.Error("the rotation logged the visitor out")
	}
}
