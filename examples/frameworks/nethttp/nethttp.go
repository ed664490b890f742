// Package nethttp keeps sessions in an application of net/http alone.
//
// The mux is wrapped once, and everything in it has sessions. It costs nothing
// to wrap too much: a handler that never asks for the session, such as one for
// static files, causes no decryption and no header.
//
// Outside sessions.Handler belongs what answers in a handler's place or holds
// its response back: http.NewCrossOriginProtection (a forged request should not
// get as far as the session), http.TimeoutHandler (inside, a request that it
// gives up saves nothing), gzip.
package nethttp

import (
	"cmp"
	"fmt"
	"net/http"

	"example.com/cookiesession"
)

// A Visit is the session. Its zero value is that of a first visit, for which no
// cookie is set.
type Visit struct {
	Theme string // empty: system
	Flash string // to be shown once
}

// New returns the application.
func New(sessions *cookiesession.Manager[Visit]) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		visit := &sessions.Get(r).Data
		flash := visit.Flash
		visit.Flash = "" // before the first byte, which sends the headers
		fmt.Fprintf(w, "The theme is %s. %s\n", cmp.Or(visit.Theme, "system"), flash)
	})

	mux.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) {
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

	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}
