package cookiesession

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/wire"
)

// A Manager keeps sessions of type T in a cookie. It is safe for concurrent
// use.
type Manager[T any] struct {
	codec     *Codec // the one implementation of sealing
	plan      *value.Plan
	zero      uint64 // the sum of a session that is not stored
	cookie    attributes
	names     []string // of the cookie and of its further parts
	labelFunc func(*http.Request) string
	check     func(*http.Request, *Session[T]) error
	onEvent   func(*http.Request, Event)
	reported  atomic.Pointer[keyringStatus] // of keys, by events
	pending   atomic.Pointer[ring]          // the last one that was reported to be pending
	insecure  atomic.Bool                   // Insecure, and InsecureTLS has not been reported
}

// planOf returns the plan of T, which has to be a type that a session can have.
func planOf[T any]() (*value.Plan, error) {
	t := reflect.TypeFor[T]()
	switch t.Kind() {
	case reflect.Pointer:
		return nil, fmt.Errorf("%s is a pointer: use %s, Data is addressable", t, t.Elem())
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return nil, fmt.Errorf("%s is of kind %s: use a struct, map, slice, array or scalar type", t, t.Kind())
	}
	plan, err := value.PlanFor(t)
	if err != nil {
		return nil, err
	}
	if plan.StoresNothing() {
		return nil, fmt.Errorf("nothing of %s would be stored: export its fields", t)
	}
	return plan, nil
}

// zeroData returns the Data of a new session.
func zeroData[T any]() T {
	if reflect.TypeFor[T]().Kind() == reflect.Map {
		return emptyMap[T]()
	}
	var zero T
	return zero
}

// emptyMap is apart because reflection moves its result to the heap.
func emptyMap[T any]() (data T) {
	v := reflect.ValueOf(&data).Elem()
	v.Set(reflect.MakeMap(v.Type()))
	return data
}

// CookieName returns the name of the session cookie.
func (m *Manager[T]) CookieName() string { return m.cookie.name }

// Get returns the request's session, the same one at each call. The first call
// opens the cookie; a request whose handler never calls it costs nothing. It
// panics if the request did not pass through [Manager.Handler].
func (m *Manager[T]) Get(r *http.Request) *Session[T] {
	s, ok := m.FromContext(r.Context())
	if !ok {
		panic(fmt.Sprintf("cookiesession: Get: no session %q: the request did not pass through this Manager's Handler, or its context was replaced", m.cookie.name))
	}
	return s
}

// FromContext is [Manager.Get] for code that has a request's context and no
// request, or cannot be sure that there is a session.
func (m *Manager[T]) FromContext(ctx context.Context) (*Session[T], bool) {
	h, ok := ctx.Value(m).(*visit[T])
	if !ok {
		return nil, false
	}
	return h.get(ctx), true
}

// Load opens the session of a request without the middleware. It never fails:
// see [Session.Err]. Each call returns another Session.
func (m *Manager[T]) Load(r *http.Request) *Session[T] {
	return m.load(r, r.Header["Cookie"], nil)
}

// Save stores a session, that is, sets the response headers that Handler would
// set, or none if there is nothing to store. It may be called again: the
// headers are replaced. With Handler it is needed only to learn of an error in
// time, [ErrTooLarge] above all; what is changed after it is still saved. It is
// an error to call it when the response headers are out, as far as Save can
// know, which is behind a Handler.
func (m *Manager[T]) Save(w http.ResponseWriter, s *Session[T]) error {
	if ours := findWriter(w); ours != nil && ours.committed {
		if s.state.owner != nil {
			s.state.owner.changed()
		}
		return usageError(errors.New("the response headers have been sent"))
	}
	before := s.state.out
	out, err := m.prepare(s, http.StatusOK)
	if err != nil {
		return err
	}
	m.apply(w.Header(), before, out)
	return nil
}

// Cookies returns the cookies that Save would set, or none: for a response that
// somebody else writes (the header of a WebSocket upgrade), and for tests,
// which give it a Session of their own:
//
//	cookies, err := manager.Cookies(&cookiesession.Session[User]{Data: User{Name: "ana"}})
func (m *Manager[T]) Cookies(s *Session[T]) ([]*http.Cookie, error) {
	out, err := m.prepare(s, http.StatusOK)
	if err != nil {
		return nil, err
	}
	out.handed = true
	cookies := make([]*http.Cookie, len(out.lines))
	for i, line := range out.lines {
		if cookies[i], err = http.ParseSetCookie(line); err != nil {
			return nil, internalError(err) // unreachable: New has had a line judged
		}
	}
	return cookies, nil
}

// event reports an event about this Manager's cookie.
func (m *Manager[T]) event(r *http.Request, e Event) {
	e.Cookie = m.cookie.name
	m.onEvent(r, e)
}

// load opens the session of a request.
func (m *Manager[T]) load(r *http.Request, lines []string, o owner) *Session[T] {
	now := clock.Now()
	s := &Session[T]{Data: zeroData[T](), state: sessionState{
		request: r, label: m.codec.label, policy: &m.codec.policy, owner: o,
		record: record{}.begun(now),
	}}
	if m.labelFunc != nil {
		s.state.label = m.labelFunc(r)
	}
	m.reportRequest(r, lines)
	s.state.ring = m.codec.keys.current()
	if err := m.open(s, lines, now); err != nil {
		s.state.err = err
		if !errors.Is(err, ErrNoSession) {
			m.event(r, Event{Kind: EventRefused, Reason: ReasonOf(err), Err: err})
		}
		return s
	}
	m.event(r, Event{Kind: EventOpened, KeyID: s.state.key.idText})
	return s
}

// reportRequest reports what a request shows besides its session.
func (m *Manager[T]) reportRequest(r *http.Request, lines []string) {
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size > wire.HeaderLine {
		m.event(r, Event{Kind: EventLongHeader, Size: size, Limit: wire.HeaderLine})
	}
	status, last := m.codec.keys.status(), m.reported.Load()
	if status == last || !m.reported.CompareAndSwap(last, status) {
		return
	}
	if status.created && last == nil {
		m.event(r, Event{Kind: EventKeysCreated})
	}
	if last != nil && status.generation != last.generation {
		m.event(r, Event{Kind: EventKeysReloaded})
	}
	if status.err != nil && (last == nil || status.refused != last.refused) {
		m.event(r, Event{Kind: EventKeysRefused, Err: status.err})
	}
}

// open fills a new session from the request's cookie, or leaves it as it is.
func (m *Manager[T]) open(s *Session[T], lines []string, now time.Time) error {
	f := finder{Codec: m.codec, name: m.cookie.name, label: s.state.label, now: now, ring: s.state.ring}
	best, err := f.newest(lines)
	s.state.carried = f.carried
	if f.duplicate {
		m.event(s.state.request, Event{Kind: EventDuplicate})
	}
	s.state.ring = f.ring
	if err != nil {
		return err
	}
	defer best.scratch.release()
	if err := m.codec.policy.check(&best.record, now); err != nil {
		return err
	}
	sc := best.scratch
	if err := sc.unpack(&best.record); err != nil {
		return err
	}
	var zero T
	s.Data = zero
	exact, err := m.plan.Read(&sc.tape, reflect.ValueOf(&s.Data).Elem())
	if err == nil && !exact {
		// What this program would have stored is not what is stored: a field of
		// another release, say. Compared is with the former, so that reading
		// never writes.
		sc.tape.Reset()
		err = m.plan.Write(&sc.tape, reflect.ValueOf(&s.Data).Elem())
	}
	if err != nil {
		s.Data = zeroData[T]()
		return valueError(err)
	}
	fresh := s.state.record
	s.state.opened, s.state.key = true, best.key
	s.state.record, s.state.floor = best.record, best.record.issued
	s.state.record.lifetime = m.codec.policy.cut(best.record.lifetime)
	s.state.record.body, s.state.sum = bytes.Clone(best.record.body), sc.tape.Sum()
	if err := m.runCheck(s); err != nil {
		s.Data = zeroData[T]()
		s.state.opened, s.state.key, s.state.record = false, nil, fresh
		s.state.asked, s.state.unsaved = false, false
		return err
	}
	return nil
}

// runCheck asks the application about a session that opened.
func (m *Manager[T]) runCheck(s *Session[T]) error {
	if m.check == nil {
		return nil
	}
	err := m.check(s.state.request, s)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrRevoked):
		return &codecError{class: classDecode, reason: ReasonCheck, sentinel: ErrRevoked, cause: err}
	}
	s.state.blocked = err
	return &codecError{class: classInternal, reason: ReasonCheckFailed, sentinel: errCheckFailed, cause: err}
}

var errCheckFailed = errors.New("cookiesession: the session could not be checked")

// encode puts a session's Data on sc's tape.
func (m *Manager[T]) encode(sc *scratch, s *Session[T]) error {
	return sc.encodeAs(m.plan, reflect.ValueOf(&s.Data).Elem())
}

// changedSince reports whether Data differs from what was stored or read last.
func (m *Manager[T]) changedSince(s *Session[T], sum uint64) bool {
	switch {
	case s.state.out != nil:
		return sum != s.state.out.sum
	case s.state.opened:
		return sum != s.state.sum
	}
	return sum != m.zero
}
