package fibercookie_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	fibercookie "example.com/cookiesession/contrib/fiber"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/encryptcookie"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/google/go-cmp/cmp"
)

func newKeyring(t testing.TB, keys ...cookiesession.Key) *cookiesession.Keyring {
	t.Helper()
	if keys == nil {
		keys = []cookiesession.Key{cookiesession.NewKey()}
	}
	ring, err := cookiesession.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newConfig(t testing.TB, keys *cookiesession.Keyring, opts *cookiesession.CodecOptions, legacy ...fibercookie.Legacy) encryptcookie.Config {
	t.Helper()
	config, err := fibercookie.Config(keys, opts, legacy...)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// seal returns a value as the application would have sent it.
func seal(t testing.TB, config encryptcookie.Config, name, value string) string {
	t.Helper()
	sealed, err := config.Encryptor(name, value, config.Key)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// newApp is an application with one path for each handler.
func newApp(middleware fiber.Handler, handlers map[string]fiber.Handler) *fiber.App {
	app := fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
		return c.Status(fiber.StatusTeapot).SendString(err.Error())
	}})
	app.Use(middleware)
	for path, h := range handlers {
		app.Get(path, h)
	}
	return app
}

// get returns the response to a request with these cookies, and its body.
func get(t testing.TB, app *fiber.App, path string, cookies ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	if cookies != nil {
		r.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	res, err := app.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// echo answers with what it finds under each name.
func echo(names ...string) fiber.Handler {
	return func(c fiber.Ctx) error {
		var found []string
		for _, name := range names {
			found = append(found, fmt.Sprintf("%s=%q", name, c.Cookies(name)))
		}
		return c.SendString(strings.Join(found, " "))
	}
}

// set sets cookies, given as names and values.
func set(pairs ...string) fiber.Handler {
	return func(c fiber.Ctx) error {
		for pair := range slices.Chunk(pairs, 2) {
			c.Cookie(&fiber.Cookie{Name: pair[0], Value: pair[1], Path: "/", Secure: true, HTTPOnly: true, SameSite: "Strict", MaxAge: 60})
		}
		return c.SendString("page")
	}
}

// TestMiddleware checks a cookie from the handler that sets it to the one that
// reads it: in between it is sealed, and keeps its attributes.
func TestMiddleware(t *testing.T) {
	const value = "tea and biscuits, 7=7"
	for name, middleware := range map[string]fiber.Handler{
		"New":               fibercookie.New(newConfig(t, newKeyring(t), nil)),
		"encryptcookie.New": encryptcookie.New(newConfig(t, newKeyring(t), nil)),
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(middleware, map[string]fiber.Handler{"/set": set("order", value), "/get": echo("order")})
			res, body := get(t, app, "/set")
			cookies := res.Cookies()
			if len(cookies) != 1 || body != "page" {
				t.Fatalf("cookies %v, body %q", cookies, body)
			}
			c := cookies[0]
			if strings.Contains(c.Raw, "biscuits") || len(c.Value) < 58 {
				t.Errorf("the cookie was sent as %q", c.Raw)
			}
			if c.Path != "/" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 60 {
				t.Errorf("attributes: %v", c)
			}
			if _, body := get(t, app, "/get", "order="+c.Value); body != fmt.Sprintf("order=%q", value) {
				t.Errorf("came back: %s", body)
			}
			if _, body := get(t, app, "/get"); body != `order=""` {
				t.Errorf("without a cookie: %s", body)
			}
		})
	}
}

// TestSwappedNames checks that a value opens under its own name alone, so that
// a visitor can't have what one cookie says said by another.
func TestSwappedNames(t *testing.T) {
	config := newConfig(t, newKeyring(t), nil)
	sealed := seal(t, config, "theme", "admin")
	if got, err := config.Decryptor("theme", sealed, config.Key); got != "admin" || err != nil {
		t.Errorf("under its own name: %q, %v", got, err)
	}
	if got, err := config.Decryptor("role", sealed, config.Key); got != "" || !errors.Is(err, cookiesession.ErrInvalid) {
		t.Errorf("under another name: %q, %v", got, err)
	}
	app := newApp(fibercookie.New(config), map[string]fiber.Handler{"/get": echo("theme", "role")})
	if _, body := get(t, app, "/get", "role="+sealed, "theme="+sealed); body != `theme="admin" role=""` {
		t.Errorf("a handler finds %s", body)
	}
}

// TestMixedCookies checks that what does not open is taken out of a request,
// and what does, or is excepted, stays.
func TestMixedCookies(t *testing.T) {
	config := newConfig(t, newKeyring(t), nil)
	config.Except = []string{"plain"}
	a, b := seal(t, config, "a", "1"), seal(t, config, "b", "2")
	app := newApp(fibercookie.New(config), map[string]fiber.Handler{"/get": func(c fiber.Ctx) error {
		var names []string
		for name := range c.Request().Header.Cookies() {
			names = append(names, string(name))
		}
		slices.Sort(names)
		if err := echo("a", "b", "junk", "plain")(c); err != nil {
			return err
		}
		c.Set("Names", strings.Join(names, " "))
		return nil
	}})
	res, body := get(t, app, "/get", "a="+a, "junk=not-sealed", "empty=", "plain=p", "b="+b, "altered="+a[:len(a)-1])
	if body != `a="1" b="2" junk="" plain="p"` || res.Header.Get("Names") != "a b plain" {
		t.Errorf("a handler finds %s, names %q", body, res.Header.Get("Names"))
	}
}

// TestDoubledCookie checks that of two cookies of one name no plain one gets
// through, whatever their order.
func TestDoubledCookie(t *testing.T) {
	config := newConfig(t, newKeyring(t), nil)
	app := newApp(fibercookie.New(config), map[string]fiber.Handler{"/get": echo("role")})
	sealed := seal(t, config, "role", "user")
	for _, cookies := range [][]string{{"role=" + sealed, "role=admin"}, {"role=admin", "role=" + sealed}, {"role=admin", "role=admin"}} {
		if _, body := get(t, app, "/get", cookies...); body != `role=""` {
			t.Errorf("%d characters first: a handler finds %s", len(cookies[0]), body)
		}
	}
}

// TestRotation checks that a new key costs no cookie, and that a cookie that is
// set again does without the old key.
func TestRotation(t *testing.T) {
	older, newer := cookiesession.NewKey(), cookiesession.NewKey()
	before := newConfig(t, newKeyring(t, older), nil)
	during := newConfig(t, newKeyring(t, newer, older), nil)
	after := newConfig(t, newKeyring(t, newer), nil)

	sealed := seal(t, before, "id", "7")
	app := newApp(fibercookie.New(during), map[string]fiber.Handler{"/": func(c fiber.Ctx) error {
		return set("id", c.Cookies("id"))(c)
	}})
	res, _ := get(t, app, "/", "id="+sealed)
	if len(res.Cookies()) != 1 {
		t.Fatalf("cookies %v", res.Cookies())
	}
	if got, err := after.Decryptor("id", res.Cookies()[0].Value, ""); got != "7" || err != nil {
		t.Errorf("set again: %q, %v", got, err)
	}
	if got, err := after.Decryptor("id", sealed, ""); got != "" || !errors.Is(err, cookiesession.ErrUnknownKey) {
		t.Errorf("under the old key: %q, %v", got, err)
	}
}

// TestKey checks that the Key that the middleware wants does nothing.
func TestKey(t *testing.T) {
	ring := newKeyring(t)
	a, b := newConfig(t, ring, nil), newConfig(t, ring, nil)
	if a.Key == b.Key {
		t.Error("two configs have one Key, so it could be known")
	}
	if got, err := b.Decryptor("id", seal(t, a, "id", "7"), b.Key); got != "7" || err != nil {
		t.Errorf("under another Key: %q, %v", got, err)
	}
	if _, err := encryptcookie.DecryptCookie("id", seal(t, a, "id", "7"), a.Key); err == nil {
		t.Error("the Key opens a value")
	}
}

// TestRefused checks the reasons for which a value does not open.
func TestRefused(t *testing.T) {
	ring := newKeyring(t)
	config := newConfig(t, ring, &cookiesession.CodecOptions{Lifetime: time.Hour})
	other := newConfig(t, ring, &cookiesession.CodecOptions{Label: "other"})
	synctest.Test(t, func(t *testing.T) {
		sealed := seal(t, config, "id", "7")
		list := encode(t, ring, "id", []string{"7"})
		for _, test := range []struct {
			name  string
			value string
			want  error
		}{
			{"junk", "junk", cookiesession.ErrInvalid},
			{"empty", "", cookiesession.ErrInvalid},
			{"altered", sealed[:len(sealed)-2] + "AA", cookiesession.ErrInvalid},
			{"another label", seal(t, other, "id", "7"), cookiesession.ErrInvalid},
			{"another key", seal(t, newConfig(t, newKeyring(t), nil), "id", "7"), cookiesession.ErrUnknownKey},
			{"not a string", list, cookiesession.ErrInvalid},
		} {
			if got, err := config.Decryptor("id", test.value, config.Key); got != "" || !errors.Is(err, test.want) {
				t.Errorf("%s: %q, %v", test.name, got, err)
			}
		}
		time.Sleep(time.Hour - time.Second)
		if got, err := config.Decryptor("id", sealed, config.Key); got != "7" || err != nil {
			t.Errorf("before its end: %q, %v", got, err)
		}
		time.Sleep(time.Second)
		if got, err := config.Decryptor("id", sealed, config.Key); got != "" || !errors.Is(err, cookiesession.ErrExpired) {
			t.Errorf("at its end: %q, %v", got, err)
		}
	})
}

func encode(t testing.TB, ring *cookiesession.Keyring, name string, value any) string {
	t.Helper()
	codec, err := cookiesession.NewCodec(ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := codec.Encode(name, value)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// TestDefaultLifetime checks that a value lives as long as a browser can keep
// it, where nobody has said otherwise.
func TestDefaultLifetime(t *testing.T) {
	config := newConfig(t, newKeyring(t), nil)
	synctest.Test(t, func(t *testing.T) {
		sealed := seal(t, config, "theme", "dark")
		time.Sleep(400*24*time.Hour - time.Second)
		if got, err := config.Decryptor("theme", sealed, ""); got != "dark" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestDeletion checks that what deletes a cookie carries no content.
func TestDeletion(t *testing.T) {
	app := newApp(fibercookie.New(newConfig(t, newKeyring(t), nil)), map[string]fiber.Handler{"/": func(c fiber.Ctx) error {
		c.ClearCookie("id")
		return nil
	}})
	res, _ := get(t, app, "/", "id=x")
	if cookies := res.Cookies(); len(cookies) != 1 || cookies[0].Value != "" || !cookies[0].Expires.Before(time.Now()) {
		t.Errorf("cookies %v", cookies)
	}
}

var errHandler = errors.New("the handler failed")

// TestNothingPlainGetsOut has the middleware fail in the midst of a response.
// No cookie may leave as the handler set it.
func TestNothingPlainGetsOut(t *testing.T) {
	large := strings.Repeat("x", 5000)
	for _, test := range []struct {
		name    string
		handler fiber.Handler
		status  int
		cookies []string
		errs    []error
	}{
		{"value too large, first", set("big", large, "a", "secret", "plain", "p"), fiber.StatusTeapot, []string{"plain"}, []error{cookiesession.ErrTooLarge}},
		{"value too large, last", set("plain", "p", "a", "secret", "big", large), fiber.StatusTeapot, []string{"plain"}, []error{cookiesession.ErrTooLarge}},
		{"value too large and an error", func(c fiber.Ctx) error { return errors.Join(set("a", "secret", "big", large)(c), errHandler) }, fiber.StatusTeapot, nil, []error{errHandler, cookiesession.ErrTooLarge}},
		{"error of the handler", func(c fiber.Ctx) error { return errors.Join(set("a", "secret")(c), errHandler) }, fiber.StatusTeapot, []string{"a"}, []error{errHandler}},
		{"panic", func(c fiber.Ctx) error { _ = set("a", "secret", "plain", "p")(c); panic(errHandler) }, fiber.StatusTeapot, []string{"plain"}, []error{errHandler}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := newConfig(t, newKeyring(t), nil)
			config.Except = []string{"plain"}
			var failed error
			app := fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
				failed = err
				return c.Status(fiber.StatusTeapot).SendString(err.Error())
			}})
			app.Use(recover.New(), fibercookie.New(config))
			app.Get("/", test.handler)
			res, _ := get(t, app, "/")
			var names []string
			for _, c := range res.Cookies() {
				names = append(names, c.Name)
			}
			if diff := cmp.Diff(test.cookies, names); diff != "" || res.StatusCode != test.status {
				t.Errorf("status %d, cookies (-want +got):\n%s", res.StatusCode, diff)
			}
			if strings.Contains(fmt.Sprint(res.Header), "secret") {
				t.Errorf("a plain value got out: %v", res.Header)
			}
			for _, want := range test.errs {
				if !errors.Is(failed, want) {
					t.Errorf("the error %v is not %v", failed, want)
				}
			}
		})
	}
}

// TestNext checks that a request that the config skips is left alone.
func TestNext(t *testing.T) {
	config := newConfig(t, newKeyring(t), nil)
	config.Next = func(fiber.Ctx) bool { return true }
	app := newApp(fibercookie.New(config), map[string]fiber.Handler{"/": set("a", "plain")})
	if res, _ := get(t, app, "/"); len(res.Cookies()) != 1 || res.Cookies()[0].Value != "plain" {
		t.Errorf("cookies %v", res.Cookies())
	}
}

// TestDefaultFunctions checks that New works with any config that the
// middleware takes.
func TestDefaultFunctions(t *testing.T) {
	key := encryptcookie.GenerateKey(32)
	app := newApp(fibercookie.New(encryptcookie.Config{Key: key}), map[string]fiber.Handler{"/": set("a", "1")})
	res, _ := get(t, app, "/")
	if got, err := encryptcookie.DecryptCookie("a", res.Cookies()[0].Value, key); got != "1" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestLegacy checks that cookies of the middleware's own functions are read
// until the date, and never written.
func TestLegacy(t *testing.T) {
	first, second := encryptcookie.GenerateKey(32), encryptcookie.GenerateKey(16)
	synctest.Test(t, func(t *testing.T) {
		legacy := []fibercookie.Legacy{{Key: first, Until: time.Now().Add(time.Hour)}, {Key: second, Until: time.Now().Add(2 * time.Hour)}}
		config := newConfig(t, newKeyring(t), nil, legacy...)
		clear(legacy)
		old := map[string]string{}
		for _, key := range []string{first, second} {
			var err error
			if old[key], err = encryptcookie.EncryptCookie("id", "7", key); err != nil {
				t.Fatal(err)
			}
		}
		check := func(when, key string, want bool) {
			t.Helper()
			got, err := config.Decryptor("id", old[key], config.Key)
			if (got == "7") != want || (err == nil) != want || !want && !errors.Is(err, cookiesession.ErrInvalid) {
				t.Errorf("%s: %q, %v", when, got, err)
			}
		}
		check("in time, first key", first, true)
		check("in time, second key", second, true)
		if _, err := config.Decryptor("other", old[first], config.Key); err == nil {
			t.Error("an old cookie opened under another name")
		}
		if _, err := encryptcookie.DecryptCookie("id", seal(t, config, "id", "7"), first); err == nil {
			t.Error("a value was sealed with the old key")
		}
		time.Sleep(time.Hour)
		check("after the first date, first key", first, false)
		check("after the first date, second key", second, true)
		time.Sleep(time.Hour)
		check("after the second date, second key", second, false)
	})
}

// TestLegacyRules checks when old keys are tried: never for a cookie that was
// ours, and never once NotBefore is in force, because nobody knows when a
// cookie of theirs was set.
func TestLegacyRules(t *testing.T) {
	key := encryptcookie.GenerateKey(32)
	// One value in 16 begins with the version of a token, by chance. If it
	// could be one, it is refused since its key is unknown, and not as invalid.
	var old string
	for raw := []byte{1}; raw[0]&15 == 1; {
		var err error
		if old, err = encryptcookie.EncryptCookie("id", "7", key); err != nil {
			t.Fatal(err)
		}
		if raw, err = base64.StdEncoding.DecodeString(old); err != nil {
			t.Fatal(err)
		}
	}
	sealing, revoked := cookiesession.NewKey(), cookiesession.NewKey()
	ring, err := cookiesession.ParseKeyring(sealing.Secret() + "\nrevoked " + revoked.ID())
	if err != nil {
		t.Fatal(err)
	}
	before, err := cookiesession.NewKeyring(revoked)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		legacy := fibercookie.Legacy{Key: key, Until: time.Now().Add(1000 * time.Hour)}
		config := func(o cookiesession.CodecOptions) encryptcookie.Config { return newConfig(t, ring, &o, legacy) }
		plain := config(cookiesession.CodecOptions{Lifetime: time.Hour})
		expired := seal(t, plain, "id", "7")
		time.Sleep(time.Hour)
		now := time.Now()
		for _, test := range []struct {
			name   string
			config encryptcookie.Config
			value  string
			want   error // nil: the old key opens it
		}{
			{"no NotBefore", plain, old, nil},
			{"NotBefore in a second", config(cookiesession.CodecOptions{NotBefore: now.Add(time.Second)}), old, nil},
			{"NotBefore now", config(cookiesession.CodecOptions{NotBefore: now}), old, cookiesession.ErrRevoked},
			{"NotBefore long ago", config(cookiesession.CodecOptions{NotBefore: time.Unix(0, 0)}), old, cookiesession.ErrRevoked},
			{"NotBefore, junk", config(cookiesession.CodecOptions{NotBefore: now}), "junk", cookiesession.ErrInvalid},
			{"ours, expired", plain, expired, cookiesession.ErrExpired},
			{"ours, key revoked", plain, seal(t, newConfig(t, before, nil), "id", "7"), cookiesession.ErrRevoked},
			{"ours, altered", plain, flip(expired), cookiesession.ErrInvalid},
			{"neither's", plain, flip(old), cookiesession.ErrInvalid},
		} {
			got, err := test.config.Decryptor("id", test.value, test.config.Key)
			if (err == nil) != (test.want == nil) || !errors.Is(err, test.want) || (got == "7") != (test.want == nil) {
				t.Errorf("%s: %q, %v", test.name, got, err)
			}
			// What an old key says is found, and not printed. It is said only
			// where one was asked.
			asked := test.name == "NotBefore, junk" || test.name == "neither's"
			if said := errors.Is(err, encryptcookie.ErrInvalidEncryptedValue) || strings.Contains(causes(err), "message authentication failed"); said != asked {
				t.Errorf("%s: the old key's error is found: %v, in %v", test.name, said, err)
			}
			if err != nil && strings.Contains(err.Error(), "decrypt") {
				t.Errorf("%s: the error prints the old key's: %v", test.name, err)
			}
		}
	})
}

// flip alters a character in the middle of a value, which has a meaning.
func flip(value string) string {
	b := []byte(value)
	if b[len(b)/2] == 'A' {
		b[len(b)/2] = 'B'
	} else {
		b[len(b)/2] = 'A'
	}
	return string(b)
}

// causes returns the texts of all errors below err.
func causes(err error) (text string) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			text += " " + e.Error() + causes(e)
		}
	}
	return text
}

// TestOthersValues checks that values of this middleware are not taken for
// sessions of a Manager or a Codec, whatever text they hold.
func TestOthersValues(t *testing.T) {
	ring := newKeyring(t)
	config := newConfig(t, ring, nil)
	codec, err := cookiesession.NewCodec(ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"plain", `{"User":"admin"}`, "eyJ1c2VyIjoiYWRtaW4ifQ", "00000000000000000000000000000001", "2026-01-01T00:00:00.000Z"} {
		sealed := seal(t, config, "session", value)
		var text string
		if err := codec.Decode("session", sealed, &text); err != nil || text != value {
			t.Errorf("%q as a string: %q, %v", value, text, err)
		}
		for _, dst := range []any{new(struct{ User string }), new(map[string]any), new([]byte), new(time.Time), new(int), new([16]byte)} {
			if err := codec.Decode("session", sealed, dst); !errors.Is(err, cookiesession.ErrInvalid) {
				t.Errorf("%q into a %T: %v", value, dst, err)
			}
		}
	}
}

// TestConfigRefuses checks that Config finds what would fail at a request.
func TestConfigRefuses(t *testing.T) {
	ring, until := newKeyring(t), time.Now()
	for _, test := range []struct {
		name   string
		keys   *cookiesession.Keyring
		opts   *cookiesession.CodecOptions
		legacy []fibercookie.Legacy
		want   string
	}{
		{"no keyring", nil, nil, nil, "keyring"},
		{"several cookies", ring, &cookiesession.CodecOptions{MaxCookies: 2}, nil, "MaxCookies"},
		{"no limit", ring, &cookiesession.CodecOptions{MaxSize: -1}, nil, "MaxSize"},
		{"endless", ring, &cookiesession.CodecOptions{Lifetime: 500 * 24 * time.Hour}, nil, "Lifetime"},
		{"legacy without a key", ring, nil, []fibercookie.Legacy{{Until: until}}, "Legacy"},
		{"legacy with a bad key", ring, nil, []fibercookie.Legacy{{Key: "c2hvcnQ=", Until: until}}, "Legacy"},
		{"legacy without a date", ring, nil, []fibercookie.Legacy{{Key: encryptcookie.GenerateKey(32)}}, "date"},
	} {
		config, err := fibercookie.Config(test.keys, test.opts, test.legacy...)
		if err == nil || !strings.Contains(err.Error(), test.want) || config.Encryptor != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
