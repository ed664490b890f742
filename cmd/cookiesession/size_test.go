package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/wire"
	"github.com/google/go-cmp/cmp"
)

func TestParseDocument(t *testing.T) {
	tests := []struct {
		text string
		want any // nil: an error
	}{
		{`{"a":1}`, map[string]any{"a": 1}},
		{" [1, 2.5]\n", []any{1, 2.5}},
		{"\ufeff{}", map[string]any{}},
		{`"text"`, "text"},
		{"false", false},
		{fmt.Sprintf(`{"a":[{"b":%d}]}`, math.MinInt), map[string]any{"a": []any{map[string]any{"b": math.MinInt}}}},
		{strconv.Itoa(math.MaxInt), math.MaxInt},
		{"9223372036854775808", 9223372036854775808.0},
		{"-9223372036854775809", -9223372036854775809.0},
		{"1.0", 1.0},
		{"1e3", 1000.0},
		{"-0", 0},
		{"1767225600", 1767225600},

		{"", nil},
		{"null", nil},
		{"{", nil},
		{"{} {}", nil},
		{"{},", nil},
		{"{'a':1}", nil},
		{`{"a":1e999}`, nil},
		{"01", nil},
	}
	for _, tt := range tests {
		got, err := document.Parse([]byte(tt.text))
		if (err != nil) != (tt.want == nil) {
			t.Errorf("%s: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" && err == nil {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

// TestSizeIsExact checks that the figures are those of the cookie that a
// program would send.
func TestSizeIsExact(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "sessions", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d sessions, error %v", len(paths), err)
	}
	codec, _ := newSealer(t)
	for _, path := range paths {
		m, err := measureFile(nil, codec, "name", path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		value, err := document.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		cookie := strings.Join(seal(t, codec, "name", value), "")
		if m.Cookie != len(cookie)-1 || m.Value != m.Cookie-len("name") {
			t.Errorf("%s: cookie %d, value %d, want %d", path, m.Cookie, m.Value, len(cookie)-1)
		}
		if n := (m.Value*6)/8 - wire.Overhead - 2; m.Body != n || m.Packed && m.Body >= m.CBOR || !m.Packed && m.Body != m.CBOR {
			t.Errorf("%s: body %d of CBOR %d, packed %t, want %d", path, m.Body, m.CBOR, m.Packed, n)
		}
	}
}

func TestPaths(t *testing.T) {
	m := measurement{File: "a.json", Body: 3, Paths: []pathSize{{"user", 6}, {"tags[]", 18}}}
	var b strings.Builder
	c := &console{stdout: bufio.NewWriter(&b)}
	printPaths(c, m)
	c.stdout.Flush()
	const want = "\na.json: 24 bits in 3 bytes\n   6  25.0 %  user\n  18  75.0 %  tags[]\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBudget(t *testing.T) {
	all := []measurement{{File: "a", Cookie: 100}, {File: "b", Cookie: 90}}
	for budget, within := range map[int]bool{0: true, 89: false, 99: false, 100: true, 101: true} {
		if err := (sizeOptions{budget: budget}).checkBudget(all); (err == nil) != within || err != nil && !errors.Is(err, errNo) {
			t.Errorf("budget %d: %v", budget, err)
		}
	}
}

func TestBar(t *testing.T) {
	for cookie, want := range map[int]string{
		1:    "#................... " + " 1 %",
		205:  "##.................. " + " 6 %",
		2046: "##########.......... " + "50 %",
		4093: "#################### " + "100 %",
	} {
		if got := (measurement{Cookie: cookie, limit: 4093, fits: true}).bar(); got != want {
			t.Errorf("%d: %q, want %q", cookie, got, want)
		}
	}
}
