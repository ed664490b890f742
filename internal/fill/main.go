// Command fill checks that the comments of Go files are filled to 80 columns, a
// tab counting as four, and with -w fills them. It leaves alone comments behind
// code on a line, code blocks, directives and the output of examples.
//
//	go run ./internal/fill [-w] FILE ...
//
// It exits 1 if a comment is not filled.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

const columns = 80

var (
	item      = regexp.MustCompile(`^//\s+(-|\d+\.) `)
	directive = regexp.MustCompile(`^//([a-z]+:|line |export |nolint)`)

	outputStart = regexp.MustCompile(`(?i)^//\s*(unordered )?output:`)
)

func main() {
	write := flag.Bool("w", false, "fill the comments")
	flag.Parse()
	unfilled := false
	for _, name := range flag.Args() {
		data, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		text, changed := fill(string(data))
		for _, line := range changed {
			if !*write {
				fmt.Printf("%s:%d: the comment is not filled to %d columns: go run ./internal/fill -w %s\n", name, line, columns, name)
				unfilled = true
			}
		}
		if *write && len(changed) > 0 {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(2)
			}
		}
	}
	if unfilled {
		os.Exit(1)
	}
}

// fill returns source with filled comments, and the first lines of the
// paragraphs that were not filled.
func fill(source string) (filled string, changed []int) {
	lines := strings.Split(source, "\n")
	var out []string
	raw := false    // in a string of several lines
	output := false // of an example
	for i := 0; i < len(lines); {
		line := lines[i]
		text := strings.TrimLeft(line, "\t")
		output = strings.HasPrefix(text, "//") && (output || outputStart.MatchString(text))
		if raw || output || !strings.HasPrefix(text, "// ") || !isProse(text) {
			if !strings.HasPrefix(text, "//") && strings.Count(line, "`")%2 == 1 {
				raw = !raw
			}
			out = append(out, line)
			i++
			continue
		}
		indent := line[:len(line)-len(text)]
		first, rest := "// ", "// "
		if marker := item.FindString(text); marker != "" {
			first, rest = marker, "//"+strings.Repeat(" ", len(marker)-len("//"))
		}
		end := i + 1
		for end < len(lines) && continues(lines[end], indent, rest) {
			end++
		}
		paragraph := wrap(lines[i:end], indent, first, rest)
		if strings.Join(paragraph, "\n") != strings.Join(lines[i:end], "\n") {
			changed = append(changed, i+1)
		}
		out = append(out, paragraph...)
		i = end
	}
	return strings.Join(out, "\n"), changed
}

// isProse reports whether a comment's line begins a paragraph or the item of a
// list.
func isProse(text string) bool {
	if directive.MatchString(text) || strings.HasPrefix(text, "// # ") {
		return false
	}
	return item.MatchString(text) || len(text) > 3 && text[3] != ' ' && text[3] != '\t'
}

// continues reports whether a line continues a paragraph whose lines begin with rest.
func continues(line, indent, rest string) bool {
	text, ok := strings.CutPrefix(line, indent)
	if !ok || item.MatchString(text) || directive.MatchString(text) || strings.HasPrefix(text, "// # ") {
		return false
	}
	text, ok = strings.CutPrefix(text, rest)
	return ok && text != "" && text[0] != ' ' && text[0] != '\t'
}

// wrap fills a paragraph's lines.
func wrap(lines []string, indent, first, rest string) (wrapped []string) {
	var words []string
	for i, line := range lines {
		skip := len(indent) + len(rest)
		if i == 0 {
			skip = len(indent) + len(first)
		}
		words = append(words, strings.Fields(line[skip:])...)
	}
	room := columns - 4*len(indent)
	line := first + words[0]
	for _, word := range words[1:] {
		// A line that began so would be taken for a list or a heading.
		special := item.MatchString("// "+word+" ") || word == "#"
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room && !special {
			wrapped = append(wrapped, indent+line)
			line = rest + word
			continue
		}
		line += " " + word
	}
	return append(wrapped, indent+line)
}
