package gorilla

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/cookiesession"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// NewCookieStore returns gorilla's own store around a codec that seals under
// keys, for programs that name its type: a field that is a
// *sessions.CookieStore, or an assertion. Where a sessions.Store will do, use
// [NewStore], which opens what this one wrote. The legacy codecs read and never
// write.
//
// Values are encrypted, keys rotate as far as sessions are saved, and cookies
// are Secure, HttpOnly and SameSite=Lax. What the store itself does stays as
// gorilla has it:
//
//   - A Save starts a session's life anew, so Lifetime counts from the last
//     one.
//   - A session has one cookie of at most 4093 bytes. Another MaxCookies is an
//     error.
//   - Each Save adds a Set-Cookie, a deletion carries the session's values, and
//     Get returns a nil session for a name that no cookie can have.
//   - The MaxAge method reaches no codec but gorilla's: set Lifetime. It still
//     sets the Max-Age of the cookies.
//   - A Save that fails is not logged. Caches are told nothing.
//   - There is no OnRefused, no LegacyName, no [Store.Refresh] and no [Renew].
//     An old cookie lives for as long as its codec says.
//   - An old cookie that one of the legacy codecs reads is taken also beside
//     one of ours that was revoked: gorilla asks each codec in turn.
func NewCookieStore(keys *cookiesession.Keyring, opts *cookiesession.CodecOptions, legacy ...*LegacyCodec) (*sessions.CookieStore, error) {
	if opts == nil {
		opts = &cookiesession.CodecOptions{}
	}
	codec, err := cookiesession.NewCodec(keys, opts)
	if opts.MaxSize < 0 {
		err = errors.Join(err, fmt.Errorf("cookiesession/gorilla: NewCookieStore: option MaxSize is %d: a cookie has a limit", opts.MaxSize))
	}
	if opts.MaxCookies > 1 {
		err = errors.Join(err, fmt.Errorf("cookiesession/gorilla: NewCookieStore: option MaxCookies is %d: gorilla's store writes one cookie, use NewStore", opts.MaxCookies))
	}
	if err != nil {
		return nil, err
	}
	codecs := []securecookie.Codec{codec}
	for _, old := range legacy {
		codecs = append(codecs, old)
	}
	return &sessions.CookieStore{Codecs: codecs, Options: &sessions.Options{
		Path:     "/",
		MaxAge:   int(newPolicy(opts).lifetime / time.Second),
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}}, nil
}
