package webrule

import (
	"net/http"
	"strings"

	"example.com/cookiesession/internal/wire"
)

// MayBeLegacy reports whether a cookie that was refused for this reason, in the
// core's words, may be one of the store that an application has moved away
// from: to the core such a cookie is no token, or one of a key that it has
// never seen. A cookie that was ours and has expired, or was revoked, is
// answered for. Else an older cookie would stand in for it.
func MayBeLegacy(reason string) bool {
	switch reason {
	case "malformed", "unknown-key", "too-large":
		return true
	}
	return false
}

// Alone returns a request for each of the first cookies of a name in Cookie
// headers, as many as the core tries. It has that cookie alone of the name, and
// all parts that may belong to it: without them, a session in several cookies
// would look like junk, whatever it was refused for.
func Alone(lines []string, name string) []*http.Request {
	all := &http.Request{Header: http.Header{"Cookie": lines}}
	first := func(name string) []*http.Cookie {
		cookies := all.CookiesNamed(name)
		return cookies[:min(len(cookies), wire.MaxTries)]
	}
	var parts strings.Builder
	for _, name := range wire.PartNames(name)[1:] {
		for _, c := range first(name) {
			parts.WriteString("; " + name + "=" + c.Value)
		}
	}
	var requests []*http.Request
	for _, c := range first(name) {
		requests = append(requests, &http.Request{Header: http.Header{"Cookie": {name + "=" + c.Value + parts.String()}}})
	}
	return requests
}
