package cookiesession_test

import (
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
)

// Two replicas that disagree about the time move a session forward once, also
// where both change it: no change is sealed by an older key than the cookie.
func TestNoFlappingOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
		site := newWebSite(t, newRing(t, newKey.ActivatesAt(time.Now().Add(time.Minute)), oldKey), userOptions{})
		b := signedIn(site)
		resealed := 0
		for i := range 10 {
			onReplica(2*time.Minute, func() {
				resealed += len(site.visit(b, nil).cookies())
			})
			onReplica(0, func() {
				page := site.visit(b, func(c *userCall) { c.S.Data.Visits = i + 1 })
				wantIssued(t, page, cookiesession.ReasonChanged)
				for _, e := range page.Events {
					if e.KeyID != newKey.ID() && e.KeyID != "" || e.Kind == cookiesession.EventKeysPending {
						t.Errorf("change %d: event %v of key %s", i+1, e.Kind, e.KeyID)
					}
				}
			})
		}
		if resealed != 1 {
			t.Errorf("sealed anew %d times, want 1", resealed)
		}
	})
}

// Neither is the cookie of a new session that replaces the one it destroyed.
func TestDestroyedIsNotMovedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
		site := newWebSite(t, newRing(t, newKey.ActivatesAt(time.Now().Add(time.Minute)), oldKey), userOptions{})
		var b *webBrowser
		onReplica(2*time.Minute, func() { b = signedIn(site) })
		page := site.visit(b, func(c *userCall) {
			c.S.Destroy()
			c.S.Data.Visits = 1
		})
		if last := page.Events[len(page.Events)-1]; last.Kind != cookiesession.EventIssued || last.KeyID != newKey.ID() {
			t.Errorf("event %v of key %s", last.Kind, last.KeyID)
		}
	})
}
