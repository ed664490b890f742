package webrule

import (
	"net/http"
	"time"
)

// A Refresh is a response that changes nothing in its session, so that its
// cookie, if it carries one, only refreshes the session. Such a cookie holds
// the session as the request found it. It may undo a change that a parallel
// request has stored meanwhile, above all a logout. The longer the request
// takes, the more likely that is. So it is decided just before the headers go
// out, and the rules are strict where many requests are in flight at a time.
//
// There are two reasons to refresh. A renewal moves the end that an idle
// timeout sets. A re-seal moves the session to another key; it keeps the time
// of issue and prolongs nothing. Where both are due, a renewal does both.
//
// A session that would not open at this moment is never refreshed. The caller
// checks that, because it knows the session's times.
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
// Caches merge the headers of a 304 into the response that they have stored.
// The other refused statuses may be the answer for a handler that was given up.
func (r Refresh) allowed() bool {
	return r.Status != http.StatusNotModified && !GivesUp(r.Status)
}

// RenewalDue reports whether the response has to renew a session that was
// issued age ago, under an idle timeout. An idle timeout of 0 means none.
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

// A Superseded is a cookie whose key no longer seals, because another key has
// superseded it.
type Superseded struct {
	Issued  time.Time // the cookie
	Next    time.Time // when the key that came next after the cookie's was activated; zero: not known
	Retires time.Time // when the cookie's key retires; zero: never
}

// ResealDue reports whether the response has to seal such a cookie under the
// key that seals now. Top-level documents do so at once. Other fast responses
// wait, so that after a rotation not all requests in flight write at a time.
// But they do not wait until the key is gone.
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

// GivesUp reports whether a server may answer with this status for a handler
// that it has given up: 408, 499 (nginx, go-zero), or an error of the server. A
// request was given up if its context is over and the status is one of these. A
// context that is over says nothing by itself: the context of a server that
// shuts down, of a client that has closed its side, and of a query's deadline
// are over, too, while the handler answers in its own time.
func GivesUp(status int) bool {
	return status == http.StatusRequestTimeout || status == 499 || status >= http.StatusInternalServerError
}
