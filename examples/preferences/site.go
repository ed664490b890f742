package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/cookiesession"
)

//go:embed page.html static
var files embed.FS

var pages = template.Must(template.ParseFS(files, "page.html"))

// site is the web site. All that it remembers of its visitors is in sessions,
// which means in their browsers.
type site struct {
	sessions *cookiesession.Manager[Visit]
	version  string // of the files in static, to tell caches of a change
}

// newHandler returns the site, whose sessions are sealed under keys.
func newHandler(keys *cookiesession.Keyring, insecure bool) (http.Handler, error) {
	sessions, err := cookiesession.New(keys, &cookiesession.Options[Visit]{
		MaxLifetime: rememberFor,
		Insecure:    insecure,
	})
	if err != nil {
		return nil, err
	}
	version, err := staticVersion()
	if err != nil {
		return nil, err
	}
	s := &site{sessions, version}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /preferences", s.change)
	mux.HandleFunc("GET /user", s.user)
	mux.HandleFunc("GET /login", s.loginForm)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("GET /style.css", static)
	mux.HandleFunc("GET /favicon.svg", static)

	// From the inside out. The cookie's SameSite=Lax is not enough against
	// forms on other pages: they could still log a visitor in, under a name of
	// their choice, and a page on a sibling subdomain counts as the same site.
	handler := sessions.Handler(mux)
	handler = http.MaxBytesHandler(handler, 32<<10)
	handler = withSecurityHeaders(handler)
	return http.NewCrossOriginProtection().Handler(handler), nil
}

// withSecurityHeaders lets a page load its own style sheet and icon, send its
// forms home, and nothing else. There is no script to allow.
func withSecurityHeaders(next http.Handler) http.Handler {
	const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// static serves a file that is the same for everyone. It never asks for the
// session, so it costs no decryption and any cache may keep it.
func static(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // the address changes with the content
	http.ServeFileFS(w, r, files, "static"+r.URL.Path)
}

func staticVersion() (string, error) {
	hash := sha256.New()
	for _, name := range []string{"static/style.css", "static/favicon.svg"} {
		content, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)[:6]), nil
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "home", form{})
}

// change stores the preferences that a form sends, one or several.
func (s *site) change(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	session := s.sessions.Get(r)
	visit := session.Data // changed aside: a form with one bad value changes nothing
	var section string
	for _, setting := range settings {
		if !r.PostForm.Has(setting.name) {
			continue
		}
		section = setting.name
		if !setting.choose(&visit.Preferences, r.PostForm.Get(setting.name)) {
			http.Error(w, "There is no such "+setting.name+".", http.StatusBadRequest)
			return
		}
	}
	if r.PostForm.Has("note") {
		section = "note"
		visit.Note = cleanNote(r.PostForm.Get("note"))
		if utf8.RuneCountInString(visit.Note) > maxNote {
			http.Error(w, "The note is too long.", http.StatusBadRequest)
			return
		}
	}
	visit.Notice = saved
	session.Data = visit
	if visit.User == "" {
		// Preferences need no protection from age; a login does.
		session.SetLifetime(rememberFor)
	}
	// Redirecting keeps a reload from sending the form again. The fragment
	// brings the visitor back to where the form was.
	http.Redirect(w, r, "/#"+section, http.StatusSeeOther)
}

// cleanNote takes out what a text field adds on the way here: CR LF for line
// ends, which would count twice.
func cleanNote(note string) string {
	note = strings.ToValidUTF8(note, "\uFFFD")
	return strings.TrimSpace(strings.ReplaceAll(note, "\r\n", "\n"))
}

func (s *site) user(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "user", form{})
}

func (s *site) loginForm(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "login", form{Next: localPath(r.FormValue("next"))})
}

func (s *site) login(w http.ResponseWriter, r *http.Request) {
	f := form{
		Name:     strings.Join(strings.Fields(strings.ToValidUTF8(r.PostFormValue("name"), "\uFFFD")), " "),
		Next:     localPath(r.PostFormValue("next")),
		Remember: r.PostFormValue("remember") != "",
	}
	// A real site asks for a password or, better, a passkey here.
	if f.Name == "" || utf8.RuneCountInString(f.Name) > maxName {
		f.Wrong = true
		s.render(w, r, http.StatusUnprocessableEntity, "login", f)
		return
	}
	session := s.sessions.Get(r)
	session.Renew() // the session of somebody known is another one than that of somebody unknown
	session.SetLifetime(0)
	if f.Remember {
		session.SetLifetime(rememberFor)
	}
	session.Data.User = f.Name
	session.Data.Notice = loggedIn
	http.Redirect(w, r, f.Next, http.StatusSeeOther)
}

// logout is reached by POST alone: a GET could be sent by an image on any other
// page.
func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.Get(r)
	preferences := session.Data.Preferences
	session.Destroy()
	// What is put into a destroyed session begins a new one. The note goes with
	// the user; how the page looks stays with the browser.
	session.Data.Preferences = preferences
	session.Data.Notice = loggedOut
	session.SetLifetime(rememberFor)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// form is what the login form holds.
type form struct {
	Name     string
	Next     string // where to go afterwards, a path on this site
	Remember bool
	Wrong    bool // Name was refused
}

// render writes the page of the template called name.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, f form) {
	session := s.sessions.Get(r)
	// What is shown once has to be out of the session before the first byte is
	// written, because that is when the session is saved. (If two pages are
	// loaded at once, both may show it.)
	notice := session.Data.Notice
	session.Data.Notice = noNotice

	p, err := s.newPage(r, session, notice)
	p.Title = p.Text.title(name)
	p.Form = f
	var content bytes.Buffer // a page that fails half-way must not be sent
	if err == nil {
		err = pages.ExecuteTemplate(&content, name, p)
	}
	if err != nil {
		slog.ErrorContext(r.Context(), "page not rendered", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = content.WriteTo(w) // the visitor has left, if it fails
}

// page is what the templates are given.
type page struct {
	Version  string
	Language string
	Title    string
	Text     *texts
	Theme    string
	TextSize string
	User     string
	Since    time.Time // of the login
	Notice   string
	Settings []settingView
	Note     string
	MaxNote  int
	MaxName  int
	Cookie   cookieView
	Form     form
}

// A settingView is a setting as it is offered.
type settingView struct {
	Name, Label string
	Options     []optionView
}

type optionView struct {
	Value, Label string
	Language     string // that Label is in, if it is not the page's
	Chosen       bool
}

// A cookieView tells what the session costs.
type cookieView struct {
	Size  int // bytes of name and value that the browser holds after this response
	Limit int
	Until time.Time
}

// maxCookie is how many bytes of name and value every browser accepts. The
// library keeps to it.
const maxCookie = 4093

func (s *site) newPage(r *http.Request, session *cookiesession.Session[Visit], n notice) (page, error) {
	size, err := s.cookieSize(r, session)
	visit := &session.Data
	l := languageFor(visit.Language, r.Header.Get("Accept-Language"))
	p := page{
		Version:  s.version,
		Language: l.Code,
		Text:     l.Texts,
		User:     visit.User,
		Since:    session.CreatedAt(),
		Notice:   l.Texts.notice(n, visit.User),
		Note:     visit.Note,
		MaxNote:  maxNote,
		MaxName:  maxName,
		Cookie:   cookieView{size, maxCookie, session.ExpiresAt()},
	}
	for _, setting := range settings {
		chosen := setting.of(&visit.Preferences)
		switch setting.name {
		case "theme":
			p.Theme = chosen
		case "size":
			p.TextSize = chosen
		}
		p.Settings = append(p.Settings, newSettingView(&setting, chosen, l.Texts))
	}
	return p, err
}

func newSettingView(s *setting, chosen string, t *texts) settingView {
	view := settingView{Name: s.name, Label: t.setting(s.name)}
	for _, v := range s.values {
		option := optionView{Value: v, Label: t.value(v), Chosen: v == chosen}
		if s.name == "language" && v != s.fallback {
			option.Language = v
		}
		view.Options = append(view.Options, option)
	}
	return view
}

// cookieSize returns the bytes of the cookie that the browser holds after this
// response: those of the cookie that the response sets, or else of the one that
// the request brought.
func (s *site) cookieSize(r *http.Request, session *cookiesession.Session[Visit]) (int, error) {
	cookies, err := s.sessions.Cookies(session)
	if err != nil {
		return 0, err
	}
	if len(cookies) == 0 && !session.IsNew() {
		cookies = r.CookiesNamed(s.sessions.CookieName())
	}
	size := 0
	for _, c := range cookies {
		if c.MaxAge >= 0 { // below zero: it is deleted
			size += len(c.Name) + len(c.Value)
		}
	}
	return size, nil
}
