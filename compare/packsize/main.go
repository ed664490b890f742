// Packsize prints how small session documents become: as JSON, as CBOR, and as
// CBOR after compress/flate, Brotli and this module's packer. The first two
// compressors make the cookie's length tell about its content; they are here to
// show what that would save.
//
//	cd compare && go run ./packsize ../testdata/sessions/*.json
//
// The packer's tables were trained on the documents in testdata/sessions, so
// for these its figures flatter it: go run ./internal/pack/train -cv has those
// of sessions that were left out.
package main

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"

	"example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/pack/tables"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packsize:", err)
		os.Exit(1)
	}
}

// overhead is what a cookie's value has beside the body, in bytes.
const overhead = 42

// Places in forms.
const (
	cborForm   = 1
	brotliForm = 3
	packedForm = 4
)

var packer = pack.New(&tables.V1)

// forms are the forms of a session, by name.
var forms = [...]struct {
	name string
	body func(item []byte) []byte // nil: the JSON itself
}{
	{"json", nil},
	{"cbor", func(item []byte) []byte { return item }},
	{"flate-9", deflated},
	{"brotli-11", brotlied},
	{"packed", func(item []byte) []byte { return packer.Append(nil, item) }},
}

// A sum is of the sessions of one kind.
type sum struct {
	n            int
	body, cookie [len(forms)]int // by form
}

func run(w io.Writer, files []string) error {
	sums, err := measure(files)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "mean bytes of the body, and mean characters of the cookie's value\n%-12s %4s", "kind", "n")
	for _, f := range forms {
		fmt.Fprintf(w, " %9s %6s", f.name, "cookie")
	}
	fmt.Fprintln(w)
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		s := sums[kind]
		fmt.Fprintf(w, "%-12s %4d", kind, s.n)
		for i := range forms {
			fmt.Fprintf(w, " %9.1f %6.1f", float64(s.body[i])/float64(s.n), float64(s.cookie[i])/float64(s.n))
		}
		fmt.Fprintln(w)
	}
	return nil
}

// all is the sum of all kinds, and sorts after them.
const all = "~all"

// measure adds up the sessions in files, whose names begin with their kind.
func measure(files []string) (map[string]*sum, error) {
	sums := make(map[string]*sum)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		body, err := sizes(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "-")
		for _, k := range []string{kind, all} {
			if sums[k] == nil {
				sums[k] = new(sum)
			}
			sums[k].add(body)
		}
	}
	return sums, nil
}

func (s *sum) add(body [len(forms)]int) {
	s.n++
	for i, n := range body {
		s.body[i] += n
		s.cookie[i] += ((overhead+n)*8 + 5) / 6
	}
}

// sizes returns the size of a session in each form; a compressor's result
// counts only if it is smaller than what it was given.
func sizes(text []byte) (body [len(forms)]int, err error) {
	v, err := document.Parse(text)
	if err != nil {
		return body, err
	}
	item, err := value.Append(nil, v)
	if err != nil {
		return body, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return body, err
	}
	for i, f := range forms {
		if f.body == nil {
			body[i] = compact.Len()
			continue
		}
		body[i] = min(len(f.body(item)), len(item))
	}
	return body, nil
}

func deflated(item []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // unreachable: the level is valid
	}
	w.Write(item)
	w.Close()
	return b.Bytes()
}

func brotlied(item []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	w.Write(item)
	w.Close()
	return b.Bytes()
}
