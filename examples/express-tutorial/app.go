package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/cookiesession"
)

// A Session is what req.session was. It has fields with types instead of
// whatever a handler puts there.
type Session struct {
	User string `json:"user"` // empty: nobody is logged in
}

// maxName is how many characters of a name are taken. What visitors write into
// a session has to be bounded, since it has to fit into a cookie.
const maxName = 40

// newApp returns the application, whose sessions are sealed under the keys in a
// file.
func newApp(keysFile string, insecure bool) (http.Handler, error) {
	keys, err := cookiesession.LoadOrCreateKeyring(keysFile)
	if err != nil {
		return nil, err
	}
	sessions, err := cookiesession.New(keys, &cookiesession.Options[Session]{
		Lifetime: 24 * time.Hour, // also what a stolen cookie is good for
		Insecure: insecure,
	})
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/user", http.StatusSeeOther))
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, r *http.Request) {
		render(w, http.StatusOK, page{User: sessions.Get(r).Data.User})
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimSpace(strings.ToValidUTF8(r.PostFormValue("name"), "\uFFFD"))
		// A real site asks for a password or, better, a passkey here.
		if name == "" || utf8.RuneCountInString(name) > maxName {
			render(w, http.StatusUnprocessableEntity, page{Name: name, Wrong: true})
			return
		}
		session := sessions.Get(r)
		session.Destroy() // regenerate: an empty session begins now
		session.Data.User = name
		http.Redirect(w, r, "/user", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Destroy()
		http.Redirect(w, r, "/user", http.StatusSeeOther)
	})

	app := http.MaxBytesHandler(sessions.Handler(mux), 32<<10)
	return http.NewCrossOriginProtection().Handler(app), nil
}

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// page is what the template is given.
type page struct {
	User  string
	Name  string // as it was typed into the login form
	Wrong bool   // Name was refused
}

// MaxName is for the form.
func (page) MaxName() int { return maxName }

func render(w http.ResponseWriter, status int, p page) {
	var content bytes.Buffer // a page that fails half-way must not be sent
	if err := pageTemplate.Execute(&content, p); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = content.WriteTo(w) // the visitor has left, if it fails
}
