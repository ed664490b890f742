package main

import (
	"slices"
	"strings"
	"testing"
)

// long has 85 columns as a comment. short is how it is filled.
const (
	long  = "// Words that go on and on, so that they do not fit on one line of eighty columns, no.\n"
	short = "// Words that go on and on, so that they do not fit on one line of eighty\n// columns, no.\n"
)

func TestFill(t *testing.T) {
	for _, row := range []struct {
		name, source, want string
		changed            []int
	}{
		{"filled", short, short, nil},
		{"too long", long, short, []int{1}},
		{"ragged", "// Two short\n// lines.\n", "// Two short lines.\n", []int{1}},
		{"two paragraphs", "// One.\n//\n// Two\n// lines.\n", "// One.\n//\n// Two lines.\n", []int{3}},
		{"a tab counts as four", "\t" + strings.ReplaceAll(short, "\n//", "\n\t//"), "\t// Words that go on and on, so that they do not fit on one line of eighty\n\t// columns, no.\n", nil},
		{"runes count, not bytes", "// " + strings.Repeat("ä", 70) + " 123456\n", "// " + strings.Repeat("ä", 70) + " 123456\n", nil},
		{"items of a list", "//   - one\n//   - two\n//     goes on\n", "//   - one\n//   - two goes on\n", []int{2}},
		{"a number that would begin an item", "// " + strings.Repeat("a", 75) + " 12. b\n", "// " + strings.Repeat("a", 75) + " 12.\n// b\n", []int{1}},

		{"heading", "// # Heading\n// text\n", "// # Heading\n// text\n", nil},
		{"code block", "//\tx := 1\n//\ty := 2\n", "//\tx := 1\n//\ty := 2\n", nil},
		{"directive", "//go:generate a\n//go:generate b\n", "//go:generate a\n//go:generate b\n", nil},
		{"behind code", "x := 1 // One\ny := 2 // Two\n", "x := 1 // One\ny := 2 // Two\n", nil},
		{"output of an example", "// Output:\n// one\n// two\n", "// Output:\n// one\n// two\n", nil},
		{"in a raw string", "x := `\n" + long + "`\n" + long, "x := `\n" + long + "`\n" + short, []int{4}},
		{"one word longer than a line", "// " + strings.Repeat("x", 100) + "\n", "// " + strings.Repeat("x", 100) + "\n", nil},
	} {
		got, changed := fill(row.source)
		if got != row.want || !slices.Equal(changed, row.changed) {
			t.Errorf("%s: changed %v, want %v\n%s\nwant\n%s", row.name, changed, row.changed, got, row.want)
		}
		if again, changed := fill(got); again != got || len(changed) > 0 {
			t.Errorf("%s: filled once more, it changes again at %v:\n%s", row.name, changed, again)
		}
	}
}
