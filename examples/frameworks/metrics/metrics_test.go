package metrics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cookiesession"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestOnEvent has a visitor come for the first time, come again, and come with
// a cookie of another key.
func TestOnEvent(t *testing.T) {
	type session struct{ Visits int }
	key := cookiesession.NewKey()
	keys := cookiesession.Must(cookiesession.NewKeyring(key))
	registry := prometheus.NewPedanticRegistry()
	sessions := cookiesession.Must(cookiesession.New(keys, &cookiesession.Options[session]{OnEvent: OnEvent(registry)}))
	foreign := cookiesession.Must(cookiesession.New[session](cookiesession.Must(cookiesession.NewKeyring(cookiesession.NewKey())), nil))
	site := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sessions.Get(r).Data.Visits++ }))

	visit := func(cookies []*http.Cookie) []*http.Cookie {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		site.ServeHTTP(w, r)
		return w.Result().Cookies()
	}
	visit(visit(nil))
	visit(cookiesession.Must(foreign.Cookies(&cookiesession.Session[session]{Data: session{Visits: 1}})))

	want := `
# HELP session_events_total Events of sessions, by kind and reason.
# TYPE session_events_total counter
session_events_total{event="issued",reason="changed"} 3
session_events_total{event="opened",reason=""} 1
session_events_total{event="refused",reason="unknown-key"} 1
session_events_total{event="replaced",reason="unknown-key"} 1
# HELP session_opened_total Sessions that were opened, by the key that sealed them.
# TYPE session_opened_total counter
session_opened_total{key="` + key.ID() + `"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "session_events_total", "session_opened_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "session_cookie_bytes"); n != 1 || err != nil {
		t.Errorf("%d histograms, %v", n, err)
	}
}
