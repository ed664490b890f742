package dbsc_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/dbsc"
)

// The lengths that docs/DEVICE-BOUND.md gives.
func TestLengths(t *testing.T) {
	s := newSite(t, newKeys(t), cookiesession.Options[user]{}, dbsc.Options{})
	plain, err := s.device.Manager().Cookies(&cookiesession.Session[user]{Data: user{Name: "ana"}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, s)
	b.post("/login")
	v := b.sessions[0]
	for _, test := range []struct {
		what      string
		got, want int
	}{
		{"characters that a binding adds to the session", len(b.cookies[sessionName].value) - len(plain[0].Value), 22},
		{"name and value of the proof", len(v.cookie) + len(b.cookies[v.cookie].value), 101},
		{"the identifier", len(v.id), 124},
		{"a challenge", len(v.challenge), 80},
		{"a signature at a refresh", len(sign(t, v.key, v.challenge, false)), 250},
	} {
		if test.got < test.want-1 || test.got > test.want+1 { // a length in bytes need not be a multiple of three
			t.Errorf("%s: %d bytes, documented are %d", test.what, test.got, test.want)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	t := new(testing.T)
	s := newSite(t, newKeys(t), cookiesession.Options[user]{}, dbsc.Options{})
	bound, unbound := newBrowser(t, s), newBrowser(t, s)
	unbound.without = true
	bound.post("/login")
	unbound.post("/login")
	for name, visitor := range map[string]*browser{"session=unbound": unbound, "session=bound": bound} {
		cookies := visitor.carry()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "https://app.example/me", nil)
				r.Header.Set("Cookie", cookies)
				s.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
	v, cookies := bound.sessions[0], bound.carry()
	proof := sign(t, v.key, v.challenge, false)
	b.Run("refresh", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := httptest.NewRequest(http.MethodPost, v.refresh, nil)
			r.Header = http.Header{"Sec-Secure-Session-Id": {v.id}, "Secure-Session-Response": {proof}, "Cookie": {cookies}}
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		}
	})
}
