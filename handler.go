package cookiesession

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Handler returns a handler that gives next's requests a session: see
// [Manager.Get]. The session is saved just before the response headers go out.
// Put it around as much of an application as there is; where next never asks
// for the session, nothing happens.
//
// A request whose context has ended, because [http.TimeoutHandler] inside next
// gave up on it or the client left, saves nothing: the handler may still be
// working with the session. Outside Handler, TimeoutHandler has no such effect;
// put it there.
//
// Two Managers may be around one handler if their cookies have different names;
// Handler panics at the first request if they don't. The same Manager twice is
// as good as once.
func (m *Manager[T]) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Value(m).(*visit[T]); ok {
			next.ServeHTTP(w, r)
			return
		}
		m.serve(next, w, r)
	})
}

func (m *Manager[T]) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	outer, _ := r.Context().Value(chainKey{}).(link)
	for l := outer; l != nil; l = l.next() {
		if l.cookieName() == m.cookie.name {
			panic(fmt.Sprintf("cookiesession: Handler: %T and %T share the cookie name %q: give one another Options.Name", l.manager(), m, m.cookie.name))
		}
	}
	if m.insecure.Load() && (r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https") && m.insecure.CompareAndSwap(true, false) {
		m.event(r, Event{Kind: EventInsecureTLS})
	}
	// The lines of the Cookie header are taken now: a middleware further in may
	// strip them before the session is asked for.
	h := &visit[T]{Context: r.Context(), m: m, outer: outer, request: r, lines: r.Header["Cookie"]}
	h.writer = responseWriter{ResponseWriter: w, session: h}
	inner := r.WithContext(h)
	next.ServeHTTP(&h.writer, inner)
	// net/http removes the temporary files of the request that it knows, and
	// outer loggers read the pattern of theirs (go.dev/issue/58809).
	r.Pattern, r.MultipartForm = inner.Pattern, inner.MultipartForm
	if did := h.writer.commit(http.StatusOK); !did && h.writer.err == nil {
		h.finish()
	}
}

// chainKey finds the innermost visit of any Manager in a context.
type chainKey struct{}

// A link is one of the Managers that a request has passed through.
type link interface {
	cookieName() string
	manager() any
	next() link
}

// A visit is one request's session. It is the context of the request that the
// handler gets, which saves an allocation, and holds its response writer.
type visit[T any] struct {
	context.Context // of request

	m       *Manager[T]
	outer   link
	request *http.Request // as Handler got it
	lines   []string      // of its Cookie header
	writer  responseWriter

	once sync.Once // opens the session

	mu        sync.Mutex // protects the fields below: a timeout commits on another goroutine than the handler's
	session   *Session[T]
	asker     context.Context // of the last Get
	committed bool
	timedOut  bool
	late      bool // reported
}

// Value finds the visit by its Manager, so that Managers of one type don't
// meet.
func (h *visit[T]) Value(key any) any {
	switch k := key.(type) {
	case *Manager[T]:
		if k == h.m {
			return h
		}
	case chainKey:
		return link(h)
	}
	return h.Context.Value(key)
}

func (h *visit[T]) cookieName() string    { return h.m.cookie.name }
func (h *visit[T]) manager() any          { return h.m }
func (h *visit[T]) next() link            { return h.outer }
func (h *visit[T]) done() context.Context { return h.Context }

// get returns the session, for the handler whose context ctx is.
func (h *visit[T]) get(ctx context.Context) *Session[T] {
	h.mu.Lock()
	h.asker = ctx
	h.mu.Unlock()
	h.once.Do(func() {
		var s *Session[T]
		defer func() {
			if s == nil {
				s = h.m.refusedSession(errOpenPanicked, h)
			}
			h.mu.Lock()
			h.session = s
			h.mu.Unlock()
		}()
		s = h.m.load(h.request, h.lines, h)
	})
	return h.session // written once, before Do returned
}

var errOpenPanicked = errors.New("opening the session panicked")

// refusedSession returns a session of which nothing may be saved.
func (m *Manager[T]) refusedSession(cause error, o owner) *Session[T] {
	return &Session[T]{Data: zeroData[T](), state: sessionState{
		policy: &m.codec.policy, owner: o, blocked: cause,
		err: &codecError{class: classInternal, reason: ReasonCheckFailed, sentinel: errCheckFailed, cause: cause},
	}}
}

// expired reports whether the handler that uses the session may have been given
// up. http.TimeoutHandler answers on its own goroutine once the context that it
// gave to the handler has passed its deadline, and net/http ends its own when
// the client leaves. A context that ended otherwise (a deferred cancel) says
// nothing.
func (h *visit[T]) expired() bool {
	return h.asker != nil && errors.Is(h.asker.Err(), context.DeadlineExceeded) || h.Context.Err() != nil
}

// commit implements saver.
func (h *visit[T]) commit(header http.Header, status int) error {
	h.mu.Lock()
	h.committed = true
	s := h.session
	h.timedOut = h.asker != nil && h.expired()
	timedOut := h.timedOut
	h.mu.Unlock()
	switch {
	case timedOut:
		h.m.event(h.request, Event{Kind: EventTimedOut})
		return nil
	case s == nil:
		return nil
	}
	before := s.state.out
	out, err := h.m.prepare(s, status)
	if err != nil {
		h.m.retract(header, before)
		h.m.event(h.request, failure(err))
		return err
	}
	h.m.apply(header, before, out)
	return nil
}

// uncommit implements saver.
func (h *visit[T]) uncommit() {
	h.mu.Lock()
	h.committed = false
	h.mu.Unlock()
}

// hijacked implements saver.
func (h *visit[T]) hijacked() {
	h.mu.Lock()
	s, timedOut := h.session, h.timedOut
	h.mu.Unlock()
	if s == nil || timedOut || s.state.out == nil || len(s.state.out.lines) == 0 || s.state.out.handed {
		return
	}
	h.m.event(h.request, Event{Kind: EventHijacked})
}

// changed implements owner: a change other than in Data is noticed at once.
func (h *visit[T]) changed() {
	h.mu.Lock()
	report := h.committed && !h.timedOut && !h.late
	h.late = h.late || report
	h.mu.Unlock()
	if report {
		h.m.event(h.request, Event{Kind: EventLate})
	}
}

// finish looks, after the handler has returned, for a change of Data that came
// too late to be saved.
func (h *visit[T]) finish() {
	h.mu.Lock()
	s := h.session
	skip := s == nil || h.timedOut || h.late || h.expired()
	h.mu.Unlock()
	if skip {
		return
	}
	sc := newScratch()
	defer sc.release()
	if err := h.m.encode(sc, s); err != nil || h.m.changedSince(s, sc.tape.Sum()) {
		h.m.event(h.request, Event{Kind: EventLate})
	}
}
