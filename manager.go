package cookiesession

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
)

// A Manager keeps sessions of type T in a cookie. It is safe for concurrent
// use.
type Manager[T any] struct {
	*manager
	check func(*http.Request, *Session[T]) error // nil: none
}

// A manager is all of a Manager that does not depend on T. It is compiled once,
// however many types of sessions a program has.
type manager struct {
	codec     *Codec       // the one implementation of sealing
	dataType  reflect.Type // T
	plan      *value.Plan
	plain     bool   // see isPlain
	zero      uint64 // the sum of a Data that is not stored
	cookie    attributes
	names     []string // of the cookie and of its further parts
	labelFunc func(*http.Request) string
	onEvent   func(*http.Request, Event)
	reported  atomic.Pointer[keyringStatus] // of keys, by events
	pending   atomic.Pointer[ring]          // the last one that KeysPending was reported for
	insecure  atomic.Bool                   // Insecure, and InsecureTLS has not been reported
	secure    atomic.Bool                   // not Insecure, and PlainHTTP has not been reported
	newer     webrule.LogLimit              // of EventRefused for ErrNewer
}

// planOf returns the plan of a type, if a session can have it.
func planOf(t reflect.Type) (*value.Plan, error) {
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

// isPlain reports whether two values of a type that are equal to Go are always
// stored alike, as long as its marshaling methods, if it has any, look at
// nothing else. Nothing in a plain type can be changed through a pointer. A
// float is not plain: 0 and -0 are equal.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	case reflect.Array:
		return isPlain(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return true // a Location does not change
		}
		for f := range t.Fields() {
			if !isPlain(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}

// encodeZero sets zero.
func (m *manager) encodeZero() error {
	data := reflect.New(m.dataType).Elem()
	clearData(data)
	sc := newScratch()
	defer sc.release()
	if err := m.plan.Write(&sc.tape, data); err != nil {
		return err
	}
	m.zero = m.sum(sc, data)
	return nil
}

// sum returns the sum of a Data that is on sc's tape. Two that are stored alike
// have the same one. So have two that are not with a chance of 2^-64, which
// nobody outside can influence: the hashes have random keys, and no sum is ever
// shown.
//
// That of a plain Data is the sum of its body, which a request has already. All
// other Data is summed again when it is saved, so it takes what is quicker than
// packing.
func (m *manager) sum(sc *scratch, data reflect.Value) uint64 {
	if sum, ok := m.sumAsIs(data); ok {
		return sum
	}
	if m.plain {
		return bodySum(sc.pack())
	}
	return uint64(sc.tape.Sum())
}

// sumAsIs is sum for a Data that need not be on a tape for that.
func (m *manager) sumAsIs(data reflect.Value) (sum uint64, ok bool) {
	if m.plain {
		return 0, false
	}
	s, ok := m.plan.Sum(data)
	return uint64(s), ok
}

var bodySeed = maphash.MakeSeed()

func bodySum(body []byte, packed bool) uint64 {
	sum := maphash.Bytes(bodySeed, body)
	if packed {
		return ^sum // the bytes mean something else
	}
	return sum
}

// CookieName returns the name of the session cookie.
func (m *manager) CookieName() string { return m.cookie.name }

// Strip takes this Manager's cookies, all parts of them, out of the Cookie
// headers of a request that goes to another server. Every other byte stays as
// it is. Call it in the Rewrite of a ReverseProxy:
//
//	Rewrite: func(r *httputil.ProxyRequest) {
//	    r.SetURL(upstream)
//	    sessions.Strip(r.Out.Header)
//	}
func (m *manager) Strip(h http.Header) {
	lines := h["Cookie"]
	kept := make([]string, 0, len(lines)) // the request that came in may have the same slice
	for _, line := range lines {
		rest, found := wire.Strip(line, m.cookie.name)
		if !found || strings.Trim(rest, "; \t") != "" {
			kept = append(kept, rest)
		}
	}
	if h["Cookie"] = kept; len(kept) == 0 {
		delete(h, "Cookie")
	}
}

// Get returns the request's session, the same one at each call. The first call
// opens the cookie, as of the time when the request came in; a request whose
// handler never calls it costs nothing. It panics if the request did not pass
// through [Manager.Handler].
//
// While a handler uses a Session, no other goroutine may answer for it, unless
// the status and the context then say that the request was given up: see
// Handler. A middleware that does otherwise belongs outside Handler.
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
	v, ok := ctx.Value(m.manager).(*visit)
	if !ok {
		return nil, false
	}
	v.asks(ctx)
	v.once.Do(func() {
		s := new(Session[T])
		defer v.open(&s.state) // a panic of Check passes through
		s.visit, s.request, s.began = v, v.request, v.began
		m.load(s, v.lines)
	})
	return v.session.whole.(*Session[T]), true
}

// Load opens the session of a request without the middleware. It never fails:
// see [Session.Err]. Each call returns another Session.
func (m *Manager[T]) Load(r *http.Request) *Session[T] {
	s := new(Session[T])
	s.request, s.began = r, clock.Now()
	m.load(s, r.Header["Cookie"])
	return s
}

// load makes s the session of its request.
func (m *Manager[T]) load(s *Session[T], lines []string) {
	var check func() error
	if m.check != nil {
		check = func() error { return m.check(s.request, s) }
	}
	s.manager, s.whole = m.manager, s
	if m.plain {
		s.wasSum = m.zero // of Data and was, which are zero
	}
	m.manager.load(&s.state, lines, check)
}

// Save stores a session, that is, sets the response headers that Handler would
// set, or none if there is nothing to store. It may be called again: the
// headers are replaced. With Handler it is needed only to see an error while
// another answer is still possible, [ErrTooLarge] above all. An error changes
// nothing in the session, which is saved once more when the headers go out: put
// back what was there before you answer, or the client gets the 500 all the
// same. A later change is still saved, and whether the session is merely
// refreshed is decided again when the headers go out. It is an error to call it
// when the response headers are out. The session of a Handler knows that, with
// any writer. A session of another Manager is an error, too. [ErrRevoked] says
// that the session's key was revoked during the request.
func (m *Manager[T]) Save(w http.ResponseWriter, s *Session[T]) error {
	if err := m.bind(&s.state, s); err != nil {
		return err
	}
	return s.save(w)
}

func (s *state) save(w http.ResponseWriter) error {
	if s.sent(w) {
		return usageError(errSent)
	}
	before := s.output.lines
	if err := s.prepare(http.StatusOK); err != nil {
		return err
	}
	s.apply(w.Header(), before, slices.Clone(s.output.lines)) // the application may write into them
	if s.visit == nil {
		s.report()
	}
	return nil
}

// sent reports whether the headers of the response are out. A session of a
// Handler knows that itself, even if the writer was wrapped. For another
// session, w may be a Handler's writer.
func (s *state) sent(w http.ResponseWriter) bool {
	if s.visit != nil {
		return s.visit.refuse()
	}
	ours := findWriter(w)
	return ours != nil && ours.committed
}

// Cookies returns the cookies that Save would set, or none. It is for a
// response that another library writes (the header of a WebSocket upgrade), and
// for tests with a Session of their own:
//
//	cookies, err := manager.Cookies(&cookiesession.Session[User]{Data: User{Name: "ana"}})
//
// It reports no event, because it cannot know whether they are sent. Behind
// Handler, [EventIssued] comes with the upgrade. Call it before: as with Save,
// it is an error once the headers are out.
func (m *Manager[T]) Cookies(s *Session[T]) ([]*http.Cookie, error) {
	if err := m.bind(&s.state, s); err != nil {
		return nil, err
	}
	return s.cookies()
}

func (s *state) cookies() ([]*http.Cookie, error) {
	if s.sent(nil) {
		return nil, usageError(errSent)
	}
	err := s.prepare(http.StatusOK)
	if err != nil {
		return nil, err
	}
	s.output.handed = true
	cookies := make([]*http.Cookie, len(s.output.lines))
	for i, line := range s.output.lines {
		if cookies[i], err = http.ParseSetCookie(line); err != nil {
			return nil, internalError(err) // unreachable: New has had a line judged
		}
	}
	return cookies, nil
}

// bind gives m a Session that the application has made. It refuses one of
// another Manager: its cookie would not open here.
func (m *manager) bind(s *state, whole session) error {
	switch s.manager {
	case nil:
		s.manager, s.ring, s.label = m, m.codec.keys.current(), m.codec.label
		s.record.lifetime = m.codec.policy.cut(s.record.lifetime)
		s.created()
	case m:
	default:
		return usageError(fmt.Errorf("the session belongs to another Manager, the one of the cookie %q", s.manager.cookie.name))
	}
	s.whole = whole // a copy, perhaps
	return nil
}

// event reports an event about this Manager's cookie.
func (m *manager) event(r *http.Request, e Event) {
	e.Cookie = m.cookie.name
	m.onEvent(r, e)
}

// load opens the session of s.request from the lines of its Cookie header, as
// Handler got them. check asks the application about it; nil: there is no
// Options.Check.
func (m *manager) load(s *state, lines []string, check func() error) {
	done := false
	defer func() {
		if !done {
			s.refuse(unchecked(errOpenPanicked))
		}
	}()
	s.label = m.codec.label
	if m.labelFunc != nil {
		s.label = m.labelFunc(s.request)
	}
	m.reportRequest(s.request, lines, s.began)
	s.ring = m.codec.keys.current()
	err := m.open(s, lines)
	if err == nil && check != nil {
		err = checked(check())
	}
	done = true
	if err == nil {
		m.event(s.request, Event{Kind: EventOpened, KeyID: s.key.idText})
		return
	}
	s.refuse(err)
	if err == errNone {
		return
	}
	e := Event{Kind: EventRefused, Reason: ReasonOf(err), Err: err}
	if e.Reason == ReasonNewer {
		if ok, _ := m.newer.Allow(s.began); !ok {
			return // while replicas are replaced, visitors bring such cookies to all of the old ones
		}
	}
	m.event(s.request, e)
}

// reportRequest reports events about a request that are not about its session.
func (m *manager) reportRequest(r *http.Request, lines []string, now time.Time) {
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size > wire.HeaderLine {
		m.event(r, Event{Kind: EventLongHeader, Size: size, Limit: wire.HeaderLine})
	}
	status, last := m.codec.keys.status(now), m.reported.Load()
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
	for _, w := range status.newWarnings(last) {
		m.event(r, Event{Kind: EventKeysWarning, KeyID: w.keyID, Err: w})
	}
}

// open fills s from the cookie in the lines. On an error s is as it was, except
// for Data and the ring.
func (m *manager) open(s *state, lines []string) error {
	f := finder{Codec: m.codec, name: m.cookie.name, label: s.label, now: s.began, ring: s.ring}
	best, err := f.newest(lines)
	s.carried = f.carried
	if f.duplicate {
		m.event(s.request, Event{Kind: EventDuplicate})
	}
	s.ring = f.ring
	if err != nil {
		return err
	}
	defer best.release()
	if err := m.codec.policy.check(&best.rec, s.began); err != nil {
		return err
	}
	if err := best.unpack(); err != nil {
		return err
	}
	data := s.whole.value()
	exact, err := m.plan.ReadExact(&best.tape, data)
	if err == nil && !exact {
		// This program would have stored something else, for instance without a
		// field of another release. Changes are told from that, so that reading
		// never writes.
		best.tape.Reset()
		err = m.plan.Write(&best.tape, data)
	}
	if err != nil {
		return valueError(err)
	}
	s.key, s.record = best.key, best.rec
	s.record.lifetime = m.codec.policy.cut(best.rec.lifetime)
	s.record.body = append(s.room[:0], best.rec.body...)
	if exact && m.plain {
		s.sum = bodySum(s.record.body, s.record.packed)
	} else {
		s.sum = m.sum(best, data)
	}
	s.remember(s.sum)
	return nil
}

// checked returns the error of a session about which Options.Check has
// answered.
func checked(answer error) error {
	switch {
	case answer == nil:
		return nil
	case errors.Is(answer, ErrRevoked):
		return &codecError{class: classDecode, reason: ReasonCheck, sentinel: ErrRevoked, cause: answer}
	}
	return unchecked(answer)
}

// unchecked returns the error of a session about which nothing is known.
func unchecked(cause error) error {
	return &codecError{class: classInternal, reason: ReasonCheckFailed, sentinel: errCheckFailed, cause: cause}
}

var (
	errSent         = errors.New("the response headers have been sent: call it before the first Write")
	errCheckFailed  = errors.New("cookiesession: the session could not be checked")
	errOpenPanicked = errors.New("opening the session panicked")
)
