package fibersession

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

// A visit is one request's passage through a Handler. It is the context of the
// request that the core is given.
type visit struct {
	context.Context // Ctx.Context as Handler found it

	manager any // the *Manager[T]
	request *http.Request
	writer  writer
	failed  error // why the session was not saved

	timedOut bool
	left     error // of a handler that timed out

	mu     sync.Mutex // a timeout answers on another goroutine than the handler's
	ctx    fiber.Ctx  // nil once the handlers have returned: fiber reuses it
	filled bool
}

// newVisit returns a visit whose request has its cookies and nothing else. They
// are taken now: a middleware further in may strip them before the first Get.
func newVisit(c fiber.Ctx, manager any) *visit {
	r := &http.Request{Header: http.Header{}}
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderCookie) {
		r.Header["Cookie"] = append(r.Header["Cookie"], string(line))
	}
	v := &visit{Context: c.Context(), manager: manager, ctx: c}
	v.request = r.WithContext(v)
	return v
}

// Value finds a visit by its Manager, and the innermost one.
func (v *visit) Value(key any) any {
	if key == v.manager || key == (innermost{}) {
		return v
	}
	return v.Context.Value(key)
}

type innermost struct{}

// fill completes the request at the first Get. A request whose handler never
// asks for the session has its headers copied for nothing else.
func (v *visit) fill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ctx == nil || v.filled {
		return
	}
	v.filled = true
	from, r := v.ctx.RequestCtx(), v.request
	for key, value := range from.Request.Header.All() {
		if name := string(key); name != fiber.HeaderCookie && name != fiber.HeaderHost {
			r.Header.Add(name, string(value))
		}
	}
	r.Method, r.Host = string(from.Method()), string(from.Host())
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.RemoteAddr, r.TLS = from.RemoteAddr().String(), from.TLSConnectionState()
	r.RequestURI, r.Body = string(from.RequestURI()), http.NoBody
	var err error
	if r.URL, err = url.ParseRequestURI(r.RequestURI); err != nil {
		r.URL = &url.URL{Path: string(from.Path())}
	}
}

// leave says that the handlers have returned, and whether one of them has asked
// for the session.
func (v *visit) leave() (asked bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ctx = nil
	return v.filled
}

// serve runs the handlers behind a Handler, in the place that the core has for
// them.
func serve(w http.ResponseWriter, r *http.Request) {
	v := r.Context().Value(innermost{}).(*visit)
	c := v.ctx
	c.SetContext(r.Context())
	err := c.Next()
	out := response(c)
	if v.timedOut = out != c.Response(); v.timedOut {
		v.left = err // the handler may still be using c
	} else {
		answer(c, err)
	}
	v.writer = *newWriter(out, v.leave())
	w.WriteHeader(out.StatusCode())
	_, v.failed = w.Write(nil)
}

// finish puts what the core has made of the headers into the response, or has
// the application answer if the session was not saved. Its error is for fiber.
func (v *visit) finish(c fiber.Ctx) error {
	v.writer.apply()
	if v.failed != nil {
		out := v.writer.response
		out.SetStatusCode(fiber.StatusInternalServerError)
		out.SetBodyString(fiber.ErrInternalServerError.Message)
	}
	if v.timedOut {
		return v.left
	}
	if v.failed != nil {
		answer(c, saveError{v.failed})
	}
	c.SetContext(v.Context)
	return nil
}

// answer has the application answer for an error, as fiber itself would.
func answer(c fiber.Ctx, err error) {
	if err != nil && c.App().ErrorHandler(c, err) != nil {
		_ = c.SendStatus(fiber.StatusInternalServerError) // always nil
	}
}

// response returns the response that will be sent: after a timeout, a copy that
// the middleware has made.
func response(c fiber.Ctx) *fasthttp.Response {
	if copied := c.RequestCtx().LastTimeoutErrorResponse(); copied != nil {
		return copied
	}
	return c.Response()
}
