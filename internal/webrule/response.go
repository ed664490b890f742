package webrule

import (
	"net/http"
	"slices"
	"strings"
)

// MarkRead marks a response that depends on a session that was read: Vary, and
// private unless the handler has set a rule for caches itself. room is for the
// values of both, which saves an allocation. It belongs to this response alone,
// since a middleware may write into the values of a header. Room that was used
// before is left alone.
func MarkRead(h http.Header, room *[2]string) {
	if _, set := h["Cache-Control"]; set {
		addVary(h)
		return
	}
	if len(h["Vary"]) > 0 {
		addVary(h)
		h["Cache-Control"] = []string{"private"}
		return
	}
	setBoth(h, room)
}

// setBoth sets the headers of [MarkRead], which are not there yet.
func setBoth(h http.Header, room *[2]string) {
	if room == nil || room[0] != "" {
		room = new([2]string)
	}
	*room = [2]string{"Cookie", "private"}
	h["Vary"], h["Cache-Control"] = room[:1:1], room[1:]
}

// SetCookies puts a session's Set-Cookie lines into a response's headers, and
// replaces lines for the same names. No shared cache may keep such a response,
// even if the handler allowed it. The headers may have lines itself afterwards.
// room is that of [MarkRead], or nil.
func SetCookies(h http.Header, lines []string, room *[2]string) {
	for key := range h {
		if isForSharedCaches(key) {
			delete(h, key)
		}
	}
	if len(h["Vary"])+len(h["Set-Cookie"])+len(h["Cache-Control"]) == 0 {
		setBoth(h, room)
		h["Set-Cookie"] = slices.Clip(lines)
		return
	}
	addVary(h)
	h["Set-Cookie"] = append(without(h["Set-Cookie"], lines), lines...)
	keepPrivate(h)
}

// RemoveCookies takes Set-Cookie lines out of a response's headers: all that
// set a cookie of one of these names. A name may be given alone or as a
// Set-Cookie line.
func RemoveCookies(h http.Header, names []string) {
	if h["Set-Cookie"] = without(h["Set-Cookie"], names); len(h["Set-Cookie"]) == 0 {
		delete(h, "Set-Cookie")
	}
}

// HasCookie reports whether a response's headers set or delete a cookie of this
// name.
func HasCookie(h http.Header, name string) bool {
	return slices.ContainsFunc(h["Set-Cookie"], func(line string) bool { return cookieName(line) == name })
}

// without returns the lines that set other cookies than ours do: a response has
// at most one for each name (RFC 6265, Section 4.1.1), also with different
// paths and domains.
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

// ofPage are headers that describe a page. Those that begin with Content-, and
// those for shared caches, do, too.
var ofPage = []string{"Accept-Ranges", "Etag", "Expires", "Last-Modified", "Location", "Trailer"}

// DropPage prepares a page's headers for the error that is sent instead,
// because the session could not be saved. Headers that describe the page go,
// and no cache keeps the error. Other cookies stay.
func DropPage(h http.Header) {
	for key := range h {
		if hasFoldPrefix(key, "Content-") || isForSharedCaches(key) {
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
	fields := splitCacheControl(h["Cache-Control"])
	closed := slices.ContainsFunc(fields, keepsOut)
	kept := slices.DeleteFunc(slices.Clone(fields), func(field string) bool {
		switch name, hasList := cutDirective(field); name {
		case "public", "s-maxage":
			return true
		case "private", "no-cache":
			return hasList && !closed // it covers only the fields that it lists
		}
		return false
	})
	switch {
	case !closed:
		kept = append([]string{"private"}, kept...)
	case len(kept) == len(fields):
		return // stays as it is written
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// isForSharedCaches reports whether a header tells shared caches, and them
// alone, to keep a response. To them it counts more than Cache-Control (RFC
// 9213). Each vendor has a name of its own.
func isForSharedCaches(key string) bool {
	const suffix = "-Cache-Control"
	if len(key) > len(suffix) && strings.EqualFold(key[len(key)-len(suffix):], suffix) {
		return true
	}
	return strings.EqualFold(key, "Surrogate-Control") || strings.EqualFold(key, "Edge-Control") || strings.EqualFold(key, "X-Accel-Expires")
}

func hasFoldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// keepsOut reports whether a directive of Cache-Control keeps shared caches
// from storing the response.
func keepsOut(directive string) bool {
	name, hasList := cutDirective(directive)
	return name == "no-store" || name == "private" && !hasList
}

// cutDirective returns the name of a directive of Cache-Control, in lower case,
// and whether it has an argument.
func cutDirective(directive string) (name string, has bool) {
	name, _, has = strings.Cut(directive, "=")
	return strings.ToLower(strings.TrimSpace(name)), has
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
