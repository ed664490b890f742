package cookiesession_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"github.com/google/go-cmp/cmp"
)

// An eventRow provokes one event, and says what stands in it.
type eventRow struct {
	kind    cookiesession.EventKind
	reason  cookiesession.Reason
	err     error // what Err is; nil: Err is nil
	key     bool  // KeyID is set
	limit   int   // not 0: Size is set, too
	provoke func(t *testing.T) []cookiesession.Event
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

func webParseRing(t *testing.T, text string) *cookiesession.Keyring {
	t.Helper()
	ring, err := cookiesession.ParseKeyring(text)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func oldAlone(oldKey, _ cookiesession.Key) string { return oldKey.Secret() }

func answering(answer error) userOptions {
	first := true
	return userOptions{Check: func(*http.Request, *webSession) error {
		if first {
			first = false
			return answer
		}
		return nil
	}}
}

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
			site.handle(func(*userCall) { disconnect() }).ServeHTTP(httptest.NewRecorder(), webRequest().WithContext(ctx))
			return site.take()
		}},
		{cookiesession.EventNearLimit, "", nil, false, 4093, visiting(userOptions{}, func(c *userCall) {
			c.S.Data.Tags = map[string][]string{"random": {string(webRandom(2500))}}
		})},
		{cookiesession.EventLongHeader, "", nil, false, 8192, func(t *testing.T) []cookiesession.Event {
			site := newUserSite(t)
			site.Load(webRequest("a="+strings.Repeat("a", 8000), "b="+strings.Repeat("b", 189)))
			return site.take()
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
	if wantWrapped(t, e.Err, tt.err); (tt.err == nil) != (e.Err == nil) {
		t.Errorf("error %v", e.Err)
	}
	if isKey := regexp.MustCompile(`^[0-9a-f]{6}$`).MatchString(e.KeyID); isKey != tt.key || !isKey && e.KeyID != "" {
		t.Errorf("KeyID is %q", e.KeyID)
	}
	if (tt.limit != 0) != (e.Size > 0) {
		t.Errorf("size %d", e.Size)
	}
}

// What a keyring's file does is reported by the Managers that use it. Real
// files take real time, so a file is written once and read by Watch at once.
func TestKeyringFileEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	ring, err := cookiesession.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	site := newWebSite(t, ring, userOptions{})
	created := eventRow{kind: cookiesession.EventKeysCreated}
	created.check(t, append(site.visit(new(webBrowser), nil).Events, site.visit(new(webBrowser), nil).Events...))

	mustDo(t, os.WriteFile(path, []byte("csk1_"+webSecret+"\n"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	ring.Watch(ctx, time.Hour, func(error) { cancel() })
	page := site.visit(new(webBrowser), nil)
	kinds := []cookiesession.EventKind{cookiesession.EventKeysRefused}
	if len(page.Events) != 1 || page.Events[0].Kind != kinds[0] || page.Events[0].Err == nil {
		t.Errorf("events %+v, want %v", page.Events, kinds)
	}
}

// No kind and no reason without a row.
func TestEventRowsAreComplete(t *testing.T) {
	kinds := map[cookiesession.EventKind]bool{cookiesession.EventKeysCreated: true, cookiesession.EventKeysRefused: true, cookiesession.EventHijacked: true}
	reasons := make(map[string]bool)
	for _, tt := range eventRows() {
		kinds[tt.kind] = true
		if tt.reason != "" {
			reasons[string(tt.reason)] = true
		}
	}
	names := make(map[string]bool)
	for k := cookiesession.EventKind(1); k.String() != "unknown"; k++ {
		if !kinds[k] {
			t.Errorf("no test provokes %v", k)
		}
		if name := k.String(); name == "" || names[name] {
			t.Errorf("kind %d is called %q", k, name)
		}
		names[k.String()] = true
	}
	if name := cookiesession.EventKind(0).String(); name != "unknown" || len(names) < len(kinds) {
		t.Errorf("kind 0 is called %q; %d kinds have names", name, len(names))
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

// A Manager of which nobody wants to hear logs what is lost, and nothing else.
func TestEventsWithoutOnEvent(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)

	m, err := cookiesession.New[webUser](newRing(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	visit := func(b *webBrowser, next func(w http.ResponseWriter, s *webSession)) {
		b.fetch(m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next(w, m.Get(r)) })))
	}
	read := func(http.ResponseWriter, *webSession) {}
	sign := func(_ http.ResponseWriter, s *webSession) { webSign(s) }
	b := new(webBrowser)
	visit(b, sign)                                                                // issued
	visit(b, read)                                                                // opened
	visit(withCookie(m.CookieName(), "x"), read)                                  // refused
	visit(withCookie(m.CookieName(), "x"), sign)                                  // replaced
	visit(b.copy(), func(_ http.ResponseWriter, s *webSession) { s.Destroy() })   // deleted
	visit(&webBrowser{Header: http.Header{"X-Forwarded-Proto": {"https"}}}, read) // nothing
	if log.Len() > 0 {
		t.Fatalf("logged:\n%s", log.String())
	}

	visit(b.copy(), func(w http.ResponseWriter, s *webSession) { fmt.Fprint(w, "page"); s.Data.Visits++ })
	wantLogLine(t, &log, "after the response headers", b.jar[m.CookieName()])
	visit(b.copy(), func(_ http.ResponseWriter, s *webSession) { webHuge(s) })
	wantLogLine(t, &log, "not saved", b.jar[m.CookieName()])
}

// wantLogLine checks that there is one line, of level Error, and empties the
// log.
func wantLogLine(t *testing.T, log *bytes.Buffer, text, cookie string) {
	t.Helper()
	line := log.String()
	log.Reset()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, "level=ERROR") || !strings.Contains(line, text) || !strings.Contains(line, "__Host-session") {
		t.Errorf("logged:\n%s", line)
	}
	webQuotesNone(t, line, webSecret, cookie)
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
	if _, err := m.Cookies(&webSession{Data: webUser{Visits: 1}}); err != nil {
		t.Error(err)
	}
	if len(got) != 2 || got[0] != r || got[1] != nil {
		t.Errorf("requests %v", got)
	}
}
