package cookiesession

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"example.com/cookiesession/internal/webrule"
)

// attributes are the parts of a Set-Cookie line other than name, value and
// lifetime. Setting and deleting use the same ones: to a browser, a cookie with
// another Path, Domain or Partitioned is another cookie.
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

const (
	defaultName = "session"
	maxName     = 64   // bytes; a name is paid for in every request
	minSize     = 256  // bytes of name and value; in less, hardly any session fits
	maxPath     = 1024 // bytes; browsers ignore a longer attribute
)

// newAttributes validates the options about the cookie, so that no browser
// drops it in silence. Its error joins all mistakes.
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
	case a.name == "" && insecure:
		a.name = "dev-" + defaultName // not the name that others have on localhost
	case a.name == "" && (a.domain != "" || a.path != "/"):
		a.name = "__Secure-" + defaultName
	case a.name == "":
		a.name = "__Host-" + defaultName
	}
	err := errors.Join(a.checkName(), a.checkPath(), a.checkDomain(), a.checkSameSite())
	if insecure {
		_, a.name = webrule.CutPrefix(a.name)
		if prefix, _ := webrule.CutPrefix(a.name); prefix != "" {
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
		return fmt.Errorf("option Name %q is not a token (RFC 9110, Section 5.6.2): use letters, digits, - and _", a.name)
	}
	if i := len(a.name) - len("_2"); i > 0 && a.name[i] == '_' && a.name[i+1] >= '2' && a.name[i+1] <= '8' {
		return fmt.Errorf("option Name %q: names that end in _2 to _8 are those of the further parts of %q", a.name, a.name[:i])
	}
	prefix, _ := webrule.CutPrefix(a.name)
	if strings.HasPrefix(prefix, "__Host-") && (a.domain != "" || a.path != "/") {
		return fmt.Errorf("option Name %q: a browser takes a %s cookie only without a Domain and with Path /; name it __Secure-%s, or leave Domain and Path alone", a.name, prefix, defaultName)
	}
	return nil
}

func (a *attributes) checkPath() error {
	if !webrule.IsPath(a.path) || len(a.path) > maxPath {
		return fmt.Errorf("option Path %q: it has to begin with /, to be a URL's path that a browser need not encode or resolve, and to have at most %d bytes", a.path, maxPath)
	}
	return nil
}

func (a *attributes) checkDomain() error {
	if a.domain == "" {
		return nil
	}
	err := (&http.Cookie{Name: "n", Value: "v", Domain: a.domain}).Valid()
	if err != nil || webrule.EndsInNumber(a.domain) || strings.Trim(a.domain, ".") != a.domain || !strings.Contains(a.domain, ".") {
		return fmt.Errorf("option Domain %q: it has to be a host name with dots inside and none around, and not an IP address in any spelling; leave it empty for this host alone", a.domain)
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

// compose builds the constant parts of a Set-Cookie line and lets net/http
// check the whole.
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
	return (&http.Cookie{
		Name: a.name, Value: "v", Path: a.path, Domain: a.domain,
		HttpOnly: true, Secure: a.secure, SameSite: a.sameSite, Partitioned: a.partitioned,
	}).Valid()
}

// appendSet appends the Set-Cookie line that sets a cookie, whose value is in
// two parts, for maxAge seconds; below 0: until the browser is closed.
func (a *attributes) appendSet(dst []byte, name string, set, piece []byte, maxAge int64) []byte {
	dst = append(append(dst, name...), '=')
	dst = append(append(dst, set...), piece...)
	dst = append(dst, a.beforeAge...)
	if maxAge >= 0 {
		dst = append(dst, "; Max-Age="...)
		dst = strconv.AppendInt(dst, maxAge, 10)
	}
	return append(dst, a.afterAge...)
}

// deletion returns the Set-Cookie line that deletes a cookie.
func (a *attributes) deletion(name string) string {
	return name + "=" + a.beforeAge + "; Max-Age=0" + a.afterAge
}
