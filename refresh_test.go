package cookiesession_test

import (
	"fmt"
	mathrand "math/rand/v2"
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
// So the Manager asks webrule, which has the rules, about the request, the time
// since Handler got it, and the status. A change always counts.
func TestRefreshes(t *testing.T) {
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	taking := func(d time.Duration) func(http.ResponseWriter) {
		return func(http.ResponseWriter) { time.Sleep(d) }
	}
	const fast, slow = 2 * time.Second, 2*time.Second + 1
	iframe := http.Header{"Sec-Fetch-Dest": {"iframe"}}
	tests := []struct {
		name           string
		header         http.Header
		send           func(http.ResponseWriter)
		renews, moves  bool // an hour after the issue, of the two hours of the idle timeout
		early, moreAge bool // it renews after half an hour, and after an hour and a half
	}{
		{"page", asPage, status(200), true, true, true, true},
		{"page that writes nothing", asPage, func(http.ResponseWriter) {}, true, true, true, true},
		{"page by Write", asPage, func(w http.ResponseWriter) { fmt.Fprint(w, "page") }, true, true, true, true},
		{"page, 204", asPage, status(204), true, true, true, true},
		{"page, 303", asPage, status(303), true, true, true, true},
		{"page, 404", asPage, status(404), true, true, true, true},
		{"page, 422", asPage, status(422), true, true, true, true},
		{"page, 304", asPage, status(304), false, false, false, false},
		{"page, 408", asPage, status(408), false, false, false, false},
		{"page, 499", asPage, status(499), false, false, false, false},
		{"page, 500", asPage, status(500), false, false, false, false},
		{"page by http.Error", asPage, func(w http.ResponseWriter) { http.Error(w, "page", http.StatusServiceUnavailable) }, false, false, false, false},
		{"page, barely fast", asPage, taking(fast), true, true, true, true},
		{"page, slow", asPage, taking(slow), true, false, false, true},
		{"page, very slow", asPage, taking(time.Minute), true, false, false, true},
		{"page over plain HTTP", http.Header{"Accept": {"text/html"}}, status(200), true, true, true, true},
		{"frame", iframe, status(200), true, false, true, true},
		{"frame, slow", iframe, taking(slow), true, false, false, true},
		{"prefetch", http.Header{"Sec-Fetch-Dest": {"document"}, "Sec-Purpose": {"prefetch"}}, status(200), true, false, false, true},
		{"fetch", asFetch, status(200), true, false, false, true},
		{"fetch, 404", asFetch, status(404), true, false, false, true},
		{"fetch, 503", asFetch, status(503), false, false, false, false},
		{"fetch, barely fast", asFetch, taking(fast), true, false, false, true},
		{"fetch, slow", asFetch, taking(slow), false, false, false, true},
		{"fetch, barely in time", asFetch, taking(30 * time.Second), false, false, false, true},
		{"poll", asFetch, taking(30*time.Second + 1), false, false, false, false},
		{"poll that flushes at once", asFetch, func(w http.ResponseWriter) { w.(http.Flusher).Flush(); time.Sleep(time.Minute) }, true, false, false, true},
		{"image", http.Header{"Sec-Fetch-Dest": {"image"}}, status(200), true, false, false, true},
		{"client that is no browser", http.Header{}, status(200), true, false, false, true},
	}
	read := func(t *testing.T, refresh cookiesession.Reason, age time.Duration, header http.Header, send func(http.ResponseWriter), want bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			site, b := staleSession(t, refresh, age)
			b.Header = header
			page := site.visit(b, func(c *userCall) { send(c.W) })
			wantIssued(t, page, map[bool]cookiesession.Reason{true: refresh}[want])
		})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read(t, cookiesession.ReasonRenewed, time.Hour/2, tt.header, tt.send, tt.early)
			read(t, cookiesession.ReasonRenewed, time.Hour, tt.header, tt.send, tt.renews)
			read(t, cookiesession.ReasonRenewed, time.Hour*3/2, tt.header, tt.send, tt.moreAge)
			read(t, cookiesession.ReasonResealed, time.Hour, tt.header, tt.send, tt.moves)
			for _, refresh := range []cookiesession.Reason{cookiesession.ReasonRenewed, cookiesession.ReasonResealed} {
				synctest.Test(t, func(t *testing.T) {
					site, b := staleSession(t, refresh, time.Hour)
					b.Header = tt.header
					page := site.visit(b, func(c *userCall) { c.S.Data.Visits++; tt.send(c.W) })
					wantIssued(t, page, cookiesession.ReasonChanged)
				})
			}
		})
	}
}

// What is no top-level page moves to the next key once half of the old key's
// time is over, or a day after its issue if that is not known.
func TestLateReseal(t *testing.T) {
	tests := []struct {
		name    string
		next    time.Duration // activation of the key that came next; 0: no date
		third   time.Duration // of the one after it; 0: there is none
		retires time.Duration // of the old key; 0: never
		from    time.Duration // the first second at which it moves
	}{
		{"dates", 2 * day, 0, 10 * day, 6 * day},
		{"two keys later", 2 * day, 3 * day, 10 * day, 6 * day},
		{"no end", 2 * day, 0, 0, 2 * day},
		{"no dates", 0, 0, 0, day + time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				after := func(d time.Duration) time.Time { // zero for none
					if d == 0 {
						return time.Time{}
					}
					return start.Add(d)
				}
				oldKey := cookiesession.NewKey().RetiresAt(after(tt.retires))
				keys := []cookiesession.Key{cookiesession.NewKey().ActivatesAt(after(tt.next)), oldKey}
				if tt.third != 0 {
					keys = append([]cookiesession.Key{cookiesession.NewKey().ActivatesAt(after(tt.third))}, keys...)
				}
				ring := newRing(t, oldKey)
				site := newWebSite(t, ring, userOptions{})
				b := signedIn(site)
				b.Header = asFetch
				mustDo(t, ring.Replace(newRing(t, keys...)))
				time.Sleep(tt.from - time.Second)
				wantIssued(t, site.visit(b, nil), "")
				time.Sleep(time.Second)
				wantIssued(t, site.visit(b, nil), cookiesession.ReasonResealed)
			})
		})
	}
}

// staleSession returns a browser whose session was issued that long ago, and
// may be due for that refresh.
func staleSession(t *testing.T, refresh cookiesession.Reason, age time.Duration) (*webSite[webUser], *webBrowser) {
	t.Helper()
	oldKey := cookiesession.NewKey()
	ring := newRing(t, oldKey)
	opts := userOptions{}
	if refresh == cookiesession.ReasonRenewed {
		opts.IdleTimeout = 2 * time.Hour
	}
	site := newWebSite(t, ring, opts)
	b := signedIn(site)
	time.Sleep(age)
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
					site, b := staleSession(t, refresh, time.Hour)
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

// A refresh that became due since Save, or may not be written any more, and a
// session that ended.
func TestTimePassesBetweenSaveAndCommit(t *testing.T) {
	tests := []struct {
		name     string
		lifetime time.Duration
		age      time.Duration
		change   bool
		flight   time.Duration
		saved    int // lines of Save
		want     string
	}{
		{"due since", day, 15*time.Minute - time.Second, false, time.Second, 0, stores},
		{"due at both", day, 15 * time.Minute, false, time.Second, 1, stores},
		{"slow since", day, 15 * time.Minute, false, 3 * time.Second, 1, leaves},
		{"ended since", day, 59 * time.Minute, false, time.Minute, 1, leaves},
		{"ended since, changed", day, 59 * time.Minute, true, time.Minute, 1, stores},
		{"lifetime over since", time.Hour, 59 * time.Minute, false, time.Minute, 1, leaves},
		{"lifetime over since, changed", time.Hour, 59 * time.Minute, true, time.Minute, 1, deletes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newWebSite(t, nil, userOptions{Lifetime: tt.lifetime, IdleTimeout: time.Hour})
				b := signedIn(site)
				time.Sleep(tt.age)
				page := site.visit(b, func(c *userCall) {
					if tt.change {
						c.S.Data.Visits++
					}
					mustDo(t, site.Save(c.W, c.S))
					if lines := c.W.Header()["Set-Cookie"]; len(lines) != tt.saved {
						t.Errorf("Save set %q", lines)
					}
					time.Sleep(tt.flight)
				})
				wantCookieIs(t, page.cookies(), tt.want)
			})
		})
	}
}

// A key that is activated between Save and the commit seals what goes out.
func TestKeyActivatedBetweenSaveAndCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey().ActivatesAt(time.Now().Add(30*time.Minute))
		site := newWebSite(t, newRing(t, newKey, oldKey), userOptions{})
		b := signedIn(site)
		time.Sleep(30*time.Minute - time.Second)
		page := site.visit(b, func(c *userCall) {
			mustDo(t, site.Save(c.W, c.S))
			wantNoCookie(t, c.W.Header())
			time.Sleep(time.Second)
		})
		wantIssued(t, page, cookiesession.ReasonResealed)
		if got := page.Events[1].KeyID; got != newKey.ID() {
			t.Errorf("sealed by %s", got)
		}
	})
}

// A re-seal keeps the time of issue, so that it prolongs nothing, and replicas
// whose clocks differ do not take it for a newer session. If a renewal is due
// as well, it does both.
func TestResealProlongsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldKey := cookiesession.NewKey()
		ring := newRing(t, oldKey)
		site := newWebSite(t, ring, userOptions{Lifetime: day, IdleTimeout: time.Hour})
		b := signedIn(site)
		issued := time.Now()
		mustDo(t, ring.Replace(newRing(t, cookiesession.NewKey(), oldKey)))
		time.Sleep(14 * time.Minute)
		page := site.visit(b, nil)
		wantIssued(t, page, cookiesession.ReasonResealed)
		if got := page.Cookies()[0].MaxAge; got != 46*60 {
			t.Errorf("Max-Age is %d", got)
		}
		if page = site.visit(b, nil); !page.S.IssuedAt().Equal(issued) {
			t.Errorf("issued at %v, want %v", page.S.IssuedAt(), issued)
		}
		wantIssued(t, page, "")
	})
	synctest.Test(t, func(t *testing.T) {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
		ring := newRing(t, oldKey)
		site := newWebSite(t, ring, userOptions{IdleTimeout: time.Hour})
		b := signedIn(site)
		mustDo(t, ring.Replace(newRing(t, newKey, oldKey)))
		time.Sleep(15 * time.Minute)
		page := site.visit(b, nil)
		wantIssued(t, page, cookiesession.ReasonRenewed)
		if got := page.Events[len(page.Events)-1].KeyID; got != newKey.ID() {
			t.Errorf("sealed by %s", got)
		}
		if page = site.visit(b, nil); !page.S.IssuedAt().Equal(time.Now()) {
			t.Errorf("issued at %v", page.S.IssuedAt())
		}
		wantIssued(t, page, "")
	})
}

// A replica whose clock is behind does not make a session look older than it is
// by moving it, nor does one that is ahead make it look newer.
func TestResealWithClocksThatDiffer(t *testing.T) {
	for _, off := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			oldKey := cookiesession.NewKey()
			ring := newRing(t, oldKey)
			site := newWebSite(t, ring, userOptions{})
			b := signedIn(site)
			issued := time.Now()
			mustDo(t, ring.Replace(newRing(t, cookiesession.NewKey(), oldKey)))
			onReplica(off, func() { wantIssued(t, site.visit(b, nil), cookiesession.ReasonResealed) })
			if page := site.visit(b, nil); !page.S.IssuedAt().Equal(issued) {
				t.Errorf("clock off by %v: issued at %v, want %v", off, page.S.IssuedAt(), issued)
			}
		})
	}
}

// Reads that are under way do not undo the logout that happens meanwhile, also
// after a rotation or past the half of the idle timeout. Before, each of them
// brought the session back.
func TestReadsUnderWayDoNotUndoALogout(t *testing.T) {
	for _, refresh := range []cookiesession.Reason{cookiesession.ReasonRenewed, cookiesession.ReasonResealed} {
		for name, header := range map[string]http.Header{"page": asPage, "fetch": asFetch, "client": {}} {
			t.Run(string(refresh)+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					site, b := staleSession(t, refresh, 25*time.Minute)
					reader := b.copy()
					reader.Header = header
					page := site.visit(reader, func(*userCall) {
						wantCookieIs(t, b.fetch(site.handle(func(c *userCall) { c.S.Destroy() })).Header["Set-Cookie"], deletes)
						time.Sleep(3 * time.Second)
					})
					wantNoCookie(t, page.Header)
				})
			})
		}
	}
}

// Visitors of a site with an idle timeout of 30 minutes, for a day each.
// Whoever pauses for less than half of it stays signed in, whatever their
// requests are. Those who send slow fetches alone may pause for a quarter.
func TestIdleVisitors(t *testing.T) {
	const idle, visitors = 30 * time.Minute, 8
	tests := []struct {
		name   string
		header http.Header
		flight time.Duration
		pauses []time.Duration // the longest; nobody is signed out
		long   time.Duration   // somebody is: so the test can fail
	}{
		{"pages", asPage, 0, []time.Duration{idle / 4, 8 * time.Minute, 10 * time.Minute, idle / 2}, idle},
		{"slow pages", asPage, 3 * time.Second, []time.Duration{idle / 4, 8 * time.Minute, 10 * time.Minute, idle / 2}, idle},
		{"fetches", asFetch, 0, []time.Duration{idle / 4, 8 * time.Minute, 10 * time.Minute, idle / 2}, idle},
		{"slow fetches", asFetch, 3 * time.Second, []time.Duration{idle / 4}, idle / 2},
		{"pages over plain HTTP", http.Header{"Accept": {"text/html"}}, 0, []time.Duration{idle / 2}, idle},
		{"polls", asFetch, time.Minute, nil, idle / 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			signedOut := func(longest time.Duration) (n int) {
				random := mathrand.New(mathrand.NewPCG(1, uint64(longest)))
				for range visitors {
					synctest.Test(t, func(t *testing.T) {
						site := newWebSite(t, nil, userOptions{IdleTimeout: idle})
						b := signedIn(site)
						b.Header = tt.header
						for begin := time.Now(); time.Since(begin) < day; {
							time.Sleep(time.Duration(random.Int64N(int64(longest))))
							if page := site.visit(b, func(*userCall) { time.Sleep(tt.flight) }); page.S.Err() != nil {
								n++
								return
							}
						}
					})
				}
				return n
			}
			for _, longest := range tt.pauses {
				if n := signedOut(longest); n > 0 {
					t.Errorf("pauses of up to %v: %d of %d are signed out", longest, n, visitors)
				}
			}
			if n := signedOut(tt.long); n == 0 {
				t.Errorf("pauses of up to %v: nobody is signed out", tt.long)
			}
		})
	}
}
