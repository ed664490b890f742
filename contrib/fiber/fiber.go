// Package fibercookie puts the cookies of github.com/gofiber/fiber/v3's
// encryptcookie middleware under a rotating keyring. One line changes:
//
//	keys, err := cookiesession.LoadOrCreateKeyring(path)
//	config, err := fibercookie.Config(keys, nil)
//	...
//	// app.Use(encryptcookie.New(encryptcookie.Config{Key: key}))
//	app.Use(fibercookie.New(config))
//
// Handlers stay as they are: c.Cookie sets a value, c.Cookies reads it, and
// between the two it is sealed for the cookie's name. Next and Except of the
// config are the middleware's, to be set as before.
//
// # What changes
//
//   - Keys rotate without losing a cookie: any key of the keyring opens, and
//     each cookie that is set is sealed with the present one. A cookie that the
//     application does not set again stays under its key, so keep an old key
//     for CodecOptions.Lifetime.
//   - A value has an end, checked here and not only by the browser:
//     CodecOptions.Lifetime after it was set. 0 means 400 days here, because
//     cookies of all kinds pass through the middleware. Set it to the longest
//     lifetime that one of them needs. CodecOptions.NotBefore ends all that
//     were set before a moment.
//   - A cookie that a browser would drop in silence, because name and value
//     have more than 4093 bytes, is an error, [cookiesession.ErrTooLarge].
//   - A cookie that is deleted carries no content.
//   - [New] sends no plain values. encryptcookie.New alone sends them if a
//     value can't be encrypted, or if a handler has panicked with a recoverer
//     around it.
//
// # The key of the middleware
//
// The middleware wants a Key that is 16, 24 or 32 bytes in base64 also where
// its functions don't use it. [Config] draws one. It encrypts nothing and does
// not have to be kept.
//
// # Refused cookies
//
// A cookie that does not open is deleted from the request, so a handler finds
// none. That is all that the middleware does with the error. To count them, put
// a function around the config's Decryptor; [errors.Is] finds the reason among
// the errors of cookiesession:
//
//	decrypt := config.Decryptor
//	config.Decryptor = func(name, value, key string) (string, error) {
//	    plain, err := decrypt(name, value, key)
//	    if errors.Is(err, cookiesession.ErrUnknownKey) { ... }
//	    return plain, err
//	}
//
// Errors of old keys are not in its text; [errors.Is] and [errors.As] find
// them.
//
// The middleware knows one cookie of each name. If a request has two, which
// come from two paths or domains, and one of them does not open, it deletes
// both.
//
// # Cookies of the old key
//
// [Legacy] reads the cookies of encryptcookie's own functions until a date and
// never writes them:
//
//	until := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
//	config, err := fibercookie.Config(keys, nil, fibercookie.Legacy{Key: key, Until: until})
//
// They don't say when they were set, and nothing bounds their age until the
// date. So once CodecOptions.NotBefore is in force, none of them is read. A
// cookie that is one of ours, and has expired or was revoked, is refused as
// such, and no old key is tried.
//
// A replica that still runs the old program finds nothing in the new cookies.
// If that matters while a release is rolled out, give a cookie another name in
// the new program, read both, and delete both at logout.
//
// # Limits
//
// fiber ignores a cookie with a plain value that no cookie can carry, such as
// one with a semicolon, before the middleware sees it.
//
// Cookies that the application's ErrorHandler sets come after all middleware:
// they are not encrypted, and not read. The same goes for middleware outside
// this one. A value takes one cookie; there is no splitting. fiber v2 is not
// served: its middleware does not tell the name of a cookie, so a value would
// open under any name.
//
// A sealed cookie can be copied and brought back: see the limits in the package
// documentation of cookiesession. For a session rather than a value, the
// package fibersession, in the directory of the same name, has the one of
// [cookiesession.Manager].
package fibercookie

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
	"example.com/cookiesession/internal/wire"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/encryptcookie"
)

// A Legacy is a Key of encryptcookie's own functions, and the date until which
// its cookies are read. Anyone with the key can forge them until then. Where a
// name has no __Host- prefix, a sibling domain can plant its own.
type Legacy struct {
	Key   string
	Until time.Time
}

// Config returns a config for [New], or for encryptcookie.New, whose Encryptor
// and Decryptor seal and open values under keys. Nil opts mean a Lifetime of
// 400 days. A cookie that does not open is tried with the legacy keys, in
// order. The error joins all mistakes.
//
// The errors of the Decryptor are those of [cookiesession.Codec.Open], and
// [cookiesession.ErrRevoked] for a cookie of an old key that NotBefore refuses.
func Config(keys *cookiesession.Keyring, opts *cookiesession.CodecOptions, legacy ...Legacy) (encryptcookie.Config, error) {
	o := cookiesession.CodecOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Lifetime == 0 {
		o.Lifetime = wire.MaxLifetime
	}
	errs := []error{}
	if o.MaxCookies > 1 {
		errs = append(errs, fmt.Errorf("option MaxCookies is %d: the middleware gives a value one cookie", o.MaxCookies))
	}
	if o.MaxSize < 0 {
		errs = append(errs, errors.New("option MaxSize is negative: a cookie has a limit"))
	}
	for _, l := range legacy {
		if _, err := encryptcookie.EncryptCookie("probe", "", l.Key); err != nil {
			errs = append(errs, fmt.Errorf("Legacy: %w", err))
		}
		if l.Until.IsZero() {
			errs = append(errs, errors.New("Legacy has no date"))
		}
	}
	codec, err := cookiesession.NewCodec(keys, &o)
	if err := errors.Join(append(errs, err)...); err != nil {
		return encryptcookie.Config{}, fmt.Errorf("fibercookie: Config: %w", err)
	}
	s := &sealer{codec: codec, legacy: slices.Clone(legacy), notBefore: o.NotBefore}
	return encryptcookie.Config{Encryptor: s.encrypt, Decryptor: s.decrypt, Key: encryptcookie.GenerateKey(32)}, nil
}

type sealer struct {
	codec     *cookiesession.Codec
	legacy    []Legacy
	notBefore time.Time
}

// encrypt seals a value for the cookie called name. An empty one stays empty:
// it has no content, and a deletion carries one.
func (s *sealer) encrypt(name, value, _ string) (string, error) {
	if value == "" {
		return "", nil
	}
	return s.codec.Encode(name, value)
}

// decrypt opens a value of the cookie called name. An empty one does not open,
// and to a handler a cookie that is absent is the same.
func (s *sealer) decrypt(name, value, _ string) (plain string, err error) {
	if err = s.codec.Decode(name, value, &plain); err == nil {
		return plain, nil
	}
	if !webrule.MayBeLegacy(string(cookiesession.ReasonOf(err))) {
		return "", err
	}
	return s.decryptLegacy(name, value, err)
}

var errNotBefore = errors.New("a cookie of the old key, which does not say when it was set, and NotBefore is in force")

// decryptLegacy opens a value of an old key. Ours is the error of the codec.
func (s *sealer) decryptLegacy(name, value string, ours error) (string, error) {
	now := time.Now()
	refused := &refusedError{error: ours}
	for _, l := range s.legacy {
		if !now.Before(l.Until) {
			continue
		}
		plain, err := encryptcookie.DecryptCookie(name, value, l.Key)
		switch {
		case err != nil:
			refused.legacy = append(refused.legacy, err)
		case !s.notBefore.IsZero() && !now.Before(s.notBefore):
			return "", fmt.Errorf("%w: %w", cookiesession.ErrRevoked, errNotBefore)
		default:
			return plain, nil
		}
	}
	return "", refused
}

// A refusedError is the codec's error, with those of old keys behind it. They
// are not printed, because they may quote anything.
type refusedError struct {
	error
	legacy []error
}

func (e *refusedError) Unwrap() []error { return append([]error{e.error}, e.legacy...) }

// New is encryptcookie.New, and sends no cookie unencrypted. If the middleware
// could not encrypt all cookies of the response, none of them is set, and the
// error goes to the application's ErrorHandler. Cookies that config excepts
// stay.
func New(config encryptcookie.Config) fiber.Handler {
	handler := encrypting(config)
	return func(c fiber.Ctx) error {
		done := false
		defer func() {
			if !done {
				dropCookies(c, config.Except)
			}
		}()
		err := handler(c)
		done = !errors.As(err, new(*encryptError))
		return err
	}
}

// An encryptError tells the Encryptor's errors from those of handlers.
type encryptError struct {
	name  string
	cause error
}

func (e *encryptError) Error() string {
	return fmt.Sprintf("fibercookie: cookie %q: %v", e.name, e.cause)
}
func (e *encryptError) Unwrap() error { return e.cause }

// encrypting returns the middleware with errors that New can tell.
func encrypting(config encryptcookie.Config) fiber.Handler {
	encrypt := config.Encryptor
	if encrypt == nil {
		encrypt = encryptcookie.EncryptCookie
	}
	config.Encryptor = func(name, value, key string) (string, error) {
		sealed, err := encrypt(name, value, key)
		if err != nil {
			return "", &encryptError{name, err}
		}
		return sealed, nil
	}
	return encryptcookie.New(config)
}

// dropCookies takes all cookies out of a response, except those.
func dropCookies(c fiber.Ctx, except []string) {
	h := &c.Response().Header
	var names []string
	for name := range h.Cookies() {
		names = append(names, string(name)) // not deleted at once: that would move the entries during the walk
	}
	for _, name := range names {
		if !slices.Contains(except, name) {
			h.DelCookie(name)
		}
	}
}
