// Letters prints words that are none: letters in the order in which a language
// has them. The trainer learns from these how the letters of a language follow
// each other, and has no words of anybody's list.
//
//	cd internal/pack && go run ./train/letters LANGUAGE=FILE ...
//
// A file is a word list, a word to a line, as the Debian packages wfrench,
// wngerman, hunspell-ru and others ship them; what follows a slash or a tab is
// left out. A name that begins with U+, as in ka=U+10d0-10f0, is a range of
// letters of which all are as likely. train/testdata/lists/95-letters.txt was
// made from the lists of 23 languages and from 4 such ranges.
package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"unicode"
)

const (
	order   = 3 // letters that the next one depends on
	lines   = 40
	words   = 4 // in a line
	longest = 9 // letters
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

// chain returns what follows each group of letters; 0 is the end of a word.
func chain(file string) (map[string][]rune, error) {
	next := make(map[string][]rune)
	if spec, ok := strings.CutPrefix(file, "U+"); ok {
		var first, last rune
		if _, err := fmt.Sscanf(spec, "%x-%x", &first, &last); err != nil {
			return nil, err
		}
		for c := first; c <= last; c++ {
			next[""] = append(next[""], c)
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
		text, _, _ = strings.Cut(text, "\t")
		letters := []rune(text)
		if len(letters) < 2 || strings.ContainsFunc(text, func(c rune) bool { return c < 'a' && c != '\'' || unicode.IsUpper(c) }) {
			continue
		}
		for i := 0; i <= len(letters); i++ {
			before := string(letters[max(0, i-order):i])
			if i == len(letters) {
				next[before] = append(next[before], 0)
			} else {
				next[before] = append(next[before], letters[i])
			}
		}
	}
	return next, nil
}

// word returns a word that no list needs to have.
func word(r *rand.Rand, next map[string][]rune) string {
	for {
		var w []rune
		for len(w) <= longest {
			before := ""
			if len(next) > 1 {
				before = string(w[max(0, len(w)-order):])
			}
			after := next[before]
			c := after[r.IntN(len(after))]
			if len(next) == 1 && len(w) > 1 && r.IntN(4) == 0 {
				c = 0
			}
			if c == 0 {
				break
			}
			w = append(w, c)
		}
		if n := len(w); n > 1 && n <= longest {
			return string(w)
		}
	}
}
