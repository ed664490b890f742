package scscookie_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cookiesession"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
)

// TestLoggedByDefault checks that what is lost is logged where nobody listens,
// at most ten lines a minute for each kind, and nothing else is.
func TestLoggedByDefault(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	for _, test := range []struct {
		name    string
		handler func(sm *scs.SessionManager, w http.ResponseWriter, r *http.Request)
		want    string // "": nothing
	}{
		{"saved", func(sm *scs.SessionManager, _ http.ResponseWriter, r *http.Request) { sm.Put(r.Context(), "foo", 1) }, ""},
		{"late", func(sm *scs.SessionManager, w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "page")
			sm.Put(r.Context(), "foo", 1)
		}, "after the response headers"},
		{"given up", func(sm *scs.SessionManager, w http.ResponseWriter, r *http.Request) {
			sm.Put(r.Context(), "foo", 1)
			cancelOf(r)()
			w.WriteHeader(503)
		}, "given up"},
		{"given up, only read", func(sm *scs.SessionManager, w http.ResponseWriter, r *http.Request) {
			sm.Get(r.Context(), "foo")
			cancelOf(r)()
			w.WriteHeader(503)
		}, ""},
	} {
		sm := scs.New()
		sessions, err := scscookie.New(sm, newKeyring(t, cookiesession.NewKey()), nil)
		if err != nil {
			t.Fatal(err)
		}
		h := sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { test.handler(sm, w, r) }))
		out.Reset()
		for range 12 {
			ctx, cancel := context.WithCancel(t.Context())
			r := httptest.NewRequest("GET", "/", nil)
			h.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(ctx, cancelKey{}, cancel)))
			cancel()
		}
		lines := strings.Count(out.String(), "level=ERROR")
		if lines != map[bool]int{true: 10}[test.want != ""] || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %d lines: %s", test.name, lines, out.String())
		}
	}
}

// cancelOf returns the function that ends a request's context.
func cancelOf(r *http.Request) context.CancelFunc {
	return r.Context().Value(cancelKey{}).(context.CancelFunc)
}

type cancelKey struct{}
