package gorilla

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"example.com/cookiesession"
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
// A zero until refuses all of them.
func Legacy(codec securecookie.Codec, until time.Time) *LegacyCodec {
	return &LegacyCodec{codec: codec, until: until}
}

// Encode fails.
func (l *LegacyCodec) Encode(string, any) (string, error) { return "", usageError(errReadOnly) }

// Decode reads a value of the old codec into dst, a non-nil pointer, which is
// written only on success, and then replaced as a whole. What JSON has stored
// as an object comes back as a map[any]any, too. From the date on the error is
// [cookiesession.ErrExpired].
func (l *LegacyCodec) Decode(name, value string, dst any) error {
	if !time.Now().Before(l.until) {
		return decodeError(cookiesession.ErrExpired, errCutOff)
	}
	target := reflect.ValueOf(dst)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return usageError(fmt.Errorf("can't decode into %T: it has to be a non-nil pointer", dst))
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

// legacyError makes sure that the old codec's error says whose fault it is.
func legacyError(err error) error {
	if _, ok := err.(securecookie.Error); ok {
		return err
	}
	return decodeError(cookiesession.ErrInvalid, errors.New("the legacy codec does not open it"))
}
