package site

import (
	"fmt"
	"net/http"
	"strings"
)

// A language is one that the site speaks.
type language struct {
	Code  string // as in the lang attribute
	Dir   string // as in the dir attribute
	Name  string // in the language itself, so that whoever looks for it can read it
	Texts *texts
}

// languages lists them. The first one is for visitors who understand none.
var languages = []language{
	{"en", "ltr", "English", &english},
	{"de", "ltr", "Deutsch", &german},
	{"fr", "ltr", "Français", &french},
	{"es", "ltr", "Español", &spanish},
	{"ja", "ltr", "日本語", &japanese},
	{"ar", "rtl", "العربية", &arabic},
}

func languageCodes() []string {
	var codes []string
	for _, l := range languages {
		codes = append(codes, l.Code)
	}
	return codes
}

// languageFor returns the language that the visitor chose, or else the first
// one of an Accept-Language header that the site speaks. Browsers list the
// languages in order of preference, so the header's weights add nothing.
func languageFor(chosen, accepted string) language {
	for tag := range strings.SplitSeq(chosen+","+accepted, ",") {
		tag, _, _ = strings.Cut(tag, ";")
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		for _, l := range languages {
			if strings.EqualFold(l.Code, primary) {
				return l
			}
		}
	}
	return languages[0]
}

// texts is everything that the site says. A field per text lets the compiler
// and the template engine find what is misspelled; a test finds what is
// missing.
type texts struct {
	Title string
	Intro string

	Preferences          string
	Theme                string
	Light, Dark, System  string
	TextSize             string
	Small, Medium        string
	Large, Huge          string
	Language, Automatic  string
	Note, NoteHint, Keep string
	CostHint             string
	Unsaved, Discard     string
	TooLong              string // %d is the largest number of characters
	Cookie, Characters   string
	Limit                string // %d is the limit in characters
	NoCookie, Until      string // Until: %s is a date
	LogIn, LogOut        string
	Name, NameHint       string
	NameWrong            string // %d is the largest number of characters
	Remember             string
	User, NoUser         string
	NoUserHint, Since    string // Since: %s is a date
	Bound, NotBound      string
	Saved                string // %d and %d are the characters before and after
	LoggedIn             string // %s is the user
	LoggedOut            string

	// The sealed cookie
	Sealed, SealedHint   string
	Inside               string
	CookieName, Envelope string
	Total                string
	Elsewhere            string
	AsJSON, AsGorilla    string
	Flip, FlipHint       string
	Flipped              string // %d is the position, %s and %s the characters before and after
	AsItIs, Changed      string
	Opens, Refused       string // Refused: %s is the error

	// Pages of errors
	NotFound, NotFoundHint string
	Failed                 string
	BadMethod, BadForm     string
	TooMuch, OtherSite     string
	Back                   string
}

// failure returns what the page of an error says: a title, and a sentence.
func (t *texts) failure(status int) (title, hint string) {
	switch status {
	case http.StatusNotFound:
		return t.NotFound, t.NotFoundHint
	case http.StatusMethodNotAllowed:
		return t.Failed, t.BadMethod
	case http.StatusRequestEntityTooLarge:
		return t.Failed, t.TooMuch
	case http.StatusForbidden:
		return t.Failed, t.OtherSite
	}
	return t.Failed, t.BadForm
}

// value returns what a value of a setting is called.
func (t *texts) value(v string) string {
	switch v {
	case "light":
		return t.Light
	case "dark":
		return t.Dark
	case "system":
		return t.System
	case "small":
		return t.Small
	case "medium":
		return t.Medium
	case "large":
		return t.Large
	case "huge":
		return t.Huge
	case "auto":
		return t.Automatic
	}
	return languageFor(v, "").Name
}

// setting returns what a setting is called.
func (t *texts) setting(name string) string {
	switch name {
	case "theme":
		return t.Theme
	case "size":
		return t.TextSize
	}
	return t.Language
}

// title returns the title of the page of the template called name.
func (t *texts) title(name string) string {
	switch name {
	case "login":
		return t.LogIn
	case "user":
		return t.User
	}
	return t.Title
}

// notice returns what n says to user, "" for none. The sizes are those of the
// cookie, before and after.
func (t *texts) notice(n notice, user string, before, after int) string {
	switch n {
	case saved:
		return fmt.Sprintf(t.Saved, before, after)
	case loggedIn:
		return fmt.Sprintf(t.LoggedIn, user)
	case loggedOut:
		return t.LoggedOut
	}
	return ""
}
