package cookiesession_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"testing"

	"example.com/cookiesession"
)

// secrets are values that sessions hold, each of one form, which all have the
// same length as a string. fixed are those whose length in the cookie must tell
// next to nothing.
var secrets = []struct {
	form  string
	fixed bool
	draw  func(random *rand.Rand, bytes func(int) []byte) any
}{
	{"a code of 6 digits", false, func(r *rand.Rand, _ func(int) []byte) any { return fmt.Sprintf("%06d", r.IntN(1e6)) }},
	{"a PIN of 4 digits", false, func(r *rand.Rand, _ func(int) []byte) any { return fmt.Sprintf("%04d", r.IntN(1e4)) }},
	{"6 hexadecimal digits", false, func(_ *rand.Rand, bytes func(int) []byte) any { return hex.EncodeToString(bytes(3)) }},
	{"12 letters and digits", false, func(_ *rand.Rand, bytes func(int) []byte) any {
		text := bytes(12)
		for i, b := range text {
			text[i] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789abcdefg"[b%64]
		}
		return string(text)
	}},
	{"3 random bytes as a []byte", true, func(_ *rand.Rand, bytes func(int) []byte) any { return bytes(3) }},
	{"16 random bytes as a []byte", true, func(_ *rand.Rand, bytes func(int) []byte) any { return bytes(16) }},
	{"16 random bytes in hexadecimal", true, func(_ *rand.Rand, bytes func(int) []byte) any { return hex.EncodeToString(bytes(16)) }},
	{"32 random bytes in base64url", true, func(_ *rand.Rand, bytes func(int) []byte) any {
		return base64.RawURLEncoding.EncodeToString(bytes(32))
	}},
}

// TestLengthsOfSecrets measures how many bits of a secret the length tells
// somebody who knows all else of the session, and compares them with the table
// in docs/SECURITY-MODEL.md.
func TestLengthsOfSecrets(t *testing.T) {
	text, err := os.ReadFile("docs/SECURITY-MODEL.md")
	if err != nil {
		t.Fatal(err)
	}
	codec := newCodec(t, newRing(t), &cookiesession.CodecOptions{MaxSize: -1})
	source := rand.NewPCG(1, 2)
	random := rand.New(source)
	bytes := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for _, secret := range secrets {
		const draws = 5000
		lengths := map[int]int{}
		for range draws {
			value := map[string]any{"secret": secret.draw(random, bytes), "lang": "en", "theme": "dark", "name": "Maria"}
			size, err := codec.Measure("s", value)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range size.Paths {
				if path.Path == "secret" {
					lengths[path.Bits]++
				}
			}
		}
		told := 0.0
		for _, n := range lengths {
			p := float64(n) / draws
			told -= p * math.Log2(p)
		}
		t.Logf("%-40s %2d lengths, which tell %.1f bits", secret.form, len(lengths), told)
		if secret.fixed && told >= 0.05 { // a few draws in a thousand look like words
			t.Errorf("%s: the length tells %.2f bits, want none: %v", secret.form, told, lengths)
		}
		row := regexp.MustCompile(`\n\| ` + regexp.QuoteMeta(secret.form) + ` \| ([0-9.]+) \|`).FindSubmatch(text)
		if row == nil {
			t.Errorf("docs/SECURITY-MODEL.md has no row for %s", secret.form)
			continue
		}
		if documented, err := strconv.ParseFloat(string(row[1]), 64); err != nil || math.Abs(documented-told) > 0.25 {
			t.Errorf("%s: docs/SECURITY-MODEL.md says %s bits, measured %.1f", secret.form, row[1], told)
		}
	}
}
