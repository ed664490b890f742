package site

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/cookiesession"
)

// A cookieView tells what the session costs. Sizes are in characters of the
// cookie's name and value, which are bytes, too, because all of them are ASCII.
//
// Value is on the page because the page is about it. Elsewhere it stays out of
// what scripts can read, which is what HttpOnly is for. Here there are none.
type cookieView struct {
	Name, Value string // as the browser holds them after this response
	Size        int
	Limit       int
	Until       time.Time
	Parts       []part
	JSON        int
	Gorilla     int
}

// A part is some of a cookie's characters.
type part struct {
	Label string
	Size  int
}

// maxCookie is how many bytes of name and value every browser accepts. The
// library keeps to it.
const maxCookie = 4093

func (s *site) newCookieView(r *http.Request, session *cookiesession.Session[Visit], t *texts) (cookieView, error) {
	view := cookieView{Name: s.sessions.CookieName(), Limit: maxCookie, Until: session.ExpiresAt()}
	value, err := s.cookieAfter(r, session)
	if err != nil || value == "" {
		return view, err
	}
	view.Value, view.Size = value, len(view.Name)+len(value)
	if view.Parts, err = s.parts(&session.Data, &view, t); err != nil {
		return view, err
	}
	values := session.Data.values()
	text, err := json.Marshal(values)
	if err != nil {
		return view, err
	}
	view.JSON = len(view.Name) + len(text)
	gorilla, err := gorillaLength(values)
	view.Gorilla = len(view.Name) + gorilla
	return view, err
}

// cookieAfter returns the value that the browser holds after this response:
// that of the cookie that the response sets, or else of the one that the
// request brought.
func (s *site) cookieAfter(r *http.Request, session *cookiesession.Session[Visit]) (string, error) {
	cookies, err := s.sessions.Cookies(session)
	if err != nil {
		return "", err
	}
	if len(cookies) == 0 {
		return s.cookieBefore(r, session), nil
	}
	if cookies[0].MaxAge < 0 { // it is deleted
		return "", nil
	}
	return cookies[0].Value, nil
}

// cookieBefore returns the value that the request brought, if it opened. Beside
// it there may be others, which somebody has planted.
func (s *site) cookieBefore(r *http.Request, session *cookiesession.Session[Visit]) string {
	if session.IsNew() {
		return ""
	}
	for _, c := range r.CookiesNamed(s.sessions.CookieName()) {
		if s.open(c.Value) == nil {
			return c.Value
		}
	}
	return ""
}

// sizeOf returns the characters of a cookie with this value, 0 for none.
func (s *site) sizeOf(value string) int {
	if value == "" {
		return 0
	}
	return len(s.sessions.CookieName()) + len(value)
}

// parts tells what the characters of a cookie are for. Each part is what its
// data add to those above, so the sum is the cookie.
func (s *site) parts(visit *Visit, view *cookieView, t *texts) ([]part, error) {
	whole, err := s.sessions.Measure(*visit)
	if err != nil {
		return nil, err
	}
	var sum Visit
	parts := []part{{t.CookieName, len(view.Name)}}
	length := 0
	for _, step := range []struct {
		label string
		add   func()
	}{
		// Every cookie has this, and some have a lifetime and an id in it.
		{t.Envelope, func() {}},
		{t.Theme, func() { sum.Theme = visit.Theme }},
		{t.TextSize, func() { sum.TextSize = visit.TextSize }},
		{t.Language, func() { sum.Language = visit.Language }},
		{t.Note, func() { sum.Note = visit.Note }},
		{t.User, func() { sum.User = visit.User }},
	} {
		step.add()
		size, err := s.sessions.Measure(sum)
		if err != nil {
			return nil, err
		}
		now := valueLength(len(view.Value), size.Body-whole.Body)
		if now > length {
			parts = append(parts, part{step.label, now - length})
		}
		length = now
	}
	return parts, nil
}

// valueLength returns the characters of a cookie's value that has so many of
// them now, if its body had so many bytes more. Measure alone cannot tell: it
// measures a new session without lifetime and id, whose base64 is rounded
// elsewhere.
func valueLength(now, more int) int {
	return base64.RawURLEncoding.EncodedLen(base64.RawURLEncoding.DecodedLen(now) + more)
}

// cost returns the characters that a value of a setting adds to the cookie,
// beyond the default.
func (s *site) cost(visit Visit, cookie *cookieView, setting *setting, value string) (int, error) {
	now, err := s.sessions.Measure(visit)
	if err != nil {
		return 0, err
	}
	length := len(cookie.Value)
	if length == 0 {
		length = now.Value
	}
	setting.choose(&visit.Preferences, setting.fallback)
	without, err := s.sessions.Measure(visit)
	if err != nil {
		return 0, err
	}
	setting.choose(&visit.Preferences, value)
	with, err := s.sessions.Measure(visit)
	return valueLength(length, with.Body-now.Body) - valueLength(length, without.Body-now.Body), err
}

// values are a visit's data as a program would put them into a session that is
// a map. What the visitor has not chosen is left out, here as there.
func (v *Visit) values() map[string]string {
	values := make(map[string]string)
	for name, value := range map[string]string{
		"theme": v.Theme, "fontSize": v.TextSize, "lang": v.Language, "note": v.Note, "user": v.User,
	} {
		if value != "" {
			values[name] = value
		}
	}
	return values
}

// gorillaLength returns the characters of the value of gorilla/sessions' cookie
// with these values, as its documentation asks for it: by gob, encrypted with
// AES in counter mode, and with a tag of HMAC-SHA256. A test of the module
// compare holds it against the original.
func gorillaLength(values map[string]string) (int, error) {
	session := make(map[any]any)
	for name, value := range values {
		session[name] = value
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(session); err != nil {
		return 0, err
	}
	const iv, tag = 16, 32
	sealed := base64.URLEncoding.EncodedLen(iv + text.Len())
	now := len(strconv.FormatInt(time.Now().Unix(), 10))
	return base64.URLEncoding.EncodedLen(now + len("|") + sealed + len("|") + tag), nil
}

// A flipView is a cookie of which one character was changed, and what became of
// it.
type flipView struct {
	At            int // counted from 1
	From, To      string
	Before, After string // what stands around it
	AsItIs        string // why the unchanged cookie does not open, "" if it does
	Changed       string // why the changed one does not
}

// flip changes the character of a cookie's value at a position and opens both,
// each as a request of its own would.
func (s *site) flip(value string, at int) *flipView {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	from := value[at : at+1]
	to := alphabet[strings.Index(alphabet, from)^1:][:1]
	view := &flipView{At: at + 1, From: from, To: to, Before: value[:at], After: value[at+1:]}
	view.AsItIs = refusal(s.open(value))
	view.Changed = refusal(s.open(view.Before + to + view.After))
	return view
}

// open says why a cookie with this value does not open.
func (s *site) open(value string) error {
	r := &http.Request{Header: http.Header{"Cookie": {s.sessions.CookieName() + "=" + value}}}
	return s.trials.Load(r).Err()
}

// refusal returns the name of an error that the library refuses a cookie with.
func refusal(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, cookiesession.ErrNewer):
		return "ErrNewer"
	case errors.Is(err, cookiesession.ErrUnknownKey):
		return "ErrUnknownKey"
	case errors.Is(err, cookiesession.ErrInvalid):
		return "ErrInvalid"
	case errors.Is(err, cookiesession.ErrExpired):
		return "ErrExpired"
	}
	return "error"
}
