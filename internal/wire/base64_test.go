package wire_test

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"example.com/cookiesession/internal/wire"
)

// checkText checks both directions against encoding/base64, which skips line
// ends.
func checkText(t *testing.T, text string) {
	t.Helper()
	want, err := base64.RawURLEncoding.Strict().DecodeString(text)
	refused := err != nil || strings.ContainsAny(text, "\r\n")
	got, err := wire.AppendToken([]byte("dst"), text)
	if (err != nil) != refused || !refused && string(got) != "dst"+string(want) {
		t.Fatalf("%q: %x, error %v, want %x", text, got, err, want)
	}
	if refused {
		return
	}
	if again := wire.AppendText([]byte("dst"), want); string(again) != "dst"+text || wire.Chars(len(want)) != len(text) {
		t.Fatalf("%x: %q, %d characters, want %q", want, again, wire.Chars(len(want)), text)
	}
}

// TestText has tokens of all lengths up to 200, and each with characters
// changed, taken away and added.
func TestText(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 4))
	for n := range 200 {
		token := make([]byte, n)
		for i := range token {
			token[i] = byte(r.Uint32())
		}
		text := base64.RawURLEncoding.EncodeToString(token)
		if got := wire.AppendText(nil, token); string(got) != text {
			t.Fatalf("%x: %q, want %q", token, got, text)
		}
		checkText(t, text)
		for i := range text {
			for _, c := range []byte{'A', 'B', '-', '_', '+', '/', '=', '\n', '\r', ' ', 0, 0x7f, 0x80, 0xff, text[i] ^ 1} {
				changed := []byte(text)
				changed[i] = c
				checkText(t, string(changed))
			}
			checkText(t, text[:i])
			checkText(t, text[:i]+"A"+text[i:])
		}
	}
	all := bytes.Repeat([]byte{0xff}, 64)
	for c := range 256 {
		checkText(t, string(append(bytes.Repeat([]byte{byte(c)}, 3), 'A')))
		checkText(t, string(wire.AppendText(nil, append(all[:c%64], byte(c)))))
	}
}

// FuzzText is TestText for any text.
func FuzzText(f *testing.F) {
	f.Add("")
	f.Add("AAECAwQFBgcICQoLDA0ODw")
	f.Add("AAAAAAA\nAAAA")
	f.Fuzz(func(t *testing.T, text string) { checkText(t, text) })
}
