package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
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

The file - is standard input. Numbers without fraction and exponent that fit 64
bits are integers, as in the programs that write such sessions. A session has no
id and no lifetime of its own here.

With -budget the exit code is 1 if any cookie is larger, which guards a limit in
a script; in Go, Manager.Measure does so in a test.
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
	Paths  []pathSize `json:"paths,omitempty"`

	limit int
	fits  bool
}

type pathSize struct {
	Path string `json:"path"`
	Bits int    `json:"bits"`
}

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
	return o.checkBudget(all)
}

func (o sizeOptions) checkBudget(all []measurement) error {
	var over []string
	for _, m := range all {
		if o.budget > 0 && m.Cookie > o.budget {
			over = append(over, fmt.Sprintf("%s (%d)", m.File, m.Cookie))
		}
	}
	if len(over) > 0 {
		return no("larger than the budget of %d bytes: %s", o.budget, strings.Join(over, ", "))
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
		limit: s.Limit, fits: s.Cookies > 0,
	}
	for _, p := range s.Paths {
		m.Paths = append(m.Paths, pathSize{p.Path, p.Bits})
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
		if len(m.Paths) > 0 && (o.verbose || len(all) == 1) {
			printPaths(c, m)
		}
	}
	return nil
}

func (o sizeOptions) printTable(c *console, all []measurement) {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "json\tcbor\tbody\tpacked\tvalue\tcookie\tof %d\t  file\n", all[0].limit)
	var total measurement
	for _, m := range all {
		packed := "no"
		if m.Packed {
			packed = "yes"
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t%s\t%d\t%d\t%s\t  %s\n", m.JSON, m.CBOR, m.Body, packed, m.Value, m.Cookie, m.bar(), m.File)
		total.JSON += m.JSON
		total.CBOR += m.CBOR
		total.Body += m.Body
		total.Value += m.Value
		total.Cookie += m.Cookie
	}
	if len(all) > 1 {
		fmt.Fprintf(table, "%d\t%d\t%d\t\t%d\t%d\t\t  (all %d)\n", total.JSON, total.CBOR, total.Body, total.Value, total.Cookie, len(all))
	}
	table.Flush()
}

const barWidth = 20

// bar draws how much of a cookie is full.
func (m measurement) bar() string {
	percent := (100*m.Cookie + m.limit - 1) / m.limit
	if !m.fits {
		return fmt.Sprintf("too large: %d %%", percent)
	}
	full := (barWidth*m.Cookie + m.limit - 1) / m.limit
	return strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + fmt.Sprintf(" %2d %%", percent)
}

func printPaths(c *console, m measurement) {
	sum := 0
	for _, p := range m.Paths {
		sum += p.Bits
	}
	fmt.Fprintf(c.stdout, "\n%s: %d bits in %d bytes\n", m.File, sum, m.Body)
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, p := range m.Paths {
		fmt.Fprintf(table, "%d\t%.1f %%\t  %s\n", p.Bits, 100*float64(p.Bits)/float64(max(1, sum)), p.Path)
	}
	table.Flush()
}
