package cookiesession

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"example.com/cookiesession/internal/webrule"
)

// A responseWriter has the session saved just before the response headers go
// out. It has the methods that frameworks assert on a writer, and leaves the
// rest to [http.ResponseController], which finds the writer below by Unwrap.
type responseWriter struct {
	http.ResponseWriter
	visit     *visit
	committed bool  // the session was saved, or nothing had to be
	returned  bool  // Handler has, and nothing was written since
	err       error // why it could not be; the client got a 500
}

// commit saves the session once, and reports whether it did. If that fails, it
// answers the request with a 500 and nothing of the page.
//
// A framework that keeps this writer may write when Handler has returned, as
// echo does after its WrapMiddleware. What was changed until then is lost.
func (w *responseWriter) commit(status int) (did bool) {
	if w.returned {
		w.returned = false
		w.visit.finish()
	}
	if w.committed {
		return false
	}
	w.committed = true
	if err := w.visit.commit(w.Header(), status); err != nil {
		w.err = err
		w.fail()
	}
	return true
}

// send is commit for headers that go out now in any case.
func (w *responseWriter) send(status int) (did bool) {
	if did = w.commit(status); did && w.err == nil {
		w.visit.sent()
	}
	return did
}

// fail answers with a 500. Headers that belong to the page that isn't sent go;
// cookies of others stay.
func (w *responseWriter) fail() {
	h := w.Header()
	webrule.DropPage(h)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.ResponseWriter.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w.ResponseWriter, http.StatusText(http.StatusInternalServerError)+"\n")
}

// WriteHeader saves the session first if the status is final. Informational
// responses come before the final one; 101 replaces it.
func (w *responseWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.send(status)
	}
	if w.err == nil {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write saves the session first.
func (w *responseWriter) Write(p []byte) (int, error) {
	if w.send(http.StatusOK); w.err != nil {
		return 0, w.err
	}
	return w.ResponseWriter.Write(p)
}

// WriteString saves the session first.
func (w *responseWriter) WriteString(s string) (int, error) {
	if w.send(http.StatusOK); w.err != nil {
		return 0, w.err
	}
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom saves the session first. It keeps sendfile within reach of io.Copy.
func (w *responseWriter) ReadFrom(src io.Reader) (int64, error) {
	if w.send(http.StatusOK); w.err != nil {
		return 0, w.err
	}
	if dst, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return dst.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, src)
}

// Flush is FlushError for code that asserts [http.Flusher].
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError saves the session first, because flushing sends the headers. If
// the writer below can't flush, it hasn't sent them, and the session may still
// be changed.
func (w *responseWriter) FlushError() error {
	did := w.commit(http.StatusOK)
	if w.err != nil {
		return w.err
	}
	err := http.NewResponseController(w.ResponseWriter).Flush()
	switch {
	case did && errors.Is(err, http.ErrNotSupported):
		w.committed = false
		w.visit.uncommit(w.Header())
	case did:
		w.visit.sent()
	}
	return err
}

// Hijack saves the session first. It is a method because gin and
// gorilla/websocket assert [http.Hijacker], and because
// [http.ResponseController] would otherwise reach past this writer.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	did := w.commit(http.StatusSwitchingProtocols)
	if w.err != nil {
		return nil, nil, w.err
	}
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	switch {
	case did && err != nil:
		// Nothing was sent: the handler answers in another way.
		w.committed = false
		w.visit.uncommit(w.Header())
	case did:
		w.visit.sent()
		w.visit.hijacked()
	}
	return conn, rw, err
}

// CloseNotify is there because gin asserts it and panics where it is missing.
// It follows the request's context.
func (w *responseWriter) CloseNotify() <-chan bool {
	closed := make(chan bool, 1)
	context.AfterFunc(w.visit.Context, func() { closed <- true })
	return closed
}

// Unwrap gives [http.ResponseController] everything else.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// findWriter returns the responseWriter that w is or wraps, or nil.
func findWriter(w http.ResponseWriter) *responseWriter {
	for {
		switch v := w.(type) {
		case *responseWriter:
			return v
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}
