package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
)

// The charts are made from a template, since the libraries that draw charts fix
// colours and fonts: a picture of theirs suits a light page or a dark one, and
// this suits the reader's, by its style sheet.
//
//go:embed chart.svg.tmpl
var chartText string

var chartTemplate = template.Must(template.New("chart").Parse(chartText))

// A chart is bars below each other, with their texts above them, so that it is
// as readable on a phone.
type chart struct {
	Title, Note string
	Bars        []*bar
}

type bar struct {
	Label  string
	Number string
	Ours   bool
	Head   bool // a heading of those that follow
	value  float64

	TextY, BarY int
	Long        float64
}

const (
	chartWidth  = 420
	chartMargin = 12
	barStep     = 28
	headStep    = 22
)

func (c *chart) heading(label string) { c.Bars = append(c.Bars, &bar{Label: label, Head: true}) }

func (c *chart) bar(label string, value float64, ours bool) {
	c.Bars = append(c.Bars, &bar{Label: label, Number: number(value), value: value, Ours: ours})
}

// svg draws the chart. A bar's length is in proportion to its value.
func (c *chart) svg() ([]byte, error) {
	most, y := 0.0, 52
	for _, b := range c.Bars {
		most = max(most, b.value)
	}
	room := float64(chartWidth - 2*chartMargin)
	for _, b := range c.Bars {
		b.TextY, b.BarY = y+14, y+18
		b.Long = room * b.value / most
		if b.Head {
			y += headStep
		} else {
			y += barStep
		}
	}
	var out bytes.Buffer
	err := chartTemplate.Execute(&out, struct {
		*chart
		Width, Height, Left, Right int
		Room                       float64
	}{c, chartWidth, y + chartMargin, chartMargin, chartWidth - chartMargin, room})
	return out.Bytes(), err
}

// writeCharts writes a report's charts to a directory.
func (r *report) writeCharts(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	charts, err := r.charts()
	if err != nil {
		return err
	}
	for name, c := range charts {
		svg, err := c.svg()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".svg"), svg, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) charts() (map[string]*chart, error) {
	last := len(r.Sizes) - 1 // real sessions, if they are there
	sizes, times := r.Sizes[last], r.Times[last]
	byKind, err := kindChart(sizes)
	if err != nil {
		return nil, err
	}
	charts := map[string]*chart{"size-by-peer": peerChart(sizes), "size-by-kind": byKind, "time-by-peer": timeChart(times)}
	if r.Growth != nil {
		charts["growth"] = growthChart(r.Growth)
	}
	return charts, nil
}

func peerChart(t *sizeTable) *chart {
	c := &chart{Title: "Characters of a session's cookie", Note: fmt.Sprintf("mean of %s: %s", count(total(t.Count), "session"), t.Set)}
	for _, row := range t.sorted() {
		label := row.Form
		switch {
		case row.Form == minimumName:
			continue
		case row.Note == signedOnly:
			label += " (signed only)"
		case row.Note == onServer:
			label += " (on the server)"
		}
		c.bar(label, row.Mean, row.Group == ours)
	}
	return c
}

func kindChart(t *sizeTable) (*chart, error) {
	c := &chart{Title: "Characters of a cookie, by kind of session", Note: "means: " + t.Set}
	small := 0 // kinds of fewer sessions are left out, if there are many kinds
	if len(t.Kinds) > 10 {
		small = 3
		c.Note += ", kinds of at least three sessions"
	}
	mine, err := t.ours()
	if err != nil {
		return nil, err
	}
	for _, kind := range t.Kinds {
		if t.Count[kind] < small {
			continue
		}
		c.heading(kind)
		rows := []*sizeRow{mine}
		for _, name := range []string{jsonGCMName, gorillaName} {
			row, err := t.row(name)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		for _, row := range rows {
			c.bar(row.Form, row.Kinds[kind], row.Group == ours)
		}
	}
	return c, nil
}

func timeChart(t *timeTable) *chart {
	c := &chart{Title: "Microseconds to seal and open a session", Note: "medians: " + t.Set + "; peers on Node and compressors left out"}
	rows := slices.Clone(t.Rows)
	both := func(r *timeRow) float64 { return (r.Seal.Nanos + r.Open.Nanos) / 1000 }
	slices.SortFunc(rows, func(a, b *timeRow) int { return cmp.Compare(both(a), both(b)) })
	for _, row := range rows {
		if row.Group != inNode && both(row) < 100*both(rows[0]) {
			c.bar(row.Form, both(row), row.Group == ours)
		}
	}
	return c
}

func growthChart(g *growth) *chart {
	c := &chart{Title: "Microseconds to seal and open, as a session grows", Note: "medians, beside " + jsonGCMName}
	content := ""
	for _, s := range g.Sizes {
		if s.Content != content {
			content = s.Content
			c.heading(content)
		}
		c.bar(fmt.Sprintf("%d bytes of JSON", s.JSON), (s.Seal.Nanos+s.Open.Nanos)/1000, true)
		c.bar("by hand", (s.HandSeal.Nanos+s.HandOpen.Nanos)/1000, false)
	}
	return c
}
