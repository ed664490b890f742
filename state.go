package cookiesession

import (
	"net/http"
	"reflect"
	"time"

	"example.com/cookiesession/internal/clock"
)

// A state is a Session without its Data: all of it that does not depend on the
// type of Data.
type state struct {
	manager *manager      // whose session it is; nil: nobody's yet
	data    reflect.Value // Session.Data, once there is a manager
	visit   *visit        // nil without Handler
	request *http.Request // as the Manager got it; nil: none
	lines   []string      // of its Cookie header
	label   string
	ring    *ring // the one snapshot of this request

	err    error    // why no cookie opened; nil if one did
	key    *ringKey // that sealed the cookie; nil: none opened
	record record   // identity and times, of which issued is the cookie's; body: as stored
	item   []byte   // the CBOR of what was opened, as this program would store it

	destroyed bool    // Destroy was called
	requests  int     // how often Renew, SetLifetime or a first ID were called
	out       *output // nil: nothing is prepared
	first     output
}

// opened reports whether the session came in a cookie.
func (s *state) opened() bool { return s.key != nil }

// blocked returns why nothing may be written in this request, or nil: nobody
// knows whether the cookie that it brought is good.
func (s *state) blocked() error {
	if e, ok := s.err.(*codecError); ok && e.reason == ReasonCheckFailed {
		return e.cause
	}
	return nil
}

// keep copies what the state needs of the buffers that it was opened in.
func (s *state) keep(item []byte) {
	body := s.record.body
	kept := make([]byte, 0, len(body)+len(item))
	kept = append(append(kept, body...), item...)
	s.record.body, s.item = kept[:len(body):len(body)], kept[len(body):]
}

// refuse makes s a new session, because the request's cookie is not accepted.
func (s *state) refuse(err error, now time.Time) {
	clearData(s.data)
	came := s.record.issued // what replaces the cookie must not look older
	s.err, s.key, s.item, s.requests = err, nil, nil, 0
	s.record = record{}.begun(now)
	s.record.issued = max(s.record.issued, came)
}

// ask makes the session be stored even though its Data may not have changed.
func (s *state) ask() {
	s.requests++
	if s.visit != nil {
		s.visit.changed()
	}
}

func (s *state) destroy() {
	s.destroyed = true
	s.record.lifetime = 0
	s.redraw()
	s.ask()
}

func (s *state) redraw() {
	s.record.created = clock.Now().Unix()
	if s.record.hasID {
		s.record.drawID()
	}
}

// clearData makes Data what it is in a new session: the zero value, or an empty
// map.
func clearData(data reflect.Value) {
	data.SetZero()
	if data.Kind() == reflect.Map {
		data.Set(reflect.MakeMap(data.Type()))
	}
}
