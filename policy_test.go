package cookiesession_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// A session that is read at some age, to the second.
func TestAges(t *testing.T) {
	idle := userOptions{IdleTimeout: time.Hour}
	tests := []struct {
		name    string
		opts    userOptions
		age     time.Duration
		refused error
		why     cookiesession.Reason
		issued  cookiesession.Reason
	}{
		{"no idle timeout", userOptions{}, 14*day - time.Second, nil, "", ""},
		{"default lifetime", userOptions{}, 14 * day, cookiesession.ErrExpired, cookiesession.ReasonLifetime, ""},
		{"before its end", userOptions{Lifetime: time.Hour}, time.Hour - time.Second, nil, "", ""},
		{"at its end", userOptions{Lifetime: time.Hour}, time.Hour, cookiesession.ErrExpired, cookiesession.ReasonLifetime, ""},
		{"long after it", userOptions{Lifetime: time.Second}, 400 * day, cookiesession.ErrExpired, cookiesession.ReasonLifetime, ""},

		{"at once", idle, 0, nil, "", ""},
		{"before a quarter of the idle timeout", idle, 15*time.Minute - time.Second, nil, "", ""},
		{"after a quarter", idle, 15 * time.Minute, nil, "", cookiesession.ReasonRenewed},
		{"before its end", idle, time.Hour - time.Second, nil, "", cookiesession.ReasonRenewed},
		{"at its end", idle, time.Hour, cookiesession.ErrExpired, cookiesession.ReasonIdle, ""},
		{"before a quarter of an odd one", userOptions{IdleTimeout: 5 * time.Second}, time.Second, nil, "", ""},
		{"after a quarter of an odd one", userOptions{IdleTimeout: 5 * time.Second}, 2 * time.Second, nil, "", cookiesession.ReasonRenewed},
		{"both ends at once", userOptions{Lifetime: time.Hour, IdleTimeout: time.Hour}, time.Hour, cookiesession.ErrExpired, cookiesession.ReasonLifetime, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, tt.opts)
				b := signedIn(site)
				time.Sleep(tt.age)
				page := site.visit(b, nil)
				wantRefused(t, page, tt.refused, tt.why)
				wantIssued(t, page, tt.issued)
			})
		})
	}
}

// A cookie that does not open any more is not deleted; expired or not, the next
// change replaces it.
func TestExpiredIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{Lifetime: time.Hour})
		b := signedIn(site)
		time.Sleep(time.Hour)
		now := time.Now()
		page := site.visit(b, func(c *userCall) { webSign(c.S) })
		wantIssued(t, page, cookiesession.ReasonChanged)
		if page = site.visit(b, nil); !page.S.CreatedAt().Equal(now) {
			t.Errorf("created %v, want %v", page.S.CreatedAt(), now)
		}
	})
}

// A visitor who comes at each half of the idle timeout stays until the lifetime
// ends, and Max-Age never says more than what is left.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{Lifetime: 130 * time.Minute, IdleTimeout: time.Hour})
		created := time.Now()
		page := site.visit(new(webBrowser), func(c *userCall) { webSign(c.S) })
		b := withCookie(site.CookieName(), page.Cookies()[0].Value)
		ages := []int{page.Cookies()[0].MaxAge}
		for range 4 {
			time.Sleep(30 * time.Minute)
			page = site.visit(b, nil)
			wantIssued(t, page, cookiesession.ReasonRenewed)
			if !page.S.CreatedAt().Equal(created) {
				t.Errorf("renewal moved the creation to %v", page.S.CreatedAt())
			}
			ages = append(ages, page.Cookies()[0].MaxAge)
		}
		if diff := cmp.Diff([]int{3600, 3600, 3600, 2400, 600}, ages); diff != "" {
			t.Errorf("Max-Age (-want +got):\n%s", diff)
		}
		time.Sleep(10 * time.Minute)
		wantRefused(t, site.visit(b, nil), cookiesession.ErrExpired, cookiesession.ReasonLifetime)
	})
}

// A visitor who changes something needs no renewal beside it.
func TestAChangeRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{IdleTimeout: time.Hour})
		b := signedIn(site)
		for range 3 {
			time.Sleep(45 * time.Minute)
			wantIssued(t, site.visit(b, func(c *userCall) { c.S.Data.Visits++ }), cookiesession.ReasonChanged)
		}
		wantRefused(t, site.visit(b, nil), nil, "")
	})
}

// Shortening the policy reaches cookies that are out.
func TestPolicyIsTheServers(t *testing.T) {
	tests := []struct {
		name string
		opts userOptions
		own  time.Duration // lifetime of the session
		age  time.Duration
		why  cookiesession.Reason
	}{
		{"lifetime", userOptions{Lifetime: time.Hour}, 0, time.Hour, cookiesession.ReasonLifetime},
		{"idle timeout", userOptions{IdleTimeout: time.Hour}, 0, time.Hour, cookiesession.ReasonIdle},
		{"its own lifetime, cut", userOptions{Lifetime: time.Hour}, 90 * day, time.Hour, cookiesession.ReasonLifetime},
		{"its own lifetime, cut to MaxLifetime", userOptions{Lifetime: time.Hour, MaxLifetime: day}, 90 * day, day, cookiesession.ReasonLifetime},
		{"its own lifetime, not cut", userOptions{MaxLifetime: 90 * day}, 90 * day, 90 * day, cookiesession.ReasonLifetime},
		{"its own lifetime, shorter", userOptions{}, time.Hour, time.Hour, cookiesession.ReasonLifetime},
		{"a lifetime of a fraction of a second", userOptions{}, 1, time.Second, cookiesession.ReasonLifetime},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ring := newRing(t)
				generous := newWebSite(t, ring, userOptions{MaxLifetime: 400 * day})
				b := generous.newSession(func(c *userCall) { webSign(c.S); c.S.SetLifetime(tt.own) })
				site := newWebSite(t, ring, tt.opts)
				time.Sleep(tt.age - time.Second)
				wantRefused(t, site.visit(b.copy(), nil), nil, "")
				time.Sleep(time.Second)
				wantRefused(t, site.visit(b, nil), cookiesession.ErrExpired, tt.why)
			})
		})
	}
}

func TestSetLifetime(t *testing.T) {
	tests := []struct {
		name string
		do   func(*webSession)
		want string // the cookie
		age  int    // its Max-Age
	}{
		{"longer", func(s *webSession) { s.SetLifetime(90 * day) }, stores, 90*86400 - 3600},
		{"up to MaxLifetime", func(s *webSession) { s.SetLifetime(400 * day) }, stores, 100*86400 - 3600},
		{"shorter", func(s *webSession) { s.SetLifetime(2 * time.Hour) }, stores, 3600},
		{"rounded up", func(s *webSession) { s.SetLifetime(2*time.Hour - 1) }, stores, 3600},
		{"back to the usual", func(s *webSession) { s.SetLifetime(90 * day); s.SetLifetime(0) }, stores, 14*86400 - 3600},
		{"over", func(s *webSession) { s.SetLifetime(time.Hour) }, deletes, -1},
		{"long over", func(s *webSession) { s.SetLifetime(time.Minute) }, deletes, -1},
		{"counted anew by Renew", func(s *webSession) { s.SetLifetime(2 * time.Hour); s.Renew() }, stores, 7200},
		{"gone with Destroy", func(s *webSession) { s.SetLifetime(2 * time.Hour); s.Destroy(); webSign(s) }, stores, 14 * 86400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, userOptions{MaxLifetime: 100 * day})
				b := signedIn(site)
				time.Sleep(time.Hour)
				page := site.visit(b, func(c *userCall) { tt.do(c.S) })
				wantCookieIs(t, page.cookies(), tt.want)
				if got := page.Cookies()[0].MaxAge; got != tt.age {
					t.Errorf("Max-Age %d, want %d", got, tt.age)
				}
			})
		})
	}
}

// The lifetime that a session was given stays with it when it is written again.
func TestSetLifetimeStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{MaxLifetime: 100 * day})
		b := site.newSession(func(c *userCall) { webSign(c.S); c.S.SetLifetime(90 * day) })
		time.Sleep(80 * day)
		page := site.visit(b, func(c *userCall) { c.S.Data.Visits++ })
		if got := page.Cookies()[0].MaxAge; got != 10*86400 {
			t.Errorf("Max-Age %d", got)
		}
	})
}

func TestRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{Lifetime: 2 * time.Hour})
		b := signedIn(site)
		time.Sleep(time.Hour)
		before := b.copy()
		page := site.visit(b, func(c *userCall) {
			c.S.Renew()
			if !c.S.CreatedAt().Equal(time.Now()) || c.S.Data.Name != webSecret {
				t.Errorf("created %v, Data %+v", c.S.CreatedAt(), c.S.Data)
			}
		})
		wantIssued(t, page, cookiesession.ReasonRequested)
		if got := page.Cookies()[0].MaxAge; got != 7200 {
			t.Errorf("Max-Age %d", got)
		}
		time.Sleep(time.Hour)
		wantRefused(t, site.visit(b, nil), nil, "")
		wantRefused(t, site.visit(before, nil), cookiesession.ErrExpired, cookiesession.ReasonLifetime)
	})
}

// Clocks of replicas differ.
func TestClockSkew(t *testing.T) {
	tests := []struct {
		ahead time.Duration // of the replica that issued the cookie
		err   error
		why   cookiesession.Reason
	}{
		{time.Second, nil, ""},
		{5 * time.Minute, nil, ""},
		{5*time.Minute + time.Second, cookiesession.ErrInvalid, cookiesession.ReasonFuture},
		{400 * day, cookiesession.ErrInvalid, cookiesession.ReasonFuture},
	}
	for _, tt := range tests {
		t.Run(tt.ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, userOptions{IdleTimeout: time.Hour})
				var b *webBrowser
				onReplica(tt.ahead, func() { b = signedIn(site) })
				page := site.visit(b, nil)
				wantRefused(t, page, tt.err, tt.why)
				wantIssued(t, page, "")
			})
		})
	}
}

// A replica whose clock is behind writes no cookie that looks older than the
// one that it replaces, and ages that come out negative count as none.
func TestClockGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{Lifetime: time.Hour, IdleTimeout: time.Hour})
		var b *webBrowser
		onReplica(2*time.Minute, func() { b = signedIn(site) })
		ahead := time.Now().Add(2 * time.Minute)
		older := b.copy()
		wantIssued(t, site.visit(b, func(c *userCall) { c.S.Data.Visits = 1 }), cookiesession.ReasonChanged)
		page := site.visit(b, nil)
		if !page.S.IssuedAt().Equal(ahead) || !page.S.CreatedAt().Equal(ahead) {
			t.Errorf("issued %v, created %v, want both %v", page.S.IssuedAt(), page.S.CreatedAt(), ahead)
		}

		// Renewed here: its age is negative, so the creation moves back to now.
		page = site.visit(b, func(c *userCall) { c.S.Renew() })
		wantIssued(t, page, cookiesession.ReasonRequested)
		now := time.Now()
		page = site.visit(b, nil)
		if !page.S.IssuedAt().Equal(ahead) || !page.S.CreatedAt().Equal(now) {
			t.Errorf("issued %v, created %v, want %v and %v", page.S.IssuedAt(), page.S.CreatedAt(), ahead, now)
		}

		time.Sleep(time.Hour + time.Minute)
		wantRefused(t, site.visit(older, nil), nil, "")
		time.Sleep(time.Minute)
		wantRefused(t, site.visit(older, nil), cookiesession.ErrExpired, cookiesession.ReasonLifetime)
	})
}

// NotBefore goes by the creation. The session is made at hour 1.
func TestNotBefore(t *testing.T) {
	const hour = time.Hour
	tests := []struct {
		name      string
		notBefore time.Duration // hours since the start
		at        time.Duration // of the visit
		err       error
	}{
		{"long ago", 0, 2 * hour, nil},
		{"at its creation", hour, 2 * hour, nil},
		{"a second after it", hour + time.Second, 2 * hour, cookiesession.ErrRevoked},
		{"now", 2 * hour, 2 * hour, cookiesession.ErrRevoked},
		{"in a second", 2*hour + time.Second, 2 * hour, nil},
		{"in a year", 9000 * hour, 2 * hour, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, userOptions{NotBefore: time.Now().Add(tt.notBefore)})
				time.Sleep(hour)
				b := signedIn(site)
				time.Sleep(tt.at - hour)
				page := site.visit(b, nil)
				wantRefused(t, page, tt.err, map[bool]cookiesession.Reason{true: cookiesession.ReasonNotBefore}[tt.err != nil])
				wantIssued(t, page, "")
			})
		})
	}
}

// A replica that does not know NotBefore yet cannot save a stolen session: not
// by renewal, not by sealing it anew, not by a change. A new login can.
func TestNotBeforeAndRenewal(t *testing.T) {
	tests := []struct {
		name string
		do   func(*webSession) // on the replica without it
		err  error
	}{
		{"renewed", func(*webSession) {}, cookiesession.ErrRevoked},
		{"changed", func(s *webSession) { s.Data.Visits++ }, cookiesession.ErrRevoked},
		{"given an id", func(s *webSession) { s.ID() }, cookiesession.ErrRevoked},
		{"given a lifetime", func(s *webSession) { s.SetLifetime(time.Hour) }, cookiesession.ErrRevoked},
		{"logged in again", (*webSession).Renew, nil},
		{"begun again", func(s *webSession) { s.Destroy(); webSign(s) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ring := newRing(t)
				unaware := newWebSite(t, ring, userOptions{IdleTimeout: time.Hour})
				b := signedIn(unaware)
				time.Sleep(30 * time.Minute)
				aware := newWebSite(t, ring, userOptions{IdleTimeout: time.Hour, NotBefore: time.Now()})
				if page := unaware.visit(b, func(c *userCall) { tt.do(c.S) }); len(page.cookies()) != 1 {
					t.Error("the replica did not write")
				}
				page := aware.visit(b, nil)
				wantWrapped(t, page.S.Err(), tt.err)
			})
		})
	}
}

// Policy is for the newest cookie that opens: an older one does not stand in
// for it when it is revoked.
func TestPolicyIsForTheWinner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t)
		site := newWebSite(t, ring, userOptions{IdleTimeout: time.Hour})
		older := signedIn(site)
		time.Sleep(time.Minute)
		other := signedIn(site)
		time.Sleep(time.Hour - 2*time.Minute)
		site.visit(older, nil) // renewed, hence the newest, though created first
		name := site.CookieName()
		line := joinCookies(name, []string{other.jar[name], older.jar[name]})
		strict := newWebSite(t, ring, userOptions{NotBefore: time.Now().Add(-time.Hour + 90*time.Second)})
		s := strict.Load(webRequest(line))
		wantWrapped(t, s.Err(), cookiesession.ErrRevoked)
		strict.wantEvents(cookiesession.EventDuplicate, cookiesession.EventRefused)
		wantWrapped(t, strict.Load(webRequest(name+"="+other.jar[name])).Err(), nil)
	})
}
