package cookiesession_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// A cookie of a newer release is left to the replicas that can read it. A login
// and a logout write over it, and nothing else does.
func TestNewerCookieIsKept(t *testing.T) {
	tests := []struct {
		name   string
		do     func(*webSession)
		want   string
		status int
	}{
		{"read", func(*webSession) {}, leaves, 200},
		{"changed", webSign, leaves, 500},
		{"changed, with an id", func(s *webSession) { webSign(s); s.ID() }, leaves, 500},
		{"changed, with a lifetime", func(s *webSession) { webSign(s); s.SetLifetime(day) }, leaves, 500},
		{"renewed, empty", (*webSession).Renew, leaves, 200},
		{"renewed", func(s *webSession) { s.Renew(); webSign(s) }, stores, 200},
		{"destroyed", (*webSession).Destroy, deletes, 200},
		{"destroyed, then changed", func(s *webSession) { s.Destroy(); webSign(s) }, stores, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			b := withCookie(site.CookieName(), withVersion(signedIn(site).jar[site.CookieName()], 2))
			var saveErr error
			page := site.visit(b, func(c *userCall) { tt.do(c.S); saveErr = site.Save(c.W, c.S) })
			wantWrapped(t, page.S.Err(), cookiesession.ErrNewer)
			if wantCookieIs(t, page.cookies(), tt.want); page.StatusCode != tt.status {
				t.Errorf("status %d", page.StatusCode)
			}
			if tt.status == 200 {
				mustDo(t, saveErr)
				return
			}
			wantWrapped(t, saveErr, cookiesession.ErrNewer)
			wantFault(t, saveErr, "internal")
		})
	}
}

// All visitors of an old replica may bring such cookies: one event an hour.
func TestNewerIsReportedHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newUserSite(t)
		b := withCookie(site.CookieName(), withVersion(signedIn(site).jar[site.CookieName()], 2))
		altered := withCookie(site.CookieName(), flipLast(signedIn(site).jar[site.CookieName()]))
		var got []int
		for range 3 {
			for range 2 {
				got = append(got, len(site.visit(b, nil).reasons(cookiesession.EventRefused)))
				if n := len(site.visit(altered, nil).reasons(cookiesession.EventRefused)); n != 1 {
					t.Errorf("another refusal is reported %d times", n)
				}
			}
			time.Sleep(30 * time.Minute)
		}
		if diff := cmp.Diff([]int{1, 0, 0, 0, 1, 0}, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}
