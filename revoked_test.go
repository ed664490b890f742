package cookiesession_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"example.com/cookiesession"
)

// A request that has opened a session may still be under way when the session's
// key is revoked. Whoever has that key can make such a session and send its
// request's body slowly. So nothing is sealed for it any more.
func TestKeyRevokedInFlight(t *testing.T) {
	const silent, fails = leaves, "fails"
	tests := []struct {
		name string
		do   func(*webSession)
		want string
	}{
		{"read, re-seal due", func(*webSession) {}, silent},
		{"changed", func(s *webSession) { s.Data.Visits++ }, fails},
		{"Renew", (*webSession).Renew, fails},
		{"SetLifetime", func(s *webSession) { s.SetLifetime(time.Hour) }, fails},
		{"ID", func(s *webSession) { s.ID() }, fails},
		{"Destroy, then Data", func(s *webSession) { s.Destroy(); webSign(s) }, fails},
		{"Destroy", (*webSession).Destroy, deletes},
		{"emptied", func(s *webSession) { s.Data = webUser{} }, deletes},
	}
	for _, revoked := range []bool{true, false} {
		for _, tt := range tests {
			t.Run(fmt.Sprint(tt.name, ", revoked ", revoked), func(t *testing.T) {
				oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
				ring := newRing(t, oldKey)
				site := newWebSite(t, ring, userOptions{})
				b := signedIn(site)
				mustDo(t, ring.Replace(newRing(t, newKey, oldKey)))
				var saved error
				page := site.visit(b, func(c *userCall) {
					tt.do(c.S)
					if revoked {
						mustDo(t, ring.Replace(webParseRing(t, newKey.Secret()+"\nrevoked "+oldKey.ID())))
					}
					saved = site.Save(c.W, c.S)
					fmt.Fprint(c.W, "page")
				})
				want, status := tt.want, 200
				switch {
				case !revoked && want != deletes:
					want = stores // the control
				case want == fails:
					want, status = leaves, 500
					wantWrapped(t, saved, cookiesession.ErrRevoked)
				}
				if status == 200 {
					mustDo(t, saved)
				}
				if wantCookieIs(t, page.cookies(), want); page.StatusCode != status {
					t.Errorf("status %d", page.StatusCode)
				}
			})
		}
	}
}

// The same with a real server: the key is revoked while the body is on its way.
func TestKeyRevokedWhileABodyArrives(t *testing.T) {
	oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
	ring := newRing(t, newKey, oldKey)
	site := newWebSite(t, ring, userOptions{Insecure: true, Name: "sid"})
	forged := signedIn(newWebSite(t, newRing(t, oldKey), userOptions{Insecure: true, Name: "sid"})).jar["sid"]
	asked := make(chan struct{})
	server := httptest.NewServer(site.handle(func(c *userCall) {
		if c.S.Err() != nil {
			t.Errorf("the session does not open, so this test shows nothing: %v", c.S.Err())
		}
		close(asked)
		io.Copy(io.Discard, c.R.Body)
		c.S.Data.Visits++
		fmt.Fprint(c.W, "page")
	}))
	defer server.Close()
	body, more := io.Pipe()
	r, err := http.NewRequest("POST", server.URL, body)
	mustDo(t, err)
	r.Header.Set("Cookie", "sid="+forged)
	go func() {
		io.WriteString(more, "slowly")
		<-asked
		if err := ring.Replace(webParseRing(t, newKey.Secret()+"\nrevoked "+oldKey.ID())); err != nil {
			t.Error(err)
		}
		more.Close()
	}()
	resp, err := server.Client().Do(r)
	mustDo(t, err)
	defer resp.Body.Close()
	if wantNoCookie(t, resp.Header); resp.StatusCode != 500 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// A key that is revoked while a request is under way seals nothing in it. The
// other keys of the request's ring do, and if there are none, those of now.
func TestSealingKeyRevokedInFlight(t *testing.T) {
	first, second, third := cookiesession.NewKey(), cookiesession.NewKey(), cookiesession.NewKey()
	tests := []struct {
		name string
		ring []cookiesession.Key
		save bool // before the revocation
		want string
	}{
		{"another key of the request's", []cookiesession.Key{first, second}, false, second.ID()},
		{"a key of now", []cookiesession.Key{first}, false, third.ID()},
		{"saved before", []cookiesession.Key{first, second}, true, second.ID()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, tt.ring...)
			site := newWebSite(t, ring, userOptions{})
			page := site.visit(new(webBrowser), func(c *userCall) {
				webSign(c.S)
				if tt.save {
					mustDo(t, site.Save(c.W, c.S))
				}
				mustDo(t, ring.Replace(webParseRing(t, third.Secret()+"\nrevoked "+first.ID())))
			})
			wantIssued(t, page, cookiesession.ReasonChanged)
			if got := page.Events[len(page.Events)-1].KeyID; got != tt.want {
				t.Errorf("sealed by %s, want %s", got, tt.want)
			}
		})
	}
}
