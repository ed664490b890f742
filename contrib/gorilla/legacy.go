package gorilla

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
	"github.com/gorilla/securecookie"
)

// A LegacyCodec reads what another codec has written, until a date. It is a
// securecookie.Codec whose Encode fails: among several codecs, gorilla writes
// with the next one, without a word, where one cannot.
type LegacyCodec struct {
	codec securecookie.Codec
	until time.Time
}

// Legacy returns a LegacyCodec for an old codec. Its cookies are refused from
// until on. Choose the day on which the last of them would have expired anyway:
// old codec's MaxAge after the last old cookie was written, 30 days by default.
// A zero until refuses all of them. Until then whoever has the old keys can
// forge a session, and if the name has no __Host- prefix, a sibling domain can
// plant one of its own.
func Legacy(codec securecookie.Codec, until time.Time) *LegacyCodec {
	return &LegacyCodec{codec: codec, until: until}
}

// Encode fails.
func (l *LegacyCodec) Encode(string, any) (string, error) { return "", usageError(errReadOnly) }

// Decode reads a value of the old codec into dst, a non-nil pointer, which is
// written only on success, and then replaced as a whole. What JSON has stored
// as an object comes back as a map[any]any, too. From the date on the error is
// [cookiesession.ErrExpired]. What the old codec says is found as a
// [*LegacyError].
func (l *LegacyCodec) Decode(name, value string, dst any) error {
	if !l.reads(time.Now()) {
		return decodeError(cookiesession.ErrExpired, errCutOff)
	}
	target := reflect.ValueOf(dst)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return usageError(fmt.Errorf("can't decode into %T: it has to be a non-nil pointer", dst))
	}
	if inner := target.Elem(); inner.Kind() == reflect.Pointer && !inner.IsNil() {
		return l.Decode(name, value, inner.Interface()) // as cookiesession.Codec does
	}
	fresh := reflect.New(target.Type().Elem())
	err := l.codec.Decode(name, value, fresh.Interface())
	if _, ok := dst.(*map[any]any); ok && err != nil {
		fresh, err = l.decodeObject(name, value, err)
	}
	if err != nil {
		return legacyError(err)
	}
	target.Elem().Set(fresh.Elem())
	return nil
}

// reads reports whether the date is still ahead.
func (l *LegacyCodec) reads(now time.Time) bool { return now.Before(l.until) }

// decodeObject decodes a map with string keys, the only one that JSON has, as
// one with any keys. Its error is the one that it was called for.
func (l *LegacyCodec) decodeObject(name, value string, err error) (reflect.Value, error) {
	var object map[string]any
	if l.codec.Decode(name, value, &object) != nil {
		return reflect.Value{}, err
	}
	values := make(map[any]any, len(object))
	for key, v := range object {
		values[key] = v
	}
	return reflect.ValueOf(&values), nil
}

// saved returns when a value that has been decoded was written, or the zero
// time if the codec is not one whose values tell. They are base64 of
// "time|content|MAC".
func (l *LegacyCodec) saved(value string) time.Time {
	if _, ok := l.codec.(*securecookie.SecureCookie); !ok {
		return time.Time{}
	}
	text, err := base64.URLEncoding.DecodeString(value)
	if err != nil {
		return time.Time{}
	}
	digits, _, _ := bytes.Cut(text, []byte("|"))
	unix, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}

// legacyError says whose fault an old codec's error is.
func legacyError(err error) error {
	cause := &LegacyError{err}
	if e, ok := err.(securecookie.Error); ok && !e.IsDecode() {
		return usageError(cause)
	}
	return decodeError(cookiesession.ErrInvalid, cause)
}

// ErrLegacyExpired is the cause of an [cookiesession.ErrExpired] that is about
// a cookie of the old store: it was written so long ago that it may not become
// a session of this one. If [Store.OnRefused] is told of many of them, the
// store's Lifetime is too short for the time of the move: see [NewStore].
var ErrLegacyExpired = errors.New("the old store's cookie is older than this store's Lifetime and MaxAge allow")

// legacyName returns the name that the old store has for a session.
func (s *Store) legacyName(name string) string {
	if s.LegacyName == nil {
		return name
	}
	return s.LegacyName(name)
}

// findLegacy looks for a cookie of the old store, where the codec has found
// none of ours that opens, and says why.
func (s *Store) findLegacy(r *http.Request, name string, ours error) (cookie, error) {
	now := time.Now()
	expired, err := s.standing(r, name)
	if err != nil && expired.IsZero() {
		return cookie{}, err
	}
	oldName := s.legacyName(name)
	var said []error
	for _, c := range firstCookies(r, oldName) {
		for _, codec := range s.legacy {
			if !codec.reads(now) {
				continue
			}
			var values map[any]any
			if err := codec.Decode(oldName, c.Value, &values); err != nil {
				said = append(said, err)
				continue
			}
			saved := codec.saved(c.Value)
			if err != nil && !saved.After(expired) {
				return cookie{}, err
			}
			if err := s.checkLegacy(saved, now); err != nil {
				return cookie{}, err
			}
			if values == nil {
				values = map[any]any{}
			}
			return cookie{values: values, meta: cookiesession.Meta{Created: saved}, legacy: true}, nil
		}
	}
	return cookie{}, withLegacy(cmp.Or(err, ours), said)
}

// standing returns why a cookie of ours was refused that an older one may not
// stand in for: it was revoked or altered, or it has expired. Only in the last
// case the time is set, at which it was issued.
func (s *Store) standing(r *http.Request, name string) (expired time.Time, refused error) {
	for _, alone := range webrule.Alone(r.Header["Cookie"], name) {
		var values map[any]any
		meta, err := s.codec.OpenRequest(alone, name, &values)
		switch {
		case err == nil:
			err = decodeError(cookiesession.ErrExpired, errMaxAge)
		case errors.Is(err, cookiesession.ErrExpired):
			header, _ := wire.ParseHeader(alone.CookiesNamed(name)[0].Value)
			meta.Issued = time.Unix(header.Issued, 0)
		case webrule.MayBeLegacy(string(cookiesession.ReasonOf(err))):
			continue
		default:
			return time.Time{}, err
		}
		if meta.Issued.After(expired) {
			expired, refused = meta.Issued, err
		}
	}
	return expired, refused
}

// checkLegacy applies the store's rules to a cookie of the old store that was
// saved then (zero: not known). Nobody knows when its session was created.
func (s *Store) checkLegacy(saved, now time.Time) error {
	switch {
	case !s.policy.notBefore.IsZero() && !now.Before(s.policy.notBefore):
		return decodeError(cookiesession.ErrRevoked, errLegacyNotBefore)
	case saved.IsZero() || now.Before(saved.Add(s.legacyLife())):
		return nil
	}
	return decodeError(cookiesession.ErrExpired, ErrLegacyExpired)
}

// legacyLife returns how long after it was saved a cookie of the old store
// ends, and the session that it becomes.
func (s *Store) legacyLife() time.Duration {
	if maxAge := s.attributes(nil).maxAge; maxAge > 0 {
		return seconds(maxAge) // at most MaxLifetime
	}
	return s.policy.maxLifetime
}

// withLegacy returns the codec's error with what old codecs said behind it.
func withLegacy(ours error, said []error) error {
	e, ok := ours.(securecookie.Error)
	switch {
	case len(said) == 0 || !ok:
		return ours
	case errors.Is(ours, cookiesession.ErrNoSession): // there is a cookie, under the old name
		return said[0]
	}
	return &refusedError{e, said}
}

// firstCookies returns a request's cookies of a name, the first few.
func firstCookies(r *http.Request, name string) []*http.Cookie {
	cookies := r.CookiesNamed(name)
	return cookies[:min(len(cookies), wire.MaxTries)]
}
