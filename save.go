package cookiesession

import (
	"errors"
	"net/http"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
)

// An action is what a response does to the session cookie.
type action uint8

const (
	leave   action = iota // no Set-Cookie
	store                 // with the Data of now
	refresh               // with the body as it was
	remove
)

// An output is what a session has put, or is about to put, into the response.
type output struct {
	action action
	reason Reason
	lines  []string // Set-Cookie lines
	sum    uint64   // of the Data that is stored
	handed bool     // the application was given the cookies
}

// prepare decides what becomes of a session in a response with this status, and
// composes its Set-Cookie lines. Its result is kept: as long as nothing
// changes, preparing again gives the same, so Save, a flush that did not happen
// and the commit agree. On an error nothing is kept.
func (m *Manager[T]) prepare(s *Session[T], status int) (*output, error) {
	sc := newScratch()
	defer sc.release()
	m.adopt(s)
	if err := m.encode(sc, s); err != nil {
		return nil, err
	}
	sum := sc.tape.Sum()
	if s.state.out != nil && !s.state.unsaved && !m.changedSince(s, sum) {
		return s.state.out, nil
	}
	now := clock.Now()
	out := s.state.newOutput()
	out.action, out.reason = m.decide(s, sum, now, status)
	out.sum = sum
	if err := m.compose(sc, s, out, now); err != nil {
		if out.action != refresh || s.state.asked {
			return nil, err
		}
		// Nobody asked for it, and the old cookie is as good as it was.
		out.action = leave
		m.event(s.state.request, failure(err))
	}
	s.state.out, s.state.unsaved = out, false
	return out, nil
}

// newOutput returns an output other than the present one. Most requests need
// one, which is part of the session.
func (s *sessionState) newOutput() *output {
	if s.out == nil {
		s.first = output{}
		return &s.first
	}
	return &output{}
}

// adopt gives a Session that the application made itself what load gives.
func (m *Manager[T]) adopt(s *Session[T]) {
	if s.state.policy == nil {
		s.state.policy, s.state.ring, s.state.label = &m.codec.policy, m.codec.keys.current(), m.codec.label
		s.state.record.lifetime = m.codec.policy.cut(s.state.record.lifetime)
		s.created()
	}
}

// decide says what a response with this status does to the cookie, and why.
func (m *Manager[T]) decide(s *Session[T], sum uint64, now time.Time, status int) (action, Reason) {
	st := &s.state
	zero := sum == m.zero
	if !st.opened || st.destroyed {
		switch {
		case !zero:
			return store, ReasonChanged
		case st.destroyed && m.carried(st):
			return remove, ""
		}
		return leave, ""
	}
	switch changed := sum != st.sum; {
	case changed && zero:
		return remove, ""
	case changed:
		return store, ReasonChanged
	case st.asked:
		return refresh, ReasonRequested
	case !webrule.MayRefresh(st.request, status):
		return leave, ""
	case st.ring.superseded(st.key, now):
		return refresh, ReasonResealed
	case m.codec.policy.renewalDue(&st.record, now):
		return refresh, ReasonRenewed
	}
	return leave, ""
}

// carried reports whether the request had a cookie, or part of one, of the
// session's.
func (m *Manager[T]) carried(st *sessionState) bool {
	return st.carried != 0
}

// compose makes out's lines.
func (m *Manager[T]) compose(sc *scratch, s *Session[T], out *output, now time.Time) error {
	if out.action == leave {
		return nil
	}
	st := &s.state
	if st.blocked != nil {
		return internalError(errBlocked{st.blocked})
	}
	if out.action == remove {
		m.composeRemoval(s, out)
		return nil
	}
	if m.labelFunc != nil && st.request == nil {
		return usageError(errNoRequest)
	}
	rec := st.record
	rec.issued = max(now.Unix(), st.floor)
	if out.action == store {
		rec.body, rec.packed = sc.pack()
	}
	maxAge := m.codec.policy.expires(&rec) - now.Unix()
	if maxAge <= 0 {
		// A lifetime of its own that is over already.
		m.composeRemoval(s, out)
		return nil
	}
	sealed, err := sc.seal(&sealing{
		Codec: m.codec, name: m.cookie.name, label: st.label, ring: st.ring, before: st.key, now: now, random: freshRandom(),
	}, &rec)
	if err != nil {
		return err
	}
	m.composeParts(sc, st, out, sealed, maxAge)
	key, size, limit := sealed.key, sealed.size, sealed.limit
	m.event(st.request, Event{Kind: EventIssued, Reason: out.reason, KeyID: key.idText, Size: size, Limit: limit})
	if size > limit/4*3 {
		m.event(st.request, Event{Kind: EventNearLimit, Size: size, Limit: limit})
	}
	if st.ring.pending(now) && m.pending.Swap(st.ring) != st.ring {
		m.event(st.request, Event{Kind: EventKeysPending, KeyID: key.idText})
	}
	if !st.opened && st.err != nil && !errors.Is(st.err, ErrNoSession) {
		m.event(st.request, Event{Kind: EventReplaced, Reason: ReasonOf(st.err), Err: st.err})
	}
	return nil
}

// composeParts makes the lines that set the cookies of a text and delete those
// that it leaves behind.
func (m *Manager[T]) composeParts(sc *scratch, st *sessionState, out *output, sealed sealed, maxAge int64) {
	out.lines = make([]string, 0, sealed.parts)
	for i, piece := range (wire.Cut{Name: m.cookie.name, Size: m.codec.maxSize}).Pieces(sealed.text, sealed.parts) {
		sc.line = m.cookie.appendSet(sc.line[:0], m.names[i-1], piece.Set, piece.Text, maxAge)
		out.lines = append(out.lines, string(sc.line))
	}
	for _, name := range st.carried.after(sealed.parts, m.names) {
		out.lines = append(out.lines, m.cookie.deletion(name))
	}
}

// composeRemoval makes the lines that delete all cookies of a session.
func (m *Manager[T]) composeRemoval(s *Session[T], out *output) {
	out.action, out.reason = remove, ""
	out.lines = []string{m.cookie.deletion(m.cookie.name)}
	for _, name := range s.state.carried.after(1, m.names) {
		out.lines = append(out.lines, m.cookie.deletion(name))
	}
	m.event(s.state.request, Event{Kind: EventDeleted})
}

var errNoRequest = errors.New("a Session that came with no request has no label: LabelFunc needs one")

// errBlocked keeps sessions from being overwritten while Check cannot answer.
type errBlocked struct{ cause error }

func (e errBlocked) Error() string {
	return "not saved, because the session could not be checked: " + e.cause.Error()
}
func (e errBlocked) Unwrap() error { return e.cause }

// apply writes a response's headers: Vary, then Set-Cookie, then Cache-Control.
// It may be done again, because somebody may have cleared the headers since, or
// because what an earlier output put there, before, is out of date.
func (m *Manager[T]) apply(h http.Header, before, out *output) {
	if before != out {
		m.retract(h, before)
	}
	if len(out.lines) > 0 {
		webrule.SetCookies(h, out.lines)
		return
	}
	webrule.MarkRead(h)
}

// retract takes the cookies of an output out of the headers.
func (m *Manager[T]) retract(h http.Header, out *output) {
	if out != nil && len(out.lines) > 0 {
		webrule.RemoveCookies(h, out.lines)
	}
}

// failure returns the event of a session that could not be saved.
func failure(err error) Event {
	e := Event{Kind: EventSaveFailed, Err: err}
	var size *TooLargeError
	if errors.As(err, &size) {
		e.Size, e.Limit = size.Size, size.Limit
	}
	return e
}
