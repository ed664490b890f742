package webrule

import (
	"net/http"
	"time"
)

// A Refresh is a response that changes nothing in its session, so that its
// cookie, if it carries one, only refreshes the session. Such a cookie holds
// the session as the request found it. It may undo what a parallel request has
// stored meanwhile, above all a logout, and the longer the request takes, the
// more likely that is. So it is decided just before the headers go out, and the
// rules are strict where much is in flight at a time.
//
// There are two reasons to refresh. A renewal moves the end that an idle
// timeout sets. A re-seal moves the session to another key; it keeps the time
// of issue and prolongs nothing. Where both are due, a renewal does both.
//
// A session that would not open at this moment is never refreshed. That is for
// the caller to check, who knows its times.
type Refresh struct {
	Kind   Kind          // of the request
	Flight time.Duration // since the request came in
	Status int           // of the response
}

const (
	fast      = 2 * time.Second  // the longest flight of a fast request
	longest   = 30 * time.Second // after it, only pages renew
	unhurried = 24 * time.Hour   // a re-seal under a key that does not retire
)

// allowed reports whether a response with this status may carry a refresh.
// Caches merge the headers of a 304 into what they have stored. The others may
// be the answer of a handler that was given up.
func (r Refresh) allowed() bool {
	return r.Status != http.StatusNotModified && !GivesUp(r.Status)
}

// RenewalDue reports whether the response is to renew a session, which was
// issued that long ago, under an idle timeout, which is 0 for none.
func (r Refresh) RenewalDue(age, idle time.Duration) bool {
	if idle <= 0 || !r.allowed() {
		return false
	}
	quarters := time.Duration(2)
	switch page, quick := r.Kind.IsPage(), r.Flight <= fast; {
	case page && quick:
		quarters = 1
	case !page && r.Flight > longest:
		return false
	case !page && !quick:
		quarters = 3
	}
	return 4*age >= quarters*idle
}

// A Superseded is a cookie whose key another key has superseded as the one that
// seals.
type Superseded struct {
	Issued  time.Time // the cookie
	Next    time.Time // when the key that came next after the cookie's was activated; zero: not known
	Retires time.Time // when the cookie's key retires; zero: never
}

// ResealDue reports whether the response is to seal such a cookie under the key
// that seals now. Top-level documents do so at once. What else is fast waits,
// so that a rotation does not make all that is in flight write at a time, but
// not until the key is gone.
func (r Refresh) ResealDue(cookie Superseded, now time.Time) bool {
	switch {
	case r.Kind == Prefetch || r.Flight > fast || !r.allowed():
		return false
	case r.Kind == Document:
		return true
	case cookie.Next.IsZero() || cookie.Retires.IsZero():
		return now.Sub(cookie.Issued) > unhurried
	}
	return 2*now.Sub(cookie.Next) >= cookie.Retires.Sub(cookie.Next)
}

// GivesUp reports whether a status is one that a server answers with for a
// handler that it has given up: 408, 499 (nginx, go-zero), or an error of the
// server. A request was given up if its context is over and the status is one
// of these. A context that is over says nothing by itself: the context of a
// server that shuts down, of a client that has closed its side, and of a
// query's deadline are over, too, while the handler answers in its own time.
func GivesUp(status int) bool {
	return status == http.StatusRequestTimeout || status == 499 || status >= http.StatusInternalServerError
}
