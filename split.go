package cookiesession

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A token that does not fit into one cookie is sealed once, and its text is
// cut. One tag covers content, order and number of the parts together, so parts
// of two writes never open, and nothing but the cut is added. The token's first
// byte has the number of parts, in clear and authenticated as part of the
// nonce.
//
// The cookie NAME carries the first piece. The cookie NAME_i (i = 2 .. parts)
// carries SET || piece, where SET is characters 12 to 19 (counted from 0) of
// the token's text, which spell random bytes. SET only groups: it finds the
// parts of one write among those that other paths, domains and writes have
// left. The tag decides.
//
// The writer fills every part but the last. The reader accepts any cut.
//
// The separator is an underscore because nginx has no variable for a cookie
// with a hyphen or a dot.
const (
	mostCookies = 8
	setStart    = 12
	setSize     = 8

	// headerLine is what nginx, Apache and others take as one header line by
	// default, in bytes. A browser sends all cookies of a host in one.
	headerLine = 8192
)

// partName returns the name of a session's i-th cookie, from 1.
func partName(name string, i int) string {
	if i == 1 {
		return name
	}
	return name + "_" + string(rune('0'+i))
}

// partNames returns the names of all cookies that a session can have.
func partNames(name string) []string {
	names := make([]string, mostCookies)
	for i := range names {
		names[i] = partName(name, i+1)
	}
	return names
}

// capacity returns how many characters of text n cookies hold of which each has
// at most limit bytes of name and value.
func capacity(name string, n, limit int) int {
	return limit - len(name) + (n-1)*(limit-len(name)-len("_2")-setSize)
}

// partsFor returns how many cookies a text of that many characters takes, and
// false if that is more than most.
func partsFor(name string, chars, most, limit int) (n int, ok bool) {
	for n = 1; n <= most; n++ {
		if chars <= capacity(name, n, limit) {
			return n, true
		}
	}
	return 0, false
}

// splitText calls yield with each part of a text: its number from 1, SET (""
// for the first) and piece.
func splitText(name string, text []byte, n, limit int, yield func(i int, set, piece []byte)) {
	set := text[:0:0]
	if n > 1 {
		set = text[setStart : setStart+setSize]
	}
	room := limit - len(name)
	for i := 1; i <= n; i++ {
		piece := text
		if i < n {
			piece, text = text[:room], text[room:]
		}
		if i == 1 {
			yield(i, nil, piece)
			room -= len("_2") + setSize
			continue
		}
		yield(i, set, piece)
	}
}

func errTooManyParts(parts, most int) error {
	return fmt.Errorf("%d cookies, where at most %d are allowed", parts, most)
}

var errMissingPart = errors.New("a part of it is missing")

// joinParts returns the text of a token whose first part is a value of the
// cookie called name. Of each further part it looks at the first few that the
// request has.
func joinParts(lines []string, name, first string, most int) (text string, err error) {
	header, err := peekHeader(first)
	switch {
	case err != nil:
		return "", err
	case header.parts == 1:
		return first, nil
	case header.parts > most:
		return "", errTooManyParts(header.parts, most)
	case len(first) < setStart+setSize:
		return "", errTooShort
	}
	set := first[setStart : setStart+setSize]
	var joined strings.Builder
	joined.WriteString(first)
	for i := 2; i <= header.parts; i++ {
		looked, found := 0, false
		cookieValues(lines, partName(name, i), func(value string) bool {
			looked++
			if found = strings.HasPrefix(value, set); found {
				joined.WriteString(value[setSize:])
			}
			return !found && looked < maxTries
		})
		if !found {
			return "", errMissingPart
		}
	}
	return joined.String(), nil
}

// surplus returns the names of the session's cookies that the request carried
// and that a write of n parts leaves behind, given all the names.
func surplus(lines, names []string, n int) (carried []string) {
	for _, name := range names[n:] {
		if hasCookie(lines, name) {
			carried = append(carried, name)
		}
	}
	return carried
}

// Cookies cuts a value that this Codec has sealed for the cookie called name
// into the cookies that carry it: one, or up to CodecOptions.MaxCookies. They
// have names and values; the attributes are the caller's. A cookie that is
// called like a further part and that the request carried is to be deleted: see
// [Codec.StaleParts].
func (c *Codec) Cookies(name, value string) []*http.Cookie {
	header, err := peekHeader(value)
	if err != nil || header.parts == 1 || c.maxCookies == 1 {
		return []*http.Cookie{{Name: name, Value: value}}
	}
	cookies := make([]*http.Cookie, 0, header.parts)
	splitText(name, []byte(value), header.parts, c.maxSize, func(i int, set, piece []byte) {
		cookies = append(cookies, &http.Cookie{Name: partName(name, i), Value: string(set) + string(piece)})
	})
	return cookies
}

// StaleParts returns the names of the cookies that a response has to delete,
// with the attributes that they were set with: those parts of name that the
// request carried and that the cookies of the response do not replace. Without
// cookies, that is, to delete the session, it is all of them, name included.
// With MaxCookies 1 there are no further parts.
func (c *Codec) StaleParts(r *http.Request, name string, cookies []*http.Cookie) []string {
	names := partNames(name)
	if c.maxCookies == 1 {
		names = names[:1]
	}
	return surplus(r.Header["Cookie"], names, len(cookies))
}
