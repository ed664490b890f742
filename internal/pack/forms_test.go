package pack_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession/internal/pack/form"
)

// A shape of text: what makes one, and how many bits are random in it.
type textShape struct {
	name    string
	make    func(r *rand.Rand) string
	entropy float64
	kind    uint8 // of the symbol that a whole text has
	over    int   // bits that it may take above its entropy
}

func from(chars string, n int) (func(r *rand.Rand) string, float64) {
	return func(r *rand.Rand) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = chars[r.IntN(len(chars))]
		}
		return string(b)
	}, float64(n) * math.Log2(float64(len(chars)))
}

func bytesAs(n int, encode func([]byte) string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return encode(randomBytes(r, n)) }
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func timeAs(layout string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		zone := time.FixedZone("", 900*(r.IntN(96)-47))
		return time.Unix(1_600_000_000+r.Int64N(400_000_000), r.Int64N(1_000_000)*1000).In(zone).Format(layout)
	}
}

func textShapes() (shapes []textShape) {
	add := func(name string, over int, make func(r *rand.Rand) string, entropy float64) {
		shapes = append(shapes, textShape{name, make, entropy, form.Form, over})
	}
	run := func(name, chars string, n, over int) {
		make, entropy := from(chars, n)
		add(fmt.Sprintf("%d %s", n, name), over, make, entropy)
	}
	const lower, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	for _, n := range []int{8, 10, 21} {
		run("digits", digits, n, 15)
	}
	for _, n := range []int{32, 40} {
		run("hex digits", digits+"abcdef", n, 15)
		run("upper-case hex digits", digits+"ABCDEF", n, 15)
	}
	run("letters of base32", strings.ToUpper(lower)+"234567", 32, 15)
	run("lower-case letters and digits", lower+digits, 32, 15)
	run("lower-case letters and digits (cuid)", lower+digits, 25, 25)
	for n, over := range map[int]int{16: 15, 18: 25, 24: 15, 32: 15} {
		add(fmt.Sprintf("base64url of %d bytes", n), over, bytesAs(n, base64.RawURLEncoding.EncodeToString), float64(8*n))
		add(fmt.Sprintf("base64 of %d bytes", n), over, bytesAs(n, base64.RawStdEncoding.EncodeToString), float64(8*n))
	}
	for _, n := range []int{16, 32, 64} {
		add(fmt.Sprintf("padded base64 of %d bytes", n), 15, bytesAs(n, base64.StdEncoding.EncodeToString), float64(8*n))
		add(fmt.Sprintf("padded base64url of %d bytes", n), 15, bytesAs(n, base64.URLEncoding.EncodeToString), float64(8*n))
	}
	uuid := func(r *rand.Rand) string {
		h := hex.EncodeToString(randomBytes(r, 16))
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	add("a UUID", 15, uuid, 128)
	add("an upper-case UUID", 15, func(r *rand.Rand) string { return strings.ToUpper(uuid(r)) }, 128)
	add("a date", 15, timeAs("2006-01-02"), math.Log2(4630))
	second := math.Log2(400e6)
	for layout, entropy := range map[string]float64{
		"2006-01-02T15:04:05Z": second, "2006-01-02T15:04:05": second, "2006-01-02 15:04:05": second,
		"2006-01-02 15:04:05.000000": second + math.Log2(1e6), "2006-01-02T15:04:05.000000": second + math.Log2(1e6), "2006-01-02T15:04:05-07:00": second + math.Log2(96),
	} {
		shapes = append(shapes, textShape{layout, timeAs(layout), entropy, form.Time, 15})
	}
	bcrypt := base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
	salt, hash := bytesAs(16, bcrypt.EncodeToString), bytesAs(23, bcrypt.EncodeToString)
	return append(shapes,
		textShape{"bcrypt", func(r *rand.Rand) string { return "$2b$10$" + salt(r) + hash(r) }, 8 * (16 + 23), form.Bcrypt, 20},
		textShape{"a salt of bcrypt", func(r *rand.Rand) string { return "$2a$11$" + salt(r) }, 8 * 16, form.Bcrypt, 20})
}

// TestForms checks that random texts of the usual shapes take little more than
// what is random in them, alone and beside other text.
func TestForms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, s := range textShapes() {
		const tries = 20
		alone, prefixed, suffixed, of := 0, 0, 0, 0
		for range tries {
			text := s.make(r)
			item := append(head(3, uint64(len(text))), text...)
			of += kindsIn(t, item, s.kind)
			plain := func(s string) int { return packer.Bits(append(head(3, uint64(len(s))), s...)) }
			alone += plain(text)
			prefixed += plain("upload_"+text) - plain("upload_")
			suffixed += plain(text+".png") - plain(".png")
		}
		entropy := tries * s.entropy
		over := func(bits int) float64 { return (float64(bits) - entropy) / tries }
		t.Logf("%-45s %6.1f bits; over: alone %5.1f, prefixed %5.1f, suffixed %5.1f", s.name, s.entropy, over(alone), over(prefixed), over(suffixed))
		if over(alone) > float64(s.over) {
			t.Errorf("%s: %.1f bits over its entropy", s.name, over(alone))
		}
		if s.kind == form.Form && (over(prefixed) > 20 || over(suffixed) > 20) {
			t.Errorf("%s: %.1f bits over after a prefix, %.1f before a suffix", s.name, over(prefixed), over(suffixed))
		}
		if of != tries {
			t.Errorf("%s: %d of %d have a form", s.name, of, tries)
		}
	}
}

// TestIntegerKeys checks that maps by neighbouring integers, and structs with
// keyasint tags, take little for their keys.
func TestIntegerKeys(t *testing.T) {
	neighbours, spread, digits := make(map[int]int), make(map[int]int), make(map[string]int)
	for i := range 20 {
		neighbours[1000+i], spread[1000+500*i], digits[fmt.Sprint(1169+i)] = 1, 1, 1
	}
	for _, test := range []struct {
		name string
		v    any
		most int // bytes
	}{
		{"neighbours", neighbours, 26},
		{"500 apart", spread, 70},
		{"texts of digits", digits, 70},
	} {
		n := len(packer.Append(nil, encode(t, test.v)))
		t.Logf("%s: %d bytes", test.name, n)
		if n > test.most {
			t.Errorf("%s: %d bytes, want at most %d", test.name, n, test.most)
		}
	}
	// An id is as cheap as its neighbour.
	cart := func(id string) int {
		return packer.Bits(encode(t, map[string]any{"cart": map[string]any{id: 1}}))
	}
	if a, b := cart("1169"), cart("1170"); a != b {
		t.Errorf("a cart by 1169 takes %d bits, by 1170 %d", a, b)
	}
}
