package keytext_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/keytext"
)

// testKey returns the text of a key that is made of one byte.
func testKey(b byte) string {
	secret := [keytext.SecretSize]byte{}
	for i := range secret {
		secret[i] = b
	}
	return keytext.EncodeKey(&secret)
}

func TestParse(t *testing.T) {
	a, b := testKey(1), testKey(2)
	const day = "2026-12-01T00:00:00Z"

	tests := []struct {
		name string
		text string
		want string // as describe writes it
	}{
		{"nothing", "", ""},
		{"one key", a, "1:1"},
		{"a line each", a + "\n" + b + "\n", "1:1 2:2"},
		{"spaces, tabs, commas", " \t," + a + " ,\t " + b + ",", "1:1 2:1"},
		{"CRLF", a + "\r\n" + b + "\r\n", "1:1 2:2"},
		{"byte order mark", "\ufeff" + a, "1:1"},
		{"blank lines", "\n\n" + a + "\n\n", "1:3"},
		{"comment lines", "# " + b + "\n" + a, "1:2"},
		{"comment after a key", a + " # " + b + " revoked 010203", "1:1"},
		{"comment next to a key", a + "#" + b, "1:1"},
		{"no LF at the end of a comment", a + "\n#", "1:1"},

		{"activates", a + " activates=" + day, "1:1 from " + day},
		{"retires", a + " retires=" + day, "1:1 until " + day},
		{"both", a + " retires=2027-01-01T00:00:00Z,activates=" + day, "1:1 from " + day + " until 2027-01-01T00:00:00Z"},
		{"of the key before", a + " activates=" + day + " " + b, "1:1 from " + day + " 2:1"},
		{"zone", a + " activates=2026-12-01T02:00:00+02:00", "1:1 from " + day},
		{"fraction", a + " activates=2026-12-01T00:00:00.25Z", "1:1 from 2026-12-01T00:00:00.25Z"},

		{"revoked alone", "revoked a1b2c3", "-a1b2c3:1"},
		{"revoked before and after", "revoked a1b2c3 " + a + "\n" + b + ", revoked,\td4e5f6", "1:1 2:2 -a1b2c3:1 -d4e5f6:2"},
		{"revoked twice", "revoked a1b2c3\nrevoked a1b2c3", "-a1b2c3:1 -a1b2c3:2"},
		{"revoked several", "revoked a1b2c3 d4e5f6,010203 " + a, "1:1 -a1b2c3:1 -d4e5f6:1 -010203:1"},

		{"for later versions", a + " version=2 x-note=later activates=" + day + " x-=", "1:1 from " + day},
		{"for later versions, of no key", "version=2@" + day + " x-quorum=3\n" + a, "1:2"},
		{"for later versions, twice", a + " x-a=1 x-a=2 version= version=", "1:1"},

		{"no word", "hello", "!1"},
		{"key with an upper-case prefix", strings.Replace(a, "csk1_", "CSK1_", 1), "!1"},
		{"another version", strings.Replace(a, "csk1_", "csk2_", 1), "!1"},
		{"key cut", a[:len(a)-1], "!1"},
		{"keys run together", a + b, "!1"},
		{"prefix alone", "csk1_", "!1"},
		{"two mistakes", a + "\nhello\n" + a[:20], "!2 !3"},
		{"two mistakes on a line", "hello " + a[:20], "!1 !1"},
		{"nothing more of a broken key", a[:20] + " activates=" + day, "!1"},

		{"attribute without a key", "activates=" + day, "!1"},
		{"attribute on the next line", a + "\nactivates=" + day, "!2"},
		{"attribute of a revocation", a + " revoked a1b2c3 activates=" + day, "!1 -a1b2c3:1"},
		{"unknown attribute", a + " retire=" + day, "!1"},
		{"no equals sign", a + " x-note version", "!1"},
		{"reserved in upper case", a + " X-note=1", "!1"},
		{"reserved, of another name", a + " versions=1", "!1"},
		{"attribute in upper case", a + " Activates=" + day, "!1"},
		{"attribute without a name", a + " =" + day, "!1"},
		{"attribute twice", a + " activates=" + day + " activates=" + day, "!1"},
		{"attribute empty", a + " activates=", "!1"},
		{"space within a time", a + " activates=2026-12-01 00:00:00Z", "!1 !1"},
		{"no zone", a + " activates=2026-12-01T00:00:00", "!1"},
		{"date alone", a + " retires=2026-12-01", "!1"},
		{"no such date", a + " retires=2026-13-01T00:00:00Z", "!1"},
		{"hour of one digit", a + " retires=2026-12-01T0:00:00Z", "!1"},
		{"zero time", a + " activates=0001-01-01T00:00:00Z", "!1"},

		{"revoked nothing", "revoked", "!1"},
		{"revoked on the next line", "revoked\na1b2c3", "!1 !2"},
		{"revoked a comment", "revoked # a1b2c3", "!1"},
		{"revoked short", "revoked a1b2c", "!1"},
		{"revoked long", "revoked a1b2c3d", "!1"},
		{"revoked no digits", "revoked a1b2cg", "!1"},

		// Mistakes that revoke all the same.
		{"in upper case", "revoked A1B2C3", "!1 -a1b2c3:1"},
		{"one in upper case", "revoked a1b2c3 D4E5F6", "!1 -a1b2c3:1 -d4e5f6:1"},
		{"capital", "Revoked a1b2c3", "!1 -a1b2c3:1"},
		{"upper case word", "REVOKED a1b2c3", "!1 -a1b2c3:1"},
		{"imperative", "revoke a1b2c3", "!1 -a1b2c3:1"},
		{"longer word", "revokes a1b2c3", "!1 -a1b2c3:1"},
		{"colon", "revoked: a1b2c3", "!1 -a1b2c3:1"},
		{"colon between spaces", "revoked : a1b2c3", "!1 -a1b2c3:1"},
		{"colon alone", "revoked:a1b2c3", "!1 -a1b2c3:1"},
		{"equals sign", "revoked=a1b2c3", "!1 -a1b2c3:1"},
		{"key", "revoked key a1b2c3", "!1 -a1b2c3:1"},
		{"key and colon", "Revoked Key: A1B2C3, D4E5F6", "!1 -a1b2c3:1 -d4e5f6:1"},
		{"up to another word", "revoked a1b2c3 and d4e5f6", "!1 -a1b2c3:1"},
		{"up to a long one", "revoked: a1b2c3 d4e5f67", "!1 !1 -a1b2c3:1"},
		{"behind a word", "please revoke: a1b2c3", "!1 !1 -a1b2c3:1"},
		{"behind a key", a + " Revoked: a1b2c3", "!1 -a1b2c3:1"},
		{"a key", "revoked " + a, "!1 -1"},
		{"a key with dates", "revoked: " + a + " activates=" + day, "!1 -1"},
		{"behind its key", a + " revoked", "!1 -1"},
		{"behind its key in upper case", a + " activates=" + day + " REVOKED", "!1 -1"},
		{"attribute of its key", a + " " + b + " revoked=" + day, "!1 -2"},
		{"between keys", a + " revoked " + b, "!1 -1"},
		{"behind a broken key", a[:20] + " revoked", "!1 !1"},
		{"a broken key", "revoked " + a[:20], "!1 !1"},
		{"conflict", "<<<<<<< HEAD\n" + b + "\n=======\nrevoked a1b2c3\n>>>>>>> x\n", "!1 !3 !5 -a1b2c3:4"},

		{"not in a comment", a + " # revoked: a1b2c3\n# revoked d4e5f6\nrevoked #a1b2c3", "!3"},
		{"not by a word that only has it in it", a + " x-revoked=a1b2c3", "1:1"},
		{"not by another word", "revocation a1b2c3", "!1"},
		{"neither an id nor a key", "revoked a1b2c " + a, "!1 -1"},

		{"revocations of other lines", "revoked 010203\nhello\nrevoked 040506 # leaked", "!2 -010203:1 -040506:3"},
		{"revocations of the same line", "revoked 010203 by mistake", "!1 -010203:1"},
		{"no revocation in a comment", "hello # revoked 010203", "!1"},

		{"carriage return alone", a + "\r" + b, "!1"},
		{"carriage return in a comment", a + " # hidden\rrevoked 010203\n", "!1"},
		{"form feed", a + "\f" + b, "!1"},
		{"zero byte", a + "\x00", "!1"},
		{"no-break space", a + "\u00a0" + b, "!1"},
		{"UTF-16", "\xff\xfec\x00s\x00k\x001\x00", "!1"},
		{"byte order mark within", a + "\n\ufeff" + b, "!2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, err := keytext.Parse(tt.text)
			if diff := cmp.Diff(tt.want, describe(file, err)); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
			if err != nil && file.Keys != nil {
				t.Error("keys beside an error")
			}
		})
	}
}

// describe writes what Parse returned as mistakes, keys (the byte that they are
// made of) and revocations, each with its line.
func describe(file keytext.File, err error) string {
	var words []string
	if e := (*keytext.Error)(nil); errors.As(err, &e) {
		for _, m := range e.Mistakes {
			words = append(words, fmt.Sprintf("!%d", m.Line))
		}
	}
	for _, k := range file.Keys {
		words = append(words, fmt.Sprintf("%d:%d", k.Secret[0], k.Line))
		if !k.Activates.Time.IsZero() {
			words = append(words, "from "+k.Activates.Time.Format(time.RFC3339Nano))
		}
		if !k.Retires.Time.IsZero() {
			words = append(words, "until "+k.Retires.Time.Format(time.RFC3339Nano))
		}
	}
	for _, r := range file.Revoked {
		for _, id := range r.IDs {
			words = append(words, fmt.Sprintf("-%x:%d", id, r.Line))
		}
	}
	for _, secret := range file.RevokedKeys {
		words = append(words, fmt.Sprintf("-%d", secret[0]))
	}
	return strings.Join(words, " ")
}

func TestParseSpans(t *testing.T) {
	a := testKey(1)
	text := "\ufeff# ring\r\n\t" + a + ", activates=2026-12-01T00:00:00Z retires=2027-02-01T00:00:00Z\n  revoked ,a1b2c3 # gone"
	file, err := keytext.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	cut := func(s keytext.Span) string { return text[s.Start:s.End] }
	got := []string{cut(file.Keys[0].Span), cut(file.Keys[0].Activates.Span), cut(file.Keys[0].Retires.Span), cut(file.Revoked[0].Span)}
	want := []string{a, "activates=2026-12-01T00:00:00Z", "retires=2027-02-01T00:00:00Z", "revoked ,a1b2c3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func TestParseLimits(t *testing.T) {
	keys := func(n int) string { return strings.Repeat(testKey(1)+"\n", n) }
	padding := func(n int) string { return "#" + strings.Repeat(" ", n-1) }
	tests := []struct {
		name string
		text string
		ok   bool
	}{
		{"most keys", keys(keytext.MaxKeys), true},
		{"a key too many", keys(keytext.MaxKeys + 1), false},
		{"longest", padding(keytext.MaxSize), true},
		{"too long", padding(keytext.MaxSize + 1), false},
	}
	for _, tt := range tests {
		if _, err := keytext.Parse(tt.text); (err == nil) != tt.ok {
			t.Errorf("%s: error %v, want one: %v", tt.name, err, !tt.ok)
		}
	}

	_, err := keytext.Parse(strings.Repeat("what is this\n", 10_000))
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("many mistakes make an error of %d bytes, want a short one", len(fmt.Sprint(err)))
	}
}

func TestDecodeKey(t *testing.T) {
	valid := testKey(200)
	if !strings.ContainsAny(valid, "_-") {
		t.Fatal("the key has no character in which base64's alphabets differ")
	}
	replace := func(at int, c byte) string { return valid[:at] + string(c) + valid[at+1:] }
	tests := []struct{ name, text, mistake string }{
		{"empty", "", "does not begin"},
		{"no prefix", valid[5:], "does not begin"},
		{"short", valid[:len(valid)-1], "characters"},
		{"long", valid + "A", "characters"},
		{"padded", valid + "=", "characters"},
		{"standard alphabet", replace(len(valid)-1, '/'), "base64url"},
		{"no alphabet", replace(20, '.'), "base64url"},
		{"not ASCII", valid[:len(valid)-2] + "é", "base64url"},
		{"mistyped", replace(20, 'A'), "checksum"},
		{"mistyped checksum", replace(len(valid)-1, 'A'), "checksum"},
		{"space before", " " + valid, "white space"},
		{"line end after", valid + "\n", "white space"},
		{"line end within", valid[:20] + "\n" + valid[21:], "white space"},
		{"carriage return within", valid[:20] + "\r" + valid[21:], "white space"},
	}
	if secret, err := keytext.DecodeKey(valid); err != nil || secret[0] != 200 || secret[31] != 200 {
		t.Fatalf("DecodeKey of a valid key: %v", err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			secret, err := keytext.DecodeKey(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.mistake) {
				t.Errorf("error %v, want one that says %q", err, tt.mistake)
			}
			if secret != [keytext.SecretSize]byte{} {
				t.Error("a secret beside an error")
			}
		})
	}
}
