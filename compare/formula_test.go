package main

import "testing"

// TestFormulas checks lengths that were counted by hand, from the formats'
// descriptions.
func TestFormulas(t *testing.T) {
	for _, row := range []struct {
		value any
		want  int
	}{
		{nil, 5},                       // w, its length, nil
		{true, 6},                      // the same with true
		{255, 2},                       // a and a byte
		{256, 5},                       // b and four
		{-1, 5},                        //
		{int64(1) << 31, 7},            // n, a length, a sign, four bytes
		{int64(-1) << 63, 11},          // the same with eight
		{1.5, 9},                       // F and eight bytes
		{"ab", 7},                      // m, four bytes of length, two
		{[]any{}, 1},                   // j
		{[]any{1, 2}, 5},               // k, two bytes of length, two
		{[]any{1, "a"}, 5 + 2 + 6 + 1}, // l, four bytes of length, both, j
		{map[string]any{"a": 1}, 5 + 6 + 2},
	} {
		if got, err := termSize(row.value); got != row.want || err != nil {
			t.Errorf("%v takes %d bytes in Erlang's format, not %d, %v", row.value, got, row.want, err)
		}
	}
	if _, err := termSize(struct{}{}); err == nil {
		t.Error("a struct has a term")
	}
	if got := string(pythonJSON([]byte("a\u00e9\U0001f600"))); got != `a\u00e9\ud83d\ude00` {
		t.Errorf("Python writes %s", got)
	}

	s := session{text: []byte(`{"user":"ana"}`), value: map[string]any{"user": "ana"}}
	for name, row := range map[string]struct {
		chars func(session) (int, error)
		want  int
	}{
		// 14 bytes are 19 characters, 20 with padding.
		"Flask":  {flask, 19 + 1 + 6 + 1 + 27},
		"Django": {django, 19 + 1 + 6 + 1 + 43},
		// 24 + 16 + 1 + 5 + 9 + 8 bytes are 84.
		"Phoenix": {phoenix, 4 + 84},
		// The id and the text are 62 bytes, 84 in base64; the envelope is 137,
		// 183 in base64, 11 more by escapes, 3 of padding; the nonce 16 and 1,
		// the tag 22, 1 and 6.
		"Rails": {rails, 183 + 11 + 3 + 2 + 16 + 1 + 2 + 22 + 1 + 6},
		// 0xBA * 256^58 has 80 digits in base 62.
		"Branca": {branca, 80},
	} {
		if got, err := row.chars(s); got != row.want || err != nil {
			t.Errorf("%s takes %d characters, not %d, %v", name, got, row.want, err)
		}
	}
}
