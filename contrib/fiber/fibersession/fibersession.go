// Package fibersession keeps a typed session in one encrypted cookie, for
// applications of github.com/gofiber/fiber/v3. It is [cookiesession.Manager]
// for fasthttp: the same cookies, Options, sessions and events. fiber's own
// session middleware keeps data in the memory of one process by default. Here
// the data are in the cookie.
//
//	sessions, err := fibersession.New[Session](keys, nil)
//	...
//	app.Use(sessions.Handler())
//	app.Post("/login", func(c fiber.Ctx) error {
//	    s := sessions.Get(c)
//	    s.Destroy()
//	    s.Data.User = c.FormValue("user") // saved when the handler has returned
//	    return c.Redirect().To("/")
//	})
//
// The documentation of cookiesession is the manual of values, login and logout,
// keys, and what a session in a cookie cannot do. Here follows what is special
// to fiber.
//
// # When a session is saved
//
// A fasthttp handler writes into a buffer, and the server sends it later. So
// the session is saved once the handlers behind [Manager.Handler] have
// returned, with the status that the response has then. All changes up to then
// count, also those that follow a write. If it can't be saved, nothing of the
// page is sent, and the application's ErrorHandler answers: see [ErrNotSaved].
//
// If a handler returns an error, Handler runs the application's ErrorHandler
// itself, as fiber's logger does. So a change that the ErrorHandler makes is
// saved, and the status is known. Middleware outside Handler sees the response,
// and no error.
//
// If a handler panics, nothing is saved, and fasthttp lets the process end. Put
// fiber's recover middleware inside Handler: a panic is an ordinary error then,
// and the session is saved with the error page. Outside, Handler has no part in
// the error page, and no change is saved.
//
// # Streams
//
// A response of SendStreamWriter or SetBodyStreamWriter begins when its handler
// has returned, and the session is saved before. Its function runs in a
// goroutine of its own, perhaps at once. So it must not touch the session: give
// it a copy of what it needs. A change of Data in it is a data race and not
// saved. Renew, Destroy and the other methods are reported as EventLate then.
//
// Ctx.End sends the response at once, and no middleware can add to it: call
// [Manager.Save] before. An upgrade to a WebSocket is sent after its handler
// has returned, so the cookie goes with it. The function that then has the
// connection must not touch the session.
//
// # Other middleware
//
// fiber's timeout middleware belongs inside Handler. It answers for a handler
// that may go on working. With its own answer, 408, the request was given up,
// as [cookiesession.Manager.Handler] has it: the session's Data are neither
// read nor saved, and a Destroy still sends its deletions. An OnTimeout that
// answers with another status than 408, 499 or 500 and above has the Data read
// while the handler may be changing them.
//
// fiber's encryptcookie and our fibercookie belong inside, too: outside they
// would encrypt the sealed cookie a second time, unless their Except has
// [Manager.CookieName]. fiber's cache belongs outside: it stores no response
// that is private, as all are that read a session. A response that the proxy
// middleware forwards is no page of yours, and the request that it sends has
// the sealed cookie: delete it with DelCookie first, all parts of it.
//
// # Requests
//
// Options.Check, LabelFunc and OnEvent are called with a [http.Request] made
// from fiber's: method, URL, host, headers, remote address and TLS state, a
// copy of each, and no body. Its context is Ctx.Context as the middleware found
// it, so values that they need go there, and not into Locals.
//
// # While a release is rolled out
//
// fiber's session middleware keeps an id in a cookie, which it calls session_id
// by default, and the data in its Storage. To replicas of the old program, our
// cookie is no session, and theirs is none here. A visitor who meets both has
// two, and neither harms the other. A login or a logout on one side does not
// reach the other one, so keep that time short. The old sessions are not read:
// visitors sign in once more. Or keep the old middleware inside Handler for a
// while, and have a handler copy what a new session lacks.
//
// # fiber v2
//
// fiber's last release of v2 marks its module as deprecated in favor of v3.
// Each major version has a Ctx and a Handler of its own, so v2 would take a
// second copy of this package.
package fibersession

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"example.com/cookiesession"
	"github.com/gofiber/fiber/v3"
)

// A Manager keeps sessions of type T in a cookie. It is safe for concurrent
// use.
type Manager[T any] struct {
	sessions *cookiesession.Manager[T]
	handler  http.Handler
	insecure bool
}

// New returns a Manager that seals under keys. It is [cookiesession.New]: with
// the same keys and opts, each opens the cookies of the other, so an
// application may move to or from net/http without a logout.
func New[T any](keys *cookiesession.Keyring, opts *cookiesession.Options[T]) (*Manager[T], error) {
	sessions, err := cookiesession.New(keys, opts)
	if err != nil {
		return nil, err
	}
	return &Manager[T]{
		sessions: sessions,
		handler:  sessions.Handler(http.HandlerFunc(serve)),
		insecure: opts != nil && opts.Insecure,
	}, nil
}

// CookieName returns the name of the session cookie.
func (m *Manager[T]) CookieName() string { return m.sessions.CookieName() }

// Cookies returns the cookies of a Session that a test has made, for the
// requests that it gives to App.Test:
//
//	cookies, err := sessions.Cookies(&cookiesession.Session[User]{Data: User{Name: "ana"}})
func (m *Manager[T]) Cookies(s *cookiesession.Session[T]) ([]*http.Cookie, error) {
	return m.sessions.Cookies(s)
}

// Handler returns the middleware that gives requests a session: see
// [Manager.Get]. Use it for the whole application; where no handler asks for
// the session, nothing happens.
//
// Two Managers may be around one handler if their cookies have different names;
// Handler panics at the first request if they don't. The same Manager twice is
// as good as once.
func (m *Manager[T]) Handler() fiber.Handler {
	return func(c fiber.Ctx) error {
		if _, ok := c.Context().Value(m).(*visit); ok {
			return c.Next()
		}
		v := newVisit(c, m)
		if m.insecure {
			v.fill() // the core looks at more than cookies
		}
		m.handler.ServeHTTP(&v.writer, v.request)
		return v.finish(c)
	}
}

// Get returns the request's session, the same one at each call. The first call
// opens the cookie. It panics if the request did not pass through
// [Manager.Handler].
//
// A Session belongs to its request. It must not be used when the handler has
// returned, nor by another goroutine.
func (m *Manager[T]) Get(c fiber.Ctx) *cookiesession.Session[T] {
	s, ok := m.FromContext(c.Context())
	if !ok {
		panic(fmt.Sprintf("fibersession: Get: no session %q: the request did not pass through this Manager's Handler, or its context was replaced", m.CookieName()))
	}
	return s
}

// FromContext is [Manager.Get] for code that has Ctx.Context and no Ctx, or
// cannot be sure that there is a session, such as an ErrorHandler: fiber also
// calls it for requests that it can't read.
func (m *Manager[T]) FromContext(ctx context.Context) (*cookiesession.Session[T], bool) {
	v, ok := ctx.Value(m).(*visit)
	if !ok {
		return nil, false
	}
	v.fill()
	return m.sessions.FromContext(ctx)
}

// Save puts the session's cookie into the response now. It is needed only to
// see an error while another answer is still possible,
// [cookiesession.ErrTooLarge] above all, and before Ctx.End. A later change is
// still saved. The errors are those of [cookiesession.Manager.Save].
func (m *Manager[T]) Save(c fiber.Ctx) error {
	s := m.Get(c)
	w := newWriter(response(c), true)
	if err := m.sessions.Save(w, s); err != nil {
		return err
	}
	w.apply()
	return nil
}

// ErrNotSaved is what the application's ErrorHandler is called with if the
// session could not be saved. [errors.Is] also finds the cause, and [errors.As]
// a *fiber.Error with the status 500. The text says no more than that, because
// fiber's default ErrorHandler sends it.
var ErrNotSaved = errors.New("the session could not be saved")

// A saveError is an ErrNotSaved.
type saveError struct{ cause error }

func (saveError) Error() string { return ErrNotSaved.Error() }

func (e saveError) Unwrap() []error {
	return []error{ErrNotSaved, fiber.ErrInternalServerError, e.cause}
}
