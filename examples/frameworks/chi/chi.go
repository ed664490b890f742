// Package chi keeps sessions in an application of go-chi/chi.
//
// chi's middlewares are net/http's, and chi answers what it does not know
// (NotFound, MethodNotAllowed) inside them, so the session is one line of Use.
// The order of the lines matters: those above are outside. There belong
// Recoverer, so that a handler that panics saves nothing, and Compress and
// other middlewares that hold the response back. Timeout belongs inside: a
// request that it answers with a 504 saves nothing. What a handler answers
// itself is saved on either side, in however much time.
package chi

import (
	"cmp"
	"fmt"
	"net/http"

	"example.com/cookiesession"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// A Visit is the session. Its zero value is that of a first visit, for which no
// cookie is set.
type Visit struct {
	Theme string // empty: system
	Flash string // to be shown once
}

// New returns the application.
func New(sessions *cookiesession.Manager[Visit]) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer)
	r.Use(http.NewCrossOriginProtection().Handler)
	r.Use(sessions.Handler)

	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		visit := &sessions.Get(r).Data
		flash := visit.Flash
		visit.Flash = "" // before the first byte, which sends the headers
		fmt.Fprintf(w, "The theme is %s. %s\n", cmp.Or(visit.Theme, "system"), flash)
	})

	r.Post("/theme", func(w http.ResponseWriter, r *http.Request) {
		theme := r.PostFormValue("theme")
		if theme != "light" && theme != "dark" {
			http.Error(w, "There is no such theme.", http.StatusBadRequest)
			return
		}
		visit := &sessions.Get(r).Data
		visit.Theme = theme
		visit.Flash = "Saved."
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})

	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Flash = "There was no such page."
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	return r
}
