package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A mutation is one break of the code.
type mutation struct {
	name     string // of its file, without the extension
	title    string
	survives string // why no test can notice it; "": one has to

	file string   // where it stands in the tree
	old  []string // lines
	new  []newLine

	// Set by locate.
	path, dir string // absolute
	source    string
	changed   string // the source with the break

	number int   // selects it; 0: it is not inside a function
	broken error // why it does not compile
}

// A newLine is a line of the changed source.
type newLine struct {
	text string
	kept int // index of the old line that it is; -1: none
}

// readMutations reads all mutations of a directory.
func readMutations(dir string) ([]*mutation, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	var mutations []*mutation
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		m, err := parseMutation(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		m.name = strings.TrimSuffix(filepath.Base(path), ".patch")
		mutations = append(mutations, m)
	}
	return mutations, nil
}

func parseMutation(text string) (*mutation, error) {
	head, body, ok := strings.Cut(text, "\n--- ")
	if !ok {
		return nil, fmt.Errorf(`no line that begins with "--- "`)
	}
	m := new(mutation)
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		if reason, ok := strings.CutPrefix(line, "Survives: "); ok {
			m.survives = reason
		} else if line != "" {
			if m.title != "" {
				return nil, fmt.Errorf("a second title: %s", line)
			}
			m.title = line
		}
	}
	if m.title == "" {
		return nil, fmt.Errorf("no title")
	}
	m.file, body, _ = strings.Cut(strings.TrimSuffix(body, "\n"), "\n")
	for line := range strings.SplitSeq(body, "\n") {
		switch {
		case strings.HasPrefix(line, "-"):
			m.old = append(m.old, line[1:])
		case strings.HasPrefix(line, "+"):
			m.new = append(m.new, newLine{line[1:], -1})
		case line == "" || line[0] == ' ' || line[0] == '\t':
			m.new = append(m.new, newLine{kept: len(m.old)})
			m.old = append(m.old, line)
		default:
			return nil, fmt.Errorf("a line that begins neither with a blank nor with + or -: %s", line)
		}
	}
	if len(m.new) == len(m.old) && !slices.ContainsFunc(m.new, func(n newLine) bool { return n.kept < 0 }) {
		return nil, fmt.Errorf("it changes nothing")
	}
	return m, nil
}

// locate finds the place of the old lines, the only one in the package.
func (m *mutation) locate() error {
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(m.file), "*.go"))
	if err != nil {
		return err
	}
	var places []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Split(string(data), "\n")
		for i := range lines {
			if !beginsWith(lines[i:], m.old) {
				continue
			}
			places = append(places, fmt.Sprintf("%s:%d", path, i+1))
			changed := slices.Clone(lines[:i])
			for _, n := range m.new {
				if n.kept >= 0 {
					n.text = lines[i+n.kept]
				}
				changed = append(changed, n.text)
			}
			m.source, m.changed = string(data), strings.Join(append(changed, lines[i+len(m.old):]...), "\n")
			if m.path, err = filepath.Abs(path); err != nil {
				return err
			}
			m.dir = filepath.Dir(m.path)
		}
	}
	if len(places) != 1 {
		return fmt.Errorf("%s: its lines stand in %d places of %s, not in one: %s", m.name, len(places), filepath.Dir(m.file), strings.Join(places, " "))
	}
	return nil
}

// beginsWith compares lines without their indentation.
func beginsWith(lines, old []string) bool {
	if len(lines) < len(old) {
		return false
	}
	for i, line := range old {
		if strings.TrimSpace(line) != strings.TrimSpace(lines[i]) {
			return false
		}
	}
	return true
}
