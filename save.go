package cookiesession

import (
	"errors"
	"net/http"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
)

// prepare decides how a response with this status changes the cookie, and makes
// its Set-Cookie lines. The decision is made anew at each call, since the
// status, the time or the keys may have changed. As long as it is the same and
// nothing changes, the lines stay the same. So Save, a flush that did not
// happen and the commit agree. On an error, the output stays as it was.
func (s *state) prepare(status int) error {
	sum, sc, err := s.measure()
	if err != nil {
		return err
	}
	if sc != nil {
		defer sc.release()
	}
	next := output{prepared: true, sum: sum}
	if s.rests(sum) {
		if !s.output.is(&next) {
			s.output = next
		}
		return nil
	}
	now := clock.Now()
	s.dropRevoked(now)
	barred := s.barred()
	next.action, next.reason = decide(s.facts(sum, now, status, barred != nil))
	if next.action == reject {
		return barred
	}
	if s.output.is(&next) && !s.output.revokedBy(s.ring) {
		return nil
	}
	if err := s.compose(sc, &next, now); err != nil {
		if next.action != refresh || s.touched {
			return err
		}
		// Nobody asked for it, and the old cookie is still good.
		next.failed = err
	}
	s.output = next
	return nil
}

// rests reports whether nothing is to be done for the session, at whatever time
// and with whatever status: decide would say leave. That is so in most
// requests.
func (s *state) rests(sum uint64) bool {
	switch {
	case s.destroyed:
		return false
	case !s.opened():
		return sum == s.manager.zero
	}
	return !s.touched && sum == s.sum &&
		s.manager.codec.policy.idleTimeout == 0 && s.ring.isLatest(s.key)
}

// measure returns the sum of Data, and its tape if that had to be made. Else sc
// is nil.
func (s *state) measure() (sum uint64, sc *scratch, err error) {
	if sum, ok := s.whole.kept(); ok {
		return sum, nil, nil
	}
	data := s.whole.value()
	if sum, ok := s.manager.sumAsIs(data); ok {
		return sum, nil, nil
	}
	if sc, err = s.encode(); err != nil {
		return 0, nil, err
	}
	sum = s.manager.sum(sc, data)
	s.remember(sum)
	return sum, sc, nil
}

// encode puts Data on a tape.
func (s *state) encode() (*scratch, error) {
	sc := newScratch()
	if err := sc.encodeAs(s.manager.plan, s.whole.value()); err != nil {
		sc.release()
		return nil, err
	}
	return sc, nil
}

// remember keeps Data and its sum, if Data is plain. As long as it stays the
// same, it is not encoded again.
func (s *state) remember(sum uint64) {
	if s.manager.plain {
		s.whole.keep(sum)
	}
}

// dropRevoked removes from the request's ring the keys that were revoked since
// it began. If the ring has no key left that can seal, today's takes its place.
func (s *state) dropRevoked(now time.Time) {
	current := s.manager.codec.keys.current()
	if s.ring = s.ring.revoking(current.revoked); s.ring.sealing(now) == nil {
		s.ring = current
	}
}

// revokedBy reports whether the cookies were sealed by a key that was revoked
// since.
func (o *output) revokedBy(r *ring) bool { return o.key != nil && r.revokes(o.key.id) }

// is reports whether o is the output of the decision next, for the same Data.
func (o *output) is(next *output) bool {
	return o.prepared && !o.stale && o.action == next.action && o.reason == next.reason && o.sum == next.sum
}

// changedSince reports whether Data, which has this sum, differs from the Data
// that was stored or read last.
func (s *state) changedSince(sum uint64) bool {
	switch {
	case s.output.prepared:
		return sum != s.output.sum
	case s.opened():
		return sum != s.sum
	}
	return sum != s.manager.zero
}

// facts gathers the facts for a decision.
func (s *state) facts(sum uint64, now time.Time, status int, barred bool) facts {
	m, rec := s.manager, s.reissued(now)
	f := facts{
		opened: s.opened(), destroyed: s.destroyed, touched: s.touched,
		zero: sum == m.zero, changed: sum != s.sum,
		barred: barred, over: m.codec.policy.expires(&rec) <= now.Unix(),
	}
	if s.destroyed {
		f.deletes = s.deletes()
	}
	if s.opened() && !f.changed {
		s.addDue(&f, now, status)
	}
	return f
}

// addDue adds the facts that decide whether an opened session is refreshed.
func (s *state) addDue(f *facts, now time.Time, status int) {
	p := &s.manager.codec.policy
	key, found := s.ring.find(s.key.id, now)
	if f.ended = found != keyFound || p.check(&s.record, now) != nil; f.ended {
		return
	}
	superseded := s.ring.superseded(key, now)
	if p.idleTimeout == 0 && !superseded {
		return
	}
	response := webrule.Refresh{Kind: webrule.KindOf(s.request), Flight: now.Sub(s.began), Status: status}
	age := time.Duration(now.Unix()-s.record.issued) * time.Second
	f.renewal = response.RenewalDue(age, time.Duration(p.idleTimeout)*time.Second)
	f.reseal = superseded && response.ResealDue(webrule.Superseded{
		Issued: time.Unix(s.record.issued, 0), Next: s.ring.supersededAt(key), Retires: key.retires,
	}, now)
}

// reissued returns the session's record as it is sealed at now. A cookie must
// not look older than the one that it replaces.
func (s *state) reissued(now time.Time) record {
	rec := s.record
	rec.issued = max(now.Unix(), rec.issued)
	return rec
}

// compose makes the lines of an output.
func (s *state) compose(sc *scratch, out *output, now time.Time) error {
	if out.action == leave {
		return nil
	}
	switch out.action {
	case remove:
		out.lines = s.deletions()
		return nil
	case store, refresh:
		return s.seal(sc, out, now)
	}
	panic("cookiesession: an action without a way to compose it")
}

// seal makes the lines that set the cookies of a session, and those that delete
// its stale ones. sc has the tape of Data, or is nil.
func (s *state) seal(sc *scratch, out *output, now time.Time) error {
	m := s.manager
	if m.labelFunc != nil && s.request == nil {
		return usageError(errNoRequest)
	}
	rec := s.reissued(now)
	if out.reason == ReasonResealed {
		// It is the session of the old cookie under another key, and prolongs
		// nothing. Replicas whose clocks differ would else lose it.
		rec.issued = s.record.issued
	}
	if sc == nil {
		sc = newScratch()
		defer sc.release()
		if out.action == store {
			if err := sc.encodeAs(m.plan, s.whole.value()); err != nil {
				return err
			}
		}
	}
	if out.action == store {
		if err := sc.readBack(m.plan); err != nil {
			return err
		}
		rec.body, rec.packed = sc.pack()
	}
	sealed, err := sc.seal(&sealing{
		Codec: m.codec, name: m.cookie.name, label: s.label, ring: s.ring, before: s.key, now: now, random: freshRandom(),
	}, &rec)
	if err != nil {
		return err
	}
	out.key, out.size, out.bare, out.limit = sealed.key, sealed.size, sealed.bare, sealed.limit
	out.pending = s.ring.pending(now)
	maxAge := m.codec.policy.expires(&rec) - now.Unix()
	if m.cookie.browserSession || rec.browserSession {
		maxAge = -1
	}
	lines := s.line[:0:1]
	for i, piece := range (wire.Cut{Name: m.cookie.name, Size: m.codec.maxSize}).Pieces(sealed.text, sealed.parts) {
		sc.line = m.cookie.appendSet(sc.line[:0], m.names[i-1], piece.Set, piece.Text, maxAge)
		lines = append(lines, string(sc.line))
	}
	out.lines = s.appendStale(lines, sealed.parts)
	return nil
}

// deletes reports whether Destroy sends deletions. It does if the request
// carried a cookie of the session. If it carried none, SameSite may have kept
// it back from another site's form, as when an identity provider logs out. But
// a link must not log out, and pages of visitors without a session stay in
// caches.
func (s *state) deletes() bool {
	return s.carried != 0 || s.request != nil && !webrule.IsSafe(s.request.Method)
}

// deletions returns the lines that delete a session's cookies.
func (s *state) deletions() []string {
	return s.appendStale([]string{s.manager.cookie.deletion(s.manager.cookie.name)}, 1)
}

// appendStale appends the lines that delete stale cookies: those that the
// request carried and that a session of n parts does not overwrite.
func (s *state) appendStale(lines []string, n int) []string {
	for _, name := range s.carried.after(n, s.manager.names) {
		lines = append(lines, s.manager.cookie.deletion(name))
	}
	return lines
}

var errNoRequest = errors.New("a Session that came with no request has no label: LabelFunc needs one")

// apply writes a response's headers: Vary, then Set-Cookie, then Cache-Control.
// It may run again: the headers may have been cleared since, or the lines in
// them may be out of date. lines are those of the output, and may become the
// header's.
func (s *state) apply(h http.Header, before, lines []string) {
	retract(h, before)
	if len(lines) == 0 {
		webrule.MarkRead(h, &s.headers)
		return
	}
	webrule.SetCookies(h, lines, &s.headers)
}

// retract takes the cookies of Set-Cookie lines out of the headers.
func retract(h http.Header, lines []string) {
	if len(lines) > 0 {
		webrule.RemoveCookies(h, lines)
	}
}

// report reports the output, once, when the headers are on their way.
func (s *state) report() {
	out := &s.output
	if out.reported {
		return
	}
	out.reported = true
	if out.failed != nil {
		s.event(failure(out.failed))
		return
	}
	switch out.action {
	case leave:
		s.reportID()
	case remove:
		s.event(Event{Kind: EventDeleted})
		s.reportID()
	case store, refresh:
		s.reportIssued()
	default:
		panic("cookiesession: an action without an event")
	}
}

func (s *state) reportID() {
	if s.drewID && !s.destroyed {
		s.event(Event{Kind: EventIDLost})
	}
}

func (s *state) reportIssued() {
	out, m := &s.output, s.manager
	s.event(Event{Kind: EventIssued, Reason: out.reason, KeyID: out.key.idText, Size: out.size, Limit: out.limit})
	if out.bare > out.limit/4*3 {
		s.event(Event{Kind: EventNearLimit, Size: out.bare, Limit: out.limit})
	}
	if out.pending && m.pending.Swap(s.ring) != s.ring {
		s.event(Event{Kind: EventKeysPending, KeyID: out.key.idText})
	}
	if m.secure.Load() && s.carried == 0 && s.request != nil && webrule.IsPlainPage(s.request) && m.secure.CompareAndSwap(true, false) {
		s.event(Event{Kind: EventPlainHTTP})
	}
	if s.err != nil && s.err != errNone {
		s.event(Event{Kind: EventReplaced, Reason: ReasonOf(s.err), Err: s.err})
	}
}

// event reports an event of the session's request.
func (s *state) event(e Event) { s.manager.event(s.request, e) }

// failure returns the event of a session that could not be saved.
func failure(err error) Event {
	e := Event{Kind: EventSaveFailed, Err: err}
	var size *TooLargeError
	if errors.As(err, &size) {
		e.Size, e.Limit = size.Size, size.Limit
	}
	return e
}
