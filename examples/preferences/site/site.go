package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
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
	device   Device
	trials   *cookiesession.Manager[Visit] // the same, for cookies that are broken on purpose
	version  string                        // of the files in static, to tell caches of a change
}

// newHandler returns the site, whose sessions are sealed under keys.
func newHandler(keys *cookiesession.Keyring, insecure bool, newDevice NewDevice) (http.Handler, error) {
	device, err := newDevice(keys, &cookiesession.Options[Visit]{
		MaxLifetime: rememberFor,
		Insecure:    insecure,
	})
	if err != nil {
		return nil, err
	}
	sessions := device.Manager()
	trials, err := cookiesession.New(keys, &cookiesession.Options[Visit]{
		MaxLifetime: rememberFor,
		Insecure:    insecure,
		OnEvent:     func(*http.Request, cookiesession.Event) {}, // no operator needs to know
	})
	if err != nil {
		return nil, err
	}
	version, err := staticVersion()
	if err != nil {
		return nil, err
	}
	s := &site{sessions, device, trials, version}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /preferences", s.change)
	mux.HandleFunc("POST /flip", s.flipOne)
	mux.HandleFunc("GET /user", s.user)
	mux.HandleFunc("GET /login", s.loginForm)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("GET /style.css", static)
	mux.HandleFunc("GET /favicon.svg", static)

	// From the inside out. The cookie's SameSite=Lax is not enough against
	// forms on other pages: they could still log a visitor in, under a name of
	// their choice, and a page on a sibling subdomain counts as the same site.
	handler := http.MaxBytesHandler(s.orError(mux), 32<<10)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusForbidden)
	}))
	return withSecurityHeaders(device.Handler(protection.Handler(handler))), nil
}

// orError serves a page of the site where mux has no handler, with the status
// that mux would give: 404, or 405 and what is allowed.
func (s *site) orError(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		answer := statusWriter{http.Header{}, http.StatusOK}
		handler.ServeHTTP(&answer, r)
		if allow := answer.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
		}
		s.fail(w, r, answer.status)
	})
}

// A statusWriter keeps the header and the status of an answer, and no more.
type statusWriter struct {
	header http.Header
	status int
}

func (w *statusWriter) Header() http.Header         { return w.header }
func (w *statusWriter) WriteHeader(status int)      { w.status = status }
func (w *statusWriter) Write(p []byte) (int, error) { return len(p), nil }

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

// change stores the preferences that a form sends, one or several. The form
// always brings the text of the note's field. Unless the note is to be saved or
// discarded, what differs from the saved one is carried to the next page.
func (s *site) change(w http.ResponseWriter, r *http.Request) {
	if !s.parse(w, r) {
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
			s.fail(w, r, http.StatusBadRequest)
			return
		}
	}
	note, ok := s.note(w, r)
	if !ok {
		return
	}
	switch {
	case r.PostForm.Has("save"):
		section = "note"
		visit.Note = note
	case r.PostForm.Has("discard"):
		section = "note"
	default:
		visit.keepDraft(note)
	}
	// Who logs in has chosen nothing.
	if target := r.PostForm.Get("go"); target != "" {
		session.Data = visit
		http.Redirect(w, r, localPath(target), http.StatusSeeOther)
		return
	}
	if section != "" && !r.PostForm.Has("discard") {
		visit.Notice, visit.Before = saved, s.sizeOf(s.cookieBefore(r, session))
	}
	session.Data = visit
	if visit.User == "" {
		// Preferences need no protection from age; a login does.
		session.SetLifetime(rememberFor)
	}
	// Redirecting keeps a reload from sending the form again. The fragment
	// brings the visitor back to where the form was.
	http.Redirect(w, r, "/#"+section, http.StatusSeeOther)
}

// flipOne leads to the page that shows what becomes of the cookie with one
// character changed. It leaves the session as it is, but for a draft.
func (s *site) flipOne(w http.ResponseWriter, r *http.Request) {
	if !s.parse(w, r) {
		return
	}
	note, ok := s.note(w, r)
	if !ok {
		return
	}
	s.sessions.Get(r).Data.keepDraft(note)
	http.Redirect(w, r, "/?flip="+strconv.Itoa(rand.IntN(maxCookie))+"#sealed", http.StatusSeeOther)
}

// parse reads a form, and answers for one that it cannot read.
func (s *site) parse(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	if err == nil {
		return true
	}
	status := http.StatusBadRequest
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	}
	s.fail(w, r, status)
	return false
}

// note returns the text of the note's field, or the saved note if the form has
// no such field. It answers for one that is too long, with the text in the
// field.
func (s *site) note(w http.ResponseWriter, r *http.Request) (string, bool) {
	if !r.PostForm.Has("note") {
		return s.sessions.Get(r).Data.Note, true
	}
	note := cleanNote(r.PostForm.Get("note"))
	if utf8.RuneCountInString(note) <= maxNote {
		return note, true
	}
	s.render(w, r, http.StatusUnprocessableEntity, "home", form{Note: note, Wrong: true})
	return "", false
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
	if !s.parse(w, r) {
		return
	}
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
	visit := session.Data
	session.Destroy() // the session of somebody known is another one than that of somebody unknown
	session.Data = visit
	if err := s.device.Bind(w, session); err != nil {
		s.fail(w, r, http.StatusInternalServerError)
		return
	}
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
	s.device.Logout(w, session)
	// What is put into a destroyed session begins a new one. The note goes with
	// the user; how the page looks stays with the browser.
	session.Data.Preferences = preferences
	session.Data.Notice = loggedOut
	session.SetLifetime(rememberFor)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// form is what a form holds that was refused, or is to be filled in.
type form struct {
	Note     string
	Name     string
	Next     string // where to go afterwards, a path on this site
	Remember bool
	Wrong    bool // Name or Note was refused
}

// render writes the page of the template called name.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, f form) {
	session := s.sessions.Get(r)
	// What is shown once has to be out of the session before the first byte is
	// written, because that is when the session is saved. (If two pages are
	// loaded at once, both may show it.)
	once := session.Data.take(name)

	p, err := s.newPage(r, session, once)
	p.Name = name
	p.Title = p.Text.title(name)
	if name == "error" {
		p.Title, p.Failure = p.Text.failure(status)
	}
	p.Form = f
	if name == "home" && f.Wrong {
		p.Note, p.Unsaved = f.Note, true
	}
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

// fail writes a page that says what went wrong.
func (s *site) fail(w http.ResponseWriter, r *http.Request, status int) {
	s.render(w, r, status, "error", form{})
}

// page is what the templates are given.
type page struct {
	Name     string // of the template
	Version  string
	Language string
	Dir      string
	Title    string
	Text     *texts
	Theme    string
	TextSize string
	User     string
	Since    time.Time // of the login
	Notice   string
	Settings []settingView
	Note     string // in its field
	Unsaved  bool   // Note is not the saved one
	MaxNote  int
	MaxName  int
	Cookie   cookieView
	Device   string // whether the session is bound to it; empty: it is not about that
	Flip     *flipView
	Form     form
	Failure  string // of a page of an error
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
	Cost         int // characters of the cookie beyond the default
}

func (s *site) newPage(r *http.Request, session *cookiesession.Session[Visit], once shown) (page, error) {
	visit := &session.Data
	l := languageFor(visit.Language, r.Header.Get("Accept-Language"))
	cookie, err := s.newCookieView(r, session, l.Texts)
	p := page{
		Version:  s.version,
		Language: l.Code,
		Dir:      l.Dir,
		Text:     l.Texts,
		User:     visit.User,
		Since:    session.CreatedAt(),
		Notice:   l.Texts.notice(once.notice, visit.User, once.before, cookie.Size),
		Note:     visit.Note,
		MaxNote:  maxNote,
		MaxName:  maxName,
		Cookie:   cookie,
		Device:   s.deviceText(session, l.Texts),
	}
	if once.drafted {
		p.Note, p.Unsaved = once.draft, true
	}
	if at, err := strconv.Atoi(r.URL.Query().Get("flip")); err == nil && at >= 0 && cookie.Value != "" {
		p.Flip = s.flip(cookie.Value, at%len(cookie.Value))
	}
	for _, setting := range settings {
		chosen := setting.of(&visit.Preferences)
		switch setting.name {
		case "theme":
			p.Theme = chosen
		case "size":
			p.TextSize = chosen
		}
		view, failed := s.newSettingView(&setting, visit, &cookie, l.Texts)
		p.Settings, err = append(p.Settings, view), errors.Join(err, failed)
	}
	return p, err
}

func (s *site) newSettingView(setting *setting, visit *Visit, cookie *cookieView, t *texts) (settingView, error) {
	view := settingView{Name: setting.name, Label: t.setting(setting.name)}
	chosen := setting.of(&visit.Preferences)
	for _, v := range setting.values {
		option := optionView{Value: v, Label: t.value(v), Chosen: v == chosen}
		if setting.name == "language" && v != setting.fallback {
			option.Language = v
		}
		var err error
		if option.Cost, err = s.cost(*visit, cookie, setting, v); err != nil {
			return view, err
		}
		view.Options = append(view.Options, option)
	}
	return view, nil
}
