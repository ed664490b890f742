package cookiesession_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// An eventRow provokes one event, and says what stands in it.
type eventRow struct {
	kind    cookiesession.EventKind
	reason  cookiesession.Reason
	err     error                                    // what Err is; nil: Err is nil
	key     bool                                     // KeyID is set
	limit   int                                      // not 0: Size is set, too
	provoke func(t *testing.T) []cookiesession.Event // in a bubble
}

// visiting returns a function that provokes events by a visit of a browser with
// a session.
func visiting(opts userOptions, next func(*userCall)) func(t *testing.T) []cookiesession.Event {
	return func(t *testing.T) []cookiesession.Event {
		site := newWebSite(t, nil, opts)
		return site.visit(signedIn(site), next).Events
	}
}

// bringing returns a function that provokes events by a visit with a cookie
// that value makes of a good one, of which nothing but the site is known.
func bringing(value func(t *testing.T, good string) string) func(t *testing.T) []cookiesession.Event {
	return func(t *testing.T) []cookiesession.Event {
		site := newUserSite(t)
		bad := value(t, signedIn(site).jar[site.CookieName()])
		return site.visit(withCookie(site.CookieName(), bad), nil).Events
	}
}

// aged returns a function that provokes events by a visit with a session of
// that age, in a bubble.
func aged(opts userOptions, age time.Duration, next func(*userCall)) func(t *testing.T) []cookiesession.Event {
	return func(t *testing.T) []cookiesession.Event {
		site := newWebSite(t, nil, opts)
		b := signedIn(site)
		time.Sleep(age)
		return site.visit(b, next).Events
	}
}

// reading returns a function that provokes events by a visit with a cookie that
// was sealed for another ring.
func reading(sealed, opens func(oldKey, newKey cookiesession.Key) string) func(t *testing.T) []cookiesession.Event {
	return func(t *testing.T) []cookiesession.Event {
		oldKey, newKey := cookiesession.NewKey(), cookiesession.NewKey()
		b := signedIn(newWebSite(t, webParseRing(t, sealed(oldKey, newKey)), userOptions{}))
		return newWebSite(t, webParseRing(t, opens(oldKey, newKey)), userOptions{}).visit(b, nil).Events
	}
}

func oldAlone(oldKey, _ cookiesession.Key) string { return oldKey.Secret() }

// errAny stands for an error that nobody is to look for with errors.Is.
var errAny = errors.New("any error")

// eventRows provoke every kind of event, and every reason.
func eventRows() []eventRow {
	return []eventRow{
		{cookiesession.EventOpened, "", nil, true, 0, visiting(userOptions{}, nil)},

		{cookiesession.EventRefused, cookiesession.ReasonMalformed, cookiesession.ErrInvalid, false, 0,
			bringing(func(*testing.T, string) string { return "not-a-token" })},
		{cookiesession.EventRefused, cookiesession.ReasonAltered, cookiesession.ErrInvalid, false, 0,
			bringing(func(_ *testing.T, good string) string { return flipLast(good) })},
		{cookiesession.EventRefused, cookiesession.ReasonTooLarge, cookiesession.ErrInvalid, false, 0,
			bringing(func(_ *testing.T, good string) string { return good + strings.Repeat("A", 4096) })},
		{cookiesession.EventRefused, cookiesession.ReasonCrowded, cookiesession.ErrInvalid, false, 0,
			bringing(func(_ *testing.T, good string) string {
				return strings.Repeat(flipLast(good)+"; __Host-session=", 8) + good
			})},
		{cookiesession.EventRefused, cookiesession.ReasonNewer, cookiesession.ErrNewer, false, 0,
			bringing(func(_ *testing.T, good string) string { return withVersion(good, 2) })},
		{cookiesession.EventRefused, cookiesession.ReasonUnknownKey, cookiesession.ErrUnknownKey, false, 0,
			reading(oldAlone, func(_, newKey cookiesession.Key) string { return newKey.Secret() })},
		{cookiesession.EventRefused, cookiesession.ReasonRevokedKey, cookiesession.ErrRevoked, false, 0,
			reading(oldAlone, func(oldKey, newKey cookiesession.Key) string { return newKey.Secret() + "\nrevoked " + oldKey.ID() })},
		{cookiesession.EventRefused, cookiesession.ReasonFuture, cookiesession.ErrInvalid, false, 0, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			var b *webBrowser
			onReplica(time.Hour, func() { b = signedIn(site) })
			return site.visit(b, nil).Events
		}},
		{cookiesession.EventRefused, cookiesession.ReasonLifetime, cookiesession.ErrExpired, false, 0, aged(userOptions{}, 14*day, nil)},
		{cookiesession.EventRefused, cookiesession.ReasonIdle, cookiesession.ErrExpired, false, 0, aged(userOptions{IdleTimeout: time.Hour}, time.Hour, nil)},
		{cookiesession.EventRefused, cookiesession.ReasonNotBefore, cookiesession.ErrRevoked, false, 0, func(t *testing.T) []cookiesession.Event {
			return aged(userOptions{NotBefore: time.Now().Add(time.Hour)}, time.Hour, nil)(t)
		}},
		{cookiesession.EventRefused, cookiesession.ReasonCheck, cookiesession.ErrRevoked, false, 0, visiting(answering(cookiesession.ErrRevoked), nil)},
		{cookiesession.EventRefused, cookiesession.ReasonCheckFailed, errStoreDown, false, 0, visiting(answering(errStoreDown), nil)},
		{cookiesession.EventRefused, cookiesession.ReasonValue, cookiesession.ErrInvalid, false, 0, func(t *testing.T) []cookiesession.Event {
			ring := newRing(t)
			b := signedIn(newWebSite(t, ring, userOptions{}))
			site := newWebSite(t, ring, cookiesession.Options[struct{ Name []int }]{})
			return site.visit(b, nil).Events
		}},

		{cookiesession.EventDuplicate, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			name := site.CookieName()
			line := joinCookies(name, []string{signedIn(site).jar[name], signedIn(site).jar[name]})
			site.take()
			site.Load(webRequest(line))
			return site.take()
		}},

		{cookiesession.EventIssued, cookiesession.ReasonChanged, nil, true, 4093, visiting(userOptions{}, func(c *userCall) { c.S.Data.Visits++ })},
		{cookiesession.EventIssued, cookiesession.ReasonRequested, nil, true, 4093, visiting(userOptions{}, func(c *userCall) { c.S.Renew() })},
		{cookiesession.EventIssued, cookiesession.ReasonRenewed, nil, true, 4093, aged(userOptions{IdleTimeout: time.Hour}, time.Hour/2, nil)},
		{cookiesession.EventIssued, cookiesession.ReasonResealed, nil, true, 4093,
			reading(oldAlone, func(oldKey, newKey cookiesession.Key) string { return newKey.Secret() + " " + oldKey.Secret() })},

		{cookiesession.EventReplaced, cookiesession.ReasonLifetime, cookiesession.ErrExpired, false, 0,
			aged(userOptions{}, 14*day, func(c *userCall) { webSign(c.S) })},
		{cookiesession.EventDeleted, "", nil, false, 0, visiting(userOptions{}, func(c *userCall) { c.S.Destroy() })},
		{cookiesession.EventSaveFailed, "", cookiesession.ErrTooLarge, false, 4093, visiting(userOptions{}, func(c *userCall) { webHuge(c.S) })},
		{cookiesession.EventSaveFailed, "", errStoreDown, false, 0, visiting(answering(errStoreDown), func(c *userCall) { webSign(c.S) })},
		{cookiesession.EventLate, "", nil, false, 0, visiting(userOptions{}, func(c *userCall) { fmt.Fprint(c.W, "page"); c.S.Data.Visits++ })},
		{cookiesession.EventTimedOut, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			ctx, disconnect := context.WithCancel(t.Context())
			site.handle(func(c *userCall) { disconnect(); c.W.WriteHeader(503) }).ServeHTTP(httptest.NewRecorder(), webRequest().WithContext(ctx))
			return site.take()
		}},
		{cookiesession.EventNearLimit, "", nil, false, 4093, visiting(userOptions{}, func(c *userCall) {
			c.S.Data.Tags = map[string][]string{"random": {string(webRandom(2500))}}
		})},
		{cookiesession.EventIDLost, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			return newUserSite(t).visit(new(webBrowser), func(c *userCall) { c.S.ID() }).Events
		}},
		{cookiesession.EventLongHeader, "", nil, false, 8192, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			site.Load(webRequest("a="+strings.Repeat("a", 8000), "b="+strings.Repeat("b", 189)))
			return site.take()
		}},

		{cookiesession.EventHijacked, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			here, there := net.Pipe()
			defer there.Close()
			h := site.handle(func(c *userCall) { webSign(c.S); hijack(t, c.W, "") })
			h.ServeHTTP(&hijackable{httptest.NewRecorder(), here}, webRequest())
			return site.take()
		}},
		{cookiesession.EventKeysCreated, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			ring, _ := newRingFile(t)
			site := newWebSite(t, ring, userOptions{})
			return append(site.visit(new(webBrowser), nil).Events, site.visit(new(webBrowser), nil).Events...) // once
		}},
		{cookiesession.EventKeysRefused, "", fs.ErrNotExist, false, 0, func(t *testing.T) []cookiesession.Event {
			ring, path := newRingFile(t)
			site := newWebSite(t, ring, userOptions{})
			site.visit(new(webBrowser), nil)
			mustDo(t, os.Remove(path))
			watchOnce(t, ring)
			return append(site.visit(new(webBrowser), nil).Events, site.visit(new(webBrowser), nil).Events...) // once a poll
		}},
		{cookiesession.EventKeysReloaded, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			key := cookiesession.NewKey()
			ring := newRing(t, key)
			site := newWebSite(t, ring, userOptions{})
			b := signedIn(site)
			mustDo(t, ring.Replace(newRing(t, cookiesession.NewKey(), key)))
			return site.visit(b, nil).Events
		}},
		{cookiesession.EventKeysPending, "", nil, true, 0, func(t *testing.T) []cookiesession.Event {
			ring := newRing(t, cookiesession.NewKey().ActivatesAt(time.Now().Add(time.Hour)))
			return newWebSite(t, ring, userOptions{}).visit(new(webBrowser), func(c *userCall) { webSign(c.S) }).Events
		}},
		{cookiesession.EventKeysWarning, "", errAny, true, 0, func(t *testing.T) []cookiesession.Event {
			now := time.Now()
			ring := newRing(t, cookiesession.NewKey().ActivatesAt(now), cookiesession.NewKey().RetiresAt(now.Add(day)).ActivatesAt(now.Add(-day)))
			site := newWebSite(t, ring, userOptions{})
			events := site.visit(new(webBrowser), nil).Events
			return append(events, site.visit(new(webBrowser), nil).Events...) // once
		}},
		{cookiesession.EventPlainHTTP, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			b := &webBrowser{Header: http.Header{"Accept": {"text/html"}}}
			events := site.visit(b, func(c *userCall) { webSign(c.S) }).Events
			return append(events, site.visit(&webBrowser{Header: b.Header}, func(c *userCall) { webSign(c.S) }).Events...) // once
		}},
		{cookiesession.EventInsecureTLS, "", nil, false, 0, func(t *testing.T) []cookiesession.Event {
			site := newWebSite(t, nil, userOptions{Insecure: true})
			b := &webBrowser{Header: http.Header{"X-Forwarded-Proto": {"https"}}}
			events := site.visit(b, nil).Events
			return append(events, site.visit(b, nil).Events...) // once
		}},
	}
}

// Each event comes once, with what belongs into it and nothing more.
func TestEvents(t *testing.T) {
	for _, tt := range eventRows() {
		t.Run(fmt.Sprint(tt.kind, " ", tt.reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tt.check(t, tt.provoke(t)) })
		})
	}
}

func (tt *eventRow) check(t *testing.T, events []cookiesession.Event) {
	t.Helper()
	of := slices.DeleteFunc(slices.Clone(events), func(e cookiesession.Event) bool { return e.Kind != tt.kind })
	if len(of) != 1 {
		t.Fatalf("there are %d such events among %+v", len(of), events)
	}
	e := of[0]
	want := cookiesession.Event{Kind: tt.kind, Cookie: e.Cookie, Reason: tt.reason, Limit: tt.limit, KeyID: e.KeyID, Size: e.Size, Err: e.Err}
	if diff := cmp.Diff(want, e, cmp.Comparer(func(a, b error) bool { return true })); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if tt.err != errAny {
		wantWrapped(t, e.Err, tt.err)
	}
	if (tt.err == nil) != (e.Err == nil) {
		t.Errorf("error %v", e.Err)
	}
	if isKey := regexp.MustCompile(`^[0-9a-f]{6}$`).MatchString(e.KeyID); isKey != tt.key || !isKey && e.KeyID != "" {
		t.Errorf("KeyID is %q", e.KeyID)
	}
	if (tt.limit != 0) != (e.Size > 0) {
		t.Errorf("size %d", e.Size)
	}
}

// A broken file of keys is not quoted in the event that tells of it.
func TestKeysRefusedQuotesNothing(t *testing.T) {
	ring, path := newRingFile(t)
	site := newWebSite(t, ring, userOptions{})
	site.visit(new(webBrowser), nil)
	mustDo(t, os.WriteFile(path, []byte("csk1_"+webSecret+"\n"), 0o600))
	watchOnce(t, ring)
	events := site.visit(new(webBrowser), nil).Events // each is searched for webSecret
	if len(events) != 1 || events[0].Kind != cookiesession.EventKeysRefused || events[0].Err == nil {
		t.Errorf("events %+v", events)
	}
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// No kind and no reason without a row.
func TestEventRowsAreComplete(t *testing.T) {
	kinds := make(map[cookiesession.EventKind]bool)
	reasons := make(map[string]bool)
	for _, tt := range eventRows() {
		kinds[tt.kind] = true
		if tt.reason != "" {
			reasons[string(tt.reason)] = true
		}
	}
	names := make(map[string]bool)
	for k := cookiesession.EventKind(1); k < cookiesession.EndOfEventKinds; k++ {
		if !kinds[k] {
			t.Errorf("no test provokes %v", k)
		}
		if name := k.String(); name == "" || names[name] {
			t.Errorf("kind %d is called %q", k, name)
		}
		names[k.String()] = true
	}
	for _, k := range []cookiesession.EventKind{0, cookiesession.EndOfEventKinds, 255} {
		if k.String() != "unknown" {
			t.Errorf("kind %d is called %q", k, k)
		}
	}

	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Reason\w+\s+Reason = "([a-z-]+)"`).FindAllSubmatch(source, -1)
	if len(declared) < 16 {
		t.Errorf("found %d reasons in the source", len(declared))
	}
	for _, m := range declared {
		if !reasons[string(m[1])] {
			t.Errorf("no test provokes the reason %s", m[1])
		}
	}
}

// InsecureTLS is for a Manager whose cookies lack Secure for no reason.
func TestInsecureTLS(t *testing.T) {
	event := []cookiesession.EventKind{cookiesession.EventInsecureTLS}
	tests := []struct {
		name     string
		insecure bool
		proto    string
		tls      bool
		want     []cookiesession.EventKind
	}{
		{"TLS", true, "", true, event},
		{"a proxy's TLS", true, "https", false, event},
		{"plain HTTP", true, "http", false, nil},
		{"a secure Manager", false, "https", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newWebSite(t, nil, userOptions{Insecure: tt.insecure})
			r := webRequest()
			r.Header.Set("X-Forwarded-Proto", tt.proto)
			if tt.tls {
				r.TLS = new(tls.ConnectionState)
			}
			site.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
			site.wantEvents(tt.want...)
		})
	}
}

// The request of an event is the one that Handler got.
func TestEventsOfARequest(t *testing.T) {
	var got []*http.Request
	m, err := cookiesession.New(newRing(t), &userOptions{OnEvent: func(r *http.Request, _ cookiesession.Event) { got = append(got, r) }})
	if err != nil {
		t.Fatal(err)
	}
	r := webRequest()
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { webSign(m.Get(r.Clone(r.Context()))) })).ServeHTTP(httptest.NewRecorder(), r)
	mustDo(t, m.Save(httptest.NewRecorder(), &webSession{Data: webUser{Visits: 1}}))
	if len(got) != 2 || got[0] != r || got[1] != nil {
		t.Errorf("requests %v", got)
	}
}

// EventIssued is one cookie that went out: it is reported where the headers are
// left, however often a cookie was made before.
func TestIssuedIsACookieThatWentOut(t *testing.T) {
	saves := func(site *webSite[webUser], c *userCall) {
		for range 3 {
			c.S.Data.Visits++
			mustDo(t, site.Save(c.W, c.S))
		}
	}
	cookies := func(site *webSite[webUser], c *userCall) {
		c.S.Data.Visits++
		if got, err := site.Cookies(c.S); err != nil || len(got) != 1 {
			t.Errorf("%v, error %v", got, err)
		}
	}
	issued := []cookiesession.EventKind{cookiesession.EventIssued}
	tests := []struct {
		name string
		do   func(*webSite[webUser], *userCall)
		want []cookiesession.EventKind
	}{
		{"no Save", func(_ *webSite[webUser], c *userCall) { c.S.Data.Visits++ }, issued},
		{"three Saves", saves, issued},
		{"three Saves and a change", func(site *webSite[webUser], c *userCall) { saves(site, c); c.S.Data.Visits++ }, issued},
		{"a Save, taken back", func(site *webSite[webUser], c *userCall) { saves(site, c); c.S.Data.Visits = 0 }, nil},
		{"a Save, then too large", func(site *webSite[webUser], c *userCall) { saves(site, c); webHuge(c.S) },
			[]cookiesession.EventKind{cookiesession.EventSaveFailed}},
		{"Cookies", cookies, issued},
		{"a flush that did nothing", func(_ *webSite[webUser], c *userCall) {
			c.S.Data.Visits++
			if err := http.NewResponseController(c.W).Flush(); err == nil {
				t.Error("it flushes")
			}
			c.S.Data.Visits++
		}, issued},
		{"a hijack that failed", func(_ *webSite[webUser], c *userCall) {
			c.S.Data.Visits++
			if _, _, err := http.NewResponseController(c.W).Hijack(); err == nil {
				t.Error("it is hijacked")
			}
			c.S.Data.Visits = 0
		}, nil},
		{"an aborted response", func(site *webSite[webUser], c *userCall) { saves(site, c); panic(http.ErrAbortHandler) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newUserSite(t)
			h := site.handle(func(c *userCall) { tt.do(site, c) })
			func() {
				defer func() {
					if v := recover(); v != nil && v != http.ErrAbortHandler {
						panic(v)
					}
				}()
				h.ServeHTTP(&discard{header: http.Header{}}, webRequest())
			}()
			site.wantEvents(tt.want...)
		})
	}
}

// Without Handler, Save is where the headers are left. Cookies alone goes into
// no response.
func TestIssuedWithoutHandler(t *testing.T) {
	site := newUserSite(t)
	s := &webSession{Data: webUser{Name: webSecret}}
	if cookies, err := site.Cookies(s); err != nil || len(cookies) != 1 {
		t.Errorf("%v, error %v", cookies, err)
	}
	site.wantEvents()
	rec := httptest.NewRecorder()
	mustDo(t, site.Save(rec, s))
	site.wantEvents(cookiesession.EventIssued)
	mustDo(t, site.Save(rec, s)) // the same cookie
	site.wantEvents()
	s.Data.Visits++
	mustDo(t, site.Save(rec, s)) // another one
	site.wantEvents(cookiesession.EventIssued)
}
