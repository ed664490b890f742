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
		checkRows(t, m)
	}
}

// checkRows checks that every character of the cookie is in one row, and that
// the largest row is first.
func checkRows(t *testing.T, m measurement) {
	t.Helper()
	sum, before := 0, math.MaxInt
	for _, p := range m.Paths {
		if sum += p.Bits; p.Bits > before || p.Bits <= 0 || p.Kind == "" {
			t.Errorf("%s: %+v after %d bits", m.File, p, before)
		}
		before = p.Bits
	}
	if sum != 6*m.Cookie {
		t.Errorf("%s: the rows have %d bits, the cookie %d", m.File, sum, 6*m.Cookie)
	}
}

func TestPaths(t *testing.T) {
	m := measurement{File: "a.json", Cookie: 10, Paths: []pathSize{{"(fixed)", 36, "nonce", ""}, {"user", 15, "text", "its name takes 1 of the characters"}, {"", 9, "map", ""}}}
	var b strings.Builder
	c := &console{stdout: bufio.NewWriter(&b)}
	printPaths(c, m)
	c.stdout.Flush()
	const want = "\na.json: 10 characters\n    6.0   60.0 %  (fixed)      nonce\n    2.5   25.0 %  user         text  its name takes 1 of the characters\n    1.5   15.0 %  (top level)  map\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBudget(t *testing.T) {
	all := []measurement{{File: "a", Cookie: 100, Limit: 4093, Fits: true}, {File: "b", Cookie: 90, Limit: 4093, Fits: true}}
	for budget, within := range map[int]bool{0: true, 89: false, 99: false, 100: true, 101: true, 5000: true} {
		if err := (sizeOptions{budget: budget}).check(all); (err == nil) != within || err != nil && !errors.Is(err, errNo) {
			t.Errorf("budget %d: %v", budget, err)
		}
	}
	for _, budget := range []int{0, 5000} { // a budget allows nothing that no cookie takes
		err := (sizeOptions{budget: budget}).check(append(all, measurement{File: "c", Cookie: 4094, Limit: 4093}))
		if err == nil || !strings.HasSuffix(err.Error(), "limit of 4093 bytes: c (4094)") {
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
		if got := (measurement{Cookie: cookie, Limit: 4093, Fits: true}).bar(); got != want {
			t.Errorf("%d: %q, want %q", cookie, got, want)
		}
	}
}
