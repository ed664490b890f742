package pack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/pack/tables"
)

// kindsIn returns how often an item's packed form has symbols of a kind.
func kindsIn(t *testing.T, item []byte, kind uint8) (n int) {
	t.Helper()
	notes := &pack.Notes{
		Value: func(_ uint8, symbol int) {
			if tables.V1.Values[symbol].Kind == kind {
				n++
			}
		},
	}
	if err := packer.Observe(item, form.Generic, notes); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestJSON has texts that are JSON in one of the layouts, and texts that differ
// from that by one thing. Both come back, the latter as plain texts.
func TestJSON(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	long := func(n int) string { return `["` + strings.Repeat("x", n-4) + `"]` }
	for _, test := range []struct{ is, not string }{
		{`{"a":1}`, `{"a":1 }`},
		{`{"a":1}`, `{"a" :1}`},
		{`{"a":1}`, ` {"a":1}`},
		{`{"a":1}`, `{"a":1}x`},
		{`{"a":1}`, `{"a":1,}`},
		{`{"a":1,"b":2}`, `{"a":1,"a":2}`},
		{`{"a":1,"b":2}`, `{"a":1, "b":2}`},
		{`{"a":1,"b":2}`, `{"a":1 "b":2}`},
		{`{"a":"1"}`, `{a:"1"}`},
		{`[true,false,null]`, `[True,false,null]`},
		{`[1,2]`, `[1,2`},
		{`[0]`, `[00]`},
		{`[-1]`, `[-0]`},
		{`[-9223372036854775808]`, `[-9223372036854775809]`},
		{`[18446744073709551615]`, `[18446744073709551616]`},
		{`[0.01,0.5,1.25,19.99]`, `[0.01,0.5,1.25,19.990]`},
		{`[0.5]`, `[0.50]`},
		{`[0.5]`, `[.5]`},
		{`[0.5]`, `[-0.5]`},
		{`[1]`, `[1.0]`},
		{`[1]`, `[1e0]`},
		{`[0.12]`, `[0.123]`},
		{`[11258999068426.23]`, `[11258999068426.24]`},
		{`["\"\\\b\f\n\r\t\u0001é/"]`, `["\"\\\b\f\n\r\t\u0001é\/"]`},
		{`["\u0000"]`, `["\u000"]`},
		{`["\u001f"]`, `["\u001F"]`},
		{`["\u00e9"]`, `["\u00e9é"]`},
		{`["\ud83d\ude00"]`, `["\ud83d"]`},
		{`["\ud83d\ude00"]`, `["\ude00\ud83d"]`},
		{`["\u00e9\/"]`, `["\u00e9\//"]`},
		{`["\u003c\u003e\u0026\u2028"]`, `["\u003c\u003e\u0026\u2028<"]`},
		{`{"a": 1, "b": ["\u00e9"]}`, `{"a": 1,"b": ["\u00e9"]}`},
		{"{\n  \"a\": [\n    1,\n    {}\n  ]\n}", "{\n  \"a\": [\n    1,\n    {}\n   ]\n}"},
		{"[\n  \"\\u003d\\u0027\"\n]", "[\n  \"\\u003d'\"\n]"},
		{`["x"]`, "[\"\xff\"]"},
		{nested(64), nested(65)},
		{long(16 << 10), long(16<<10 + 1)},
	} {
		for _, text := range []string{test.is, test.not} {
			want := 0
			if text == test.is {
				want = 1
			}
			for kind, item := range map[uint8][]byte{
				form.JSON:      append(head(3, uint64(len(text))), text...),
				form.JSONBytes: append(head(2, uint64(len(text))), text...),
			} {
				if n := kindsIn(t, item, kind); n != want {
					t.Errorf("%.60q, major type %d: written as JSON %d times, want %d", text, item[0]>>5, n, want)
				}
				if got, err := referenceUnpack(packer.Append(nil, item), len(item)); err != nil || !bytes.Equal(got, item) {
					t.Errorf("%.60q: the reference reads %.60x, %v", text, got, err)
				}
			}
		}
	}
}

// TestJSONInside checks that levels inside a JSON text count with those
// outside, and that JSON may be in JSON.
func TestJSONInside(t *testing.T) {
	text := strings.Repeat("[", 60) + strings.Repeat("]", 60)
	for outside, want := range map[int]int{4: 1, 5: 0} {
		item := append(bytes.Repeat([]byte{0x81}, outside), append(head(3, uint64(len(text))), text...)...)
		if n := kindsIn(t, item, form.JSON); n != want {
			t.Errorf("in %d arrays: written as JSON %d times, want %d", outside, n, want)
		}
	}
	for depth := range 5 {
		text := `{"a":1}`
		for range depth {
			inner, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			text = fmt.Sprintf(`{"b":%s}`, inner)
		}
		item := encode(t, text)
		if n := kindsIn(t, item, form.JSON); n != depth+1 {
			t.Errorf("%s: written as JSON %d times, want %d", text, n, depth+1)
		}
	}
}

// TestJSONRefused has packed forms of JSON texts with an item inside that no
// JSON has, each beside one that is accepted.
func TestJSONRefused(t *testing.T) {
	const limit = 64 << 10
	var code string
	for c, symbol := range loadReference().value[0] {
		if v := loadReference().Values[symbol]; v.Kind == "json" && v.Layout == 0 {
			code = c
		}
	}
	key := func(s *spelled, text string) *spelled { // as a value
		for c, symbol := range loadReference().key[4] {
			if symbol == 1 {
				s.add(c)
			}
		}
		return s.head(append([]byte{0x60 + byte(len(text))}, text...)...)
	}
	// Each cent has 9 bytes in the item, and 5 in the text.
	cents := func(n int) *spelled {
		s := new(spelled).add(code).head(head(4, uint64(n))...)
		return s.head(0xfb, 0x3f, 0x84, 0x7a, 0xe1, 0x47, 0xae, 0x14, 0x7b).add(strings.Repeat("1", n-1))
	}
	array := func(b ...byte) *spelled { return new(spelled).add(code).head(0x81).head(b...) }
	for _, test := range []struct {
		name   string
		packed *spelled
		ok     bool
	}{
		{"a text", array(0x61, 'a'), true},
		{"a byte string", array(0x41, 'a'), false},
		{"a text that is not UTF-8", array(0x61, 0xff), false},
		{"hundredths", array(0xfb, 0x3f, 0xf3, 0xae, 0x14, 0x7a, 0xe1, 0x47, 0xae), true},
		{"thousandths", array(0xfb, 0x3f, 0xf3, 0xb6, 0x45, 0xa1, 0xca, 0xc0, 0x83), false},
		{"a half", array(0xf9, 0x38, 0x00), true},
		{"a half below 0", array(0xf9, 0xb8, 0x00), false},
		{"a whole float", array(0xf9, 0x3c, 0x00), false},
		{"not a number", array(0xf9, 0x7e, 0x00), false},
		{"infinity", array(0xf9, 0x7c, 0x00), false},
		{"undefined", array(0xf7), false},
		{"-2^63", array(0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255), true},
		{"-2^63 - 1", array(0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0), false},
		{"a tag", array(0xc6).head(0x61, 'a'), false},
		{"no array", new(spelled).add(code).head(0x61, 'a'), false},
		{"an object", key(new(spelled).add(code).head(0xa1), "a").head(0x01), true},
		{"a key twice", key(key(new(spelled).add(code).head(0xa2), "a").head(0x01), "a").head(0x01), false},
		{"an item of almost 64 KiB", cents(7281), true},
		{"an item of more", cents(7282), false},
		{"keys not in order", key(key(new(spelled).add(code).head(0xa2), "b").head(0x01), "a").head(0x01), true},
	} {
		packed := test.packed.bytes()
		item, err := packer.Unpack(nil, packed, limit)
		if (err == nil) != test.ok {
			t.Errorf("%s: %.60q, error %v", test.name, item, err)
		}
		if want, wantErr := referenceUnpack(packed, limit); (wantErr == nil) != test.ok || test.ok && !bytes.Equal(item, want) {
			t.Errorf("%s: the reference says %.60q, %v", test.name, want, wantErr)
		}
	}
}
