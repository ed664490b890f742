package cookiesession

import (
	"net/http"

	"example.com/cookiesession/internal/clock"
)

// sessionState is what a Session is besides its Data.
type sessionState struct {
	request *http.Request // as the Manager got it; nil for the zero Session
	carried partSet       // which of the cookies it has
	label   string
	ring    *ring // the one snapshot of this request
	policy  *policy
	owner   owner // nil without the middleware

	err     error // why no cookie opened; nil if one did
	blocked error // if not nil: nothing may be written in this request
	opened  bool
	record  record // identity and times; body: as stored
	key     *ringKey
	sum     uint64 // of what was opened, as this program would store it
	floor   int64  // issue time of the cookie that this session replaces

	destroyed bool // Destroy was called
	asked     bool // Renew, SetLifetime or a first ID want to be stored, whether Data has changed or not
	unsaved   bool // they were called since out was made
	out       *output
	first     output
}

// An owner is the middleware's side of a session.
type owner interface {
	// changed is told of a change other than in Data.
	changed()
}

// ask makes the session be stored even though its Data may not have changed.
func (s *sessionState) ask() {
	s.asked, s.unsaved = true, true
	if s.owner != nil {
		s.owner.changed()
	}
}

func (s *sessionState) renew() {
	s.record.created = clock.Now().Unix()
	if s.record.hasID {
		s.record.drawID()
	}
}
