package cookiesession_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// A cookie is sealed anew when the sealing key has superseded its key, and
// never because of a newer or a pending one: replicas whose clocks or files
// differ would rewrite each other's cookies at every request.
func TestReseal(t *testing.T) {
	oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
	at := func(k cookiesession.Key, after time.Duration) cookiesession.Key {
		return k.ActivatesAt(time.Now().Add(after)) // in the bubble
	}
	tests := []struct {
		name    string
		rings   func() [2][]cookiesession.Key // of the replica that sealed, of the one that reads
		sealed  time.Duration                 // clock of the former
		reads   time.Duration                 // clock of the latter
		reseals bool
	}{
		{"nothing changed", func() [2][]cookiesession.Key {
			return [2][]cookiesession.Key{{oldKey}, {oldKey}}
		}, 0, 0, false},
		{"a new key on top", func() [2][]cookiesession.Key {
			return [2][]cookiesession.Key{{oldKey}, {newKey, oldKey}}
		}, 0, 0, true},
		{"a new key at the end", func() [2][]cookiesession.Key {
			return [2][]cookiesession.Key{{oldKey}, {oldKey, newKey}}
		}, 0, 0, false},
		{"keys in another order", func() [2][]cookiesession.Key {
			return [2][]cookiesession.Key{{oldKey, newKey}, {newKey, oldKey}}
		}, 0, 0, true},
		{"before the activation", func() [2][]cookiesession.Key {
			return [2][]cookiesession.Key{{oldKey}, {at(newKey, time.Hour), oldKey}}
		}, 0, time.Hour - time.Second, false},
		{"from the activation on", func() [2][]cookiesession.Key {
			return [2][]cookiesession.Key{{oldKey}, {at(newKey, time.Hour), oldKey}}
		}, 0, time.Hour, true},
		{"sealed by a replica that is ahead", func() [2][]cookiesession.Key {
			keys := []cookiesession.Key{at(newKey, time.Hour), oldKey}
			return [2][]cookiesession.Key{keys, keys}
		}, time.Hour, time.Hour - 2*time.Minute, false},
		{"sealed by a replica that is behind", func() [2][]cookiesession.Key {
			keys := []cookiesession.Key{at(newKey, time.Hour), oldKey}
			return [2][]cookiesession.Key{keys, keys}
		}, time.Hour - 2*time.Minute, time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rings := tt.rings()
				sealer := newWebSite(t, newRing(t, rings[0]...), userOptions{})
				reader := newWebSite(t, newRing(t, rings[1]...), userOptions{})
				var b *webBrowser
				onReplica(tt.sealed, func() { b = signedIn(sealer) })
				onReplica(tt.reads, func() {
					page := reader.visit(b, nil)
					wantRefused(t, page, nil, "")
					if !tt.reseals {
						wantIssued(t, page, "")
						return
					}
					wantIssued(t, page, cookiesession.ReasonResealed)
					if got := page.Events[1].KeyID; got != newKey.ID() {
						t.Errorf("sealed by %s", got)
					}
					again := reader.visit(b, nil)
					wantIssued(t, again, "")
					if !again.S.CreatedAt().Equal(page.S.CreatedAt()) {
						t.Error("sealing anew moved the creation")
					}
				})
			})
		})
	}
}

// Two replicas that disagree about the time write at most once each way.
func TestNoFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
		site := newWebSite(t, newRing(t, newKey.ActivatesAt(time.Now().Add(time.Minute)), oldKey), userOptions{})
		b := signedIn(site)
		written := 0
		for range 10 {
			for _, off := range []time.Duration{0, 2 * time.Minute} {
				onReplica(off, func() { written += len(site.visit(b, nil).cookies()) })
			}
		}
		if written != 1 {
			t.Errorf("written %d times, want 1", written)
		}
	})
}

// A refresh is a snapshot: sent from a parallel request it may undo a logout.
// So it is left to the requests that make up a page. A change always counts.
func TestRefreshesAreSkipped(t *testing.T) {
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	tests := []struct {
		name      string
		dest      string // "-": no header
		send      func(http.ResponseWriter)
		refreshes bool
	}{
		{"no header", "-", status(200), true},
		{"an empty header", "", status(200), true},
		{"fetch", "empty", status(200), true},
		{"page", "document", status(200), true},
		{"frame", "iframe", status(200), true},
		{"image", "image", status(200), false},
		{"script", "script", status(200), false},
		{"style", "style", status(200), false},
		{"font", "font", status(200), false},
		{"worker", "serviceworker", status(200), false},
		{"what is yet to be invented", "hologram", status(200), false},

		{"no write", "-", func(http.ResponseWriter) {}, true},
		{"Write", "-", func(w http.ResponseWriter) { fmt.Fprint(w, "page") }, true},
		{"204", "-", status(204), true},
		{"303", "-", status(303), true},
		{"304", "-", status(304), false},
		{"400", "-", status(400), false},
		{"404", "document", status(404), false},
		{"500", "-", status(500), false},
		{"http.Error", "-", func(w http.ResponseWriter) { http.Error(w, "page", http.StatusServiceUnavailable) }, false},
	}
	for _, refresh := range []cookiesession.Reason{cookiesession.ReasonRenewed, cookiesession.ReasonResealed} {
		for _, tt := range tests {
			t.Run(string(refresh)+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					site, b := staleSession(t, refresh)
					if tt.dest != "-" {
						b.Header = http.Header{"Sec-Fetch-Dest": {tt.dest}}
					}
					page := site.visit(b, func(c *userCall) { tt.send(c.W) })
					wantIssued(t, page, map[bool]cookiesession.Reason{true: refresh}[tt.refreshes])

					site, b = staleSession(t, refresh)
					b.Header = http.Header{"Sec-Fetch-Dest": {tt.dest}}
					page = site.visit(b, func(c *userCall) { c.S.Data.Visits++; tt.send(c.W) })
					wantIssued(t, page, cookiesession.ReasonChanged)
				})
			})
		}
	}
}

// staleSession returns a browser whose session is due for that refresh.
func staleSession(t *testing.T, refresh cookiesession.Reason) (*webSite[webUser], *webBrowser) {
	t.Helper()
	oldKey := cookiesession.NewKey()
	ring := newRing(t, oldKey)
	opts := userOptions{}
	if refresh == cookiesession.ReasonRenewed {
		opts.IdleTimeout = time.Hour
	}
	site := newWebSite(t, ring, opts)
	b := signedIn(site)
	time.Sleep(30 * time.Minute)
	if refresh == cookiesession.ReasonResealed {
		mustDo(t, ring.Replace(newRing(t, cookiesession.NewKey(), oldKey)))
	}
	return site, b
}

// Renew and SetLifetime are no refreshes: they are stored whatever the response
// is.
func TestRequestsAreNotSkipped(t *testing.T) {
	site := newUserSite(t)
	for name, do := range map[string]func(*webSession){
		"Renew":       (*webSession).Renew,
		"SetLifetime": func(s *webSession) { s.SetLifetime(time.Hour) },
		"ID":          func(s *webSession) { s.ID() },
	} {
		t.Run(name, func(t *testing.T) {
			b := signedIn(site)
			b.Header = http.Header{"Sec-Fetch-Dest": {"image"}}
			page := site.visit(b, func(c *userCall) { do(c.S); c.W.WriteHeader(404) })
			wantIssued(t, page, cookiesession.ReasonRequested)
		})
	}
}

// A refresh that fails is an event; the page is served and the old cookie
// stays. Here the age, which takes bytes of its own, makes a session too large
// that fits exactly. A change that fails is a 500.
func TestRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, cookiesession.Options[[]byte]{IdleTimeout: time.Hour})
		b := fullCookie(t, site)
		before := b.jar[site.CookieName()]
		time.Sleep(30 * time.Minute)
		page := site.visit(b, func(c *webCall[[]byte]) { fmt.Fprint(c.W, "page") })
		wantNoCookie(t, page.Header)
		if page.StatusCode != 200 || b.jar[site.CookieName()] != before {
			t.Errorf("status %d", page.StatusCode)
		}
		last := page.Events[len(page.Events)-1]
		wantTooLarge(t, last.Err)
		last.Err = nil
		want := cookiesession.Event{Kind: cookiesession.EventSaveFailed, Cookie: site.CookieName(), Size: last.Size, Limit: 4093}
		if diff := cmp.Diff(want, last); diff != "" || last.Size <= 4093 {
			t.Errorf("event (-want +got):\n%s", diff)
		}

		page = site.visit(b, func(c *webCall[[]byte]) { c.S.Renew(); fmt.Fprint(c.W, "page") })
		if page.StatusCode != 200 { // created now, so the age takes no byte more
			t.Errorf("Renew: status %d", page.StatusCode)
		}
		b = withCookie(site.CookieName(), before)
		page = site.visit(b, func(c *webCall[[]byte]) { c.S.SetLifetime(day); fmt.Fprint(c.W, "page") })
		if wantNoCookie(t, page.Header); page.StatusCode != 500 {
			t.Errorf("SetLifetime: status %d", page.StatusCode)
		}
	})
}

// fullCookie returns a browser with the largest cookie that can be sent.
func fullCookie(t *testing.T, site *webSite[[]byte]) *webBrowser {
	t.Helper()
	raw := webRandom(4200)
	var full *webBrowser
	for n := 2950; ; n++ {
		b := new(webBrowser)
		if page := site.visit(b, func(c *webCall[[]byte]) { c.S.Data = raw[:n] }); page.StatusCode != 200 {
			return full
		}
		full = b
	}
}

// What Save has prepared is decided anew when the headers go out: a Save that
// only wanted to learn of an error in time does not bring a refresh into an
// error page.
func TestRefreshIsDecidedAtCommit(t *testing.T) {
	tests := []struct {
		name   string
		status int
		change bool // after Save
		want   func(refresh cookiesession.Reason) cookiesession.Reason
	}{
		{"page", 200, false, func(refresh cookiesession.Reason) cookiesession.Reason { return refresh }},
		{"error", 500, false, func(cookiesession.Reason) cookiesession.Reason { return "" }},
		{"not modified", 304, false, func(cookiesession.Reason) cookiesession.Reason { return "" }},
		{"error with a change", 500, true, func(cookiesession.Reason) cookiesession.Reason { return cookiesession.ReasonChanged }},
	}
	for _, refresh := range []cookiesession.Reason{cookiesession.ReasonRenewed, cookiesession.ReasonResealed} {
		for _, tt := range tests {
			t.Run(string(refresh)+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					site, b := staleSession(t, refresh)
					page := site.visit(b, func(c *userCall) {
						mustDo(t, site.Save(c.W, c.S))
						if lines := c.W.Header()["Set-Cookie"]; len(lines) != 1 {
							t.Errorf("Save set %q, so this test shows nothing", lines)
						}
						if tt.change {
							c.S.Data.Visits++
						}
						c.W.WriteHeader(tt.status)
					})
					wantIssued(t, page, tt.want(refresh))
				})
			})
		}
	}
}

// A refresh that became due, or whose session ended, since Save.
func TestTimePassesBetweenSaveAndCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{Lifetime: time.Hour, IdleTimeout: time.Hour})
		b := signedIn(site)
		time.Sleep(29 * time.Minute)
		page := site.visit(b, func(c *userCall) {
			mustDo(t, site.Save(c.W, c.S))
			wantNoCookie(t, c.W.Header())
			time.Sleep(time.Minute)
		})
		wantIssued(t, page, cookiesession.ReasonRenewed)
		page = site.visit(b, func(c *userCall) {
			c.S.Data.Visits++
			mustDo(t, site.Save(c.W, c.S))
			time.Sleep(30 * time.Minute)
		})
		wantCookieIs(t, page.cookies(), deletes)
	})
}

// A key that is activated between Save and the commit seals what goes out.
func TestKeyActivatedBetweenSaveAndCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey().ActivatesAt(time.Now().Add(31*time.Minute))
		site := newWebSite(t, newRing(t, newKey, oldKey), userOptions{IdleTimeout: time.Hour})
		b := signedIn(site)
		time.Sleep(30 * time.Minute)
		page := site.visit(b, func(c *userCall) {
			mustDo(t, site.Save(c.W, c.S)) // renewed, by the old key
			if lines := c.W.Header()["Set-Cookie"]; len(lines) != 1 {
				t.Errorf("Save set %q, so this test shows nothing", lines)
			}
			time.Sleep(time.Minute)
		})
		wantIssued(t, page, cookiesession.ReasonResealed)
		if got := page.Events[1].KeyID; got != newKey.ID() {
			t.Errorf("sealed by %s", got)
		}
	})
}
