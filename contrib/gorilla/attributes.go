package gorilla

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"example.com/cookiesession/internal/webrule"
	"github.com/gorilla/sessions"
)

// attributes are what a session's Options come to. To a browser, a cookie with
// another path, domain or partition is another cookie.
type attributes struct {
	path        string
	domain      string
	maxAge      int // seconds; 0: until the browser is closed, below: delete
	sameSite    http.SameSite
	secure      bool
	partitioned bool
}

// attributes returns what o comes to. The store's Options fill in what o leaves
// out, or all if o is nil.
func (s *Store) attributes(o *sessions.Options) attributes {
	base := sessions.Options{}
	if s.Options != nil {
		base = *s.Options
	}
	if o == nil {
		o = &base
	}
	return attributes{
		path:        cmp.Or(o.Path, base.Path, "/"),
		domain:      cmp.Or(o.Domain, base.Domain),
		maxAge:      min(o.MaxAge, int(s.policy.maxLifetime/time.Second)),
		sameSite:    cmp.Or(sameSite(o), sameSite(&base), http.SameSiteLaxMode),
		secure:      o.Secure || !s.Insecure,
		partitioned: o.Partitioned || base.Partitioned,
	}
}

// sameSite returns a mode that means the same in every browser, or 0.
func sameSite(o *sessions.Options) http.SameSite {
	if o.SameSite == http.SameSiteDefaultMode {
		return 0
	}
	return o.SameSite
}

var errName = errors.New("the session's name is not one that a cookie can have (RFC 9110, Section 5.6.2): use letters, digits, - and _")

// checkName refuses a name that [http.SetCookie] would drop in silence.
func checkName(name string) error {
	if (&http.Cookie{Name: name}).Valid() != nil {
		return usageError(errName)
	}
	return nil
}

// check refuses what a browser would drop in silence.
func (a *attributes) check(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	c := http.Cookie{Name: name, Path: a.path, Domain: a.domain, Secure: a.secure, Partitioned: a.partitioned}
	prefix, _ := webrule.CutPrefix(name)
	host := strings.HasPrefix(prefix, "__Host-")
	switch err := c.Valid(); {
	case err != nil:
		return usageError(fmt.Errorf("a session's Options: %w", err))
	case !webrule.IsPath(a.path):
		return usageError(errors.New("a session's Options: no browser sends a cookie with this Path; it has to begin with /, and to have nothing that a browser encodes or resolves in a URL"))
	case !isDomain(a.domain):
		return usageError(errors.New("a session's Options: no browser takes a cookie with this Domain; it has a trailing dot, or is an IP address in an unusual spelling"))
	case a.sameSite == http.SameSiteNoneMode && !a.secure:
		return usageError(errors.New("a session's Options: a browser takes SameSite=None only with Secure"))
	case prefix != "" && !a.secure:
		return usageError(errors.New("a browser takes a session of this name only with Secure"))
	case host && (a.path != "/" || a.domain != ""):
		return usageError(errors.New("a browser takes a __Host- session only with Path / and without a Domain"))
	}
	return nil
}

// isDomain reports whether a browser can take a cookie with this domain, which
// net/http has found nothing wrong with. "" is the host of the response alone.
func isDomain(domain string) bool {
	if address, err := netip.ParseAddr(domain); err == nil {
		return address.Is4() // the host's own
	}
	return !strings.HasSuffix(domain, ".") && !webrule.EndsInNumber(domain)
}

// line returns the Set-Cookie line of a cookie, for maxAge seconds: 0 until the
// browser is closed, below to delete it. What o says comes first, what the
// store adds to it follows: no browser minds, but programs that look at the
// place of an attribute find it where gorilla would have put it.
func (a *attributes) line(name, value string, maxAge int, o *sessions.Options) string {
	if o == nil {
		o = &sessions.Options{}
	}
	asked := http.Cookie{Name: name, Value: value, Path: o.Path, Domain: o.Domain, MaxAge: maxAge, SameSite: sameSite(o)}
	switch {
	case maxAge > 0:
		asked.Expires = time.Now().Add(seconds(maxAge)) // as gorilla writes it
	case maxAge < 0:
		asked.Expires = time.Unix(1, 0)
	}
	added := http.Cookie{Name: "n", HttpOnly: true, Secure: a.secure, Partitioned: a.partitioned}
	if asked.Path == "" {
		added.Path = a.path
	}
	if asked.Domain == "" {
		added.Domain = a.domain
	}
	if asked.SameSite == 0 {
		added.SameSite = a.sameSite
	}
	return asked.String() + strings.TrimPrefix(added.String(), "n=")
}
