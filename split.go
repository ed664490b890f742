package cookiesession

import (
	"net/http"

	"example.com/cookiesession/internal/wire"
)

// surplus returns the names of the session's cookies that the request carried
// and that a write of n parts does not overwrite, given all the names.
func surplus(lines, names []string, n int) (carried []string) {
	var has [wire.MaxParts]bool
	for i := range wire.Cookies(lines, names[0]) {
		has[i-1] = true
	}
	for i, name := range names[n:] {
		if has[n+i] {
			carried = append(carried, name)
		}
	}
	return carried
}

// Cookies cuts a value that this Codec has sealed for the cookie called name
// into the cookies that carry it: one, or up to CodecOptions.MaxCookies. They
// have names and values; the attributes are the caller's. Also delete the parts
// of an earlier value that these do not overwrite: see [Codec.StaleParts].
func (c *Codec) Cookies(name, value string) []*http.Cookie {
	header, err := wire.ParseHeader(value)
	if err != nil || header.Parts == 1 || c.maxCookies == 1 {
		return []*http.Cookie{{Name: name, Value: value}}
	}
	cookies := make([]*http.Cookie, 0, header.Parts)
	for i, piece := range (wire.Cut{Name: name, Size: c.maxSize}).Pieces([]byte(value), header.Parts) {
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
	return surplus(r.Header["Cookie"], names, len(cookies))
}
