package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/document"
)

var sizeCommand = command{
	name:    "size",
	args:    "[flags] FILE.json...",
	summary: "measure sessions, given as JSON documents, as the cookies they would be",
	about: `
Size shows for each document what a session of that content takes:

  json    bytes of the document without white space between its tokens
  cbor    bytes of the same value as CBOR
  body    bytes of it that are sealed: those, or its packed form if smaller
  value   characters of the cookie value
  cookie  bytes of the cookie's name and value, of the 4093 that every browser takes

For one file, and with -v for each, it shows where the characters go, the largest
place first: how the value there is carried, and what could be saved, or that
nothing can. The place (fixed) is what any session takes. Equal values are stored
twice, unless one follows the other in a list. No value is shown, only paths.
For several files there are the mean and the median of each column, and what the
bodies take of the JSON.

The file - is standard input. Numbers without fraction and exponent that fit 64
bits are integers, as in the programs that write such sessions. A session has no
id and no lifetime of its own here.

The exit code is 1 if a session does not fit its cookie, or is larger than
-budget, which guards a limit in a script; in Go, Manager.Measure tells the same
in a test.
`,
	example: `
cookiesession size session.json
cookiesession size -budget 1024 testdata/sessions/*.json
curl -s https://shop.example/debug/session | cookiesession size -json -
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		var o sizeOptions
		fs.StringVar(&o.name, "name", usualNames[0], "`name` of the cookie")
		fs.IntVar(&o.budget, "budget", 0, "most `bytes` of name and value that a cookie may have; 0: any number")
		fs.BoolVar(&o.verbose, "v", false, "show which fields the bits go to, also for more than one file")
		fs.BoolVar(&o.json, "json", false, "print one JSON object a line, for each file")
		return func(c *console, args []string) error { return size(c, o, args) }
	},
}

type sizeOptions struct {
	name          string
	budget        int
	verbose, json bool
}

// A measurement is the size of one document, or of all together.
type measurement struct {
	File   string     `json:"file"`
	JSON   int        `json:"json"`
	CBOR   int        `json:"cbor"`
	Body   int        `json:"body"`
	Packed bool       `json:"packed"`
	Value  int        `json:"value"`
	Cookie int        `json:"cookie"`
	Limit  int        `json:"limit"`
	Fits   bool       `json:"fits"`
	Paths  []pathSize `json:"paths,omitempty"`
}

// A pathSize is a place's share of the cookie, of which a character has 6 bits.
type pathSize struct {
	Path string `json:"path"`
	Bits int    `json:"bits"`
	Kind string `json:"kind"`
	Note string `json:"note,omitempty"`
}

func (p pathSize) chars() float64 { return float64(p.Bits) / 6 }

func size(c *console, o sizeOptions, files []string) error {
	switch {
	case len(files) == 0:
		return misuse("which files? - is standard input")
	case o.budget < 0:
		return misuse("-budget %d is negative", o.budget)
	}
	ring, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		return err
	}
	codec, err := cookiesession.NewCodec(ring, nil)
	if err != nil {
		return err
	}
	var all []measurement
	for _, file := range files {
		m, err := measureFile(c, codec, o.name, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, m)
	}
	if err := o.print(c, all); err != nil {
		return err
	}
	return o.check(all)
}

// check is about the budget, and what no cookie takes is larger than any.
func (o sizeOptions) check(all []measurement) error {
	bound, what := all[0].Limit, "a browser's limit"
	if o.budget > 0 && o.budget < bound {
		bound, what = o.budget, "the budget"
	}
	var over []string
	for _, m := range all {
		if m.Cookie > bound || !m.Fits {
			over = append(over, fmt.Sprintf("%s (%d)", m.File, m.Cookie))
		}
	}
	if len(over) > 0 {
		return no("larger than %s of %d bytes: %s", what, bound, strings.Join(over, ", "))
	}
	return nil
}

func measureFile(c *console, codec *cookiesession.Codec, name, file string) (measurement, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(c.stdin)
	} else if text, err = os.ReadFile(file); err != nil {
		var pathErr *os.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err // the caller names the file
		}
	}
	if err != nil {
		return measurement{}, err
	}
	value, err := document.Parse(text)
	if err != nil {
		return measurement{}, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return measurement{}, err
	}
	s, err := codec.Measure(name, value)
	if err != nil {
		return measurement{}, err
	}
	m := measurement{
		File: file, JSON: compact.Len(), CBOR: s.CBOR, Body: s.Body, Packed: s.Body < s.CBOR, Value: s.Value, Cookie: s.Cookie,
		Limit: s.Limit, Fits: s.Cookies > 0,
	}
	for _, p := range s.Paths {
		m.Paths = append(m.Paths, pathSize{p.Path, p.Bits, p.Kind, p.Note})
	}
	return m, nil
}

func (o sizeOptions) print(c *console, all []measurement) error {
	if o.json {
		for _, m := range all {
			if !o.verbose {
				m.Paths = nil
			}
			if err := writeJSON(c.stdout, m); err != nil {
				return err
			}
		}
		return nil
	}
	o.printTable(c, all)
	for _, m := range all {
		if o.verbose || len(all) == 1 {
			printPaths(c, m)
		}
	}
	return nil
}

func (o sizeOptions) printTable(c *console, all []measurement) {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "json\tcbor\tbody\tpacked\tvalue\tcookie\tof %d\t  file\n", all[0].Limit)
	for _, m := range all {
		packed := "no"
		if m.Packed {
			packed = "yes"
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t%s\t%d\t%d\t%s\t  %s\n", m.JSON, m.CBOR, m.Body, packed, m.Value, m.Cookie, m.bar(), m.File)
	}
	if len(all) > 1 {
		row := func(what string, of func([]int) float64) {
			column := func(get func(measurement) int) float64 {
				var values []int
				for _, m := range all {
					values = append(values, get(m))
				}
				return of(values)
			}
			fmt.Fprintf(table, "%.1f\t%.1f\t%.1f\t\t%.1f\t%.1f\t\t  (%s of %d)\n",
				column(func(m measurement) int { return m.JSON }), column(func(m measurement) int { return m.CBOR }),
				column(func(m measurement) int { return m.Body }), column(func(m measurement) int { return m.Value }),
				column(func(m measurement) int { return m.Cookie }), what, len(all))
		}
		row("mean", mean)
		row("median", median)
	}
	table.Flush()
	if len(all) > 1 {
		body, text := 0, 0
		for _, m := range all {
			body, text = body+m.Body, text+m.JSON
		}
		fmt.Fprintf(c.stdout, "the bodies take %.3f of the JSON\n", float64(body)/float64(text))
	}
}

func mean(values []int) float64 {
	sum := 0
	for _, v := range values {
		sum += v
	}
	return float64(sum) / float64(len(values))
}

func median(values []int) float64 {
	slices.Sort(values)
	n := len(values)
	return float64(values[(n-1)/2]+values[n/2]) / 2
}

const barWidth = 20

// bar draws how much of a cookie is full.
func (m measurement) bar() string {
	percent := (100*m.Cookie + m.Limit - 1) / m.Limit
	if !m.Fits {
		return fmt.Sprintf("too large: %d %%", percent)
	}
	full := (barWidth*m.Cookie + m.Limit - 1) / m.Limit
	return strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + fmt.Sprintf(" %2d %%", percent)
}

func printPaths(c *console, m measurement) {
	fmt.Fprintf(c.stdout, "\n%s: %d characters\n", m.File, m.Cookie)
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, p := range m.Paths {
		path := p.Path
		if path == "" {
			path = "(top level)"
		}
		line := fmt.Sprintf("%7.1f\t%5.1f %%\t%s\t%s\t%s", p.chars(), 100*p.chars()/float64(m.Cookie), path, p.Kind, p.Note)
		fmt.Fprintln(table, strings.TrimRight(line, "\t"))
	}
	table.Flush()
}
