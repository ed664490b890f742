package cookiesession

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// attributes are what stands in a Set-Cookie beside name, value and lifetime.
// Setting and deleting use the same ones: to a browser, a cookie with another
// Path, Domain or Partitioned is another cookie.
type attributes struct {
	name           string
	path           string
	domain         string
	sameSite       http.SameSite
	secure         bool
	partitioned    bool
	browserSession bool

	beforeAge string // "; Path=/; Domain=..."
	afterAge  string // "; HttpOnly; Secure; SameSite=Lax"
}

// cookiePrefixes are the name prefixes that browsers know (RFC 6265bis, Section
// 4.1.3), longest first. They compare without regard to case.
var cookiePrefixes = []string{"__Host-Http-", "__Host-", "__Secure-", "__Http-"}

// cutPrefix cuts a known prefix off a cookie name.
func cutPrefix(name string) (prefix, rest string) {
	for _, p := range cookiePrefixes {
		if len(name) >= len(p) && strings.EqualFold(name[:len(p)], p) {
			return p, name[len(p):]
		}
	}
	return "", name
}

const (
	defaultName = "session"
	maxName     = 64   // bytes; a name is paid for in every request
	maxPath     = 1024 // bytes; browsers ignore a longer attribute
)

// newAttributes validates what Options says about the cookie, so that no
// browser drops it in silence. Its error joins all that is wrong.
func newAttributes(name, path, domain string, sameSite http.SameSite, partitioned, browserSession, insecure bool) (attributes, error) {
	a := attributes{
		name: name, path: path, domain: domain, sameSite: sameSite,
		secure: !insecure, partitioned: partitioned, browserSession: browserSession,
	}
	if a.path == "" {
		a.path = "/"
	}
	if a.sameSite == 0 {
		a.sameSite = http.SameSiteLaxMode
	}
	switch {
	case a.name == "" && (a.domain != "" || a.path != "/"):
		a.name = "__Secure-" + defaultName
	case a.name == "":
		a.name = "__Host-" + defaultName
	}
	err := errors.Join(a.checkName(), a.checkPath(), a.checkDomain(), a.checkSameSite())
	if insecure {
		_, a.name = cutPrefix(a.name)
		if prefix, _ := cutPrefix(a.name); prefix != "" {
			err = errors.Join(err, fmt.Errorf("option Name %q has two prefixes: without Secure, browsers take neither", name))
		}
	}
	if a.name == "" {
		err = errors.Join(err, fmt.Errorf("option Name %q is a prefix and nothing more", name))
	}
	if err != nil {
		return attributes{}, err
	}
	return a, a.compose()
}

func (a *attributes) checkName() error {
	if len(a.name) > maxName {
		return fmt.Errorf("option Name has %d bytes: at most %d", len(a.name), maxName)
	}
	if err := (&http.Cookie{Name: a.name, Value: "v"}).Valid(); err != nil {
		return fmt.Errorf("option Name %q is not a token (RFC 9110, Section 5.6.2)", a.name)
	}
	if i := len(a.name) - len("_2"); i > 0 && a.name[i] == '_' && a.name[i+1] >= '2' && a.name[i+1] <= '8' {
		return fmt.Errorf("option Name %q: names that end in _2 to _8 are those of the further parts of %q", a.name, a.name[:i])
	}
	prefix, _ := cutPrefix(a.name)
	if strings.HasPrefix(prefix, "__Host-") && (a.domain != "" || a.path != "/") {
		return fmt.Errorf("option Name %q: a browser takes a %s cookie only without a Domain and with Path /; name it __Secure-%s, or leave Domain and Path alone", a.name, prefix, defaultName)
	}
	return nil
}

func (a *attributes) checkPath() error {
	err := (&http.Cookie{Name: "n", Value: "v", Path: a.path}).Valid()
	if err != nil || a.path[0] != '/' || len(a.path) > maxPath {
		return fmt.Errorf("option Path %q: it has to begin with / and to have at most %d bytes, none of them a control character or a semicolon", a.path, maxPath)
	}
	return nil
}

func (a *attributes) checkDomain() error {
	if a.domain == "" {
		return nil
	}
	_, notIP := netip.ParseAddr(a.domain)
	err := (&http.Cookie{Name: "n", Value: "v", Domain: a.domain}).Valid()
	if err != nil || notIP == nil || a.domain[0] == '.' || !strings.Contains(a.domain, ".") {
		return fmt.Errorf("option Domain %q: it has to be a host name with a dot in it, without a leading one, and not an IP address; leave it empty for this host alone", a.domain)
	}
	return nil
}

func (a *attributes) checkSameSite() error {
	switch a.sameSite {
	case http.SameSiteLaxMode, http.SameSiteStrictMode, http.SameSiteNoneMode:
	default:
		return errors.New("option SameSite: only Lax, Strict and None mean the same in every browser")
	}
	var errs []error
	if a.sameSite == http.SameSiteNoneMode && !a.secure {
		errs = append(errs, errors.New("option SameSite=None with Insecure: a browser takes it only with Secure"))
	}
	if a.partitioned && !a.secure {
		errs = append(errs, errors.New("option Partitioned with Insecure: a browser takes it only with Secure"))
	}
	return errors.Join(errs...)
}

// compose builds the constant parts of a Set-Cookie line and has net/http judge
// the whole.
func (a *attributes) compose() error {
	a.beforeAge = "; Path=" + a.path
	if a.domain != "" {
		a.beforeAge += "; Domain=" + a.domain
	}
	a.afterAge = "; HttpOnly"
	if a.secure {
		a.afterAge += "; Secure"
	}
	switch a.sameSite {
	case http.SameSiteStrictMode:
		a.afterAge += "; SameSite=Strict"
	case http.SameSiteNoneMode:
		a.afterAge += "; SameSite=None"
	default:
		a.afterAge += "; SameSite=Lax"
	}
	if a.partitioned {
		a.afterAge += "; Partitioned"
	}
	return a.cookie("v", time.Hour).Valid()
}

// cookie returns the same as line. Deleting is a maxAge below zero.
func (a *attributes) cookie(value string, maxAge time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: a.name, Value: value, Path: a.path, Domain: a.domain,
		HttpOnly: true, Secure: a.secure, SameSite: a.sameSite, Partitioned: a.partitioned,
	}
	switch {
	case maxAge < 0:
		c.MaxAge = -1
	case !a.browserSession:
		c.MaxAge = int(maxAge / time.Second)
	}
	return c
}

// appendSet appends the Set-Cookie line that sets a cookie, whose value is in
// two parts, for maxAge seconds.
func (a *attributes) appendSet(dst []byte, name string, set, piece []byte, maxAge int64) []byte {
	dst = append(append(dst, name...), '=')
	dst = append(append(dst, set...), piece...)
	dst = append(dst, a.beforeAge...)
	if !a.browserSession {
		dst = append(dst, "; Max-Age="...)
		dst = strconv.AppendInt(dst, maxAge, 10)
	}
	return append(dst, a.afterAge...)
}

// deletion returns the Set-Cookie line that deletes a cookie.
func (a *attributes) deletion(name string) string {
	return name + "=" + a.beforeAge + "; Max-Age=0" + a.afterAge
}

// cookieValues calls yield with each value that the lines of a Cookie header
// have for name, in order, until it returns false. It is not net/http's parser
// because that gives up on a header with more than 3,000 cookies and takes more
// than one spelling of a pair (quotes, spaces around the name). Here a name is
// exact and a value is what stands there.
func cookieValues(lines []string, name string, yield func(value string) bool) {
	for _, line := range lines {
		for len(line) > 0 {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			pair = strings.Trim(pair, " \t\r\n") // line ends: only in requests that no server has read
			if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
				if !yield(pair[len(name)+1:]) {
					return
				}
			}
		}
	}
}

// hasCookie reports whether the lines of a Cookie header have a cookie called
// name, whatever its value.
func hasCookie(lines []string, name string) (found bool) {
	cookieValues(lines, name, func(string) bool { found = true; return false })
	return found
}

// withoutCookies returns those of a response's Set-Cookie lines that set other
// cookies than ours do: a response has at most one for each name (RFC 6265,
// Section 4.1.1), whatever their paths and domains.
func withoutCookies(lines, ours []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		name := setCookieName(line)
		return slices.ContainsFunc(ours, func(our string) bool { return setCookieName(our) == name })
	})
}

func setCookieName(line string) string {
	name, _, _ := strings.Cut(line, "=")
	return strings.TrimSpace(name)
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
