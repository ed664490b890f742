package cookiesession_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
)

var errStoreDown = errors.New("the store is down")

// Check is the application's word.
func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		answer error
		err    error
		why    cookiesession.Reason
		kind   string
	}{
		{"accepts", nil, nil, "", ""},
		{"revokes", cookiesession.ErrRevoked, cookiesession.ErrRevoked, cookiesession.ReasonCheck, "decode"},
		{"revokes, wrapped", fmt.Errorf("generation 3: %w", cookiesession.ErrRevoked), cookiesession.ErrRevoked, cookiesession.ReasonCheck, "decode"},
		{"cannot answer", errStoreDown, errStoreDown, cookiesession.ReasonCheckFailed, "internal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			ring := newRing(t)
			b := signedIn(newWebSite(t, ring, userOptions{}))
			site := newWebSite(t, ring, userOptions{Check: func(r *http.Request, s *webSession) error {
				calls++
				if r == nil || s.Data.Name != webSecret || s.IsNew() || s.Err() != nil {
					t.Errorf("Check is given %v, %+v", s, s.Data)
				}
				return tt.answer
			}})
			page := site.visit(b, func(c *userCall) { site.Get(c.R) })
			wantRefused(t, page, tt.err, tt.why)
			if tt.err != nil {
				wantFault(t, page.S.Err(), tt.kind)
			}
			wantIssued(t, page, "")
			if calls != 1 || page.StatusCode != 200 || page.S.IsNew() != (tt.err != nil) {
				t.Errorf("%d calls, status %d, IsNew %v", calls, page.StatusCode, page.S.IsNew())
			}
			site.visit(new(webBrowser), nil)
			site.visit(withCookie(site.CookieName(), "x"), nil)
			if calls != 1 {
				t.Error("Check is asked about sessions that did not open")
			}
		})
	}
}

// Check is not asked about a session that has expired.
func TestCheckComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWebSite(t, nil, userOptions{Check: func(*http.Request, *webSession) error {
			t.Error("asked")
			return nil
		}})
		b := signedIn(site)
		time.Sleep(14 * day)
		wantRefused(t, site.visit(b, nil), cookiesession.ErrExpired, cookiesession.ReasonLifetime)
	})
}

// A session that Check has refused for good is replaced; one that it could not
// judge must not be overwritten, whatever the handler does.
func TestCheckAndSaving(t *testing.T) {
	tests := []struct {
		name   string
		answer error
		do     func(*webSession)
		want   string
		status int
	}{
		{"accepted, changed", nil, func(s *webSession) { s.Data.Visits++ }, stores, 200},
		{"revoked, changed", cookiesession.ErrRevoked, webSign, stores, 200},
		{"revoked, destroyed", cookiesession.ErrRevoked, (*webSession).Destroy, deletes, 200},
		{"not judged, read", errStoreDown, func(*webSession) {}, leaves, 200},
		{"not judged, empty", errStoreDown, func(s *webSession) { webSign(s); s.Data = webUser{} }, leaves, 200},
		{"not judged, changed", errStoreDown, webSign, leaves, 500},
		{"not judged, destroyed", errStoreDown, (*webSession).Destroy, deletes, 200},
		{"not judged, destroyed, then changed", errStoreDown, func(s *webSession) { s.Destroy(); webSign(s) }, leaves, 500},
		{"not judged, renewed", errStoreDown, func(s *webSession) { webSign(s); s.Renew() }, leaves, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t)
			b := signedIn(newWebSite(t, ring, userOptions{}))
			site := newWebSite(t, ring, userOptions{Check: func(*http.Request, *webSession) error { return tt.answer }})
			var saveErr error
			page := site.visit(b, func(c *userCall) {
				tt.do(c.S)
				saveErr = site.Save(c.W, c.S)
			})
			if wantCookieIs(t, page.cookies(), tt.want); page.StatusCode != tt.status {
				t.Errorf("status %d", page.StatusCode)
			}
			if tt.status == 500 {
				wantWrapped(t, saveErr, errStoreDown)
				wantFault(t, saveErr, "internal")
			} else {
				mustDo(t, saveErr)
			}
		})
	}
}

// A panic of Check passes through. A session is not to be had afterwards, and
// nothing can be saved over the one that was not judged.
func TestCheckPanics(t *testing.T) {
	ring := newRing(t)
	b := signedIn(newWebSite(t, ring, userOptions{}))
	site := newWebSite(t, ring, userOptions{Check: func(*http.Request, *webSession) error { panic("of Check") }})
	tests := []struct {
		name   string
		do     func(*webSession)
		status int
	}{
		{"read", func(*webSession) {}, 200},
		{"changed", webSign, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := b.fetch(site.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				func() {
					defer func() {
						if got := recover(); got != "of Check" {
							t.Errorf("panic: %v", got)
						}
					}()
					site.Get(r)
				}()
				s := site.Get(r)
				if s.Err() == nil || !s.IsNew() || s.Data.Name != "" {
					t.Errorf("the session is there: %+v, error %v", s.Data, s.Err())
				}
				tt.do(s)
			})))
			if wantNoCookie(t, resp.Header); resp.StatusCode != tt.status {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}

// A tenant's session is not another's.
func TestLabels(t *testing.T) {
	ring := newRing(t)
	byHost := func(r *http.Request) string { return r.Header.Get("X-Tenant") }
	tests := []struct {
		name          string
		sealed, opens userOptions
		tenants       [2]string
		err           error
	}{
		{"the same label", userOptions{Label: "shop"}, userOptions{Label: "shop"}, [2]string{}, nil},
		{"another label", userOptions{Label: "shop"}, userOptions{Label: "admin"}, [2]string{}, cookiesession.ErrInvalid},
		{"no label", userOptions{Label: "shop"}, userOptions{}, [2]string{}, cookiesession.ErrInvalid},
		{"the same tenant", userOptions{LabelFunc: byHost}, userOptions{LabelFunc: byHost}, [2]string{"a", "a"}, nil},
		{"another tenant", userOptions{LabelFunc: byHost}, userOptions{LabelFunc: byHost}, [2]string{"a", "b"}, cookiesession.ErrInvalid},
		{"a tenant with the label's name", userOptions{LabelFunc: byHost}, userOptions{Label: "a"}, [2]string{"a", ""}, nil},
		{"another cookie name", userOptions{Name: "__Host-session"}, userOptions{Name: "__host-session"}, [2]string{}, cookiesession.ErrNoSession},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &webBrowser{Header: http.Header{"X-Tenant": {tt.tenants[0]}}}
			newWebSite(t, ring, tt.sealed).visit(b, func(c *userCall) { webSign(c.S) })
			b.Header.Set("X-Tenant", tt.tenants[1])
			page := newWebSite(t, ring, tt.opens).visit(b, nil)
			wantWrapped(t, page.S.Err(), tt.err)
		})
	}
}

// The name of a cookie is sealed in: its value is none of another cookie's.
func TestNameIsSealedIn(t *testing.T) {
	ring := newRing(t)
	secure, insecure := newWebSite(t, ring, userOptions{}), newWebSite(t, ring, userOptions{Name: "__Host-session", Insecure: true})
	value := signedIn(secure).jar[secure.CookieName()]
	s := insecure.Load(webRequest(insecure.CookieName() + "=" + value))
	wantWrapped(t, s.Err(), cookiesession.ErrInvalid)
	if !strings.HasSuffix(secure.CookieName(), insecure.CookieName()) {
		t.Errorf("names are %q and %q", secure.CookieName(), insecure.CookieName())
	}
}

// What replaces a cookie that Check has refused does not look older than it:
// else the refused one, if a browser still has it, would win.
func TestCheckRefusesACookieFromAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t)
		plain := newWebSite(t, ring, userOptions{})
		strict := newWebSite(t, ring, userOptions{Check: func(*http.Request, *webSession) error { return cookiesession.ErrRevoked }})
		var b *webBrowser
		var ahead time.Time
		onReplica(3*time.Minute, func() { b, ahead = signedIn(plain), clock.Now() })
		strict.visit(b, func(c *userCall) { webSign(c.S) })
		if got := plain.visit(b, nil).S.IssuedAt(); got.Before(ahead.Truncate(time.Second)) {
			t.Errorf("issued at %v, the refused cookie at %v", got, ahead)
		}
	})
}

// The text of a refusal says once that the session was revoked.
func TestRevokedIsSaidOnce(t *testing.T) {
	for _, tt := range []struct {
		answer error
		want   string
	}{
		{cookiesession.ErrRevoked, "cookiesession: session revoked"},
		{fmt.Errorf("%w: signed out everywhere", cookiesession.ErrRevoked), "cookiesession: session revoked: signed out everywhere"},
		{fmt.Errorf("generation 3 of 4: %w", cookiesession.ErrRevoked), "generation 3 of 4: cookiesession: session revoked"},
	} {
		ring := newRing(t)
		b := signedIn(newWebSite(t, ring, userOptions{}))
		site := newWebSite(t, ring, userOptions{Check: func(*http.Request, *webSession) error { return tt.answer }})
		err := site.visit(b, nil).S.Err()
		if wantWrapped(t, err, cookiesession.ErrRevoked); fmt.Sprint(err) != tt.want {
			t.Errorf("error %q, want %q", err, tt.want)
		}
	}
}
