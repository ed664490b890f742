package pack_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

type (
	doc = map[string]any
	row = []any
)

type labelled struct {
	Left  any `json:"left"`
	Right struct {
		Inner any `json:"inner"`
	} `json:"right"`
}

func label(a, b any) (l labelled) {
	l.Left, l.Right.Inner = a, b
	return l
}

// A shape is a session with room for two values. Besides them it has no value
// that randomValues makes, so which values are equal depends on a and b alone.
type shape struct {
	name  string
	text  bool // takes only strings
	build func(a, b any) any
}

var shapes = []shape{
	{name: "siblings at top level", build: func(a, b any) any {
		return doc{"theme": a, "token": b, "lang": "xx-fixed", "n": 1234567}
	}},
	{name: "neighbours in the order of keys", build: func(a, b any) any { return doc{"aa": a, "ab": b} }},
	{name: "siblings in one object", build: func(a, b any) any {
		return doc{"user": doc{"id": 99887766, "name": a, "secret": b}, "csrf": "xx-fixed"}
	}},
	{name: "fields of a struct", build: func(a, b any) any { return label(a, b) }},
	{name: "one nested, one not", build: func(a, b any) any {
		return doc{"a": doc{"b": doc{"c": doc{"d": a}}}, "d": b}
	}},
	{name: "in one record of a list", build: func(a, b any) any {
		return doc{"cart": row{
			doc{"name": "xx-one", "note": "xx-two"}, doc{"name": a, "note": b}, doc{"name": "xx-three", "note": "xx-four"},
		}}
	}},
	{name: "different columns of one list", build: func(a, b any) any {
		return doc{"cart": row{
			doc{"name": a, "note": "xx-one"}, doc{"name": "xx-two", "note": b}, doc{"name": "xx-three", "note": "xx-four"},
		}}
	}},
	{name: "one column, neighbours", build: func(a, b any) any {
		return doc{"msgs": row{doc{"id": 7654321, "text": a}, doc{"id": 7654322, "text": b}}}
	}},
	{name: "one column, neighbours, in records that differ", build: func(a, b any) any {
		return doc{"msgs": row{doc{"text": a}, doc{"id": 7654322, "text": b}, doc{"text": "xx-one", "to": nil}}}
	}},
	{name: "one column, not neighbours", build: func(a, b any) any {
		return doc{"msgs": row{doc{"text": a}, doc{"text": "xx-one"}, doc{"text": b}}}
	}},
	{name: "one column, each of them twice", build: func(a, b any) any {
		return doc{"msgs": row{doc{"text": a}, doc{"text": a}, doc{"text": b}, doc{"text": b}}}
	}},
	{name: "bare list", build: func(a, b any) any { return doc{"recent": row{"xx-one", a, b, "xx-two"}} }},
	{name: "list at top level", build: func(a, b any) any { return row{a, b, a, b} }},
	{name: "long list", build: func(a, b any) any {
		l := make(row, 30)
		for i := range l {
			l[i] = a
		}
		l[15], l[29] = b, b
		return l
	}},
	{name: "list of rows", build: func(a, b any) any { return doc{"rows": row{row{1000001, a}, row{b, 1000002}, row{a, b}}} }},
	{name: "lists in records", build: func(a, b any) any {
		return doc{"orders": row{
			doc{"items": row{doc{"sku": a}, doc{"sku": "xx-one"}}},
			doc{"items": row{doc{"sku": b}, doc{"sku": "xx-two"}}},
		}}
	}},
	{name: "map values", build: func(a, b any) any {
		return doc{"flags": doc{"some-odd-key": a, "another odd key": b, "x": "xx-fixed"}}
	}},
	{name: "map values, keys that are numbers", build: func(a, b any) any {
		return doc{"byID": map[any]any{1: a, 2: b, 70: "xx-fixed", -3: a, 1 << 30: b}}
	}},
	{name: "map values, keys that are digits", build: func(a, b any) any {
		return doc{"cart": doc{"17": a, "18": b, "0x": "xx-fixed"}}
	}},
	{name: "records in a map with numbers for keys", build: func(a, b any) any {
		return doc{"cart": doc{"17": doc{"note": a}, "18": doc{"note": b, "qty": 1000001}, "190": doc{"note": a}}}
	}},
	{name: "rows in a map with numbers for keys", build: func(a, b any) any {
		return doc{"cart": map[any]any{3: row{a, "xx-one"}, 4: row{b, "xx-two"}, 5: row{b, a}}}
	}},
	{name: "maps in a list", build: func(a, b any) any {
		return row{map[any]any{1: a, 2: "xx-one"}, map[any]any{1: b, 3: "xx-two"}, map[any]any{true: a, "x": b}}
	}},
	{name: "any under a tag", build: func(a, b any) any {
		return doc{"values": map[any]any{"user": a, "flash": b}, "z": "xx-fixed"}
	}},
	{name: "strings under a tag", text: true, build: func(a, b any) any {
		return doc{"form": map[string]string{"q": a.(string), "r": b.(string)}, "z": []string{a.(string), b.(string)}}
	}},
}

// TestSumRandom checks what makes the length safe to show: for a given
// structure it is a sum, in bits, of one term for each value, so that what a
// change of one value does to it does not depend on what another value is.
func TestSumRandom(t *testing.T) {
	const trials = 400
	for i, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := newRandomValues(t, uint64(i))
			var worst string // the shortest of the counter-examples
			failed := 0
			for range trials {
				v := r.four(t, s.text)
				ab, cb := bitsOf(t, s.build(v[0], v[2])), bitsOf(t, s.build(v[1], v[2]))
				ad, cd := bitsOf(t, s.build(v[0], v[3])), bitsOf(t, s.build(v[1], v[3]))
				if ab-cb == ad-cd {
					continue
				}
				failed++
				example := fmt.Sprintf("a %#v, a' %#v, b %#v, b' %#v:\nbits(a,b) %d - bits(a',b) %d = %d\nbits(a,b') %d - bits(a',b') %d = %d",
					v[0], v[1], v[2], v[3], ab, cb, ab-cb, ad, cd, ad-cd)
				if worst == "" || len(example) < len(worst) {
					worst = example
				}
			}
			if failed > 0 {
				t.Errorf("%d of %d trials deviate, such as\n%s", failed, trials, worst)
			}
		})
	}
}

// TestShiftRandom checks that a value of any kind and length, put before
// everything else as an element or as an entry, changes the length of every
// session by the same number of bits: nothing depends on where something lies.
func TestShiftRandom(t *testing.T) {
	r := newRandomValues(t, 99)
	items := corpus(t)
	names := slices.Sorted(maps.Keys(items))
	var fillers []any
	for n := range 70 {
		fillers = append(fillers, r.letters(n))
	}
	for _, n := range []int{127, 128, 255, 256, 257, 511, 1023, 1024, 1025, 2000, 4096} {
		fillers = append(fillers, r.letters(n), r.bytes(n))
	}
	for range 100 {
		fillers = append(fillers, r.value())
	}
	for _, place := range []struct {
		name string
		add  func(filler, session []byte) []byte
	}{
		// The key "" comes before all others.
		{"element", func(filler, session []byte) []byte { return join("\x82", filler, session) }},
		{"entry", func(filler, session []byte) []byte { return join("\xa2\x60", filler, []byte("\x61s"), session) }},
	} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			base := make([]int, len(names))
			for i, name := range names {
				base[i] = packer.Bits(place.add(encode(t, ""), items[name]))
			}
			const step = 5 // each filler meets every fifth session, in turn
			for k, filler := range fillers {
				item, first := encodeAny(t, filler), k%step
				want := packer.Bits(place.add(item, items[names[first]])) - base[first]
				for i := first + step; i < len(names); i += step {
					if got := packer.Bits(place.add(item, items[names[i]])) - base[i]; got != want {
						t.Fatalf("filler %d takes %d bits before %s, but %d before %s", k, got, names[i], want, names[first])
					}
				}
			}
		})
	}
}

func join(head string, parts ...[]byte) []byte {
	return append([]byte(head), slices.Concat(parts...)...)
}

// encodeAny is encode for what may be nil, too.
func encodeAny(t *testing.T, v any) []byte {
	t.Helper()
	return encode(t, row{v})[1:]
}

// bitsOf returns the exact length of a packed value, which must be that of the
// packed form, too.
func bitsOf(t *testing.T, v any) int {
	t.Helper()
	item := encode(t, v)
	bits := packer.Bits(item)
	if n := len(packer.Append(nil, item)); n != (bits+7)/8 {
		t.Fatalf("%#v: %d bits, but %d bytes", v, bits, n)
	}
	return bits
}

// randomValues makes values that tempt a packer to see more than one of them.
type randomValues struct {
	*rand.Rand
	phrases []string
	secret  string // a string of the last values
}

func newRandomValues(t *testing.T, seed uint64) *randomValues {
	t.Helper()
	return &randomValues{Rand: rand.New(rand.NewPCG(seed, 2015)), phrases: phrases(t), secret: "sk_live_4eC39HqLyjWDarjt"}
}

// phrases returns the phrases of the format, and some words.
func phrases(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/packing-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var tables struct {
		Phrases []string
	}
	if err := json.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}
	if len(tables.Phrases) < 100 {
		t.Fatalf("%d phrases", len(tables.Phrases))
	}
	return append(tables.Phrases, "admin", "dark", "EUR", "de-DE", "Europe/Berlin", "application/json", "true", "user", "token",
		"https://accounts.example.com/oauth2/authorize?response_type=code", "Ihre Änderungen wurden gespeichert.")
}

// four returns two values for one place and two for another. No two are equal,
// so what stands where does not change which neighbours in a list are.
func (r *randomValues) four(t *testing.T, text bool) [4]any {
	t.Helper()
	for {
		v := r.related()
		seen := make(map[string]bool)
		for i := range v {
			if _, ok := v[i].(string); text && !ok {
				v[i] = r.string()
			}
			seen[string(encodeAny(t, v[i]))] = true
		}
		if len(seen) == len(v) {
			return v
		}
	}
}

// related returns four values that often have something to do with each other.
func (r *randomValues) related() [4]any {
	s, p := r.string(), r.phrase()
	r.secret = s
	cut, half := r.IntN(len(s)+1), r.IntN(len(p)+1)
	switch r.IntN(6) {
	case 0: // halves of a phrase, at the boundary
		return [4]any{s + p[:half], s, p[half:] + s, r.string()}
	case 1: // the same, the other way round
		return [4]any{p[half:], s, p[:half], r.string()}
	case 2: // a guess, better and better
		return [4]any{s[:cut], s[:cut] + r.letters(1), s, r.string()}
	case 3: // a copy in something longer
		return [4]any{r.letters(3) + s + r.letters(2), r.string(), s, s + s[cut:]}
	case 4: // numbers in sequence
		n := r.int()
		return [4]any{n, n + 1, n + 2, r.value()}
	}
	return [4]any{r.value(), r.value(), r.value(), r.value()}
}

func (r *randomValues) value() any {
	switch r.IntN(12) {
	case 0:
		return r.int()
	case 1:
		return float64(r.IntN(100000)) / 100
	case 2:
		return math.Float64frombits(r.Uint64() &^ (1 << 62)) // never NaN or infinite
	case 3:
		return r.IntN(2) == 0
	case 4:
		return nil
	case 5:
		return r.bytes(r.IntN(40))
	case 6:
		return []byte(r.string())
	case 7:
		return time.Unix(1_600_000_000+int64(r.IntN(400_000_000)), int64(r.IntN(3))*1e6).UTC()
	case 8:
		return []byte(`{"a":"` + r.string() + `"}`)
	}
	return r.string()
}

func (r *randomValues) string() string {
	switch r.IntN(14) {
	case 0:
		return r.phrase()
	case 1:
		return r.phrase() + r.phrase()
	case 2:
		p, q := r.phrase(), r.phrase()
		return p[:r.IntN(len(p)+1)] + q[r.IntN(len(q)+1):]
	case 3: // as UUIDs are spelled
		h := hex.EncodeToString(r.bytes(16))
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case 4:
		return hex.EncodeToString(r.bytes(1 + r.IntN(40)))
	case 5:
		return r.base64(r.IntN(60))
	case 6: // as JWTs are
		return "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + r.base64(30) + "." + r.base64(32)
	case 7:
		return time.UnixMilli(1_600_000_000_000 + r.Int64N(400_000_000_000)).UTC().Format("2006-01-02T15:04:05.000Z")
	case 8:
		return "sk_live_" + r.letters(24)
	case 9:
		return strconv.Itoa(r.int())
	case 10:
		from := r.IntN(len(r.secret) + 1)
		return r.secret[from:] + r.phrase() + r.secret[:from]
	case 11:
		return string(r.bytes(r.IntN(20))) // seldom UTF-8
	case 12:
		return strings.Repeat(r.phrase(), 1+r.IntN(3)) + r.letters(r.IntN(40))
	}
	return r.letters(r.IntN(30))
}

func (r *randomValues) phrase() string { return r.phrases[r.IntN(len(r.phrases))] }

func (r *randomValues) int() int {
	n := int(r.Uint64() >> (1 + r.IntN(63)))
	if r.IntN(4) == 0 {
		return -n
	}
	return n
}

func (r *randomValues) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (r *randomValues) base64(n int) string {
	return base64.RawURLEncoding.EncodeToString(r.bytes(n))
}

func (r *randomValues) letters(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}
