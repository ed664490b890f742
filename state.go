package cookiesession

import (
	"fmt"
	"net/http"
	"reflect"
	"time"

	"example.com/cookiesession/internal/clock"
)

// A state is a Session without its Data: the part that does not depend on the
// type of Data.
type state struct {
	manager *manager      // whose session it is; nil: nobody's yet
	whole   session       // that this is the state of, once there is a manager
	visit   *visit        // nil without Handler
	request *http.Request // as the Manager got it; nil: none
	began   time.Time     // when the Manager got it
	label   string
	ring    *ring // the one snapshot of this request, without keys that were revoked since

	err    error    // why no cookie opened; nil if one did
	key    *ringKey // that sealed the cookie; nil: none opened
	record record   // identity and times; issued is that of the cookie; body: as stored
	sum    uint64   // of the Data that came, as this program would store it

	carried   partSet // which of the session's cookies the request has
	destroyed bool    // Destroy was called
	renewed   bool    // Renew was called
	drewID    bool    // ID was called, and there was none
	touched   bool    // something other than Data was changed
	output    output

	room    [48]byte  // for the body of record, if that is not longer
	headers [2]string // Vary and Cache-Control of the response
	line    [1]string // for the lines of output, if there is only one
}

// opened reports whether the session came in a cookie.
func (s *state) opened() bool { return s.key != nil }

// barred returns why nothing may be sealed in this request, or nil.
func (s *state) barred() error {
	e, _ := s.err.(*codecError)
	switch {
	case s.opened() && s.ring.revokes(s.key.id):
		return errRevokedKey // a slow request carries no forged session to the next key
	case e == nil:
	case e.reason == ReasonCheckFailed:
		return internalError(fmt.Errorf("not saved, because the session could not be checked: %w", e.cause))
	case e.reason == ReasonNewer && !s.renewed && !s.destroyed:
		return internalError(fmt.Errorf("not saved, so that newer replicas keep their session: %w", s.err))
	}
	return nil
}

// refuse makes s a new session, because the request's cookie is not accepted.
func (s *state) refuse(err error) {
	clearData(s.whole.value())
	came := s.record.issued // the next cookie must not look older
	s.err, s.key, s.sum = err, nil, 0
	s.record = record{}.begun(s.began)
	s.record.issued = max(s.record.issued, came)
}

// touch makes the session be stored, even if its Data has not changed.
func (s *state) touch() {
	s.touched, s.output.stale = true, true
	if s.visit != nil {
		s.visit.touch(s.destroyed)
	}
}

func (s *state) destroy() {
	s.destroyed = true
	s.record = s.record.restart(clock.Now())
	s.touch()
}

// restart returns the record of the session that follows a destroyed one. It
// keeps only the facts that are named here.
func (r *record) restart(now time.Time) record {
	next := record{
		created: now.Unix(),
		issued:  r.issued, // the next cookie must not look older
	}
	if r.hasID {
		next.drawID() // another one
	}
	return next
}

// renew gives a session that goes on a new identity.
func (r *record) renew(now time.Time) {
	r.created = now.Unix()
	if r.hasID {
		r.drawID()
	}
}

// clearData empties Data, as in a new session: to the zero value, or an empty
// map.
func clearData(data reflect.Value) {
	data.SetZero()
	if data.Kind() == reflect.Map {
		data.Set(reflect.MakeMap(data.Type()))
	}
}

// An action says how a response changes the session cookie.
type action uint8

const (
	leave   action = iota // no Set-Cookie
	store                 // with the Data of now
	refresh               // with the body as it was
	remove
	reject // an error: see state.barred
)

// An output is the part of a response that is about the session cookie: it was
// written to the headers, or is about to be.
type output struct {
	action   action
	prepared bool // the output was made; else there is none
	stale    bool // something other than Data was changed since
	pending  bool // the key that sealed the cookies has yet to be activated
	handed   bool // the application was given the cookies
	reported bool // as an event

	sum    uint64 // of Data as it was at the time
	reason Reason
	lines  []string // Set-Cookie lines
	size   int      // bytes of name and value of the cookies that are set
	bare   int      // size without padding
	limit  int      // that size may have
	key    *ringKey // that sealed them
	failed error    // why a refresh has no lines after all
}

// facts are everything that a decision depends on.
type facts struct {
	opened    bool // a cookie opened
	deletes   bool // Destroy has something to delete: see state.deletes; only looked at with destroyed
	destroyed bool // Destroy was called
	touched   bool // Renew, SetLifetime, SetPersistent, SetBinding or a first ID was called
	zero      bool // Data is zero
	changed   bool // Data differs from the cookie's content
	barred    bool // nothing may be sealed: see state.barred
	over      bool // the session would have ended by now, even if it was issued now

	ended   bool // the cookie that opened would not open now
	renewal bool // webrule has this response renew the session
	reseal  bool // webrule has it move the session to another key
}

// decide returns how a response changes the cookie, and why.
func decide(f facts) (action, Reason) {
	do, reason := f.wanted()
	switch {
	case do != store && do != refresh:
	case f.barred:
		return reject, ""
	case f.over:
		return remove, ""
	}
	return do, reason
}

// wanted is decide for a session that may be sealed and has not ended.
func (f *facts) wanted() (action, Reason) {
	switch {
	case !f.opened || f.destroyed:
		switch {
		case !f.zero:
			return store, ReasonChanged
		case f.destroyed && f.deletes:
			return remove, ""
		}
		return leave, ""
	case f.changed && f.zero:
		return remove, ""
	case f.changed:
		return store, ReasonChanged
	case f.touched:
		return refresh, ReasonRequested
	case f.ended || f.barred:
		return leave, "" // nobody asked for it
	case f.renewal:
		return refresh, ReasonRenewed
	case f.reseal:
		return refresh, ReasonResealed
	}
	return leave, ""
}
