package site

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Preferences are how a visitor likes the site. They belong to the browser
// rather than to a user, so they outlive a logout.
//
// In each field the zero value is the default. So a visitor who has chosen
// nothing has a zero session, which means no cookie at all.
type Preferences struct {
	Theme    string `json:"theme"`    // empty: as the system has it
	TextSize string `json:"fontSize"` // empty: medium
	Language string `json:"lang"`     // empty: what the browser asks for
}

// A Visit is the session: all that the site knows of a visitor.
type Visit struct {
	Preferences
	Note string `json:"note"`
	User string `json:"user"` // empty: nobody is logged in

	// To be shown once, by the next page.
	Notice  notice `json:"flash"`
	Before  int    `json:"before"`  // characters of the cookie before the change that Notice tells of
	Drafted bool   `json:"drafted"` // there is a Draft
	Draft   string `json:"draft"`   // a note that was typed and not saved, for the next page with its field
}

// shown is what a page takes out of the session.
type shown struct {
	notice  notice
	before  int
	drafted bool
	draft   string
}

// take takes out what the page of the template called name shows once.
func (v *Visit) take(name string) shown {
	var s shown
	if name == "error" { // it has something else to say
		return s
	}
	s.notice, s.before = v.Notice, v.Before
	v.Notice, v.Before = noNotice, 0
	if name == "home" {
		s.drafted, s.draft = v.Drafted, v.Draft
		v.Drafted, v.Draft = false, ""
	}
	return s
}

// keepDraft keeps the text of the note's field for the next page, if it is not
// the saved note.
func (v *Visit) keepDraft(text string) {
	v.Drafted, v.Draft = false, ""
	if text != v.Note {
		v.Drafted, v.Draft = true, text
	}
}

// The visitor writes these, so they are bounded: the largest session that there
// can be, with a note and a draft of another one, still fits into one cookie.
const (
	maxNote = 300 // characters
	maxName = 40  // characters
)

// rememberFor is how long preferences are kept, and a login with "remember me".
// Any other login lasts as long as the library's default has it, 14 days.
const rememberFor = 365 * 24 * time.Hour

// A notice is what a page says once about the request before. The session holds
// a number and not the text: it is smaller, and the text comes in the language
// of the page that shows it.
type notice uint8

const (
	noNotice notice = iota
	saved
	loggedIn
	loggedOut
)

// A setting is a choice between values. Its name is that of the form's field.
type setting struct {
	name     string
	fallback string // chosen by default, and stored as ""
	values   []string
	field    func(*Preferences) *string
}

var settings = []setting{
	{"theme", "system", []string{"light", "dark", "system"}, func(p *Preferences) *string { return &p.Theme }},
	{"size", "medium", []string{"small", "medium", "large", "huge"}, func(p *Preferences) *string { return &p.TextSize }},
	{"language", "auto", append([]string{"auto"}, languageCodes()...), func(p *Preferences) *string { return &p.Language }},
}

// of returns what p has chosen. A value that this release does not know, from
// the cookie of another one, counts as none.
func (s *setting) of(p *Preferences) string {
	if v := *s.field(p); slices.Contains(s.values, v) {
		return v
	}
	return s.fallback
}

// choose stores value in p, and reports whether there is such a value.
func (s *setting) choose(p *Preferences, value string) bool {
	if !slices.Contains(s.values, value) {
		return false
	}
	if value == s.fallback {
		value = ""
	}
	*s.field(p) = value
	return true
}

// localPath returns target if it is a path on this site, and else the front
// page: a login form must not send people who trust this site to another one.
func localPath(target string) string {
	u, err := url.Parse(target) // refuses control characters, which browsers drop
	switch {
	case err != nil, u.Scheme != "", u.Host != "", !strings.HasPrefix(target, "/"):
		return "/"
	case strings.HasPrefix(target, "//"), strings.Contains(target, `\`):
		return "/" // browsers read \ as /, and what follows // as a host
	}
	return target
}
