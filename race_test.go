package cookiesession_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"example.com/cookiesession"
)

// Many visitors of one Manager, while its keys are rotated under them: nobody
// loses a session, and no visit is lost.
func TestRotationUnderLoad(t *testing.T) {
	const visitors, visits, rotations = 8, 60, 30
	keys := []cookiesession.Key{cookiesession.NewKey()}
	ring := newRing(t, keys...)
	site := newWebSite(t, ring, userOptions{})

	var all sync.WaitGroup
	for range visitors {
		all.Go(func() { visitOften(t, site.Manager, visits) })
	}
	all.Go(func() {
		for range rotations {
			keys = append([]cookiesession.Key{cookiesession.NewKey()}, keys...)
			next, err := cookiesession.NewKeyring(keys...)
			if err != nil {
				t.Error(err)
				return
			}
			mustDo(t, ring.Replace(next))
		}
	})
	all.Wait()

	for _, e := range site.take() {
		switch e.Kind {
		case cookiesession.EventOpened, cookiesession.EventIssued, cookiesession.EventKeysReloaded:
		default:
			t.Errorf("event %+v", e)
		}
	}
	if states := ring.Keys(); len(states) != rotations+1 || states[0].ID != keys[0].ID() {
		t.Errorf("the ring is %v", ring)
	}
}

// visitOften counts its visits in its session, and reads in between.
func visitOften(t *testing.T, m *cookiesession.Manager[webUser], visits int) {
	b := new(webBrowser)
	read := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, m.Get(r).Data.Visits) }))
	count := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { m.Get(r).Data.Visits++ }))
	for range visits {
		b.fetch(count)
		b.fetch(read)
	}
	r := webRequest(m.CookieName() + "=" + b.jar[m.CookieName()])
	if s := m.Load(r); s.Data.Visits != visits {
		t.Errorf("counted %d of %d visits, error %v", s.Data.Visits, visits, s.Err())
	}
}

// One cookie, many requests at once: each has Data of its own.
func TestParallelRequestsOfOneSession(t *testing.T) {
	site := newWebSite(t, nil, cookiesession.Options[map[string]any]{})
	b := site.newSession(func(c *webCall[map[string]any]) { c.S.Data["list"] = []any{1} })
	h := site.handle(func(c *webCall[map[string]any]) {
		list := c.S.Data["list"].([]any)
		list[0] = list[0].(int) + 1
		c.S.Data["more"] = c.S.ID()
		if list[0] != 2 {
			t.Errorf("another request's change: %v", list)
		}
	})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { b.copy().fetch(h) })
	}
	all.Wait()
}
