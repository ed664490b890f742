package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/keytext"
	"example.com/cookiesession/internal/wire"
)

// newSealer returns a codec and the file of its keys.
func newSealer(t *testing.T) (codec *cookiesession.Codec, path string) {
	t.Helper()
	k := cookiesession.NewKey()
	path = filepath.Join(t.TempDir(), "ring")
	if err := os.WriteFile(path, []byte(k.Secret()), 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := cookiesession.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	codec, err = cookiesession.NewCodec(ring, &cookiesession.CodecOptions{MaxCookies: 8, Lifetime: 400 * day})
	if err != nil {
		t.Fatal(err)
	}
	return codec, path
}

// seal returns the cookies of a session as pairs.
func seal(t *testing.T, codec *cookiesession.Codec, name string, v any) (pairs []string) {
	t.Helper()
	value, err := codec.Encode(name, v)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codec.Cookies(name, value) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return pairs
}

// look runs inspect and returns what it finds, one for each cookie.
func look(t *testing.T, args ...string) (found []finding, code int) {
	t.Helper()
	stdout, stderr, code := call(append([]string{"inspect", "-json"}, args...)...)
	if stderr != "" {
		t.Fatalf("standard error %q", stderr)
	}
	dec := json.NewDecoder(strings.NewReader(stdout))
	for dec.More() {
		var f finding
		if err := dec.Decode(&f); err != nil {
			t.Fatal(err)
		}
		found = append(found, f)
	}
	return found, code
}

// TestInspectShowsMeta seals values with one field of Meta more each, and sees
// that inspect shows it, as JSON and for people. KeyID and Stale are set by
// Open.
func TestInspectShowsMeta(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codec, ring := newSealer(t)
		created := time.Now().Add(-time.Hour)
		full := cookiesession.Meta{
			ID: strings.Repeat("0f", 16), Created: created.Add(-time.Hour), Issued: time.Now().Add(time.Minute), Lifetime: 9 * time.Hour,
			BrowserSession: true, Binding: [16]byte{1}, BindingPending: true,
		}
		sizes := regexp.MustCompile(`(?m)^size .*$|"(chars|size|bytes)":\d+`) // these show nothing but a length
		shown := func(meta cookiesession.Meta, args ...string) string {
			text, err := codec.Seal("s", true, meta)
			if err != nil {
				t.Fatal(err)
			}
			return sizes.ReplaceAllString(mustCall(t, append(append([]string{"inspect", "-keys", ring}, args...), "s="+text)...), "")
		}
		meta := cookiesession.Meta{Created: created}
		for field, value := range reflect.ValueOf(full).Fields() {
			if field.Name == "KeyID" || field.Name == "Stale" {
				continue
			}
			if value.IsZero() {
				t.Fatalf("the test does not fill %s", field.Name)
			}
			before := meta
			reflect.ValueOf(&meta).Elem().FieldByIndex(field.Index).Set(value)
			for _, args := range [][]string{nil, {"-json"}} {
				if shown(before, args...) == shown(meta, args...) {
					t.Errorf("inspect %q does not show Meta.%s", args, field.Name)
				}
			}
		}
	})
}

// big is a session that takes three cookies. It does not compress.
func big() map[string]string {
	var b strings.Builder
	x := uint32(1)
	for b.Len() < 7000 {
		x = x*1664525 + 1013904223
		b.WriteByte("bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ!$*+,.:;<>?@[]^`{|}~%&()="[x>>26&63%63])
	}
	return map[string]string{"text": b.String()}
}

// TestCauses takes a cookie that opens and spoils it in each way.
func TestCauses(t *testing.T) {
	codec, ring := newSealer(t)
	const name = "__Host-session"
	pair := seal(t, codec, name, map[string]int{"n": 1})[0]
	_, value, _ := strings.Cut(pair, "=")
	parts := seal(t, codec, name, big())
	if len(parts) != 3 {
		t.Fatalf("%d parts, want 3", len(parts))
	}
	others := seal(t, codec, name, big())
	header := func(parts ...string) string { return "Cookie: " + strings.Join(parts, "; ") }
	// with returns the cookie with the bytes of its token changed.
	with := func(change func(raw []byte) []byte) string {
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(change(raw))
	}
	trailing := with(func(raw []byte) []byte { // that has such bits
		if len(raw)%3 == 0 {
			raw = raw[:len(raw)-1]
		}
		return raw
	})
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	trailing = trailing[:len(trailing)-1] + string(alphabet[strings.IndexByte(alphabet, trailing[len(trailing)-1])^1])

	tests := []struct {
		name  string
		input string
		cause cause // "": it opens
		why   string
	}{
		{"value", value, "", ""},
		{"value with a line end", value + "\n", "", ""},
		{"quotes", `"` + value + `"`, "", ""},
		{"wrapped", value[:40] + "\n" + value[40:], "", ""},
		{"pair", pair, "", ""},
		{"among others", header("a=b", pair, "theme=dark"), "", ""},
		{"three parts", header(parts...), "", ""},
		{"parts in any order", header(parts[2], parts[0], parts[1]), "", ""},
		{"parts of two writes", header(append(others[1:], parts...)...), "", ""},

		{"empty", name + "=", causeEmpty, "empty"},
		{"padding", value + "==", causeBase64, "padding"},
		{"other alphabet", value[:50] + "+" + value[51:], causeBase64, "ordinary base64"},
		{"percent", value[:50] + "%_" + value[52:], causeBase64, "decode it first"},
		{"a quotation mark within", value[:50] + "'" + value[51:], causeBase64, "quotation mark"},
		{"JWT", "eyJhbGciOiJIUzI1NiJ9." + value, causeBase64, "JSON Web Token"},
		{"umlaut", value[:50] + "ä" + value[51:], causeBase64, "character 51"},
		{"one character too few", value[:len(value)/4*4-3], causeBase64, "missing"},
		{"trailing bits", trailing, causeBase64, "bits that must be zero"},

		{"part of a header", value[:31], causeShort, "header"},
		{"header alone", value[:32], causeShort, "cut"},
		{"tag alone", with(func(raw []byte) []byte { return raw[:42] }), causeShort, "cut"},
		{"version 2", with(func(raw []byte) []byte { raw[0] = 2; return raw }), causeVersion, "version is 2"},
		{"not ours", strings.Repeat("a", 64), causeVersion, "not a cookie of this library"},
		{"nine parts", name + "=" + with(func(raw []byte) []byte { raw[0] |= 8 << 4; return raw }), causeParts, "9 cookies"},
		{"value of a split one", strings.SplitN(parts[0], "=", 2)[1], causeMissingPart, "whole Cookie header"},
		{"no second part", header(parts[0], parts[2]), causeMissingPart, "part 2 of 3 is missing: there is no __Host-session_2"},
		{"part of another write", header(parts[0], parts[1], others[2]), causeMissingPart, "part 3 of 3 is missing: the __Host-session_3"},

		{"future", with(func(raw []byte) []byte { raw[4] = 0xff; return raw }), causeFuture, "clock"},
		{"unknown key", with(func(raw []byte) []byte { raw[1] ^= 1; return raw }), causeUnknownKey, "not in the ring"},
		{"another time", with(func(raw []byte) []byte { raw[7] ^= 1; return raw }), causeAltered, "altered"},
		{"random bytes", with(func(raw []byte) []byte { raw[8] ^= 1; return raw }), causeAltered, "altered"},
		{"content", with(func(raw []byte) []byte { raw[24] ^= 1; return raw }), causeAltered, "altered"},
		{"tag", with(func(raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw }), causeAltered, "altered"},
		{"cut", with(func(raw []byte) []byte { return raw[:len(raw)-1] }), causeAltered, "altered"},
		{"longer", with(func(raw []byte) []byte { return append(raw, 0) }), causeAltered, "altered"},
		{"another name", "session=" + value, causeAltered, "another name than session"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, code := look(t, "-keys", ring, tt.input)
			if len(found) != 1 {
				t.Fatalf("%d cookies were found", len(found))
			}
			got := found[0]
			if got.Cause != tt.cause || !strings.Contains(got.Why, tt.why) || *got.Opens != (tt.cause == "") {
				t.Errorf("cause %q, why %q, want %q and %q", got.Cause, got.Why, tt.cause, tt.why)
			}
			if (code == exitNo) != (tt.cause != "") {
				t.Errorf("exit %d", code)
			}
			if (tt.cause == "") != (got.Session != nil) {
				t.Errorf("session %v", got.Session)
			}
		})
	}
}

// TestInspectWithoutKeys checks that what a cookie says to everybody does not
// depend on keys, and that it says no more.
func TestInspectWithoutKeys(t *testing.T) {
	codec, ring := newSealer(t)
	pair := seal(t, codec, "session", map[string]int{"n": 1})[0]
	with, _ := look(t, "-keys", ring, pair)
	without, code := look(t, pair)
	if code != exitDone || len(with) != 1 || len(without) != 1 {
		t.Fatalf("exit %d", code)
	}
	want := with[0]
	want.Opens, want.State, want.Created, want.Expires, want.Session = nil, "", nil, nil, nil
	if diff := cmp.Diff(want, without[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestInspectHostile pastes headers and sessions with escape sequences of
// terminals, in one byte and in two, and marks that turn text around. None may
// come out, whatever the form.
func TestInspectHostile(t *testing.T) {
	codec, ring := newSealer(t)
	const evil = "\x1b]0 owned\x07\u009b31m\u202egpj\x7f\U000e0001"
	good := seal(t, codec, "session", map[string]string{"text": evil, "plain": "Grüße, 世界 😀"})[0]
	named, again := seal(t, codec, "n\x9b"+evil, map[string]string{})[0], seal(t, codec, "n\x9b"+evil, map[string]string{})[0]
	tests := []struct {
		name string
		args []string
		code int
		want string // stands in the output
	}{
		{"session", []string{"-keys", ring, good}, exitDone, `\u001b]0 owned\u0007\u009b31m\u202egpj\u007f\udb40\udc01`},
		{"plain text", []string{"-keys", ring, good}, exitDone, "Grüße, 世界 😀"},
		{"session as JSON", []string{"-json", "-keys", ring, good}, exitDone, `\u009b31m\u202egpj\u007f\udb40\udc01`},
		{"cookie's name", []string{"-keys", ring, "-name", "n\x9b" + evil, named}, exitDone, `n\x9b\u001b]0 owned\u0007\u009b31m`},
		{"several", []string{"-name", "n\x9b" + evil, named + "\n" + again}, exitDone, `  2  n\x9b\u001b]0 owned\u0007\u009b31m`},
		{"name that is not there", []string{"-name", "x" + evil, good}, exitNo, `no cookie called x\u001b]`},
		{"value", []string{"session=" + evil}, exitNo, "character 1 is a character that base64url does not have"},
		{"part of another name", []string{"-name", "n" + evil, "n" + evil + "=" + strings.Repeat("EQAA", 10)}, exitNo, `there is no n\u001b]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := call(append([]string{"inspect"}, tt.args...)...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
				t.Errorf("exit %d, want %d and %q:\n%q\n%q", code, tt.code, tt.want, stdout, stderr)
			}
			if i := strings.IndexFunc(stdout+stderr, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("the output has %q:\n%q", (stdout + stderr)[i:], stdout+stderr)
			}
		})
	}
}

// TestPlain checks that people can read every type of value that a session may
// hold.
func TestPlain(t *testing.T) {
	codec, ring := newSealer(t)
	at := time.Date(2026, 12, 1, 10, 0, 0, 5e8, time.FixedZone("", 3600))
	pair := seal(t, codec, "session", map[string]any{
		"nil": nil, "bool": true, "int": -5, "int64": int64(math.MaxInt64), "uint64": uint64(math.MaxUint64), "uint8": uint8(7),
		"float": 0.1, "float32": float32(0.1), "NaN": math.NaN(), "Inf": math.Inf(-1),
		"string": "<ä>", "not text": "\xff\xfe", "bytes": []byte{0xff, 0}, "no bytes": []byte(nil), "empty": []byte{},
		"uuid": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
		"time": at, "whole": at.Truncate(time.Second), "duration": 90 * time.Second,
		"list": []any{1, "a", []any{}}, "strings": []string{"a"}, "ints": []int{1}, "no list": []any(nil),
		"map": map[string]any{"a": 1}, "no map": map[string]any(nil), "map of ints": map[string]int{"a": 1},
		"any keys": map[any]any{1: "a", true: "b", "x": "c"}, "same keys": map[any]any{1: "a", "1": "b"},
	})[0]
	found, code := look(t, "-keys", ring, pair)
	if code != exitDone || len(found) != 1 {
		t.Fatalf("exit %d, %+v", code, found)
	}
	got := found[0].Session.(map[string]any)
	pairs := got["same keys"].(map[string]any)["pairs"].([]any)
	if len(pairs) != 2 {
		t.Errorf("same keys: %v", pairs)
	}
	delete(got, "same keys") // in any order
	want := map[string]any{
		"nil": nil, "bool": true, "int": -5.0, "int64": 9223372036854775807.0, "uint64": 18446744073709551615.0, "uint8": 7.0,
		"float": 0.1, "float32": 0.1, "NaN": "NaN", "Inf": "-Inf",
		"string": "<ä>", "not text": map[string]any{"base64": "//4=", "type": "string"}, "bytes": map[string]any{"base64": "/wA="}, "no bytes": nil, "empty": map[string]any{"base64": ""},
		"uuid": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
		"time": "2026-12-01T09:00:00.5Z", "whole": "2026-12-01T09:00:00Z", "duration": "1m30s",
		"list": []any{1.0, "a", []any{}}, "strings": []any{"a"}, "ints": []any{1.0}, "no list": nil,
		"map": map[string]any{"a": 1.0}, "no map": nil, "map of ints": map[string]any{"a": 1.0},
		"any keys": map[string]any{"1": "a", "true": "b", "x": "c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// TestPlainStruct checks that a struct's session is shown by its keys, and
// exactly.
func TestPlainStruct(t *testing.T) {
	codec, ring := newSealer(t)
	pair := seal(t, codec, "session", struct {
		Name  string `json:"name"`
		Count int64
		Short uint16 `cbor:"1,keyasint"`
		Hash  [4]byte
		Seen  time.Time
		Big   uint64
	}{"ada", 3, 4, [4]byte{1, 2, 3, 4}, time.Unix(1767225600, 0), math.MaxUint64})[0]
	stdout := mustCall(t, "inspect", "-keys", ring, pair)
	_, session, _ := strings.Cut(stdout, "\nsession\n")
	const want = `{
  "1": 4,
  "Big": 18446744073709551615,
  "Count": 3,
  "Hash": {
    "base64": "AQIDBA=="
  },
  "Seen": "2026-01-01T00:00:00Z",
  "name": "ada"
}
`
	if session != want {
		t.Errorf("session %s\nwant %s", session, want)
	}
}

type shopItem struct {
	SKU string
	At  time.Duration
}

// registerItem makes shopItem known in this process, and not in that of the
// command.
var registerItem = sync.OnceFunc(func() { cookiesession.Register("shop.Item", shopItem{}) })

// TestPlainUnknown checks that a value of a type that only the application
// knows is named and shown.
func TestPlainUnknown(t *testing.T) {
	registerItem()
	codec, ring := newSealer(t)
	pair := seal(t, codec, "session", map[string]any{"last": shopItem{"A-1", 5}})[0]
	stdout, err := process("inspect", "-json", "-keys", ring, pair).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got finding
	if err := json.Unmarshal(stdout, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"last": map[string]any{"type": "shop.Item", "value": map[string]any{"SKU": "A-1", "At": 5.0}}}
	if diff := cmp.Diff(want, got.Session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// FuzzInspect checks that inspect finds out something about any input, and
// that a value opens if the library opens it.
func FuzzInspect(f *testing.F) {
	k := cookiesession.NewKey()
	path := filepath.Join(f.TempDir(), "ring")
	if err := os.WriteFile(path, []byte(k.Secret()), 0o600); err != nil {
		f.Fatal(err)
	}
	ring, err := cookiesession.NewKeyring(k)
	if err != nil {
		f.Fatal(err)
	}
	codec, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{MaxCookies: 8, Lifetime: 400 * day, MaxSize: maxInput})
	if err != nil {
		f.Fatal(err)
	}
	value, err := codec.Encode("session", map[string]int{"n": 1})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"V", "session=V", "Cookie: a=b; session=V", "Set-Cookie: session=V; Path=/", "session=", "session_2=V; session=V", strings.Repeat("A", 64), "EQ" + strings.Repeat("A", 64)} {
		f.Add(seed)
	}
	o := inspectOptions{lifetime: duration(14 * day)}
	o.keys.file, o.name = path, "session"
	op, err := o.opener(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		finder := finder{"session", time.Now()}
		var cookies []cookie
		for _, spell := range spellings(strings.ReplaceAll(text, "V", value)) {
			cookies = append(cookies, finder.find(spell())...)
			cookies = append(cookies, finder.spoiled(spell())...)
		}
		for _, can := range finder.candidates(cookies) {
			got := o.look(op, can)
			var v any
			err := codec.Decode("session", can.text, &v)
			if (got.Cause == "") != (err == nil) || (got.Cause == "") != got.isOpen() || (got.Cause == "") != (got.Why == "") {
				t.Errorf("cause %q, why %q, open %t, but the library says: %v", got.Cause, got.Why, got.isOpen(), err)
			}
		}
	})
}

// TestInspectVectors compares what inspect finds with what the format's vectors
// say, at the time that each of them names. Inspect says more exactly why.
func TestInspectVectors(t *testing.T) {
	text, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	type vector struct {
		Comment, Secret, Keyring, Name, Label, Token, Error, ID string

		IssuedAt int64 `json:"issued_at"`
		Now      int64
	}
	var file struct {
		Defaults vector
		Vectors  []json.RawMessage
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	causes := map[string][]cause{
		"":            {""},
		"invalid":     {causeEmpty, causeBase64, causeShort, causeVersion, causeParts, causeMissingPart, causeAltered, causeMalformed, causeValue, causeFuture},
		"newer":       {causeVersion, causeNewer, causeShort, causeFuture}, // the outside is looked at first
		"unknown-key": {causeUnknownKey, causeRetiredKey, causeShort, causeVersion, causeMissingPart},
		"revoked":     {causeRevokedKey},
		"expired":     {causeExpired, causeValue, causeNewer}, // what is in it is looked at all the same
	}
	seen := make(map[cause]int)
	for _, raw := range file.Vectors {
		v := file.Defaults
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		if v.Token == "" || v.Error != "" && (checkAlphabet(v.Token) != nil || len(v.Name)+len(v.Token) > wire.MaxCookie) {
			continue // several cookies, or one that inspect reads although a server does not
		}
		if v.Keyring == "" {
			secret, err := hex.DecodeString(v.Secret)
			if err != nil {
				t.Fatal(err)
			}
			v.Keyring = keytext.EncodeKey((*[keytext.SecretSize]byte)(secret))
		}
		synctest.Test(t, func(t *testing.T) {
			t.Setenv("COOKIESESSION_KEYS", v.Keyring)
			now := v.Now
			if now == 0 {
				now = v.IssuedAt
			}
			time.Sleep(time.Until(time.Unix(now, 0)))
			found, _ := look(t, "-keys-env", "COOKIESESSION_KEYS", "-lifetime", "400d", "-name", v.Name, "-label", v.Label, v.Name+"="+v.Token)
			if strconv.IntSize < 64 && len(found) == 1 && strings.Contains(found[0].Why, "hold an integer beyond") {
				return // an int of 32 bits does not hold it
			}
			if len(found) != 1 || !slices.Contains(causes[v.Error], found[0].Cause) || found[0].ID != v.ID {
				t.Errorf("%s: %+v, want %q", v.Comment, found, v.Error)
				return
			}
			seen[found[0].Cause]++
		})
	}
	t.Log(seen)
	for _, c := range []cause{"", causeVersion, causeAltered, causeMalformed, causeValue, causeNewer, causeFuture, causeExpired, causeUnknownKey, causeRetiredKey, causeRevokedKey} {
		if seen[c] == 0 {
			t.Errorf("no vector has the cause %q", c)
		}
	}
}
