package webrule_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"example.com/cookiesession/internal/webrule"
)

const (
	other, prefetch = webrule.Other, webrule.Prefetch
	frame, document = webrule.Frame, webrule.Document
)

func TestKindOf(t *testing.T) {
	const (
		get  = http.MethodGet
		post = http.MethodPost
		html = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
	)
	fetch := func(dest, mode string) http.Header {
		return http.Header{"Sec-Fetch-Dest": {dest}, "Sec-Fetch-Mode": {mode}}
	}
	with := func(h http.Header, key, value string) http.Header {
		h = h.Clone()
		h[key] = []string{value}
		return h
	}
	accept := func(lines ...string) http.Header { return http.Header{"Accept": lines} }
	for _, tt := range []struct {
		name   string
		method string
		header http.Header
		want   webrule.Kind
	}{
		{"a page", get, fetch("document", "navigate"), document},
		{"a form", post, fetch("document", "navigate"), document},
		{"a page, by dest alone", get, http.Header{"Sec-Fetch-Dest": {"document"}}, document},
		{"a page, by mode alone", get, http.Header{"Sec-Fetch-Mode": {"navigate"}}, document},
		{"a page in an object", get, fetch("object", "navigate"), document},
		{"a frame", get, fetch("iframe", "navigate"), frame},
		{"a frame, by dest alone", get, http.Header{"Sec-Fetch-Dest": {"iframe"}}, frame},
		{"a fetch", get, fetch("empty", "cors"), other},
		{"a fetch of HTML", get, with(fetch("empty", "same-origin"), "Accept", html), other},
		{"a fetch of HTML, by dest alone", get, with(accept(html), "Sec-Fetch-Dest", "empty"), other},
		{"a fetch of HTML, by mode alone", get, with(accept(html), "Sec-Fetch-Mode", "cors"), other},
		{"an image", get, fetch("image", "no-cors"), other},
		{"a WebSocket", get, fetch("websocket", "websocket"), other},

		{"no headers", get, http.Header{}, other},
		{"an old browser's page", get, accept(html), document},
		{"an old browser's form", post, accept(html), document},
		{"HTML last, in another line", get, accept("text/plain", "application/json, Text/HTML ;q=0.1"), document},
		{"an old browser's HEAD", http.MethodHead, accept(html), other},
		{"an old browser's PUT", http.MethodPut, accept(html), other},
		{"an old browser's image", get, accept("image/webp,*/*;q=0.8"), other},
		{"curl", get, accept("*/*"), other},
		{"any text", get, accept("text/*"), other},
		{"nearly HTML", get, accept("text/html-sandboxed, xtext/html"), other},

		{"Sec-Purpose", get, with(fetch("document", "navigate"), "Sec-Purpose", "prefetch"), prefetch},
		{"Sec-Purpose, prerender", get, with(fetch("document", "navigate"), "Sec-Purpose", "prefetch;prerender"), prefetch},
		{"Sec-Purpose, of a frame", get, with(fetch("iframe", "navigate"), "Sec-Purpose", "prefetch"), prefetch},
		{"Purpose", get, with(fetch("document", "navigate"), "Purpose", "Prefetch"), prefetch},
		{"X-Moz", get, with(accept(html), "X-Moz", "prefetch"), prefetch},
		{"another Purpose", get, with(fetch("document", "navigate"), "Purpose", "preview"), document},
		{"another X-Moz", get, with(fetch("document", "navigate"), "X-Moz", "microsummary"), document},
	} {
		got := webrule.KindOf(&http.Request{Method: tt.method, Header: tt.header})
		if got != tt.want || got.IsPage() != (tt.want == frame || tt.want == document) {
			t.Errorf("%s: kind %d, want %d; IsPage %v", tt.name, got, tt.want, got.IsPage())
		}
	}
}

// From which age on a session is renewed, to the second.
func TestRenewalDue(t *testing.T) {
	const (
		idle    = 40 * time.Minute
		quarter = idle / 4
		never   = time.Duration(-1)
		fast    = 2 * time.Second
		slow    = fast + 1
		most    = 30 * time.Second
		endless = time.Hour
	)
	for _, tt := range []struct {
		name   string
		kind   webrule.Kind
		flight time.Duration
		status int
		due    time.Duration // from this age on
	}{
		{"a fast page", document, fast, 200, quarter},
		{"a fast frame", frame, fast, 200, quarter},
		{"a slow page", document, slow, 200, 2 * quarter},
		{"a slow frame", frame, slow, 200, 2 * quarter},
		{"a page after 30 seconds", document, most, 200, 2 * quarter},
		{"an endless page", document, endless, 200, 2 * quarter},
		{"an endless frame", frame, endless, 200, 2 * quarter},
		{"a fast fetch", other, fast, 200, 2 * quarter},
		{"a fast prefetch", prefetch, fast, 200, 2 * quarter},
		{"a slow fetch", other, slow, 200, 3 * quarter},
		{"a slow prefetch", prefetch, slow, 200, 3 * quarter},
		{"a fetch after 30 seconds", other, most, 200, 3 * quarter},
		{"a fetch after more than that", other, most + 1, 200, never},
		{"a prefetch after more than that", prefetch, most + 1, 200, never},

		{"101", document, fast, 101, quarter},
		{"303", document, fast, 303, quarter},
		{"400", document, fast, 400, quarter},
		{"404", document, fast, 404, quarter},
		{"422", document, fast, 422, quarter},
		{"498", document, fast, 498, quarter},
		{"304", document, fast, 304, never},
		{"408", document, fast, 408, never},
		{"499", document, fast, 499, never},
		{"500", document, fast, 500, never},
		{"503", document, fast, 503, never},
		{"599", other, slow, 599, never},
	} {
		r := webrule.Refresh{Kind: tt.kind, Flight: tt.flight, Status: tt.status}
		for _, age := range []time.Duration{-time.Hour, 0, quarter - time.Second, quarter, 2*quarter - time.Second, 2 * quarter, 3*quarter - time.Second, 3 * quarter, idle - time.Second} {
			if got, want := r.RenewalDue(age, idle), tt.due != never && age >= tt.due; got != want {
				t.Errorf("%s, issued %v ago: due %v", tt.name, age, got)
			}
		}
		if r.RenewalDue(idle, 0) {
			t.Errorf("%s: a session without an idle timeout is renewed", tt.name)
		}
	}
}

func TestResealDue(t *testing.T) {
	const (
		day  = 24 * time.Hour
		fast = 2 * time.Second
	)
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	// The old key's time: 16 days from the next key's activation on.
	dated := func(since time.Duration) webrule.Superseded {
		return webrule.Superseded{Issued: now, Next: now.Add(-since), Retires: now.Add(16*day - since)}
	}
	undated := func(age time.Duration) webrule.Superseded {
		return webrule.Superseded{Issued: now.Add(-age), Next: now.Add(-age)}
	}
	for _, tt := range []struct {
		name   string
		kind   webrule.Kind
		flight time.Duration
		status int
		cookie webrule.Superseded
		want   bool
	}{
		{"a fast document", document, fast, 200, dated(0), true},
		{"a fast document, no date", document, fast, 200, undated(0), true},
		{"a slow document", document, fast + 1, 200, dated(15 * day), false},
		{"a slow document, no date", document, fast + 1, 200, undated(2 * day), false},

		{"a fast frame, before half", frame, fast, 200, dated(8*day - time.Second), false},
		{"a fast frame, after half", frame, fast, 200, dated(8 * day), true},
		{"a slow frame", frame, fast + 1, 200, dated(15 * day), false},
		{"a fast fetch, before half", other, fast, 200, dated(8*day - time.Second), false},
		{"a fast fetch, after half", other, fast, 200, dated(8 * day), true},
		{"a slow fetch", other, fast + 1, 200, dated(15 * day), false},
		{"a fast fetch, no date, a day", other, fast, 200, undated(day), false},
		{"a fast fetch, no date, more", other, fast, 200, undated(day + time.Second), true},
		{"a fast frame, no date, more", frame, fast, 200, undated(day + time.Second), true},
		{"a slow fetch, no date, more", other, fast + 1, 200, undated(2 * day), false},
		{"a fast fetch, no activation", other, fast, 200, webrule.Superseded{Issued: now.Add(-2 * day), Retires: now.Add(day)}, true},
		{"a fast fetch, no activation, new", other, fast, 200, webrule.Superseded{Issued: now.Add(-day), Retires: now.Add(time.Hour)}, false},

		{"a prefetch", prefetch, fast, 200, dated(15 * day), false},
		{"a prefetch, no date", prefetch, fast, 200, undated(2 * day), false},

		{"303", document, fast, 303, dated(0), true},
		{"404", document, fast, 404, dated(0), true},
		{"422", other, fast, 422, dated(8 * day), true},
		{"304", document, fast, 304, dated(15 * day), false},
		{"408", document, fast, 408, dated(15 * day), false},
		{"499", document, fast, 499, dated(15 * day), false},
		{"500", document, fast, 500, dated(15 * day), false},
		{"503", other, fast, 503, undated(2 * day), false},
	} {
		r := webrule.Refresh{Kind: tt.kind, Flight: tt.flight, Status: tt.status}
		if got := r.ResealDue(tt.cookie, now); got != tt.want {
			t.Errorf("%s: due %v", tt.name, got)
		}
	}
}

func TestGivesUp(t *testing.T) {
	for status, want := range map[int]bool{
		101: false, 200: false, 204: false, 303: false, 304: false, 400: false, 404: false, 407: false,
		408: true, 409: false, 498: false, 499: true, 500: true, 502: true, 503: true, 504: true, 599: true,
	} {
		if got := webrule.GivesUp(status); got != want {
			t.Errorf("GivesUp(%d) = %v", status, got)
		}
	}
}

func TestIsSafe(t *testing.T) {
	for method, want := range map[string]bool{
		"": true, "GET": true, "HEAD": true, "OPTIONS": true, "TRACE": true,
		"POST": false, "PUT": false, "PATCH": false, "DELETE": false, "CONNECT": false, "QUERY": false, "get": false,
	} {
		if got := webrule.IsSafe(method); got != want {
			t.Errorf("IsSafe(%q) = %v", method, got)
		}
	}
}

// Visitors come for a day, with random pauses. Those who always come back
// within a share of the idle timeout are never logged out: half of it, and a
// quarter if all that their page sends are slow fetches.
func TestVisitorsStayIn(t *testing.T) {
	const idle = 30 * time.Minute
	for _, tt := range []struct {
		name   string
		kind   webrule.Kind
		flight time.Duration
		pauses time.Duration // with the flight shorter than this
		out    bool          // some visitors
	}{
		{"pages", document, time.Second, idle / 2, false},
		{"frames", frame, time.Second, idle / 2, false},
		{"fetches", other, time.Second, idle / 2, false},
		{"pages of 3 seconds", document, 3 * time.Second, idle / 2, false},
		{"fetches of 3 seconds", other, 3 * time.Second, idle / 4, false},

		// The controls: with longer pauses the same count finds who is out.
		{"pages, long pauses", document, time.Second, 2 * idle, true},
		{"fetches of 3 seconds, long pauses", other, 3 * time.Second, idle / 2, true},
		{"polls of a minute", other, time.Minute, idle / 4, true},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		out := 0
		for range 500 {
			if !staysIn(random, webrule.Refresh{Kind: tt.kind, Flight: tt.flight, Status: 200}, tt.pauses, idle) {
				out++
			}
		}
		if (out > 0) != tt.out {
			t.Errorf("%s: %d of 500 visitors are out", tt.name, out)
		}
	}
}

func staysIn(random *rand.Rand, r webrule.Refresh, pauses, idle time.Duration) bool {
	const day = 24 * time.Hour
	issued := time.Duration(0)
	for now := issued; now < day; {
		now += time.Duration(random.Int64N(int64(pauses - r.Flight)))
		if now-issued >= idle { // the request comes
			return false
		}
		now += r.Flight
		if now-issued < idle && r.RenewalDue(now-issued, idle) { // it is answered
			issued = now
		}
	}
	return true
}
