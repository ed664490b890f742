package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// fillDocument puts tables between the markers of a Markdown file that name
// them. A marker without a table is an error: a document is of one run, and
// that one was not complete.
func fillDocument(file string, sections []section) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), sections)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(filled), 0o666)
}

var beginning = regexp.MustCompile(`<!-- begin (.*) -->\n`)

func fill(text string, sections []section) (string, error) {
	markers := beginning.FindAllStringSubmatch(text, -1)
	if len(markers) == 0 {
		return "", errors.New("it has no markers")
	}
	for _, marker := range markers {
		begin, id := marker[0], marker[1]
		i := slices.IndexFunc(sections, func(s section) bool { return s.id == id })
		if i < 0 {
			return "", fmt.Errorf("there is no table %s in this run", id)
		}
		before, rest, _ := strings.Cut(text, begin)
		end := "<!-- end " + id + " -->"
		_, after, found := strings.Cut(rest, end)
		if !found {
			return "", fmt.Errorf("it lacks %s", end)
		}
		text = before + begin + "\n" + sections[i].text + "\n" + end + after
	}
	return text, nil
}
