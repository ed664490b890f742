package scscookie

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"

	"example.com/cookiesession/internal/webrule"
)

// A writer has the session saved just before the response headers go out.
// http.ResponseController finds all other methods by Unwrap.
type writer struct {
	http.ResponseWriter
	visit     *visit
	committed bool
	err       error // why the session could not be saved; the client got ErrorFunc's answer
}

// commit saves the session once, and reports whether it did.
func (w *writer) commit(status int) (did bool) {
	if w.committed {
		return false
	}
	w.committed = true
	if w.err = w.visit.commit(w.ResponseWriter, status); w.err != nil {
		w.fail()
	}
	return true
}

// fail lets ErrorFunc answer. First it removes the headers of the page that
// isn't sent.
func (w *writer) fail() {
	webrule.DropPage(w.Header())
	page := &answer{ResponseWriter: w.ResponseWriter}
	w.visit.manager.ErrorFunc(page, w.visit.inner, w.err)
	if !page.written {
		w.ResponseWriter.WriteHeader(http.StatusInternalServerError)
	}
}

// An answer notices that ErrorFunc wrote one.
type answer struct {
	http.ResponseWriter
	written bool
}

func (w *answer) WriteHeader(status int) {
	w.written = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *answer) Write(p []byte) (int, error) {
	w.written = true
	return w.ResponseWriter.Write(p)
}

// WriteHeader saves the session first if the status is final. Informational
// responses come before the final one; 101 replaces it.
func (w *writer) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.commit(status)
	}
	if w.err == nil {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write saves the session first.
func (w *writer) Write(p []byte) (int, error) {
	if w.commit(http.StatusOK); w.err != nil {
		return 0, w.err
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom saves the session first. It keeps sendfile within reach of io.Copy.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	if w.commit(http.StatusOK); w.err != nil {
		return 0, w.err
	}
	return io.Copy(w.ResponseWriter, src)
}

// Flush is FlushError for code that asserts http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError saves the session first, because flushing sends the headers. If
// the writer below can't flush, it hasn't sent them, and the session may still
// be changed.
func (w *writer) FlushError() error {
	did := w.commit(http.StatusOK)
	if w.err != nil {
		return w.err
	}
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if did && errors.Is(err, http.ErrNotSupported) {
		w.committed = false
	}
	return err
}

// Hijack saves the session first. If it fails, nothing was sent, and the
// handler answers in another way.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	did := w.commit(http.StatusSwitchingProtocols)
	if w.err != nil {
		return nil, nil, w.err
	}
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	switch {
	case did && err != nil:
		w.committed = false
	case did:
		w.visit.hijacked()
	}
	return conn, rw, err
}

// Unwrap gives http.ResponseController everything else.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
