package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sums has functions of all forms, and a test of what they do together.
var sums = map[string]string{
	"go.mod": "module example.com/sums\n\ngo 1.26.0\n",
	"sums.go": `package sums

type pair[T any] struct{ a, b T }

func (pair[T]) two(int, string) int { return 2 }

func three(_ string, n int) int { return n }

func sum[T int | string](first T, more ...T) (total T) {
	total = first
	for _, n := range more {
		total += n
	}
	return total
}

func outer(limit int) (n int, err error) {
loop:
	for {
		if n++; n == limit {
			break loop
		}
	}
	n, other := n+1, limit
	_ = other
	return
}

func set(to *int) {
	*to = 7
}

const size = 4

// unused says so.
func unused() bool {
	return false
}
`,
	"sums_test.go": `package sums

import (
	"testing"

	"example.com/sums/used"
)

func TestTwo(t *testing.T) {
	if n := (pair[int]{}).two(1, ""); n != 2 || three("", 3) != 3 {
		t.Error(n)
	}
}

func TestSums(t *testing.T) {
	if sum("a", "b", "c") != "abc" || sum(1) != 1 {
		t.Error("sum")
	}
	if n, _ := outer(3); n != 4 {
		t.Error(n)
	}
}

func TestSet(t *testing.T) {
	n := 0
	if set(&n); n != 7 || size != 4 || used.One() != 1 {
		t.Error(n, size)
	}
}
`,
	"alone/alone.go":                    "package alone\n\nfunc One() int {\n\treturn 1\n}\n",
	"used/used.go":                      "package used\n\nfunc One() int {\n\treturn 1\n}\n",
	"testdata/mutations/i-alone.patch":  "Nobody tests it.\n\n--- alone/alone.go\n-return 1\n+return 2\n",
	"testdata/mutations/j-used.patch":   "Others test it.\n\n--- used/used.go\n-return 1\n+return 2\n",
	"testdata/mutations/a-two.patch":    "Two is three.\n\n--- sums.go\n-func (pair[T]) two(int, string) int { return 2 }\n+func (pair[T]) two(int, string) int { return 3 }\n",
	"testdata/mutations/a-blank.patch":  "Three is one more.\n\n--- sums.go\n-func three(_ string, n int) int { return n }\n+func three(_ string, n int) int { return n+1 }\n",
	"testdata/mutations/b-add.patch":    "The first one is left out.\n\n--- sums.go\n-\ttotal = first\n \tfor _, n := range more {\n",
	"testdata/mutations/c-loop.patch":   "The loop takes one step more.\n\n--- sums.go\n loop:\n \tfor {\n-\t\tif n++; n == limit {\n+\t\tif n++; n > limit {\n",
	"testdata/mutations/d-set.patch":    "Nothing is set.\n\n--- other.go\n-*to = 7\n+_ = to\n", // found in another file
	"testdata/mutations/e-size.patch":   "The size is another one.\n\n--- sums.go\n-const size = 4\n+const size = 5\n",
	"testdata/mutations/f-shadow.patch": "A result is assigned in vain.\n\n--- sums.go\n-\t_ = other\n+\tn = other + 1\n",
	"testdata/mutations/g-unused.patch": "Nobody calls it.\nSurvives: nobody calls it\n\n--- sums.go\n-return false\n+return true\n",
	"testdata/mutations/g-vain.patch":   "A variable is not used.\n\n--- sums.go\n-\tn, other := n+1, limit\n-\t_ = other\n+\tn, other := n+1, limit\n",
	"testdata/mutations/g-wild.patch":   "It is no Go.\n\n--- sums.go\n-\t*to = 7\n+\t*to = }\n",
	"testdata/mutations/h-lives.patch":  "It lives.\n\n--- sums.go\n // unused says so.\n func unused() bool {\n-return false\n+return !false\n",
}

func scratch(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a module")
	}
	scratch(t, sums)
	var out strings.Builder
	err := run(&out, regexp.MustCompile(""), 0, 1, false, 1)
	got := regexp.MustCompile(` +[0-9.]+ s  |in \d+ s`).ReplaceAllString(out.String(), " ")
	const want = `a-blank killed by TestTwo
a-two killed by TestTwo
b-add killed by TestSums
c-loop killed by TestSums
d-set killed by TestSet
e-size killed by TestSet
f-shadow SURVIVED: A result is assigned in vain.
g-unused survives: nobody calls it
g-vain FAILED: g-vain.patch:8: declared and not used: other
g-wild FAILED: 30:8: expected operand, found '}' (and 4 more errors)
h-lives SURVIVED: It lives.
i-alone FAILED: no test needs its package
j-used killed by TestSet of example.com/sums
13 of 13 mutations  : 7 killed, 1 that no test can notice, 5 failed
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if err == nil || err.Error() != "failed: f-shadow g-vain g-wild h-lives i-alone" {
		t.Errorf("error %v", err)
	}

	// The same, where a file says that nothing can notice it.
	if err := os.WriteFile("testdata/mutations/a-two.patch", []byte(strings.Replace(sums["testdata/mutations/a-two.patch"], "\n\n", "\nSurvives: so they say\n\n", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(&out, regexp.MustCompile("a-two"), 0, 1, false, 1); err == nil || !strings.Contains(out.String(), "it is killed by TestTwo, although") {
		t.Errorf("error %v, output %s", err, out.String())
	}
}

func TestRunRefuses(t *testing.T) {
	for _, row := range []struct{ name, patch, want string }{
		{"control", sums["testdata/mutations/e-size.patch"], ""},
		{"no title", "\n--- sums.go\n-const size = 4\n", "no title"},
		{"two titles", "One.\nTwo.\n--- sums.go\n-const size = 4\n", "a second title"},
		{"no path", "One.\n\n-const size = 4\n", "no line that begins with"},
		{"no change", "One.\n\n--- sums.go\n const size = 4\n", "it changes nothing"},
		{"another line", "One.\n\n--- sums.go\nconst size = 4\n", "begins neither"},
		{"gone", "One.\n\n--- sums.go\n-const size = 9\n+const size = 5\n", "stand in 0 places"},
		{"twice", "One.\n\n--- sums.go\n-}\n+\n", "places of ., not in one: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			scratch(t, map[string]string{"sums.go": sums["sums.go"], "testdata/mutations/x.patch": row.patch})
			var out strings.Builder
			err := run(&out, regexp.MustCompile(""), 0, 1, true, 1)
			if row.want == "" {
				if err != nil || out.String() != "1 mutations fit the code\n" {
					t.Errorf("%v, %q", err, out.String())
				}
			} else if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q", err, row.want)
			}
		})
	}
}

// TestRunEnds has a sample whose time is over before anything is compiled.
func TestRunEnds(t *testing.T) {
	scratch(t, sums)
	var out strings.Builder
	err := run(&out, regexp.MustCompile(""), 1, 1, false, 1)
	if err == nil || !strings.Contains(err.Error(), "is too short") || out.Len() > 0 {
		t.Errorf("error %v, output %s", err, out.String())
	}
}
