package webrule

import "net/http"

// MayRefresh reports whether the response to a request may carry a cookie that
// only refreshes a session. Such a cookie holds the session as the request
// found it, and may undo what a parallel request stored, above all a logout. So
// it is left to the requests that make up a page: not to images and scripts,
// not to responses that caches merge into others (304), not to errors.
func MayRefresh(r *http.Request, status int) bool {
	if r == nil || status == http.StatusNotModified || status >= http.StatusBadRequest {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "empty", "document", "iframe":
		return true
	}
	return false
}
