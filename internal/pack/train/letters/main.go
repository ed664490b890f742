// Letters prints words that are none: letters in the order in which a language
// has them. The trainer learns from these how the letters of a language follow
// each other, and has no words of anybody's list.
//
//	cd internal/pack && go run ./train/letters LANGUAGE=FILE ...
//
// A file is a word list, a word to a line, as the Debian packages wfrench,
// wngerman, hunspell-ru and others ship them; what follows a slash is left out.
// A number after a tab is how often the word was found, as in rime-essay. A
// name that begins with U+, as in ka=U+10d0-10f0, is a range of letters of
// which all are as likely. Of ideographs only the last one counts for the next
// one, and one or two of them may well be a word.
//
// In train/testdata/lists, 95-letters.txt was made from the lists of 23
// languages and from 3 such ranges. 96-letters.txt was made by three runs: the
// words of aspell-fa; those of rime-essay, twice with simplified characters, as
// opencc -c t2s.json writes them, and once as they are; and eight times the
// words of hunspell-ko that have syllables only.
package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	order   = 3 // letters that the next one depends on
	lines   = 40
	words   = 4 // in a line
	longest = 9 // letters

	ideographs = 0x3400 // the first; from here on a letter may be a word
)

func main() {
	r := rand.New(rand.NewPCG(1, 1))
	out := bufio.NewWriter(os.Stdout)
	for _, arg := range os.Args[1:] {
		_, file, _ := strings.Cut(arg, "=")
		next, err := chain(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "letters:", err)
			os.Exit(1)
		}
		for range lines {
			var line []string
			for range words {
				line = append(line, word(r, next))
			}
			first := []rune(line[0])
			line[0] = string(unicode.ToTitle(first[0])) + string(first[1:])
			fmt.Fprintln(out, strings.Join(line, " "))
		}
	}
	out.Flush()
}

// Followers are what may follow some letters, with the sums of their weights.
type followers struct {
	letters []rune
	sums    []int
	total   int
}

func (f *followers) letter(n int) rune {
	i, _ := slices.BinarySearch(f.sums, n+1)
	return f.letters[i]
}

// chain returns what follows each group of letters; 0 is the end of a word.
func chain(file string) (map[string]*followers, error) {
	next := make(map[string]*followers)
	add := func(before string, c rune, weight int) {
		f := next[before]
		if f == nil {
			f = new(followers)
			next[before] = f
		}
		f.total += weight
		f.letters = append(f.letters, c)
		f.sums = append(f.sums, f.total)
	}
	if spec, ok := strings.CutPrefix(file, "U+"); ok {
		var first, last rune
		if _, err := fmt.Sscanf(spec, "%x-%x", &first, &last); err != nil {
			return nil, err
		}
		for c := first; c <= last; c++ {
			add("", c, 1)
		}
		return next, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		text, _, _ := strings.Cut(s.Text(), "/")
		text, count, _ := strings.Cut(text, "\t")
		weight, _ := strconv.Atoi(count)
		weight = max(weight, 1)
		letters := []rune(text)
		if len(letters) == 0 || len(letters) == 1 && letters[0] < ideographs || strings.ContainsFunc(text, func(c rune) bool { return c < 'a' && c != '\'' || unicode.IsUpper(c) }) {
			continue
		}
		for i := 0; i <= len(letters); i++ {
			before := string(last(letters[:i]))
			if i == len(letters) {
				add(before, 0, weight)
			} else {
				add(before, letters[i], weight)
			}
		}
	}
	return next, nil
}

// last returns the letters of a word that the next one depends on.
func last(w []rune) []rune {
	if len(w) > 1 && w[0] >= ideographs {
		return w[len(w)-1:]
	}
	return w[max(0, len(w)-order):]
}

// word returns a word that no list needs to have.
func word(r *rand.Rand, next map[string]*followers) string {
	for {
		var w []rune
		for len(w) <= longest {
			before := ""
			if len(next) > 1 {
				before = string(last(w))
			}
			after := next[before]
			c := after.letter(r.IntN(after.total))
			if len(next) == 1 && len(w) > 1 && r.IntN(4) == 0 {
				c = 0
			}
			if c == 0 {
				break
			}
			w = append(w, c)
		}
		if n := len(w); (n > 1 || n == 1 && w[0] >= ideographs) && n <= longest {
			return string(w)
		}
	}
}
