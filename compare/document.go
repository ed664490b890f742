package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// fillDocument puts the tables of a report between the markers of a Markdown
// file that name them. A table without markers is an error, and so are markers
// without a table: a document is of one run, and that one was not complete.
func (r *report) fillDocument(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), r.sections())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(filled), 0o666)
}

var marker = regexp.MustCompile(`<!-- begin (.*) -->`)

func fill(text string, sections []section) (string, error) {
	for _, found := range marker.FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(sections, func(s section) bool { return s.id == found[1] }) {
			return "", fmt.Errorf("%s was not measured", found[1])
		}
	}
	for _, s := range sections {
		begin, end := "<!-- begin "+s.id+" -->\n", "<!-- end "+s.id+" -->"
		before, rest, found := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			return "", fmt.Errorf("it lacks the markers %q and %q", strings.TrimSpace(begin), end)
		}
		text = before + begin + "\n" + s.text + "\n" + end + after
	}
	return text, nil
}
