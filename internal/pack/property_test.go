package pack_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession/internal/pack/tables"
)

// leaves are values that are no arrays or maps: all kinds of them, and strings
// that are made of each other's pieces, of phrases, and of halves of phrases
// that would join across a boundary.
func leaves() []any {
	values := []any{
		nil, true, false, 0, 1, 23, 24, 300, 1767225600, int64(1767225600123), -5, 0.5, 19.99, 1e99, int64(5), time.Unix(1767225600, 0), time.Minute,
		"", "d", "da", "dark", "darkdark", "rk", "light", "admin", "administrator", "istrator", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_", "4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWD",
		"0123456789abcdef", "0123456789abcde", "fedcba9876543210", "01234567", "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-44665544000",
		"https://", "https://example.com/", "example.com", "exam", "ple.com", "anna@example.com", "anna", "@example.com",
		"You have been logged out.", "You have been ", "logged out.", "登录成功", "登录", "成功", "\xff\xfe", []byte{}, []byte{1, 2, 3}, []byte(`{"sub":"1"}`),
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "2024-10-29T13:06:08.141Z", []string{"admin", "admin"},
		strings.Repeat("ab", 600), strings.Repeat("ab", 601),
	}
	tables := loadReference()
	for i := 0; i < len(tables.Phrases); i += 40 {
		p := tables.Phrases[i]
		values = append(values, p, p[:len(p)/2], p[len(p)/2:], p+p)
	}
	return values
}

type object = map[string]any

// structures have two places for values.
var structures = []struct {
	name  string
	equal bool // the places are neighbours in a list: equality may be seen
	make  func(a, b any) any
}{
	{"siblings at top level", false, func(a, b any) any { return object{"theme": a, "csrf": b} }},
	{"keys of no dictionary", false, func(a, b any) any { return object{"xqzy": a, "zyqx": b} }},
	{"one in an object", false, func(a, b any) any { return object{"user": object{"name": a}, "token": b} }},
	{"siblings in an object", false, func(a, b any) any { return object{"user": object{"id": 1, "name": a, "token": b}} }},
	{"values of a map", false, func(a, b any) any { return object{"views": object{"/a": a, "/b": b}} }},
	{"values of a map by numbers", false, func(a, b any) any { return map[any]any{1: a, 2: b, 300: 5} }},
	{"values of a map by texts of digits", false, func(a, b any) any { return object{"cart": object{"11": a, "12": b}} }},
	{"records of a map by numbers", false, func(a, b any) any {
		return object{"cart": object{"11": object{"name": a, "qty": 1}, "12": object{"name": b, "qty": 1}}}
	}},
	{"a record in a list", false, func(a, b any) any {
		return object{"cart": []any{object{"id": 1, "name": a}, object{"id": 2, "name": "x"}}, "token": b}
	}},
	{"columns of one record", false, func(a, b any) any {
		return object{"cart": []any{object{"id": 1, "name": "x"}, object{"name": a, "url": b}}}
	}},
	{"columns of two records", false, func(a, b any) any {
		return object{"cart": []any{object{"name": a, "url": "x"}, object{"name": "x", "url": b}}}
	}},
	{"one column", true, func(a, b any) any {
		return object{"cart": []any{object{"id": 1, "name": a}, object{"id": 2, "name": b}}}
	}},
	{"one column, records with other keys", true, func(a, b any) any {
		return object{"cart": []any{object{"id": 1, "name": a}, object{"name": b, "zip": 1}}}
	}},
	{"one column, not neighbours", false, func(a, b any) any {
		return object{"cart": []any{object{"name": a}, object{"name": object{}}, object{"name": b}}}
	}},
	{"a bare list", true, func(a, b any) any { return object{"list": []any{"x", a, b, "y"}} }},
	{"a bare list, not neighbours", false, func(a, b any) any { return object{"list": []any{a, object{}, b}} }},
	{"lists in a list, first elements", true, func(a, b any) any { return []any{[]any{a, object{}}, []any{b, object{}}} }},
	{"lists in a list, last and first", false, func(a, b any) any { return []any{[]any{object{}, a}, []any{b, object{}}} }},
}

// TestProperty checks, exactly in bits, that a packed length is a sum of one
// term for each value, which depends on no other value but, in a list, on
// whether it equals the one before it.
func TestProperty(t *testing.T) {
	values := leaves()
	if testing.Short() {
		for i := range len(values) / 4 {
			values[i] = values[4*i+i%4]
		}
		values = values[:len(values)/4]
	}
	encoded := make([]string, len(values))
	for i, v := range values {
		encoded[i] = string(encode(t, []any{v}))
	}
	for _, s := range structures {
		t.Run(s.name, func(t *testing.T) {
			bits := make([][]int, len(values))
			for a := range values {
				for b := range values {
					bits[a] = append(bits[a], packer.Bits(encode(t, s.make(values[a], values[b]))))
				}
			}
			pairs := func(f func(a, b int)) {
				for a := range values {
					for b := range values {
						if !s.equal || encoded[a] != encoded[b] {
							f(a, b)
						}
					}
				}
			}
			// Every pair against every pair is too much: some others will do.
			for i, a2 := range []int{len(values) / 20, len(values) / 4, len(values) / 2, len(values) - 1} {
				b2 := (a2*7 + 3 + i) % len(values)
				pairs(func(a, b int) {
					if s.equal && (encoded[a] == encoded[b2] || encoded[a2] == encoded[b] || encoded[a2] == encoded[b2]) {
						return
					}
					if x, y := bits[a][b]-bits[a2][b], bits[a][b2]-bits[a2][b2]; x != y {
						t.Errorf("%.40q for %.40q takes %d bits more beside %.40q, but %d beside %.40q", values[a], values[a2], x, values[b], y, values[b2])
					}
				})
			}
		})
	}
}

// TestEqual checks that of two equal neighbours in a list the second takes one
// bit, whatever it is, so that it tells no more than that.
func TestEqual(t *testing.T) {
	for _, v := range leaves() {
		one := packer.Bits(encode(t, []any{object{"a": v, "b": 1}, object{"a": object{}, "b": 2}}))
		two := packer.Bits(encode(t, []any{object{"a": v, "b": 1}, object{"a": v, "b": 2}}))
		none := packer.Bits(encode(t, []any{object{"a": nil, "b": 1}, object{"a": object{}, "b": 2}}))
		same := packer.Bits(encode(t, []any{object{"a": nil, "b": 1}, object{"a": nil, "b": 2}}))
		if two-one != same-none {
			t.Errorf("%.40q repeated takes %d bits more than null repeated", v, two-one-(same-none))
		}
	}
}

// TestShift checks that a filler of any length, before everything else, changes
// the length of every session by the same number of bits.
func TestShift(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var sessions []map[string]any
	for _, value := range corpusValues(t) {
		sessions = append(sessions, value)
	}
	withFiller := func(session map[string]any, filler string) int {
		session[""] = filler // the shortest key comes first
		defer delete(session, "")
		return packer.Bits(encode(t, session))
	}
	for _, n := range []int{0, 1, 7, 33, 129, 257, 1023, 1024, 1025} {
		filler := randomText(random, n)
		want := 0
		for i, session := range sessions {
			got := withFiller(session, filler) - withFiller(session, "x")
			if i == 0 {
				want = got
			}
			if got != want {
				t.Fatalf("a filler of %d bytes adds %d bits here, and %d bits there", n, want, got)
			}
		}
	}
}

// TestPieceEnds packs texts that end, or are parsed in two pieces, within a
// phrase, behind any number of its bytes. Short phrases are compared whole
// before anything else, so a tenth of them will do.
func TestPieceEnds(t *testing.T) {
	const piece = 1024
	filler := strings.Repeat("~", piece)
	for i, phrase := range tables.V1.Phrases {
		if len(phrase) <= 8 && i%10 > 0 {
			continue
		}
		for cut := 1; cut < len(phrase); cut++ {
			text := filler[cut:] + phrase
			checkRoundTrip(t, encode(t, text))                   // goes on behind the piece
			checkRoundTrip(t, encode(t, text[:piece]))           // ends with it, cut
			checkRoundTrip(t, encode(t, text[1:piece]))          // a byte before its end
			checkRoundTrip(t, encode(t, text[len(phrase)-cut:])) // ends with it, whole
		}
	}
}

func randomText(random *rand.Rand, n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-/."
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
	}
	return string(b)
}

// TestExplain has the terms by path. That they add up to Bits, FuzzAppend
// checks for every item.
func TestExplain(t *testing.T) {
	item := encode(t, object{"theme": "dark", "user": object{"id": 5, "roles": []any{"a", "b"}}, "cart": []any{object{"id": 7}, object{"id": 8}}, "12": nil})
	var paths []string
	for _, p := range packer.Explain(item) {
		paths = append(paths, p.Path)
		if p.Bits <= 0 {
			t.Errorf("%q takes %d bits", p.Path, p.Bits)
		}
	}
	want := []string{"", "12", "cart", "cart[]", "cart[].id", "user", "user.id", "user.roles", "user.roles[]", "theme"}
	if !slices.Equal(paths, want) {
		t.Errorf("paths are %q, want %q", paths, want)
	}
	for _, p := range packer.Explain(encode(t, map[any]any{3: object{"a": true}})) {
		paths = append(paths, p.Path)
	}
	if got := fmt.Sprint(paths[len(want):]); got != "[ 3 3.a]" {
		t.Errorf("paths of a map by numbers are %s", got)
	}
}

// TestExplainKinds has how each kind of value is carried, and what is said of
// it. Each note has a neighbour that gets none.
func TestExplainKinds(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	for _, row := range []struct {
		value      any
		kind, note string
	}{
		{"", "listed word", ""},
		{true, "true or false", ""},
		{nil, "null", ""},
		{12, "number", ""},
		{-12.5, "number", ""},
		{time.Minute, "number", ""},
		{time.Unix(1767225600, 0), "time", ""},
		{"2024-10-29T13:06:08.141Z", "time", ""},
		{"2024-10-29T13:06:08+01:00", "time", ""},
		{"2024-10-29", "time", ""},
		{"550e8400-e29b-41d4-a716-446655440000", "UUID", "16 random bytes: move them out, or live with it"},
		{"550E8400-E29B-41D4-A716-446655440000", "UUID", "16 random bytes: move them out, or live with it"},
		{"8f3a91c04be27d56", "hex", "8 random bytes: move them out, or live with it"},
		{"8f3a91c04be27d", "hex", ""},
		{"q83vEjRWeJq83vEjRWeJ3w", "base64", "16 random bytes: move them out, or live with it"},
		{"SGVsbG8gd29ybGQsIGhlbGxvIDQyIQ", "base64", "text in base64: as it is, it takes less"},
		{"4929173850", "digits", ""},
		{"k3j9x0q7w2m5z8v1b4n6", "letters and digits", "12 random bytes: move them out, or live with it"},
		{"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "bcrypt", "23 random bytes: move them out, or live with it"},
		{jwt, "JWT", "32 random bytes: move them out, or live with it"},
		{`{"theme":"dark","lang":"en"}`, "JSON text", ""},
		{"Maria Schmidt", "text", ""},
		{"key: 4eC39HqLyjWDarjtT1zdp7dc", "text", "24 random characters: move them out, or live with it"},
		{"\x01\x02\x03\x04\x05\x06\x07", "raw", ""},
		{[]byte{1, 2, 3, 4, 5, 6, 7}, "raw", ""},
		{[]byte{1, 2, 3, 4, 5, 6, 7, 8}, "raw", "8 random bytes: move them out, or live with it"},
		{make([]byte, 20), "raw", ""},
		{[]any{}, "list", ""},
		{[]string{"a"}, "list", ""},
		{map[string]string{"a": "b"}, "map", ""},
		{[]uint16(nil), "null", ""},
		{object{}, "map", ""},
	} {
		for _, p := range packer.Explain(encode(t, object{"token": row.value})) {
			if p.Path == "token" && (p.Kind != row.kind || p.Note != row.note) {
				t.Errorf("%.40q is %q, note %q, want %q, note %q", row.value, p.Kind, p.Note, row.kind, row.note)
			}
		}
	}
	for value, want := range map[string]string{"dark": "listed word", "darq": "text"} {
		if p := packer.Explain(encode(t, object{"theme": value}))[1]; p.Kind != want || p.Note != "" {
			t.Errorf("%q is %+v", value, p)
		}
	}
	list := packer.Explain(encode(t, object{"roles": []any{"Maria Schmidt"}}))
	same := packer.Explain(encode(t, object{"roles": []any{"Maria Schmidt", "Maria Schmidt"}}))
	if got := same[2].Bits - list[2].Bits; got != 1 {
		t.Errorf("the second of two takes %d bits", got)
	}
}

// A tag over what it does not belong to is no reason to panic.
func TestExplainHostile(t *testing.T) {
	for _, item := range []string{"\xd7\x19\x96\x75", "\xd5\x19\x96\x75", "\xd5\x80", "\xd8\x25\x01"} {
		if p := packer.Explain([]byte(item)); len(p) == 0 || p[0].Kind == "" || p[0].Note != "" && item[0] != 0xd8 {
			t.Errorf("%x: %+v", item, p)
		}
	}
}

// TestExplainNotes has what is said of a place beside others.
func TestExplainNotes(t *testing.T) {
	for _, row := range []struct {
		session any
		path    string
		note    string
	}{
		{object{"name": "Maria Schmidt", "email": "Maria Schmidt"}, "email", "equal to name, and stored twice"},
		{object{"name": "Maria Schmidt", "email": "Maria Schmitt"}, "email", ""},
		{object{"name": "Maria", "email": "Maria"}, "email", ""}, // too short to matter
		{object{"names": []any{"Maria Schmidt", "Maria Schmidt"}}, "names[]", ""},
		{object{"names": []any{"Maria Schmidt", object{}, "Maria Schmidt"}}, "names[]", "equal to names[], and stored twice"},
		{object{"xqzyvk": 1}, "xqzyvk", "its name takes 10 of the characters"},
		{object{"name": 1}, "name", ""},
		{object{"a key": 1}, `"a key"`, "its name takes 8 of the characters"},
		{object{"xqzyvk": "550e8400-e29b-41d4-a716-446655440000"}, "xqzyvk", "16 random bytes: move them out, or live with it; its name takes 10 of the characters"},
	} {
		found := false
		for _, p := range packer.Explain(encode(t, row.session)) {
			if p.Path != row.path {
				continue
			}
			if found = true; p.Note != row.note {
				t.Errorf("%v: the note of %s is %q, want %q", row.session, p.Path, p.Note, row.note)
			}
		}
		if !found {
			t.Errorf("%v has no %s", row.session, row.path)
		}
	}
}
