package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	jsondoc "example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/value"
)

// input is all that the trainer learns from.
type input struct {
	docs   []document
	typed  []document
	keys   []keyCount
	values []listed
	models models
}

// A document is one session.
type document struct {
	kind   string // of application
	origin string // the application
	wild   bool   // a stranger posted it; the others are of our own generator
	weight int
	json   []byte
	item   []byte
	floats []byte // the item with all numbers as floats
}

type keyCount struct {
	key     string
	weight  int
	origins int // programs that have it
}

// A listed value is one that many programs have in common.
type listed struct {
	model  int // jsonText: not a value, but text in byte strings
	text   string
	weight int
	parts  bool // not a value in itself: only its parts are common
}

const jsonText = -1

// one is the weight of one occurrence in a document.
const one = 1000

// readInput reads all of it. data is the module's testdata.
func readInput(data, dir string) (*input, error) {
	in := new(input)
	var err error
	if in.typed, err = typed(trainingSeed); err != nil {
		return nil, err
	}
	if in.models, err = readModels(filepath.Join(dir, "models.txt")); err != nil {
		return nil, err
	}
	if err := in.readSessions(filepath.Join(data, "sessions"), false); err != nil {
		return nil, err
	}
	if err := in.readSessions(filepath.Join(data, "wild"), true); err != nil {
		return nil, err
	}
	if err := in.readKeys(filepath.Join(dir, "keys.tsv")); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "lists", "*.txt")) // sorted
	for _, file := range files {
		if err := in.readList(file); err != nil {
			return nil, err
		}
	}
	return in, err
}

func (in *input) readSessions(dir string, wild bool) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json")) // sorted
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no sessions in %s", dir)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		doc, err := newDocument(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		// Names are kind-number of the generator, and number-kind of strangers.
		first, second, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "-")
		doc.kind, doc.origin, doc.weight = first, "generator", one*tune.synthetic/100
		if wild {
			doc.kind, doc.origin, doc.weight, doc.wild = second, first, one, true
		}
		if doc.kind == "express-store" {
			continue // the stored form of documents that are there without it
		}
		in.docs = append(in.docs, doc)
	}
	return nil
}

func newDocument(text []byte) (document, error) {
	v, err := jsondoc.Parse(text)
	if err != nil {
		return document{}, err
	}
	item, err := value.Append(nil, v)
	if err != nil {
		return document{}, err
	}
	var f any
	if err := json.Unmarshal(text, &f); err != nil {
		return document{}, err
	}
	floats, err := value.Append(nil, f)
	if err != nil {
		return document{}, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return document{}, err
	}
	return document{json: compact.Bytes(), item: item, floats: floats}, nil
}

// readKeys reads lines of a key, a tab, and how often it was found.
func (in *input) readKeys(file string) error {
	return eachLine(file, func(line string) error {
		key, count, _ := strings.Cut(line, "\t")
		n, err := strconv.Atoi(count)
		if err != nil {
			return err
		}
		// A key that was named, but not found, counts a little.
		in.keys = append(in.keys, keyCount{key, max(n*tune.keys, tune.keys/2), n})
		return nil
	})
}

// readList reads a file of values. A line "@model weight" tells the model of
// the lines that follow, and what one counts in hundredths of an occurrence in
// a document; "parts" after it, that only parts of the values are common, so
// that none is a symbol as a whole. The model "json" is for text in byte
// strings, "key" for keys, many to a line.
func (in *input) readList(file string) error {
	model, name, weight, parts := 0, "", 0, false
	return eachLine(file, func(line string) error {
		if header, ok := strings.CutPrefix(line, "@"); ok {
			header, parts = strings.CutSuffix(header, " parts")
			var percent int
			if _, err := fmt.Sscanf(header, "%s %d", &name, &percent); err != nil {
				return err
			}
			weight = percent * one / 100
			switch name {
			case "json":
				model = jsonText
			case "key":
			default:
				if model = slices.Index(in.models.names, name); model < 0 {
					return fmt.Errorf("no model %s", name)
				}
			}
			return nil
		}
		if name == "key" {
			for key := range strings.FieldsSeq(line) {
				in.keys = append(in.keys, keyCount{key, weight, leastOrigins})
			}
			return nil
		}
		in.values = append(in.values, listed{model: model, text: line, weight: weight * tune.lists / 100, parts: parts})
		return nil
	})
}

// eachLine calls f with the lines of a file but for empty ones and those that
// begin with "# ".
func eachLine(file string, f func(line string) error) error {
	text, err := os.Open(file)
	if err != nil {
		return err
	}
	defer text.Close()
	lines := bufio.NewScanner(text)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	return lines.Err()
}
