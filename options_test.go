package cookiesession_test

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// optionsNamed returns the options that an error of New finds fault with, in
// its order.
func optionsNamed(err error) (names []string) {
	if err == nil {
		return nil
	}
	for _, m := range regexp.MustCompile(`options? (\w+)`).FindAllStringSubmatch(err.Error(), -1) {
		names = append(names, m[1])
	}
	return names
}

// What New refuses. Each row breaks one thing, and the error names that and
// nothing else.
func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		opts userOptions
		want string
	}{
		{"a space in the name", userOptions{Name: "my session"}, "Name"},
		{"an equals sign in the name", userOptions{Name: "a=b"}, "Name"},
		{"a semicolon in the name", userOptions{Name: "a;b"}, "Name"},
		{"a name that is not ASCII", userOptions{Name: "sitzungé"}, "Name"},
		{"a name of 65 bytes", userOptions{Name: strings.Repeat("n", 65)}, "Name"},
		{"__Host- with a domain", userOptions{Name: "__Host-sid", Domain: "shop.example"}, "Name"},
		{"__Host- with a path", userOptions{Name: "__Host-sid", Path: "/app"}, "Name"},
		{"__host- with a path", userOptions{Name: "__host-sid", Path: "/app"}, "Name"},
		{"__Host-Http- with a domain", userOptions{Name: "__Host-Http-sid", Domain: "shop.example"}, "Name"},
		{"__HOST-HTTP- with a path", userOptions{Name: "__HOST-HTTP-sid", Path: "/app"}, "Name"},
		{"the name of a second part", userOptions{Name: "sid_2"}, "Name"},
		{"the name of an eighth part", userOptions{Name: "sid_8"}, "Name"},
		{"nothing but a prefix, insecure", userOptions{Name: "__Host-", Insecure: true}, "Name"},
		{"two prefixes, insecure", userOptions{Name: "__Secure-__Host-sid", Insecure: true}, "Name"},

		{"a size below the least", userOptions{MaxSize: 255}, "MaxSize"},
		{"a negative size", userOptions{MaxSize: -1}, "MaxSize"},
		{"a size above a browser's", userOptions{MaxSize: 4094}, "MaxSize"},
		{"a size that is too small to split", userOptions{MaxSize: 1023, MaxCookies: 2}, "MaxSize"},

		{"a path without a slash", userOptions{Path: "app"}, "Path"},
		{"a path with a semicolon", userOptions{Path: "/a;b"}, "Path"},
		{"a path with a line end", userOptions{Path: "/a\r\nSet-Cookie: b=1"}, "Path"},
		{"a path with a query", userOptions{Path: "/a?b"}, "Path"},
		{"a path with a fragment", userOptions{Path: "/a#b"}, "Path"},
		{"a path with a space", userOptions{Path: "/a b"}, "Path"},
		{"a path that is not ASCII", userOptions{Path: "/ü"}, "Path"},
		{"a path with quotes", userOptions{Path: `/"a"`}, "Path"},
		{"a path with dots", userOptions{Path: "/a/../b"}, "Path"},
		{"a path of 1025 bytes", userOptions{Path: "/" + strings.Repeat("p", 1024)}, "Path"},

		{"a domain with an underscore", userOptions{Domain: "a_b.example"}, "Domain"},
		{"a domain with a space", userOptions{Domain: "shop .example"}, "Domain"},
		{"a domain with a port", userOptions{Domain: "shop.example:443"}, "Domain"},
		{"a domain with a leading dot", userOptions{Domain: ".shop.example"}, "Domain"},
		{"an IPv4 address", userOptions{Domain: "192.0.2.1"}, "Domain"},
		{"an IPv6 address", userOptions{Domain: "2001:db8::1"}, "Domain"},
		{"a domain without a dot", userOptions{Domain: "localhost"}, "Domain"},
		{"a domain with a trailing dot", userOptions{Domain: "shop.example."}, "Domain"},
		{"a host with a trailing dot", userOptions{Domain: "localhost."}, "Domain"},
		{"an IPv4 address in hexadecimal", userOptions{Domain: "0x7f.1"}, "Domain"},
		{"an IPv4 address of two numbers", userOptions{Domain: "127.1"}, "Domain"},
		{"a domain that ends in a number", userOptions{Domain: "shop.example.7"}, "Domain"},

		{"SameSiteDefaultMode", userOptions{SameSite: http.SameSiteDefaultMode}, "SameSite"},
		{"SameSite 9", userOptions{SameSite: 9}, "SameSite"},
		{"SameSite -1", userOptions{SameSite: -1}, "SameSite"},
		{"None, insecure", userOptions{SameSite: http.SameSiteNoneMode, Insecure: true}, "SameSite"},
		{"partitioned, insecure", userOptions{Partitioned: true, Insecure: true}, "Partitioned"},

		{"a negative lifetime", userOptions{Lifetime: -time.Hour}, "Lifetime"},
		{"a lifetime under a second", userOptions{Lifetime: time.Second - 1}, "Lifetime"},
		{"a lifetime of 1.5 seconds", userOptions{Lifetime: 1500 * time.Millisecond}, "Lifetime"},
		{"a lifetime of 400 days and a second", userOptions{Lifetime: 400*day + time.Second}, "Lifetime"},
		{"a negative MaxLifetime", userOptions{MaxLifetime: -time.Hour}, "MaxLifetime"},
		{"a MaxLifetime of 15 days and half a second", userOptions{MaxLifetime: 15*day + time.Second/2}, "MaxLifetime"},
		{"a MaxLifetime of 400 days and a second", userOptions{MaxLifetime: 400*day + time.Second}, "MaxLifetime"},
		{"a MaxLifetime under the lifetime", userOptions{MaxLifetime: day}, "MaxLifetime"},
		{"negative MaxCookies", userOptions{MaxCookies: -1}, "MaxCookies"},
		{"9 MaxCookies", userOptions{MaxCookies: 9}, "MaxCookies"},
		{"negative PadTo", userOptions{PadTo: -16}, "PadTo"},
		{"PadTo 15", userOptions{PadTo: 15}, "PadTo"},
		{"PadTo 1025", userOptions{PadTo: 1025}, "PadTo"},
		{"a negative idle timeout", userOptions{IdleTimeout: -time.Hour}, "IdleTimeout"},
		{"an idle timeout under a second", userOptions{IdleTimeout: time.Millisecond}, "IdleTimeout"},
		{"an idle timeout of 1.5 seconds", userOptions{IdleTimeout: 1500 * time.Millisecond}, "IdleTimeout"},
		{"an idle timeout over the default lifetime", userOptions{IdleTimeout: 15 * day}, "IdleTimeout"},
		{"an idle timeout over the lifetime", userOptions{Lifetime: time.Hour, IdleTimeout: 2 * time.Hour}, "IdleTimeout"},
	}
	ring := newRing(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := cookiesession.New(ring, &tt.opts)
			if m != nil {
				t.Error("a Manager was returned")
			}
			if diff := cmp.Diff([]string{tt.want}, optionsNamed(err)); diff != "" {
				t.Errorf("error %v\nnames options (-want +got):\n%s", err, diff)
			}
		})
	}
}

// What New must let pass.
func TestNewAccepts(t *testing.T) {
	tests := []struct {
		name string
		opts userOptions
	}{
		{"the zero value", userOptions{}},
		{"a name of 64 bytes", userOptions{Name: strings.Repeat("n", 64)}},
		{"any token", userOptions{Name: "!#$%&'*+-.^_`|~09azAZ"}},
		{"a name like that of a first part", userOptions{Name: "sid_1"}},
		{"a name like that of a ninth part", userOptions{Name: "sid_9"}},
		{"__Host-", userOptions{Name: "__Host-sid"}},
		{"__Host-Http-", userOptions{Name: "__Host-Http-sid"}},
		{"__Host- with Path /", userOptions{Name: "__Host-sid", Path: "/"}},
		{"__Secure- with a domain and a path", userOptions{Name: "__Secure-sid", Domain: "shop.example", Path: "/app"}},
		{"__Http- with a domain", userOptions{Name: "__Http-sid", Domain: "shop.example"}},
		{"a path that is encoded", userOptions{Path: "/%C3%BC/a%20b"}},
		{"a path of 1024 bytes", userOptions{Path: "/" + strings.Repeat("p", 1023)}},
		{"a domain that looks like an address", userOptions{Domain: "192.0.2.example"}},
		{"partitioned with Lax", userOptions{Partitioned: true}},
		{"partitioned with None", userOptions{Partitioned: true, SameSite: http.SameSiteNoneMode}},
		{"strict", userOptions{SameSite: http.SameSiteStrictMode}},
		{"the least size", userOptions{MaxSize: 256}},
		{"the largest size", userOptions{MaxSize: 4093}},
		{"the least size to split", userOptions{MaxSize: 1024, MaxCookies: 8}},
		{"strict, insecure", userOptions{SameSite: http.SameSiteStrictMode, Insecure: true}},
		{"a browser session with an idle timeout", userOptions{BrowserSession: true, IdleTimeout: time.Hour}},
		{"insecure with a prefix", userOptions{Name: "__Secure-sid", Insecure: true, Domain: "shop.example"}},
		{"a lifetime of a second", userOptions{Lifetime: time.Second}},
		{"a lifetime of 400 days", userOptions{Lifetime: 400 * day}},
		{"a MaxLifetime of 400 days", userOptions{MaxLifetime: 400 * day}},
		{"an idle timeout as long as the lifetime", userOptions{Lifetime: time.Hour, IdleTimeout: time.Hour}},
		{"NotBefore in a year", userOptions{NotBefore: time.Now().Add(365 * day)}},
		{"NotBefore long ago", userOptions{NotBefore: time.Unix(0, 0)}},
		{"8 MaxCookies", userOptions{MaxCookies: 8}},
		{"PadTo 16", userOptions{PadTo: 16}},
		{"PadTo 1024", userOptions{PadTo: 1024}},
		{"a label", userOptions{Label: "shop, production; \x00 anything"}},
	}
	ring := newRing(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := cookiesession.New(ring, &tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			// And what it sets is a cookie that Go's own parser finds nothing wrong with.
			cookies, err := m.Cookies(&webSession{Data: webUser{Name: "ana"}})
			if err != nil || len(cookies) != 1 {
				t.Fatalf("%v, error %v", cookies, err)
			}
			mustDo(t, cookies[0].Valid())
		})
	}
}

// All that is wrong is said at once.
func TestNewJoinsErrors(t *testing.T) {
	type chanUser struct{ C chan int }
	_, err := cookiesession.New(nil, &cookiesession.Options[chanUser]{
		Name: "a b", Path: "app", Domain: "localhost", SameSite: http.SameSiteNoneMode, Partitioned: true, Insecure: true,
		Lifetime: time.Millisecond, MaxLifetime: 500 * day, IdleTimeout: -1,
		Label: "shop", LabelFunc: func(*http.Request) string { return "shop" },
	})
	got := make(map[string]bool)
	for _, name := range optionsNamed(err) {
		got[name] = true
	}
	want := map[string]bool{
		"Name": true, "Path": true, "Domain": true, "SameSite": true, "Partitioned": true,
		"Lifetime": true, "MaxLifetime": true, "IdleTimeout": true, "Label": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error %v\nnames options (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"keyring", "chanUser", "C"} {
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("error %v does not name %s", err, text)
		}
	}
}

func TestNewNil(t *testing.T) {
	if m, err := cookiesession.New[webUser](nil, nil); err == nil || m != nil {
		t.Errorf("without a keyring: %v, error %v", m, err)
	}
	m, err := cookiesession.New[webUser](newRing(t), nil)
	if err != nil || m.CookieName() != "__Host-session" {
		t.Errorf("without options: %v, error %v", m, err)
	}
}

// New copies its options.
func TestNewCopiesOptions(t *testing.T) {
	opts := userOptions{Name: "sid"}
	m, err := cookiesession.New(newRing(t), &opts)
	if err != nil {
		t.Fatal(err)
	}
	opts.Name, opts.Check = "other", func(*http.Request, *webSession) error { panic("a later Check") }
	cookies, err := m.Cookies(&webSession{Data: webUser{Name: "ana"}})
	if err != nil || m.CookieName() != "sid" || cookies[0].Name != "sid" {
		t.Fatalf("%q, %v, error %v", m.CookieName(), cookies, err)
	}
	r := webRequest()
	r.AddCookie(cookies[0])
	mustDo(t, m.Load(r).Err())
}

// oneWay can be marshaled, and not back.
type oneWay struct{ N int }

func (oneWay) MarshalText() ([]byte, error) { return []byte("n"), nil }

// The types that no session can be of: New says so, and not the first request.
func TestNewRefusesTypes(t *testing.T) {
	type embedded struct{ N int }
	type recursive struct{ Next **recursive }
	tests := map[string]error{
		"pointer":                newError[*webUser](t),
		"any":                    newError[any](t),
		"interface":              newError[error](t),
		"chan":                   newError[chan int](t),
		"func":                   newError[func()](t),
		"struct{}":               newError[struct{}](t),
		"array of nothing":       newError[[3]struct{}](t),
		"empty array":            newError[[0]int](t),
		"unexported fields only": newError[struct{ n int }](t),
		"skipped fields only": newError[struct {
			N int `json:"-"`
		}](t),
		"chan in a field":      newError[struct{ C chan int }](t),
		"func in a map":        newError[map[string]func()](t),
		"complex":              newError[[]complex128](t),
		"marshaled one way":    newError[struct{ O oneWay }](t),
		"embedded pointer":     newError[struct{ *embedded }](t),
		"pointer to a pointer": newError[struct{ P **int }](t),
		"pointer to a map":     newError[struct{ P *map[string]int }](t),
		"recursive through it": newError[recursive](t),
		"opaque struct":        newError[struct{ R reflect.Value }](t),
		"struct as a map key":  newError[map[struct{ N int }]int](t),
		"float as a map key":   newError[map[float64]int](t),
		"strings as a map key": newError[map[[2]string]int](t),
		"two fields with one key": newError[struct {
			A int `cbor:"k"`
			B int `cbor:"k"`
		}](t),
		"unknown cbor option": newError[struct {
			A int `cbor:"a,omitempty,toarray"`
		}](t),
	}
	for name, err := range tests {
		t.Run(name, func(t *testing.T) {
			if err == nil {
				t.Fatal("New has no error")
			}
			if text := err.Error(); !strings.HasPrefix(text, "cookiesession: New[") {
				t.Errorf("error %q", text)
			}
		})
	}
}

func newError[T any](t *testing.T) error {
	m, err := cookiesession.New[T](newRing(t), nil)
	if (m == nil) != (err != nil) {
		t.Errorf("%v, error %v", m, err)
	}
	return err
}

// The cure for a pointer is in the text.
func TestNewNamesTheCure(t *testing.T) {
	err := newError[*webUser](t)
	if err == nil || !strings.Contains(err.Error(), "use cookiesession_test.webUser") {
		t.Errorf("error %v", err)
	}
}

// A number without a unit is a mistake that many make once.
func TestNewNamesTheUnit(t *testing.T) {
	for _, opts := range []userOptions{{Lifetime: 14}, {MaxLifetime: 14}, {IdleTimeout: 14}} {
		if _, err := cookiesession.New(newRing(t), &opts); err == nil || !strings.Contains(err.Error(), "is 14ns") || !strings.Contains(err.Error(), "24*time.Hour") {
			t.Errorf("error %v", err)
		}
	}
}

// Options that a Codec has as well, by name and type, reach it.
func TestOptionsReachTheCodec(t *testing.T) {
	var opts userOptions
	from, to := reflect.ValueOf(&opts).Elem(), reflect.TypeFor[cookiesession.CodecOptions]()
	var shared []string
	for i := range to.NumField() {
		field := to.Field(i)
		if f, ok := from.Type().FieldByName(field.Name); ok && f.Type == field.Type {
			fill(t, from.FieldByIndex(f.Index))
			shared = append(shared, field.Name)
		}
	}
	got := reflect.ValueOf(opts.CodecOptions()).Elem()
	for _, name := range shared {
		if !got.FieldByName(name).Equal(from.FieldByName(name)) {
			t.Errorf("option %s is %v, the Codec is given %v", name, from.FieldByName(name), got.FieldByName(name))
		}
	}
	if len(shared) < 6 {
		t.Errorf("the options that both have: %v", shared)
	}
}

// No option is forgotten: a number below zero is refused, docs/OPTIONS.md has a row,
// and a test sets it.
func TestOptionsAreComplete(t *testing.T) {
	table, err := os.ReadFile("docs/OPTIONS.md")
	mustDo(t, err)
	paths, err := filepath.Glob("*_test.go")
	mustDo(t, err)
	var tests []byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		mustDo(t, err)
		tests = append(tests, text...)
	}
	ring := newRing(t)
	for field := range reflect.TypeFor[userOptions]().Fields() {
		if k := field.Type.Kind(); k == reflect.Int || k == reflect.Int64 {
			var opts userOptions
			reflect.ValueOf(&opts).Elem().FieldByIndex(field.Index).SetInt(-int64(time.Hour))
			_, err := cookiesession.New(ring, &opts)
			if !slices.Contains(optionsNamed(err), field.Name) {
				t.Errorf("option %s below zero: error %v", field.Name, err)
			}
		}
		if !regexp.MustCompile("(?m)^\\|.*`" + field.Name + "`.*\\|.*\\|.*\\|$").Match(table) {
			t.Errorf("docs/OPTIONS.md has no row for option %s", field.Name)
		}
		if !regexp.MustCompile(`\b` + field.Name + `: `).Match(tests) {
			t.Errorf("no test sets option %s", field.Name)
		}
	}
}
