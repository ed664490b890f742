package cookiesession

import (
	"net/http"

	"example.com/cookiesession/internal/wire"
)

// A partSet says which of a session's cookies a request carries: bit i-1 stands
// for part i.
type partSet uint8

// carriedParts reads the lines of a Cookie header.
func carriedParts(lines []string, name string) (carried partSet) {
	for i := range wire.Cookies(lines, name) {
		carried.add(i)
	}
	return carried
}

func (p *partSet) add(i int) { *p |= 1 << (i - 1) }

// has reports whether all of the first n parts are there.
func (p partSet) has(n int) bool {
	all := partSet(1)<<n - 1
	return p&all == all
}

// after returns the names of the cookies that a write of n parts does not
// overwrite, given all the names.
func (p partSet) after(n int, names []string) (stale []string) {
	for i := n; i < len(names); i++ {
		if p>>i&1 != 0 {
			stale = append(stale, names[i])
		}
	}
	return stale
}

// Cookies cuts a value that this Codec has sealed for the cookie called name
// into the cookies that carry it: one, or up to CodecOptions.MaxCookies. They
// have names and values; the attributes are the caller's. Also delete the stale
// parts of an earlier value: see [Codec.StaleParts]. Any other value is
// returned as one cookie.
func (c *Codec) Cookies(name, value string) []*http.Cookie {
	cut := wire.Cut{Name: name, Size: c.maxSize}
	parts := cut.Parts(len(value), c.maxCookies)
	if header, err := wire.ParseHeader(value); err != nil || header.Parts != parts || parts == 1 {
		return []*http.Cookie{{Name: name, Value: value}}
	}
	cookies := make([]*http.Cookie, 0, parts)
	for i, piece := range cut.Pieces([]byte(value), parts) {
		cookies = append(cookies, &http.Cookie{Name: wire.PartName(name, i), Value: string(piece.Set) + string(piece.Text)})
	}
	return cookies
}

// StaleParts returns the names of cookies to delete: the parts of name that the
// request carried and that the new cookies do not overwrite. Delete them with
// the Path, Domain and Partitioned that they were set with. Without new cookies
// it returns all of them, name included, which ends the session. With
// MaxCookies 1 there are no further parts.
func (c *Codec) StaleParts(r *http.Request, name string, cookies []*http.Cookie) []string {
	names := wire.PartNames(name)
	if c.maxCookies == 1 {
		names = names[:1]
	}
	return carriedParts(cookieLines(r), name).after(len(cookies), names)
}

// cookieLines returns the lines of a request's Cookie header. A nil request has
// none.
func cookieLines(r *http.Request) []string {
	if r == nil {
		return nil
	}
	return r.Header["Cookie"]
}
