package cookiesession

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/webrule"
)

// Handler returns a handler that gives next's requests a session: see
// [Manager.Get]. The session is saved just before the response headers go out.
// Put it around the whole application; where next never asks for the session,
// nothing happens.
//
// A request that was given up saves nothing. It is one whose context is over
// (or the last Get's context has passed a deadline of its own), and whose
// status is 408, 499 or at least 500. [http.TimeoutHandler] inside next answers
// so, while the handler may still be working with the session. Only a Destroy
// still sends its deletions. With any other status a session is saved, although
// a context is over: a server that shuts down and a client that has closed its
// side still get an ordinary answer. Outside Handler, TimeoutHandler has no
// such effect; put it there.
//
// The session is saved when the handler that Handler returns has returned. A
// framework that answers an error later, with the writer that it was given,
// loses what the error's handler does to the session: echo does so if Handler
// is within, by its WrapMiddleware. That is reported as [EventLate]. Put
// Handler around the framework.
//
// Two Managers may be around one handler if their cookies have different names;
// Handler panics at the first request if they don't. The same Manager twice is
// as good as once.
func (m *manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serve(next, w, r) })
}

func (m *manager) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	outer, _ := ctx.Value(chainKey{}).(*visit)
	for o := outer; o != nil; o = o.outer {
		switch {
		case o.manager == m:
			next.ServeHTTP(w, r)
			return
		case o.manager.cookie.name == m.cookie.name:
			panic(fmt.Sprintf("cookiesession: Handler: Manager[%v] and Manager[%v] share the cookie name %q: give one another Options.Name", o.manager.dataType, m.dataType, m.cookie.name))
		}
	}
	if m.insecure.Load() && (r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https") && m.insecure.CompareAndSwap(true, false) {
		m.event(r, Event{Kind: EventInsecureTLS})
	}
	// The lines of the Cookie header are taken now: a middleware further in may
	// strip them before the first Get.
	v := &visit{Context: ctx, manager: m, outer: outer, request: r, began: clock.Now(), lines: r.Header["Cookie"]}
	v.writer = responseWriter{ResponseWriter: w, visit: v}
	v.inner = *r.WithContext(v)
	inner := &v.inner
	next.ServeHTTP(&v.writer, inner)
	// net/http removes the temporary files of the request that it knows, and
	// outer loggers read the pattern of theirs (go.dev/issue/58809).
	r.Pattern, r.MultipartForm = inner.Pattern, inner.MultipartForm
	if v.writer.send(http.StatusOK) {
		v.writer.returned = v.writer.err == nil
	} else if v.writer.err == nil {
		v.finish()
	}
}

// chainKey finds the innermost visit of any Manager in a context.
type chainKey struct{}

// A visit is one request's session. It is the context of the request that the
// handler gets, and holds that request and its response writer, so that all
// three take one allocation.
type visit struct {
	context.Context // of request

	manager *manager
	outer   *visit        // of another Manager; nil: none
	request *http.Request // as Handler got it
	inner   http.Request  // as the handler gets it
	began   time.Time     // when Handler got it
	lines   []string      // of its Cookie header
	writer  responseWriter

	saved *state    // by the last commit; nil: nothing was
	once  sync.Once // opens the session

	mu        sync.Mutex      // protects the fields below: a timeout commits on another goroutine than the handler's
	session   *state          // that once has made
	asker     context.Context // of the last Get
	touched   bool            // the session was, other than in Data
	destroyed bool            // Destroy was called, perhaps for a session that lives again
	committed bool
	givenUp   bool // by the last commit
	late      bool // reported
}

// Value finds the visit by its Manager, so that Managers of one type don't
// meet.
func (v *visit) Value(key any) any {
	switch k := key.(type) {
	case *manager:
		if k == v.manager {
			return v
		}
	case chainKey:
		return v
	}
	return v.Context.Value(key)
}

// asks notes that a handler with the context ctx asks for the session.
func (v *visit) asks(ctx context.Context) {
	v.mu.Lock()
	v.asker = ctx
	v.mu.Unlock()
}

// open makes s the session of this visit.
func (v *visit) open(s *state) {
	v.mu.Lock()
	v.session = s
	v.mu.Unlock()
}

// over reports whether the context of the request is over, or the context of
// the handler that asked for the session has passed its deadline. Then another
// goroutine than the handler's may be answering. http.TimeoutHandler does so
// once the handler's context has passed its deadline, or has ended with the
// request's. A context that the handler itself has cancelled says nothing.
func (v *visit) over() bool {
	return v.asker != nil && errors.Is(v.asker.Err(), context.DeadlineExceeded) || v.Context.Err() != nil
}

// commit saves the session into the headers of a response with this status.
func (v *visit) commit(header http.Header, status int) error {
	v.mu.Lock()
	v.committed = true
	v.givenUp = webrule.GivesUp(status) && v.asker != nil && v.over()
	givenUp, s := v.givenUp, v.session
	v.mu.Unlock()
	v.saved = nil
	if givenUp {
		v.giveUp(header)
		return nil
	}
	if s == nil {
		return nil
	}
	v.saved = s
	before := s.output.lines
	if err := s.prepare(status); err != nil {
		retract(header, before)
		s.event(failure(err))
		return err
	}
	s.apply(header, before, s.output.lines)
	return nil
}

// giveUp answers for a handler that may still be working with the session. So
// it looks at nothing that the handler can change: not at Data, and not at the
// output of Save. The lines of that are found by their names. A logout happens
// all the same.
func (v *visit) giveUp(header http.Header) {
	v.mu.Lock()
	s, e := v.session, Event{Kind: EventTimedOut}
	if v.touched {
		e.Reason = ReasonRequested
	}
	destroyed := v.destroyed
	v.mu.Unlock()
	retract(header, v.manager.names)
	v.manager.event(v.request, e)
	if destroyed && s != nil && s.deletes() {
		webrule.SetCookies(header, s.deletions(), nil)
		v.manager.event(v.request, Event{Kind: EventDeleted})
	}
}

// sent says that the headers of the last commit are on their way.
func (v *visit) sent() {
	if v.saved != nil {
		v.saved.report()
	}
}

// uncommit says that the headers did not go out after all. The application may
// write into them again.
func (v *visit) uncommit(header http.Header) {
	if lines, ok := header["Set-Cookie"]; ok {
		header["Set-Cookie"] = slices.Clone(lines)
	}
	v.mu.Lock()
	v.committed = false
	v.mu.Unlock()
}

// hijacked says that the handler has taken the connection over, and may or may
// not send the headers.
func (v *visit) hijacked() {
	s := v.saved
	if s != nil && len(s.output.lines) > 0 && !s.output.handed {
		s.event(Event{Kind: EventHijacked})
	}
}

// touch is called at once for a change other than in Data.
func (v *visit) touch(destroyed bool) {
	v.mu.Lock()
	v.touched = true
	v.destroyed = v.destroyed || destroyed
	report := v.tooLate()
	v.mu.Unlock()
	if report {
		v.manager.event(v.request, Event{Kind: EventLate})
	}
}

// refuse reports to Save and Cookies whether the headers are out already. If
// so, it reports EventLate.
func (v *visit) refuse() (sent bool) {
	v.mu.Lock()
	sent, report := v.committed, v.tooLate()
	v.mu.Unlock()
	if report {
		v.manager.event(v.request, Event{Kind: EventLate})
	}
	return sent
}

// tooLate says whether a change that happens now has to be reported as
// EventLate. The caller holds v.mu.
func (v *visit) tooLate() (report bool) {
	report = v.committed && !v.givenUp && !v.late
	v.late = v.late || report
	return report
}

// finish looks, once the handler has returned, for a change of Data that came
// too late to be saved. It leaves Data alone once a context is over, with any
// answer: a middleware may have returned before the handler that it called.
func (v *visit) finish() {
	v.mu.Lock()
	s := v.session
	skip := s == nil || v.givenUp || v.late || v.over()
	v.mu.Unlock()
	if skip {
		return
	}
	sum, sc, err := s.measure()
	if sc != nil {
		sc.release()
	}
	if err != nil || s.changedSince(sum) {
		v.manager.event(v.request, Event{Kind: EventLate})
	}
}
