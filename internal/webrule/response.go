package webrule

import (
	"net/http"
	"slices"
	"strings"
)

// MarkRead says in a response's headers that the response depends on a session
// that was read: Vary, and private unless the handler has said something about
// caches itself.
func MarkRead(h http.Header) {
	addVary(h)
	if _, set := h["Cache-Control"]; !set {
		h["Cache-Control"] = []string{"private"}
	}
}

// SetCookies puts a session's Set-Cookie lines into a response's headers, in
// place of the lines that are there for the same names. No shared cache may
// keep such a response, whatever the handler has said.
func SetCookies(h http.Header, lines []string) {
	addVary(h)
	h["Set-Cookie"] = append(without(h["Set-Cookie"], lines), lines...)
	keepPrivate(h)
}

// RemoveCookies takes Set-Cookie lines out of a response's headers: all that
// set a cookie of one of these names, which are given alone or as lines.
func RemoveCookies(h http.Header, names []string) {
	if h["Set-Cookie"] = without(h["Set-Cookie"], names); len(h["Set-Cookie"]) == 0 {
		delete(h, "Set-Cookie")
	}
}

// without returns the lines that set other cookies than ours do: a response has
// at most one for each name (RFC 6265, Section 4.1.1), whatever their paths and
// domains.
func without(lines, ours []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		name := cookieName(line)
		return slices.ContainsFunc(ours, func(our string) bool { return cookieName(our) == name })
	})
}

// cookieName returns the name of the cookie that a Set-Cookie line sets.
func cookieName(line string) string {
	name, _, _ := strings.Cut(line, "=")
	return strings.TrimSpace(name)
}

// ofPage are headers that describe a page. Those that begin with Content- do,
// too.
var ofPage = []string{"Accept-Ranges", "Cdn-Cache-Control", "Etag", "Expires", "Last-Modified", "Location", "Surrogate-Control", "Trailer"}

// DropPage prepares the headers of a page that is not sent, because its session
// could not be saved, for the error that takes its place: what describes the
// page goes, and no cache keeps the error. Cookies of others stay.
func DropPage(h http.Header) {
	for key := range h {
		if strings.HasPrefix(key, "Content-") {
			delete(h, key)
		}
	}
	for _, key := range ofPage {
		delete(h, key)
	}
	h["Cache-Control"] = []string{"no-store"}
}

// addVary adds Cookie to Vary, because the response depends on it.
func addVary(h http.Header) {
	for _, line := range h["Vary"] {
		for field := range strings.SplitSeq(line, ",") {
			if field = strings.TrimSpace(field); field == "*" || strings.EqualFold(field, "Cookie") {
				return
			}
		}
	}
	h["Vary"] = append(h["Vary"], "Cookie")
}

// keepPrivate keeps shared caches from storing a response that sets a cookie.
// Many of them ignore Vary.
func keepPrivate(h http.Header) {
	// These outrank Cache-Control (RFC 9213).
	delete(h, "Cdn-Cache-Control")
	delete(h, "Surrogate-Control")
	fields := splitCacheControl(h["Cache-Control"])
	kept := fields[:0]
	for _, field := range fields {
		name, _, hasList := strings.Cut(field, "=")
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "no-store", name == "private" && !hasList:
			return // nobody shares it
		case name == "public", name == "s-maxage", name == "private", name == "no-cache" && hasList:
			// Allows sharing, or covers only the fields that it lists.
		default:
			kept = append(kept, field)
		}
	}
	h["Cache-Control"] = []string{strings.Join(append([]string{"private"}, kept...), ", ")}
}

// splitCacheControl splits Cache-Control at the commas that don't stand in
// quotes.
func splitCacheControl(lines []string) (fields []string) {
	add := func(field string) {
		if field = strings.TrimSpace(field); field != "" {
			fields = append(fields, field)
		}
	}
	for _, line := range lines {
		quoted, escaped, start := false, false, 0
		for i := range len(line) {
			switch c := line[i]; {
			case escaped:
				escaped = false
			case c == '\\' && quoted:
				escaped = true
			case c == '"':
				quoted = !quoted
			case c == ',' && !quoted:
				add(line[start:i])
				start = i + 1
			}
		}
		add(line[start:])
	}
	return fields
}
