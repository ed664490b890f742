package fibersession

import (
	"maps"
	"net/http"
	"slices"

	"github.com/valyala/fasthttp"
)

// A writer has the headers of a fasthttp response for the core to change.
type writer struct {
	response       *fasthttp.Response
	before, header http.Header
}

// newWriter returns a writer. Where nobody has asked for a session the core
// changes no headers, so it need not have them.
func newWriter(response *fasthttp.Response, asked bool) *writer {
	h := http.Header{}
	if asked {
		for key, value := range response.Header.All() {
			h.Add(string(key), string(value))
		}
	}
	// The core replaces the values of a key, and alters none of them.
	return &writer{response, maps.Clone(h), h}
}

// Header returns the headers.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader does nothing: the response has its status.
func (w *writer) WriteHeader(int) {}

// Write does nothing: the response has its body, or gets that of an error.
func (w *writer) Write(p []byte) (int, error) { return len(p), nil }

// apply puts the headers that were changed into the response.
func (w *writer) apply() {
	to := &w.response.Header
	keys := maps.Clone(w.before)
	maps.Copy(keys, w.header)
	maps.DeleteFunc(keys, func(key string, _ []string) bool { return slices.Equal(w.before[key], w.header[key]) })
	for key := range keys {
		to.Del(key) // all of them first: it may move other lines
	}
	for key := range keys {
		for _, value := range w.header[key] {
			to.Add(key, value)
		}
	}
}
