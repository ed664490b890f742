// Package metrics counts what a Manager reports, with Prometheus' client.
//
// The labels are kinds, reasons and key ids, all from closed sets: no client
// can make new series. What to look at:
//
//   - refused by unknown-key, if it stays above a few percent of opened: a
//     replica lacks keys of the others
//   - opened by key: once an old key's rate is zero, it may retire
//   - save-failed and late: changes that visitors have lost
//   - cookie_bytes: how close sessions are to the 4093 bytes of a cookie
package metrics

import (
	"log/slog"
	"net/http"

	"example.com/cookiesession"
	"github.com/prometheus/client_golang/prometheus"
)

// OnEvent returns a function for Options.OnEvent that counts into metrics of
// reg. It takes the place of the Manager's own log, so it logs what an operator
// has to know.
func OnEvent(reg prometheus.Registerer) func(*http.Request, cookiesession.Event) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "session_events_total", Help: "Events of sessions, by kind and reason.",
	}, []string{"event", "reason"})
	opened := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "session_opened_total", Help: "Sessions that were opened, by the key that sealed them.",
	}, []string{"key"})
	size := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "session_cookie_bytes", Help: "Names and values of the cookies that were set.",
		Buckets: prometheus.LinearBuckets(512, 512, 8), // the last one is a full cookie
	})
	reg.MustRegister(events, opened, size)

	return func(_ *http.Request, e cookiesession.Event) {
		events.WithLabelValues(e.Kind.String(), string(e.Reason)).Inc()
		switch e.Kind {
		case cookiesession.EventOpened:
			opened.WithLabelValues(e.KeyID).Inc()
		case cookiesession.EventIssued:
			size.Observe(float64(e.Size))
		case cookiesession.EventSaveFailed, cookiesession.EventLate, cookiesession.EventKeysRefused, cookiesession.EventKeysWarning:
			slog.Error("session", "event", e.Kind, "reason", e.Reason, "error", e.Err)
		}
	}
}
