package wire_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"example.com/cookiesession/internal/wire"
	"github.com/google/go-cmp/cmp"
)

type pair struct {
	Part  int
	Value string
}

func cookies(lines []string, name string) (pairs []pair) {
	for part, value := range wire.Cookies(lines, name) {
		pairs = append(pairs, pair{part, value})
	}
	return pairs
}

func TestCookies(t *testing.T) {
	for _, row := range []struct {
		line string
		want []pair
	}{
		{"", nil},
		{"s=a", []pair{{1, "a"}}},
		{"s=", []pair{{1, ""}}},
		{"s", nil},
		{"s_2", nil},
		{"s_2=", []pair{{2, ""}}},
		{"s_8=x; s_9=x; s_1=x; s_0=x; s_22=x; s_=x; s-2=x", []pair{{8, "x"}}},
		{"ss=x; S=x; xs=x; s =x; \"s\"=x", nil},
		{"a=s=x; a= s=x", nil},
		{"s=a;s=b;  s=c\t;\ts=d ;", []pair{{1, "a"}, {1, "b"}, {1, "c"}, {1, "d"}}},
		{"s=a=b; s=\"q\"; s=a b", []pair{{1, "a=b"}, {1, `"q"`}, {1, "a b"}}},
		{"s_3=c; x=y; s=a; s_2=b", []pair{{3, "c"}, {1, "a"}, {2, "b"}}},
		{";;; ;s=a\r\n", []pair{{1, "a"}}},
	} {
		if diff := cmp.Diff(row.want, cookies([]string{row.line}, "s")); diff != "" {
			t.Errorf("%q: %s", row.line, diff)
		}
	}
	if diff := cmp.Diff([]pair{{1, "a"}, {2, "b"}, {1, "c"}}, cookies([]string{"s=a; s_2=b", "s=c"}, "s")); diff != "" {
		t.Errorf("two lines: %s", diff)
	}
	if got := cookies([]string{"=a; _2=b; ="}, ""); got != nil {
		t.Errorf("without a name: %v", got)
	}
	for range wire.Cookies([]string{"s=a; s=b"}, "s") {
		break // must not yield again, which would panic
	}
}

// TestCookiesAgree compares with a reader that splits first and asks then, on
// headers made of what is near a cookie.
func TestCookiesAgree(t *testing.T) {
	slow := func(line string) (pairs []pair) {
		for field := range strings.SplitSeq(line, ";") {
			field = strings.Trim(field, " \t\r\n")
			for i := 1; i <= wire.MaxParts; i++ {
				if value, ok := strings.CutPrefix(field, wire.PartName("s", i)+"="); ok {
					pairs = append(pairs, pair{i, strings.TrimRight(value, " \t\r\n")})
				}
			}
		}
		return pairs
	}
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"s=", "s_3=", "s", "s_2", "s_8", "s_9", "=", ";", " ", "\t", "x", "ss", "_", "2", "\n"}
	found := 0
	for range 20000 {
		var line strings.Builder
		for range random.IntN(12) {
			line.WriteString(words[random.IntN(len(words))])
		}
		want := slow(line.String())
		found += len(want)
		if diff := cmp.Diff(want, cookies([]string{line.String()}, "s")); diff != "" {
			t.Fatalf("%q: %s", line.String(), diff)
		}
	}
	if found < 1000 {
		t.Errorf("only %d cookies were found in all: the headers are too odd", found)
	}
}

func TestCookiesDoesNotAllocate(t *testing.T) {
	lines := []string{strings.Repeat("other=0123456789; ", 30) + "s=a; s_2=b"}
	n := 0
	if allocs := testing.AllocsPerRun(100, func() {
		for part, value := range wire.Cookies(lines, "s") {
			n += part + len(value)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestCutAndJoin(t *testing.T) {
	text := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 1000)
	cut := wire.Cut{Name: "name", Size: 1024}
	for n := 1; n <= wire.MaxParts; n++ {
		for _, chars := range []int{cut.Capacity(n), cut.Capacity(n-1) + 1} {
			if chars < wire.Chars(wire.Overhead) {
				continue
			}
			t.Run(fmt.Sprintf("parts=%d/chars=%d", n, chars), func(t *testing.T) {
				text := text[:chars]
				if got := cut.Parts(chars, wire.MaxParts); got != n {
					t.Fatalf("it takes %d cookies", got)
				}
				var parts wire.Parts
				first, bytes := "", 0
				for i, piece := range cut.Pieces([]byte(text), n) {
					value := string(piece.Set) + string(piece.Text)
					size := len(wire.PartName("name", i)) + len(value)
					if size > cut.Size || i < n && size != cut.Size {
						t.Errorf("part %d has %d bytes", i, size)
					}
					bytes += size
					if i == 1 {
						first = value
						continue
					}
					parts.Add(i, "another write")
					parts.Add(i, value)
				}
				if got := cut.Bytes(chars, n); got != bytes {
					t.Errorf("Bytes is %d, and the cookies have %d", got, bytes)
				}
				if got, ok := join(parts, first, n); !ok || got != text {
					t.Error("it is not joined to what it was")
				}
				if n < wire.MaxParts {
					if _, ok := join(parts, first, n+1); ok {
						t.Error("a part that is missing is not missed")
					}
				}
			})
		}
	}
	if n := cut.Parts(cut.Capacity(3)+1, 3); n != 0 {
		t.Errorf("what three can't hold takes %d", n)
	}
}

func join(parts wire.Parts, first string, n int) (string, bool) {
	pieces, ok := parts.Pieces(first, n)
	return strings.Join(pieces[:], ""), ok
}

// TestPartsAreBounded adds more values of one number than are kept.
func TestPartsAreBounded(t *testing.T) {
	const first = "0123456789abSETSETSE--"
	for before, joins := range map[int]bool{wire.MaxTries - 1: true, wire.MaxTries: false} {
		var parts wire.Parts
		for range before {
			parts.Add(2, "junk")
		}
		parts.Add(2, "SETSETSE second")
		if _, ok := join(parts, first[:19], 2); ok {
			t.Error("a first part without SET is joined")
		}
		got, ok := join(parts, first, 2)
		if ok != joins || joins && got != first+" second" {
			t.Errorf("after %d others: %q, %v", before, got, ok)
		}
	}
}

func TestParseHeader(t *testing.T) {
	control := "EQECAwAAAAIA" // 11 010203 00000002 00
	want := wire.Header{Version: 1, Parts: 2, KeyID: [3]byte{1, 2, 3}, Issued: 2}
	if got, err := wire.ParseHeader(control + "rest"); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	for text, want := range map[string]error{
		"":                        wire.ErrTooShort,
		control[:11]:              wire.ErrTooShort,
		"EQEC\r\nAwAAAAIA":        wire.ErrEncoding,
		"EQEC+wAAAAIA":            wire.ErrEncoding,
		"EQECAwAAAAI=":            wire.ErrEncoding,
		"\n" + control:            wire.ErrEncoding,
		control[:11] + "\n" + "A": wire.ErrEncoding,
	} {
		if got, err := wire.ParseHeader(text); !errors.Is(err, want) || got != (wire.Header{}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func BenchmarkCookies(b *testing.B) {
	for name, line := range map[string]string{
		"thirty others": strings.Repeat("name_of_one=0123456789012345678901; ", 30) + "__Host-session=value",
		"semicolons":    strings.Repeat(";", 64<<10),
		"short":         strings.Repeat("a;", 32<<10),
		"ours":          strings.Repeat("__Host-session=;", 4<<10),
	} {
		b.Run(name, func(b *testing.B) {
			lines := []string{line}
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for i := range wire.Cookies(lines, "__Host-session") {
					n += i
				}
			}
		})
	}
}

// Strip leaves every byte of other cookies, whatever they are.
func TestStrip(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{"s=1", ""},
		{"s=1; a=2", "a=2"},
		{"a=2; s=1", "a=2"},
		{"a=2; s=1; b=3", "a=2; b=3"},
		{"a=2;s=1;b=3", "a=2;b=3"},
		{"s=1; s_2=x; a=2; s_8=y; s=3; b=4", "a=2; b=4"},
		{"s=; a=2", "a=2"},
		{"\ts=1 ;\ta=2 ", "a=2 "},
		{";s=1;a=2", ";a=2"},
		{"s=1;", ""},

		{"", ""},
		{";a=1;", ";a=1;"},
		{" a=1 ;; b=2 ", " a=1 ;; b=2 "},
		{"S=1; s =1; s_1=1; s_9=1; s_22=1; xs=1; s", "S=1; s =1; s_1=1; s_9=1; s_22=1; xs=1; s"},
		{`a="x, y"; s=1; b={"c":"d"}; e=` + "\xff\x00", `a="x, y"; b={"c":"d"}; e=` + "\xff\x00"},
		{`a="x; s=1"; b=2`, `a="x; b=2`}, // to a browser, and to every parser here, a semicolon ends a cookie
	} {
		got, found := wire.Strip(row.line, "s")
		if got != row.want || found != (len(cookies([]string{row.line}, "s")) > 0) {
			t.Errorf("Strip(%q) = %q, %v; want %q", row.line, got, found, row.want)
		}
	}
}

// FuzzStrip checks that nothing of ours is left, that all others are, as they
// were, and that a line without ours is not touched.
func FuzzStrip(f *testing.F) {
	for _, seed := range []string{"", "s=1", "a=1; s=2;b", ";;s_2=;s", " s=1\t; \x00"} {
		f.Add(seed)
	}
	others := func(line string) (kept []string) {
		for pair := range strings.SplitSeq(line, ";") {
			if pair = strings.TrimLeft(pair, " \t\r\n"); pair != "" && len(cookies([]string{pair}, "s")) == 0 {
				kept = append(kept, pair)
			}
		}
		return kept
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, found := wire.Strip(line, "s")
		if left := cookies([]string{got}, "s"); left != nil {
			t.Errorf("left %v", left)
		}
		if diff := cmp.Diff(others(line), others(got)); diff != "" {
			t.Error(diff)
		}
		if !found && got != line {
			t.Errorf("%q became %q", line, got)
		}
	})
}
