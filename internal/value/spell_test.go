package value_test

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession/internal/cbor"
)

const (
	aUUID   = "5f8d0d55-54b7-4b5a-9c5e-7f4f2b1f0a3c"
	aHex    = "667d5c585c8363d247af8e09"
	aBase64 = "Mac2CJtMF4IgHgChsZIjOyzN-MssZQXC7X1ed3eRTWQ"
	aJWT    = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.TThmHh5eP2SafkpaB2EpoQ34R9da"
	aTime   = "2024-10-29T13:06:08.141Z"
)

// TestSpelled checks the strings that are carried as bytes, and near misses of
// each, which are not. All of them come back as they were.
func TestSpelled(t *testing.T) {
	const text = "text"
	for _, row := range []struct{ s, prefix string }{
		{aUUID, "d82550"},
		{"00000000-0000-0000-0000-000000000000", "d82550"},
		{strings.ToUpper(aUUID), text},
		{"5f8d0d55-54b7-4b5a-9c5e-7f4f2b1f0a3", text},
		{"5f8d0d55-54b7-4b5a-9c5e-7f4f2b1f0a3g", text},
		{"5f8d0d5554b7-4b5a--9c5e-7f4f2b1f0a3c", text},
		{"{" + aUUID + "}", text},
		{"urn:uuid:" + aUUID, text},
		{aUUID + " ", text},

		{aHex, "d74c"},
		{"a1b2c3d4", "d744"},
		{"0a2e4d32f052a86376c6c911153c8c68", "d750"},
		{strings.ToUpper(aHex), text},
		{aHex[1:], text},         // odd
		{"A" + aHex[1:], "d552"}, // mixed case: base64url
		{"g" + aHex[1:], text},   // not hex
		{"a1b2c3", text},         // short
		{"deadbeef", text},       // a word, as far as one can tell
		{"20241029", text},       // a date
		{"4915112345678", text},  // a phone number
		{"12345678901234567890", text},

		{aBase64, "d55820"},
		{"cus_NffrFeUfNV2Hib2x", "d54f"},
		{aBase64 + "=", text},                         // padded
		{strings.ReplaceAll(aBase64, "-", "+"), text}, // the other alphabet
		{aBase64[:42] + "R", text},                    // trailing bits
		{aBase64[:41], text},                          // no length of base64
		{aBase64[:40], "d5581e"},
		{aBase64[:12], text}, // short
		{"internationalization", text},
		{"getUserPreferences", text},
		{"Europe_Berlin_Time", text},
		{"summer-collection-2024", text},
		{"SummerCollection2024", text},

		{aJWT, "d583"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.", "d583"},
		{"eyJhbGciOiJub25lIn0.c2ln", "d582"},
		{aBase64 + "." + aBase64, "d582"},
		{aJWT + "=", text},
		{aJWT + ".a", text},
		{"eyJhbGci........", text}, // its parts' heads would cost more than the dots
		{"www.example.com", text},
		{"com.example.application", text},
		{"192.168.100.200", text},
		{"1.2.3-beta.4.20241029", text},
		{"john.smith.1985.berlin", text},
		{aBase64 + "." + aBase64 + ".x", text},

		{aTime, "d99675"},
		{"1969-12-31T23:59:59.999Z", "d99675" + "20"},
		{"1970-01-01T00:00:00.000Z", "d99675" + "00"},
		{"0000-01-01T00:00:00.000Z", "d99675"},
		{"9999-12-31T23:59:59.999Z", "d99675"},
		{"2024-02-29T00:00:00.000Z", "d99675"},
		{"2023-02-29T00:00:00.000Z", text},
		{"2024-10-29T13:06:08.14Z", text},
		{"2024-10-29T13:06:08.141+00:00", text},
		{"2024-10-29T13:06:08.141z", text},
		{"2024-10-29 13:06:08.141Z", text},
		{"2024-10-29T24:00:00.000Z", text},
		{"2024-10-29T23:60:00.000Z", text},
		{"2024-10-29T23:59:60.000Z", text},
		{"2024-13-01T00:00:00.000Z", text},
		{"2024-00-01T00:00:00.000Z", text},
		{"2024-01-00T00:00:00.000Z", text},
		{"2024-10-29T13:06:0x.141Z", text},
		{"+002024-10-29T13:06:08.14", text},
		{"2024-10-29T13:06:08Z", text},
		{"2024-10-29", text},

		{"settings", text}, {"dashboard", text}, {"10115", text}, {"hello, world", text}, {"mariana.silva@example.org", text},
		{"America/Argentina/Buenos_Aires", text}, {"Mozilla/5.0", text}, {"en-US", text},
	} {
		b := encode(t, row.s)
		isText := b[0]>>5 == 3
		switch {
		case row.prefix == text && !isText:
			t.Errorf("%q is not carried as text: %x", row.s, b)
		case row.prefix != text && !strings.HasPrefix(hex.EncodeToString(b), row.prefix):
			t.Errorf("%q is stored as %x, want %s...", row.s, b, row.prefix)
		case row.prefix != text && len(b) > len(row.s):
			t.Errorf("%q does not get smaller: %d bytes", row.s, len(b))
		}
		same(t, row.s, "")
		same[any](t, row.s, "")
		same(t, struct{ S string }{row.s}, "")
		same(t, map[string]string{row.s: row.s}, "")
	}
}

// TestEverySpelling checks that the decoder takes each form of a string,
// whatever form the encoder would choose, and says so.
func TestEverySpelling(t *testing.T) {
	for _, row := range []struct {
		item, want string
		exact      bool
	}{
		{"d74101", "01", false},
		{"d740", "", false},
		{"d543646566", "ZGVm", false},
		{"d540", "", false},
		{"d582416141" + "62", "YQ.Yg", false},
		{"d5824040", ".", false},
		{"d748" + "1122334455667788", "1122334455667788", false}, // only digits
		{"d82550" + strings.ReplaceAll(aUUID, "-", ""), aUUID, true},
		{"7824" + hex.EncodeToString([]byte(aUUID)), aUUID, false},
		{"7818" + hex.EncodeToString([]byte(aHex)), aHex, false},
		{"7818" + hex.EncodeToString([]byte(aTime)), aTime, false},
		{"d752" + strings.Repeat("ab", 18), strings.Repeat("ab", 18), false},
	} {
		got, exact := decode[string](t, unhex(t, row.item))
		if got != row.want || exact != row.exact {
			t.Errorf("%s: %q, exact %v", row.item, got, exact)
		}
		dynamic, exact := decode[any](t, unhex(t, row.item))
		if dynamic != any(row.want) || exact != row.exact {
			t.Errorf("%s in an any: %v, exact %v", row.item, dynamic, exact)
		}
	}
	for _, item := range []string{
		"d8254f" + strings.Repeat("00", 15), "d82551" + strings.Repeat("00", 17), "d82560", "d825f6",
		"d76161", "d780", "d56161", "d580", "d58141" + "61", "d5824161" + "6161", "d582f6f6",
		"d996756161", "d99675f93c00", "d996751b0000e677d21fdc00", "d996753b0000388a6f046000", "d996751bffffffffffffffff",
	} {
		refused[string](t, item, isValue)
		refused[any](t, item, isValue)
		refused[map[string]int](t, "a1"+item+"00", isValue)
	}
	first, _ := decode[string](t, unhex(t, "d996753b0000388a6f045fff"))
	if first != "0000-01-01T00:00:00.000Z" {
		t.Errorf("the first time: %q", first)
	}
	last, _ := decode[string](t, unhex(t, "d996751b0000e677d21fdbff"))
	if last != "9999-12-31T23:59:59.999Z" {
		t.Errorf("the last time: %q", last)
	}
}

// TestRandomSpellings checks strings that machines draw: all of them come back,
// and nearly all of them are carried as bytes.
func TestRandomSpellings(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	missed := 0
	const rounds = 2000
	for range rounds {
		b := random(16 + rnd.IntN(32))
		for _, s := range []string{hex.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b)} {
			enc := encode(t, s)
			if got, exact := decode[string](t, enc); got != s || !exact {
				t.Fatalf("%q came back as %q, exact %v", s, got, exact)
			}
			if len(enc) > len(s) {
				missed++
			}
		}
		s := time.UnixMilli(rnd.Int64N(4e12)).UTC().Format("2006-01-02T15:04:05.000Z")
		enc := encode(t, s)
		if got, _ := decode[string](t, enc); got != s || len(enc) > 12 {
			t.Fatalf("%q came back as %q", s, got)
		}
	}
	if missed > rounds/50 {
		t.Errorf("%d of %d random strings are carried as text", missed, 2*rounds)
	}
}

// TestSpelledNeverAsKey: a key has one form.
func TestSpelledNeverAsKey(t *testing.T) {
	for _, s := range []string{aUUID, aHex, aBase64, aJWT, aTime} {
		b := encode(t, map[string]int{s: 1})
		if b[1]>>5 != 3 {
			t.Errorf("key %q is stored as %x", s, b)
		}
		if err := cbor.Valid(b); err != nil {
			t.Error(err)
		}
	}
}
