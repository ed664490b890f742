package chi_test

import (
	"net/http"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/examples/frameworks/chi"
	"example.com/cookiesession/examples/frameworks/internal/visitor"
	router "github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

func TestTheme(t *testing.T) {
	sessions, _ := visitor.Sessions[chi.Visit](t)
	visitor.TestTheme(t, chi.New(sessions))
}

// chi answers what it has no route for inside the middlewares.
func TestNotFound(t *testing.T) {
	sessions, _ := visitor.Sessions[chi.Visit](t)
	v := visitor.New(t, chi.New(sessions))
	v.Expect(v.Get("/nowhere"), "The theme is system. There was no such page.\n")
	v.Expect(v.Get("/"), "The theme is system. \n")
}

// Recoverer outside the sessions: a handler that panics has saved nothing.
func TestRecoverer(t *testing.T) {
	sessions, events := visitor.Sessions[chi.Visit](t)
	r := router.NewRouter()
	r.Use(middleware.Recoverer, sessions.Handler)
	r.Get("/", func(_ http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Theme = "dark"
		panic("on purpose")
	})
	v := visitor.New(t, r)
	v.Get("/")
	if v.Cookies() != 0 || events.Has(cookiesession.EventIssued) {
		t.Error("the session of a handler that panicked was saved")
	}
}

// Timeout answers with a 504 once the handler has returned. Inside the sessions,
// they see that the request was given up. Outside, the handler has come to its
// end for all they know, and is saved.
func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		name    string
		givenUp bool
		use     func(r router.Router, timeout, sessions func(http.Handler) http.Handler)
	}{
		{"outside", false, func(r router.Router, timeout, sessions func(http.Handler) http.Handler) { r.Use(timeout, sessions) }},
		{"inside", true, func(r router.Router, timeout, sessions func(http.Handler) http.Handler) { r.Use(sessions, timeout) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			sessions, events := visitor.Sessions[chi.Visit](t)
			r := router.NewRouter()
			test.use(r, middleware.Timeout(time.Millisecond), sessions.Handler)
			r.Get("/", func(_ http.ResponseWriter, r *http.Request) {
				sessions.Get(r).Data.Theme = "dark"
				<-r.Context().Done()
			})
			v := visitor.New(t, r)
			v.Get("/")
			if saved := v.Cookies() != 0; saved == test.givenUp || events.Has(cookiesession.EventTimedOut) != test.givenUp {
				t.Errorf("saved: %v", saved)
			}
		})
	}
}
