package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// A table is written as Markdown that is also readable in a terminal.
type table struct {
	head []string
	rows [][]string
}

func newTable(head ...string) *table { return &table{head: head} }

// add adds a row. Numbers are written with three digits or more.
func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case float64:
			row[i] = number(cell)
		default:
			row[i] = fmt.Sprint(cell)
		}
	}
	t.rows = append(t.rows, row)
}

// number writes a figure with as many digits as it deserves.
func number(v float64) string {
	switch {
	case v < 0:
		return "-"
	case v == math.Trunc(v) && v < 1e6:
		return fmt.Sprint(v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	line := func(cells []string) {
		var b strings.Builder
		for i, cell := range cells {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("| " + cell + space + " |")
			} else {
				b.WriteString(" " + space + cell + " |")
			}
		}
		fmt.Fprintln(w, b.String())
	}
	line(t.head)
	rule := make([]string, len(t.head))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width-1) + ":"
	}
	rule[0] = strings.Repeat("-", widths[0])
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
}

// A section is a part of the output, which the document has between markers.
type section struct {
	id, title string
	text      string
}

// sections returns the tables of a report.
func (r *report) sections() []section {
	var all []section
	add := func(id, title string, write func(io.Writer)) {
		var b strings.Builder
		write(&b)
		all = append(all, section{id, title, b.String()})
	}
	add("run", "The run", r.writeRun)
	if r.Yardsticks != nil {
		add("yardsticks", "Targets", r.writeYardsticks)
	}
	add("losses", "Where a peer is better", r.writeLosses)
	for _, t := range r.Sizes {
		add("size-"+slug(t.Set), "Characters of a cookie's value: "+t.Set, t.write)
		if len(t.Kinds) > 1 {
			add("kinds-"+slug(t.Set), "Mean characters by kind: "+t.Set, t.writeKinds)
		}
	}
	for _, t := range r.Times {
		add("time-"+slug(t.Set), "Time and allocations: "+t.Set, t.write)
	}
	if r.Requests != nil {
		add("requests", "A request, through its handler alone", r.writeRequests)
	}
	if r.Load != nil {
		add("load", "A server under load", r.writeLoad)
	}
	if r.Growth != nil {
		add("growth", "As a session grows", r.Growth.writeSizes)
		add("steps", "As other things grow", r.Growth.writeSteps)
		add("rejects", "Cookies that don't open", r.Growth.writeRejects)
	}
	if r.First != nil {
		add("first", "The first session", r.writeFirst)
	}
	add("versions", "Versions", r.writeVersions)
	return all
}

// shortSections returns the README's tables.
func (r *report) shortSections() []section {
	var all []section
	for _, of := range []struct {
		id    string
		write func(io.Writer)
	}{{"short-size", r.writeShortSizes}, {"short-time", r.writeShortTimes}, {"short-request", r.writeShortRequests}} {
		var b strings.Builder
		of.write(&b)
		all = append(all, section{id: of.id, text: b.String()})
	}
	return all
}

// slug makes a set's name a part of an identifier.
func slug(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}

func (r *report) writeRun(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, %s", r.When.Format("2006-01-02 15:04 UTC"), r.Machine, r.Go)
	if r.Node != "" {
		fmt.Fprintf(w, ", Node %s", r.Node)
	}
	fmt.Fprintf(w, ", commit %s. Command, in compare/:\n\n    %s\n", r.Commit, r.Command)
	for _, left := range r.Skipped {
		fmt.Fprintf(w, "\nNot measured: %s.\n", left)
	}
}

func (r *report) writeYardsticks(w io.Writer) {
	t := newTable("figure", "value", "unit")
	for _, y := range r.Yardsticks {
		t.add(y.Figure, y.Value, y.Unit)
	}
	t.write(w)
}

// writeLosses lists every figure in which a peer is ahead of this library.
func (r *report) writeLosses(w io.Writer) {
	t := newTable("figure", "peer", "theirs", "ours", "x ours")
	for _, sizes := range r.Sizes {
		for _, row := range sizes.Rows {
			if mine, err := sizes.ours(); err == nil && row.Group != ours && row.Group != minimum && row.Mean < mine.Mean {
				t.add("characters, "+sizes.Set, row.Form, row.Mean, mine.Mean, row.Mean/mine.Mean)
			}
		}
	}
	for _, times := range r.Times {
		mine := times.row(oursName)
		for _, row := range times.Rows {
			if row.Group == ours || row.Group == minimum {
				continue
			}
			for _, c := range []struct {
				name         string
				theirs, ours cost
			}{{"sealing", row.Seal, mine.Seal}, {"opening", row.Open, mine.Open}} {
				if c.theirs.ToOurs < 1 {
					t.add("ns, "+c.name+", "+times.Set, row.Form, c.theirs.Nanos, c.ours.Nanos, c.theirs.ToOurs)
				}
				if c.theirs.Allocations >= 0 && c.theirs.Allocations < c.ours.Allocations {
					t.add("allocations, "+c.name+", "+times.Set, row.Form, c.theirs.Allocations, c.ours.Allocations, c.theirs.Allocations/c.ours.Allocations)
				}
			}
		}
	}
	for _, row := range r.Requests {
		mine := r.Requests[slices.IndexFunc(r.Requests, func(m *requestRow) bool { return m.Site == oursName && m.Access == row.Access })]
		if row.Site == oursName || strings.HasPrefix(row.Site, "contrib/") {
			continue
		}
		if row.ToOurs < 1 {
			t.add("ns of a request, "+row.Access, row.Site, row.Nanos, mine.Nanos, row.ToOurs)
		}
		if row.Allocations < mine.Allocations {
			t.add("allocations of a request, "+row.Access, row.Site, row.Allocations, mine.Allocations, row.Allocations/mine.Allocations)
		}
	}
	t.write(w)
}

func (t *sizeTable) write(w io.Writer) {
	fmt.Fprintf(w, "%s; their JSON text has %s bytes on average.\n\n", count(total(t.Count), "session"), number(t.JSON))
	out := newTable("form", "in", "mean", "median", "of JSON", "over one cookie", "note")
	for _, row := range t.sorted() {
		out.add(bold(row.Form), row.Group, row.Mean, row.Median, fmt.Sprintf("%.0f %%", 100*row.Share), float64(row.Over), row.Note)
	}
	out.write(w)
}

// sorted returns the rows, the smallest first.
func (t *sizeTable) sorted() []*sizeRow {
	return slices.SortedStableFunc(slices.Values(t.Rows), func(a, b *sizeRow) int { return cmp.Compare(a.Mean, b.Mean) })
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// bold marks this library's rows.
func bold(form string) string {
	if form == oursName || form == untrainedName {
		return "**" + form + "**"
	}
	return form
}

func (t *sizeTable) writeKinds(w io.Writer) {
	head := []string{"form"}
	for _, kind := range t.Kinds {
		head = append(head, fmt.Sprintf("%s (%d)", kind, t.Count[kind]))
	}
	out := newTable(head...)
	for _, row := range t.Rows {
		cells := []any{bold(row.Form)}
		for _, kind := range t.Kinds {
			cells = append(cells, fmt.Sprintf("%.0f", row.Kinds[kind]))
		}
		out.add(cells...)
	}
	out.write(w)
}

func (t *timeTable) write(w io.Writer) {
	out := newTable("form", "in", "seal ns", "x minimum", "least", "x ours", "allocations", "open ns", "x minimum", "least", "x ours", "allocations")
	for _, row := range t.Rows {
		cells := []any{bold(row.Form), row.Group}
		for _, c := range []cost{row.Seal, row.Open} {
			least := any(c.Least)
			if c.Least == 0 {
				least = "-"
			}
			cells = append(cells, fmt.Sprintf("%.0f", c.Nanos), c.Ratio, least, c.ToOurs, c.Allocations)
		}
		out.add(cells...)
	}
	out.write(w)
}

func (r *report) writeRequests(w io.Writer) {
	out := newTable("site", "its session", "ns beyond a bare request", "x ours", "allocations beyond")
	for _, row := range r.Requests {
		out.add(bold(row.Site), row.Access, fmt.Sprintf("%.0f", row.Nanos), row.ToOurs, fmt.Sprintf("%.0f", row.Allocations))
	}
	out.write(w)
}

func (r *report) writeLoad(w io.Writer) {
	out := newTable("site", "its session", "of the bare server's requests", "requests a second", "p99")
	for _, row := range r.Load {
		out.add(bold(row.Site), row.Access, fmt.Sprintf("%.0f %%", 100*row.Share), row.Rate, row.P99)
	}
	out.write(w)
}

func (g *growth) writeSizes(w io.Writer) {
	out := newTable("content", "JSON bytes", "characters", "by hand", "seal ns", "x minimum", "by hand", "open ns", "x minimum", "by hand")
	for _, s := range g.Sizes {
		out.add(s.Content, s.JSON, s.Chars, s.HandChars, s.Seal.Nanos, s.Seal.Ratio, s.HandSeal.Ratio, s.Open.Nanos, s.Open.Ratio, s.HandOpen.Ratio)
	}
	out.write(w)
}

func (g *growth) writeSteps(w io.Writer) {
	out := newTable("operation", "case", "ns", "x the first")
	for _, group := range []struct {
		name  string
		steps []*step
	}{
		{"opening by the last of so many keys", g.Rings},
		{"a request that reads, behind other cookies", g.Headers},
		{"sealing and opening at once", g.Cores},
	} {
		for _, s := range group.steps {
			out.add(group.name, s.Case, fmt.Sprintf("%.0f", s.Nanos), s.Times)
		}
	}
	out.write(w)
}

func (g *growth) writeRejects(w io.Writer) {
	out := newTable("sent", "ns", "x the first of its kind")
	for _, s := range g.Rejects {
		out.add(s.Case, fmt.Sprintf("%.0f", s.Nanos), s.Times)
	}
	out.write(w)
}

func (r *report) writeVersions(w io.Writer) {
	all, err := forms()
	if err != nil {
		return // unreachable: they were made before
	}
	out := newTable("module or package", "version")
	var modules []string
	for _, f := range all {
		if f.module != "" && f.group != ours {
			modules = append(modules, f.module)
		}
	}
	modules = append(modules, "github.com/gorilla/sessions", "github.com/fxamacker/cbor/v2", "github.com/andybalholm/brotli", "github.com/pierrec/lz4/v4", "golang.org/x/crypto")
	for path := range r.Versions {
		if !strings.Contains(path, ".") {
			modules = append(modules, path)
		}
	}
	slices.Sort(modules)
	for _, module := range slices.Compact(modules) {
		if version := r.Versions[module]; version != "" {
			out.add(module, version)
		}
	}
	out.write(w)
	fmt.Fprintf(w, "\nThe Go module proxy does not have: %s.\n", strings.Join(r.Absent, "; "))
}
